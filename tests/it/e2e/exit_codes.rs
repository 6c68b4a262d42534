//! Exit codes are what a pipeline reads: each of them, and what a user reads beside it.

use super::{
    files::{Run, read, target_file},
    play::{gauntlet, gauntlet_in},
    scripted::{Scripted, answer, judge},
};
use jwt_gauntlet::model::{Level, Outcome};
use std::{fs, net::TcpListener, path::Path};

/// A few cases that a scripted target can be right about.
const FEW: &str = "{algorithm/alg-none,claims/aud-wrong,claims/exp-past}*";

#[test]
fn a_run_without_findings_is_0_and_leaves_reports() {
    let folder = tempfile::tempdir().unwrap();
    let ended = gauntlet_in(folder.path(), &["run", "builtin:strict", "--only", "header/*"]).with_code(0);
    assert_eq!(ended.stdout, "", "reports go to files");
    let target = folder.path().join("reports/builtin-strict");
    let pointer: serde_json::Value = serde_json::from_slice(&fs::read(target.join("latest.json")).unwrap()).unwrap();
    let run = target.join(pointer["folder"].as_str().unwrap());
    for name in ["run.json", "report.html", "junit.xml", "events.ndjson"] {
        assert!(run.join(name).exists(), "{name}");
    }
    ended.says("report.html");
    let report = read(&run.join("run.json"));
    assert!(report.complete && report.exit_code == 0 && report.summary.executed > 3);
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/run-report.schema.json");
    let schema = serde_json::from_slice(&fs::read(schema).unwrap()).unwrap();
    let value = serde_json::from_slice(&fs::read(run.join("run.json")).unwrap()).unwrap();
    let errors: Vec<String> =
        jsonschema::validator_for(&schema).unwrap().iter_errors(&value).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
}

#[test]
fn a_broken_must_is_1_and_the_finding_names_the_case() {
    for (flaw, case) in [
        ("alg-none", "algorithm/alg-none"),
        ("aud-unchecked", "claims/aud-wrong"),
        ("crit-ignored", "header/crit-unknown"),
    ] {
        let (target, only) = (format!("builtin:{flaw}"), format!("{case}*"));
        let ended = gauntlet(&["run", &target, "--only", &only, "--out", "out"]).with_code(1);
        ended.says(case).says(&format!("gauntlet run {target} --only '{case}"));
    }
}

#[test]
fn what_the_user_wrote_wrong_is_2() {
    gauntlet(&["run", "--no-such-flag"]).with_code(2);
    gauntlet(&["run", "--jobs", "0"]).with_code(2);
    gauntlet(&["run", "builtin:no-such"]).with_code(2).says("gauntlet list flaws");
    gauntlet(&["run", "no-such.toml"]).with_code(2).says("no-such.toml");
    gauntlet(&["report", "no-such"]).with_code(2).says("no-such");
    gauntlet(&["run", "--only", "[", "--out", "out"]).with_code(2);
    gauntlet(&[]).with_code(2).says("Usage: gauntlet");
}

#[test]
fn a_broken_target_file_is_2_with_the_place_of_the_mistake() {
    let folder = tempfile::tempdir().unwrap();
    target_file(folder.path(), "http://127.0.0.1:1/", "timeuot = \"1s\"", "");
    insta::assert_snapshot!(
        "target_file_unknown_key",
        gauntlet_in(folder.path(), &["run", "t.target.toml"]).with_code(2).stderr
    );
    target_file(folder.path(), "http://127.0.0.1:1/", "timeout = \"fast\"", "");
    insta::assert_snapshot!(
        "target_file_bad_value",
        gauntlet_in(folder.path(), &["run", "t.target.toml"]).with_code(2).stderr
    );
    target_file(folder.path(), "http://192.0.2.1/", "", "");
    insta::assert_snapshot!(
        "target_file_not_allowed",
        gauntlet_in(folder.path(), &["run", "t.target.toml"]).with_code(2).stderr
    );
    assert!(!folder.path().join("reports").exists(), "nothing ran, nothing is written");
}

#[test]
fn a_target_that_cannot_be_tested_is_3() {
    let folder = tempfile::tempdir().unwrap();
    // A port that was free a moment ago and that nobody listens on.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    target_file(folder.path(), &format!("http://{free}/"), "", "");
    gauntlet_in(folder.path(), &["run", "t.target.toml"])
        .with_code(3)
        .says("nothing answers at [transport] url")
        .says("exit  3: not testable: good token");
    let refused = gauntlet(&["run", "builtin:refuses-everything", "--out", "out"]).with_code(3);
    refused.says("refuses everything").says("exit  3: not testable: good token");
}

#[test]
fn a_run_that_executes_nothing_is_3() {
    let ended = gauntlet(&["run", "--only", "header/typ-missing-or-plain", "--out", "out"]).with_code(3);
    ended.says("needs profile:at+jwt").says("exit  3: nothing was executed: no selected case applies to this target");
}

#[test]
fn a_must_that_stays_undecided_is_3() {
    // Neither yes nor no by the target file, but good tokens are taken.
    let target =
        Scripted::start(|ask, stream| match ask.is_good() || ask.token().is_none_or(|token| !token.contains('.')) {
            true => judge(ask, stream),
            false => answer(stream, "418 I'm a teapot", "", ""),
        });
    let run = Run::of(&target, FEW, "", &[]);
    let case = run.case("claims/aud-wrong");
    assert_eq!((case.outcome, case.level), (Outcome::Inconclusive, Level::Must));
    assert_eq!(run.count(Outcome::Pass), 0);
    run.ended.with_code(3).says("checks of a must are undecided");
}

#[test]
fn a_selection_of_nothing_is_4() {
    gauntlet(&["run", "--only", "nothing/*"]).with_code(4).says("the selection matches no case").says("gauntlet list");
    gauntlet(&["run", "--only", "header/*", "--skip", "*"]).with_code(4);
}

#[test]
fn a_run_that_takes_too_long_is_5_with_what_it_has() {
    let target =
        Scripted::start(|ask, stream| if ask.number > 4 { super::scripted::hang(stream) } else { judge(ask, stream) });
    let run = Run::of(&target, FEW, "timeout = \"60s\"", &["--max-time", "4s"]);
    assert!(!run.report.complete && run.report.exit_code == 5);
    assert_eq!(run.report.stopped.as_deref(), Some("the time limit was over"));
    assert_eq!(run.report.calibration.len(), 3, "{}", run.probes());
    run.ended.with_code(5).says("exit  5: the time limit was over");
}

#[test]
fn a_time_limit_that_ends_before_the_first_token_is_5_too() {
    let target = Scripted::start(|_, stream| answer(stream, "503 Not Yet", "", ""));
    let folder = tempfile::tempdir().unwrap();
    let start = format!(
        "[start]\ncommand = [\"sleep\", \"600\"]\nready = {{ url = \"{}\", within = \"100s\" }}\n",
        target.url()
    );
    target_file(folder.path(), &target.url(), "", &start);
    let ended = gauntlet_in(folder.path(), &["run", "t.target.toml", "--max-time", "200ms"]).with_code(5);
    ended.says("the time limit was over before anything was judged");
}
