//! Keys that the strict reading refuses, as flaws read them all the same; and good keys that flaws refuse.

use super::{
    flaw::Flaw,
    key::{Key, KeySet},
    signature::eddsa::is_small_order,
};
use crate::{
    model::{Alg, KeyFamily},
    token::raw::{Curve, fixed},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use num_bigint::BigUint;
use serde_json::{Map, Value};
use std::sync::Arc;

/// The keys of a `kid` that a flaw reads out of the members of a set that are no keys.
pub(super) fn keys(flaw: Flaw, keys: &KeySet, kid: &str) -> Vec<Arc<Key>> {
    let members = keys.refused().filter(|jwk| jwk.get("kid").and_then(Value::as_str) == Some(kid));
    members.flat_map(|jwk| read(flaw, jwk)).map(Arc::new).collect()
}

fn read(flaw: Flaw, jwk: &Map<String, Value>) -> Vec<Key> {
    match flaw {
        Flaw::EcYIgnored => with_either_y(jwk),
        Flaw::EcCoordinateLength => repaired(jwk, ec_family(jwk), |curve, number| fixed(number, curve.width)),
        Flaw::EcCoordinateReduced => {
            repaired(jwk, ec_family(jwk), |curve, number| fixed(&(number % &curve.field), curve.width))
        }
        Flaw::EcCrvIgnored => ec_alg(jwk).into_iter().filter_map(|crv| changed(jwk, &[("crv", crv.into())])).collect(),
        Flaw::EcZeroPoint => {
            let zero = ["x", "y"].iter().all(|name| number(jwk, name) == Some(BigUint::ZERO));
            ec_family(jwk).filter(|_| zero).map(|family| Key::unverified(jwk, family, Vec::new())).into_iter().collect()
        }
        Flaw::EdSmallOrderKey => Key::read(jwk).into_iter().collect(),
        Flaw::OkpCrvIgnored => changed(jwk, &[("crv", "Ed25519".into())]).into_iter().collect(),
        Flaw::OkpLength => {
            let mut x = bytes(jwk, "x").unwrap_or_default();
            while x.len() < 32 {
                x.insert(0, 0);
            }
            x.truncate(32);
            changed(jwk, &[("x", URL_SAFE_NO_PAD.encode(x))]).into_iter().collect()
        }
        Flaw::MlDsaAlgAssumed => ml_dsa(jwk, |length, right| length == right),
        Flaw::MlDsaLength => ml_dsa(jwk, |length, right| length.abs_diff(right) == 1),
        Flaw::RsaWeakModulus => {
            by_hand(jwk, |modulus, exponent| modulus.bits() < 2048 && modulus.bit(0) && usual(exponent))
        }
        Flaw::RsaExponent => {
            by_hand(jwk, |modulus, exponent| modulus.bits() >= 2048 && modulus.bit(0) && !usual(exponent))
        }
        Flaw::RsaModulus => by_hand(jwk, |modulus, _| !modulus.bit(0)),
        Flaw::RsaStandardBase64 => {
            let modulus = jwk.get("n").and_then(Value::as_str).and_then(|text| STANDARD.decode(text).ok());
            let modulus = modulus.map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
            modulus.and_then(|text| changed(jwk, &[("n", text)])).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// Whether a flaw refuses a key that is in order.
pub(super) fn refuses(flaw: Option<Flaw>, key: &Key) -> bool {
    let number = |name| number(&key.jwk, name).unwrap_or_default();
    let rsa = key.family == KeyFamily::Rsa;
    match flaw {
        Some(Flaw::EcLeadingZeroRefused) => Curve::of(key.family)
            .is_some_and(|curve| ["x", "y"].iter().any(|name| number(name).bits() <= curve.field.bits() - 8)),
        Some(Flaw::RsaExponentThreeRefused) => rsa && number("e") == BigUint::from(3u8),
        Some(Flaw::RsaPaddedModulusRefused) => {
            rsa && bytes(&key.jwk, "n").is_some_and(|bytes| bytes.first() == Some(&0))
        }
        Some(Flaw::RsaOddSizeRefused) => rsa && !number("n").bits().is_multiple_of(1024),
        // Fermat's test.
        Some(Flaw::RsaPrimeRefused) => {
            let modulus = number("n");
            rsa && BigUint::from(2u8).modpow(&(&modulus - 1u8), &modulus) == BigUint::from(1u8)
        }
        _ => false,
    }
}

/// Whether an Ed25519 key is one that no signer has.
pub(super) fn is_nobodys(key: &Key) -> bool {
    key.family == KeyFamily::Ed25519 && is_small_order(&key.raw)
}

fn bytes(jwk: &Map<String, Value>, name: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(jwk.get(name)?.as_str()?).ok()
}

fn number(jwk: &Map<String, Value>, name: &str) -> Option<BigUint> {
    bytes(jwk, name).map(|bytes| BigUint::from_bytes_be(&bytes))
}

fn usual(exponent: &BigUint) -> bool {
    *exponent == BigUint::from(65537u32)
}

/// The JWK with other texts in some members, read strictly.
fn changed(jwk: &Map<String, Value>, members: &[(&str, String)]) -> Option<Key> {
    let mut jwk = jwk.clone();
    for (name, text) in members {
        jwk.insert((*name).to_owned(), Value::from(text.clone()));
    }
    Key::from_jwk(&Value::Object(jwk))
}

fn repaired(
    jwk: &Map<String, Value>,
    family: Option<KeyFamily>,
    repair: impl Fn(&Curve, &BigUint) -> Option<Vec<u8>>,
) -> Vec<Key> {
    let key = || {
        let curve = Curve::of(family?)?;
        let member = |name| Some((name, URL_SAFE_NO_PAD.encode(repair(curve, &number(jwk, name)?)?)));
        changed(jwk, &[member("x")?, member("y")?])
    };
    key().into_iter().collect()
}

/// Both points of a first coordinate.
fn with_either_y(jwk: &Map<String, Value>) -> Vec<Key> {
    let (Some(x), Some(family)) = (bytes(jwk, "x"), ec_family(jwk)) else { return Vec::new() };
    [2, 3].iter().filter_map(|sign| Key::from_point(jwk, family, &[&[*sign][..], &x].concat())).collect()
}

fn by_hand(jwk: &Map<String, Value>, wanted: impl Fn(&BigUint, &BigUint) -> bool) -> Vec<Key> {
    let is_rsa = jwk.get("kty").is_some_and(|kty| kty == "RSA");
    let (Some(modulus), Some(exponent)) = (number(jwk, "n"), number(jwk, "e")) else { return Vec::new() };
    let fits = is_rsa && wanted(&modulus, &exponent);
    fits.then(|| Key::unverified(jwk, KeyFamily::Rsa, modulus.to_bytes_be())).into_iter().collect()
}

/// The ML-DSA key of the parameter set whose length fits, cut or padded to it.
fn ml_dsa(jwk: &Map<String, Value>, fits: impl Fn(usize, usize) -> bool) -> Vec<Key> {
    let Some(mut key) = bytes(jwk, "pub") else { return Vec::new() };
    let sets = [("ML-DSA-44", 1312), ("ML-DSA-65", 1952), ("ML-DSA-87", 2592)];
    let Some((name, length)) = sets.into_iter().find(|(_, right)| fits(key.len(), *right)) else { return Vec::new() };
    key.resize(length, 0);
    changed(jwk, &[("alg", name.to_owned()), ("pub", URL_SAFE_NO_PAD.encode(key))]).into_iter().collect()
}

fn ec_family(jwk: &Map<String, Value>) -> Option<KeyFamily> {
    super::key::family_of(jwk).filter(|family| Curve::of(*family).is_some())
}

/// The name of the curve that a JWK's algorithm uses.
fn ec_alg(jwk: &Map<String, Value>) -> Option<String> {
    let alg: Alg = jwk.get("alg")?.as_str()?.parse().ok()?;
    let name = match alg {
        Alg::Es256 => "P-256",
        Alg::Es384 => "P-384",
        Alg::Es512 => "P-521",
        Alg::Es256k => "secp256k1",
        _ => return None,
    };
    Some(name.to_owned())
}
