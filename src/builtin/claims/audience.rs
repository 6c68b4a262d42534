//! `aud`: a string or a list of strings, one of which is exactly our name (RFC 7519 section 4.1.3).

use super::super::{
    flaw::Flaw,
    percent,
    rules::{Refusal, Rules},
};
use serde_json::{Map, Value};

/// The client's identifier, which ID tokens carry as their audience.
const CLIENT: &str = "gauntlet-client";

pub(super) fn check(rules: &Rules, claims: &Map<String, Value>) -> Result<(), Refusal> {
    let good = match claims.get("aud") {
        _ if rules.has(Flaw::AudUnchecked) => true,
        None => rules.has(Flaw::AudMissing) || rules.has(Flaw::AbsentClaimsUnchecked),
        Some(found) if rules.has(Flaw::AudEmpty) && is_empty(found) => true,
        Some(found) if rules.has(Flaw::AudSearched) => is_inside(found, &rules.audience),
        Some(Value::String(name)) => is_ours(rules, name),
        Some(Value::Array(_)) if rules.has(Flaw::AudListRefused) => false,
        Some(Value::Array(names)) if names.iter().all(Value::is_string) => {
            names.iter().filter_map(Value::as_str).any(|name| is_ours(rules, name))
        }
        Some(_) => rules.has(Flaw::AudWrongType),
    };
    if good { Ok(()) } else { Err(Refusal::Audience) }
}

fn is_ours(rules: &Rules, name: &str) -> bool {
    let ours = rules.audience.as_str();
    if name == ours {
        return true;
    }
    let Some(flaw) = rules.flaw else { return false };
    match flaw {
        Flaw::AudPrefix => !name.is_empty() && (name.starts_with(ours) || ours.starts_with(name)),
        Flaw::AudSubstring => !name.is_empty() && (name.contains(ours) || ours.contains(name)),
        Flaw::AudCaseIgnored => name.to_lowercase() == ours.to_lowercase(),
        Flaw::AudNormalised => normalised(name) == normalised(ours),
        Flaw::AudCutAtNul => name.split('\0').next() == Some(ours),
        Flaw::AudJoined => name.split([' ', ',', ';']).any(|part| part == ours),
        Flaw::AudPattern => name == "*" || name == ".*",
        Flaw::AudIssuer => name == rules.issuer,
        Flaw::AudClient => name == CLIENT,
        _ => false,
    }
}

fn is_empty(found: &Value) -> bool {
    match found {
        Value::Null => true,
        Value::String(name) => name.is_empty(),
        Value::Array(names) => names.iter().all(is_empty),
        _ => false,
    }
}

fn is_inside(found: &Value, ours: &str) -> bool {
    match found {
        Value::String(name) => name == ours,
        Value::Array(items) => items.iter().any(|item| is_inside(item, ours)),
        Value::Object(members) => members.iter().any(|(name, value)| name == ours || is_inside(value, ours)),
        _ => false,
    }
}

/// Percent escapes resolved, spaces and final slashes gone.
fn normalised(name: &str) -> String {
    String::from_utf8_lossy(&percent::decode(name)).trim().trim_end_matches('/').to_owned()
}
