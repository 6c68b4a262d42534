//! `run --fuzz`: nothing on a validator that holds, a smallest token on one that does not, and a report in any case.

use super::{
    files::{read, target_file},
    play::gauntlet_in,
    scripted::{Scripted, answer, judge},
};
use jwt_gauntlet::model::{Outcome, RunReport};
use std::path::Path;

fn fuzz(folder: &Path, target: &str, more: &[&str], code: i32) -> RunReport {
    let args = [&["run", target, "--seed", "7", "--out", "out"], more].concat();
    gauntlet_in(folder, &args).with_code(code);
    read(&folder.join("out/run.json"))
}

#[test]
fn strict_holds_and_generated_tokens_run_alone() {
    let folder = tempfile::tempdir().unwrap();
    let report = fuzz(folder.path(), "builtin:strict", &["--fuzz", "400", "--only", "fuzz/*"], 0);
    assert!(report.complete && report.cases.len() >= 12);
    assert!(report.cases.iter().all(|case| case.outcome == Outcome::Pass && case.id.family == "fuzz"));
    assert!(report.families.contains_key("fuzz") && report.statements.contains_key("fuzz/rogue-key"));
}

#[test]
fn an_accepted_token_is_cut_down_to_a_case_and_its_command_finds_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let target = "builtin:crit-ignored";
    let report = fuzz(folder.path(), target, &["--fuzz", "300", "--only", "fuzz/unknown-critical"], 1);
    let failed = |report: &RunReport| {
        let failed = report.cases.iter().find(|case| case.outcome == Outcome::Fail).unwrap();
        let reproduce = failed.reproduce.clone().unwrap();
        (failed.id.to_string(), reproduce.gauntlet, reproduce.case.unwrap())
    };
    let (id, command, case) = failed(&report);
    assert!(
        case.contains("token.header = { x-unknown-extension = true, crit = [\"x-unknown-extension\"] }\n"),
        "{case}"
    );
    assert_eq!(command, format!("gauntlet run {target} --fuzz 300 --only '{id}' --seed 7"));
    let again = fuzz(folder.path(), target, &["--fuzz", "300", "--only", &id], 1);
    assert_eq!(failed(&again), (id, command, case));
}

#[test]
fn a_token_that_fells_the_target_is_a_warning_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let target = Scripted::start(|ask, stream| match ask.token().is_some_and(|token| token.matches('.').count() > 3) {
        true => answer(stream, "500 Internal Server Error", "", "boom"),
        false => judge(ask, stream),
    });
    target_file(folder.path(), &target.url(), "", "");
    let report = fuzz(folder.path(), "t.target.toml", &["--fuzz", "900", "--only", "fuzz/{expired,other-audience}"], 0);
    let warned = report.cases.iter().find(|case| case.outcome == Outcome::Warn).unwrap();
    let case = warned.reproduce.as_ref().unwrap().case.as_ref().unwrap();
    assert!(case.contains("token.then = [{ segments = { count = 5 } }]") || case.contains("append"), "{case}");
}

#[test]
fn the_time_limit_leaves_a_report() {
    let folder = tempfile::tempdir().unwrap();
    let more = ["--fuzz", "4000000", "--only", "fuzz/*", "--max-time", "5s"];
    let report = fuzz(folder.path(), "builtin:strict", &more, 5);
    assert!(!report.complete && !report.cases.is_empty());
}

#[test]
fn fuzzing_that_the_globs_rule_out_is_a_mistake() {
    let folder = tempfile::tempdir().unwrap();
    let ended = gauntlet_in(folder.path(), &["run", "--fuzz", "10", "--only", "algorithm/*"]).with_code(2);
    ended.says("--only 'fuzz/*'");
}
