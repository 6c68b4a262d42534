//! What needs a reader, from wherever it comes: checks of cases, claims of scenarios, gates of load plans, first
//! probes. Formats that list findings one by one are made of these.

use crate::model::{
    Level, Outcome, Reference, RunReport, Severity,
    chaos::{AssertionResult, Grade, ScenarioResult},
    load::{GateResult, LoadResult},
    report::{CalibrationCheck, CaseResult, Statement},
};

/// A failure, a warning or an undecided check. Its texts are as they came: some of them the target wrote.
pub(super) struct Issue<'a> {
    /// `family/name:variant#check`, `chaos/scenario#claim`, `calibration/probe`.
    pub id: String,
    /// What it breaks: the same without variant and check.
    pub rule: String,
    /// The judgement.
    pub outcome: Outcome,
    /// How bad it is.
    pub severity: Severity,
    /// How binding.
    pub level: Level,
    /// The right behaviour.
    pub title: &'a str,
    /// What was wanted.
    pub expected: &'a str,
    /// What was seen.
    pub observed: &'a str,
    /// Why the outcome is what it is.
    pub because: &'a str,
    /// Why it is known, where it is on the list of known failures.
    pub known: Option<String>,
    /// Where to read on.
    pub refs: &'a [Reference],
    /// Why it matters.
    pub why: &'a str,
    /// What to change: in a library, and in an application.
    pub fix: [&'a str; 2],
    /// Where the question is written.
    pub source: Option<(&'a str, usize)>,
}

/// All of them: probes, then cases, then scenarios and load plans, each in the order of the run.
pub(super) fn issues(report: &RunReport) -> Vec<Issue<'_>> {
    let probes = report.calibration.iter().filter(|check| needs_reader(check.outcome)).map(of_probe);
    let cases = report.cases.iter().flat_map(|case| {
        let statement = report.statements.get(&case.id.case());
        let own = case.findings.iter().filter(|finding| needs_reader(finding.outcome));
        own.map(move |finding| of_finding(report, case, finding, statement))
    });
    let claims = report.scenarios.iter().flat_map(|scenario| {
        let unplayed = scenario.assertions.is_empty() && scenario.outcome == Outcome::Inconclusive;
        let own = scenario.assertions.iter().filter(|claim| matches!(claim.outcome, Outcome::Fail | Outcome::Warn));
        let own = own.map(move |claim| of_claim(report, scenario, claim));
        unplayed.then(|| of_unplayed(report, scenario)).into_iter().chain(own)
    });
    let gates = report.load.iter().flat_map(|plan| {
        let own = plan.gates.iter().filter(|gate| matches!(gate.outcome, Outcome::Fail | Outcome::Warn));
        own.map(move |gate| of_gate(plan, gate))
    });
    probes.chain(cases).chain(claims).chain(gates).collect()
}

fn needs_reader(outcome: Outcome) -> bool {
    outcome >= Outcome::Inconclusive
}

fn known(report: &RunReport, id: &str) -> Option<String> {
    Some(report.baseline.as_ref()?.entry_for(id)?.reason())
}

fn of_finding<'a>(
    report: &RunReport,
    case: &'a CaseResult,
    finding: &'a crate::model::Finding,
    statement: Option<&'a Statement>,
) -> Issue<'a> {
    Issue {
        id: finding.id.clone(),
        rule: case.id.case(),
        outcome: finding.outcome,
        severity: finding.severity,
        level: finding.level,
        title: statement.map_or("", |statement| &statement.title),
        expected: &finding.expected,
        observed: &finding.observed,
        because: &finding.because,
        known: known(report, &finding.id),
        refs: &case.refs,
        why: statement.map_or("", |statement| &statement.why),
        fix: statement.map_or(["", ""], |statement| [&statement.fix.library, &statement.fix.application]),
        source: Some((&case.source.file, case.source.line)),
    }
}

fn of_claim<'a>(report: &RunReport, scenario: &'a ScenarioResult, claim: &'a AssertionResult) -> Issue<'a> {
    let rule = rule_of_scenario(scenario);
    let id = format!("chaos/{}#{}", scenario.id, claim.name);
    Issue {
        known: known(report, &id),
        id,
        rule,
        outcome: claim.outcome,
        severity: if claim.outcome == Outcome::Fail { scenario.severity } else { Severity::Low },
        level: if claim.level == Grade::Must { Level::Must } else { Level::Should },
        title: &scenario.title,
        expected: &claim.expected,
        observed: &claim.observed,
        because: &claim.because,
        refs: &scenario.refs,
        why: &scenario.why,
        fix: ["", &scenario.fix],
        source: Some((&scenario.source.file, scenario.source.line)),
    }
}

fn of_unplayed<'a>(report: &RunReport, scenario: &'a ScenarioResult) -> Issue<'a> {
    let id = format!("chaos/{}#played", scenario.id);
    Issue {
        known: known(report, &id),
        id,
        rule: rule_of_scenario(scenario),
        outcome: Outcome::Inconclusive,
        severity: scenario.severity,
        level: Level::Must,
        title: &scenario.title,
        expected: "a scenario that is played",
        observed: "not played",
        because: scenario.notes.first().map_or("", String::as_str),
        refs: &scenario.refs,
        why: &scenario.why,
        fix: ["", &scenario.fix],
        source: Some((&scenario.source.file, scenario.source.line)),
    }
}

/// The scenario without the combination of its matrix.
fn rule_of_scenario(scenario: &ScenarioResult) -> String {
    let name = scenario.id.split_once(':').map_or(scenario.id.as_str(), |(name, _)| name);
    format!("chaos/{name}")
}

/// A gate of a load plan. It is about this machine, so that none is ever on the list of known failures.
fn of_gate<'a>(plan: &'a LoadResult, gate: &'a GateResult) -> Issue<'a> {
    Issue {
        id: format!("load/{}#{}", plan.id, gate.name),
        rule: format!("load/{}", plan.id),
        outcome: gate.outcome,
        severity: if gate.outcome == Outcome::Fail { plan.severity } else { Severity::Low },
        level: if gate.level == Grade::Must { Level::Must } else { Level::Should },
        title: &plan.title,
        expected: &gate.expected,
        observed: &gate.observed,
        because: &gate.because,
        known: None,
        refs: &plan.refs,
        why: &plan.why,
        fix: ["", &plan.fix],
        source: Some((&plan.source.file, plan.source.line)),
    }
}

fn of_probe(check: &CalibrationCheck) -> Issue<'_> {
    let slug: String = check
        .name
        .chars()
        .map(|character| if character.is_ascii_alphanumeric() { character.to_ascii_lowercase() } else { '-' })
        .collect();
    let slug = slug.split('-').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-");
    Issue {
        id: format!("calibration/{slug}"),
        rule: format!("calibration/{slug}"),
        outcome: check.outcome,
        severity: check.severity,
        level: if check.outcome == Outcome::Warn { Level::Should } else { Level::Must },
        title: &check.name,
        expected: "",
        observed: &check.observed,
        because: "",
        known: None,
        refs: &[],
        why: "Before any attack, good tokens must be accepted and nonsense refused: otherwise no later refusal means anything.",
        fix: ["", check.hint.as_deref().unwrap_or("")],
        source: None,
    }
}
