//! The runs of several workers as one.

use super::{
    exit::{self, Exit, ExitCode, FailOn},
    recorder,
};
use crate::{
    load::{MergeError, merge},
    model::RunReport,
};

/// Adds up runs of the same load plans against the same target, which went on at the same time. The sum is judged as a
/// run of its own; `args` are the arguments of the command, for the report. The machine and the seed are the first run's.
///
/// # Errors
/// They are not runs of the same thing.
pub fn merge_runs(reports: &[RunReport], args: Vec<String>, fail_on: FailOn) -> Result<RunReport, MergeError> {
    let [first, others @ ..] = reports else { return Err(MergeError::TooFew(0)) };
    if others.is_empty() {
        return Err(MergeError::TooFew(1));
    }
    if let Some(report) = reports.iter().find(|report| report.load.is_empty() || !report.cases.is_empty()) {
        return Err(MergeError::NoLoad(report.run.id.clone()));
    }
    let plans = |report: &RunReport| report.load.iter().map(|plan| plan.id.clone()).collect::<Vec<_>>();
    for other in others {
        if other.target.name != first.target.name {
            let (wanted, found) = (first.target.name.clone(), other.target.name.clone());
            return Err(MergeError::OtherTarget { wanted, found });
        }
        if plans(other) != plans(first) {
            return Err(MergeError::OtherPlans { wanted: plans(first), found: plans(other) });
        }
    }
    let mut sum = first.clone();
    sum.load = (0..first.load.len())
        .map(|place| merge(&reports.iter().map(|report| &report.load[place]).collect::<Vec<_>>()))
        .collect::<Result<_, _>>()?;
    for other in others {
        for check in &other.calibration {
            if !sum.calibration.contains(check) {
                sum.calibration.push(check.clone());
            }
        }
        sum.log_leaks.extend(other.log_leaks.iter().cloned());
        sum.run.started = sum.run.started.min(other.run.started.clone());
        sum.run.finished = sum.run.finished.max(other.run.finished.clone());
    }
    sum.run.id = format!("{}-merged", first.run.id);
    sum.run.args = args;
    sum.complete = reports.iter().all(|report| report.complete);
    sum.stopped = reports.iter().find_map(|report| report.stopped.clone());
    recorder::count(&mut sum);
    let exit = if sum.complete {
        exit::of_finished(&sum, fail_on)
    } else {
        Exit { code: ExitCode::Incomplete, because: "one of the runs did not finish".into() }
    };
    (sum.exit_code, sum.exit_because) = (exit.code as u8, exit.because);
    Ok(sum)
}
