//! What a validator says and is told: the door that in-process validators, the built-in ones and adapters share.

use crate::model::{Capabilities, TrustConfig, adapter::TokenText};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

/// A validator living in the same process. Implement this to run the suite in `cargo test`.
pub trait Validator: Send + Sync {
    /// Names what the validator can do, so that cases it cannot take are skipped by name.
    fn provides(&self) -> Capabilities;

    /// Learns whom to trust: issuer, audience, algorithms, leeway, keys.
    fn configure(&mut self, trust: &TrustConfig);

    /// Judges one token (bytes: not every attack is text) as if the clock showed `now`, in seconds since the epoch.
    fn validate(&self, token: &[u8], now: i64) -> Answer;

    /// Says whether the signature of a JWS is good, whatever its payload is. Only asked of one that provides
    /// `op:verify-jws`, and after [`Validator::configure`] with keys for this question alone.
    fn verify_jws(&self, jws: &[u8]) -> Contents {
        let _ = jws;
        Contents::Unsupported("it has no call for a bare JWS".into())
    }

    /// Decrypts a JWE. Only asked of one that provides `op:decrypt`, and after [`Validator::configure`] with keys for
    /// this question alone.
    fn decrypt(&self, jwe: &[u8]) -> Contents {
        let _ = jwe;
        Contents::Unsupported("it has no call for a bare JWE".into())
    }

    /// Is told that the token with this `jti` is revoked. Only asked of one that provides `hook:revoke-token`.
    fn revoke(&self, jti: &str) {
        let _ = jti;
    }
}

/// What a validator says to one token.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// It takes the token, and these are the claims that the application will see (`Value::Null` where it does not
    /// tell).
    Accept(Value),
    /// It refuses the token, and why.
    Reject(String),
    /// It fell over.
    Error(String),
}

/// What a validator says to a bare JWS or JWE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contents {
    /// It is good, and these bytes are inside.
    Good(Vec<u8>),
    /// It is refused, and why.
    Refused(String),
    /// The validator fell over.
    Failed(String),
    /// It cannot be asked this, and why.
    Unsupported(String),
}

/// A token as it travels to an adapter: as text, or in base64 where it is not UTF-8.
#[must_use]
pub fn token_text(token: &[u8]) -> TokenText {
    match std::str::from_utf8(token) {
        Ok(text) => TokenText { token: Some(text.to_owned()), token_base64: None },
        Err(_) => TokenText { token: None, token_base64: Some(STANDARD.encode(token)) },
    }
}

/// The bytes of a token that travelled; `None` where not exactly one form is there, or the base64 is none.
#[must_use]
pub fn token_bytes(shown: &TokenText) -> Option<Vec<u8>> {
    match (&shown.token, &shown.token_base64) {
        (Some(text), None) => Some(text.clone().into_bytes()),
        (None, Some(text)) => STANDARD.decode(text).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_text_travel_in_base64() {
        for token in [&b"a.b.c"[..], b"", b"\xff\x00.", "\u{0}\u{2028}".as_bytes()] {
            assert_eq!(token_bytes(&token_text(token)).as_deref(), Some(token));
        }
        assert_eq!(token_text(b"\xff").token_base64.as_deref(), Some("/w=="));
        assert_eq!(token_bytes(&TokenText::default()), None);
    }
}
