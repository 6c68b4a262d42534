//! Key sets that are unusual: members added, changed and taken out (RFC 7517).

use super::stock::Materials;
use crate::model::chaos::{BadKey, KeyFault};
use axum::body::Bytes;
use serde_json::{Map, Value, json};

/// What the fault makes of a key set; a body that is none stays as it is.
pub(super) fn changed(fault: &KeyFault, body: &Bytes, materials: &Materials) -> Bytes {
    if *fault == KeyFault::ForeignTenant {
        return materials.foreign.clone().into();
    }
    let Ok(mut set) = serde_json::from_slice::<Value>(body) else { return body.clone() };
    let Some(keys) = set.get_mut("keys").and_then(Value::as_array_mut) else { return body.clone() };
    match fault {
        KeyFault::BadKey(kind) => keys.insert(0, bad_key(*kind)),
        KeyFault::OctKey => keys.extend(serde_json::from_str(&materials.oct_jwk).ok()),
        KeyFault::PrivateKey => keys.extend(serde_json::from_str(&materials.private_jwk).ok()),
        KeyFault::DuplicateKid => {
            let attacker: Option<Value> = serde_json::from_slice(&materials.attacker).ok();
            let other = attacker.as_ref().and_then(|set| set["keys"].get(0)).cloned();
            let kid = keys.first().and_then(|key| key.get("kid")).cloned();
            if let (Some(mut other), Some(kid)) = (other, kid) {
                other["kid"] = kid;
                keys.insert(0, other);
            }
        }
        KeyFault::NoKid => each(keys, |key| drop(key.shift_remove("kid"))),
        KeyFault::UseEnc => each(keys, |key| drop(key.insert("use".into(), json!("enc")))),
        KeyFault::WrongAlg => each(keys, |key| {
            let other = if key.get("kty").is_some_and(|kty| kty == "RSA") { "ES256" } else { "RS256" };
            key.insert("alg".into(), json!(other));
        }),
        KeyFault::ForeignTenant => {}
    }
    set.to_string().into_bytes().into()
}

/// The key set without the members whose `kid` is not wanted; those without one stay, as does what is no key set.
pub(super) fn kept(body: &Bytes, wanted: impl Fn(&str) -> bool) -> Bytes {
    let Ok(mut set) = serde_json::from_slice::<Value>(body) else { return body.clone() };
    let Some(keys) = set.get_mut("keys").and_then(Value::as_array_mut) else { return body.clone() };
    let before = keys.len();
    keys.retain(|key| key.get("kid").and_then(Value::as_str).is_none_or(&wanted));
    if keys.len() == before { body.clone() } else { set.to_string().into_bytes().into() }
}

/// The names of the keys in a set.
pub(super) fn kids(body: &[u8]) -> Vec<String> {
    let set: Value = serde_json::from_slice(body).unwrap_or_default();
    let keys = set["keys"].as_array().into_iter().flatten();
    keys.filter_map(|key| key["kid"].as_str()).map(str::to_owned).collect()
}

fn each(keys: &mut [Value], change: impl Fn(&mut Map<String, Value>)) {
    keys.iter_mut().filter_map(Value::as_object_mut).for_each(change);
}

fn bad_key(kind: BadKey) -> Value {
    match kind {
        BadKey::Kty => json!({ "kty": "LATTICE", "kid": "future-1", "use": "sig", "alg": "LT512", "pub": "AQAB" }),
        BadKey::Base64 => json!({ "kty": "RSA", "kid": "broken-1", "use": "sig", "n": "not base64url!", "e": "AQAB" }),
        // x = y = 1 does not satisfy the equation of P-256.
        BadKey::Curve => {
            let one = format!("{}E", "A".repeat(42));
            json!({ "kty": "EC", "crv": "P-256", "kid": "off-curve-1", "use": "sig", "alg": "ES256", "x": one, "y": one })
        }
        BadKey::WeakRsa => {
            let modulus = format!("{}w", "_".repeat(85));
            json!({ "kty": "RSA", "kid": "weak-1", "use": "sig", "alg": "RS256", "n": modulus, "e": "AQAB" })
        }
        BadKey::Bare => json!({ "kid": "bare-1" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_added_and_changed() {
        let body = Bytes::from(r#"{"keys":[{"kty":"EC","kid":"a","alg":"ES256"}]}"#);
        let materials = Materials {
            attacker: br#"{"keys":[{"kty":"EC","kid":"evil"}]}"#.to_vec(),
            foreign: b"{}".to_vec(),
            oct_jwk: r#"{"kty":"oct","k":"AQ"}"#.into(),
            private_jwk: r#"{"kty":"EC","d":"AQ"}"#.into(),
            elsewhere: String::new(),
        };
        let keys = |fault| -> Vec<Value> {
            let set: Value = serde_json::from_slice(&changed(&fault, &body, &materials)).unwrap();
            set["keys"].as_array().cloned().unwrap_or_default()
        };
        for kind in [BadKey::Kty, BadKey::Base64, BadKey::Curve, BadKey::WeakRsa, BadKey::Bare] {
            assert_eq!((keys(KeyFault::BadKey(kind)).len(), &keys(KeyFault::BadKey(kind))[1]["kid"]), (2, &json!("a")));
        }
        assert_eq!(keys(KeyFault::OctKey)[1]["kty"], "oct");
        assert_eq!(keys(KeyFault::PrivateKey)[1]["d"], "AQ");
        assert_eq!(keys(KeyFault::DuplicateKid)[0], json!({ "kty": "EC", "kid": "a" }));
        assert_eq!(keys(KeyFault::NoKid)[0].get("kid"), None);
        assert_eq!(keys(KeyFault::UseEnc)[0]["use"], "enc");
        assert_eq!(keys(KeyFault::WrongAlg)[0]["alg"], "RS256");
        assert!(keys(KeyFault::ForeignTenant).is_empty());
        let no_set = Bytes::from("<html>");
        assert_eq!(changed(&KeyFault::NoKid, &no_set, &materials), no_set);
    }
}
