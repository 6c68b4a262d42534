use super::*;
use crate::{
    model::chaos::ScenarioResult,
    run::exit::{ExitCode, FailOn, of_finished},
    suite::baseline_from,
};

/// Sixteen cases with every outcome, of which nothing is known yet.
fn report() -> RunReport {
    let mut report: RunReport = serde_json::from_str(include_str!("../../tests/fixtures/run.json")).unwrap();
    mark(&mut report);
    report
}

/// A scenario with a broken must and a missed objective.
fn scenario() -> ScenarioResult {
    serde_json::from_str(include_str!("../../tests/fixtures/scenario.json")).unwrap()
}

fn universe(report: &RunReport, more: &[&str]) -> Universe {
    let ids = report.cases.iter().map(|case| case.id.to_string()).chain(more.iter().map(|id| (*id).to_owned()));
    Universe(ids.map(|id| (id, Vec::new())).collect())
}

fn applied(mut report: RunReport, entries: &str) -> RunReport {
    let baseline = baseline_from("b.toml", &format!("format = \"baseline/1\"\n{entries}")).unwrap();
    let universe = universe(&report, &["claims/not-selected:x", "chaos/not-selected"]);
    apply(&mut report, &baseline, &universe, "2026-11-22".parse().unwrap());
    report
}

fn known(finding: &str, more: &str) -> String {
    format!("[[known]]\nfinding = \"{finding}\"\nbecause = \"so\"\n{more}\n")
}

fn skip(case: &str) -> String {
    format!("[[skip]]\ncase = \"{case}\"\nbecause = \"so\"\n")
}

/// What becomes of one entry.
fn status(entry: &str) -> EntryStatus {
    applied(report(), entry).baseline.unwrap().entries[0].status
}

#[test]
fn each_entry_has_one_of_five_fates() {
    use EntryStatus::{Expired, Fixed, Known, Stale, Untested};
    for (entry, wanted) in [
        (known("algorithm/none-any-case", ""), Known),
        (known("algorithm/none-any-case:NONE#verdict", "until = \"2026-11-22\""), Known),
        (known("key-id/foreign-jku#untouched", ""), Known),
        (known("presentation/*", "outcome = \"warn\""), Known),
        (known("claims/deep-nesting", "outcome = \"inconclusive\""), Known),
        (known("claims/other-audience", ""), Fixed),
        (known("key-id/foreign-jku#verdict", ""), Fixed),
        (known("claims/expired*", "outcome = \"inconclusive\""), Fixed),
        (known("claims/other-audienec", ""), Stale),
        (known("claims/other-audience#no-such-check", ""), Stale),
        (known("algorithm/none-any-case", "until = \"2026-11-21\""), Expired),
        // Not selected, skipped, undecided, or worse than what is known.
        (known("claims/not-selected", ""), Untested),
        (known("chaos/not-*", ""), Untested),
        (known("signature/ecdsa-zero*", ""), Untested),
        (known("claims/deep-nesting", ""), Untested),
        (known("algorithm/none-any-case", "outcome = \"warn\""), Untested),
        (skip("time/*"), Known),
        (skip("claims/other-audience"), Fixed),
        (skip("tiem/*"), Stale),
    ] {
        assert_eq!(status(&entry), wanted, "{entry}");
    }
}

#[test]
fn what_is_known_is_marked_counted_and_no_longer_red() {
    let nothing = report();
    let exit = of_finished(&nothing, FailOn::Must);
    assert_eq!((exit.code, exit.because.as_str()), (ExitCode::Failed, "8 checks of a must broken"));
    let fails =
        known("algorithm/none-any-case", "") + &known("*/public-key-as-secret*", "") + &known("*/foreign-jku", "");
    let undecided = known("claims/deep-nesting", "outcome = \"inconclusive\"");
    let some = applied(report(), &fails);
    assert_eq!((some.summary.baseline_status.known, some.summary.baseline_status.new), (8, 2));
    let exit = of_finished(&some, FailOn::Must);
    assert_eq!((exit.code, exit.because.as_str()), (ExitCode::NotTestable, "1 check of a must is undecided"));
    let all = applied(report(), &(fails.clone() + &undecided));
    let exit = of_finished(&all, FailOn::Must);
    assert_eq!(
        (exit.code, exit.because.as_str()),
        (ExitCode::Ok, "nothing new failed; 9 on the list of known failures")
    );
    assert_eq!(of_finished(&all, FailOn::Should).code, ExitCode::Failed);
    let warned = applied(report(), &(fails + &undecided + &known("*", "outcome = \"warn\"")));
    assert_eq!(of_finished(&warned, FailOn::Should).code, ExitCode::Ok);
}

#[test]
fn a_list_that_is_out_of_date_is_red_with_the_command_that_mends_it() {
    let mut green = report();
    green.cases.retain(|case| case.outcome == Outcome::Pass);
    for entry in
        [known("claims/other-audience", ""), known("x/y", ""), known("x/y", "until = \"2026-01-01\""), skip("x/*")]
    {
        let exit = of_finished(&applied(green.clone(), &entry), FailOn::Must);
        assert_eq!(exit.code, ExitCode::Failed, "{entry}");
        assert!(exit.because.ends_with(": gauntlet baseline prune b.toml"), "{}", exit.because);
    }
    // A run that did not finish says nothing about the list.
    green.complete = false;
    assert_eq!(applied(green, &known("x/y", "")).summary.baseline_status.stale, 0);
}

#[test]
fn claims_of_scenarios_can_be_known_too() {
    let mut run = report();
    run.cases.clear();
    run.scenarios = vec![scenario()];
    assert_eq!(of_finished(&applied(run.clone(), ""), FailOn::Must).because, "1 check of a must broken");
    let escaped = "chaos/rotate:a,b#always, of forged: accepted = 0";
    for glob in ["chaos/rotate", "chaos/rotate#always*", escaped] {
        let known = applied(run.clone(), &known(glob, ""));
        assert_eq!(known.scenarios[0].assertions[0].baseline, BaselineStatus::Known, "{glob}");
        assert_eq!(of_finished(&known, FailOn::Must).code, ExitCode::Ok);
    }
    run.scenarios[0].assertions.clear();
    run.scenarios[0].outcome = Outcome::Inconclusive;
    let exit = of_finished(&run, FailOn::Must);
    assert_eq!((exit.code, exit.because.as_str()), (ExitCode::NotTestable, "1 scenario could not be decided"));
    let known = applied(run, &known("chaos/rotate", "outcome = \"inconclusive\""));
    assert!(known.baseline.unwrap().entry_for("chaos/rotate:a,b#played").is_some());
}

#[test]
fn earlier_names_of_a_case_still_count() {
    let mut report = report();
    let baseline =
        baseline_from("b.toml", &format!("format = \"baseline/1\"\n{}", known("alg/none#verdict", ""))).unwrap();
    let mut universe = universe(&report, &[]);
    universe.0.insert("algorithm/none-any-case:NONE".into(), vec!["alg/none".into(), "alg/none:NONE".into()]);
    apply(&mut report, &baseline, &universe, "2026-11-22".parse().unwrap());
    assert_eq!(report.baseline.unwrap().entries[0].matched, ["algorithm/none-any-case:NONE#verdict"]);
}

#[test]
fn a_skip_after_a_token_is_said_unless_it_is_expected() {
    let mut run = report();
    let sent = run.cases.iter_mut().find(|case| case.id.to_string() == "key-id/unknown").unwrap();
    sent.outcome = Outcome::Skip;
    assert_eq!(applied(run.clone(), "").baseline.unwrap().unexpected_skips, ["key-id/unknown"]);
    assert!(applied(run, &skip("key-id/unknown")).baseline.unwrap().unexpected_skips.is_empty());
}
