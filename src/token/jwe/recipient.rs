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
use aws_lc_rs::{
    agreement,
    encoding::{AsBigEndian, EcPrivateKeyBin},
    rand::{SecureRandom, SystemRandom},
};
use serde_json::{Value, json};
use simple_asn1::ASN1Block;

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
            Material::Pair(key) if key.alg().family() == KeyFamily::Rsa => rsa_jwk(key.pkcs8()?.reveal())?,
            Material::Pair(key) => {
                let failed = |_| ForgeError::Crypto("reading a private key");
                let pkcs8 = key.pkcs8()?;
                let private = agreement::PrivateKey::from_private_key_der(&agreement::ECDH_P256, pkcs8.reveal())
                    .map_err(|_| ForgeError::Crypto("reading a private key"))?;
                let scalar: EcPrivateKeyBin<'_> = private.as_be_bytes().map_err(failed)?;
                let mut jwk = key.members(false);
                jwk["d"] = json!(encode_segment(scalar.as_ref()));
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
        KeyManagement::A192GcmKw => Some(24),
        KeyManagement::A256Kw | KeyManagement::A256GcmKw | KeyManagement::Dir => Some(32),
        alg if is_password(alg) => Some(32),
        _ => None,
    }
}

pub(super) fn is_password(alg: KeyManagement) -> bool {
    matches!(alg, KeyManagement::Pbes2Hs256A128Kw | KeyManagement::Pbes2Hs512A256Kw)
}

/// The nine numbers of an RSA private key (RFC 8017 appendix A.1.2) inside PKCS#8 (RFC 5208 section 5) as JWK members.
fn rsa_jwk(pkcs8: &[u8]) -> Result<Value, ForgeError> {
    let failed = || ForgeError::Crypto("reading an RSA private key");
    let sequence = |der: &[u8]| match simple_asn1::from_der(der).ok()?.into_iter().next()? {
        ASN1Block::Sequence(_, members) => Some(members),
        _ => None,
    };
    let outer = sequence(pkcs8).ok_or_else(failed)?;
    let Some(ASN1Block::OctetString(_, inner)) = outer.get(2) else { return Err(failed()) };
    let numbers: Vec<String> = sequence(inner)
        .ok_or_else(failed)?
        .iter()
        .filter_map(|member| match member {
            ASN1Block::Integer(_, number) => Some(encode_segment(number.to_bytes_be().1)),
            _ => None,
        })
        .collect();
    let [_, n, e, d, p, q, dp, dq, qi] = numbers.as_slice() else { return Err(failed()) };
    Ok(json!({ "kty": "RSA", "n": n, "e": e, "d": d, "p": p, "q": q, "dp": dp, "dq": dq, "qi": qi }))
}

/// Fresh random bytes.
pub(super) fn random(length: usize) -> Result<Vec<u8>, ForgeError> {
    let mut bytes = vec![0; length];
    SystemRandom::new().fill(&mut bytes).map_err(|_| ForgeError::Crypto("the random source"))?;
    Ok(bytes)
}
