//! Keeps a report readable: a token of megabytes is in it by its start, its length and its digest.

use crate::{
    model::{
        Observation,
        report::{CaseResult, TokenEvidence},
    },
    token::WHOLE,
};
use serde_json::Value;

/// Bytes kept of a longer one.
const START: usize = 2 * 1024;

/// Cuts what is too long for a report.
pub(super) fn trim(result: &mut CaseResult) {
    if let Some(token) = &mut result.token {
        trim_token(token);
    }
    for seen in [&mut result.observation, &mut result.twin].into_iter().flatten() {
        observation(seen);
    }
}

/// The same for a token alone.
pub(super) fn trim_token(token: &mut TokenEvidence) {
    cut(&mut token.compact);
}

fn observation(seen: &mut Observation) {
    cut(&mut seen.request);
    drop_long(&mut seen.claims);
}

/// The anatomy of a token shows the start of what is dropped here.
fn drop_long(value: &mut Option<Value>) {
    *value = value.take().filter(|value| value.to_string().len() <= WHOLE);
}

fn cut(text: &mut String) {
    if text.len() <= WHOLE {
        return;
    }
    let whole = text.len();
    let end = (0..=START).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.truncate(end);
    text.push_str(&format!("… ({whole} bytes in all)"));
    // What was cut would stay allocated until the end of the run.
    text.shrink_to_fit();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_too_long_is_cut_and_between_characters() {
        let mut short = "é".repeat(WHOLE / 2);
        cut(&mut short);
        assert_eq!(short.len(), WHOLE);
        let mut long = format!("x{}", "é".repeat(WHOLE / 2));
        cut(&mut long);
        assert!(long.len() < START + 64 && long.ends_with("… (16385 bytes in all)"), "{}", long.len());
    }
}
