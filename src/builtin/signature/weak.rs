//! Algorithms that JOSE does not have, by the names that they would have or have in COSE.

use super::{super::key::Key, rsa};
use crate::{
    model::{Alg, KeyFamily, mutation::HashName},
    token::raw,
};

/// A weak algorithm: the one whose keys it uses, its hash, and how many bytes of a MAC are left.
#[derive(Clone, Copy)]
pub(in crate::builtin) struct Weak {
    pub alg: Alg,
    hash: HashName,
    length: usize,
}

impl Weak {
    /// The algorithm of a name.
    pub fn of(name: &str) -> Option<Weak> {
        let (alg, hash, length) = match name {
            "HS1" => (Alg::Hs256, HashName::Sha1, 20),
            "HS224" => (Alg::Hs256, HashName::Sha224, 28),
            "HS256/64" => (Alg::Hs256, HashName::Sha256, 8),
            "RS1" => (Alg::Rs256, HashName::Sha1, 0),
            "RS224" => (Alg::Rs256, HashName::Sha224, 0),
            _ => return None,
        };
        Some(Weak { alg, hash, length })
    }

    /// Whether the signature is right.
    pub fn holds(self, key: &Key, message: &[u8], signature: &[u8]) -> bool {
        match key.family {
            KeyFamily::Oct => raw::hmac(self.hash, &key.raw, message)[..self.length] == *signature,
            KeyFamily::Rsa => rsa::holds(key, self.hash, message, signature),
            _ => false,
        }
    }
}
