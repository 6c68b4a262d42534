//! ECDSA signatures with numbers of our choice (FIPS 186-5 section 6.4.1).

use super::{curve::Curve, fixed};
use crate::model::{KeyFamily, mutation::ZeroBytes};
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
            let nonce = BigUint::from(known_nonce(family, shape)?);
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

/// The least nonce above 1 whose point has a first coordinate of just so many zero bytes.
fn known_nonce(family: KeyFamily, shape: ZeroBytes) -> Option<u32> {
    Some(match (family, shape) {
        (KeyFamily::P256, ZeroBytes::ROne) => 379,
        (KeyFamily::P256, _) => 40_393,
        (KeyFamily::P384, ZeroBytes::ROne) => 197,
        (KeyFamily::P384, _) => 14_971,
        (KeyFamily::P521, ZeroBytes::ROne) => 2,
        (KeyFamily::P521, _) => 273,
        (KeyFamily::Secp256k1, ZeroBytes::ROne) => 153,
        (KeyFamily::Secp256k1, _) => 44_629,
        _ => return None,
    })
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
