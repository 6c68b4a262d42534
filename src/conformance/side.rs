//! The opinion on what was seen beside the answer. Pure.

use super::judge::{finding, finding_of};
use crate::model::{
    Case, Finding, Level, Observation, Outcome, Severity, Verdict,
    expect::{Expect, LatencyCheck},
    side::LeakKind,
};

/// Judges each side condition that evidence was gathered for.
pub(super) fn checks(case: &Case, seen: &Observation) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(split(case, seen));
    findings.extend(time_limit(case, seen));
    findings.extend(case.also.latency.as_ref().and_then(|check| latency(case, check, seen)));
    findings.extend(memory(case, seen));
    findings.extend(steady(case, seen));
    findings.extend(echo(case, seen));
    findings.extend(health(case, seen));
    findings
}

/// Whether the target took time over the token at all.
fn answered(seen: &Observation) -> bool {
    !matches!(seen.verdict, Verdict::Reset | Verdict::Unreachable | Verdict::RateLimited)
}

/// A time, as exactly as it matters.
fn say(micros: u64) -> String {
    match micros {
        0..10_000 => format!("{}.{} ms", micros / 1000, micros % 1000 / 100),
        _ => format!("{} ms", micros / 1000),
    }
}

/// The time that counts: the median of several tries, where one was slow.
fn token_time(seen: &Observation) -> u64 {
    seen.side
        .timing
        .as_ref()
        .filter(|timing| !timing.token_us.is_empty())
        .map_or(seen.elapsed_us, |timing| timing.token_median())
}

fn time_limit(case: &Case, seen: &Observation) -> Option<Finding> {
    let limit = case.within.filter(|_| answered(seen))?;
    let time = token_time(seen);
    let holds = u128::from(time) <= limit.0.as_micros();
    Some(finding(case, "within", Level::Should, holds, format!("an answer within {limit}"), say(time)))
}

fn latency(case: &Case, check: &LatencyCheck, seen: &Observation) -> Option<Finding> {
    if !answered(seen) {
        return None;
    }
    let time = token_time(seen);
    let control = seen.side.timing.as_ref().map_or(0, |timing| timing.control_median());
    let slow = u128::from(time) > check.and_over.0.as_micros();
    let holds = !slow || time <= control.saturating_mul(u64::from(check.at_most.0));
    let expected = format!("at most {} the time of a good token, or {}", check.at_most, check.and_over);
    let observed = match &seen.side.timing {
        Some(timing) if slow => {
            let tries = timing.token_us.len();
            format!("{}, where a good token takes {} (medians of {tries})", say(time), say(control))
        }
        _ => say(time),
    };
    Some(finding(case, "latency", check.level, holds, expected, observed))
}

fn memory(case: &Case, seen: &Observation) -> Option<Finding> {
    let check = case.also.memory.as_ref().filter(|_| answered(seen))?;
    let expected = format!("memory that grows by at most {}", check.at_most);
    let Some(used) = seen.side.memory else {
        let because = "needs a target that the harness starts itself, on Linux".to_owned();
        return Some(finding_of(
            case,
            "memory",
            check.level,
            Outcome::Skip,
            [expected, "not measured".into(), because],
        ));
    };
    let holds = used.growth() <= check.at_most.0;
    let mebibytes = |bytes: u64| format!("{} MiB", bytes >> 20);
    let observed = format!("{} more than the {} before", mebibytes(used.growth()), mebibytes(used.before));
    Some(finding(case, "memory", check.level, holds, expected, observed))
}

fn steady(case: &Case, seen: &Observation) -> Option<Finding> {
    let check = case.also.steady.as_ref()?;
    let decided = |verdict: &Verdict| matches!(verdict, Verdict::Accept | Verdict::Reject);
    if !decided(&seen.verdict) || !seen.side.again.iter().all(decided) {
        return None;
    }
    let holds = seen.side.again.iter().all(|verdict| *verdict == seen.verdict);
    let all: Vec<String> = std::iter::once(&seen.verdict).chain(&seen.side.again).map(ToString::to_string).collect();
    Some(finding(case, "steady", check.level, holds, "the same verdict each time".into(), all.join(", ")))
}

fn echo(case: &Case, seen: &Observation) -> Option<Finding> {
    let check = case.also.echo.as_ref().filter(|_| !seen.response.is_empty())?;
    let leaks = &seen.side.leaks;
    let observed = match leaks.is_empty() {
        true => "nothing of the kind".to_owned(),
        false => leaks.iter().map(|leak| format!("{}: {}", leak.kind, leak.text)).collect::<Vec<_>>().join("; "),
    };
    let expected = "an answer that gives nothing away".to_owned();
    let grave = leaks.iter().any(|leak| matches!(leak.kind, LeakKind::KeyMaterial | LeakKind::FileContent));
    let mut finding = finding(case, "echo", check.level, leaks.is_empty(), expected, observed);
    finding.severity = if grave { Severity::High } else { Severity::Low };
    Some(finding)
}

fn health(case: &Case, seen: &Observation) -> Option<Finding> {
    let health = seen.side.health.as_ref().filter(|health| health.sent > 0)?;
    let level = case.also.health.as_ref().map_or(Level::Should, |check| check.level);
    let expected = "good tokens that are accepted right afterwards".to_owned();
    let lost = match &health.first_refusal {
        Some(first) => format!(", the first other answer: {first}"),
        None => String::new(),
    };
    let observed = format!("{} of {} accepted{lost}", health.accepted, health.sent);
    Some(finding(case, "health", level, !health.is_harmed(), expected, observed))
}

/// Claims that nobody signed are somebody else's identity.
fn split(case: &Case, seen: &Observation) -> Option<Finding> {
    let differs = &seen.side.unsigned;
    if differs.is_empty() || case.expect == Expect::Reject {
        return None;
    }
    let expected = "the claims that were signed".to_owned();
    let because = "the target reports claims that are not those of the token".to_owned();
    let mut finding = finding_of(case, "split", Level::Must, Outcome::Fail, [expected, differs.join("; "), because]);
    finding.severity = Severity::Critical;
    Some(finding)
}

#[cfg(test)]
#[path = "side_tests.rs"]
mod tests;
