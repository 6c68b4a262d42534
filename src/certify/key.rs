//! Keys that sign statements: Ed25519 (RFC 8032) and ES256 (ECDSA on P-256 with SHA-256), by aws-lc.

use crate::model::certificate::Signer;
use aws_lc_rs::{
    digest::{SHA256, digest},
    encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der},
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
        ParsedPublicKey,
    },
};
use pem::{EncodeConfig, LineEnding, Pem};
use zeroize::Zeroizing;

/// What is wrong with a key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum KeyError {
    /// Not the PEM text of a private key.
    #[error("wanted a private key as PKCS#8 PEM (BEGIN PRIVATE KEY), Ed25519 or P-256")]
    NotPrivate,
    /// Not the PEM text of a public key.
    #[error("wanted a public key as PEM (BEGIN PUBLIC KEY), Ed25519 or P-256, in its usual form")]
    NotPublic,
    /// The library could not make or use it.
    #[error("the key cannot be used to sign")]
    Unusable,
}

/// A private key.
pub struct SigningKey {
    pair: Pair,
    public: PublicKey,
}

enum Pair {
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair),
}

impl SigningKey {
    /// Reads PKCS#8 PEM, as `openssl genpkey` writes it.
    ///
    /// # Errors
    /// It is something else.
    pub fn from_pem(text: &str) -> Result<SigningKey, KeyError> {
        let parsed = pem::parse(text).ok().filter(|pem| pem.tag() == "PRIVATE KEY").ok_or(KeyError::NotPrivate)?;
        let der = Zeroizing::new(parsed.into_contents());
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der)
            .map(Pair::Ed25519)
            .or_else(|_| EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &der).map(Pair::P256))
            .map_err(|_| KeyError::NotPrivate)?;
        SigningKey::of(pair)
    }

    /// A new Ed25519 key and its PKCS#8 PEM.
    ///
    /// # Errors
    /// The library has no randomness.
    pub fn generate() -> Result<(SigningKey, Zeroizing<String>), KeyError> {
        let pair = Ed25519KeyPair::generate().map_err(|_| KeyError::Unusable)?;
        let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| KeyError::Unusable)?;
        let text = Zeroizing::new(encode("PRIVATE KEY", der.as_ref()));
        Ok((SigningKey::of(Pair::Ed25519(pair))?, text))
    }

    fn of(pair: Pair) -> Result<SigningKey, KeyError> {
        let spki: Result<PublicKeyX509Der<'_>, _> = match &pair {
            Pair::Ed25519(pair) => pair.public_key().as_der(),
            Pair::P256(pair) => pair.public_key().as_der(),
        };
        let public = PublicKey::from_spki(spki.map_err(|_| KeyError::Unusable)?.as_ref())?;
        Ok(SigningKey { pair, public })
    }

    /// Its public half.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Signs. Signatures of P-256 are ASN.1, as DSSE implementations write them.
    ///
    /// # Errors
    /// The library has no randomness.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        match &self.pair {
            Pair::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Pair::P256(pair) => pair
                .sign(&SystemRandom::new(), message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(|_| KeyError::Unusable),
        }
    }
}

/// A public key.
#[derive(Debug, Clone)]
pub struct PublicKey {
    algorithm: &'static str,
    spki: Vec<u8>,
    parsed: ParsedPublicKey,
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &PublicKey) -> bool {
        self.spki == other.spki
    }
}

impl PublicKey {
    /// Reads the PEM text of a SubjectPublicKeyInfo. A key has one text: anything else is refused, so that no byte of a
    /// file can be another one.
    ///
    /// # Errors
    /// It is something else.
    pub fn from_pem(text: &[u8]) -> Result<PublicKey, KeyError> {
        let parsed = pem::parse(text).map_err(|_| KeyError::NotPublic)?;
        let key = PublicKey::from_spki(parsed.contents())?;
        if key.to_pem().as_bytes() == text { Ok(key) } else { Err(KeyError::NotPublic) }
    }

    /// The same for a file that a person made: white space around the text does not matter.
    ///
    /// # Errors
    /// It is something else.
    pub fn from_file(text: &str) -> Result<PublicKey, KeyError> {
        let parsed = pem::parse(text).ok().filter(|pem| pem.tag() == "PUBLIC KEY").ok_or(KeyError::NotPublic)?;
        PublicKey::from_spki(parsed.contents())
    }

    fn from_spki(spki: &[u8]) -> Result<PublicKey, KeyError> {
        let is_whole = |parsed: &ParsedPublicKey| {
            let der: Result<PublicKeyX509Der<'_>, _> = parsed.as_der();
            der.is_ok_and(|der| der.as_ref() == spki)
        };
        [
            ("Ed25519", ParsedPublicKey::new(&ED25519, spki)),
            ("ES256", ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, spki)),
        ]
        .into_iter()
        .find_map(|(algorithm, parsed)| {
            let parsed = parsed.ok().filter(is_whole)?;
            Some(PublicKey { algorithm, spki: spki.to_vec(), parsed })
        })
        .ok_or(KeyError::NotPublic)
    }

    /// PEM, with line feeds and one at its end.
    #[must_use]
    pub fn to_pem(&self) -> String {
        encode("PUBLIC KEY", &self.spki)
    }

    /// Whether its private half made the signature.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.parsed.verify_sig(message, signature).is_ok()
    }

    /// What a statement says about it.
    #[must_use]
    pub fn signer(&self) -> Signer {
        let id = digest(&SHA256, &self.spki).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        Signer { algorithm: self.algorithm.into(), key: id }
    }
}

fn encode(tag: &str, der: &[u8]) -> String {
    pem::encode_config(&Pem::new(tag, der), EncodeConfig::new().set_line_ending(LineEnding::LF))
}

#[cfg(test)]
mod tests {
    use super::*;

    // openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256
    const P256: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgzoyCqjbRk8RkEVGw
7VdGScuh/LDLeEYTBMN+mH8lHBKhRANCAAQBvWY1gq3XZZDN18dyFPjNvWhdFKrB
5Ubz9caqbCpEdPT9m4Ujncvhj2SoxH+L3TIUD6vth5x9PeY19AMWlWa/
-----END PRIVATE KEY-----
";
    // openssl genpkey -algorithm ed25519
    const ED25519_PEM: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINdFNqvmBin9PWROtrN1TXVkdROj/TuQ5jFl9mr9QFQF
-----END PRIVATE KEY-----
";

    #[test]
    fn keys_of_openssl_and_our_own_sign_and_verify() {
        let own = SigningKey::generate().unwrap();
        assert_eq!(SigningKey::from_pem(&own.1).unwrap().public(), own.0.public());
        for (key, algorithm) in [
            (own.0, "Ed25519"),
            (SigningKey::from_pem(P256).unwrap(), "ES256"),
            (SigningKey::from_pem(ED25519_PEM).unwrap(), "Ed25519"),
        ] {
            let (public, signature) = (key.public(), key.sign(b"text").unwrap());
            assert_eq!(public.signer().algorithm, algorithm);
            assert!(public.verifies(b"text", &signature) && !public.verifies(b"texts", &signature));
            let text = public.to_pem();
            assert_eq!(PublicKey::from_pem(text.as_bytes()).unwrap(), *public);
            assert_eq!(PublicKey::from_file(&format!("\n{text}\n")).unwrap(), *public);
            for other in [text.replace('\n', "\r\n"), format!("{text} "), text.trim_end().to_owned()] {
                assert_eq!(PublicKey::from_pem(other.as_bytes()), Err(KeyError::NotPublic), "{other:?}");
            }
        }
    }

    #[test]
    fn anything_else_is_no_key() {
        for text in
            ["", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", &P256.replace("PRIVATE", "PUBLIC")]
        {
            assert!(SigningKey::from_pem(text).is_err() && PublicKey::from_file(text).is_err(), "{text}");
        }
    }
}
