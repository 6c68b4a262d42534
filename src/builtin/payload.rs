//! Key names that careless code runs, opens or looks up (RFC 8725 section 3.10). Only flaws do any of it, and they play
//! it: no file is opened, no command is run, and nothing but planted addresses is asked.

use super::{fetch, flaw::Flaw, forms, key::KeySet, parse::Token, rules::Rules};
use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use std::{thread, time::Duration};

/// How long a `sleep` sleeps, whatever it asks for.
const SLEEP: Duration = Duration::from_millis(2500);
/// More characters are too many for one flaw's lookup.
const LONG: usize = 1000;

/// Files that hold the same on every Linux, and what they hold.
const FILES: [(&str, &str); 4] = [
    ("/proc/sys/kernel/ostype", "Linux\n"),
    ("/proc/sys/kernel/randomize_va_space", "2\n"),
    ("/sys/class/net/lo/mtu", "65536\n"),
    ("/sys/class/net/lo/addr_len", "6\n"),
];

/// What stands in the file that a `kid` leads to.
pub(super) fn file(kid: &str) -> Option<&'static str> {
    let path = kid.trim_start_matches("file://").trim_start_matches("../");
    let path = path.trim_start_matches('/');
    FILES.into_iter().find(|(known, _)| known.trim_start_matches('/') == path).map(|(_, content)| content)
}

/// Does what the key name asks for, before anything is checked.
pub(super) fn run(rules: &Rules, token: &Token<'_>) {
    let Some(kid) = token.header.get("kid").and_then(Value::as_str) else { return };
    match rules.flaw {
        Some(Flaw::KidCommandRun) if kid.contains([';', '|', '`', '$', '\n', '&']) => {
            if kid.contains("sleep ") {
                thread::sleep(SLEEP);
            }
            visit_address(kid);
        }
        Some(Flaw::KidTemplateRun) if ["${", "#{", "%{", "{{"].iter().any(|open| kid.contains(open)) => {
            visit_address(kid);
        }
        Some(Flaw::KidSqlCondition) => {
            let lower = kid.to_ascii_lowercase();
            if ["sleep(", "waitfor delay", "pg_sleep("].iter().any(|word| lower.contains(word)) {
                thread::sleep(SLEEP);
            }
        }
        _ => {}
    }
}

/// Asks the first address in a text.
fn visit_address(text: &str) {
    let Some(at) = text.find("http://").or_else(|| text.find("https://")) else { return };
    let end = text[at..].find([' ', ')', '}', '`', '"', '\'', ';', '|']).map_or(text.len(), |length| at + length);
    fetch::get(&text[at..end]);
}

/// Whether a query with this `kid` in it selects the key of this name.
pub(super) fn selects(flaw: Flaw, own: &str, kid: &str) -> bool {
    match flaw {
        Flaw::KidSqlCondition => match kid.split_once('\'') {
            Some((name, rest)) if rest.trim_start().to_ascii_lowercase().starts_with("and ") => {
                name == own && rest.contains("'1'='1")
            }
            Some((_, rest)) if rest.trim_start().to_ascii_lowercase().starts_with("or ") => rest.contains("'1'='1"),
            _ => false,
        },
        Flaw::KidQueryRun => {
            let operator = ["$ne", "$regex", "$gt"].iter().any(|name| kid.contains(name));
            let path = kid.contains("' or '1'='1");
            kid == "*" || kid.starts_with("*)(") || operator || path
        }
        _ => false,
    }
}

/// The name as the flaw reads it.
pub(super) fn cut<'k>(rules: &Rules, kid: &'k str) -> &'k str {
    match rules.flaw {
        Some(Flaw::KidCutAtLineBreak) => kid.split(['\r', '\n']).next().unwrap_or_default(),
        _ => kid,
    }
}

/// Whether the flaw finds nothing to check with, and lets the token through for it.
pub(super) fn means_no_check(flaw: Flaw, keys: &KeySet, token: &Token<'_>) -> bool {
    let text = |name: &str| token.header.get(name).and_then(Value::as_str);
    match flaw {
        Flaw::KidLongUnchecked => text("kid").is_some_and(|kid| kid.chars().count() > LONG),
        Flaw::KidOddUnchecked => text("kid")
            .is_some_and(|kid| kid.chars().any(|c| matches!(c, '<' | '>' | '\u{1b}') || u32::from(c) > 0xffff)),
        Flaw::HeaderKeyUnreadable => ["jwk", "jku", "x5u", "x5c"].iter().any(|name| is_unreadable(token, name)),
        Flaw::X5tIsProof => {
            let names = [("x5t", &digest::SHA1_FOR_LEGACY_USE_ONLY), ("x5t#S256", &digest::SHA256)];
            names.iter().any(|(name, algorithm)| {
                let print = |der: Vec<u8>| URL_SAFE_NO_PAD.encode(digest::digest(algorithm, &der));
                let known = |print: String| text(name) == Some(print.as_str());
                keys.all().filter_map(|key| forms::certificate(key)).map(print).any(known)
            })
        }
        _ => false,
    }
}

/// Whether a member that should lead to a key cannot: the wrong type, no address, nothing to decode.
fn is_unreadable(token: &Token<'_>, name: &str) -> bool {
    let Some(value) = token.header.get(name) else { return false };
    match name {
        "jwk" => KeySet::of_one(value).is_empty(),
        "x5c" => !value.get(0).and_then(Value::as_str).is_some_and(|text| {
            let der = base64::engine::general_purpose::STANDARD.decode(text);
            der.is_ok_and(|der| super::injected::element(&der).is_some())
        }),
        _ => value.as_str().is_none_or(|address| url::Url::parse(address).is_err() || address.len() > LONG),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_known_files() {
        assert_eq!(file("../../../../proc/sys/kernel/ostype"), Some("Linux\n"));
        assert_eq!(file("file:///proc/sys/kernel/ostype"), Some("Linux\n"));
        assert_eq!(file("/sys/class/net/lo/mtu"), Some("65536\n"));
        assert_eq!(file("ostype"), None);
    }

    #[test]
    fn conditions_are_evaluated() {
        let selects = |kid: &str| selects(Flaw::KidSqlCondition, "k1", kid);
        assert!(selects("k1' AND '1'='1") && selects("x' OR '1'='1"));
        assert!(!selects("k1' AND '1'='2") && !selects("x' AND '1'='1") && !selects("k1"));
    }
}
