//! The variants of a run, gathered by case and the skipped ones by reason.

use super::words::READING_ORDER;
use crate::model::{
    Finding, Level, Outcome, RunReport, Severity,
    outcome::BaselineStatus,
    report::{CaseResult, Counts, Statement},
};
use std::collections::HashMap;

/// A case with its variants, in the order of the suite.
pub(super) struct Group<'a> {
    /// `family/name`.
    pub id: String,
    /// The stem of its file.
    pub family: &'a str,
    /// What it says, where the report holds it.
    pub statement: Option<&'a Statement>,
    /// Its variants.
    pub variants: Vec<&'a CaseResult>,
}

impl<'a> Group<'a> {
    /// The right behaviour; the id where the report lacks the statement.
    pub fn title(&self) -> &str {
        self.statement.map_or(&self.id, |statement| &statement.title)
    }

    /// The gravest outcome of its variants.
    pub fn outcome(&self) -> Outcome {
        self.variants.iter().map(|variant| variant.outcome).max().unwrap_or(Outcome::Skip)
    }

    /// The worst severity among the findings of its outcome.
    pub fn severity(&self) -> Severity {
        self.grave().map(|finding| finding.severity).max().unwrap_or(Severity::Info)
    }

    /// The most binding level among the findings of its outcome.
    pub fn level(&self) -> Level {
        self.grave().map(|finding| finding.level).max().unwrap_or(Level::May)
    }

    /// The findings that gave the case its outcome.
    pub fn grave(&self) -> impl Iterator<Item = &'a Finding> + '_ {
        let outcome = self.outcome();
        self.findings().filter(move |finding| finding.outcome == outcome)
    }

    /// Whether each finding that gave the case its outcome is on the list of known failures.
    pub fn is_known(&self) -> bool {
        self.grave().count() > 0 && self.grave().all(|finding| finding.baseline == BaselineStatus::Known)
    }

    /// Every judgement of every variant.
    pub fn findings(&self) -> impl Iterator<Item = &'a Finding> + '_ {
        self.variants.iter().flat_map(|variant| &variant.findings)
    }

    /// How many variants there are of each outcome.
    pub fn counts(&self) -> Counts {
        tally(self.variants.iter().map(|variant| variant.outcome))
    }
}

/// The cases of a run.
pub(super) fn by_case(report: &RunReport) -> Vec<Group<'_>> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut groups: Vec<Group<'_>> = Vec::new();
    for result in &report.cases {
        let id = result.id.case();
        let place = *places.entry(id.clone()).or_insert(groups.len());
        if place == groups.len() {
            let statement = report.statements.get(&id);
            groups.push(Group { id, family: &result.id.family, statement, variants: Vec::new() });
        }
        groups[place].variants.push(result);
    }
    groups
}

/// The cases that need a reader: failures first, then undecided ones, then warnings; within these the worst first.
pub(super) fn findings<'g, 'a>(groups: &'g [Group<'a>]) -> Vec<&'g Group<'a>> {
    let place = |outcome| READING_ORDER.iter().position(|each| *each == outcome);
    let mut grave: Vec<_> = groups.iter().filter(|group| is_finding(group.outcome())).collect();
    grave.sort_by_key(|group| (place(group.outcome()), std::cmp::Reverse(group.severity())));
    grave
}

/// Whether an outcome needs a reader.
pub(super) fn is_finding(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Fail | Outcome::Inconclusive | Outcome::Warn)
}

/// The skipped variants by reason, the most frequent first.
pub(super) fn skips<'a>(results: impl IntoIterator<Item = &'a CaseResult>) -> Vec<(&'a str, Vec<&'a CaseResult>)> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut reasons: Vec<(&str, Vec<&CaseResult>)> = Vec::new();
    for result in results.into_iter().filter(|result| result.outcome == Outcome::Skip) {
        let reason = result.findings.first().map_or("no reason given", |finding| finding.because.as_str());
        let place = *places.entry(reason).or_insert(reasons.len());
        if place == reasons.len() {
            reasons.push((reason, Vec::new()));
        }
        reasons[place].1.push(result);
    }
    reasons.sort_by_key(|(_, results)| std::cmp::Reverse(results.len()));
    reasons
}

/// Counts outcomes.
pub(super) fn tally(outcomes: impl IntoIterator<Item = Outcome>) -> Counts {
    let mut counts = Counts::default();
    outcomes.into_iter().for_each(|outcome| counts.add(outcome));
    counts
}

/// The number of one outcome.
pub(super) fn number(counts: &Counts, outcome: Outcome) -> usize {
    match outcome {
        Outcome::Pass => counts.pass,
        Outcome::Fail => counts.fail,
        Outcome::Warn => counts.warn,
        Outcome::Note => counts.note,
        Outcome::Skip => counts.skip,
        Outcome::Inconclusive => counts.inconclusive,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn variants_gather_under_their_case_and_the_worst_comes_first() {
        let report = fixture::report();
        let groups = by_case(&report);
        assert_eq!(tally(groups.iter().map(Group::outcome)), report.summary.cases);
        assert_eq!(groups.iter().map(|group| group.variants.len()).sum::<usize>(), report.cases.len());
        let order: Vec<_> = findings(&groups).iter().map(|group| (group.outcome(), group.severity())).collect();
        assert_eq!(order.first(), Some(&(Outcome::Fail, Severity::Critical)));
        let undecided = order.iter().position(|(outcome, _)| *outcome == Outcome::Inconclusive).unwrap();
        let warned = order.iter().position(|(outcome, _)| *outcome == Outcome::Warn).unwrap();
        assert!(undecided < warned);
    }

    #[test]
    fn skips_gather_under_their_reason() {
        let report = fixture::report();
        let skips = skips(&report.cases);
        assert_eq!(skips.iter().map(|(_, results)| results.len()).sum::<usize>(), report.summary.variants.skip);
        assert!(skips.windows(2).all(|pair| pair[0].1.len() >= pair[1].1.len()));
    }
}
