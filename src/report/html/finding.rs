//! A case that needs a reader, as a card: all its variants at once.

use super::evidence::{Mark, VariantView, said};
use crate::{
    model::{CaseId, Finding, Outcome, Reference},
    report::{
        group::{Group, is_finding},
        text::visible,
        words::count,
    },
};
use serde::Serialize;

/// The most different lines of `expected` or `actual`.
const LINES: usize = 4;

/// A card.
#[derive(Serialize)]
pub(super) struct FindingView {
    anchor: String,
    id: String,
    title: String,
    mark: Mark,
    severity: String,
    level: String,
    known: bool,
    expected: Vec<String>,
    actual: Vec<String>,
    clauses: Vec<RefView>,
    refs: Vec<RefView>,
    why: String,
    fix_library: String,
    fix_application: String,
    variants: Vec<VariantView>,
    /// How many variants there are, and how many of them are on the card: `4 of 6 variants`.
    extent: String,
    single: bool,
}

/// A reference with its page.
#[derive(Serialize)]
struct RefView {
    text: String,
    url: Option<String>,
}

impl FindingView {
    pub fn of(group: &Group<'_>) -> Self {
        let shown: Vec<_> = group.variants.iter().filter(|variant| is_finding(variant.outcome)).collect();
        let grave = || shown.iter().flat_map(|variant| &variant.findings).filter(|finding| is_finding(finding.outcome));
        let says = |text: fn(&crate::model::report::Statement) -> &str| {
            group.statement.map_or_else(String::new, |s| visible(text(s)))
        };
        let all = group.variants.len();
        let (clauses, refs) = references(group).into_iter().partition(Reference::is_clause);
        FindingView {
            anchor: format!("finding/{}", visible(&group.id)),
            id: visible(&group.id),
            title: visible(group.title()),
            mark: group.outcome().into(),
            severity: group.severity().to_string(),
            level: group.level().to_string(),
            known: group.is_known(),
            expected: distinct(grave().map(|finding| visible(&finding.expected))),
            actual: distinct(grave().map(actual)),
            clauses: views(clauses),
            refs: views(refs),
            why: says(|s| &s.why),
            fix_library: says(|s| &s.fix.library),
            fix_application: says(|s| &s.fix.application),
            extent: match (shown.len(), all) {
                (1, 1) => String::new(),
                (some, all) if some == all => format!("all {}", count(all, "variant")),
                (some, all) => format!("{some} of {}", count(all, "variant")),
            },
            single: shown.len() == 1,
            variants: shown.into_iter().map(|variant| VariantView::of(variant)).collect(),
        }
    }
}

/// The anchor of a card, where the case has one.
pub(super) fn anchor(group: &Group<'_>) -> Option<String> {
    is_finding(group.outcome()).then(|| format!("finding/{}", visible(&group.id)))
}

fn actual(finding: &Finding) -> String {
    match finding.outcome {
        Outcome::Inconclusive => format!("undecided: {}", said(finding)),
        _ => said(finding),
    }
}

/// Each different text once, with how often it was there, the most frequent first.
fn distinct(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut counted: Vec<(String, usize)> = Vec::new();
    for text in texts {
        match counted.iter_mut().find(|(known, _)| *known == text) {
            Some((_, times)) => *times += 1,
            None => counted.push((text, 1)),
        }
    }
    counted.sort_by_key(|(_, times)| std::cmp::Reverse(*times));
    let (alone, different) = (counted.len() == 1, counted.len());
    let line = |(text, times): (String, usize)| if alone { text } else { format!("{text} ({times}×)") };
    let mut lines: Vec<_> = counted.into_iter().take(LINES).map(line).collect();
    if different > LINES {
        lines.push(format!("and {} other answers", different - LINES));
    }
    lines
}

fn references(group: &Group<'_>) -> Vec<Reference> {
    let mut references: Vec<Reference> = Vec::new();
    for reference in group.variants.iter().flat_map(|variant| &variant.refs) {
        if !references.contains(reference) {
            references.push(reference.clone());
        }
    }
    references
}

fn views(references: Vec<Reference>) -> Vec<RefView> {
    references
        .into_iter()
        .map(|it| RefView { text: visible(&it.to_string()), url: it.url().map(|url| visible(&url)) })
        .collect()
}

/// The names of some variants, few enough to read.
pub(super) fn names<'a>(ids: impl Iterator<Item = &'a CaseId>) -> Vec<String> {
    ids.map(|id| visible(&id.to_string())).collect()
}
