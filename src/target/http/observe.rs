//! What is kept of an answer: what it means, and the evidence, without the user's secrets.

use super::{HttpTarget, Sent};
use crate::{
    model::{Observation, Verdict},
    target::{
        classify,
        reply::{Failure, Reply},
    },
};
use reqwest::header::WWW_AUTHENTICATE;
use serde_json::Value;

/// Bytes of an answer that are kept as evidence.
const EVIDENCE: usize = 4 * 1024;
/// Challenges that are kept, and bytes of each.
const CHALLENGES: (usize, usize) = (16, 1024);

impl HttpTarget {
    /// What came of a request.
    pub(super) fn observe(&self, sent: Sent) -> Observation {
        let Sent { request, outcome, elapsed, attempts } = sent;
        let mut observation = match outcome {
            Ok(reply) => self.observe_reply(&reply),
            Err(failure) => {
                let reading = classify::read_failure(&failure, self.timeout);
                let mut observation = Observation::bare(reading.verdict, self.redactor.text(reading.because));
                if let Failure::Cut(status) | Failure::Timeout(Some(status)) = failure {
                    observation.status = Some(status);
                }
                observation
            }
        };
        observation.request = request;
        observation.elapsed_us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        observation.attempts = attempts;
        observation
    }

    fn observe_reply(&self, reply: &Reply) -> Observation {
        let reads_body = self.claims.is_some() || self.accept.body.is_some() || self.reject.body.is_some();
        let json: Option<Value> = reads_body.then(|| serde_json::from_slice(&reply.body).ok()).flatten();
        let reading = self.rules().read(reply.status, &reply.headers, json.as_ref());
        let claims = match (reading.verdict, &self.claims, &json) {
            (Verdict::Accept, Some(pointer), Some(json)) => json.pointer(pointer).cloned(),
            _ => None,
        };
        let challenge = |value: &[u8]| {
            let enough = &value[..value.len().min(CHALLENGES.1 + self.redactor.margin())];
            start_of(self.redactor.text(String::from_utf8_lossy(enough).into_owned()), CHALLENGES.1)
        };
        Observation {
            status: Some(reply.status),
            challenges: reply
                .headers
                .get_all(WWW_AUTHENTICATE)
                .iter()
                .take(CHALLENGES.0)
                .map(|value| challenge(value.as_bytes()))
                .collect(),
            response: self.evidence(reply),
            claims: claims.map(|claims| self.redactor.value(claims)),
            retry_after: reading.retry_after,
            ..Observation::bare(reading.verdict, reading.because)
        }
    }

    /// The start of the answer, without the user's secrets.
    fn evidence(&self, reply: &Reply) -> String {
        let enough = EVIDENCE + self.redactor.margin();
        let mut bytes = Vec::with_capacity(512);
        bytes.extend_from_slice(reply.status_line.as_bytes());
        for (name, value) in &reply.headers {
            if bytes.len() > enough {
                break;
            }
            bytes.extend_from_slice(b"\r\n");
            bytes.extend_from_slice(name.as_str().as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value.as_bytes());
        }
        bytes.extend_from_slice(b"\r\n\r\n");
        bytes.extend_from_slice(&reply.body[..reply.body.len().min(enough)]);
        bytes.truncate(enough);
        start_of(self.redactor.text(String::from_utf8_lossy(&bytes).into_owned()), EVIDENCE)
    }
}

/// Cuts a text to so many bytes, between characters.
fn start_of(mut text: String, bytes: usize) -> String {
    let end = (0..=bytes.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.truncate(end);
    text
}
