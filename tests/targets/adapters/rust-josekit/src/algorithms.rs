//! josekit's algorithms by the names that a JOSE header has for them.

use josekit::{
    jwe::{self, JweDecrypter},
    jwk::Jwk,
    jws::{self, JwsVerifier},
};

pub const SIGNATURES: [&str; 14] = [
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "ES256K", "EdDSA", "HS256",
    "HS384", "HS512",
];

/// A verifier for one algorithm of a key; none where the key is not for it.
pub fn verifier(alg: &str, key: &Jwk) -> Option<Box<dyn JwsVerifier>> {
    Some(match alg {
        "RS256" => Box::new(jws::RS256.verifier_from_jwk(key).ok()?),
        "RS384" => Box::new(jws::RS384.verifier_from_jwk(key).ok()?),
        "RS512" => Box::new(jws::RS512.verifier_from_jwk(key).ok()?),
        "PS256" => Box::new(jws::PS256.verifier_from_jwk(key).ok()?),
        "PS384" => Box::new(jws::PS384.verifier_from_jwk(key).ok()?),
        "PS512" => Box::new(jws::PS512.verifier_from_jwk(key).ok()?),
        "ES256" => Box::new(jws::ES256.verifier_from_jwk(key).ok()?),
        "ES384" => Box::new(jws::ES384.verifier_from_jwk(key).ok()?),
        "ES512" => Box::new(jws::ES512.verifier_from_jwk(key).ok()?),
        "ES256K" => Box::new(jws::ES256K.verifier_from_jwk(key).ok()?),
        "EdDSA" => Box::new(jws::EdDSA.verifier_from_jwk(key).ok()?),
        "HS256" => Box::new(jws::HS256.verifier_from_jwk(key).ok()?),
        "HS384" => Box::new(jws::HS384.verifier_from_jwk(key).ok()?),
        "HS512" => Box::new(jws::HS512.verifier_from_jwk(key).ok()?),
        _ => return None,
    })
}

/// A decrypter for one algorithm of a key; none where the key is not for it.
pub fn decrypter(alg: &str, key: &Jwk) -> Option<Box<dyn JweDecrypter>> {
    if key.algorithm() != Some(alg) {
        return None;
    }
    Some(match alg {
        "dir" => Box::new(jwe::Dir.decrypter_from_jwk(key).ok()?),
        "ECDH-ES" => Box::new(jwe::ECDH_ES.decrypter_from_jwk(key).ok()?),
        "ECDH-ES+A128KW" => Box::new(jwe::ECDH_ES_A128KW.decrypter_from_jwk(key).ok()?),
        "ECDH-ES+A256KW" => Box::new(jwe::ECDH_ES_A256KW.decrypter_from_jwk(key).ok()?),
        "A128KW" => Box::new(jwe::A128KW.decrypter_from_jwk(key).ok()?),
        "A256KW" => Box::new(jwe::A256KW.decrypter_from_jwk(key).ok()?),
        "A128GCMKW" => Box::new(jwe::A128GCMKW.decrypter_from_jwk(key).ok()?),
        "A192GCMKW" => Box::new(jwe::A192GCMKW.decrypter_from_jwk(key).ok()?),
        "A256GCMKW" => Box::new(jwe::A256GCMKW.decrypter_from_jwk(key).ok()?),
        "RSA-OAEP" => Box::new(jwe::RSA_OAEP.decrypter_from_jwk(key).ok()?),
        "RSA-OAEP-256" => Box::new(jwe::RSA_OAEP_256.decrypter_from_jwk(key).ok()?),
        "PBES2-HS256+A128KW" => Box::new(jwe::PBES2_HS256_A128KW.decrypter_from_jwk(key).ok()?),
        "PBES2-HS512+A256KW" => Box::new(jwe::PBES2_HS512_A256KW.decrypter_from_jwk(key).ok()?),
        _ => return None,
    })
}
