//! Which checks came to something else.

use super::measured::{Moved, Tolerance, moved};
use crate::model::{Outcome, RunReport, Severity, chaos::ScenarioResult, outcome::BaselineStatus, report::CaseResult};
use serde::Serialize;
use std::collections::BTreeMap;

/// Two runs of the same questions, an older and a newer one.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Comparison {
    /// `comparison/1`.
    pub format: &'static str,
    /// The older run.
    pub old: Side,
    /// The newer run.
    pub new: Side,
    /// Checks that held and are broken now, or became graver.
    pub broken: Vec<Change>,
    /// The same, where the list of known failures names them.
    pub known: Vec<Change>,
    /// Checks that were broken and hold now.
    pub fixed: Vec<Change>,
    /// Checks that were decided and are undecided or skipped now: nobody looks at them any more.
    pub lost: Vec<Change>,
    /// Checks that were undecided or skipped and are decided now, and hold.
    pub gained: Vec<Change>,
    /// Checks of cases that the older run does not have, where they are broken or undecided.
    pub broken_in_new_cases: Vec<Change>,
    /// How many cases only the newer run has.
    pub new_cases: usize,
    /// Cases that only the older run has.
    pub removed_cases: Vec<String>,
    /// Measured values that moved by more than the tolerance.
    pub moved: Vec<Moved>,
    /// How many checks came to the same.
    pub unchanged: usize,
}

/// One of the runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Side {
    /// The target's name.
    pub target: String,
    /// What it is.
    pub about: String,
    /// The id of the run.
    pub run: String,
    /// When it began.
    pub started: String,
    /// The version of the harness.
    pub tool: String,
    /// The digest of the suite.
    pub suite: String,
    /// Whether it came to its end.
    pub complete: bool,
    /// Cases executed, scenarios played, and load plans run.
    pub executed: usize,
}

/// A check that came to something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Change {
    /// The finding: `family/name:variant#check`, `chaos/scenario#claim`.
    pub finding: String,
    /// The right behaviour.
    pub title: String,
    /// What it came to before; absent where it was not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Outcome>,
    /// What it comes to now.
    pub now: Outcome,
    /// How bad it is.
    pub severity: Severity,
    /// What was seen now.
    pub observed: String,
}

/// What a comparison says, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A must that held is broken.
    Worse,
    /// A should that held is broken, or a measured value got worse.
    Weaker,
    /// One of the runs did not finish.
    Incomplete,
    /// One of the runs tested nothing, or what was decided before no longer is.
    Undecided,
    /// Nothing got worse.
    Same,
}

/// What is compared of a check.
struct Seen<'a> {
    case: String,
    title: &'a str,
    outcome: Outcome,
    severity: Severity,
    observed: &'a str,
    is_known: bool,
}

impl Comparison {
    /// Compares. Values count as moved beyond `tolerance`.
    #[must_use]
    pub fn of(old: &RunReport, new: &RunReport, tolerance: Tolerance) -> Comparison {
        let (before, now) = (seen(old), seen(new));
        let (old_cases, new_cases) = (cases(old), cases(new));
        let mut comparison = Comparison {
            format: "comparison/1",
            old: Side::of(old),
            new: Side::of(new),
            broken: Vec::new(),
            known: Vec::new(),
            fixed: Vec::new(),
            lost: Vec::new(),
            gained: Vec::new(),
            broken_in_new_cases: Vec::new(),
            new_cases: new_cases.keys().filter(|case| !old_cases.contains_key(*case)).count(),
            removed_cases: old_cases
                .keys()
                .filter(|case| !new_cases.contains_key(*case))
                .map(ToString::to_string)
                .collect(),
            moved: moved(old, new, tolerance),
            unchanged: 0,
        };
        for (id, check) in &now {
            comparison.add(id, check, before.get(id), old_cases.contains_key(check.case.as_str()));
        }
        // A check that is gone while its case is there was not made any more.
        for (id, check) in
            before.iter().filter(|(id, check)| !now.contains_key(*id) && new_cases.contains_key(check.case.as_str()))
        {
            if check.outcome >= Outcome::Warn {
                comparison.lost.push(change(id, check, Some(check.outcome), Outcome::Skip));
            }
        }
        for changes in [
            &mut comparison.broken,
            &mut comparison.fixed,
            &mut comparison.lost,
            &mut comparison.known,
            &mut comparison.broken_in_new_cases,
        ] {
            changes.sort_by(|one, other| {
                (other.now, other.severity).cmp(&(one.now, one.severity)).then_with(|| one.finding.cmp(&other.finding))
            });
        }
        comparison
    }

    fn add(&mut self, id: &str, check: &Seen<'_>, before: Option<&Seen<'_>>, case_was_there: bool) {
        use Outcome::{Fail, Inconclusive, Note, Pass, Skip, Warn};
        let own = |before| change(id, check, before, check.outcome);
        let Some(was) = before.map(|before| before.outcome) else {
            match (check.outcome, case_was_there) {
                (Fail | Warn, true) if check.is_known => self.known.push(own(None)),
                // A check beside the verdict may be made only where something is wrong with it.
                (Fail | Warn, true) => self.broken.push(own(None)),
                (Fail | Warn | Inconclusive, false) => self.broken_in_new_cases.push(own(None)),
                _ => {}
            }
            return;
        };
        let list = match (was, check.outcome) {
            (was, now) if was == now => {
                self.unchanged += 1;
                return;
            }
            (Fail, Warn) | (Fail | Warn, Pass | Note) => &mut self.fixed,
            (_, Fail | Warn) if check.is_known => &mut self.known,
            (_, Fail | Warn) => &mut self.broken,
            (_, Inconclusive | Skip) => &mut self.lost,
            (Inconclusive | Skip, Pass | Note) => &mut self.gained,
            (_, Pass | Note) => {
                self.unchanged += 1;
                return;
            }
        };
        list.push(own(Some(was)));
    }

    /// What it comes to.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        if self.broken.iter().any(|change| change.now == Outcome::Fail) {
            Verdict::Worse
        } else if !self.old.complete || !self.new.complete {
            Verdict::Incomplete
        } else if self.old.executed == 0 || self.new.executed == 0 || !self.lost.is_empty() {
            Verdict::Undecided
        } else if !self.broken.is_empty() || self.moved.iter().any(|moved| moved.worse) {
            Verdict::Weaker
        } else {
            Verdict::Same
        }
    }

    /// How many cases only one of the runs has. Within one suite that is a matter of what was selected, or reached.
    #[must_use]
    pub fn apart(&self) -> String {
        let (new, old) = (self.new_cases, self.removed_cases.len());
        match self.old.suite == self.new.suite {
            true => format!("{new} cases only in the new run, {old} only in the old one; the suite is the same"),
            false => format!("{new} new cases, {old} removed"),
        }
    }

    /// The same in a few words.
    #[must_use]
    pub fn headline(&self) -> String {
        let number = |changes: &[Change]| changes.len();
        let mut parts = Vec::new();
        for (count, what) in [
            (number(&self.broken), "newly broken"),
            (number(&self.fixed), "fixed"),
            (number(&self.lost), "no longer decided"),
            (number(&self.known), "newly broken and known"),
            (number(&self.broken_in_new_cases), "broken in new cases"),
            (self.moved.len(), "measured values moved"),
        ] {
            if count > 0 {
                parts.push(format!("{count} {what}"));
            }
        }
        match parts.is_empty() {
            true => format!("no check changed; {} came to the same", self.unchanged),
            false => format!("{}; {} came to the same", parts.join(", "), self.unchanged),
        }
    }
}

impl Side {
    /// What is said of a run in the head of a comparison.
    #[must_use]
    pub fn of(report: &RunReport) -> Side {
        let played = report.scenarios.iter().filter(|scenario| !scenario.assertions.is_empty()).count();
        Side {
            target: report.target.name.clone(),
            about: report.target.about.clone(),
            run: report.run.id.clone(),
            started: report.run.started.clone(),
            tool: report.tool.version.clone(),
            suite: report.tool.suite.clone(),
            complete: report.complete,
            executed: report.summary.executed
                + played
                + report.load.iter().filter(|plan| !plan.gates.is_empty()).count(),
        }
    }
}

fn change(id: &str, check: &Seen<'_>, before: Option<Outcome>, now: Outcome) -> Change {
    Change {
        finding: id.to_owned(),
        title: check.title.to_owned(),
        before,
        now,
        severity: check.severity,
        observed: check.observed.to_owned(),
    }
}

/// Every check of a run, by the id of its finding.
fn seen(report: &RunReport) -> BTreeMap<String, Seen<'_>> {
    let of_case = |case: &CaseResult| case.id.case();
    let findings = report.cases.iter().flat_map(|case| {
        case.findings.iter().map(move |finding| {
            let title = report.statements.get(&of_case(case)).map_or("", |statement| statement.title.as_str());
            let seen = Seen {
                case: of_case(case),
                title,
                outcome: finding.outcome,
                severity: finding.severity,
                observed: &finding.observed,
                is_known: finding.baseline == BaselineStatus::Known,
            };
            (finding.id.clone(), seen)
        })
    });
    let claims = report.scenarios.iter().flat_map(|scenario| {
        scenario.assertions.iter().map(move |claim| {
            let seen = Seen {
                case: of_scenario(scenario),
                title: &scenario.title,
                outcome: claim.outcome,
                severity: scenario.severity,
                observed: &claim.observed,
                is_known: claim.baseline == BaselineStatus::Known,
            };
            (format!("chaos/{}#{}", scenario.id, claim.name), seen)
        })
    });
    let probes = report.calibration.iter().filter(|check| check.outcome >= Outcome::Inconclusive).map(|check| {
        let seen = Seen {
            case: "calibration".into(),
            title: &check.name,
            outcome: check.outcome,
            severity: check.severity,
            observed: &check.observed,
            is_known: false,
        };
        (format!("calibration/{}", check.name), seen)
    });
    let gates = report.load.iter().flat_map(|plan| {
        plan.gates.iter().map(move |gate| {
            let seen = Seen {
                case: format!("load/{}", plan.id),
                title: &plan.title,
                outcome: gate.outcome,
                severity: plan.severity,
                observed: &gate.observed,
                is_known: false,
            };
            (format!("load/{}#{}", plan.id, gate.name), seen)
        })
    });
    findings.chain(claims).chain(gates).chain(probes).collect()
}

fn of_scenario(scenario: &ScenarioResult) -> String {
    format!("chaos/{}", scenario.id)
}

/// The cases, scenarios and load plans of a run. The first probes are always there.
fn cases(report: &RunReport) -> BTreeMap<String, ()> {
    let cases = report.cases.iter().map(|case| case.id.case());
    let scenarios = report.scenarios.iter().map(of_scenario);
    let plans = report.load.iter().map(|plan| format!("load/{}", plan.id));
    cases.chain(scenarios).chain(plans).chain(["calibration".to_owned()]).map(|case| (case, ())).collect()
}
