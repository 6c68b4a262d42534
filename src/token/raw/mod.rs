//! The arithmetic of signatures, laid open: numbers where the cryptographic library has calls, so that signatures can be
//! made which it would not make, and keys which it refuses.
//!
//! Nothing here is for keys that must stay secret: it is neither constant in time nor tidy with memory.

mod cube;
mod curve;
mod der;
mod divisor;
mod ecdsa;
mod edwards;
mod hash;
mod pkcs1;
mod prime;
mod product;
mod pss;
mod rsa;

pub(crate) use cube::cube_root_forgery;
pub(crate) use curve::Curve;
pub(crate) use divisor::{common_divisor, power};
pub(crate) use ecdsa::{leading_zeros, sign_with, with_key_zero};
#[cfg(test)]
pub(crate) use edwards::small_order;
pub(crate) use edwards::{with_neutral_nonce, with_small_order, with_variant};
pub(crate) use hash::{digest, hash_of, hmac, identifier};
pub(crate) use pkcs1::{block, digest_info};
pub(crate) use pss::{mask, pss_block};
pub(crate) use rsa::{Modulus, RsaSecret, RsaShape};

use super::error::ForgeError;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use num_bigint::BigUint;

/// An ECDSA signature as a DER sequence of two integers (RFC 3279 section 2.2.3).
pub(crate) fn ecdsa_der(signature: &[u8]) -> Vec<u8> {
    let integer = |half: &[u8]| {
        let number = BigUint::from_bytes_be(half).to_bytes_be();
        let sign: &[u8] = if number[0] >= 0x80 { &[0] } else { &[] };
        der::element(2, &[sign, &number].concat())
    };
    let (r, s) = signature.split_at(signature.len() / 2);
    der::element(0x30, &[integer(r), integer(s)].concat())
}

/// A number at a fixed width, big-endian; `None` where it does not fit.
pub(crate) fn fixed(number: &BigUint, width: usize) -> Option<Vec<u8>> {
    let bytes = number.to_bytes_be();
    let bytes = if bytes == [0] { &[][..] } else { &bytes };
    let missing = width.checked_sub(bytes.len())?;
    Some([&vec![0; missing][..], bytes].concat())
}

pub(crate) fn random_bytes(length: usize) -> Result<Vec<u8>, ForgeError> {
    let mut bytes = vec![0; length];
    SystemRandom::new().fill(&mut bytes).map_err(|_| ForgeError::Crypto("the random source"))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
