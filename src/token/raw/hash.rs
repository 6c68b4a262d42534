//! Hashes and MACs by name, the ones that nobody should use any more included.

use crate::model::{Alg, mutation::HashName};
use aws_lc_rs::{digest as hashes, hmac as macs};

/// The hash of an algorithm (RFC 7518 section 3.1, RFC 8812); Ed25519 hashes with SHA-512 inside.
pub(crate) fn hash_of(alg: Alg) -> HashName {
    match alg {
        Alg::Rs384 | Alg::Ps384 | Alg::Es384 | Alg::Hs384 => HashName::Sha384,
        Alg::Rs512 | Alg::Ps512 | Alg::Es512 | Alg::Hs512 | Alg::EdDsa | Alg::Ed25519 => HashName::Sha512,
        _ => HashName::Sha256,
    }
}

/// The hash value of a text.
pub(crate) fn digest(hash: HashName, text: &[u8]) -> Vec<u8> {
    let algorithm = match hash {
        HashName::Sha1 => &hashes::SHA1_FOR_LEGACY_USE_ONLY,
        HashName::Sha224 => &hashes::SHA224,
        HashName::Sha256 => &hashes::SHA256,
        HashName::Sha384 => &hashes::SHA384,
        HashName::Sha512 => &hashes::SHA512,
    };
    hashes::digest(algorithm, text).as_ref().to_vec()
}

/// HMAC with a hash (RFC 2104).
pub(crate) fn hmac(hash: HashName, secret: &[u8], text: &[u8]) -> Vec<u8> {
    let algorithm = match hash {
        HashName::Sha1 => macs::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        HashName::Sha224 => macs::HMAC_SHA224,
        HashName::Sha256 => macs::HMAC_SHA256,
        HashName::Sha384 => macs::HMAC_SHA384,
        HashName::Sha512 => macs::HMAC_SHA512,
    };
    macs::sign(&macs::Key::new(algorithm, secret), text).as_ref().to_vec()
}

/// The object identifier of a hash as DER, tag and length included (RFC 8017 appendix B.1, RFC 3279 section 2.1).
pub(crate) fn identifier(hash: HashName) -> &'static [u8] {
    match hash {
        HashName::Sha1 => &[6, 5, 0x2b, 0x0e, 3, 2, 0x1a],
        HashName::Sha224 => &[6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 4],
        HashName::Sha256 => &[6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1],
        HashName::Sha384 => &[6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2],
        HashName::Sha512 => &[6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3],
    }
}
