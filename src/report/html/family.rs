//! Families: the overview with its bars, and every case on demand.

use super::{
    evidence::{Mark, VariantView},
    finding::{anchor, names},
};
use crate::{
    model::{Outcome, RunReport, report::CaseResult, report::Counts},
    report::{
        group::{Group, number, skips, tally},
        text::visible,
        words::{READING_ORDER, count, outcome_word},
    },
};
use serde::Serialize;

/// A family in the overview.
#[derive(Serialize)]
pub(super) struct FamilyView {
    title: String,
    anchor: String,
    /// Cases of each outcome, in reading order.
    counts: Vec<CountView>,
    bars: Vec<BarView>,
    /// `2 fail, 3 pass`.
    words: String,
}

/// A family with all its cases: most of the page.
#[derive(Serialize)]
pub(super) struct FamilyCases {
    title: String,
    about: String,
    anchor: String,
    words: String,
    cases: Vec<CaseView>,
    skips: Vec<SkipView>,
}

/// How many of an outcome.
#[derive(Serialize)]
pub(super) struct CountView {
    pub mark: Mark,
    pub number: usize,
}

/// One stretch of a bar, in percent of its width.
#[derive(Serialize)]
struct BarView {
    class: &'static str,
    x: f64,
    width: f64,
}

#[derive(Serialize)]
struct CaseView {
    id: String,
    title: String,
    mark: Mark,
    /// What the target did, where it is worth a line.
    line: String,
    words: String,
    finding: Option<String>,
    variants: Vec<VariantView>,
}

/// A reason why something was not tested.
#[derive(Serialize)]
pub(super) struct SkipView {
    reason: String,
    extent: String,
    ids: Vec<String>,
}

/// The families in the order of the suite.
pub(super) fn families<'a>(groups: &[Group<'a>]) -> Vec<&'a str> {
    let mut order: Vec<&str> = Vec::new();
    for group in groups {
        if !order.contains(&group.family) {
            order.push(group.family);
        }
    }
    order
}

fn inside<'a>(family: &str, groups: &'a [Group<'a>]) -> Vec<&'a Group<'a>> {
    groups.iter().filter(|group| group.family == family).collect()
}

fn title_of(report: &RunReport, family: &str) -> String {
    report.families.get(family).map_or_else(|| visible(family), |info| visible(&info.title))
}

fn anchor_of(family: &str) -> String {
    format!("family/{}", visible(family))
}

impl FamilyView {
    pub fn of(report: &RunReport, family: &str, groups: &[Group<'_>]) -> Self {
        let totals = tally(inside(family, groups).iter().map(|group| group.outcome()));
        FamilyView {
            title: title_of(report, family),
            anchor: anchor_of(family),
            counts: counts(&totals),
            bars: bars(&totals),
            words: words(&totals),
        }
    }
}

impl FamilyCases {
    pub fn of(report: &RunReport, family: &str, groups: &[Group<'_>]) -> Self {
        let inside = inside(family, groups);
        FamilyCases {
            title: title_of(report, family),
            about: report.families.get(family).map_or_else(String::new, |info| visible(&info.about)),
            anchor: anchor_of(family),
            words: words(&tally(inside.iter().map(|group| group.outcome()))),
            cases: inside
                .iter()
                .filter(|group| group.outcome() != Outcome::Skip)
                .map(|group| CaseView::of(group))
                .collect(),
            skips: reasons(inside.iter().flat_map(|group| group.variants.iter().copied())),
        }
    }
}

impl CaseView {
    fn of(group: &Group<'_>) -> Self {
        let outcome = group.outcome();
        // The card shows these already.
        let here = |variant: &&&CaseResult| {
            variant.outcome != Outcome::Skip && !crate::report::group::is_finding(variant.outcome)
        };
        CaseView {
            id: visible(&group.id),
            title: visible(group.title()),
            mark: outcome.into(),
            line: match outcome {
                Outcome::Note => group.grave().next().map_or_else(String::new, super::evidence::said),
                _ => String::new(),
            },
            words: if group.variants.len() > 1 { words(&group.counts()) } else { String::new() },
            finding: anchor(group),
            variants: group.variants.iter().filter(here).map(|variant| VariantView::of(variant)).collect(),
        }
    }
}

/// All six, in reading order.
pub(super) fn counts(totals: &Counts) -> Vec<CountView> {
    READING_ORDER.map(|outcome| CountView { mark: outcome.into(), number: number(totals, outcome) }).into()
}

/// What was skipped, by reason.
pub(super) fn reasons<'a>(results: impl IntoIterator<Item = &'a CaseResult>) -> Vec<SkipView> {
    let view = |(reason, results): (&str, Vec<&CaseResult>)| SkipView {
        reason: visible(reason),
        extent: count(results.len(), "variant"),
        ids: names(results.iter().map(|result| &result.id)),
    };
    skips(results).into_iter().map(view).collect()
}

fn bars(totals: &Counts) -> Vec<BarView> {
    let order = [Outcome::Fail, Outcome::Inconclusive, Outcome::Warn, Outcome::Pass, Outcome::Note, Outcome::Skip];
    let share = |part: usize| {
        // A tenth of a percent is finer than a screen shows.
        (part as f64 / totals.total().max(1) as f64 * 1_000.0).round() / 10.0
    };
    let mut before = 0;
    let mut bars = Vec::new();
    for outcome in order {
        let some = number(totals, outcome);
        if some > 0 {
            bars.push(BarView { class: outcome_word(outcome), x: share(before), width: share(some) });
        }
        before += some;
    }
    bars
}

fn words(totals: &Counts) -> String {
    let some = READING_ORDER.iter().map(|outcome| (number(totals, *outcome), outcome_word(*outcome)));
    some.filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{number} {word}"))
        .collect::<Vec<_>>()
        .join(", ")
}
