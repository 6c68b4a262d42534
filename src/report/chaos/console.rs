//! Scenarios as lines of a terminal.

use super::card;
use crate::{
    model::{
        Outcome, RunReport,
        chaos::{AssertionResult, Grade, ScenarioResult},
    },
    report::{Paint, Role, outcome_symbol, outcome_word, text::visible},
};

/// Samples that a line names.
const NAMED: usize = 3;

/// One scenario: how it went, and what did not hold. Ends with a line end.
#[must_use]
pub fn scenario_block(result: &ScenarioResult, paint: Paint<'_>) -> String {
    let mut text = line(result, paint);
    text.push('\n');
    for note in &result.notes {
        if !note.is_empty() {
            text.push_str(&format!("    {}\n", visible(note)));
        }
    }
    for claim in result.assertions.iter().filter(|claim| claim.outcome >= Outcome::Warn) {
        text.push_str(&claim_lines(claim, paint));
    }
    if result.outcome >= Outcome::Warn && !result.fix.is_empty() {
        text.push_str(&format!("    {} {}\n", paint(Role::Label, "fix"), visible(&result.fix)));
    }
    text
}

fn claim_lines(claim: &AssertionResult, paint: Paint<'_>) -> String {
    let sign = format!("{} {}", outcome_symbol(claim.outcome), claim.level);
    let mut text = format!("    {} {}\n", paint(Role::Outcome(claim.outcome), &sign), visible(&claim.name));
    text.push_str(&format!("      {} (n = {})\n", visible(&claim.because), claim.n));
    for offender in claim.offending.iter().take(NAMED) {
        let at = format!("{:.2}s", offender.at_ms as f64 / 1000.0);
        text.push_str(&format!("      {at} {}: {}\n", visible(&offender.stream), visible(&offender.seen)));
    }
    text
}

fn line(result: &ScenarioResult, paint: Paint<'_>) -> String {
    let word = format!("{} {:<12}", outcome_symbol(result.outcome), outcome_word(result.outcome));
    let held = [Grade::Must, Grade::Should, Grade::Excellent].map(|grade| {
        let own: Vec<_> = result.assertions.iter().filter(|claim| claim.level == grade).collect();
        let passed = own.iter().filter(|claim| claim.outcome == Outcome::Pass).count();
        let decided =
            own.iter().filter(|claim| !matches!(claim.outcome, Outcome::Skip | Outcome::Inconclusive)).count();
        format!("{grade} {passed}/{decided}")
    });
    format!(
        "{} {} {}  {}",
        paint(Role::Outcome(result.outcome), &word),
        paint(Role::Name, &format!("{:<38}", visible(&result.id))),
        paint(Role::Label, &held.join("  ")),
        visible(&result.title)
    )
}

/// The scenarios of a run, and its card.
pub(in crate::report) fn scenario_lines(report: &RunReport, paint: Paint<'_>) -> String {
    let mut text = String::new();
    for result in &report.scenarios {
        text.push_str(&line(result, paint));
        text.push('\n');
    }
    let card = card(&report.scenarios);
    if !card.is_empty() {
        text.push_str(&format!("\n{}\n", paint(Role::Label, "in short")));
        for sentence in card {
            text.push_str(&format!("  {sentence}\n"));
        }
    }
    text
}
