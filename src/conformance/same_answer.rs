//! Whether two refusals can be told apart by what they say. How long they took is told, and never judged.

use crate::model::{
    Case, Finding, Level, Observation, Outcome, Verdict,
    expect::SameAnswer,
    outcome::{BaselineStatus, Control},
    report::Controls,
};
use std::collections::BTreeMap;

/// Compares an answer with those that tokens before it got.
pub(super) fn same_answer(
    case: &Case,
    seen: &Observation,
    before: &BTreeMap<String, Observation>,
    controls: Controls,
) -> Option<Finding> {
    let check = case.also.same_answer.as_ref()?;
    let others: Vec<&Observation> = check.of.iter().filter_map(|name| before.get(name)).collect();
    let comparable = controls.base == Control::Accepted
        && controls.feature == Control::Accepted
        && others.len() == check.of.len()
        && others.iter().chain(std::iter::once(&seen)).all(|one| one.verdict != Verdict::Unreachable);
    if !comparable {
        return None;
    }
    let differing = differing(seen, &others);
    let times: Vec<String> = others.iter().map(|other| millis(other)).collect();
    let observed = match &differing[..] {
        [] => "the same answer".to_owned(),
        parts => format!("another {}", parts.join(" and another ")),
    };
    let observed = format!("{observed}, after {} (the others: {})", millis(seen), times.join(", "));
    Some(finding(case, check, differing.is_empty(), observed))
}

/// The parts in which an answer differs from others that do not differ in them.
fn differing(seen: &Observation, others: &[&Observation]) -> Vec<&'static str> {
    let parts: [(&str, fn(&Observation) -> String); 4] = [
        ("verdict", |one| one.verdict.to_string()),
        ("status", |one| one.status.map(|status| status.to_string()).unwrap_or_default()),
        ("challenge", |one| one.challenges.join("\n")),
        ("text", text),
    ];
    let mut differing = Vec::new();
    for (name, part) in parts {
        let all: Vec<String> = others.iter().map(|other| part(other)).collect();
        let Some(first) = all.first() else { continue };
        if all.iter().all(|other| other == first) && part(seen) != *first {
            differing.push(name);
        }
    }
    differing
}

/// What an answer says: its body, or without HTTP its reason.
fn text(seen: &Observation) -> String {
    match (seen.status, seen.response.split_once("\r\n\r\n").or_else(|| seen.response.split_once("\n\n"))) {
        (Some(_), Some((_, body))) => body.to_owned(),
        (Some(_), None) => String::new(),
        (None, _) => seen.because.clone(),
    }
}

fn millis(seen: &Observation) -> String {
    format!("{}.{} ms", seen.elapsed_us / 1000, seen.elapsed_us % 1000 / 100)
}

fn finding(case: &Case, check: &SameAnswer, holds: bool, observed: String) -> Finding {
    let expected = format!("the answer that {} got", check.of.join(" and "));
    let outcome = match check.level {
        _ if holds => Outcome::Pass,
        Level::Must => Outcome::Fail,
        Level::Should | Level::Policy => Outcome::Warn,
        Level::May => Outcome::Note,
    };
    Finding {
        id: Finding::id(&case.id, "same-answer"),
        outcome,
        level: check.level,
        severity: case.severity,
        baseline: BaselineStatus::New,
        because: if holds { "as wanted".into() } else { format!("wanted {expected}, saw {observed}") },
        expected,
        observed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Observation {
        Observation {
            status: Some(status),
            response: format!("HTTP/1.1 {status}\r\ndate: x\r\n\r\n{body}"),
            ..Observation::bare(Verdict::Reject, format!("status {status}"))
        }
    }

    #[test]
    fn only_what_the_others_agree_on_can_differ() {
        let (one, same) = (answer(401, "no"), answer(401, "no"));
        assert!(differing(&answer(401, "no"), &[&one, &same]).is_empty());
        assert_eq!(differing(&answer(401, "padding"), &[&one, &same]), ["text"]);
        assert_eq!(differing(&answer(400, "no"), &[&one, &same]), ["status"]);
        let (first, second) = (answer(401, "request 1"), answer(401, "request 2"));
        assert!(differing(&answer(401, "request 3"), &[&first, &second]).is_empty());
        assert_eq!(differing(&answer(500, "request 3"), &[&first, &second]), ["status"]);
    }

    #[test]
    fn without_http_the_reason_is_compared() {
        let refused = |why| Observation::bare(Verdict::Reject, why);
        assert_eq!(differing(&refused("padding"), &[&refused("decryption")]), ["text"]);
    }
}
