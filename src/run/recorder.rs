//! From events to a report. A log without its last line gives a report marked incomplete.

use crate::model::{
    Event, Outcome, RunReport,
    chaos::ScenarioResult,
    report::{CaseResult, Counts, ReportFormat, Summary},
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
                    log_leaks: Vec::new(),
                    exit_code: super::ExitCode::Incomplete as u8,
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
            Event::Fuzzed { .. }
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
        report.summary = summary(&report.cases);
        for scenario in &report.scenarios {
            report.summary.scenarios.add(scenario.outcome);
        }
        Some(report)
    }
}

/// Takes in what is known when a run ends.
pub(super) fn close(report: &mut RunReport, event: &Event) {
    if let Event::RunFinished { finished, stopped, summary: _, log_leaks, exit_code } = event {
        report.complete = stopped.is_none();
        report.stopped.clone_from(stopped);
        report.run.finished.clone_from(finished);
        report.log_leaks.clone_from(log_leaks);
        report.exit_code = *exit_code;
    }
}

/// The counts over the results of a run.
fn summary(cases: &[CaseResult]) -> Summary {
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
                summary.baseline_status.new += 1;
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
