//! Scenarios on the page: the card, the strips of each scenario, and its claims.

use super::{chart::Chart, evidence::Mark};
use crate::{
    model::{
        Outcome, RunReport,
        chaos::{AssertionResult, ScenarioResult},
    },
    report::{chaos::card, text::visible},
};
use serde::Serialize;

/// All scenarios of a run.
#[derive(Serialize)]
pub(super) struct ChaosView {
    card: Vec<String>,
    scale: Vec<(&'static str, &'static str, String)>,
    scenarios: Vec<ScenarioView>,
}

#[derive(Serialize)]
struct ScenarioView {
    anchor: String,
    id: String,
    title: String,
    why: String,
    fix: String,
    severity: String,
    mark: Mark,
    /// Whether it is unfolded: where something did not hold.
    open: bool,
    notes: Vec<String>,
    grade: &'static str,
    chart: Option<Chart>,
    claims: Vec<ClaimView>,
    source: String,
}

#[derive(Serialize)]
struct ClaimView {
    mark: Mark,
    level: String,
    name: String,
    expected: String,
    observed: String,
    n: u64,
    bound: Option<String>,
    because: String,
    offending: Vec<String>,
}

impl ChaosView {
    /// `None` where no scenario was played.
    pub fn of(report: &RunReport) -> Option<ChaosView> {
        let first = report.scenarios.first()?;
        let scale = &first.scale;
        let stale = scale.stale.map_or("not declared".to_owned(), |stale| stale.to_string());
        Some(ChaosView {
            card: card(&report.scenarios),
            scale: vec![
                ("T", "lifetime of the key set", scale.lifetime.to_string()),
                ("C", "pause between unknown keys", scale.cooldown.to_string()),
                ("H", "time limit of a fetch", scale.timeout.to_string()),
                ("S", "use beyond the lifetime", stale),
            ],
            scenarios: report
                .scenarios
                .iter()
                .enumerate()
                .map(|(place, result)| ScenarioView::of(place, result))
                .collect(),
        })
    }
}

impl ScenarioView {
    fn of(place: usize, result: &ScenarioResult) -> ScenarioView {
        ScenarioView {
            anchor: format!("scenario-{place}"),
            id: visible(&result.id),
            title: visible(&result.title),
            why: visible(&result.why),
            fix: visible(&result.fix),
            severity: result.severity.to_string(),
            mark: result.outcome.into(),
            open: result.outcome >= Outcome::Inconclusive,
            notes: result.notes.iter().filter(|note| !note.is_empty()).map(|note| visible(note)).collect(),
            grade: result.grade().map_or("", |grade| match grade {
                crate::model::chaos::Grade::Must => "meets every must",
                crate::model::chaos::Grade::Should => "meets every must and should",
                crate::model::chaos::Grade::Excellent => "meets every objective",
            }),
            chart: Chart::of(result),
            claims: result.assertions.iter().map(ClaimView::of).collect(),
            source: visible(&result.source.file),
        }
    }
}

impl ClaimView {
    fn of(claim: &AssertionResult) -> ClaimView {
        ClaimView {
            mark: claim.outcome.into(),
            level: claim.level.to_string(),
            name: visible(&claim.name),
            expected: visible(&claim.expected),
            observed: visible(&claim.observed),
            n: claim.n,
            bound: claim.at_most_percent.map(|bound| format!("with 95 % confidence at most {bound:.3} %")),
            because: visible(&claim.because),
            offending: claim
                .offending
                .iter()
                .map(|own| {
                    format!("{:.2} s {}: {}", own.at_ms as f64 / 1000.0, visible(&own.stream), visible(&own.seen))
                })
                .collect(),
        }
    }
}
