//! ECDSA with one step left out or added (FIPS 186-5 section 6.4.2, RFC 7518 section 3.4).

use super::super::{flaw::Flaw, key::Key};
use crate::{
    model::{Alg, KeyFamily},
    token::raw::{self, Curve},
};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA384_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P521_SHA256_ASN1, ECDSA_P521_SHA384_ASN1,
    VerificationAlgorithm,
};
use num_bigint::BigUint;

/// What a flawed validator thinks of the signature; `None` where the flaw is not about ECDSA.
pub(super) fn verdict(flaw: Flaw, key: &Key, alg: Alg, message: &[u8], signature: &[u8]) -> Option<bool> {
    let curve = Curve::of(key.family)?;
    let exact = |signature: &[u8]| key.family == alg.family() && key.verifies(alg, message, &signature.to_vec());
    let with = |r: &BigUint, s: &BigUint| curve.signature(r, s).is_some_and(|signature| exact(&signature));
    let numbers = curve.numbers(signature);
    let (zero, order) = (BigUint::ZERO, &curve.order);
    Some(match flaw {
        Flaw::EcdsaHalfZero => numbers.is_some_and(|(r, s)| (r == zero) != (s == zero)) || exact(signature),
        Flaw::EcdsaOrderAsZero => {
            numbers.is_some_and(|(r, s)| [&r, &s].iter().all(|number| **number != zero && *number % order == zero))
                || exact(signature)
        }
        Flaw::EcdsaReduced => numbers.is_some_and(|(r, s)| with(&(r % order), &(s % order))),
        Flaw::EcdsaSwapped => numbers.is_some_and(|(r, s)| with(&r, &s) || with(&s, &r)),
        Flaw::EcdsaAnyWidth => {
            let (r, s) = signature.split_at(signature.len() / 2);
            with(&BigUint::from_bytes_be(r), &BigUint::from_bytes_be(s))
        }
        Flaw::EcdsaHighSRefused => numbers.is_some_and(|(r, s)| &s + &s < *order && with(&r, &s)),
        Flaw::EcdsaLeadingZeroRefused => numbers.is_some_and(|(r, s)| {
            let full = |number: &BigUint| number.bits() > order.bits() - 8;
            full(&r) && full(&s) && with(&r, &s)
        }),
        Flaw::EcdsaDerZero => signature.starts_with(&[0x30, 6, 2, 1, 0, 2, 1, 0]) || exact(signature),
        Flaw::EcdsaCurveFromKey => exact(signature) || numbers.is_some() && other_hash(key, alg, message, signature),
        Flaw::EcZeroPoint if key.raw.is_empty() => {
            numbers.is_some_and(|(r, s)| is_of_key_zero(curve, &r, &s, &raw::digest(raw::hash_of(alg), message)))
        }
        _ => return None,
    })
}

/// Whether the signature holds under the point at infinity: only z / s of the generator is left.
fn is_of_key_zero(curve: &Curve, r: &BigUint, s: &BigUint, value: &[u8]) -> bool {
    let nonce = s.modinv(&curve.order).map(|inverse| curve.number_of_hash(value) * inverse % &curve.order);
    nonce.and_then(|nonce| curve.first_number(&nonce)).is_some_and(|x| x == *r)
}

/// The curve of the key with the hash of the label.
fn other_hash(key: &Key, alg: Alg, message: &[u8], signature: &[u8]) -> bool {
    let scheme: &dyn VerificationAlgorithm = match (key.family, alg) {
        (KeyFamily::P256, Alg::Es384) => &ECDSA_P256_SHA384_ASN1,
        (KeyFamily::P384, Alg::Es256 | Alg::Es256k) => &ECDSA_P384_SHA256_ASN1,
        (KeyFamily::P521, Alg::Es256 | Alg::Es256k) => &ECDSA_P521_SHA256_ASN1,
        (KeyFamily::P521, Alg::Es384) => &ECDSA_P521_SHA384_ASN1,
        // The same hash on another curve of the same size.
        (KeyFamily::P256, Alg::Es256k) => return key.verifies(Alg::Es256, message, &signature.to_vec()),
        (KeyFamily::Secp256k1, Alg::Es256) => return key.verifies(Alg::Es256k, message, &signature.to_vec()),
        _ => return false,
    };
    let der = raw::ecdsa_der(signature);
    scheme.verify_sig(&key.raw, message, &der).is_ok()
}
