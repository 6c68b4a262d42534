//! A decryption key, read from its private JWK (RFC 7517, RFC 7518 section 6).

use crate::model::{ContentEncryption, KeyManagement};
use aws_lc_rs::{
    agreement::{self, ECDH_P256, ECDH_P384, ECDH_P521},
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{KeyPairComponents, OaepPrivateDecryptingKey, Pkcs1PrivateDecryptingKey, PrivateDecryptingKey},
    signature::{RsaKeyPair, RsaPublicKeyComponents},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

/// A key for one algorithm.
pub(super) struct PrivateKey {
    pub kid: Option<String>,
    pub alg: KeyManagement,
    /// The only content encryption, where the `alg` of a `dir` key names it (as RFC 7520 section 5.6 prints one).
    pub enc: Option<ContentEncryption>,
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
        if !is_for_decrypting(jwk) {
            return None;
        }
        let material = match text("kty")? {
            "oct" => Material::Octets(bytes("k")?),
            "EC" => {
                let curve = match text("crv")? {
                    "P-256" => &ECDH_P256,
                    "P-384" => &ECDH_P384,
                    "P-521" => &ECDH_P521,
                    _ => return None,
                };
                Material::Ec(agreement::PrivateKey::from_private_key(curve, &bytes("d")?).ok()?)
            }
            "RSA" => Material::Rsa(Box::new(rsa(&bytes)?)),
            _ => return None,
        };
        let named = text("alg")?;
        let enc = named.parse().ok().filter(|_| matches!(material, Material::Octets(_)));
        let alg = if enc.is_some() { KeyManagement::Dir } else { named.parse().ok()? };
        Some(PrivateKey { kid: text("kid").map(str::to_owned), alg, enc, material })
    }
}

/// `use` and `key_ops` (RFC 7517 sections 4.2 and 4.3).
fn is_for_decrypting(jwk: &Value) -> bool {
    const OPERATIONS: [&str; 4] = ["decrypt", "unwrapKey", "deriveKey", "deriveBits"];
    let names_one = |list: &Value| {
        list.as_array().is_some_and(|list| list.iter().any(|item| OPERATIONS.iter().any(|known| item == known)))
    };
    jwk.get("key_ops").is_none_or(names_one) && jwk.get("use").is_none_or(|used| used == "enc")
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
