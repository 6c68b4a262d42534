//! What a token may cost. Without a flaw nothing depends on what the sender put into it; with one, the cost is bounded:
//! a pause of fixed length, and at most so much memory.

use super::{
    flaw::Flaw,
    key::KeySet,
    rules::{Refusal, Rules},
    validator::claims_of,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use std::{hint::black_box, thread, time::Duration};

/// How long a costly token takes: beyond every bound of the suite, and not by much.
const PAUSE: Duration = Duration::from_millis(600);
/// Far more dots than any form of a token has.
const MANY_DOTS: usize = 60_000;
/// What a dot costs, and the most that all of them may cost.
const PER_DOT: usize = 1024;
const MOST_MEMORY: usize = 128 << 20;
/// A segment longer than the headers of any common server.
const LONG_SEGMENT: usize = 200 * 1024;
/// A claim longer than names are.
const LONG_CLAIM: usize = 20_000;
/// Characters of a modulus that no key has: RSA with 8192 bits has 1366.
const LONG_MODULUS: usize = 2_000;

/// Bears what the flaw does before the token is read.
pub(super) fn bear(rules: &Rules, sent: &[u8]) -> Result<(), Refusal> {
    let costly = match rules.flaw {
        Some(Flaw::ManyDotsCostly) => {
            let dots = sent.iter().filter(|byte| **byte == b'.').count();
            (dots > MANY_DOTS).then(|| fill_memory(dots)).is_some()
        }
        Some(Flaw::LongSegmentsCostly) => sent.split(|byte| *byte == b'.').any(|segment| segment.len() > LONG_SEGMENT),
        Some(Flaw::HeavyJwkComputed) => jwk(sent).is_some_and(|jwk| text(&jwk, "n").len() > LONG_MODULUS),
        Some(Flaw::OddPointSpins) => {
            let above_prime = |jwk: &Value| text(jwk, "x").starts_with("______");
            jwk(sent).is_some_and(|jwk| above_prime(&jwk) && KeySet::of_one(&jwk).is_empty())
        }
        Some(Flaw::SlowPattern) => long_claim(sent, &["iss", "aud", "sub"]),
        Some(Flaw::LongTokenCrashes) if sent.len() > 16 * 1024 => return Err(Refusal::Crash),
        Some(Flaw::OddShapesCrash) if is_odd(sent) => return Err(Refusal::Crash),
        _ => false,
    };
    if costly {
        thread::sleep(PAUSE);
    }
    Ok(())
}

/// Memory for each dot, touched, and given back at the end.
fn fill_memory(dots: usize) {
    let parts: Vec<Vec<u8>> = (0..dots.min(MOST_MEMORY / PER_DOT)).map(|_| vec![b'.'; PER_DOT]).collect();
    thread::sleep(PAUSE / 4);
    black_box(parts);
}

/// Whether a subject is long enough for the pattern with a memory.
pub(super) fn has_long_subject(sent: &[u8]) -> bool {
    long_claim(sent, &["sub"])
}

fn long_claim(sent: &[u8], names: &[&str]) -> bool {
    let claims = claims_of(sent).unwrap_or(Value::Null);
    names.iter().any(|name| text(&claims, name).len() > LONG_CLAIM)
}

fn header(sent: &[u8]) -> Option<Value> {
    let decoded = URL_SAFE_NO_PAD.decode(sent.split(|byte| *byte == b'.').next()?).ok()?;
    serde_json::from_slice(&decoded).ok()
}

/// The key identifier, where the header can be read.
pub(super) fn kid(sent: &[u8]) -> Option<String> {
    header(sent)?.get("kid")?.as_str().map(str::to_owned)
}

fn jwk(sent: &[u8]) -> Option<Value> {
    header(sent)?.get_mut("jwk").map(Value::take)
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A form in which something is missing that is usually there.
fn is_odd(sent: &[u8]) -> bool {
    if let Ok(Value::Object(form)) = serde_json::from_slice(sent) {
        return !["payload", "protected", "signature"].iter().all(|name| form.get(*name).is_some_and(Value::is_string));
    }
    let segments = sent.split(|byte| *byte == b'.').count();
    let header = header(sent);
    segments == 5 || header.as_ref().is_some_and(|header| !header.is_object() || header["kid"].is_object())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_forms_are_those_in_which_something_is_missing() {
        for text in ["{}", r#"{"payload":"e30","signatures":[{}]}"#, "bnVsbA.e30.AA", "....", "W10.e30.AA"] {
            assert!(is_odd(text.as_bytes()), "{text}");
        }
        assert!(!is_odd(br#"{"payload":"a","protected":"b","signature":"c"}"#));
        assert!(!is_odd(b"eyJhbGciOiJIUzI1NiJ9.e30.AA"));
    }
}
