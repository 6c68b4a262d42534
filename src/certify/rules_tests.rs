use super::*;
use crate::{
    model::{
        CaseId, Finding, Harm, Severity,
        case::Source,
        outcome::{BaselineStatus, Control},
        report::{CalibrationCheck, Controls, Counts, Host, ReportFormat, RunInfo, Summary, TargetInfo, Tool},
    },
    suite::Catalog,
};

fn profile() -> Profile {
    let mut profile = Catalog::load(None).unwrap().profiles["baseline"].clone();
    profile.requires = [Capability::ObserveOutbound].into();
    profile.policy = [("padding".to_owned(), "reject".to_owned())].into();
    profile
}

/// Three variants of two cases of one glob.
fn demand() -> Demand {
    let ids = ["f/a:x", "f/a:y", "f/b"].map(str::to_owned);
    let cases: BTreeSet<String> = ["f/a".to_owned(), "f/b".to_owned()].into();
    Demand {
        variants: ids.iter().map(|id| (id.clone(), [Level::Must].into())).collect(),
        always: ids.into(),
        cases: cases.clone(),
        shown: vec![("f/*".to_owned(), cases)],
    }
}

fn result(id: &str, outcome: Outcome, because: &str) -> CaseResult {
    let id: CaseId = id.parse().unwrap();
    let finding = Finding {
        id: Finding::id(&id, "verdict"),
        outcome,
        level: Level::Must,
        severity: Severity::High,
        baseline: BaselineStatus::Known,
        expected: "reject".into(),
        observed: "seen".into(),
        because: because.into(),
    };
    CaseResult {
        id,
        level: Level::Must,
        severity: Severity::High,
        harm: Harm::Intrusive,
        refs: Vec::new(),
        source: Source { file: "f.toml".into(), line: 1 },
        expected: "reject".into(),
        outcome,
        token: None,
        observation: None,
        twin: None,
        before: BTreeMap::new(),
        measured: None,
        controls: Controls { base: Control::Accepted, feature: Control::Accepted },
        findings: vec![finding],
        reproduce: None,
    }
}

fn report(outcomes: [Outcome; 3]) -> RunReport {
    RunReport {
        format: ReportFormat::V1,
        complete: true,
        stopped: None,
        tool: Tool { name: "gauntlet".into(), version: "1".into(), suite: "sha256:0".into() },
        run: RunInfo {
            id: "r".into(),
            started: String::new(),
            finished: String::new(),
            seed: 1,
            args: Vec::new(),
            host: Host { os: "linux".into(), cpus: 1 },
        },
        target: TargetInfo {
            name: "t".into(),
            about: String::new(),
            transport: "bearer".into(),
            address: String::new(),
            file: None,
            provides: vec!["observe:outbound".into()],
            lacks: Vec::new(),
            policy: [("padding".to_owned(), "reject".to_owned())].into(),
            promoted: Vec::new(),
            waived: Vec::new(),
        },
        calibration: Vec::new(),
        summary: Summary { cases: Counts::default(), ..Summary::default() },
        statements: BTreeMap::new(),
        families: BTreeMap::new(),
        cases: ["f/a:x", "f/a:y", "f/b"]
            .into_iter()
            .zip(outcomes)
            .map(|(id, outcome)| result(id, outcome, "the reason"))
            .collect(),
        scenarios: Vec::new(),
        load: Vec::new(),
        log_leaks: Vec::new(),
        baseline: None,
        exit_code: 0,
        exit_because: String::new(),
    }
}

fn because(report: &RunReport) -> Vec<String> {
    assess(&profile(), &demand(), 0, report).summary.because
}

#[test]
fn what_held_and_what_does_not_apply_conform() {
    let report = report([Outcome::Pass, Outcome::Skip, Outcome::Note]);
    let assessed = assess(&profile(), &demand(), 2, &report);
    assert_eq!(assessed.cases["f/a"], CaseStanding::Passed);
    assert_eq!(assessed.cases["f/b"], CaseStanding::Untested("the reason".into()));
    let ProfileSummary { must_total, must_pass, undecided, untested, scenarios, conformant, .. } = assessed.summary;
    assert_eq!((must_total, must_pass, undecided, untested, scenarios, conformant), (1, 1, 0, 1, 2, true));
}

#[test]
fn a_broken_an_undecided_and_a_withheld_case_do_not() {
    use Outcome::{Fail, Inconclusive, Pass, Skip};
    // Also where a baseline lists the failure.
    assert_eq!(because(&report([Pass, Fail, Pass])), ["broken: f/a"]);
    assert_eq!(because(&report([Pass, Pass, Inconclusive])), ["undecided: f/b"]);
    let mut withheld = report([Pass, Pass, Skip]);
    withheld.cases[2] = result("f/b", Skip, "is intrusive: allow it with --intrusive");
    assert_eq!(because(&withheld), ["not allowed to be sent: f/b"]);
}

#[test]
fn what_is_waived_counts_all_the_same() {
    let mut waived = report([Outcome::Pass; 3]);
    waived.cases[2] = result("f/b", Outcome::Note, "it was accepted; waived: old proxy");
    waived.cases[2].findings[0].level = Level::May;
    let demand = |level: Level| Demand { variants: [("f/b".to_owned(), [level].into())].into(), ..demand() };
    let standing = |report: &RunReport, level| assess(&profile(), &demand(level), 0, report).cases["f/b"].clone();
    assert_eq!(standing(&waived, Level::Should), CaseStanding::Broken);
    assert!(matches!(standing(&waived, Level::Must), CaseStanding::Untested(_)));
    waived.cases[2] = result("f/b", Outcome::Pass, "it was refused");
    waived.cases[2].findings[0].level = Level::May;
    assert_eq!(standing(&waived, Level::Should), CaseStanding::Passed);
}

#[test]
fn nobody_conforms_by_leaving_things_out() {
    use Outcome::{Pass, Skip};
    assert_eq!(because(&report([Skip; 3])), ["nothing was shown of f/*"]);
    let mut short = report([Pass; 3]);
    short.cases.pop();
    assert_eq!(because(&short), ["1 of 3 variants that it names are not in the run"]);
    let mut stopped = report([Pass; 3]);
    stopped.complete = false;
    assert_eq!(because(&stopped), ["the run did not finish"]);
    let mut blind = report([Pass; 3]);
    blind.target.provides.clear();
    assert_eq!(because(&blind), ["it requires observe:outbound, which the target does not offer"]);
    let mut lenient = report([Pass; 3]);
    lenient.target.policy.insert("padding".into(), "accept".into());
    assert_eq!(because(&lenient), ["it makes the choice padding = \"reject\", and the target declares \"accept\""]);
    let mut open = report([Pass; 3]);
    open.calibration.push(CalibrationCheck {
        name: "garbage".into(),
        outcome: Outcome::Fail,
        severity: Severity::Critical,
        observed: "accepted".into(),
        hint: None,
        observation: None,
    });
    assert_eq!(because(&open), ["calibration: garbage: accepted"]);
}
