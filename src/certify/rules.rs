//! The rules of a profile, applied to a run: pure, so that whoever has the run comes to the same, also years later.

use crate::{
    model::{
        Finding, Level, Outcome, Profile, ProfileSummary, RunReport, capability::Capability, report::CaseResult,
        target::WAIVED,
    },
    suite::Demand,
};
use std::collections::{BTreeMap, BTreeSet};

/// Names in a sentence before the rest is counted.
const NAMED: usize = 5;

/// How a case stands to a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaseStanding {
    /// At least one of its variants held, and none broke.
    Passed,
    /// A variant broke.
    Broken,
    /// The good token around it was refused, or the target was down.
    Undecided,
    /// It was not allowed to be sent.
    Withheld,
    /// It does not apply, or was turned away before the token was judged: why.
    Untested(String),
}

/// A run by the rules of a profile.
#[derive(Debug, Clone)]
pub struct Assessment {
    /// Each case that the profile names and that the run holds, by `family/name`.
    pub cases: BTreeMap<String, CaseStanding>,
    /// The counts, and whether that is enough.
    pub summary: ProfileSummary,
}

/// Applies the rules. `scenarios` is how many scenarios the profile asks for beside the cases.
#[must_use]
pub fn assess(profile: &Profile, demand: &Demand, scenarios: usize, report: &RunReport) -> Assessment {
    let mut variants: BTreeMap<String, Vec<(String, CaseStanding)>> = BTreeMap::new();
    for result in &report.cases {
        let id = result.id.to_string();
        if let Some(levels) = demand.variants.get(&id) {
            let standing = standing(result, levels);
            variants.entry(result.id.case()).or_default().push((id, standing));
        }
    }
    let present: BTreeSet<&String> = variants.values().flatten().map(|(id, _)| id).collect();
    let absent = demand.always.iter().filter(|id| !present.contains(id)).count();
    let cases: BTreeMap<String, CaseStanding> = variants
        .iter()
        .filter_map(|(name, variants)| Some((name.clone(), gravest(variants.iter().map(|(_, one)| one))?)))
        .collect();
    let of = |wanted: fn(&CaseStanding) -> bool| {
        cases.iter().filter(|(_, one)| wanted(one)).map(|(name, _)| name.as_str()).collect::<Vec<_>>()
    };
    let passed = of(|one| *one == CaseStanding::Passed);
    let broken = of(|one| *one == CaseStanding::Broken);
    let undecided = of(|one| *one == CaseStanding::Undecided);
    let withheld = of(|one| *one == CaseStanding::Withheld);
    let untested = of(|one| matches!(one, CaseStanding::Untested(_)));
    let missing = missing(profile, report);
    let mut because = Vec::new();
    let mut ask = |wrong: bool, what: String| {
        if wrong {
            because.push(what);
        }
    };
    ask(!report.complete, "the run did not finish".into());
    for check in
        report.calibration.iter().filter(|check| matches!(check.outcome, Outcome::Fail | Outcome::Inconclusive))
    {
        ask(true, format!("calibration: {}: {}", check.name, check.observed));
    }
    ask(!missing.is_empty(), format!("it requires {}, which the target does not offer", missing.join(", ")));
    for (policy, choice) in &profile.policy {
        let declared = report.target.policy.get(policy).filter(|declared| *declared != choice);
        let declared = declared.map(String::as_str).unwrap_or_default();
        ask(
            !declared.is_empty(),
            format!("it makes the choice {policy} = {choice:?}, and the target declares {declared:?}"),
        );
    }
    ask(absent > 0, format!("{absent} of {} variants that it names are not in the run", demand.always.len()));
    ask(!broken.is_empty(), format!("broken: {}", some(&broken)));
    ask(!undecided.is_empty(), format!("undecided: {}", some(&undecided)));
    ask(!withheld.is_empty(), format!("not allowed to be sent: {}", some(&withheld)));
    for (glob, members) in &demand.shown {
        let shown = members.iter().any(|name| cases.get(name) == Some(&CaseStanding::Passed));
        ask(!shown, format!("nothing was shown of {glob}"));
    }
    let summary = ProfileSummary {
        name: profile.name.clone(),
        must_total: passed.len() + broken.len() + undecided.len() + withheld.len(),
        must_pass: passed.len(),
        undecided: undecided.len() + withheld.len(),
        untested: untested.len(),
        missing,
        scenarios,
        conformant: because.is_empty(),
        because,
    };
    Assessment { cases, summary }
}

fn missing(profile: &Profile, report: &RunReport) -> Vec<String> {
    let offers = |needed: &Capability| report.target.provides.iter().any(|own| *own == needed.to_string());
    profile.requires.iter().filter(|needed| !offers(needed)).map(ToString::to_string).collect()
}

/// How one variant stands: side conditions count by their own level.
fn standing(result: &CaseResult, levels: &BTreeSet<Level>) -> CaseStanding {
    // A waiver lowers the level of a check; for a statement the verdict counts all the same, and what broke is broken.
    let verdict = Finding::id(&result.id, "verdict");
    let counts = |finding: &&Finding| levels.contains(&finding.level) || finding.id == verdict;
    let outcomes: Vec<Outcome> = result.findings.iter().filter(counts).map(|finding| finding.outcome).collect();
    let has = |outcome: Outcome| outcomes.contains(&outcome);
    let waives = |finding: &Finding| finding.level == Level::May && finding.because.contains(WAIVED);
    let is_waived = levels.contains(&Level::Should) && result.findings.iter().any(waives);
    if has(Outcome::Fail) || has(Outcome::Warn) || is_waived {
        CaseStanding::Broken
    } else if has(Outcome::Inconclusive) {
        CaseStanding::Undecided
    } else if has(Outcome::Pass) {
        CaseStanding::Passed
    } else {
        let because = result.findings.first().map_or("it was not judged", |finding| finding.because.as_str());
        if because.starts_with(&format!("is {}:", result.harm)) {
            CaseStanding::Withheld
        } else {
            CaseStanding::Untested(because.to_owned())
        }
    }
}

/// The standing of a case by those of its variants.
fn gravest<'a>(variants: impl Iterator<Item = &'a CaseStanding>) -> Option<CaseStanding> {
    let rank = |standing: &CaseStanding| match standing {
        CaseStanding::Untested(_) => 0,
        CaseStanding::Passed => 1,
        CaseStanding::Withheld => 2,
        CaseStanding::Undecided => 3,
        CaseStanding::Broken => 4,
    };
    variants.max_by_key(|standing| rank(standing)).cloned()
}

/// The first few of some names.
pub(super) fn some(names: &[&str]) -> String {
    let shown = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        rest => format!("{shown} and {rest} more"),
    }
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
