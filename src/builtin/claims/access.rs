//! What is wanted beyond a valid token: a scope (RFC 6749 section 7), a role, our tenant, an ID token that answers the
//! login (OpenID Connect Core section 3.1.3.7).

use super::super::{
    flaw::Flaw,
    rules::{Refusal, Rules},
};
use crate::model::access::Login;
use serde_json::{Map, Value};

pub(super) fn check(rules: &Rules, claims: &Map<String, Value>, now: i64) -> Result<(), Refusal> {
    let wanted = &rules.access;
    if let Some(scope) = &wanted.scope
        && !has_scope(rules, claims, scope)
    {
        return Err(Refusal::Scope);
    }
    if let Some(role) = &wanted.role
        && !has_role(rules, claims.get(&role.claim), &role.is)
    {
        return Err(Refusal::Access);
    }
    if let Some(tenant) = &wanted.tenant
        && !is_tenant(rules, claims.get(&tenant.claim), &tenant.is)
    {
        return Err(Refusal::Access);
    }
    wanted.login.as_ref().map_or(Ok(()), |login| answers(rules, claims, login, now))
}

/// The words of `scope` are separated by single spaces and compared letter by letter (RFC 6749 section 3.3).
fn has_scope(rules: &Rules, claims: &Map<String, Value>, wanted: &str) -> bool {
    match claims.get("scope") {
        _ if rules.has(Flaw::ScopeUnchecked) => true,
        Some(Value::String(words)) => match rules.flaw {
            Some(Flaw::ScopeSubstring) => words.contains(wanted),
            Some(Flaw::ScopeCaseIgnored) => words.split(' ').any(|word| word.eq_ignore_ascii_case(wanted)),
            Some(Flaw::ScopeSplitAnywhere) => {
                words.split(|letter: char| letter.is_whitespace() || letter == ',').any(|word| word == wanted)
            }
            _ => words.split(' ').any(|word| word == wanted),
        },
        list if rules.has(Flaw::ScopeListTaken) => {
            let list = list.or_else(|| claims.get("scp"));
            list.and_then(Value::as_array).is_some_and(|words| words.iter().any(|word| word == wanted))
        }
        _ => false,
    }
}

fn has_role(rules: &Rules, found: Option<&Value>, wanted: &str) -> bool {
    match found {
        _ if rules.has(Flaw::RoleUnchecked) => true,
        Some(roles) if rules.has(Flaw::RoleSubstring) => roles.to_string().contains(wanted),
        Some(Value::Array(roles)) => roles.iter().any(|role| role == wanted),
        _ => false,
    }
}

fn is_tenant(rules: &Rules, found: Option<&Value>, wanted: &str) -> bool {
    match found {
        _ if rules.has(Flaw::TenantUnchecked) => true,
        Some(Value::Array(tenants)) if rules.has(Flaw::TenantListTaken) => tenants.iter().any(|one| one == wanted),
        found => found.is_some_and(|found| found == wanted),
    }
}

fn answers(rules: &Rules, claims: &Map<String, Value>, login: &Login, now: i64) -> Result<(), Refusal> {
    let is = |name: &str, wanted: &str| claims.get(name).is_some_and(|found| found == wanted);
    let several = claims.get("aud").and_then(Value::as_array).is_some_and(|names| names.len() > 1);
    let azp = if claims.contains_key("azp") { is("azp", &login.client) } else { !several };
    let age = claims.get("auth_time").and_then(Value::as_f64).map(|since| now as f64 - since);
    let recent = age.is_some_and(|age| age <= (login.max_age.seconds() + rules.leeway) as f64);
    let good = (is("nonce", &login.nonce) || rules.has(Flaw::NonceUnchecked))
        && (azp || rules.has(Flaw::AzpUnchecked))
        && (is("acr", &login.acr) || rules.has(Flaw::AcrUnchecked))
        && (recent || rules.has(Flaw::AuthTimeUnchecked));
    if good { Ok(()) } else { Err(Refusal::Access) }
}
