//! Cases that need another key set than the usual one.

use super::{
    files::{Run, read},
    play::gauntlet_in,
    scripted::{Scripted, answer, judge},
};
use jwt_gauntlet::model::{Outcome, RunReport};
use std::{fs, path::Path};

fn builtin(folder: &Path, flaw: &str, only: &[&str], code: i32) -> RunReport {
    let target = format!("builtin:{flaw}");
    let globs: Vec<&str> = only.iter().flat_map(|glob| ["--only", glob]).collect();
    gauntlet_in(folder, &[&["run", &target, "--out", "out", "--seed", "1"][..], &globs].concat()).with_code(code);
    read(&folder.join("out/run.json"))
}

fn outcomes(report: &RunReport, id: &str) -> Vec<Outcome> {
    report.cases.iter().filter(|case| case.id.to_string().starts_with(id)).map(|case| case.outcome).collect()
}

#[test]
fn the_built_in_validator_is_given_every_key_set() {
    let folder = tempfile::tempdir().unwrap();
    let report = builtin(folder.path(), "strict", &["jwks/*"], 0);
    assert!(report.complete);
    for case in &report.cases {
        let because = &case.findings[0].because;
        // The validator takes ES384 and no RS512, so that one side of each such pair of cases is not for it.
        let other_algorithm = ["needs alg:RS512", "needs !alg:ES384"].contains(&because.as_str());
        assert!(matches!(case.outcome, Outcome::Pass | Outcome::Note) || other_algorithm, "{}: {because}", case.id);
    }
    // What the report says about seeing a result again works, also for a set that was merged with others.
    let malformed = report.cases.iter().find(|case| case.id.to_string() == "jwks/jwks-malformed-member:null").unwrap();
    let command = malformed.reproduce.as_ref().unwrap().gauntlet.clone();
    let words: Vec<String> = command.split(' ').skip(1).map(|word| word.trim_matches('\'').to_owned()).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    gauntlet_in(folder.path(), &words).with_code(0).says("1 of 1 applicable case passed");
}

#[test]
fn a_merged_phase_is_split_to_find_the_set_to_blame() {
    let folder = tempfile::tempdir().unwrap();
    let only = ["jwks/jwks-malformed-member*", "jwks/pos-unknown-jwk-members", "jwks/jwks-use-enc:use-enc"];
    let report = builtin(folder.path(), "malformed-member-breaks-key-set", &only, 1);
    let malformed = outcomes(&report, "jwks/jwks-malformed-member");
    // A member without any kind is not malformed for this flaw.
    assert_eq!((malformed.len(), malformed.iter().filter(|outcome| **outcome == Outcome::Warn).count()), (8, 7));
    assert_eq!(outcomes(&report, "jwks/pos-unknown-jwk-members"), [Outcome::Pass]);
    assert_eq!(outcomes(&report, "jwks/jwks-use-enc"), [Outcome::Pass]);
}

#[test]
fn without_a_way_to_bring_another_set_its_cases_are_skipped_by_name() {
    let target = Scripted::start(judge);
    let only = "{jwks/pos-unknown-jwk-members,claims/aud-wrong*}";
    for tables in ["", "[jwks]\nrefresh = \"never\"\n"] {
        let run = Run::with(&target, only, "", tables, &[]);
        assert_eq!(run.case("jwks/").findings[0].because, "needs jwks:phases", "{tables}");
        assert_eq!(run.case("jwks/").outcome, Outcome::Skip);
        assert!(run.count(Outcome::Pass) > 0);
        run.ended.with_code(0);
    }
}

#[test]
fn a_set_that_was_not_fetched_is_not_judged() {
    // It takes tokens without ever asking for a key.
    let target = Scripted::start(judge);
    let tables = "[jwks]\nrefresh = { command = [\"true\"] }\n";
    let run = Run::with(&target, "{jwks/pos-unknown-jwk-members,claims/aud-wrong*}", "", tables, &[]);
    let case = run.case("jwks/");
    assert_eq!(case.outcome, Outcome::Skip);
    let because = &case.findings[0].because;
    assert!(because.starts_with("the target was told by [jwks] refresh.command, but did not fetch"), "{because}");
    assert!(case.token.is_none());
    run.ended.with_code(0);
}

#[test]
fn a_target_that_stays_down_with_a_set_is_up_again_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let starts = folder.path().join("starts");
    let seen = starts.clone();
    let target = Scripted::start(move |ask, stream| {
        let log = fs::read_to_string(&seen).unwrap_or_default();
        let [up, down] = ["up", "down"].map(|word| log.lines().filter(|line| *line == word).count());
        match ask.head.starts_with("GET /ready") {
            // The second start is the one under the other key set.
            true if up == down || up == 2 => answer(stream, "503 Service Unavailable", "", ""),
            true => answer(stream, "204 No Content", "", ""),
            false => judge(ask, stream),
        }
    });
    let start = format!(
        "[start]\ncommand = [\"sh\", \"-c\", \"trap 'echo down >> {0}; exit' TERM; echo up >> {0}; sleep 600 & wait\"]\nready = {{ url = \"{1}\", within = \"5s\" }}\n",
        starts.display(),
        target.url().replace("/whoami", "/ready")
    );
    let run = Run::with(&target, "jwks/jwks-empty-or-odd-top:empty", "", &start, &[]);
    let because = run.case("jwks/").findings[0].because.clone();
    assert!(because.contains("does not come up while the key set jwks/odd-empty is served"), "{because}");
    assert_eq!(run.case("jwks/").outcome, Outcome::Skip);
    assert_eq!(fs::read_to_string(&starts).unwrap().matches("up").count(), 3);
}
