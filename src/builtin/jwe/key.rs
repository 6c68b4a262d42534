//! A decryption key, read from its private JWK (RFC 7517, RFC 7518 section 6).

use crate::model::KeyManagement;
use aws_lc_rs::{
    agreement::{self, ECDH_P256},
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{KeyPairComponents, OaepPrivateDecryptingKey, Pkcs1PrivateDecryptingKey, PrivateDecryptingKey},
    signature::{RsaKeyPair, RsaPublicKeyComponents},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

/// A key for one algorithm.
pub(super) struct PrivateKey {
    pub kid: String,
    pub alg: KeyManagement,
    pub material: Material,
}

pub(super) enum Material {
    Rsa(Box<RsaPair>),
    Ec(agreement::PrivateKey),
    Octets(Vec<u8>),
}

/// The same pair for both paddings: which one may be used, the key's `alg` says.
pub(super) struct RsaPair {
    pub oaep: OaepPrivateDecryptingKey,
    pub pkcs1: Pkcs1PrivateDecryptingKey,
}

impl PrivateKey {
    /// `None` where the JWK is malformed, or does not name its algorithm.
    pub fn from_jwk(jwk: &Value) -> Option<PrivateKey> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok();
        let material = match text("kty")? {
            "oct" => Material::Octets(bytes("k")?),
            "EC" if text("crv") == Some("P-256") => {
                Material::Ec(agreement::PrivateKey::from_private_key(&ECDH_P256, &bytes("d")?).ok()?)
            }
            "RSA" => Material::Rsa(Box::new(rsa(&bytes)?)),
            _ => return None,
        };
        Some(PrivateKey { kid: text("kid")?.to_owned(), alg: text("alg")?.parse().ok()?, material })
    }
}

fn rsa(bytes: &dyn Fn(&str) -> Option<Vec<u8>>) -> Option<RsaPair> {
    let pair = RsaKeyPair::from_components(&KeyPairComponents {
        public_key: RsaPublicKeyComponents { n: bytes("n")?, e: bytes("e")? },
        d: bytes("d")?,
        p: bytes("p")?,
        q: bytes("q")?,
        dP: bytes("dp")?,
        dQ: bytes("dq")?,
        qInv: bytes("qi")?,
    });
    let pkcs8: Pkcs8V1Der<'_> = pair.ok()?.as_der().ok()?;
    let private = || PrivateDecryptingKey::from_pkcs8(pkcs8.as_ref()).ok();
    Some(RsaPair {
        oaep: OaepPrivateDecryptingKey::new(private()?).ok()?,
        pkcs1: Pkcs1PrivateDecryptingKey::new(private()?).ok()?,
    })
}
