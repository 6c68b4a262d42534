//! From a case and its findings to the result that a report holds.

use crate::model::{
    Case, Finding, Outcome,
    outcome::Control,
    report::{CaseResult, Controls},
};
use std::collections::BTreeMap;

/// The result of a variant as far as its case and its findings say it: nothing sent, nothing seen.
pub(super) fn result_of(case: &Case, findings: Vec<Finding>) -> CaseResult {
    CaseResult {
        id: case.id.clone(),
        level: case.level,
        severity: case.severity,
        harm: case.harm,
        refs: case.refs.clone(),
        source: case.source.clone(),
        expected: case.expect.to_string(),
        outcome: gravest(&findings),
        token: None,
        observation: None,
        twin: None,
        before: BTreeMap::new(),
        measured: None,
        controls: Controls { base: Control::NotSent, feature: Control::NotSent },
        findings,
        reproduce: None,
    }
}

/// The outcome of a variant: its gravest finding; a skipped verdict skips the whole variant.
#[must_use]
pub fn gravest(findings: &[Finding]) -> Outcome {
    match findings.first() {
        Some(verdict) if verdict.outcome == Outcome::Skip => {
            let rest = findings[1..].iter().map(|finding| finding.outcome).max();
            rest.filter(|outcome| *outcome >= Outcome::Warn).unwrap_or(Outcome::Skip)
        }
        _ => findings.iter().map(|finding| finding.outcome).max().unwrap_or(Outcome::Skip),
    }
}
