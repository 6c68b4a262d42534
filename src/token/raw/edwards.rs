//! Ed25519 signatures with parts of our choice (RFC 8032 section 5.1).

use super::hash::digest;
use crate::model::mutation::{EdVariant, HashName, NeutralPoint};
use curve25519_dalek::{constants::EIGHT_TORSION, edwards::EdwardsPoint, scalar::Scalar};

/// How many points of small order there are; the first is the neutral one.
const SMALL_ORDER: usize = EIGHT_TORSION.len();

/// The context that signatures of Ed25519ctx are made for here.
const CONTEXT: &[u8] = b"gauntlet";

#[cfg(test)]
/// A point of order 8 taken so many times, encoded.
pub(crate) fn small_order(multiple: usize) -> [u8; 32] {
    EIGHT_TORSION[multiple % SMALL_ORDER].compress().to_bytes()
}

/// A signature with the nonce 0, so that R is the neutral point, in this encoding.
pub(crate) fn with_neutral_nonce(seed: &[u8], public: &[u8], text: &[u8], encoding: NeutralPoint) -> Vec<u8> {
    let mut point = [0u8; 32];
    match encoding {
        NeutralPoint::Canonical => point[0] = 1,
        // p + 1 = 2^255 - 18.
        NeutralPoint::LargeY => {
            point = [0xff; 32];
            (point[0], point[31]) = (0xee, 0x7f);
        }
        NeutralPoint::SignBit => (point[0], point[31]) = (1, 0x80),
    }
    let second = challenge(&[], &point, public, text) * secret_scalar(seed);
    [point, second.to_bytes()].concat()
}

/// A signature of a variant.
pub(crate) fn with_variant(seed: &[u8], public: &[u8], text: &[u8], variant: EdVariant) -> Option<Vec<u8>> {
    let (flag, context, text) = match variant {
        EdVariant::Prehashed => (1, &[][..], digest(HashName::Sha512, text)),
        EdVariant::Context => (0, CONTEXT, text.to_vec()),
    };
    // dom2 of RFC 8032 section 2.
    let length = u8::try_from(context.len()).ok()?;
    let domain = [&b"SigEd25519 no Ed25519 collisions"[..], &[flag, length], context].concat();
    let nonce = digest(HashName::Sha512, &[&domain, &digest(HashName::Sha512, seed)[32..], &text].concat());
    let nonce = wide(&nonce);
    let point = EdwardsPoint::mul_base(&nonce).compress().to_bytes();
    let second = nonce + challenge(&domain, &point, public, &text) * secret_scalar(seed);
    Some([point, second.to_bytes()].concat())
}

/// A signature with S = 0 for a public key of small order. `None` where no R fits this text.
pub(crate) fn with_small_order(multiple: usize, text: &[u8]) -> Option<Vec<u8>> {
    let public = EIGHT_TORSION[multiple % SMALL_ORDER];
    let encoded = public.compress().to_bytes();
    // 0 = R + k A, and k depends on R.
    let point = EIGHT_TORSION.iter().find(|point| {
        let k = challenge(&[], &point.compress().to_bytes(), &encoded, text);
        **point == -(public * k)
    })?;
    Some([point.compress().to_bytes(), [0; 32]].concat())
}

/// k of section 5.1.6, step 4.
fn challenge(domain: &[u8], point: &[u8], public: &[u8], text: &[u8]) -> Scalar {
    wide(&digest(HashName::Sha512, &[domain, point, public, text].concat()))
}

/// The number that a seed stands for (section 5.1.5), reduced.
fn secret_scalar(seed: &[u8]) -> Scalar {
    let hash = digest(HashName::Sha512, seed);
    let mut bytes = [0; 32];
    bytes.copy_from_slice(&hash[..32]);
    bytes[0] &= 0xf8;
    bytes[31] = bytes[31] & 0x7f | 0x40;
    Scalar::from_bytes_mod_order(bytes)
}

fn wide(hash: &[u8]) -> Scalar {
    let mut bytes = [0; 64];
    bytes.copy_from_slice(hash);
    Scalar::from_bytes_mod_order_wide(&bytes)
}
