//! What the process answers its caller. Public: only grows within a major version.

use crate::model::{Level, Outcome, RunReport, baseline::EntryStatus, chaos::Grade, outcome::BaselineStatus};

/// The exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitCode {
    /// Nothing new failed.
    Ok = 0,
    /// New failures at or above `--fail-on`.
    Failed = 1,
    /// Usage or file error; nothing ran.
    Usage = 2,
    /// Unreachable, base control refused, nothing executed, or a must case left undecided.
    NotTestable = 3,
    /// The selection matched nothing.
    NothingSelected = 4,
    /// The run did not finish; results so far are written.
    Incomplete = 5,
    /// A bug in the harness.
    Bug = 70,
    /// Stopped by Ctrl-C; results so far are written.
    Interrupted = 130,
    /// Stopped by SIGTERM; results so far are written.
    Terminated = 143,
}

/// From which outcome on a run is red.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FailOn {
    /// A must was broken.
    #[default]
    Must,
    /// A should or a declared policy was broken as well.
    Should,
}

impl FailOn {
    fn includes(self, outcome: Outcome) -> bool {
        outcome == Outcome::Fail || (self == FailOn::Should && outcome == Outcome::Warn)
    }
}

/// What the process answers its caller, and why, in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit {
    /// The code.
    pub code: ExitCode,
    /// Why: lower case, no full stop.
    pub because: String,
}

/// The answer of a run that came to its end. Nothing that leaves the target untested is green.
pub(super) fn of_finished(report: &RunReport, fail_on: FailOn) -> Exit {
    let failed = failures(report, fail_on);
    if !failed.is_empty() {
        return Exit { code: ExitCode::Failed, because: failed.join("; ") };
    }
    if let Some(because) = untested(report) {
        return Exit { code: ExitCode::NotTestable, because };
    }
    if let Some(profile) = report.summary.profile.as_ref().filter(|profile| !profile.conformant) {
        // What broke counts by the levels of the profile; what was not shown is not met either.
        let broke = profile.must_pass + profile.undecided < profile.must_total;
        let code = if broke { ExitCode::Failed } else { ExitCode::NotTestable };
        let because = profile.because.join("; ");
        return Exit { code, because: format!("the profile {} is not met: {because}", profile.name) };
    }
    let because = match report.summary.baseline_status.known {
        0 => "nothing failed".to_owned(),
        known => format!("nothing new failed; {known} on the list of known failures"),
    };
    Exit { code: ExitCode::Ok, because }
}

/// What makes a run red: new failures, and a list of known failures that is out of date.
fn failures(report: &RunReport, fail_on: FailOn) -> Vec<String> {
    let mut sentences = Vec::new();
    let probes = report.calibration.iter().filter(|check| fail_on.includes(check.outcome));
    sentences.extend(probes.map(|check| format!("{}: {}", check.name, check.observed)));
    let findings = report.cases.iter().flat_map(|case| &case.findings).map(|it| (it.outcome, it.baseline));
    let claims = report.scenarios.iter().flat_map(|played| &played.assertions).map(|it| (it.outcome, it.baseline));
    let gates = report.load.iter().flat_map(|plan| &plan.gates).map(|it| (it.outcome, BaselineStatus::New));
    let new: Vec<Outcome> = findings
        .chain(claims)
        .chain(gates)
        .filter(|(_, status)| *status != BaselineStatus::Known)
        .map(|(outcome, _)| outcome)
        .collect();
    let count = |wanted: Outcome| new.iter().filter(|outcome| **outcome == wanted).count();
    for (outcome, what) in
        [(Outcome::Fail, "of a must broken"), (Outcome::Warn, "of a should or a declared policy broken")]
    {
        let number = count(outcome);
        if number > 0 && fail_on.includes(outcome) {
            sentences.push(format!("{number} {} {what}", if number == 1 { "check" } else { "checks" }));
        }
    }
    if let Some(baseline) = &report.baseline {
        let of = |status| (status, baseline.count(status));
        let stale = [of(EntryStatus::Fixed), of(EntryStatus::Stale), of(EntryStatus::Expired)];
        let parts: Vec<String> = stale
            .iter()
            .filter(|(_, number)| *number > 0)
            .map(|(status, number)| format!("{number} {status}"))
            .collect();
        if !parts.is_empty() {
            let (parts, mend) = (parts.join(", "), baseline.mend());
            sentences.push(format!("the list of known failures is out of date ({parts}): {mend}"));
        }
    }
    sentences
}

/// Why a run without failures is no result; `None` where it is one.
fn untested(report: &RunReport) -> Option<String> {
    if let Some(check) = report.calibration.iter().find(|check| check.outcome == Outcome::Inconclusive) {
        return Some(format!("not testable: {}: {}", check.name, check.observed));
    }
    let undecided = report.cases.iter().flat_map(|case| &case.findings).filter(|finding| {
        let open = finding.outcome == Outcome::Inconclusive && finding.level == Level::Must;
        open && finding.baseline != BaselineStatus::Known
    });
    match undecided.count() {
        0 => {}
        1 => return Some("1 check of a must is undecided".into()),
        number => return Some(format!("{number} checks of a must are undecided")),
    }
    // A scenario that could not be played says nothing, and a run of such scenarios tested nothing.
    let is_known = |id: &str| report.baseline.as_ref().is_some_and(|baseline| baseline.entry_for(id).is_some());
    let unplayed = report.scenarios.iter().filter(|scenario| {
        scenario.outcome == Outcome::Inconclusive && !is_known(&format!("chaos/{}#played", scenario.id))
    });
    match unplayed.count() {
        0 => {}
        1 => return Some("1 scenario could not be decided".into()),
        number => return Some(format!("{number} scenarios could not be decided")),
    }
    match report.load.iter().filter(|plan| plan.outcome == Outcome::Inconclusive).count() {
        0 => {}
        1 => return Some("1 load plan could not be decided".into()),
        number => return Some(format!("{number} load plans could not be decided")),
    }
    let gates = report.load.iter().flat_map(|plan| &plan.gates);
    match gates.filter(|gate| gate.outcome == Outcome::Inconclusive && gate.level == Grade::Must).count() {
        0 => {}
        1 => return Some("1 gate of a must is undecided".into()),
        number => return Some(format!("{number} gates of a must are undecided")),
    }
    let played = report.scenarios.iter().any(|scenario| !scenario.assertions.is_empty())
        || report.load.iter().any(|plan| !plan.gates.is_empty());
    match report.summary.executed == 0 && !played {
        true if report.scenarios.is_empty() => {
            Some("nothing was executed: no selected case applies to this target".into())
        }
        true => Some("nothing was executed: no selected scenario applies to this target".into()),
        false => None,
    }
}
