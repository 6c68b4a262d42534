//! The opinion: from what was wanted and what was seen to findings. Pure.

use super::side;
use crate::model::{
    Case, Finding, Level, Observation, Outcome, Severity, Verdict,
    case::WorldPart,
    expect::Expect,
    outcome::{BaselineStatus, Control},
    report::Controls,
    verdict::Endpoint,
};
use serde_json::Value;
use std::collections::BTreeMap;

/// The case as a target's declared policy makes it, where that changes it: a free choice becomes a verdict wanted.
#[must_use]
pub fn declared(case: &Case, policy: &BTreeMap<String, String>) -> Option<Case> {
    let wanted =
        case.policy.as_ref().and_then(|rule| policy.get(&rule.name).and_then(|choice| rule.when.get(choice)).copied());
    match wanted {
        Some(expect) if case.expect == Expect::Either => Some(Case { expect, ..case.clone() }),
        _ => None,
    }
}

/// Judges one observation: the verdict first, then each side condition by itself.
#[must_use]
pub fn judge(case: &Case, seen: &Observation, controls: Controls) -> Vec<Finding> {
    let mut findings = vec![verdict(case, seen, controls)];
    if controls.base == Control::Accepted || seen.verdict == Verdict::Accept {
        findings.extend(answer_checks(case, seen));
        findings.extend(returned_claims(case, seen));
        findings.extend(strange_claims(case, seen));
        findings.extend(side::checks(case, seen));
    }
    findings.extend(silence(case, seen));
    findings
}

/// What breaking a statement of a level comes to.
pub(super) fn broken(level: Level) -> Outcome {
    match level {
        Level::Must => Outcome::Fail,
        Level::Should | Level::Policy => Outcome::Warn,
        Level::May => Outcome::Note,
    }
}

fn verdict(case: &Case, seen: &Observation, controls: Controls) -> Finding {
    let (outcome, because) = opinion(case, seen, controls);
    Finding {
        id: Finding::id(&case.id, "verdict"),
        outcome,
        level: case.level,
        severity: case.severity,
        baseline: BaselineStatus::New,
        expected: case.expect.to_string(),
        observed: format!("{} ({})", seen.verdict, seen.because),
        because,
    }
}

/// The table of the design's chapter on judging, row by row.
fn opinion(case: &Case, seen: &Observation, controls: Controls) -> (Outcome, String) {
    let base_holds = controls.base == Control::Accepted;
    match seen.verdict {
        Verdict::Accept => return accepted(case),
        Verdict::Unreachable => return (Outcome::Inconclusive, "the target is down".into()),
        Verdict::Unsupported => return (Outcome::Skip, format!("the adapter skips it: {}", seen.because)),
        Verdict::RateLimited => {
            return (Outcome::Inconclusive, "the target asked to slow down, again after a pause".into());
        }
        // Where the good twin is not taken either, the answer says that this way of asking leads nowhere.
        Verdict::OddAnswer if base_holds && controls.feature != Control::Accepted => {
            return (Outcome::Skip, format!("the target does not take {} ({})", feature(case), seen.because));
        }
        Verdict::OddAnswer => {
            let because = format!("{}; the target file's accept and reject words do not cover it", seen.because);
            return (Outcome::Inconclusive, because);
        }
        _ => {}
    }
    if !base_holds {
        let because = if seen.verdict.is_broken() {
            "the target did not take a good token around this either: it may be down"
        } else {
            "it refused a plain good token around this as well, so the refusal shows nothing"
        };
        return (Outcome::Inconclusive, because.into());
    }
    match (case.expect, seen.verdict) {
        // The good twin is not taken either: the way of asking did it, not the defect.
        (Expect::Reject | Expect::Either, Verdict::ServerError) if controls.feature != Control::Accepted => {
            (Outcome::Skip, format!("the target does not take {} ({})", feature(case), seen.because))
        }
        (_, Verdict::ServerError) => match case.expect {
            Expect::Accept => (broken(case.level), "a good token knocked it over".into()),
            _ => (Outcome::Warn, "it refused, but by falling over".into()),
        },
        (Expect::Accept, Verdict::Timeout | Verdict::Reset) => {
            (broken(case.level), format!("a good token knocked it over: {}", seen.because))
        }
        (Expect::Either, Verdict::Timeout | Verdict::Reset) => {
            (Outcome::Warn, format!("the token, not the network, did it: {}", seen.because))
        }
        (Expect::Reject, Verdict::Timeout | Verdict::Reset) => {
            (broken(case.level), format!("the token, not the network, did it: {}", seen.because))
        }
        (Expect::Accept, _) => (broken(case.level), format!("a good token was refused: {}", seen.because)),
        (_, _) if controls.feature != Control::Accepted => {
            (Outcome::Skip, format!("the target does not take {}", feature(case)))
        }
        (Expect::Reject, Verdict::Refused) | (Expect::Either, Verdict::Refused) => {
            (Outcome::Note, format!("turned away before the token was judged: {}", seen.because))
        }
        (Expect::Reject, _) => (Outcome::Pass, format!("refused ({}), and its good twin was accepted", seen.because)),
        (Expect::Either, _) => (Outcome::Note, format!("refused ({}); the standards allow both", seen.because)),
    }
}

fn accepted(case: &Case) -> (Outcome, String) {
    match case.expect {
        Expect::Accept => (Outcome::Pass, "accepted, as it must be".into()),
        Expect::Either => (Outcome::Note, "accepted; the standards allow both".into()),
        Expect::Reject => (broken(case.level), "the target accepted it".into()),
    }
}

/// What the twin has that a plain good token has not, in a few words.
fn feature(case: &Case) -> String {
    let given = &case.given;
    let mut parts = Vec::new();
    if let Some(sign) = &given.sign {
        parts.push(format!("tokens signed by the key {:?}", sign.key));
    }
    if !given.header.is_empty() || !given.drop_header.is_empty() {
        parts.push("this header".to_owned());
    }
    if !given.claims.is_empty() || !given.drop.is_empty() {
        parts.push("these claims".to_owned());
    }
    if !given.mutate.is_empty() {
        parts.push("this shape of good token".to_owned());
    }
    if given.encrypt.is_some() {
        parts.push("tokens encrypted like this".to_owned());
    }
    if given.present.is_some() {
        parts.push("a good token shown in this way".to_owned());
    }
    if parts.is_empty() && case.keyset.is_some() {
        return "good tokens while this key set is served".to_owned();
    }
    if parts.is_empty() { "the good twin".to_owned() } else { parts.join(" with ") }
}

pub(super) fn finding(
    case: &Case,
    check: &str,
    level: Level,
    holds: bool,
    expected: String,
    observed: String,
) -> Finding {
    let because = if holds { "as wanted" } else { "not as wanted" }.to_owned();
    let outcome = if holds { Outcome::Pass } else { broken(level) };
    finding_of(case, check, level, outcome, [expected, observed, because])
}

/// A finding with all its words. What weighs as much as the case itself has its severity.
pub(super) fn finding_of(
    case: &Case,
    check: &str,
    level: Level,
    outcome: Outcome,
    [expected, observed, because]: [String; 3],
) -> Finding {
    const WEIGHTY: [&str; 8] =
        ["untouched", "returns", "never-returns", "latency", "memory", "health", "steady", "measured"];
    Finding {
        id: Finding::id(&case.id, check),
        outcome,
        level,
        severity: if WEIGHTY.contains(&check) { case.severity } else { Severity::Low },
        baseline: BaselineStatus::New,
        expected,
        observed,
        because,
    }
}

/// Status and challenge, where the verdict itself is the one wanted.
fn answer_checks(case: &Case, seen: &Observation) -> Vec<Finding> {
    let refused = matches!(seen.verdict, Verdict::Reject | Verdict::Refused);
    let as_wanted = match case.expect {
        Expect::Accept => seen.verdict == Verdict::Accept,
        Expect::Reject => refused,
        Expect::Either => !seen.verdict.is_broken(),
    };
    let Some(status) = seen.status.filter(|_| as_wanted) else { return Vec::new() };
    let mut findings = Vec::new();
    if let Some(check) = &case.also.status {
        let wanted = check.is.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
        let holds = check.is.contains(&status);
        findings.push(finding(
            case,
            "status",
            check.level,
            holds,
            format!("status {wanted}"),
            format!("status {status}"),
        ));
    }
    let bearer = seen.challenges.iter().find(|challenge| is_bearer(challenge));
    if let Some(check) = &case.also.challenge {
        let observed =
            if seen.challenges.is_empty() { "no WWW-Authenticate".into() } else { seen.challenges.join("; ") };
        let wanted = "WWW-Authenticate: Bearer".to_owned();
        findings.push(finding(case, "challenge", check.level, bearer.is_some(), wanted, observed));
    }
    if let (Some(check), Some(challenge)) = (&case.also.challenge_error, bearer) {
        let error = attribute(challenge, "error").unwrap_or_default();
        let say = |text: &str| if text.is_empty() { "no error code".to_owned() } else { format!("error=\"{text}\"") };
        let holds = error == check.is;
        findings.push(finding(case, "challenge-error", check.level, holds, say(&check.is), say(&error)));
    }
    findings
}

fn is_bearer(challenge: &str) -> bool {
    let scheme = challenge.trim_start().split([' ', ',']).next().unwrap_or_default();
    scheme.eq_ignore_ascii_case("bearer")
}

/// The value of one attribute of a challenge (RFC 9110 section 11.2), quoted or not.
fn attribute(challenge: &str, name: &str) -> Option<String> {
    let mut rest = challenge;
    while let Some(at) = rest.find(name) {
        let before = rest[..at].chars().next_back();
        let after = rest[at + name.len()..].trim_start();
        if before.is_none_or(|character| " ,\t".contains(character))
            && let Some(value) = after.strip_prefix('=')
        {
            let value = value.trim_start();
            return Some(match value.strip_prefix('"') {
                Some(quoted) => quoted.split('"').next().unwrap_or_default().to_owned(),
                None => value.split([',', ' ']).next().unwrap_or_default().to_owned(),
            });
        }
        rest = &rest[at + name.len()..];
    }
    None
}

/// Claims that came back must be the ones that a lawful reader of the signed bytes sees.
fn returned_claims(case: &Case, seen: &Observation) -> Vec<Finding> {
    let Some(claims) = seen.claims.as_ref().filter(|_| seen.verdict == Verdict::Accept) else { return Vec::new() };
    if case.returns.is_empty() {
        return Vec::new();
    }
    let shown = |names: &mut dyn Iterator<Item = (&String, Value)>| {
        names.map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>().join(", ")
    };
    let wanted = shown(&mut case.returns.iter().map(|(name, value)| (name, value.clone())));
    let got = shown(&mut case.returns.keys().map(|name| (name, claims.get(name).cloned().unwrap_or(Value::Null))));
    // Where both verdicts are lawful, reading other claims than the ones signed is the failure.
    let level = if case.expect == Expect::Either { Level::Must } else { case.level };
    vec![finding(case, "returns", level, wanted == got, wanted.clone(), got.clone())]
}

/// Claims that no lawful reader of the signed bytes sees.
fn strange_claims(case: &Case, seen: &Observation) -> Option<Finding> {
    let claims = seen.claims.as_ref().filter(|_| seen.verdict == Verdict::Accept && !case.never_returns.is_empty())?;
    let list = |members: Vec<(&String, &Value)>| {
        members.iter().map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>().join(", ")
    };
    let found: Vec<_> = case.never_returns.iter().filter(|(name, value)| claims.get(*name) == Some(*value)).collect();
    let holds = found.is_empty();
    let observed = if holds { "none of these".to_owned() } else { list(found) };
    let level = if case.expect == Expect::Either { Level::Must } else { case.level };
    let unwanted = format!("never {}", list(case.never_returns.iter().collect()));
    Some(finding(case, "never-returns", level, holds, unwanted, observed))
}

fn silence(case: &Case, seen: &Observation) -> Option<Finding> {
    if !case.untouched.contains(&WorldPart::Canary) || seen.verdict == Verdict::Unreachable {
        return None;
    }
    let calls: Vec<String> = seen
        .outbound
        .iter()
        .filter(|fetch| fetch.endpoint == Endpoint::Canary)
        .map(|fetch| format!("{} {}", fetch.method, without_nonce(&fetch.path)))
        .collect();
    let observed = if calls.is_empty() { "no request".to_owned() } else { calls.join(", ") };
    let level = case.level;
    Some(finding(case, "untouched", level, calls.is_empty(), "no request to the planted address".into(), observed))
}

/// A planted path as all variants of a case share it; the evidence has it whole.
fn without_nonce(path: &str) -> String {
    const CANARY: &str = "/canary/";
    let Some((front, rest)) = path.split_once(CANARY) else { return path.to_owned() };
    let behind = rest.find('/').map_or("", |at| &rest[at..]);
    format!("{front}{CANARY}…{behind}")
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
