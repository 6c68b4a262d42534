//! What flaws make of a key set, after the strict reading of it.

use super::{
    flaw::Flaw,
    injected,
    key::{Key, KeySet, family_of},
};
use crate::model::{Alg, KeyFamily};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};
use std::{collections::BTreeSet, sync::Arc};

/// Members of a JWK that are registered (RFC 7517 section 4, RFC 7518 section 6, RFC 8037 section 2, RFC 9964).
const KNOWN: &[&str] = &[
    "kty", "use", "key_ops", "alg", "kid", "x5u", "x5c", "x5t", "x5t#S256", "crv", "x", "y", "n", "e", "k", "d", "p",
    "q", "dp", "dq", "qi", "pub",
];
/// The longest `kid` that a flaw takes.
const KID: usize = 64;

/// The keys that the flaw keeps of a set with these members, in place of those that were read strictly.
pub(super) fn apply(flaw: Flaw, set: &Value, keys: &mut KeySet) {
    let members = set.get("keys").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let any = |is_so: fn(&Value) -> bool| members.iter().any(is_so);
    match flaw {
        Flaw::UnknownKindBreaksSet if any(is_of_unknown_kind) => keys.retain(|_| false),
        Flaw::MalformedMemberBreaksSet if any(is_malformed) => keys.retain(|_| false),
        Flaw::OddAlgBreaksSet if any(has_odd_alg) => keys.retain(|_| false),
        Flaw::UnknownSetMemberRefused if set.as_object().is_some_and(|set| set.len() > 1) => keys.retain(|_| false),
        Flaw::FirstOfKindOnly => {
            let mut seen = BTreeSet::new();
            keys.retain(|key| seen.insert((format!("{:?}", key.family), key.alg.clone())));
        }
        Flaw::UnknownJwkMemberRefused => keys.retain(|key| key.jwk.keys().all(|name| KNOWN.contains(&name.as_str()))),
        Flaw::OddKidLeftOut => keys.retain(|key| key.kid.as_deref().is_none_or(is_plain)),
        Flaw::JwkAlgRequired => keys.retain(|key| key.alg.is_some()),
        Flaw::PrivateJwkLeftOut => keys.retain(|key| !key.jwk.contains_key("d")),
        Flaw::JwkX5tRefused => keys.retain(|key| !key.jwk.contains_key("x5t#S256") || key.jwk.contains_key("x5c")),
        Flaw::JwkX5cCompared => keys.retain(|key| certified(key).is_none_or(|other| other.spki == key.spki)),
        Flaw::JwkX5cUsed => {
            let replaced = keys.all().map(|key| certified(key).map_or_else(|| Arc::clone(key), Arc::new)).collect();
            keys.replace(replaced);
        }
        Flaw::OddJwkAlgIgnored => keys.extend(without("alg", members.iter().filter(|member| has_odd_alg(member)))),
        Flaw::JwkKindGuessed => keys.extend(members.iter().filter_map(guessed)),
        Flaw::JwkUseIgnored => {
            let other = members.iter().filter(|member| member.get("use").is_some_and(|used| used != "sig"));
            keys.extend(without("use", other));
        }
        Flaw::KeyOpsIgnored => {
            let other = members.iter().filter(|member| member.get("key_ops").is_some());
            keys.extend(without("key_ops", other.filter(|member| Key::from_jwk(member).is_none())));
        }
        Flaw::SingleJwkTaken if set.get("keys").is_none() => keys.extend(Key::from_jwk(set)),
        _ => {}
    }
}

/// What the flaw keeps of the keys of an earlier set.
pub(super) fn remember(flaw: Flaw, earlier: &KeySet, keys: &mut KeySet) {
    match flaw {
        Flaw::RemovedKeyKept | Flaw::AgeNeverEvicts | Flaw::RemovedKeyLeased => {
            let named: BTreeSet<_> = keys.all().map(|key| key.kid.clone()).collect();
            let gone = earlier.all().filter(|key| !named.contains(&key.kid)).cloned().collect();
            keys.add(gone);
        }
        Flaw::SwappedKeyKept => {
            let first = |kid: &Option<String>| {
                earlier.all().find(|old| old.kid == *kid && kid.is_some() && old.family != KeyFamily::Oct).cloned()
            };
            let kept = keys.all().map(|key| first(&key.kid).unwrap_or_else(|| Arc::clone(key))).collect();
            keys.replace(kept);
        }
        _ => {}
    }
}

fn is_of_unknown_kind(member: &Value) -> bool {
    let kind = member.get("kty").and_then(Value::as_str);
    member.is_object() && !matches!(kind, Some("RSA" | "EC" | "OKP" | "AKP" | "oct"))
}

/// No object, or of a kind and curve that is known and no key even without what it says about its use.
fn is_malformed(member: &Value) -> bool {
    let Some(jwk) = member.as_object() else { return true };
    let mut bare = jwk.clone();
    for name in ["use", "key_ops", "alg"] {
        // An AKP key is none without its algorithm (RFC 9964).
        if name == "alg" && jwk.get("kty").is_some_and(|kty| kty == "AKP") {
            continue;
        }
        bare.shift_remove(name);
    }
    family_of(jwk).is_some() && Key::read(&bare).is_none()
}

fn has_odd_alg(member: &Value) -> bool {
    let Some(name) = member.get("alg").and_then(Value::as_str) else { return false };
    let Some(key) = stripped("alg", member) else { return false };
    name.parse::<Alg>().map_or(true, |alg| alg.family() != key.family)
}

fn is_plain(kid: &str) -> bool {
    kid.len() <= KID && kid.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// The key of the first certificate, under the name and algorithm of the JWK.
fn certified(key: &Key) -> Option<Key> {
    let certificate = STANDARD.decode(key.jwk.get("x5c")?.get(0)?.as_str()?).ok()?;
    let mut found = injected::key_inside(&certificate, key.family)?;
    (found.kid, found.alg) = (key.kid.clone(), key.alg.clone());
    (found.jwk, found.raw) = (key.jwk.clone(), key.raw.clone());
    Some(found)
}

/// The key of a JWK that is none as it stands, by what its members look like.
fn guessed(member: &Value) -> Option<Key> {
    let mut jwk: Map<String, Value> = member.as_object()?.clone();
    let kind = if jwk.contains_key("y") { "EC" } else { "RSA" };
    let is_read = Key::from_jwk(member).is_some() || jwk.get("kty").is_some_and(|named| named == kind);
    jwk.insert("kty".to_owned(), Value::from(kind));
    Key::from_jwk(&Value::from(jwk)).filter(|_| !is_read)
}

fn without<'m>(name: &str, members: impl Iterator<Item = &'m Value>) -> Vec<Key> {
    members.filter_map(|member| stripped(name, member)).collect()
}

/// The key of a JWK as if a member were not there.
fn stripped(name: &str, member: &Value) -> Option<Key> {
    let mut jwk: Map<String, Value> = member.as_object()?.clone();
    jwk.shift_remove(name);
    Key::from_jwk(&Value::from(jwk))
}
