//! From events to a report. A log without its last line gives a report marked incomplete.

use super::baseline;
use crate::model::{
    Event, Outcome, RunReport,
    baseline::EntryStatus,
    chaos::ScenarioResult,
    load::LoadResult,
    outcome::BaselineStatus::{Known, New},
    report::{BaselineCounts, CaseResult, Counts, ReportFormat, Summary},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Collects the events of one run.
#[derive(Debug, Clone, Default)]
pub struct Recorder {
    report: Option<RunReport>,
    cases: BTreeMap<usize, Arc<CaseResult>>,
    scenarios: BTreeMap<usize, ScenarioResult>,
    load: BTreeMap<usize, LoadResult>,
}

impl Recorder {
    /// Takes in the next event.
    pub fn record(&mut self, event: &Event) {
        match event {
            Event::RunStarted { tool, run, target, plan: _, statements, families } => {
                self.report = Some(RunReport {
                    format: ReportFormat::V1,
                    complete: false,
                    stopped: None,
                    tool: tool.clone(),
                    run: run.clone(),
                    target: target.as_ref().clone(),
                    calibration: Vec::new(),
                    summary: Summary::default(),
                    statements: statements.clone(),
                    families: families.clone(),
                    cases: Vec::new(),
                    scenarios: Vec::new(),
                    load: Vec::new(),
                    log_leaks: Vec::new(),
                    baseline: None,
                    exit_code: super::ExitCode::Incomplete as u8,
                    exit_because: String::new(),
                });
            }
            Event::Calibrated { check } => {
                if let Some(report) = &mut self.report {
                    report.calibration.push(check.as_ref().clone());
                }
            }
            Event::CaseFinished { index, result } => {
                self.cases.insert(*index, Arc::clone(result));
            }
            Event::ScenarioFinished { index, result } => {
                self.scenarios.insert(*index, result.as_ref().clone());
            }
            Event::LoadFinished { index, result } => {
                self.load.insert(*index, result.as_ref().clone());
            }
            Event::Fuzzed { .. }
            | Event::LoadStarted { .. }
            | Event::LoadSecond { .. }
            | Event::LoadTried { .. }
            | Event::ScenarioStarted { .. }
            | Event::ScenarioStep { .. }
            | Event::Remark { .. } => {}
            Event::RunFinished { .. } => {
                if let Some(report) = &mut self.report {
                    close(report, event);
                }
            }
        }
    }

    /// The report so far; `None` before the first event.
    #[must_use]
    pub fn into_report(self) -> Option<RunReport> {
        let mut report = self.report?;
        report.cases = self.cases.into_values().map(Arc::unwrap_or_clone).collect();
        report.scenarios = self.scenarios.into_values().collect();
        report.load = self.load.into_values().collect();
        baseline::mark(&mut report);
        Some(report)
    }
}

/// Takes in what is known when a run ends.
pub(super) fn close(report: &mut RunReport, event: &Event) {
    if let Event::RunFinished { finished, stopped, summary: _, log_leaks, baseline, exit_code, exit_because } = event {
        report.complete = stopped.is_none();
        report.stopped.clone_from(stopped);
        report.run.finished.clone_from(finished);
        report.log_leaks.clone_from(log_leaks);
        report.baseline = baseline.as_deref().cloned();
        report.exit_code = *exit_code;
        report.exit_because.clone_from(exit_because);
    }
}

/// Counts the results of a run.
pub(super) fn count(report: &mut RunReport) {
    let mut summary = of_cases(&report.cases);
    for plan in &report.load {
        summary.load.add(plan.outcome);
    }
    for scenario in &report.scenarios {
        summary.scenarios.add(scenario.outcome);
    }
    let findings =
        report.cases.iter().flat_map(|case| &case.findings).map(|finding| (finding.outcome, finding.baseline));
    let claims = report.scenarios.iter().flat_map(|scenario| &scenario.assertions);
    let claims = claims.map(|claim| (claim.outcome, claim.baseline));
    let statuses: Vec<_> = findings.chain(claims).collect();
    let entries = |status| report.baseline.as_ref().map_or(0, |baseline| baseline.count(status));
    summary.baseline_status = BaselineCounts {
        new: statuses.iter().filter(|(outcome, status)| *outcome >= Outcome::Warn && *status == New).count(),
        known: statuses.iter().filter(|(_, status)| *status == Known).count(),
        fixed: entries(EntryStatus::Fixed),
        stale: entries(EntryStatus::Stale),
        expired: entries(EntryStatus::Expired),
    };
    report.summary = summary;
}

/// The counts over the cases of a run.
fn of_cases(cases: &[CaseResult]) -> Summary {
    let mut summary = Summary::default();
    let mut gravest: BTreeMap<String, Outcome> = BTreeMap::new();
    let mut executed = BTreeSet::new();
    for case in cases {
        summary.variants.add(case.outcome);
        if was_sent(case) {
            executed.insert(case.id.case());
            summary.sent += 1;
            summary.decided += usize::from(case.outcome != Outcome::Inconclusive);
        }
        gravest
            .entry(case.id.case())
            .and_modify(|outcome| *outcome = (*outcome).max(case.outcome))
            .or_insert(case.outcome);
        for finding in &case.findings {
            if finding.outcome >= Outcome::Warn {
                *summary.by_severity.entry(finding.severity.to_string()).or_default() += 1;
            }
        }
    }
    summary.executed = executed.len();
    summary.cases = gravest.values().fold(Counts::default(), |mut counts, outcome| {
        counts.add(*outcome);
        counts
    });
    summary
}

/// Whether a token of the variant was presented.
fn was_sent(case: &CaseResult) -> bool {
    case.token.is_some()
}
