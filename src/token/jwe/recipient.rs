//! Who can decrypt: the target's decryption keys, which we make, and the public keys of signers, which everybody knows.

use crate::{
    model::{KeyFamily, KeyManagement, Secret},
    token::{
        compact::encode_segment,
        error::ForgeError,
        key::{Key, RsaBits},
        keyring::KeyRing,
    },
};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use serde_json::{Value, json};

/// A decryption key of the target, bound to one algorithm.
pub struct RecipientKey {
    kid: String,
    alg: KeyManagement,
    material: Material,
}

enum Material {
    Pair(Box<Key>),
    Octets(Secret<Vec<u8>>),
}

/// What encrypting needs of a recipient.
pub(super) enum Lock {
    Rsa {
        spki: Vec<u8>,
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    /// An uncompressed point.
    Ec(KeyFamily, Vec<u8>),
    Octets(Vec<u8>),
}

impl RecipientKey {
    /// Makes a fresh key for an algorithm: RSA of 2048 bits, P-256, or a shared key of the length that it needs (32
    /// bytes for `dir`, a text of 32 characters as the password of PBES2).
    ///
    /// # Errors
    /// The random source or the key generator fails.
    pub fn generate(alg: KeyManagement) -> Result<RecipientKey, ForgeError> {
        let prefix = format!("dec-{}", alg.name().to_lowercase().replace('+', "-"));
        let pair = |signer| Key::generate(&prefix, signer, RsaBits::default());
        if let Some(length) = shared_length(alg) {
            let mut octets = random(length)?;
            if is_password(alg) {
                octets = encode_segment(&random(24)?).into_bytes();
            }
            let suffix: String = random(3)?.iter().map(|byte| format!("{byte:02x}")).collect();
            let material = Material::Octets(Secret::new(octets));
            return Ok(RecipientKey { kid: format!("{prefix}-{suffix}"), alg, material });
        }
        let key = match alg {
            KeyManagement::RsaOaep | KeyManagement::RsaOaep256 | KeyManagement::Rsa15 => {
                pair(crate::model::Alg::Rs256)?
            }
            _ => pair(crate::model::Alg::Es256)?,
        };
        Ok(RecipientKey { kid: key.kid().to_owned(), alg, material: Material::Pair(Box::new(key)) })
    }

    /// The name in headers.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// What encrypting needs.
    pub(super) fn lock(&self) -> Result<Lock, ForgeError> {
        match &self.material {
            Material::Pair(key) => lock_of(key),
            Material::Octets(octets) => Ok(Lock::Octets(octets.reveal().clone())),
        }
    }

    /// The private JWK, for the target alone.
    ///
    /// # Errors
    /// The key cannot be written.
    pub fn private_jwk(&self) -> Result<Value, ForgeError> {
        let mut jwk = match &self.material {
            Material::Octets(octets) => json!({ "kty": "oct", "k": encode_segment(octets.reveal()) }),
            Material::Pair(key) => {
                let mut jwk = key.members(false);
                for (name, value) in key.private_members()? {
                    jwk[name] = json!(value);
                }
                jwk
            }
        };
        jwk["use"] = json!("enc");
        jwk["alg"] = json!(self.alg.name());
        jwk["kid"] = json!(self.kid);
        Ok(jwk)
    }
}

/// What encrypting to the public key of a signer needs. Keys that only sign encrypt nothing.
pub(super) fn lock_of(key: &Key) -> Result<Lock, ForgeError> {
    match key.alg().family() {
        KeyFamily::Rsa => Ok(Lock::Rsa {
            spki: key.spki_der()?,
            modulus: key.raw_public()?,
            exponent: key.rsa_exponent().ok_or(ForgeError::Crypto("reading an RSA key"))?,
        }),
        family @ (KeyFamily::P256 | KeyFamily::P384 | KeyFamily::P521) => Ok(Lock::Ec(family, key.raw_public()?)),
        _ => Err(ForgeError::NoSuchForm(key.alg(), "encrypting")),
    }
}

/// The JWK Set of a target's private decryption keys.
///
/// # Errors
/// A key cannot be made or written.
pub fn private_jwks(ring: &KeyRing, algorithms: &[KeyManagement]) -> Result<Secret<String>, ForgeError> {
    let keys: Vec<Value> =
        ring.decryption_keys(algorithms)?.iter().map(|key| key.private_jwk()).collect::<Result<_, _>>()?;
    Ok(Secret::new(json!({ "keys": keys }).to_string()))
}

/// The length of the shared key that an algorithm needs, in bytes; `None` where it needs a key pair.
fn shared_length(alg: KeyManagement) -> Option<usize> {
    match alg {
        KeyManagement::A128Kw | KeyManagement::A128GcmKw => Some(16),
        KeyManagement::A192Kw | KeyManagement::A192GcmKw => Some(24),
        KeyManagement::A256Kw | KeyManagement::A256GcmKw | KeyManagement::Dir => Some(32),
        alg if is_password(alg) => Some(32),
        _ => None,
    }
}

pub(super) fn is_password(alg: KeyManagement) -> bool {
    matches!(alg, KeyManagement::Pbes2Hs256A128Kw | KeyManagement::Pbes2Hs512A256Kw)
}

/// Fresh random bytes.
pub(super) fn random(length: usize) -> Result<Vec<u8>, ForgeError> {
    let mut bytes = vec![0; length];
    SystemRandom::new().fill(&mut bytes).map_err(|_| ForgeError::Crypto("the random source"))?;
    Ok(bytes)
}
