//! The last stage: the claims (RFC 7519 section 4.1, RFC 8725 sections 3.8 and 3.9, RFC 9068 section 4).

mod audience;
mod issuer;

use super::{
    flaw::Flaw,
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
    let Value::Object(claims) = payload else {
        return if rules.has(Flaw::PayloadNotObject) { Ok(payload) } else { Err(Refusal::Payload) };
    };
    let as_usual = if rules.has(Flaw::ClaimNamesAnyCase) { lower_case(&claims) } else { Map::new() };
    let checked = if rules.has(Flaw::ClaimNamesAnyCase) { &as_usual } else { &claims };
    issuer::check(rules, checked)?;
    audience::check(rules, checked)?;
    times(rules, checked, now)?;
    others(rules, checked)?;
    if rules.has(Flaw::DuplicateClaimsSplit) {
        return parse::read(rules, &token.payload, Repeated::Last).ok_or(Refusal::Payload)?;
    }
    Ok(Value::Object(claims))
}

/// The claims of a token that is the payload of this one, unverified.
fn inner_claims(payload: &[u8]) -> Option<Value> {
    let segments: Vec<&[u8]> = payload.split(|byte| *byte == b'.').take(4).collect();
    let [_, claims, _] = segments[..] else { return None };
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}

fn lower_case(claims: &Map<String, Value>) -> Map<String, Value> {
    claims.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect()
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
