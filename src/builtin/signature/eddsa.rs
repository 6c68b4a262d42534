//! Ed25519 with one step left out or another variant taken (RFC 8032 section 5.1.7).

use super::super::{flaw::Flaw, key::Key};
use crate::{
    model::{Alg, KeyFamily, mutation::HashName},
    token::raw,
};
use curve25519_dalek::{
    edwards::{CompressedEdwardsY, EdwardsPoint},
    scalar::Scalar,
};

/// What a flawed validator thinks of the signature; `None` where the flaw is not about Ed25519.
pub(super) fn verdict(flaw: Flaw, key: &Key, alg: Alg, message: &[u8], signature: &[u8]) -> Option<bool> {
    if key.family != KeyFamily::Ed25519 || alg.family() != KeyFamily::Ed25519 {
        return None;
    }
    let exact = |signature: &[u8]| key.verifies(alg, message, &signature.to_vec());
    let halves = <&[u8; 64]>::try_from(signature).ok().map(|bytes| {
        let (mut point, mut scalar) = ([0; 32], [0; 32]);
        point.copy_from_slice(&bytes[..32]);
        scalar.copy_from_slice(&bytes[32..]);
        (point, scalar)
    });
    let Some((point, mut scalar)) = halves else { return None };
    let joined = |scalar: [u8; 32]| [point, scalar].concat();
    Some(match flaw {
        Flaw::EdScalarUnchecked => exact(&joined(Scalar::from_bytes_mod_order(scalar).to_bytes())),
        Flaw::EdTopBitsMasked => {
            scalar[31] &= 0x1f;
            exact(&joined(scalar))
        }
        Flaw::EdPointDecoded => exact(signature) || holds(key, &point, &scalar, &[], message).unwrap_or(false),
        Flaw::EdVariants => {
            let hashed = raw::digest(HashName::Sha512, message);
            let domain = |flag: u8, context: &[u8]| {
                let length = u8::try_from(context.len()).unwrap_or(u8::MAX);
                [&b"SigEd25519 no Ed25519 collisions"[..], &[flag, length], context].concat()
            };
            exact(signature)
                || holds(key, &point, &scalar, &domain(1, b""), &hashed).unwrap_or(false)
                || holds(key, &point, &scalar, &domain(0, b"gauntlet"), message).unwrap_or(false)
        }
        _ => return None,
    })
}

/// Whether S B = R + k A, with R compared as a point.
fn holds(key: &Key, point: &[u8; 32], scalar: &[u8; 32], domain: &[u8], text: &[u8]) -> Option<bool> {
    let public = CompressedEdwardsY::from_slice(&key.raw).ok()?.decompress()?;
    let claimed = CompressedEdwardsY(*point).decompress()?;
    let scalar: Scalar = Option::from(Scalar::from_canonical_bytes(*scalar))?;
    let hash = raw::digest(HashName::Sha512, &[domain, point, &key.raw, text].concat());
    let k = Scalar::from_bytes_mod_order_wide(hash.as_slice().try_into().ok()?);
    Some(EdwardsPoint::mul_base(&scalar) - public * k == claimed)
}

/// Whether an encoding stands for a point of small order, or for none at all.
pub(in crate::builtin) fn is_small_order(encoded: &[u8]) -> bool {
    CompressedEdwardsY::from_slice(encoded)
        .ok()
        .and_then(|point| point.decompress())
        .is_none_or(|point| point.is_small_order())
}
