//! Questions about a bare JWS or JWE: the stages of a token without those about claims.

use super::{
    header::{self, Check},
    jwe, lookup, parse,
    rules::Refusal,
    signature,
    validator::Builtin,
};
use crate::target::protocol::Contents;

impl Builtin {
    /// The payload of a JWS whose signature is good.
    pub(super) fn verified(&self, jws: &[u8]) -> Result<Vec<u8>, Refusal> {
        let (rules, keys) = (self.rules(), self.keys());
        let compact = parse::compact(rules, jws);
        let token = parse::split(rules, &compact)?;
        if !token.unchecked
            && let Check::With(alg) = header::examine_bare(rules, keys, &token)?
        {
            signature::check(rules, &lookup::find(rules, keys, &token, alg)?, alg, &token)?;
        }
        Ok(token.payload)
    }

    /// The content of a JWE that opens.
    pub(super) fn decrypted(&self, jwe: &[u8]) -> Result<Vec<u8>, Refusal> {
        jwe::contents(self.rules(), self.decryptor(), self.keys(), jwe)
    }
}

/// An answer in the words of the protocol.
pub(super) fn told(answer: Result<Vec<u8>, Refusal>) -> Contents {
    match answer {
        Ok(payload) => Contents::Good(payload),
        Err(Refusal::Crash) => Contents::Failed(Refusal::Crash.phrase().into()),
        Err(refusal) => Contents::Refused(refusal.phrase().into()),
    }
}
