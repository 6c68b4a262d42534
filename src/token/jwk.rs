//! Changes to a JWK before it is served (RFC 7517 section 4).

use super::{
    compact::{decode_segment, encode_segment},
    error::ForgeError,
    keyring::KeyRing,
    mutate::certificate,
    raw::{self, Curve},
};
use crate::model::{
    KeyFamily,
    keyset::{AlteredMember, JwkDamage},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use num_bigint::BigUint;
use serde_json::{Map, Value};

/// A key's JWK with the changes of a key-set file.
///
/// # Errors
/// The ring does not hold the key, or the damage names a member that the JWK does not have.
pub(super) fn altered(ring: &KeyRing, changes: &AlteredMember) -> Result<String, ForgeError> {
    let (key, _) = ring.key(&changes.key)?;
    let mut members: Map<String, Value> =
        serde_json::from_str(key.jwk()).map_err(|error| ForgeError::Filled(error.to_string()))?;
    if changes.private {
        members.extend(key.private_members()?.into_iter().map(|(name, text)| (name.to_owned(), Value::from(text))));
    }
    if let Some(other) = &changes.certificate_of {
        let certificate = certificate::self_signed(&ring.key(other)?.0)?;
        members.insert("x5c".into(), Value::from(vec![certificate]));
    }
    change(members, changes)
}

fn change(mut members: Map<String, Value>, changes: &AlteredMember) -> Result<String, ForgeError> {
    for damage in &changes.damage {
        apply(damage, &mut members)?;
    }
    for (name, value) in &changes.set {
        members.insert(name.clone(), value.clone());
    }
    for name in &changes.drop {
        members.shift_remove(name);
    }
    Ok(Value::Object(members).to_string())
}

fn apply(damage: &JwkDamage, members: &mut Map<String, Value>) -> Result<(), ForgeError> {
    match damage {
        JwkDamage::FlipLastBit { member } => edit(members, member, |bytes| {
            if let Some(last) = bytes.last_mut() {
                *last ^= 1;
            }
        }),
        JwkDamage::LeadingZero { member } => edit(members, member, |bytes| bytes.insert(0, 0)),
        JwkDamage::DropLastByte { member } => edit(members, member, |bytes| {
            bytes.pop();
        }),
        JwkDamage::DropFirstByte { member } => edit(members, member, |bytes| {
            bytes.drain(..bytes.len().min(1));
        }),
        JwkDamage::TrailingZero { member } => edit(members, member, |bytes| bytes.push(0)),
        JwkDamage::StandardBase64 { member } => {
            let mut bytes = Vec::new();
            edit(members, member, |found| bytes.clone_from(found))?;
            members.insert(member.clone(), Value::from(STANDARD.encode(bytes)));
            Ok(())
        }
        JwkDamage::AddP521Prime { member } => edit(members, member, |bytes| {
            let prime = Curve::of(KeyFamily::P521).map(|curve| curve.field.clone()).unwrap_or_default();
            let sum = raw::fixed(&(BigUint::from_bytes_be(bytes) + prime), bytes.len());
            *bytes = sum.unwrap_or_default();
        }),
    }
}

/// Changes the bytes behind a base64url member.
fn edit(members: &mut Map<String, Value>, name: &str, change: impl FnOnce(&mut Vec<u8>)) -> Result<(), ForgeError> {
    let absent = || ForgeError::Filled(format!("the JWK has no base64url member {name:?}"));
    let value = members.get_mut(name).ok_or_else(absent)?;
    let mut bytes = value.as_str().and_then(decode_segment).ok_or_else(absent)?;
    change(&mut bytes);
    *value = Value::from(encode_segment(&bytes));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn changed(changes: Value) -> Result<Value, ForgeError> {
        let Value::Object(jwk) = json!({ "kty": "EC", "x": "AQI", "y": "AwQ" }) else { panic!("an object") };
        let changes = serde_json::from_value(changes).unwrap();
        change(jwk, &changes).map(|text| serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn members_are_damaged_set_and_dropped() {
        let key = "spare-es256";
        let damaged = changed(json!({ "key": key, "damage": [{ "flip-last-bit": { "member": "y" } }] })).unwrap();
        assert_eq!(damaged["y"], encode_segment([3, 5]));
        let damaged = changed(json!({ "key": key, "damage": [{ "leading-zero": { "member": "x" } }] })).unwrap();
        assert_eq!(damaged["x"], encode_segment([0, 1, 2]));
        let damaged = changed(json!({ "key": key, "damage": [{ "drop-last-byte": { "member": "x" } }] })).unwrap();
        assert_eq!(damaged["x"], encode_segment([1]));
        let other = changed(json!({ "key": key, "set": { "kid": "a" }, "drop": ["y"] })).unwrap();
        assert_eq!(other, json!({ "kty": "EC", "x": "AQI", "kid": "a" }));
    }

    #[test]
    fn private_members_and_certificates_are_added() {
        let ring = KeyRing::generate(&[crate::model::Alg::Es256]).unwrap();
        let changes = json!({ "key": "es256", "private": true, "certificate-of": "spare-es256-other" });
        let text = altered(&ring, &serde_json::from_value(changes).unwrap()).unwrap();
        let jwk: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((jwk["d"].is_string(), jwk["x5c"].as_array().unwrap().len()), (true, 1));
    }

    #[test]
    fn a_member_that_is_not_there_is_an_error() {
        assert!(changed(json!({ "key": "a", "damage": [{ "flip-last-bit": { "member": "n" } }] })).is_err());
    }
}
