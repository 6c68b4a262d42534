//! The public part of a key that is not ours: what is known of an issuer that we do not play.

use super::{compact::decode_segment, error::ForgeError, key::Key, key::Material};
use crate::model::{Alg, KeyFamily};
use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    signature::{
        self, ECDSA_P256_SHA256_FIXED, ECDSA_P256K1_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED,
        ED25519, ML_DSA_44, ML_DSA_65, ML_DSA_87, ParsedPublicKey, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        RsaPublicKeyComponents, VerificationAlgorithm,
    },
};
use serde_json::{Map, Value};

/// A public key.
pub(super) struct VerifyingKey {
    /// The members of its JWK, private ones left out.
    members: Map<String, Value>,
    /// Modulus, uncompressed point, or the bytes of Ed25519 and ML-DSA.
    pub raw: Vec<u8>,
    /// SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7) as DER.
    pub spki: Vec<u8>,
}

impl VerifyingKey {
    /// Reads the public members of a JWK for an algorithm; `None` where it is no key for it.
    pub fn from_jwk(jwk: &Map<String, Value>, alg: Alg) -> Option<VerifyingKey> {
        let text = |name: &str| jwk.get(name)?.as_str();
        let bytes = |name: &str| decode_segment(text(name)?);
        let is = |kty: &str| text("kty") == Some(kty);
        let point = || Some([&[4][..], &bytes("x")?, &bytes("y")?].concat());
        let curve = |crv: &str| (is("EC") && text("crv") == Some(crv)).then_some(());
        let (raw, algorithm): (_, &'static dyn VerificationAlgorithm) = match alg.family() {
            KeyFamily::Rsa => {
                let (n, e) = (is("RSA").then(|| bytes("n"))??, bytes("e")?);
                let key = RsaPublicKeyComponents { n: &n, e: &e };
                let parsed = key.to_parsed_public_key(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY).ok()?;
                return VerifyingKey::of(jwk, n, &parsed);
            }
            KeyFamily::P256 => (curve("P-256").and_then(|()| point())?, &ECDSA_P256_SHA256_FIXED),
            KeyFamily::P384 => (curve("P-384").and_then(|()| point())?, &ECDSA_P384_SHA384_FIXED),
            KeyFamily::P521 => (curve("P-521").and_then(|()| point())?, &ECDSA_P521_SHA512_FIXED),
            KeyFamily::Secp256k1 => (curve("secp256k1").and_then(|()| point())?, &ECDSA_P256K1_SHA256_FIXED),
            KeyFamily::Ed25519 => ((is("OKP") && text("crv") == Some("Ed25519")).then(|| bytes("x"))??, &ED25519),
            KeyFamily::MlDsa44 => (is("AKP").then(|| bytes("pub"))??, &ML_DSA_44),
            KeyFamily::MlDsa65 => (is("AKP").then(|| bytes("pub"))??, &ML_DSA_65),
            KeyFamily::MlDsa87 => (is("AKP").then(|| bytes("pub"))??, &ML_DSA_87),
            KeyFamily::Oct => return None,
        };
        let parsed = ParsedPublicKey::new(algorithm, &raw).ok()?;
        VerifyingKey::of(jwk, raw, &parsed)
    }

    fn of(jwk: &Map<String, Value>, raw: Vec<u8>, parsed: &ParsedPublicKey) -> Option<VerifyingKey> {
        const PRIVATE: [&str; 9] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];
        let spki: PublicKeyX509Der<'_> = parsed.as_der().ok()?;
        let public = jwk.iter().filter(|(name, _)| !PRIVATE.contains(&name.as_str()));
        let members = public.map(|(name, value)| (name.clone(), value.clone())).collect();
        Some(VerifyingKey { members, raw, spki: spki.as_ref().to_vec() })
    }

    /// The members of its JWK as its issuer writes them, or those that RFC 7638 hashes, in their order.
    pub fn members(&self, described: bool) -> Map<String, Value> {
        const REQUIRED: [&str; 8] = ["alg", "crv", "e", "kty", "n", "pub", "x", "y"];
        if described {
            return self.members.clone();
        }
        let is_akp = self.members.get("kty").is_some_and(|kty| kty == "AKP");
        let wanted = REQUIRED.into_iter().filter(|name| *name != "alg" || is_akp);
        wanted.filter_map(|name| Some((name.to_owned(), self.members.get(name)?.clone()))).collect()
    }

    /// Whether it is the key behind a signature.
    pub fn verifies(&self, alg: Alg, input: &[u8], signature: &[u8]) -> bool {
        verification(alg)
            .and_then(|algorithm| ParsedPublicKey::new(algorithm, &self.spki).ok())
            .is_some_and(|key| key.verify_sig(input, signature).is_ok())
    }

    /// PKCS#1 RSAPublicKey as DER.
    ///
    /// # Errors
    /// It is no RSA key.
    pub fn pkcs1(&self, alg: Alg) -> Result<Vec<u8>, ForgeError> {
        let key = (alg.family() == KeyFamily::Rsa).then(|| aws_lc_rs::rsa::PublicKey::from_der(&self.spki).ok());
        key.flatten().map(|key| key.as_ref().to_vec()).ok_or(ForgeError::NoSuchForm(alg, "PKCS#1"))
    }

    /// The RSA public exponent, big-endian.
    pub fn exponent(&self) -> Option<Vec<u8>> {
        decode_segment(self.members.get("e")?.as_str()?)
    }
}

/// How a signature is checked; `None` for a MAC.
fn verification(alg: Alg) -> Option<&'static dyn VerificationAlgorithm> {
    Some(match alg {
        Alg::Rs256 => &RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        Alg::Rs384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        Alg::Rs512 => &signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        Alg::Ps256 => &signature::RSA_PSS_2048_8192_SHA256,
        Alg::Ps384 => &signature::RSA_PSS_2048_8192_SHA384,
        Alg::Ps512 => &signature::RSA_PSS_2048_8192_SHA512,
        Alg::Es256 => &ECDSA_P256_SHA256_FIXED,
        Alg::Es384 => &ECDSA_P384_SHA384_FIXED,
        Alg::Es512 => &ECDSA_P521_SHA512_FIXED,
        Alg::Es256k => &ECDSA_P256K1_SHA256_FIXED,
        Alg::EdDsa | Alg::Ed25519 => &ED25519,
        Alg::MlDsa44 => &ML_DSA_44,
        Alg::MlDsa65 => &ML_DSA_65,
        Alg::MlDsa87 => &ML_DSA_87,
        Alg::Hs256 | Alg::Hs384 | Alg::Hs512 => return None,
    })
}

impl Key {
    /// The key behind a sample token: its public part, where `jwk` says it, or nothing but its name.
    pub(super) fn of_issuer(kid: String, alg: Alg, jwk: Option<(&Map<String, Value>, String)>) -> Key {
        let known = jwk.as_ref().and_then(|(members, _)| VerifyingKey::from_jwk(members, alg)).map(Box::new);
        let text = jwk.filter(|_| known.is_some()).map(|(_, text)| text);
        Key::lent(kid, alg, Material::Verifying(known), text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::public_key::PublicKeyForm,
        token::{RsaBits, keyring::KeyRing, public::public_form},
    };

    #[test]
    fn every_written_form_is_that_of_the_whole_key() {
        let ring = KeyRing::generate(&[Alg::Es256]).unwrap();
        let forms = [
            PublicKeyForm::SpkiPem,
            PublicKeyForm::Pkcs1Der,
            PublicKeyForm::JwkAsServed,
            PublicKeyForm::JwkCanonical,
            PublicKeyForm::JwkPretty,
            PublicKeyForm::Openssh,
            PublicKeyForm::Raw,
            PublicKeyForm::PointCompressed,
            PublicKeyForm::NumberHex,
        ];
        for alg in [Alg::Rs256, Alg::Es256, Alg::Es384, Alg::Es512, Alg::Es256k, Alg::EdDsa, Alg::MlDsa44] {
            let whole = Key::generate("k", alg, RsaBits::default()).unwrap();
            let members: Map<String, Value> = serde_json::from_str(whole.jwk()).unwrap();
            let public = Key::of_issuer("k".into(), alg, Some((&members, whole.jwk().to_owned())));
            assert!(public.only_verifies() && public.is_lent(), "{alg}");
            for form in forms {
                let [one, other] = [&whole, &public].map(|key| public_form(key, &ring, form).ok());
                assert_eq!(one, other, "{alg} {form:?}");
            }
            assert_eq!(public.sign(alg, b"x"), Err(ForgeError::NeedsIssuer));
        }
    }

    #[test]
    fn without_the_public_part_there_is_no_form() {
        let ring = KeyRing::generate(&[Alg::Es256]).unwrap();
        let (wrong, text) = (Map::from_iter([("kty".to_owned(), Value::from("EC"))]), "{}".to_owned());
        for jwk in [None, Some((&wrong, text))] {
            let key = Key::of_issuer("k".into(), Alg::Es256, jwk);
            assert!(public_form(&key, &ring, PublicKeyForm::SpkiPem).is_err());
            assert!(public_form(&key, &ring, PublicKeyForm::JwkCanonical).is_err());
        }
    }
}
