//! The list of known failures, from its first entry to its last. What becomes of each kind of entry is a unit test.

use super::{
    files::{Run, read},
    play::{Ended, gauntlet_in},
    scripted::{Scripted, answer, judge},
};
use jwt_gauntlet::model::{Outcome, RunReport, outcome::BaselineStatus};
use std::{fs, path::Path};

const LIST: &str = "t.baseline.toml";

fn run(folder: &Path, target: &str) -> Ended {
    gauntlet_in(
        folder,
        &["run", target, "--only", "algorithm/alg-none*", "--baseline", LIST, "--out", "out", "--quiet"],
    )
}

fn report(folder: &Path) -> RunReport {
    read(&folder.join("out/run.json"))
}

#[test]
fn a_failure_is_accepted_with_a_reason_and_pruned_once_it_is_mended() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let change = |from: &str, to: &str| {
        let text = fs::read_to_string(here.join(LIST)).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(here.join(LIST), text.replace(from, to)).unwrap();
    };
    fs::write(here.join(LIST), "# Ours.\nformat = \"baseline/1\"\ntarget = \"builtin-alg-none\"\n").unwrap();
    run(here, "builtin:alg-none").with_code(1).says("of a must broken");
    let accept = ["baseline", "accept", LIST, "--run", "out"];
    gauntlet_in(here, &accept).with_code(0).says("algorithm/alg-none#verdict").says("until then the list is refused");
    run(here, "builtin:alg-none").with_code(2).says("`because` is empty").says("say in one sentence");
    change("because = \"\"", "because = \"mended in 2.4\"\nissue = \"ORD-1\"");

    run(here, "builtin:alg-none").with_code(0).says("on the list of known failures").says("(known)");
    let red = report(here);
    assert!(red.summary.baseline_status.known > 0 && red.summary.baseline_status.new == 0);
    let failed = red.cases.iter().flat_map(|case| &case.findings).filter(|finding| finding.outcome == Outcome::Fail);
    assert!(failed.into_iter().all(|finding| finding.baseline == BaselineStatus::Known));
    let junit = fs::read_to_string(here.join("out/junit.xml")).unwrap();
    assert!(!junit.contains("<failure") && junit.contains("known failure: mended in 2.4 (ORD-1)"), "{junit}");
    assert!(fs::read_to_string(here.join("out/report.html")).unwrap().contains("mended in 2.4 (ORD-1)"));
    gauntlet_in(here, &accept).with_code(0).says("nothing new failed");
    // A run that ended early says nothing about what did not fail.
    fs::create_dir(here.join("cut")).unwrap();
    let log = fs::read_to_string(here.join("out/events.ndjson")).unwrap();
    fs::write(here.join("cut/events.ndjson"), log.lines().next().unwrap()).unwrap();
    let cut = ["baseline", "accept", LIST, "--run", "cut"];
    gauntlet_in(here, &cut).with_code(2).says("did not finish, or tested nothing").says("--run");

    run(here, "builtin:strict").with_code(2).says("builtin-alg-none").says("builtin-strict");
    change("target = \"builtin-alg-none\"\n", "");
    let mended = run(here, "builtin:strict").with_code(1);
    mended.says("no longer happens").says("gauntlet baseline prune t.baseline.toml");
    let junit = fs::read_to_string(here.join("out/junit.xml")).unwrap();
    assert!(junit.contains("<failure") && junit.contains("no longer happens"), "the build server is red as well");
    gauntlet_in(here, &["baseline", "check", LIST, "--run", "out"]).with_code(1).says("no longer happens");
    gauntlet_in(here, &["baseline", "prune", LIST, "--run", "out"]).with_code(0).says("gone: algorithm/alg-none");
    assert_eq!(fs::read_to_string(here.join(LIST)).unwrap(), "# Ours.\nformat = \"baseline/1\"\n");
    run(here, "builtin:strict").with_code(0).says("nothing failed");
}

#[test]
fn a_list_is_checked_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let entry = |finding: &str, until: &str| {
        format!("[[known]]\nfinding = \"{finding}\"\nbecause = \"so\"\nuntil = \"{until}\"\n\n")
    };
    let entries =
        entry("claims/aud-wrogn", "2999-01-31") + &entry("claims/*", "2026-01-31") + &entry("chaos/*", "2999-01-31");
    fs::write(folder.path().join(LIST), format!("format = \"baseline/1\"\n\n{entries}")).unwrap();
    let ended = gauntlet_in(folder.path(), &["baseline", "check", LIST]).with_code(1);
    ended
        .says("t.baseline.toml:4: claims/aud-wrogn: names no case")
        .says("t.baseline.toml:9: claims/*: is past its date");
    ended.says("2 entries out of date: gauntlet baseline prune t.baseline.toml");
    gauntlet_in(folder.path(), &["baseline", "prune", LIST]).with_code(2).says("there is no run below reports/");
    gauntlet_in(folder.path(), &["baseline", "check", "none.toml"])
        .with_code(2)
        .says("gauntlet baseline accept none.toml");
}

#[test]
fn a_known_undecided_must_does_not_make_the_run_red() {
    let target =
        Scripted::start(|ask, stream| match ask.is_good() || ask.token().is_none_or(|token| !token.contains('.')) {
            true => judge(ask, stream),
            false => answer(stream, "418 I'm a teapot", "", ""),
        });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(LIST);
    let entry = "[[known]]\nfinding = \"claims/aud-wrong\"\noutcome = \"inconclusive\"\nbecause = \"teapot\"\n";
    fs::write(&path, format!("format = \"baseline/1\"\n{entry}")).unwrap();
    let run = Run::of(&target, "claims/aud-wrong", "", &["--baseline", path.to_str().unwrap()]);
    assert_eq!(run.case("claims/aud-wrong").outcome, Outcome::Inconclusive);
    run.ended.with_code(0).says("nothing new failed; 6 on the list of known failures");
}
