//! Keys and tokens for the tests of this folder. Keys are made once per run.

use super::{Builtin, Flaw, forms};
use crate::{
    model::{Alg, KeyFamily, Period, TrustConfig, mutation::PublicKeyForm},
    target::protocol::{Answer, Validator},
};
use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rand::{SecureRandom, SystemRandom},
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P256K1_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
        ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair,
        ML_DSA_44_SIGNING, ML_DSA_65_SIGNING, ML_DSA_87_SIGNING, PqdsaKeyPair, PqdsaSigningAlgorithm, RsaKeyPair,
        RsaPublicKeyComponents,
    },
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, EncodingKey, Header, crypto};
use serde_json::{Value, json};
use std::sync::OnceLock;

pub const ISSUER: &str = "https://issuer.example/realm";
pub const AUDIENCE: &str = "https://orders.example";
pub const NOW: i64 = 1_800_000_000;

pub fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A private key with its public JWK (without `kid` and `alg`).
pub struct Signer {
    pub jwk: Value,
    key: Private,
}

enum Private {
    Jsonwebtoken(EncodingKey),
    Ecdsa(EcdsaKeyPair),
    MlDsa(PqdsaKeyPair),
}

impl Signer {
    pub fn new(family: KeyFamily) -> Signer {
        match family {
            KeyFamily::Rsa => Signer::rsa(),
            KeyFamily::Ed25519 => {
                let der = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
                let x = Ed25519KeyPair::from_pkcs8(der.as_ref()).unwrap().public_key().as_ref().to_vec();
                let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": b64(x) });
                Signer { jwk, key: Private::Jsonwebtoken(EncodingKey::from_ed_der(der.as_ref())) }
            }
            KeyFamily::Oct => {
                let mut secret = [0; 64];
                SystemRandom::new().fill(&mut secret).unwrap();
                let jwk = json!({ "kty": "oct", "k": b64(secret) });
                Signer { jwk, key: Private::Jsonwebtoken(EncodingKey::from_secret(&secret)) }
            }
            KeyFamily::MlDsa44 => Signer::ml_dsa("ML-DSA-44", &ML_DSA_44_SIGNING),
            KeyFamily::MlDsa65 => Signer::ml_dsa("ML-DSA-65", &ML_DSA_65_SIGNING),
            KeyFamily::MlDsa87 => Signer::ml_dsa("ML-DSA-87", &ML_DSA_87_SIGNING),
            KeyFamily::P256 => Signer::ecdsa("P-256", &ECDSA_P256_SHA256_FIXED_SIGNING),
            KeyFamily::P384 => Signer::ecdsa("P-384", &ECDSA_P384_SHA384_FIXED_SIGNING),
            KeyFamily::P521 => Signer::ecdsa("P-521", &ECDSA_P521_SHA512_FIXED_SIGNING),
            KeyFamily::Secp256k1 => Signer::ecdsa("secp256k1", &ECDSA_P256K1_SHA256_FIXED_SIGNING),
        }
    }

    fn ml_dsa(name: &str, scheme: &'static PqdsaSigningAlgorithm) -> Signer {
        let pair = PqdsaKeyPair::generate(scheme).unwrap();
        let jwk = json!({ "kty": "AKP", "alg": name, "pub": b64(pair.public_key()) });
        Signer { jwk, key: Private::MlDsa(pair) }
    }

    fn rsa() -> Signer {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
        let pkcs8: Pkcs8V1Der<'_> = pair.as_der().unwrap();
        let pem =
            format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(pkcs8.as_ref()));
        let jwk = json!({ "kty": "RSA", "n": b64(public.n), "e": b64(public.e) });
        Signer { jwk, key: Private::Jsonwebtoken(EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap()) }
    }

    fn ecdsa(curve: &str, scheme: &'static EcdsaSigningAlgorithm) -> Signer {
        let der = EcdsaKeyPair::generate_pkcs8(scheme, &SystemRandom::new()).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(scheme, der.as_ref()).unwrap();
        let (x, y) = pair.public_key().as_ref()[1..].split_at((pair.public_key().as_ref().len() - 1) / 2);
        let jwk = json!({ "kty": "EC", "crv": curve, "x": b64(x), "y": b64(y) });
        let key = match curve {
            "P-256" | "P-384" => Private::Jsonwebtoken(EncodingKey::from_ec_der(der.as_ref())),
            _ => Private::Ecdsa(pair),
        };
        Signer { jwk, key }
    }

    /// The signature as base64url.
    pub fn sign(&self, alg: Alg, message: &str) -> String {
        match &self.key {
            Private::Jsonwebtoken(key) => crypto::sign(message.as_bytes(), key, algorithm(alg).unwrap()).unwrap(),
            Private::MlDsa(pair) => {
                let mut signature = vec![0; pair.algorithm().signature_len()];
                pair.sign(message.as_bytes(), &mut signature).unwrap();
                b64(signature)
            }
            Private::Ecdsa(pair) => b64(pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap()),
        }
    }

    pub fn token(&self, alg: Alg, header: &str, payload: &str) -> String {
        let message = format!("{}.{}", b64(header), b64(payload));
        format!("{message}.{}", self.sign(alg, &message))
    }
}

fn algorithm(alg: Alg) -> Option<Algorithm> {
    let name = if alg == Alg::Ed25519 { "EdDSA" } else { alg.name() };
    name.parse().ok()
}

/// The trusted keys, one per family, and the keys of somebody else.
pub struct Ring {
    pub trusted: Vec<(KeyFamily, Signer)>,
    pub rogue: Vec<(KeyFamily, Signer)>,
}

pub fn ring() -> &'static Ring {
    static RING: OnceLock<Ring> = OnceLock::new();
    RING.get_or_init(|| {
        let all = || Alg::ALL.iter().map(|alg| alg.family()).collect::<std::collections::BTreeSet<_>>();
        let make = || all().into_iter().map(|family| (family, Signer::new(family))).collect();
        Ring { trusted: make(), rogue: make() }
    })
}

pub fn trusted(alg: Alg) -> &'static Signer {
    &ring().trusted.iter().find(|(family, _)| *family == alg.family()).unwrap().1
}

pub fn rogue(alg: Alg) -> &'static Signer {
    &ring().rogue.iter().find(|(family, _)| *family == alg.family()).unwrap().1
}

pub fn kid(alg: Alg) -> String {
    format!("k-{}", alg.name().to_lowercase())
}

/// The trusted JWK of an algorithm, as a key set serves it.
pub fn jwk(alg: Alg) -> Value {
    let mut jwk = trusted(alg).jwk.clone();
    jwk["kid"] = kid(alg).into();
    jwk["alg"] = alg.name().into();
    jwk["use"] = "sig".into();
    jwk
}

/// A target that trusts our keys for these algorithms.
pub fn trust(algorithms: &[Alg], typ: &str) -> TrustConfig {
    TrustConfig {
        decryption: Default::default(),
        issuer: ISSUER.into(),
        audience: AUDIENCE.into(),
        algorithms: algorithms.to_vec(),
        leeway: Period::from_secs(0),
        typ: typ.into(),
        jwks_uri: None,
        keys: json!({ "keys": algorithms.iter().map(|alg| jwk(*alg)).collect::<Vec<_>>() }),
    }
}

/// What most tests trust.
pub const USUAL: &[Alg] = &[Alg::Rs256, Alg::Es256, Alg::EdDsa];

pub fn validator(flaw: Option<Flaw>, trust: &TrustConfig) -> Builtin {
    let mut validator = Builtin::new(flaw);
    validator.configure(trust);
    validator
}

pub fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "user-1", "client_id": "gauntlet", "scope": "read write",
        "iat": NOW, "nbf": NOW, "exp": NOW + 300, "jti": "j-1",
    })
}

/// The usual claims with one changed; null takes it away.
pub fn claims_with(name: &str, value: Value) -> String {
    let mut claims = claims();
    match value {
        Value::Null => drop(claims.as_object_mut().unwrap().shift_remove(name)),
        value => claims[name] = value,
    }
    claims.to_string()
}

pub fn header(alg: Alg) -> Value {
    json!({ "typ": "JWT", "alg": alg.name(), "kid": kid(alg) })
}

/// The usual RS256 header with one member changed; null takes it away.
pub fn header_with(name: &str, value: Value) -> String {
    let mut header = header(Alg::Rs256);
    match value {
        Value::Null => drop(header.as_object_mut().unwrap().shift_remove(name)),
        value => header[name] = value,
    }
    header.to_string()
}

/// A good token, made by jsonwebtoken where it can.
pub fn good(alg: Alg) -> String {
    match (&trusted(alg).key, algorithm(alg)) {
        (Private::Jsonwebtoken(key), Some(name)) if alg != Alg::Ed25519 => {
            let header = Header { kid: Some(kid(alg)), ..Header::new(name) };
            jsonwebtoken::encode(&header, &claims(), key).unwrap()
        }
        _ => trusted(alg).token(alg, &header(alg).to_string(), &claims().to_string()),
    }
}

/// A token signed by the trusted RS256 key.
pub fn signed(header: &str, payload: &str) -> String {
    trusted(Alg::Rs256).token(Alg::Rs256, header, payload)
}

/// A token of the usual header and these claims, signed by the trusted RS256 key.
pub fn claiming(payload: &str) -> String {
    signed(&header(Alg::Rs256).to_string(), payload)
}

/// A token of this header and the usual claims, with this text as its signature.
pub fn unsigned(header: &str, signature: &str) -> String {
    format!("{}.{}.{signature}", b64(header), b64(claims().to_string()))
}

/// A token with an HS256 MAC by this secret.
pub fn mac(header: &str, secret: &[u8]) -> String {
    let message = format!("{}.{}", b64(header), b64(claims().to_string()));
    let mac = crypto::sign(message.as_bytes(), &EncodingKey::from_secret(secret), Algorithm::HS256).unwrap();
    format!("{message}.{mac}")
}

/// The trusted RS256 key in a written form.
pub fn public_key(form: PublicKeyForm, trust: &TrustConfig) -> Vec<u8> {
    let set = super::key::KeySet::from_value(&trust.keys);
    let key = set.with_kid(&kid(Alg::Rs256)).next().unwrap().clone();
    forms::write(form, &key, &set).unwrap()
}

pub fn accepts(validator: &Builtin, token: impl AsRef<[u8]>) -> bool {
    matches!(validator.validate(token.as_ref(), NOW), Answer::Accept(_))
}
