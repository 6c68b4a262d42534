//! One trusted key: read from its JWK once, used for every token (RFC 7517, RFC 7518 section 6, RFC 8037).

use super::lenient;
use crate::model::{Alg, KeyFamily};
use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    hmac,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256K1_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519,
        ML_DSA_44, ML_DSA_44_SIGNING, ML_DSA_65, ML_DSA_65_SIGNING, ML_DSA_87, ML_DSA_87_SIGNING, ParsedPublicKey,
        RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, VerificationAlgorithm,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, crypto::aws_lc::DEFAULT_PROVIDER};
use serde_json::{Map, Value};

pub(super) use super::jwks::KeySet;

/// A key that can check signatures.
pub(super) struct Key {
    pub kid: Option<String>,
    /// What the JWK says it is for.
    pub alg: Option<String>,
    pub family: KeyFamily,
    /// The JWK's members, in the order in which they came.
    pub jwk: Map<String, Value>,
    /// SubjectPublicKeyInfo in DER; empty for a symmetric key.
    pub spki: Vec<u8>,
    /// Modulus, uncompressed point, 32 bytes of Ed25519, or the symmetric key itself.
    pub raw: Vec<u8>,
    verifier: Verifier,
}

/// jsonwebtoken does not know P-521, secp256k1 and ML-DSA.
enum Verifier {
    Jsonwebtoken(DecodingKey),
    AwsLc(ParsedPublicKey),
    /// A key that only flaws use, by hand.
    ByHand,
}

/// The kind of key that a JWK says it is. `None`: one that is not known here.
pub(super) fn family_of(jwk: &Map<String, Value>) -> Option<KeyFamily> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    Some(match (text("kty")?, text("crv")) {
        ("RSA", _) => KeyFamily::Rsa,
        ("oct", _) => KeyFamily::Oct,
        ("EC", Some("P-256")) => KeyFamily::P256,
        ("EC", Some("P-384")) => KeyFamily::P384,
        ("EC", Some("P-521")) => KeyFamily::P521,
        ("EC", Some("secp256k1")) => KeyFamily::Secp256k1,
        ("OKP", Some("Ed25519")) => KeyFamily::Ed25519,
        // RFC 9964 section 3: the algorithm is a required member.
        ("AKP", _) => text("alg")?.parse::<Alg>().ok().filter(|alg| alg.is_post_quantum())?.family(),
        _ => return None,
    })
}

impl Key {
    /// Reads a JWK. `None` where it is malformed, too weak, nobody's, or not for checking signatures.
    pub fn from_jwk(jwk: &Value) -> Option<Key> {
        Key::read(jwk.as_object()?).filter(|key| !lenient::is_nobodys(key))
    }

    /// Reads a JWK, whether or not anybody can have its private half.
    pub fn read(members: &Map<String, Value>) -> Option<Key> {
        let family = family_of(members)?;
        if !is_for_verifying(members) {
            return None;
        }
        let alg = optional_text(members, "alg")?;
        if alg.is_some_and(|name| name.parse::<Alg>().map_or(true, |alg| alg.family() != family)) {
            return None;
        }
        let (raw, spki, verifier) = material(members, family)?;
        Some(Key {
            kid: optional_text(members, "kid")?.map(str::to_owned),
            alg: alg.map(str::to_owned),
            family,
            jwk: members.clone(),
            spki,
            raw,
            verifier,
        })
    }

    /// A key that is checked by hand.
    pub fn unverified(jwk: &Map<String, Value>, family: KeyFamily, raw: Vec<u8>) -> Key {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str).map(str::to_owned);
        let (kid, alg, spki) = (text("kid"), text("alg"), Vec::new());
        Key { kid, alg, family, jwk: jwk.clone(), spki, raw, verifier: Verifier::ByHand }
    }

    /// The key of a JWK with another point, which may be compressed (SEC 1 section 2.3.4).
    pub fn from_point(jwk: &Map<String, Value>, family: KeyFamily, point: &[u8]) -> Option<Key> {
        let parsed = ParsedPublicKey::new(parser(family)?, point).ok()?;
        let verifier = Verifier::AwsLc(parsed);
        Some(Key { verifier, ..Key::unverified(jwk, family, point.to_vec()) })
    }

    /// Reads a SubjectPublicKeyInfo.
    pub fn from_spki(spki: &[u8], family: KeyFamily) -> Option<Key> {
        let parsed = ParsedPublicKey::new(parser(family)?, spki).ok()?;
        let verifier = match family {
            KeyFamily::Rsa => Verifier::Jsonwebtoken(DecodingKey::from_rsa_der(spki)),
            KeyFamily::P256 | KeyFamily::P384 => Verifier::Jsonwebtoken(DecodingKey::from_ec_der(spki)),
            KeyFamily::Ed25519 => Verifier::Jsonwebtoken(DecodingKey::from_ed_der(spki)),
            _ => Verifier::AwsLc(parsed),
        };
        Some(Key { kid: None, alg: None, family, jwk: Map::new(), spki: spki.to_vec(), raw: Vec::new(), verifier })
    }

    /// Whether tokens of this algorithm may be checked with it: the kind of key fits, and so does what the JWK says.
    pub fn fits(&self, alg: Alg) -> bool {
        self.family == alg.family()
            && self.alg.as_deref().is_none_or(|own| own == alg.name())
            && self.is_long_enough(alg)
    }

    /// An HMAC key has at least as many bytes as the hash (RFC 7518 section 3.2).
    pub fn is_long_enough(&self, alg: Alg) -> bool {
        alg.is_asymmetric() || self.raw.len() >= mac_length(alg)
    }

    /// The exact length of a signature in bytes.
    pub fn signature_length(&self, alg: Alg) -> usize {
        match alg.family() {
            KeyFamily::Rsa => self.raw.len(),
            KeyFamily::P256 | KeyFamily::Secp256k1 | KeyFamily::Ed25519 => 64,
            KeyFamily::P384 => 96,
            KeyFamily::P521 => 132,
            KeyFamily::MlDsa44 => ML_DSA_44_SIGNING.signature_len(),
            KeyFamily::MlDsa65 => ML_DSA_65_SIGNING.signature_len(),
            KeyFamily::MlDsa87 => ML_DSA_87_SIGNING.signature_len(),
            KeyFamily::Oct => mac_length(alg),
        }
    }

    /// Checks a signature in this very algorithm.
    pub fn verifies(&self, alg: Alg, message: &[u8], signature: &Vec<u8>) -> bool {
        match &self.verifier {
            Verifier::ByHand => false,
            Verifier::AwsLc(key) => self.family == alg.family() && key.verify_sig(message, signature).is_ok(),
            Verifier::Jsonwebtoken(key) => jsonwebtoken_name(alg)
                .and_then(|alg| (DEFAULT_PROVIDER.verifier_factory)(&alg, key).ok())
                .is_some_and(|verifier| verifier.verify(message, signature).is_ok()),
        }
    }
}

/// Whether a MAC is right under a secret.
pub(super) fn mac_verifies(alg: Alg, secret: &[u8], message: &[u8], mac: &[u8]) -> bool {
    hmac::verify(&hmac::Key::new(hmac_name(alg), secret), message, mac).is_ok()
}

/// The MAC that a secret gives.
pub(super) fn mac(alg: Alg, secret: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac_name(alg), secret), message).as_ref().to_vec()
}

fn hmac_name(alg: Alg) -> hmac::Algorithm {
    match alg {
        Alg::Hs384 => hmac::HMAC_SHA384,
        Alg::Hs512 => hmac::HMAC_SHA512,
        _ => hmac::HMAC_SHA256,
    }
}

fn mac_length(alg: Alg) -> usize {
    match alg {
        Alg::Hs384 => 48,
        Alg::Hs512 => 64,
        _ => 32,
    }
}

fn jsonwebtoken_name(alg: Alg) -> Option<Algorithm> {
    Some(match alg {
        Alg::Rs256 => Algorithm::RS256,
        Alg::Rs384 => Algorithm::RS384,
        Alg::Rs512 => Algorithm::RS512,
        Alg::Ps256 => Algorithm::PS256,
        Alg::Ps384 => Algorithm::PS384,
        Alg::Ps512 => Algorithm::PS512,
        Alg::Es256 => Algorithm::ES256,
        Alg::Es384 => Algorithm::ES384,
        // Two names for one computation here: `EdDSA` keys are always Ed25519.
        Alg::EdDsa | Alg::Ed25519 => Algorithm::EdDSA,
        Alg::Hs256 => Algorithm::HS256,
        Alg::Hs384 => Algorithm::HS384,
        Alg::Hs512 => Algorithm::HS512,
        Alg::Es512 | Alg::Es256k | Alg::MlDsa44 | Alg::MlDsa65 | Alg::MlDsa87 => return None,
    })
}

/// The member's text; `Some(None)` where it is absent, `None` where it is no string.
fn optional_text<'j>(jwk: &'j Map<String, Value>, name: &str) -> Option<Option<&'j str>> {
    jwk.get(name).map_or(Some(None), |value| value.as_str().map(Some))
}

/// `use` and `key_ops` (RFC 7517 sections 4.2 and 4.3).
fn is_for_verifying(jwk: &Map<String, Value>) -> bool {
    let operations = match jwk.get("key_ops") {
        None => true,
        Some(operations) => operations.as_array().is_some_and(|list| list.iter().any(|item| item == "verify")),
    };
    operations && jwk.get("use").is_none_or(|used| used == "sig")
}

/// Raw key, SubjectPublicKeyInfo and verifier; points off the curve, weak moduli and odd lengths give nothing.
fn material(jwk: &Map<String, Value>, family: KeyFamily) -> Option<(Vec<u8>, Vec<u8>, Verifier)> {
    let bytes = |name: &str| URL_SAFE_NO_PAD.decode(jwk.get(name)?.as_str()?).ok();
    match family {
        KeyFamily::Oct => {
            let secret = bytes("k")?;
            let verifier = Verifier::Jsonwebtoken(DecodingKey::from_secret(&secret));
            Some((secret, Vec::new(), verifier))
        }
        KeyFamily::Rsa => {
            let modulus = bytes("n")?;
            let significant = modulus.iter().position(|byte| *byte != 0)?;
            let (n, e) = (modulus[significant..].to_vec(), bytes("e")?);
            let bits = n.len() * 8 - n.first()?.leading_zeros() as usize;
            if bits < 2048 {
                return None;
            }
            let parsed =
                RsaPublicKeyComponents { n: &n, e: &e }.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).ok()?;
            let verifier = Verifier::Jsonwebtoken(DecodingKey::from_rsa_raw_components(&n, &e));
            Some((n, spki_of(&parsed)?, verifier))
        }
        KeyFamily::Ed25519 => {
            let raw = bytes("x").filter(|x| x.len() == 32)?;
            let parsed = ParsedPublicKey::new(&ED25519, &raw).ok()?;
            let verifier = Verifier::Jsonwebtoken(DecodingKey::from_ed_der(&raw));
            Some((raw, spki_of(&parsed)?, verifier))
        }
        KeyFamily::MlDsa44 | KeyFamily::MlDsa65 | KeyFamily::MlDsa87 => {
            let raw = bytes("pub")?;
            let parsed = ParsedPublicKey::new(parser(family)?, &raw).ok()?;
            Some((raw, spki_of(&parsed)?, Verifier::AwsLc(parsed)))
        }
        curve => {
            let (x, y) = (bytes("x")?, bytes("y")?);
            let width = coordinate_length(curve);
            if x.len() != width || y.len() != width {
                return None;
            }
            let raw = [&[4][..], &x, &y].concat();
            let parsed = ParsedPublicKey::new(parser(curve)?, &raw).ok()?;
            let spki = spki_of(&parsed)?;
            let verifier = match curve {
                KeyFamily::P256 | KeyFamily::P384 => Verifier::Jsonwebtoken(DecodingKey::from_ec_der(&raw)),
                _ => Verifier::AwsLc(parsed),
            };
            Some((raw, spki, verifier))
        }
    }
}

fn spki_of(key: &ParsedPublicKey) -> Option<Vec<u8>> {
    let der: PublicKeyX509Der<'_> = key.as_der().ok()?;
    Some(der.as_ref().to_vec())
}

/// The reader of a family's public keys; for two families it is the verifier as well.
fn parser(family: KeyFamily) -> Option<&'static dyn VerificationAlgorithm> {
    Some(match family {
        KeyFamily::Rsa => &RSA_PKCS1_2048_8192_SHA256,
        KeyFamily::P256 => &ECDSA_P256_SHA256_FIXED,
        KeyFamily::P384 => &ECDSA_P384_SHA384_FIXED,
        KeyFamily::P521 => &ECDSA_P521_SHA512_FIXED,
        KeyFamily::Secp256k1 => &ECDSA_P256K1_SHA256_FIXED,
        KeyFamily::Ed25519 => &ED25519,
        KeyFamily::MlDsa44 => &ML_DSA_44,
        KeyFamily::MlDsa65 => &ML_DSA_65,
        KeyFamily::MlDsa87 => &ML_DSA_87,
        KeyFamily::Oct => return None,
    })
}

fn coordinate_length(curve: KeyFamily) -> usize {
    match curve {
        KeyFamily::P384 => 48,
        KeyFamily::P521 => 66,
        _ => 32,
    }
}
