//! The figures of the page.

use crate::{
    model::{
        Outcome, RunReport, Severity,
        chaos::{Grade, ScenarioResult},
        report::Counts,
    },
    report::{
        Conclusion,
        chaos::card,
        group::{Group, by_case, number, tally},
    },
};
use serde::Serialize;
use std::{cmp::Reverse, collections::BTreeMap};

/// The most cases that a cell names.
const CASES: usize = 12;
/// The most characters of what was seen.
const SEEN: usize = 140;

/// Targets by families, and targets by scenarios.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Matrix {
    /// `matrix/1`.
    pub format: &'static str,
    /// Versions of the harness that ran.
    pub tools: Vec<String>,
    /// Digests of the suites that were asked; more than one makes rows incomparable.
    pub suites: Vec<String>,
    /// The first day and the last, RFC 3339.
    pub from: String,
    /// The last run's beginning.
    pub to: String,
    /// The families, in the order of their names.
    pub families: Vec<Column>,
    /// The scenarios, in the order of their names.
    pub scenarios: Vec<Column>,
    /// The targets, in the order of their names.
    pub targets: Vec<Row>,
    /// What the cases say that a cell names.
    pub titles: BTreeMap<String, String>,
}

/// A family or a scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it is about.
    pub title: String,
}

/// A target.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Row {
    /// Its name.
    pub name: String,
    /// What it is.
    pub about: String,
    /// The runs that it is made of.
    pub runs: Vec<String>,
    /// What its runs come to, in a sentence each.
    pub conclusions: Vec<String>,
    /// Whether each of its runs came to its end.
    pub complete: bool,
    /// By family; absent where nothing of it was asked.
    pub families: BTreeMap<String, Cell>,
    /// By scenario; absent where it was not asked.
    pub scenarios: BTreeMap<String, ChaosCell>,
    /// What operators want to say aloud.
    pub in_short: Vec<String>,
}

/// What a target did in a family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Cell {
    /// The gravest outcome that needs a reader; otherwise `pass`, or `skip` where nothing applied.
    pub outcome: Outcome,
    /// Cases of each outcome.
    pub counts: Counts,
    /// The worst severity among the cases of its outcome.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worst: Option<Severity>,
    /// The cases that did not hold or were not decided, the worst first.
    pub cases: Vec<Broken>,
    /// How many more there are.
    #[serde(skip_serializing_if = "is_zero")]
    pub more: usize,
}

/// A case that did not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Broken {
    /// `family/name`, or a claim.
    pub id: String,
    /// What it came to.
    pub outcome: Outcome,
    /// How bad.
    pub severity: Severity,
    /// Variants that came to it, and all of them.
    pub variants: (usize, usize),
    /// What was seen.
    pub seen: String,
    /// Whether it is on the list of known failures.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub known: bool,
}

/// What a target did in a scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ChaosCell {
    /// The gravest outcome of its claims, over all combinations of its matrix.
    pub outcome: Outcome,
    /// The best grade of which all claims hold, over all combinations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grade: Option<Grade>,
    /// The claims that did not hold.
    pub claims: Vec<Broken>,
    /// How many more there are.
    #[serde(skip_serializing_if = "is_zero")]
    pub more: usize,
    /// Why it was not played, where it was not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Matrix {
    /// Gathers runs. Of several runs of a target, the latest one of cases and the latest one of each scenario count.
    #[must_use]
    pub fn of(reports: &[RunReport]) -> Matrix {
        let mut by_time: Vec<&RunReport> = reports.iter().collect();
        by_time.sort_by(|one, other| one.run.started.cmp(&other.run.started));
        let mut matrix = Matrix {
            format: "matrix/1",
            tools: sorted(by_time.iter().map(|report| report.tool.version.clone())),
            suites: sorted(by_time.iter().map(|report| report.tool.suite.clone())),
            from: by_time.first().map_or_else(String::new, |report| report.run.started.clone()),
            to: by_time.last().map_or_else(String::new, |report| report.run.started.clone()),
            families: Vec::new(),
            scenarios: Vec::new(),
            targets: Vec::new(),
            titles: BTreeMap::new(),
        };
        let (mut families, mut scenarios) = (BTreeMap::new(), BTreeMap::new());
        let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
        for report in by_time {
            for (name, family) in &report.families {
                families.insert(name.clone(), family.title.clone());
            }
            for scenario in &report.scenarios {
                scenarios.entry(base(&scenario.id).to_owned()).or_insert_with(|| scenario.title.clone());
            }
            let row = rows.entry(&report.target.name).or_insert_with(|| Row::new(report));
            row.take(report, &mut matrix.titles);
        }
        let columns =
            |all: BTreeMap<String, String>| all.into_iter().map(|(name, title)| Column { name, title }).collect();
        matrix.families = columns(families);
        matrix.scenarios = columns(scenarios);
        matrix.targets = rows.into_values().collect();
        matrix
    }
}

fn sorted(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut texts: Vec<String> = texts.collect();
    texts.sort();
    texts.dedup();
    texts
}

/// A scenario without the combination of its matrix.
fn base(id: &str) -> &str {
    id.split_once(':').map_or(id, |(base, _)| base)
}

impl Row {
    fn new(report: &RunReport) -> Row {
        Row {
            name: report.target.name.clone(),
            about: report.target.about.clone(),
            runs: Vec::new(),
            conclusions: Vec::new(),
            complete: true,
            families: BTreeMap::new(),
            scenarios: BTreeMap::new(),
            in_short: Vec::new(),
        }
    }

    fn take(&mut self, report: &RunReport, titles: &mut BTreeMap<String, String>) {
        self.runs.push(report.run.id.clone());
        self.conclusions.push(Conclusion::of(report).sentence());
        self.complete &= report.complete;
        let groups = by_case(report);
        let mut families: BTreeMap<&str, Vec<&Group<'_>>> = BTreeMap::new();
        for group in &groups {
            families.entry(group.family).or_default().push(group);
        }
        for (family, groups) in families {
            let cell = Cell::of(&groups);
            for broken in &cell.cases {
                if let Some(group) = groups.iter().find(|group| group.id == broken.id) {
                    titles.insert(broken.id.clone(), group.title().to_owned());
                }
            }
            self.families.insert(family.to_owned(), cell);
        }
        let mut scenarios: BTreeMap<&str, Vec<&ScenarioResult>> = BTreeMap::new();
        for scenario in &report.scenarios {
            scenarios.entry(base(&scenario.id)).or_default().push(scenario);
        }
        for (name, combinations) in scenarios {
            self.scenarios.insert(name.to_owned(), ChaosCell::of(&combinations));
        }
        if !report.scenarios.is_empty() {
            self.in_short = card(&report.scenarios);
        }
    }
}

impl Cell {
    fn of(groups: &[&Group<'_>]) -> Cell {
        let counts = tally(groups.iter().map(|group| group.outcome()));
        let first = [Outcome::Fail, Outcome::Inconclusive, Outcome::Warn, Outcome::Pass, Outcome::Note];
        let outcome = first.into_iter().find(|outcome| number(&counts, *outcome) > 0).unwrap_or(Outcome::Skip);
        let mut broken: Vec<Broken> = groups
            .iter()
            .filter(|group| group.outcome() >= Outcome::Inconclusive)
            .map(|group| of_group(group))
            .collect();
        sort(&mut broken);
        let worst = broken.iter().filter(|broken| broken.outcome == outcome).map(|broken| broken.severity).max();
        let more = broken.len().saturating_sub(CASES);
        broken.truncate(CASES);
        Cell { outcome, counts, worst, cases: broken, more }
    }
}

/// Failures before undecided ones before warnings; the worst first.
fn sort(broken: &mut [Broken]) {
    let place = |outcome: Outcome| match outcome {
        Outcome::Fail => 0,
        Outcome::Inconclusive => 1,
        _ => 2,
    };
    broken.sort_by_key(|broken| (place(broken.outcome), Reverse(broken.severity)));
}

fn of_group(group: &Group<'_>) -> Broken {
    let outcome = group.outcome();
    Broken {
        id: group.id.clone(),
        outcome,
        severity: group.severity(),
        variants: (number(&group.counts(), outcome), group.variants.len()),
        seen: group.grave().next().map_or_else(String::new, |finding| cut(&finding.observed)),
        known: group.is_known(),
    }
}

impl ChaosCell {
    fn of(combinations: &[&ScenarioResult]) -> ChaosCell {
        let outcome = combinations.iter().map(|scenario| scenario.outcome).max().unwrap_or(Outcome::Skip);
        let mut claims: BTreeMap<(&str, Outcome), Broken> = BTreeMap::new();
        for scenario in combinations {
            for claim in scenario.assertions.iter().filter(|claim| claim.outcome >= Outcome::Warn) {
                let broken = claims.entry((&claim.name, claim.outcome)).or_insert_with(|| Broken {
                    id: claim.name.clone(),
                    outcome: claim.outcome,
                    severity: scenario.severity,
                    variants: (0, combinations.len()),
                    seen: cut(&claim.observed),
                    known: claim.baseline == crate::model::outcome::BaselineStatus::Known,
                });
                broken.variants.0 += 1;
            }
        }
        let mut claims: Vec<Broken> = claims.into_values().collect();
        sort(&mut claims);
        let more = claims.len().saturating_sub(CASES);
        claims.truncate(CASES);
        let played: Vec<_> = combinations.iter().filter(|scenario| !scenario.assertions.is_empty()).collect();
        let grades: Vec<Option<Grade>> = played.iter().map(|scenario| scenario.grade()).collect();
        let least = |grade: &Grade| match grade {
            Grade::Must => 0,
            Grade::Should => 1,
            Grade::Excellent => 2,
        };
        let grade = if grades.contains(&None) { None } else { grades.into_iter().flatten().min_by_key(least) };
        let notes = match played.is_empty() {
            true => combinations.iter().flat_map(|scenario| &scenario.notes).take(1).map(|note| cut(note)).collect(),
            false => Vec::new(),
        };
        ChaosCell { outcome, grade, claims, more, notes }
    }
}

fn cut(text: &str) -> String {
    let short: String = text.chars().take(SEEN).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}
