//! What the process answers its caller. Public: only grows within a major version.

use crate::model::{Level, Outcome, RunReport};

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

/// The code of a run that came to its end.
pub(super) fn of_finished(report: &RunReport, fail_on: FailOn) -> ExitCode {
    let found = report.calibration.iter().any(|check| fail_on.includes(check.outcome))
        || report.cases.iter().flat_map(|case| &case.findings).any(|finding| fail_on.includes(finding.outcome))
        || report.scenarios.iter().flat_map(|played| &played.assertions).any(|claim| fail_on.includes(claim.outcome));
    let untestable = report.calibration.iter().any(|check| check.outcome == Outcome::Inconclusive);
    let undecided = report
        .cases
        .iter()
        .flat_map(|case| &case.findings)
        .any(|finding| finding.outcome == Outcome::Inconclusive && finding.level == Level::Must);
    // A scenario that could not be played says nothing, and a run of such scenarios tested nothing.
    let unplayed = report.scenarios.iter().any(|scenario| scenario.outcome == Outcome::Inconclusive);
    let played = report.scenarios.iter().any(|scenario| !scenario.assertions.is_empty());
    if found {
        ExitCode::Failed
    } else if untestable || undecided || unplayed || (report.summary.executed == 0 && !played) {
        ExitCode::NotTestable
    } else {
        match &report.summary.profile {
            // What broke counts by the levels of the profile; what was not shown is not met either.
            Some(profile) if profile.must_pass + profile.undecided < profile.must_total => ExitCode::Failed,
            Some(profile) if !profile.conformant => ExitCode::NotTestable,
            _ => ExitCode::Ok,
        }
    }
}
