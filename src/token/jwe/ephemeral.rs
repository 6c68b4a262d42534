//! The ephemeral key of an agreement (RFC 7518 section 4.6), good or one that must not be used.

use crate::{
    model::{KeyFamily, jwe::EphemeralKey},
    token::{compact::encode_segment, error::ForgeError},
};
use aws_lc_rs::agreement::{self, ECDH_P256, ECDH_P384, ECDH_P521, PrivateKey, UnparsedPublicKey};
use serde_json::{Value, json};

/// What both sides agree on.
pub(super) struct Agreed {
    pub secret: Vec<u8>,
    /// The ephemeral public key as JWK, where one is sent.
    pub header: Option<Value>,
}

/// A u-coordinate of order 8 on Curve25519, little-endian (RFC 7748 section 6.1 asks for a check against such).
const SMALL_ORDER: [u8; 32] = [
    0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d,
    0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00,
];

/// Agrees with the owner of a point. With a damaged key the secret is one of zeros.
pub(super) fn agree(damage: Option<EphemeralKey>, curve: KeyFamily, point: &[u8]) -> Result<Agreed, ForgeError> {
    let (algorithm, _) = parameters(curve);
    let Some(damage) = damage else {
        let (private, header) = fresh(curve)?;
        let peer = UnparsedPublicKey::new(algorithm, point);
        let secret =
            agreement::agree(&private, peer, ForgeError::Crypto("key agreement"), |secret| Ok(secret.to_vec()))?;
        return Ok(Agreed { secret, header: Some(header) });
    };
    let x25519 = |x: &[u8]| Some(json!({ "kty": "OKP", "crv": "X25519", "x": encode_segment(x) }));
    let width = (point.len() - 1) / 2;
    let header = match damage {
        EphemeralKey::Missing => None,
        EphemeralKey::X25519Zero => x25519(&[0; 32]),
        EphemeralKey::X25519SmallOrder => x25519(&SMALL_ORDER),
        EphemeralKey::Zero => Some(jwk(curve, &vec![0; 2 * width])),
        EphemeralKey::OtherCurve => Some(fresh(KeyFamily::P384)?.1),
        EphemeralKey::OffCurve => {
            let (private, _) = fresh(curve)?;
            let public = private.compute_public_key().map_err(|_| ForgeError::Crypto("EC key generation"))?;
            let mut coordinates = public.as_ref()[1..].to_vec();
            // Next to a point on the curve there is none with the same x.
            if let Some(last) = coordinates.last_mut() {
                *last ^= 1;
            }
            Some(jwk(curve, &coordinates))
        }
    };
    Ok(Agreed { secret: vec![0; width], header })
}

fn fresh(curve: KeyFamily) -> Result<(PrivateKey, Value), ForgeError> {
    let failed = |_| ForgeError::Crypto("EC key generation");
    let private = PrivateKey::generate(parameters(curve).0).map_err(failed)?;
    let public = private.compute_public_key().map_err(failed)?;
    let header = jwk(curve, &public.as_ref()[1..]);
    Ok((private, header))
}

fn jwk(curve: KeyFamily, coordinates: &[u8]) -> Value {
    let (x, y) = coordinates.split_at(coordinates.len() / 2);
    json!({ "kty": "EC", "crv": parameters(curve).1, "x": encode_segment(x), "y": encode_segment(y) })
}

fn parameters(curve: KeyFamily) -> (&'static agreement::Algorithm, &'static str) {
    match curve {
        KeyFamily::P384 => (&ECDH_P384, "P-384"),
        KeyFamily::P521 => (&ECDH_P521, "P-521"),
        _ => (&ECDH_P256, "P-256"),
    }
}
