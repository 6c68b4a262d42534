//! The second stage: what the header says, and which algorithm is to be used (RFC 7515 section 4.1, RFC 8725
//! sections 3.1 and 3.11).

use super::{
    flaw::Flaw,
    json::{self, Repeated},
    key::KeySet,
    parse::Token,
    rules::{self, Refusal, Rules},
    secrets,
    signature::weak::Weak,
};
use crate::model::Alg;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// How the signature is to be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Check {
    /// A flaw says: not at all.
    Nothing,
    With(Alg),
}

/// Members that a validator of signed tokens knows (RFC 7515 section 4.1).
const KNOWN: &[&str] = &["alg", "typ", "kid", "cty", "jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256", "crit", "b64"];

/// Looks at all of the header. `kid` is the lookup's business.
pub(super) fn examine(rules: &Rules, keys: &KeySet, token: &Token<'_>) -> Result<Check, Refusal> {
    let header = named_as_usual(rules, &token.header);
    critical(rules, &header)?;
    kind(rules, &header)?;
    content(rules, &header)?;
    if rules.has(Flaw::UnknownHeaderRefused) && header.keys().any(|name| !KNOWN.contains(&name.as_str())) {
        return Err(Refusal::Header);
    }
    if rules.has(Flaw::MemberOrderFixed) && position(&header, "kid") < position(&header, "alg") {
        return Err(Refusal::Header);
    }
    match rules.flaw {
        Some(Flaw::DuplicateAlgFirstChecked) => split_alg(rules, token, Repeated::First, Repeated::Last),
        Some(Flaw::DuplicateAlgLastChecked) => split_alg(rules, token, Repeated::Last, Repeated::First),
        _ => algorithm(rules, keys, &header, token),
    }
}

/// The same for a signature without a word on claims: what the payload is does not matter.
pub(super) fn examine_bare(rules: &Rules, keys: &KeySet, token: &Token<'_>) -> Result<Check, Refusal> {
    let header = named_as_usual(rules, &token.header);
    critical(rules, &header)?;
    algorithm(rules, keys, &header, token)
}

fn position(header: &Map<String, Value>, name: &str) -> usize {
    header.keys().position(|key| key == name).unwrap_or(usize::MAX)
}

fn named_as_usual<'h>(rules: &Rules, header: &'h Map<String, Value>) -> Cow<'h, Map<String, Value>> {
    if !rules.has(Flaw::HeaderNamesAnyCase) {
        return Cow::Borrowed(header);
    }
    Cow::Owned(header.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect())
}

/// Nothing that `crit` can name is understood here, so `crit` is always a reason to refuse (RFC 7515 section
/// 4.1.11). `b64` is no part of a JWT (RFC 7797 section 7).
fn critical(rules: &Rules, header: &Map<String, Value>) -> Result<(), Refusal> {
    if header.contains_key("b64") && !honours_b64(rules, header) && !rules.has(Flaw::B64Ignored) {
        return Err(Refusal::Critical);
    }
    let Some(crit) = header.get("crit") else { return Ok(()) };
    let names = names_of(crit);
    let passes = match rules.flaw {
        Some(Flaw::CritIgnored) => true,
        Some(Flaw::CritMalformed) => names.is_none(),
        Some(Flaw::CritAbsentMember) => names.is_some_and(|names| names.iter().all(|name| !header.contains_key(*name))),
        Some(Flaw::CritRegistered) => {
            names.is_some_and(|names| names.iter().all(|name| KNOWN.contains(name) || CLAIMS.contains(name)))
        }
        Some(Flaw::CritAnyCase) => names.is_some_and(|names| names.iter().all(|name| name.eq_ignore_ascii_case("b64"))),
        Some(Flaw::B64Honoured | Flaw::B64Ignored) => names.is_some_and(|names| names == ["b64"]),
        _ => false,
    };
    if passes { Ok(()) } else { Err(Refusal::Critical) }
}

const CLAIMS: &[&str] = &["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

/// The names in a well-formed `crit`: at least one, all distinct.
fn names_of(crit: &Value) -> Option<Vec<&str>> {
    let names: Vec<&str> = crit.as_array()?.iter().map(Value::as_str).collect::<Option<_>>()?;
    let distinct = names.iter().enumerate().all(|(place, name)| !name.is_empty() && !names[..place].contains(name));
    (distinct && !names.is_empty()).then_some(names)
}

/// Whether the signature is to be checked over the decoded payload.
pub(super) fn honours_b64(rules: &Rules, header: &Map<String, Value>) -> bool {
    rules.has(Flaw::B64Honoured) && header.get("b64") == Some(&Value::Bool(false))
}

/// The token must be of the kind that is wanted here (RFC 8725 sections 3.11 and 3.12, RFC 9068 section 4).
fn kind(rules: &Rules, header: &Map<String, Value>) -> Result<(), Refusal> {
    let typ = match header.get("typ") {
        _ if rules.has(Flaw::TypUnchecked) => return Ok(()),
        None if rules.has(Flaw::TypRequired) => return Err(Refusal::Type),
        None => None,
        Some(Value::String(typ)) => Some(typ.as_str()),
        Some(_) if rules.has(Flaw::TypNotString) => None,
        Some(_) => return Err(Refusal::Type),
    };
    let wanted = rules::short_media_type(&rules.typ);
    let fits = match typ {
        None => !rules.wants_at_jwt() || rules.has(Flaw::TypNotString) && header.contains_key("typ"),
        Some(typ) if rules.has(Flaw::TypExact) => typ == rules.typ,
        Some(typ) if rules::is_media_type(typ, wanted) => true,
        Some(typ) if rules.has(Flaw::TypOtherKind) => is_kind_of_jwt(typ),
        Some(_) if rules.wants_at_jwt() => false,
        Some(typ) => !is_kind_of_jwt(typ),
    };
    if fits { Ok(()) } else { Err(Refusal::Type) }
}

/// Types that say what a JWT is for, by the structured suffixes `+jwt` and `+sd-jwt`.
fn is_kind_of_jwt(typ: &str) -> bool {
    let typ = typ.to_ascii_lowercase();
    typ.ends_with("+jwt") || typ.ends_with("+sd-jwt")
}

/// A token inside the token is not what is wanted here (RFC 7519 section 5.2).
fn content(rules: &Rules, header: &Map<String, Value>) -> Result<(), Refusal> {
    match header.get("cty") {
        _ if rules.has(Flaw::CtyIgnored) || rules.has(Flaw::NestedUnchecked) => Ok(()),
        Some(Value::String(cty)) if !rules::is_media_type(cty, "JWT") => Ok(()),
        Some(_) => Err(Refusal::Type),
        None => Ok(()),
    }
}

/// The algorithm must be on the allow-list, letter for letter.
fn algorithm(rules: &Rules, keys: &KeySet, header: &Map<String, Value>, token: &Token<'_>) -> Result<Check, Refusal> {
    let unchecked = |flaw| if rules.has(flaw) { Ok(Check::Nothing) } else { Err(Refusal::Algorithm) };
    match header.get("alg") {
        None if inherits_none(header) && rules.has(Flaw::PrototypeHeader) => Ok(Check::Nothing),
        None => unchecked(Flaw::AlgMissing),
        Some(Value::String(name)) if name.is_empty() => unchecked(Flaw::AlgEmpty),
        Some(Value::Null) => unchecked(Flaw::AlgEmpty),
        Some(Value::String(name)) if means_none(rules, keys, header, name, token) => Ok(Check::Nothing),
        Some(Value::String(name)) => named(rules, keys, header, name, token),
        Some(_) => unchecked(Flaw::AlgNotString),
    }
}

/// Whether a header that names no algorithm has one of `none` in its `__proto__`.
fn inherits_none(header: &Map<String, Value>) -> bool {
    header.get("__proto__").and_then(|inherited| inherited.get("alg")).is_some_and(|alg| alg == "none")
}

fn named(
    rules: &Rules,
    keys: &KeySet,
    header: &Map<String, Value>,
    name: &str,
    token: &Token<'_>,
) -> Result<Check, Refusal> {
    let is = |alg: &Alg| match rules.flaw {
        Some(Flaw::AlgCaseIgnored) => alg.name().eq_ignore_ascii_case(name),
        Some(Flaw::AlgTrimmed) => alg.name() == name.trim_matches(|c: char| c.is_whitespace() || c.is_control()),
        _ => alg.name() == name,
    };
    let Some(alg) = Alg::ALL.iter().copied().find(is) else {
        if let Some(weak) = Weak::of(name).filter(|_| rules.has(Flaw::WeakNames)) {
            return Ok(Check::With(weak.alg));
        }
        let nothing = match rules.flaw {
            Some(Flaw::UnknownAlgEmptyMac) => token.signature.is_empty() && !name.eq_ignore_ascii_case("none"),
            Some(Flaw::AlgPrototypeName) => secrets::PROTOTYPE_NAMES.contains(&name),
            Some(Flaw::UnknownAlgUnchecked) => !name.eq_ignore_ascii_case("none"),
            _ => false,
        };
        return if nothing { Ok(Check::Nothing) } else { Err(Refusal::Algorithm) };
    };
    let allowed = match rules.flaw {
        _ if rules.algorithms.contains(&alg) => true,
        Some(Flaw::AllowListIgnored | Flaw::LabelIgnored) => alg.is_asymmetric(),
        Some(Flaw::KeyAlgExtendsList) => keys.all().any(|key| key.alg.as_deref() == Some(alg.name())),
        Some(Flaw::OctInSetAllows) => !alg.is_asymmetric() && keys.fitting(alg).next().is_some(),
        Some(flaw) => !alg.is_asymmetric() && secrets::takes_hmac(flaw, header),
        None => false,
    };
    if allowed { Ok(Check::With(alg)) } else { Err(Refusal::Algorithm) }
}

fn means_none(rules: &Rules, keys: &KeySet, header: &Map<String, Value>, name: &str, token: &Token<'_>) -> bool {
    let unsigned = token.signature.is_empty();
    match rules.flaw {
        Some(Flaw::AlgNone) => name == "none" && unsigned,
        Some(Flaw::AlgNoneWithSignature) => name == "none" && !unsigned,
        Some(Flaw::AlgNoneWithoutKey) => {
            let kid = header.get("kid").and_then(Value::as_str);
            name == "none" && kid.is_none_or(|kid| keys.with_kid(kid).next().is_none())
        }
        Some(Flaw::AlgNoneAnyCase) => name != "none" && name.eq_ignore_ascii_case("none") && unsigned,
        Some(Flaw::AlgNoneDecorated) => !name.eq_ignore_ascii_case("none") && plain_letters(name) == "none" && unsigned,
        _ => false,
    }
}

/// The letters of a name, fullwidth and Cyrillic look-alikes made Latin.
pub(super) fn plain_letters(name: &str) -> String {
    let latin = |c: char| match c {
        '\u{ff21}'..='\u{ff3a}' => char::from_u32(u32::from(c) - 0xff21 + u32::from('a')),
        '\u{ff41}'..='\u{ff5a}' => char::from_u32(u32::from(c) - 0xff41 + u32::from('a')),
        '\u{43e}' | '\u{41e}' => Some('o'),
        '\u{435}' | '\u{415}' => Some('e'),
        other => other.is_alphabetic().then_some(other.to_ascii_lowercase()),
    };
    name.chars().filter_map(latin).collect()
}

/// Compares one of two `alg` members with the allow-list and uses the other.
fn split_alg(rules: &Rules, token: &Token<'_>, checked: Repeated, used: Repeated) -> Result<Check, Refusal> {
    let alg = |repeated| {
        let header = json::parse(&token.header_text, repeated).map_err(|_| Refusal::Header)?;
        header.get("alg").and_then(Value::as_str).map(str::to_owned).ok_or(Refusal::Algorithm)
    };
    let allowed = |name: &str| rules.algorithms.iter().any(|alg| alg.name() == name);
    if !allowed(&alg(checked)?) {
        return Err(Refusal::Algorithm);
    }
    match alg(used)?.as_str() {
        "none" => Ok(Check::Nothing),
        name => name.parse().map(Check::With).map_err(|_| Refusal::Algorithm),
    }
}
