//! One key: parsed once, used for many signatures.

mod numbers;
mod printed;

use super::{
    compact::encode_segment,
    error::ForgeError,
    raw::{self, Curve, RsaSecret},
    scheme::{curve, curve_name, hash, ml_dsa},
    verifying::VerifyingKey,
};
use crate::model::{Alg, KeyFamily, Secret};
use aws_lc_rs::{
    hmac,
    rand::{SecureRandom, SystemRandom},
    rsa::KeySize,
    signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair, PqdsaKeyPair, RsaKeyPair},
};
use serde_json::{Value, json};

/// How large an RSA modulus is made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RsaBits {
    /// 2048 bits, the least that RFC 7518 section 3.3 allows.
    #[default]
    B2048,
    /// 3072 bits.
    B3072,
    /// 4096 bits.
    B4096,
}

/// A signing key with its name in the key set.
pub struct Key {
    kid: String,
    alg: Alg,
    material: Material,
    jwk: String,
    /// Whether it is the user's own: certificates and key sets of ours say nothing about it.
    lent: bool,
}

pub(super) enum Material {
    Rsa(Box<RsaKeyPair>),
    /// RSA that the cryptographic library refuses, because of its size or its exponent.
    OddRsa(Box<RsaSecret>),
    Ec(Box<EcdsaKeyPair>),
    Ed(Box<Ed25519KeyPair>),
    MlDsa(Box<PqdsaKeyPair>),
    Oct(Box<(Secret<Vec<u8>>, hmac::Key)>),
    /// Somebody else's key, of which we know the public part at most.
    Verifying(Option<Box<VerifyingKey>>),
}

impl Key {
    /// Makes a fresh key for an algorithm; its `kid` is `prefix` with six random hexadecimal digits, so that a target
    /// that still caches an earlier run's keys cannot mistake one for the other.
    ///
    /// # Errors
    /// The system's random source or the key generator fails.
    pub fn generate(prefix: &str, alg: Alg, rsa: RsaBits) -> Result<Key, ForgeError> {
        let material = match alg.family() {
            KeyFamily::Rsa => {
                let size = match rsa {
                    RsaBits::B2048 => KeySize::Rsa2048,
                    RsaBits::B3072 => KeySize::Rsa3072,
                    RsaBits::B4096 => KeySize::Rsa4096,
                };
                Material::Rsa(Box::new(
                    RsaKeyPair::generate(size).map_err(|_| ForgeError::Crypto("RSA key generation"))?,
                ))
            }
            KeyFamily::P256 | KeyFamily::P384 | KeyFamily::P521 | KeyFamily::Secp256k1 => Material::Ec(Box::new(
                EcdsaKeyPair::generate(curve(alg)).map_err(|_| ForgeError::Crypto("EC key generation"))?,
            )),
            KeyFamily::Ed25519 => Material::Ed(Box::new(
                Ed25519KeyPair::generate().map_err(|_| ForgeError::Crypto("Ed25519 key generation"))?,
            )),
            KeyFamily::MlDsa44 | KeyFamily::MlDsa65 | KeyFamily::MlDsa87 => Material::MlDsa(Box::new(
                PqdsaKeyPair::generate(ml_dsa(alg)).map_err(|_| ForgeError::Crypto("ML-DSA key generation"))?,
            )),
            // RFC 7518 section 3.2: a key at least as long as the hash; 64 bytes serve all three. Not zero at the end,
            // where HMAC fills a shorter key up with zeros (RFC 2104 section 2): without that byte it would be the same.
            KeyFamily::Oct => {
                let mut secret = random::<64>()?;
                secret[63] |= 1;
                oct(alg, secret.to_vec())
            }
        };
        Ok(Key::new(kid(prefix)?, alg, material))
    }

    /// An HMAC key of any length, the empty one included.
    #[must_use]
    pub fn from_secret(kid: String, alg: Alg, secret: Vec<u8>) -> Key {
        Key::new(kid, alg, oct(alg, secret))
    }

    /// A random HMAC key of so many bytes.
    ///
    /// # Errors
    /// The random source fails.
    pub(super) fn of_length(prefix: &str, alg: Alg, length: usize) -> Result<Key, ForgeError> {
        Ok(Key::from_secret(kid(prefix)?, alg, raw::random_bytes(length)?))
    }

    /// An RSA key of any shape; its `kid` is made as that of other keys.
    ///
    /// # Errors
    /// The random source fails.
    pub(super) fn from_odd_rsa(prefix: &str, alg: Alg, secret: RsaSecret) -> Result<Key, ForgeError> {
        Ok(Key::new(kid(prefix)?, alg, Material::OddRsa(Box::new(secret))))
    }

    fn new(kid: String, alg: Alg, material: Material) -> Key {
        let mut key = Key { kid, alg, material, jwk: String::new(), lent: false };
        key.jwk = key.members(true).to_string();
        key
    }

    /// A key of the user's. `jwk` is the text that its issuer publishes, where it is known.
    pub(super) fn lent(kid: String, alg: Alg, material: Material, jwk: Option<String>) -> Key {
        let key = Key { lent: true, ..Key::new(kid, alg, material) };
        Key { jwk: jwk.unwrap_or_else(|| key.jwk.clone()), ..key }
    }

    /// Whether it is the user's own.
    pub(super) fn is_lent(&self) -> bool {
        self.lent
    }

    /// Whether only its owner can sign with it.
    pub(super) fn only_verifies(&self) -> bool {
        matches!(self.material, Material::Verifying(_))
    }

    /// The public part of somebody else's key.
    ///
    /// # Errors
    /// It is not known.
    fn verifying<'k>(&self, known: &'k Option<Box<VerifyingKey>>) -> Result<&'k VerifyingKey, ForgeError> {
        known.as_deref().ok_or(ForgeError::NoSuchForm(self.alg, "known public"))
    }

    /// The same key under another name.
    pub(super) fn named(self, kid: String) -> Key {
        Key::new(kid, self.alg, self.material)
    }

    /// The name in the key set.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The algorithm that its JWK names.
    #[must_use]
    pub fn alg(&self) -> Alg {
        self.alg
    }

    /// The JWK, byte for byte as the key set serves it. For an HMAC key it holds the secret.
    #[must_use]
    pub fn jwk(&self) -> &str {
        &self.jwk
    }

    /// The members of the JWK; without the descriptive ones it is what RFC 7638 hashes.
    pub(super) fn members(&self, described: bool) -> Value {
        let mut jwk = match &self.material {
            Material::Rsa(pair) => {
                let public = pair.public_key();
                json!({
                    "e": encode_segment(public.exponent().big_endian_without_leading_zero()),
                    "kty": "RSA",
                    "n": encode_segment(public.modulus().big_endian_without_leading_zero()),
                })
            }
            Material::OddRsa(secret) => json!({
                "e": encode_segment(secret.exponent.to_bytes_be()),
                "kty": "RSA",
                "n": encode_segment(secret.modulus.to_bytes_be()),
            }),
            Material::Ec(pair) => {
                let point = &pair.public_key().as_ref()[1..];
                let (x, y) = point.split_at(point.len() / 2);
                json!({ "crv": curve_name(self.alg), "kty": "EC", "x": encode_segment(x), "y": encode_segment(y) })
            }
            Material::Ed(pair) => {
                json!({ "crv": "Ed25519", "kty": "OKP", "x": encode_segment(pair.public_key().as_ref()) })
            }
            // RFC 9964: the algorithm is part of the key, and of its thumbprint.
            Material::MlDsa(pair) => json!({
                "alg": self.alg.name(),
                "kty": "AKP",
                "pub": encode_segment(pair.public_key().as_ref()),
            }),
            Material::Oct(pair) => json!({ "k": encode_segment(pair.0.reveal()), "kty": "oct" }),
            Material::Verifying(known) => {
                return known.as_ref().map_or_else(|| json!({}), |key| key.members(described).into());
            }
        };
        if described {
            jwk["use"] = json!("sig");
            jwk["alg"] = json!(self.alg.name());
            jwk["kid"] = json!(self.kid);
        }
        jwk
    }

    /// Signs in the given algorithm.
    ///
    /// # Errors
    /// The key is of another kind, or the curve is tied to another hash.
    pub fn sign(&self, alg: Alg, input: &[u8]) -> Result<Vec<u8>, ForgeError> {
        let wrong = || ForgeError::WrongKey { key: self.alg, alg };
        match &self.material {
            Material::Rsa(pair) => {
                let padding: &'static dyn signature::RsaEncoding = match alg {
                    Alg::Rs256 => &signature::RSA_PKCS1_SHA256,
                    Alg::Rs384 => &signature::RSA_PKCS1_SHA384,
                    Alg::Rs512 => &signature::RSA_PKCS1_SHA512,
                    Alg::Ps256 => &signature::RSA_PSS_SHA256,
                    Alg::Ps384 => &signature::RSA_PSS_SHA384,
                    Alg::Ps512 => &signature::RSA_PSS_SHA512,
                    _ => return Err(wrong()),
                };
                let mut out = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &SystemRandom::new(), input, &mut out)
                    .map_err(|_| ForgeError::Crypto("RSA signing"))?;
                Ok(out)
            }
            Material::OddRsa(secret) => {
                let hash = raw::hash_of(alg);
                let block = match alg {
                    Alg::Rs256 | Alg::Rs384 | Alg::Rs512 => raw::block(None, hash, input, secret.length()),
                    Alg::Ps256 | Alg::Ps384 | Alg::Ps512 => raw::pss_block(None, hash, input, secret.modulus.bits())?,
                    _ => return Err(wrong()),
                };
                block.and_then(|block| secret.sign_block(&block)).ok_or(ForgeError::Crypto("RSA signing"))
            }
            Material::Ec(pair) if alg.family() == self.alg.family() => {
                let signature =
                    pair.sign(&SystemRandom::new(), input).map_err(|_| ForgeError::Crypto("ECDSA signing"))?;
                let curve = Curve::of(alg.family()).ok_or_else(wrong)?;
                Ok(curve.with_low_s(signature.as_ref().to_vec()))
            }
            Material::Ed(pair) if alg.family() == KeyFamily::Ed25519 => Ok(pair.sign(input).as_ref().to_vec()),
            Material::MlDsa(pair) if alg == self.alg => {
                let mut out = vec![0; ml_dsa(alg).signature_len()];
                pair.sign(input, &mut out).map_err(|_| ForgeError::Crypto("ML-DSA signing"))?;
                Ok(out)
            }
            Material::Verifying(_) => Err(ForgeError::NeedsIssuer),
            Material::Oct(pair) if alg == self.alg => Ok(hmac::sign(&pair.1, input).as_ref().to_vec()),
            Material::Oct(pair) if alg.family() == KeyFamily::Oct => {
                Ok(hmac::sign(&hmac::Key::new(hash(alg), pair.0.reveal()), input).as_ref().to_vec())
            }
            _ => Err(wrong()),
        }
    }

    /// Why it has no private part of this kind.
    fn lacks(&self, what: &'static str) -> ForgeError {
        if self.only_verifies() { ForgeError::NeedsIssuer } else { ForgeError::NoSuchForm(self.alg, what) }
    }
}

fn kid(prefix: &str) -> Result<String, ForgeError> {
    let suffix: String = random::<3>()?.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("{prefix}-{suffix}"))
}

pub(super) fn oct(alg: Alg, secret: Vec<u8>) -> Material {
    let key = hmac::Key::new(hash(alg), &secret);
    Material::Oct(Box::new((Secret::new(secret), key)))
}

fn random<const N: usize>() -> Result<[u8; N], ForgeError> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| ForgeError::Crypto("the random source"))?;
    Ok(bytes)
}
