//! A published object taken apart for a report.

use crate::{
    model::{
        Recipe,
        report::TokenEvidence,
        vector::{Published, VectorAsk},
    },
    token::{Token, decode_segment, evidence},
};
use serde_json::Value;

/// Header and payload as far as they can be read.
pub(super) fn of(vector: &Published) -> TokenEvidence {
    let segments: Vec<&str> = vector.token.split('.').collect();
    let part = |place: usize| segments.get(place).and_then(|text| decode_segment(text)).unwrap_or_default();
    let is_jws = vector.ask != VectorAsk::Decrypt && segments.len() == 3;
    let token = Token {
        bytes: vector.token.clone().into_bytes(),
        header: part(0),
        payload: if is_jws { part(1) } else { Vec::new() },
        signature: if is_jws { part(2) } else { Vec::new() },
        jwe: None,
    };
    let mut evidence = evidence(&token, &Recipe::default(), None);
    evidence.header =
        Some(Value::Object(vector.header())).filter(|header| header != &Value::Object(Default::default()));
    evidence
}
