//! `iss`: a string, equal to the issuer in every character (RFC 8725 section 3.8, RFC 8414 section 3.3).

use super::super::{
    flaw::Flaw,
    rules::{Refusal, Rules},
};
use serde_json::{Map, Value};
use url::Url;

pub(super) fn check(rules: &Rules, claims: &Map<String, Value>) -> Result<(), Refusal> {
    let good = match claims.get("iss") {
        _ if rules.has(Flaw::IssUnchecked) => true,
        None => rules.has(Flaw::IssMissing) || rules.has(Flaw::AbsentClaimsUnchecked),
        Some(Value::String(name)) => is_ours(rules, name),
        Some(Value::Array(names)) if rules.has(Flaw::IssArray) => names.iter().any(|name| *name == rules.issuer),
        Some(_) => rules.has(Flaw::IssWrongType),
    };
    if good { Ok(()) } else { Err(Refusal::Issuer) }
}

fn is_ours(rules: &Rules, name: &str) -> bool {
    let ours = rules.issuer.as_str();
    if name == ours {
        return true;
    }
    let Some(flaw) = rules.flaw else { return false };
    match flaw {
        // Whoever else signed this is not known by its key: the lookup used the keys of this very issuer.
        Flaw::IssDiscovery => true,
        Flaw::IssPrefix => name.starts_with(ours),
        Flaw::IssSuffix => name.ends_with(ours),
        Flaw::IssSubstring => !name.is_empty() && ours.contains(name),
        Flaw::IssCaseIgnored => name.to_lowercase() == ours.to_lowercase(),
        Flaw::IssSlashIgnored => name.trim_end_matches('/') == ours.trim_end_matches('/'),
        Flaw::IssTrimmed => name.trim() == ours,
        Flaw::IssCutAtNul => name.split('\0').next() == Some(ours),
        Flaw::IssAsUrl => as_url(name).is_some_and(|parts| Some(parts) == as_url(ours)),
        Flaw::IssHostOnly => host(name).is_some_and(|found| Some(found) == host(ours)),
        Flaw::IssPattern => fits_pattern(ours, name),
        _ => false,
    }
}

/// Scheme, host, port and path after normalisation.
fn as_url(name: &str) -> Option<(String, Option<String>, Option<u16>, String)> {
    let url = Url::parse(name).ok()?;
    let path = url.path().trim_end_matches('/').to_owned();
    Some((url.scheme().to_owned(), url.host_str().map(str::to_owned), url.port_or_known_default(), path))
}

fn host(name: &str) -> Option<String> {
    Url::parse(name).ok()?.host_str().map(str::to_owned)
}

/// A pattern in which only the dot means anything: any one character.
fn fits_pattern(pattern: &str, name: &str) -> bool {
    pattern.chars().count() == name.chars().count()
        && pattern.chars().zip(name.chars()).all(|(wanted, found)| wanted == '.' || wanted == found)
}
