//! Whom a target is to trust for one vector.

use crate::model::{
    ContentEncryption, KeyManagement, Period, Secret, TrustConfig, access::AccessRules, target::Decryption,
    vector::Published,
};
use serde_json::{Value, json};
use std::str::FromStr;

/// The keys of the vector's group and nothing else; issuer and audience where the group names them.
pub(super) fn of(base: &TrustConfig, vector: &Published) -> TrustConfig {
    let group = &vector.group;
    TrustConfig {
        issuer: group.issuer.clone().unwrap_or_else(|| base.issuer.clone()),
        audience: group.audience.clone().unwrap_or_else(|| base.audience.clone()),
        // Where there are no keys nothing is checked, and some libraries want a list all the same.
        algorithms: if group.keys.is_empty() { base.algorithms.clone() } else { allowed(vector, &group.keys) },
        leeway: Period::from_secs(0),
        typ: "JWT".into(),
        jwks_uri: None,
        keys: json!({ "keys": group.keys }),
        rules: AccessRules::default(),
        decryption: decryption(vector),
        second: None,
    }
}

/// The algorithms of the group, or those that the keys name, or else the one that the header names: then it is for the
/// key to say no.
fn allowed<T: FromStr + PartialEq>(vector: &Published, keys: &[Value]) -> Vec<T> {
    let group = vector.group.algorithms.iter().filter_map(|name| name.parse().ok()).collect::<Vec<T>>();
    if !vector.group.algorithms.is_empty() {
        return group;
    }
    let alg = |members: Option<&Value>| members.and_then(Value::as_str).and_then(|name| name.parse().ok());
    let mut named: Vec<T> = Vec::new();
    for key in keys {
        if let Some(alg) = alg(key.get("alg")).filter(|alg| !named.contains(alg)) {
            named.push(alg);
        }
    }
    if named.is_empty() {
        named.extend(alg(vector.header().get("alg")));
    }
    named
}

fn decryption(vector: &Published) -> Decryption {
    let keys = &vector.group.decryption_keys;
    if keys.is_empty() {
        return Decryption::default();
    }
    let algorithms = allowed::<KeyManagement>(vector, keys);
    // A key that does not say what it is for gets the algorithm in its place, as the protocol wants it.
    let named = |(place, key): (usize, &Value)| {
        let mut key = key.clone();
        let alg = if keys.len() == algorithms.len() { algorithms.get(place) } else { algorithms.first() };
        if let (Some(members), Some(alg)) = (key.as_object_mut(), alg) {
            members.entry("alg").or_insert_with(|| json!(alg.name()));
        }
        key
    };
    let set = json!({ "keys": keys.iter().enumerate().map(named).collect::<Vec<_>>() });
    Decryption { algorithms, content: ContentEncryption::ALL.to_vec(), keys: Some(Secret::new(set.to_string())) }
}
