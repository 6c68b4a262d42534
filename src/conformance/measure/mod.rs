//! Values of a target that are found by trying: how long it forgives a clock, how large a token may be.
//!
//! A value is a note. It is judged only against what the target file declares, or where the answer beyond it is wrong.

mod size;
mod time;

use super::{
    bench::Bench,
    judge::{broken, finding_of},
    plan::Planned,
};
use crate::model::{
    Case, Finding, Observation, Outcome, Severity, Verdict,
    expect::Measure,
    report::{Measurement, Unit},
};

/// A second or two between two clocks is no difference.
const SAME: u64 = 2;

/// What came of looking for a value.
#[derive(Debug, Clone, Default)]
pub(super) struct Measured {
    /// The value, where one was found.
    pub value: Option<Measurement>,
    /// Why none was found.
    pub trouble: Option<String>,
    /// The answer to the first token beyond the limit, where the answer matters.
    beyond: Option<Observation>,
}

/// Looks for a value.
pub(super) async fn measure(bench: &Bench, what: Measure, planned: &Planned) -> Measured {
    match what {
        Measure::ExpLeeway => time::leeway(bench, what, planned, time::Edge::Expiry).await,
        Measure::NbfLeeway => time::leeway(bench, what, planned, time::Edge::Start).await,
        Measure::LargestToken => size::largest(bench, what, planned).await,
    }
}

impl Measured {
    fn failed(because: impl Into<String>) -> Measured {
        Measured { trouble: Some(because.into()), ..Measured::default() }
    }

    /// The value as a note, and what is wrong with it.
    pub fn findings(&self, case: &Case) -> Vec<Finding> {
        let expected = || "a value to measure".to_owned();
        let Some(value) = &self.value else {
            let because = self.trouble.clone().unwrap_or_default();
            let said = [expected(), "no value".to_owned(), because];
            return vec![finding_of(case, "verdict", case.level, Outcome::Inconclusive, said)];
        };
        let because = format!("{} tokens; {}", value.probes, value.about);
        let note = finding_of(case, "verdict", case.level, Outcome::Note, [expected(), value.say(), because]);
        let mut findings = vec![Finding { severity: Severity::Info, ..note }];
        findings.extend(against_declared(case, value));
        findings.extend(self.beyond.as_ref().map(|seen| beyond(case, seen)));
        findings
    }
}

/// A value that is not the declared one.
fn against_declared(case: &Case, measured: &Measurement) -> Option<Finding> {
    let declared = measured.declared?;
    let holds = measured.value.is_some_and(|value| value.abs_diff(declared) <= SAME);
    let outcome = if holds { Outcome::Pass } else { broken(case.level) };
    let because = match measured.value {
        _ if holds => "as the target file declares".to_owned(),
        Some(value) if value < declared => "it forgives less than the target file declares".to_owned(),
        Some(_) => "it forgives more than the target file declares".to_owned(),
        None => "it does not look at this time at all, or forgives a day".to_owned(),
    };
    let expected = format!("{}, as declared", measured.unit.say(declared));
    let finding = finding_of(case, "measured", case.level, outcome, [expected, measured.say(), because]);
    Some(Finding { severity: severity(measured), ..finding })
}

/// How bad too long a grace is: an expiry that never comes is worse than a start that never waits.
fn severity(measured: &Measurement) -> Severity {
    match (measured.value, measured.name) {
        (None, Measure::ExpLeeway) => Severity::Critical,
        (None, _) | (Some(301..), _) => Severity::Medium,
        (Some(_), _) => Severity::Low,
    }
}

/// Beyond the limit a request is turned away with an answer that says so (RFC 6585 section 5, RFC 9110 section 15.5).
fn beyond(case: &Case, seen: &Observation) -> Finding {
    let holds = matches!(seen.verdict, Verdict::Reject | Verdict::Refused);
    let outcome = if holds { Outcome::Pass } else { broken(case.level) };
    let because =
        if holds { "turned away in good order" } else { "a token that is too large is no error of the server" };
    let observed = format!("{} ({})", seen.verdict, seen.because);
    let said = ["a token beyond the limit that is turned away with 4xx".to_owned(), observed, because.to_owned()];
    Finding { severity: case.severity, ..finding_of(case, "beyond", case.level, outcome, said) }
}

/// A measurement with its fixed parts.
fn measurement(name: Measure, unit: Unit, value: Option<u64>, searched_to: u64, probes: u32) -> Measurement {
    Measurement { name, value, unit, searched_to, declared: None, probes, about: String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leeway(value: Option<u64>, declared: u64) -> Measurement {
        Measurement { declared: Some(declared), ..measurement(Measure::ExpLeeway, Unit::Seconds, value, 86_400, 20) }
    }

    #[test]
    fn too_long_a_grace_is_as_bad_as_it_is_long() {
        assert_eq!(severity(&leeway(Some(61), 0)), Severity::Low);
        assert_eq!(severity(&leeway(Some(301), 0)), Severity::Medium);
        assert_eq!(severity(&leeway(None, 0)), Severity::Critical);
        let start = Measurement { name: Measure::NbfLeeway, ..leeway(None, 0) };
        assert_eq!(severity(&start), Severity::Medium);
    }

    #[test]
    fn values_are_said_with_their_unit() {
        assert_eq!(leeway(Some(60), 0).say(), "60 s");
        assert_eq!(leeway(None, 0).say(), "no limit up to 86400 s");
        assert_eq!(measurement(Measure::LargestToken, Unit::Bytes, Some(15_900), 65_536, 8).say(), "15.5 KiB");
    }
}
