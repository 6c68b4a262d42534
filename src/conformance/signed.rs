//! Claims that a target reports, compared with those that were signed.

use super::{bench::Bench, plan::Planned};
use crate::{
    model::{Case, Observation, Recipe, Verdict, case::Present, expect::Expect},
    token::{Token, unambiguous_members},
};
use serde_json::{Map, Value};
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

/// Claims whose meaning is fixed (RFC 7519 section 4.1): whatever else an answer holds, these are the token's.
const REGISTERED: [&str; 7] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];
/// Of these, those that differ from one minting to the next.
const FRESH: [&str; 4] = ["exp", "nbf", "iat", "jti"];
/// Those that are times.
const TIMES: [&str; 3] = ["exp", "nbf", "iat"];

/// The claims of an accepted token that came back and were not signed so, as text. A token that must be refused has
/// failed by being accepted; a case that says what must come back is judged by that; and where a good token is shown beside
/// it, the claims may be of that one.
pub(super) fn differences(
    bench: &Bench,
    planned: &Planned,
    token: &Token,
    nonce: &str,
    earlier: &BTreeMap<String, Token>,
    seen: &Observation,
) -> Vec<String> {
    let case = &planned.case;
    let Some(Value::Object(returned)) = seen.claims.as_ref().filter(|_| seen.verdict == Verdict::Accept) else {
        return Vec::new();
    };
    let other_shown = case.present.as_ref().is_some_and(Present::shows_good);
    if case.expect == Expect::Reject || !case.returns.is_empty() || other_shown {
        return Vec::new();
    }
    let untampered = planned.token.then.is_empty();
    let payload = if untampered {
        Some(token.payload.clone())
    } else {
        let recipe = Recipe { then: Vec::new(), ..planned.token.clone() };
        bench.mint(&recipe, nonce, earlier).ok().map(|token| token.payload)
    };
    let Some(signed) = payload.as_deref().and_then(unambiguous_members) else { return Vec::new() };
    let in_lines = bench.target().told_claims().map(|_| tellable(returned, &signed));
    let in_seconds =
        (bench.target().transport_name() == "introspection").then(|| told_to_the_second(returned, &signed));
    // A good token shown beside this one may be the one that was taken: of the same identity, minted for itself.
    let alone = !case.present.as_ref().is_some_and(Present::shows_good);
    compare(in_lines.or(in_seconds).as_ref().unwrap_or(returned), &signed, untampered && alone)
}

/// What a gateway told in header lines, without what no such line can say: who is nobody, and a text that does not fit.
fn tellable(told: &Map<String, Value>, signed: &Map<String, Value>) -> Map<String, Value> {
    let says = |name: &String, value: &Value| match signed.get(name) {
        Some(signed) => fits_a_line(signed),
        None => value.as_str() != Some(""),
    };
    told.iter().filter(|(name, value)| says(name, value)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// What an introspection endpoint told, without the times that are the signed ones but for a part of a second: it tells
/// whole seconds (RFC 7662 section 2.2).
fn told_to_the_second(told: &Map<String, Value>, signed: &Map<String, Value>) -> Map<String, Value> {
    let rounded = |name: &str, value: &Value| {
        let time = |value: &Value| value.as_f64().filter(|_| TIMES.contains(&name));
        let both = time(value).zip(signed.get(name).and_then(time));
        both.is_some_and(|(told, signed)| told.fract() == 0.0 && (told - signed).abs() < 1.0)
    };
    told.iter()
        .filter(|(name, value)| !rounded(name, value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Whether a header line holds a text as it is: visible characters of ASCII with spaces between them. What becomes of
/// others depends on who reads the line (RFC 9110 section 5.5).
fn fits_a_line(value: &Value) -> bool {
    value.as_str().is_some_and(|text| {
        !text.is_empty() && text.trim_matches(' ') == text && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
    })
}

/// The case, asking for no claim that need not come back: an introspection endpoint chooses what it hands on (RFC 7662
/// section 2.2), and a gateway tells those that it puts into header lines.
pub(super) fn demanding<'c>(
    case: &'c Case,
    seen: &Observation,
    transport: &str,
    told: Option<&BTreeSet<String>>,
) -> Cow<'c, Case> {
    let returned = |name: &String| seen.claims.as_ref().is_some_and(|claims| claims.get(name).is_some());
    let wanted = |name: &String, value: &Value| match told {
        Some(told) => told.contains(name) && fits_a_line(value),
        None => transport != "introspection" || returned(name),
    };
    if case.returns.iter().all(|(name, value)| wanted(name, value)) {
        return Cow::Borrowed(case);
    }
    let mut case = case.clone();
    case.returns.retain(|name, value| wanted(name, value));
    Cow::Owned(case)
}

fn compare(returned: &Map<String, Value>, signed: &Map<String, Value>, untampered: bool) -> Vec<String> {
    let names = REGISTERED.into_iter().filter(|name| untampered || !FRESH.contains(name));
    let differs = |name: &&str| match (returned.get(*name), signed.get(*name)) {
        (None | Some(Value::Null), _) => false,
        // A time of issue that a service fills in is no claim about the caller.
        (Some(_), None) => *name != "iat",
        (Some(one), Some(other)) => !is_same(one, other),
    };
    let shown = |name: &str| {
        let signed = signed.get(name).map_or("nothing".to_owned(), Value::to_string);
        format!("{name} = {} (signed: {signed})", returned[name])
    };
    names.filter(differs).map(shown).collect()
}

/// Whether a returned value says what the signed one says. Another type is a way of writing it that we do not know.
fn is_same(returned: &Value, signed: &Value) -> bool {
    match (returned, signed) {
        (Value::String(one), Value::String(other)) => one == other,
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Value::Array(list), Value::String(_)) => list.len() != 1 || is_same(&list[0], signed),
        (Value::String(_), Value::Array(list)) => list.len() != 1 || is_same(returned, &list[0]),
        (Value::Array(one), Value::Array(other)) => one == other,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn differences(returned: Value, signed: Value, untampered: bool) -> Vec<String> {
        compare(returned.as_object().unwrap(), signed.as_object().unwrap(), untampered)
    }

    #[test]
    fn another_persons_claims_are_found() {
        let signed = json!({ "sub": "user-1", "aud": "orders", "exp": 5, "jti": "a" });
        assert_eq!(
            differences(json!({ "sub": "user-2", "iss": "x" }), signed.clone(), true),
            ["iss = \"x\" (signed: nothing)", "sub = \"user-2\" (signed: \"user-1\")"]
        );
        assert_eq!(differences(json!({ "jti": "b" }), signed.clone(), true).len(), 1);
        assert_eq!(differences(json!({ "jti": "b", "exp": 6 }), signed, false), Vec::<String>::new());
    }

    #[test]
    fn what_no_header_line_can_say_is_not_compared() {
        let told = |told: Value, signed: Value| {
            tellable(told.as_object().unwrap(), signed.as_object().unwrap()).keys().cloned().collect::<Vec<_>>()
        };
        for lost in ["zo\u{eb}", " user-1", "user-1 ", "user-1\r\nX-User: admin", "a\u{0}b", ""] {
            assert!(told(json!({ "sub": "user-2" }), json!({ "sub": lost })).is_empty(), "{lost:?}");
        }
        assert_eq!(told(json!({ "sub": "user-2" }), json!({ "sub": "user 1, admin/.." })), ["sub"]);
        assert_eq!(told(json!({ "sub": "" }), json!({ "sub": "user-1" })), ["sub"]);
        assert_eq!(told(json!({ "sub": "" }), json!({})), Vec::<String>::new());
        assert_eq!(told(json!({ "sub": "user-1" }), json!({})), ["sub"]);
    }

    #[test]
    fn introspection_tells_whole_seconds() {
        let left = |told: Value, signed: Value| {
            told_to_the_second(told.as_object().unwrap(), signed.as_object().unwrap())
                .keys()
                .cloned()
                .collect::<Vec<_>>()
        };
        let signed = json!({ "exp": 10.5, "iat": 3.25, "nbf": 2, "sub": 1.5 });
        assert!(left(json!({ "exp": 10, "iat": 3, "nbf": 2 }), signed.clone()).is_empty());
        assert!(left(json!({ "exp": 11 }), signed.clone()).is_empty());
        assert_eq!(left(json!({ "exp": 9, "iat": 3.5, "sub": 1 }), signed), ["exp", "iat", "sub"]);
    }

    #[test]
    fn other_ways_to_write_the_same_are_not() {
        let signed = json!({ "sub": "user-1", "aud": "orders", "exp": 5, "nbf": 1 });
        let returned = json!({ "sub": "user-1", "aud": ["orders"], "exp": 5.0, "nbf": "1970", "role": "x", "iat": 3 });
        assert_eq!(differences(returned, signed, true), Vec::<String>::new());
        assert_eq!(differences(json!({ "aud": ["stores"] }), json!({ "aud": "orders" }), true).len(), 1);
    }
}
