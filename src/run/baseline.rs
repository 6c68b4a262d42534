//! A run seen against the list of known failures: what is known, what is new, and which entries are out of date.

use super::recorder;
use crate::{
    model::{
        Outcome, RunReport,
        baseline::{BaselineReport, EntryResult, EntryStatus, Section},
        outcome::BaselineStatus,
    },
    suite::{Baseline, Catalog, Entry, Pattern},
};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

/// Every id that an entry may name, whether or not it is part of a run, with its earlier names.
#[derive(Debug, Clone, Default)]
pub struct Universe(BTreeMap<String, Vec<String>>);

impl Universe {
    /// The cases of a suite, and scenarios by their ids.
    #[must_use]
    pub fn new<'a>(catalog: &Catalog, scenarios: impl IntoIterator<Item = &'a str>) -> Universe {
        let cases = catalog.stated().map(|case| (case.id.to_string(), case.earlier_ids().collect()));
        let scenarios = scenarios.into_iter().map(|id| (scenario_id(id), Vec::new()));
        Universe(cases.chain(scenarios).collect())
    }

    /// Whether a pattern names something, whatever was run.
    #[must_use]
    pub fn knows(&self, pattern: &Pattern) -> bool {
        self.0.iter().any(|(id, earlier)| pattern.names_case(id) || earlier.iter().any(|id| pattern.names_case(id)))
    }

    fn earlier(&self, id: &str) -> &[String] {
        self.0.get(id).map_or(&[], Vec::as_slice)
    }

    /// Whether a pattern names something that was not part of a run.
    fn knows_beyond(&self, covered: &BTreeSet<&str>, pattern: &Pattern) -> bool {
        let beyond = self.0.iter().filter(|(id, _)| !covered.contains(id.as_str()));
        beyond
            .into_iter()
            .any(|(id, earlier)| pattern.names_case(id) || earlier.iter().any(|id| pattern.names_case(id)))
    }
}

fn scenario_id(id: &str) -> String {
    format!("chaos/{id}")
}

/// One thing that can be known: a finding of a case, or a claim of a scenario.
struct Seen {
    id: String,
    outcome: Outcome,
}

/// Sees a run against a list: marks findings, judges entries, and counts again. Entries are judged only in a run that came
/// to its end and tested something: another one says nothing about them.
pub fn apply(report: &mut RunReport, baseline: &Baseline, universe: &Universe, today: Date) {
    let seen = seen(report);
    let ids: Vec<String> = report
        .cases
        .iter()
        .map(|case| case.id.to_string())
        .chain(report.scenarios.iter().map(|scenario| scenario_id(&scenario.id)))
        .collect();
    let covered: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
    let says_something = report.says_something();
    let mut entries = Vec::new();
    for entry in &baseline.entries {
        let mut result = match entry.section {
            Section::Known => of_known(entry, &seen, universe),
            Section::Skip => of_skip(entry, report, universe),
        };
        if result.status == EntryStatus::Stale && universe.knows_beyond(&covered, &entry.pattern) {
            result.status = EntryStatus::Untested;
        }
        if entry.until.is_some_and(|until| until < today) {
            result.status = EntryStatus::Expired;
        }
        if result.status.is_out_of_date() && !says_something {
            result.status = EntryStatus::Untested;
        }
        entries.push(result);
    }
    let unexpected_skips = unexpected(report, baseline, universe);
    report.baseline = Some(BaselineReport { file: baseline.file.clone(), entries, unexpected_skips });
    mark(report);
}

/// Marks findings by what the report's entries stand for, and counts again.
pub(super) fn mark(report: &mut RunReport) {
    let mut statuses: BTreeMap<&str, BaselineStatus> = BTreeMap::new();
    for entry in report.baseline.iter().flat_map(|baseline| &baseline.entries) {
        let status = match (entry.section, entry.status) {
            (Section::Known, EntryStatus::Known) => BaselineStatus::Known,
            (Section::Known, EntryStatus::Fixed) => BaselineStatus::Fixed,
            _ => continue,
        };
        statuses.extend(entry.matched.iter().map(|id| (id.as_str(), status)));
    }
    for finding in report.cases.iter_mut().flat_map(|case| &mut case.findings) {
        finding.baseline = statuses.get(finding.id.as_str()).copied().unwrap_or_default();
    }
    for scenario in &mut report.scenarios {
        let id = scenario_id(&scenario.id);
        for claim in &mut scenario.assertions {
            claim.baseline = statuses.get(format!("{id}#{}", claim.name).as_str()).copied().unwrap_or_default();
        }
    }
    recorder::count(report);
}

/// Everything that can be known. A scenario that was not played has one claim, `played`.
fn seen(report: &RunReport) -> Vec<Seen> {
    let findings = report.cases.iter().flat_map(|case| &case.findings);
    let findings = findings.map(|finding| Seen { id: finding.id.clone(), outcome: finding.outcome });
    let claims = report.scenarios.iter().flat_map(|scenario| {
        let id = scenario_id(&scenario.id);
        let unplayed =
            scenario.assertions.is_empty().then(|| Seen { id: format!("{id}#played"), outcome: scenario.outcome });
        let own = scenario
            .assertions
            .iter()
            .map(move |claim| Seen { id: format!("{id}#{}", claim.name), outcome: claim.outcome });
        unplayed.into_iter().chain(own)
    });
    findings.chain(claims).collect()
}

fn of_known(entry: &Entry, seen: &[Seen], universe: &Universe) -> EntryResult {
    let named: Vec<&Seen> = seen.iter().filter(|seen| names(&entry.pattern, &seen.id, universe)).collect();
    let same: Vec<&&Seen> = named.iter().filter(|seen| seen.outcome == entry.outcome).collect();
    let decided = |seen: &&&Seen| matches!(seen.outcome, Outcome::Pass | Outcome::Note);
    let (status, matched): (_, Vec<String>) = if named.is_empty() {
        (EntryStatus::Stale, Vec::new())
    } else if !same.is_empty() {
        (EntryStatus::Known, same.iter().map(|seen| seen.id.clone()).collect())
    } else if named.iter().any(|seen| seen.outcome >= Outcome::Inconclusive) || !named.iter().any(|seen| decided(&seen))
    {
        // It got worse, or another way of failing: that is new, and says nothing about what was known.
        (EntryStatus::Untested, Vec::new())
    } else {
        (EntryStatus::Fixed, named.iter().filter(decided).map(|seen| seen.id.clone()).collect())
    };
    result(entry, status, matched)
}

/// Whether a pattern names a finding by its id or by an earlier one.
fn names(pattern: &Pattern, id: &str, universe: &Universe) -> bool {
    let (case, check) = id.split_once('#').unwrap_or((id, ""));
    let earlier = universe.earlier(case).iter();
    pattern.names_finding(id) || earlier.into_iter().any(|case| pattern.names_finding(&format!("{case}#{check}")))
}

fn of_skip(entry: &Entry, report: &RunReport, universe: &Universe) -> EntryResult {
    let fits = |id: &String| names(&entry.pattern, id, universe);
    let named: Vec<(String, Outcome)> =
        report.cases.iter().map(|case| (case.id.to_string(), case.outcome)).filter(|(id, _)| fits(id)).collect();
    let skipped: Vec<String> =
        named.iter().filter(|(_, outcome)| *outcome == Outcome::Skip).map(|(id, _)| id.clone()).collect();
    let status = if named.is_empty() {
        EntryStatus::Stale
    } else if !skipped.is_empty() {
        EntryStatus::Known
    } else if named.iter().all(|(_, outcome)| *outcome == Outcome::Inconclusive) {
        EntryStatus::Untested
    } else {
        EntryStatus::Fixed
    };
    result(entry, status, skipped)
}

fn result(entry: &Entry, status: EntryStatus, matched: Vec<String>) -> EntryResult {
    EntryResult {
        section: entry.section,
        glob: entry.pattern.text().to_owned(),
        line: entry.line,
        because: entry.because.clone(),
        issue: entry.issue.clone(),
        until: entry.until.map(|until| until.to_string()),
        status,
        matched,
    }
}

/// A token was sent, and then the case was skipped: the target said nothing about it that anybody could have planned for.
fn unexpected(report: &RunReport, baseline: &Baseline, universe: &Universe) -> Vec<String> {
    let skipped = report.cases.iter().filter(|case| case.outcome == Outcome::Skip && case.token.is_some());
    let expected = |id: &str| {
        let skips = baseline.entries.iter().filter(|entry| entry.section == Section::Skip);
        skips.into_iter().any(|entry| names(&entry.pattern, id, universe))
    };
    skipped.map(|case| case.id.to_string()).filter(|id| !expected(id)).collect()
}

#[cfg(test)]
#[path = "baseline_tests.rs"]
mod tests;
