//! Two trusted issuers: whose rules and keys are for a token (RFC 8725 section 3.8).

use super::{
    flaw::Flaw,
    key::{Key, KeySet},
    lookup,
    parse::Token,
    rules::Rules,
};
use serde_json::{Value, json};
use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The keys to judge a token with: those of the issuer that it names, and the other one's, which only a flaw looks at.
pub(super) struct Sides<'k> {
    pub named: &'k KeySet,
    pub other: &'k KeySet,
}

/// What flawed validators remember of one issuer when they meet the other.
#[derive(Default)]
pub(super) struct Acquaintances {
    keys: Mutex<HashMap<String, Arc<Key>>>,
    subjects: Mutex<HashMap<String, Value>>,
}

impl Acquaintances {
    /// More is forgotten, all at once.
    const MOST: usize = 4096;

    /// The keys that count for a token.
    pub(super) fn keys<'k>(&self, rules: &Rules, sides: &Sides<'k>, token: &Token<'_>) -> Cow<'k, KeySet> {
        match rules.flaw {
            Some(Flaw::IssuerKeysPooled) => Cow::Owned(KeySet::merged(sides.named, sides.other)),
            Some(Flaw::KeysCachedByKid) => {
                let kid = token.header.get("kid").and_then(Value::as_str);
                let known = kid.and_then(|kid| locked(&self.keys).get(kid).cloned());
                known.map_or(Cow::Borrowed(sides.named), |key| Cow::Owned(KeySet::of_key(key)))
            }
            _ => Cow::Borrowed(sides.named),
        }
    }

    /// Remembers what a good token used.
    pub(super) fn meet_key(&self, rules: &Rules, found: &lookup::Found) {
        if !rules.has(Flaw::KeysCachedByKid) {
            return;
        }
        let lookup::Found::Keys(keys) = found else { return };
        let mut known = locked(&self.keys);
        if known.len() >= Self::MOST {
            known.clear();
        }
        if let [key] = keys.as_slice()
            && let Some(kid) = &key.kid
        {
            known.entry(kid.clone()).or_insert_with(|| Arc::clone(key));
        }
    }

    /// The claims that the application sees: a user who is known by the same name keeps the issuer of their first token.
    pub(super) fn meet_subject(&self, rules: &Rules, mut claims: Value) -> Value {
        if !rules.has(Flaw::SubjectsPooled) {
            return claims;
        }
        let (Some(subject), Some(issuer)) = (claims.get("sub").and_then(Value::as_str), claims.get("iss")) else {
            return claims;
        };
        let mut known = locked(&self.subjects);
        if known.len() >= Self::MOST {
            known.clear();
        }
        let first = known.entry(subject.to_owned()).or_insert_with(|| issuer.clone()).clone();
        claims["iss"] = json!(first);
        claims
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
