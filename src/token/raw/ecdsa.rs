//! ECDSA signatures with numbers of our choice (FIPS 186-5 section 6.4.1).

use super::{curve::Curve, digest, fixed};
use crate::model::{
    KeyFamily,
    mutation::{HashName, ZeroBytes},
};
use num_bigint::BigUint;

/// A signature over a hash value with a fresh nonce. `None` where the random source fails.
pub(crate) fn sign_with(curve: &Curve, secret: &BigUint, value: &[u8]) -> Option<Vec<u8>> {
    let (nonce, r) = curve.fresh_nonce()?;
    let signature = sealed(curve, secret, value, &nonce, &r)?;
    Some(curve.with_low_s(signature))
}

/// The signature of the private key 0: its public key is the point at infinity, and `r` does not enter into `s`.
pub(crate) fn with_key_zero(curve: &Curve, value: &[u8]) -> Option<Vec<u8>> {
    sign_with(curve, &BigUint::ZERO, value)
}

/// A signature in which one number begins with zero bytes. `None` where it does not come out so with this text.
pub(crate) fn leading_zeros(family: KeyFamily, secret: &BigUint, value: &[u8], shape: ZeroBytes) -> Option<Vec<u8>> {
    let curve = Curve::of(family)?;
    let (nonce, r) = match shape {
        ZeroBytes::SOne => curve.fresh_nonce()?,
        _ => {
            let nonce = known_nonce(family, curve, shape)?;
            let r = curve.first_number(&nonce)?;
            (nonce, r)
        }
    };
    let signature = curve.with_low_s(sealed(curve, secret, value, &nonce, &r)?);
    let (r, s) = signature.split_at(curve.width);
    let fits = match shape {
        ZeroBytes::ROne => r.first() == Some(&0),
        ZeroBytes::RTwo => r.starts_with(&[0, 0]),
        ZeroBytes::SOne => s.first() == Some(&0),
    };
    fits.then_some(signature)
}

/// A nonce whose point has a first coordinate of just so many zero bytes.
///
/// It is no small number: with one, the sum of two multiples that a validator works out can meet a point twice or the
/// point at infinity on its way, which not all code can add. CryptX 0.077 refuses one good P-521 signature in 16 with the
/// nonce 2, and none with this one.
fn known_nonce(family: KeyFamily, curve: &Curve, shape: ZeroBytes) -> Option<BigUint> {
    // The least that will do above a number that nobody chose.
    let steps: u32 = match (family, shape) {
        (KeyFamily::P256, ZeroBytes::ROne) => 377,
        (KeyFamily::P256, _) => 101_218,
        (KeyFamily::P384, ZeroBytes::ROne) => 531,
        (KeyFamily::P384, _) => 24_523,
        (KeyFamily::P521, ZeroBytes::ROne) => 0,
        (KeyFamily::P521, _) => 509,
        (KeyFamily::Secp256k1, ZeroBytes::ROne) => 332,
        (KeyFamily::Secp256k1, _) => 124_557,
        _ => return None,
    };
    let start = BigUint::from_bytes_be(&digest(HashName::Sha512, b"leading zeros"));
    Some((start + steps) % &curve.order)
}

/// s = (z + r d) / k.
fn sealed(curve: &Curve, secret: &BigUint, value: &[u8], nonce: &BigUint, r: &BigUint) -> Option<Vec<u8>> {
    let order = &curve.order;
    let s = (curve.number_of_hash(value) + r * secret) * nonce.modinv(order)? % order;
    let zero = BigUint::ZERO;
    if *r == zero || s == zero {
        return None;
    }
    Some([fixed(r, curve.width)?, fixed(&s, curve.width)?].concat())
}
