//! Keeps the user's keys and tokens, and what is made of them, out of everything that a run tells.
//!
//! Tokens, requests and answers are left out as a whole; in sentences, what is known of the secrets is blotted out.

use crate::{
    model::{
        Event, Observation,
        report::{CalibrationCheck, CaseResult, TokenEvidence},
    },
    token::{SampleToken, encode_segment},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
};
use serde_json::Value;
use std::{
    borrow::Borrow,
    sync::{Arc, PoisonError, RwLock},
};

/// What stands in a secret's place.
const WITHHELD: &str = "[withheld]";
/// The shortest text that is blotted out of sentences; shorter ones would tear them apart.
const SHORTEST: usize = 6;
/// Characters from which on something that begins like a token is taken for one.
const TOKEN: usize = 16;

/// What must not be shown. Clones share the same secrets.
#[derive(Clone, Default)]
pub struct Withheld(Arc<RwLock<Vec<String>>>);

impl Withheld {
    /// For a lent key, as it was given.
    pub(super) fn of_key(text: &[u8]) -> Withheld {
        let withheld = Withheld::default();
        let whole = String::from_utf8_lossy(text).into_owned();
        let trimmed = text.trim_ascii_end();
        let encoded = [STANDARD.encode(trimmed), STANDARD_NO_PAD.encode(trimmed), encode_segment(trimmed)];
        let lines = whole.lines().filter(|line| !line.starts_with("-----")).map(str::to_owned);
        let mut secrets: Vec<String> = lines.chain(encoded).collect();
        if let Ok(jwk) = serde_json::from_str::<Value>(&whole) {
            leaves(&jwk, &mut secrets);
        }
        withheld.add(secrets);
        withheld
    }

    /// Also for these tokens: their segments, and what they claim.
    pub(super) fn learn(&self, tokens: &[impl Borrow<SampleToken>]) {
        let mut secrets = Vec::new();
        for token in tokens {
            let token: &SampleToken = token.borrow();
            secrets.extend(token.segments().map(str::to_owned));
            token.claims().values().for_each(|value| leaves(value, &mut secrets));
        }
        self.add(secrets);
    }

    fn add(&self, secrets: Vec<String>) {
        let mut held = self.0.write().unwrap_or_else(PoisonError::into_inner);
        held.extend(secrets.into_iter().filter(|secret| secret.len() >= SHORTEST));
        // The longest first, so that no rest of it stays behind.
        held.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        held.dedup();
    }

    /// The event without secrets.
    #[must_use]
    pub fn event(&self, event: Event) -> Event {
        match event {
            Event::CaseFinished { index, result } => {
                Event::CaseFinished { index, result: Arc::new(self.result(Arc::unwrap_or_clone(result))) }
            }
            Event::Calibrated { check } => Event::Calibrated { check: Box::new(self.check(*check)) },
            Event::ScenarioFinished { index, mut result } => {
                for note in &mut result.notes {
                    *note = self.text(std::mem::take(note));
                }
                for claim in &mut result.assertions {
                    claim.because = self.text(std::mem::take(&mut claim.because));
                    for offender in &mut claim.offending {
                        offender.seen = self.text(std::mem::take(&mut offender.seen));
                    }
                }
                Event::ScenarioFinished { index, result }
            }
            Event::Remark { level, text } => Event::Remark { level, text: self.text(text) },
            other => other,
        }
    }

    /// What looks like whole tokens in a target's log: how many, and nothing of them.
    pub(super) fn leaks(&self, leaks: &[String]) -> Vec<String> {
        vec![WITHHELD.to_owned(); leaks.len()]
    }

    /// A first probe without secrets.
    #[must_use]
    pub fn check(&self, check: CalibrationCheck) -> CalibrationCheck {
        CalibrationCheck {
            observed: self.text(check.observed),
            hint: check.hint.map(|hint| self.text(hint)),
            observation: check.observation.map(|seen| self.observation(seen)),
            ..check
        }
    }

    fn result(&self, mut result: CaseResult) -> CaseResult {
        result.token = result.token.map(|token| TokenEvidence {
            header: None,
            claims: None,
            mutations: token.mutations,
            anatomy: Vec::new(),
            compact: WITHHELD.into(),
            sha256: WITHHELD.into(),
        });
        result.observation = result.observation.map(|seen| self.observation(seen));
        result.twin = result.twin.map(|seen| self.observation(seen));
        result.before = result.before.into_iter().map(|(name, seen)| (name, self.text(seen))).collect();
        for finding in &mut result.findings {
            for text in [&mut finding.expected, &mut finding.observed, &mut finding.because] {
                *text = self.text(std::mem::take(text));
            }
        }
        if let Some(reproduce) = &mut result.reproduce {
            reproduce.curl = None;
        }
        result
    }

    fn observation(&self, seen: Observation) -> Observation {
        let status_line = seen.response.lines().next().unwrap_or_default().to_owned();
        let mut outbound = seen.outbound;
        for fetch in &mut outbound {
            fetch.path = self.text(std::mem::take(&mut fetch.path));
            fetch.headers = fetch.headers.drain(..).map(|line| self.text(line)).collect();
        }
        Observation {
            because: self.text(seen.because),
            challenges: seen.challenges.into_iter().map(|text| self.text(text)).collect(),
            request: String::new(),
            response: self.text(status_line),
            claims: None,
            outbound,
            ..seen
        }
    }

    /// A sentence without secrets, and without whatever looks like a token.
    fn text(&self, mut text: String) -> String {
        let held = self.0.read().unwrap_or_else(PoisonError::into_inner);
        for secret in held.iter() {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), WITHHELD);
            }
        }
        // Every header of a token begins with `{"` (RFC 7515 section 4), which is `eyJ` in base64url.
        let is_part = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
        let mut from = 0;
        while let Some(start) = text[from..].find("eyJ").map(|at| from + at) {
            let end = text[start..].find(|character| !is_part(character)).map_or(text.len(), |length| start + length);
            if end - start >= TOKEN {
                text.replace_range(start..end, WITHHELD);
            }
            from = if end - start >= TOKEN { start + WITHHELD.len() } else { end };
        }
        text
    }
}

/// Every text and number in a value.
fn leaves(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            found.push(text.clone());
            let escaped = Value::from(text.as_str()).to_string();
            found.push(escaped.trim_matches('"').to_owned());
        }
        Value::Number(number) => found.push(number.to_string()),
        Value::Array(items) => items.iter().for_each(|item| leaves(item, found)),
        Value::Object(members) => members.values().for_each(|member| leaves(member, found)),
        Value::Null | Value::Bool(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Level, Verdict};
    use proptest::prelude::*;
    use serde_json::json;

    fn token() -> SampleToken {
        let claims = json!({ "sub": "alice@example.com", "n": 1234567890, "deep": [{ "x": "a \"quoted\" word" }] });
        let segments = [json!({ "alg": "ES256" }), claims].map(|value| encode_segment(value.to_string()));
        SampleToken::read(&format!("{}.{}.c2lnbmF0dXJl", segments[0], segments[1])).unwrap()
    }

    #[test]
    fn sentences_lose_what_a_token_says() {
        let withheld = Withheld::default();
        withheld.learn(&[token()]);
        for secret in
            ["alice@example.com", "1234567890", "c2lnbmF0dXJl", r#"a \"quoted\" word"#, "eyJhbGciOiJub25lIn0.x"]
        {
            let text = withheld.text(format!("it says {secret}, no more"));
            assert_eq!(text, "it says [withheld], no more");
        }
        assert_eq!(withheld.text("eyJ is short".into()), "eyJ is short");
    }

    #[test]
    fn evidence_is_left_out() {
        let withheld = Withheld::default();
        withheld.learn(&[token()]);
        let seen = Observation {
            request: "GET / HTTP/1.1\r\nAuthorization: Bearer x".into(),
            response: "HTTP/1.1 200 OK\r\nSet-Cookie: sid=alice\r\n\r\nhello".into(),
            claims: Some(json!({ "sub": "al" })),
            ..Observation::bare(Verdict::Accept, "status 200 for alice@example.com")
        };
        let seen = withheld.observation(seen);
        assert_eq!((seen.request.as_str(), seen.response.as_str(), &seen.claims), ("", "HTTP/1.1 200 OK", &None));
        assert_eq!(seen.because, "status 200 for [withheld]");
        let remark = Event::Remark { level: Level::May, text: "alice@example.com".into() };
        assert_eq!(withheld.event(remark), Event::Remark { level: Level::May, text: "[withheld]".into() });
    }

    proptest! {
        #[test]
        fn no_form_of_a_key_is_left(secret in "[!-~]{8,40}", before in ".{0,10}", after in ".{0,10}") {
            let withheld = Withheld::of_key(format!("{secret}\n").as_bytes());
            for form in [secret.clone(), STANDARD.encode(&secret), encode_segment(&secret)] {
                let text = withheld.text(format!("{before}{form}{after}"));
                prop_assert!(!text.contains(&form), "{text}");
            }
        }
    }
}
