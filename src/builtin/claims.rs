//! The last stage: the claims (RFC 7519 section 4.1, RFC 8725 sections 3.8 and 3.9, RFC 9068 section 4).

mod access;
mod audience;
mod issuer;

use super::{
    flaw::Flaw,
    header,
    json::Repeated,
    parse::{self, Token},
    rules::{Refusal, Rules},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

/// Reads and checks the payload, and gives the claims that the application will see.
pub(super) fn check(rules: &Rules, token: &Token<'_>, now: i64) -> Result<Value, Refusal> {
    if rules.has(Flaw::EmptyPayloadUnchecked) && token.payload.is_empty() {
        return Ok(Value::Null);
    }
    let first = if rules.has(Flaw::DuplicateClaimsSplit) { Repeated::First } else { Repeated::Refuse };
    let payload = match parse::read(rules, &token.payload, first) {
        Some(payload) => payload?,
        None if rules.has(Flaw::NestedUnchecked) => inner_claims(&token.payload).ok_or(Refusal::Payload)?,
        None if rules.has(Flaw::PayloadNotJson) => return Ok(Value::Null),
        None => return Err(Refusal::Payload),
    };
    let Value::Object(mut claims) = payload else {
        return if rules.has(Flaw::PayloadNotObject) { Ok(payload) } else { Err(Refusal::Payload) };
    };
    if rules.has(Flaw::PrototypeClaims) {
        inherit(&mut claims);
    }
    let renamed = match rules.flaw {
        Some(Flaw::ClaimNamesAnyCase) => Some(with_names(&claims, str::to_ascii_lowercase)),
        Some(Flaw::ClaimNamesFolded) => Some(with_names(&claims, header::plain_letters)),
        Some(Flaw::ClaimNamesCutAtNul) => {
            Some(with_names(&claims, |name| name.split('\0').next().unwrap_or_default().to_owned()))
        }
        _ => None,
    };
    let checked = renamed.as_ref().unwrap_or(&claims);
    issuer::check(rules, checked)?;
    audience::check(rules, checked)?;
    times(rules, checked, now)?;
    others(rules, checked)?;
    access::check(rules, checked, now)?;
    if rules.has(Flaw::DuplicateClaimsSplit) {
        return parse::read(rules, &token.payload, Repeated::Last).ok_or(Refusal::Payload)?;
    }
    present(rules, &mut claims);
    Ok(Value::Object(claims))
}

/// The subject as a flaw hands it on.
fn present(rules: &Rules, claims: &mut Map<String, Value>) {
    let actor = claims.get("act").and_then(|act| act.get("sub")).cloned();
    let Some(subject) = claims.get_mut("sub") else { return };
    match (rules.flaw, actor, subject.as_str()) {
        (Some(Flaw::ActorUsed), Some(actor), _) => *subject = actor,
        (Some(Flaw::SubTamed), _, Some(text)) => {
            let tamed = text.split(char::is_control).next().unwrap_or_default().trim().to_lowercase();
            *subject = tamed.into();
        }
        _ => {}
    }
}

/// Members of `__proto__` stand in for those that are not there.
fn inherit(claims: &mut Map<String, Value>) {
    let Some(Value::Object(inherited)) = claims.get("__proto__").cloned() else { return };
    for (name, value) in inherited {
        claims.entry(name).or_insert(value);
    }
}

/// The claims of a token that is the payload of this one, unverified.
fn inner_claims(payload: &[u8]) -> Option<Value> {
    let segments: Vec<&[u8]> = payload.split(|byte| *byte == b'.').take(4).collect();
    let [_, claims, _] = segments[..] else { return None };
    let payload = URL_SAFE_NO_PAD.decode(claims).ok()?;
    serde_json::from_slice(&payload).ok().or_else(|| inner_claims(&payload))
}

fn with_names(claims: &Map<String, Value>, rename: impl Fn(&str) -> String) -> Map<String, Value> {
    claims.iter().map(|(name, value)| (rename(name), value.clone())).collect()
}

/// `exp` must be there: a bearer token that never dies cannot be called back (RFC 9068 section 2.2).
fn times(rules: &Rules, claims: &Map<String, Value>, now: i64) -> Result<(), Refusal> {
    let (now, leeway) = (now as f64, rules.leeway as f64);
    match claims.get("exp") {
        _ if rules.has(Flaw::ExpIgnored) => {}
        None if rules.has(Flaw::ExpMissing) || rules.has(Flaw::AbsentClaimsUnchecked) => {}
        None => return Err(Refusal::Expired),
        Some(exp) => {
            if let Some(exp) = expiry(rules, exp)? {
                const YEAR: f64 = 366.0 * 86_400.0;
                if rules.has(Flaw::FarExpRefused) && exp > now + YEAR {
                    return Err(Refusal::Expired);
                }
                let grace = if rules.has(Flaw::ExpHourOfGrace) { leeway + 3600.0 } else { leeway };
                let alive = now < exp + grace || (rules.has(Flaw::ExpBoundary) && now == exp + grace);
                if !alive {
                    return Err(Refusal::Expired);
                }
            }
        }
    }
    let early = if rules.has(Flaw::NbfTenMinutesEarly) { 600.0 } else { 0.0 };
    match claims.get("nbf") {
        None => Ok(()),
        Some(_) if rules.has(Flaw::NbfIgnored) => Ok(()),
        Some(Value::Number(nbf)) if nbf.as_f64().is_some_and(|nbf| now >= nbf - leeway - early) => Ok(()),
        Some(Value::Number(_)) => Err(Refusal::NotYetValid),
        Some(_) if rules.has(Flaw::NbfWrongType) => Ok(()),
        Some(_) => Err(Refusal::NotYetValid),
    }
}

/// The expiry in seconds; `None` where a flaw does not check it.
fn expiry(rules: &Rules, exp: &Value) -> Result<Option<f64>, Refusal> {
    let seconds = match exp {
        Value::Number(number) => number.as_f64().ok_or(Refusal::Expired)?,
        Value::String(text) if rules.has(Flaw::ExpNumericString) => {
            text.parse::<u32>().map(f64::from).map_err(|_| Refusal::Expired)?
        }
        _ if rules.has(Flaw::ExpWrongType) => return Ok(None),
        _ => return Err(Refusal::Expired),
    };
    let is_whole = seconds.fract() == 0.0;
    match rules.flaw {
        Some(Flaw::ExpFractionRefused) if !is_whole => Err(Refusal::Expired),
        Some(Flaw::ExpFractionCut) => Ok(Some(seconds.trunc())),
        Some(Flaw::ExpFractionCrashes) if !is_whole => Err(Refusal::Crash),
        Some(Flaw::ExpExponentRefused) if is_whole && exp.is_f64() => Err(Refusal::Expired),
        Some(Flaw::LargeExpCrashes) if seconds > 9_007_199_254_740_992.0 => Err(Refusal::Crash),
        Some(Flaw::ExpWraps) if seconds < 0.0 => Ok(Some(f64::from(u32::MAX))),
        _ => Ok(Some(seconds)),
    }
}

/// Claims that this validator knows (RFC 7519 section 4.1, RFC 8693 section 4, RFC 9068 section 2.2).
const KNOWN: &[&str] = &["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "client_id", "scope", "azp", "nonce"];

fn others(rules: &Rules, claims: &Map<String, Value>) -> Result<(), Refusal> {
    let is_wrong = |name: &str, flaw: Flaw, fits: fn(&Value) -> bool| {
        claims.get(name).is_some_and(|value| !fits(value)) && !rules.has(flaw)
    };
    if is_wrong("sub", Flaw::SubWrongType, Value::is_string)
        || is_wrong("jti", Flaw::JtiWrongType, Value::is_string)
        || is_wrong("iat", Flaw::IatWrongType, Value::is_number)
    {
        return Err(Refusal::Claims);
    }
    // A token that is bound to a key is no bearer token, and nobody here asks for proof of the key (RFC 7800).
    if claims.contains_key("cnf") && !rules.has(Flaw::CnfIgnored) {
        return Err(Refusal::Claims);
    }
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let refused = match rules.flaw {
        Some(Flaw::UnusualJtiRefused) => text("jti").is_some_and(|jti| jti.is_empty() || jti.len() > 256),
        Some(Flaw::AzpCompared) => text("azp").is_some_and(|azp| text("client_id") != Some(azp)),
        _ => false,
    };
    if refused {
        return Err(Refusal::Claims);
    }
    if rules.has(Flaw::UnknownClaimRefused) && claims.keys().any(|name| !KNOWN.contains(&name.as_str())) {
        return Err(Refusal::Claims);
    }
    if rules.wants_at_jwt() && !rules.has(Flaw::AtClaimsUnchecked) {
        required(claims, &["sub", "client_id", "iat", "jti"])?;
        if !claims.get("client_id").is_some_and(Value::is_string) {
            return Err(Refusal::Claims);
        }
    }
    if rules.has(Flaw::OptionalClaimsRequired) {
        required(claims, &["sub", "iat", "nbf", "jti"])?;
    }
    Ok(())
}

fn required(claims: &Map<String, Value>, names: &[&str]) -> Result<(), Refusal> {
    if names.iter().all(|name| claims.contains_key(*name)) { Ok(()) } else { Err(Refusal::Claims) }
}
