//! A set of trusted keys (RFC 7517 section 5).

use super::{flaw::Flaw, flawed_set, key::Key};
use crate::model::{Alg, KeyFamily};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// The usable keys of a JWK set. Members that are malformed, unknown or for something else are left out, as section 5
/// asks.
#[derive(Clone, Default)]
pub(super) struct KeySet {
    keys: Vec<Arc<Key>>,
    /// Members that are objects but no usable keys, for flaws that use them all the same.
    refused: Vec<Map<String, Value>>,
    /// The set as it was served, where it was.
    pub served: Vec<u8>,
    /// Whether a flaw falls over it.
    pub crashes: bool,
}

impl KeySet {
    /// A set that the validator was given. A value that is no set gives an empty one.
    pub fn from_value(set: &Value) -> KeySet {
        let members = set.get("keys").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let mut set = KeySet { served: set.to_string().into_bytes(), ..KeySet::default() };
        for member in members {
            match (Key::from_jwk(member), member) {
                (Some(key), _) => set.keys.push(Arc::new(key)),
                (None, Value::Object(jwk)) => set.refused.push(jwk.clone()),
                (None, _) => {}
            }
        }
        set
    }

    /// A set that a flaw falls over.
    pub fn crashing() -> KeySet {
        KeySet { crashes: true, ..KeySet::default() }
    }

    /// The same as a flaw reads it.
    pub fn read(flaw: Option<Flaw>, set: &Value) -> KeySet {
        let mut keys = KeySet::from_value(set);
        if let Some(flaw) = flaw {
            flawed_set::apply(flaw, set, &mut keys);
        }
        keys
    }

    /// A set that was fetched: symmetric keys in it are no keys, since everybody could read them.
    pub fn from_body(flaw: Option<Flaw>, body: &[u8]) -> Option<KeySet> {
        let set: Value = serde_json::from_slice(body).ok()?;
        let mut keys = KeySet::read(flaw, &set);
        let keeps_symmetric = matches!(flaw, Some(Flaw::OctInSetUsed | Flaw::OctInSetAllows));
        keys.keys.retain(|key| key.family != KeyFamily::Oct || keeps_symmetric);
        keys.served = body.to_vec();
        Some(keys)
    }

    /// The symmetric keys of a set that the validator was given.
    pub fn symmetric(set: &Value) -> KeySet {
        let mut keys = KeySet::from_value(set);
        keys.keys.retain(|key| key.family == KeyFamily::Oct);
        keys
    }

    /// This set and the keys of another.
    pub fn with(mut self, other: &KeySet) -> KeySet {
        self.keys.extend(other.keys.iter().cloned());
        self
    }

    /// The keys of both sets.
    pub fn merged(one: &KeySet, other: &KeySet) -> KeySet {
        KeySet { keys: one.keys.iter().chain(&other.keys).cloned().collect(), ..one.clone() }
    }

    /// Just this key.
    pub fn of_key(key: Arc<Key>) -> KeySet {
        KeySet { keys: vec![key], ..KeySet::default() }
    }

    /// Keeps only some of its keys.
    pub fn retain(&mut self, mut keeps: impl FnMut(&Key) -> bool) {
        self.keys.retain(|key| keeps(key));
    }

    /// Adds keys.
    pub fn extend(&mut self, keys: impl IntoIterator<Item = Key>) {
        self.keys.extend(keys.into_iter().map(Arc::new));
    }

    /// Adds keys that are known already.
    pub fn add(&mut self, keys: Vec<Arc<Key>>) {
        self.keys.extend(keys);
    }

    /// Has these keys from now on.
    pub fn replace(&mut self, keys: Vec<Arc<Key>>) {
        self.keys = keys;
    }

    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The members that are objects but no usable keys.
    pub fn refused(&self) -> impl Iterator<Item = &Map<String, Value>> {
        self.refused.iter()
    }

    pub fn all(&self) -> impl Iterator<Item = &Arc<Key>> {
        self.keys.iter()
    }

    /// The keys of a `kid`: different kinds of keys may share one (section 4.5).
    pub fn with_kid<'k>(&'k self, kid: &'k str) -> impl Iterator<Item = &'k Arc<Key>> {
        self.keys.iter().filter(move |key| key.kid.as_deref() == Some(kid))
    }

    pub fn fitting(&self, alg: Alg) -> impl Iterator<Item = &Arc<Key>> {
        self.keys.iter().filter(move |key| key.fits(alg))
    }

    /// A set of one JWK.
    pub fn of_one(jwk: &Value) -> KeySet {
        KeySet::from_value(&json!({ "keys": [jwk] }))
    }
}
