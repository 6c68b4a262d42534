//! Libraries behind an adapter: the protocol from the user's side.

use super::play::{gauntlet, gauntlet_in};
use jwt_gauntlet::model::{Outcome, RunReport};
use std::{fs, path::Path};

const OURS: &str = env!("CARGO_BIN_EXE_gauntlet");

fn report(folder: &Path) -> RunReport {
    serde_json::from_str(&fs::read_to_string(folder.join("run.json")).unwrap()).unwrap()
}

#[test]
fn a_run_needs_nothing_but_the_command() {
    let folder = tempfile::tempdir().unwrap();
    let ended = gauntlet_in(
        folder.path(),
        &["run", "--only", "algorithm/alg-n*", "--out", "out", "--", OURS, "adapter", "builtin"],
    );
    ended.with_code(0).says("builtin");
    let report = report(&folder.path().join("out"));
    assert_eq!((report.target.name.as_str(), report.target.transport.as_str()), ("builtin", "stdio"));
    let passed = report.cases.iter().filter(|case| case.outcome == Outcome::Pass).count();
    assert!(passed > 20, "{passed}");
    let again = &report.cases.iter().find_map(|case| case.reproduce.as_ref()).unwrap().gauntlet;
    assert!(again.starts_with("gauntlet run --only ") && again.ends_with("adapter builtin"), "{again}");
}

#[test]
fn a_flaw_behind_an_adapter_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let only = ["run", "--only", "algorithm/alg-none", "--out", "out", "--", OURS, "adapter", "builtin", "alg-none"];
    gauntlet_in(folder.path(), &only).with_code(1).says("algorithm/alg-none");
}

#[test]
fn a_flaw_in_the_use_of_shared_secrets_shows_where_keys_are_handed_over() {
    for (flaw, case) in [("mac-short-key-accepted", "hmac-short-key"), ("mac-long-key-refused", "pos-hmac-long-key")] {
        let folder = tempfile::tempdir().unwrap();
        let run = ["run", "--only", "hmac/*", "--out", "out", "--", OURS, "adapter", "builtin", flaw];
        let ended = gauntlet_in(folder.path(), &run).with_code(1);
        ended.says("1 requirement broken").says(&format!("gauntlet explain hmac/{case}"));
    }
}

#[test]
fn a_target_file_may_name_an_adapter() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "format = \"target/1\"\n[target]\nname = \"mine\"\n[transport.stdio]\ncommand = [\"{OURS}\", \"adapter\", \"builtin\"]\n\
         [trust]\nkeys = \"configure\"\naudience = \"https://orders.example\"\nalgorithms = [\"ES256\", \"RS256\"]\n"
    );
    fs::write(folder.path().join("mine.target.toml"), text).unwrap();
    gauntlet_in(folder.path(), &["lint", "mine.target.toml"]).with_code(0);
    let ended = gauntlet_in(folder.path(), &["doctor", "mine.target.toml"]).with_code(0);
    assert!(ended.stdout.contains("good token, ES256"), "{}", ended.stdout);
    let run = ["run", "mine.target.toml", "--only", "claims/exp-*", "--out", "out"];
    gauntlet_in(folder.path(), &run).with_code(0);
    let told = report(&folder.path().join("out")).target;
    assert_eq!(told.name, "mine");
    // The library knows more, but this target does not allow it.
    let algorithms: Vec<&String> = told.provides.iter().filter(|name| name.starts_with("alg:")).collect();
    assert_eq!(algorithms, ["alg:RS256", "alg:ES256"]);
}

#[test]
fn both_a_target_and_an_adapter_are_too_much() {
    let ended = gauntlet(&["run", "builtin:alg-none", "--", OURS, "adapter", "builtin"]).with_code(2);
    ended.says("both a target (builtin:alg-none) and an adapter are named");
}

#[test]
fn an_adapter_that_is_none_is_not_testable_and_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let ended = gauntlet_in(folder.path(), &["run", "--", "/bin/sh", "-c", "echo hello"]).with_code(3);
    ended.says("did not answer `hello`").says("gauntlet adapter check");
    gauntlet_in(folder.path(), &["run", "--", "./no-such-adapter"]).with_code(2).says("no-such-adapter");
}

#[test]
fn check_walks_through_the_protocol() {
    let ended = gauntlet(&["adapter", "check", "--", OURS, "adapter", "builtin"]).with_code(0);
    assert!(ended.stdout.contains(" steps passed, 0 failed"), "{}", ended.stdout);
    let ended = gauntlet(&["adapter", "check", "--", OURS, "adapter", "builtin", "signature-unchecked"]).with_code(1);
    assert!(
        ended.stdout.contains("fail  a token with a broken signature is refused: wanted reject"),
        "{}",
        ended.stdout
    );
    let ended = gauntlet(&["adapter", "check", "--", "/bin/sh", "-c", "echo hello"]).with_code(3);
    assert!(ended.stdout.contains("fail  hello") && ended.stdout.contains("help: read a line"), "{}", ended.stdout);
}

/// An adapter around nothing: it refuses every token, and says so of questions that it has no call for.
const BARE: &str = r#"
while IFS= read -r line; do
  seq=${line#*\"seq\":}; seq=${seq%%,*}
  case "$line" in
    *'"do":"hello"'*) reply='"ok":{"name":"nothing","version":"1","language":"sh","provides":["alg:ES256"]}' ;;
    *'"do":"configure"'*) reply='"ok":{}' ;;
    *'"do":"validate"'*) reply='"verdict":"reject"' ;;
    *'"do":"bye"'*) exit 0 ;;
    *) reply='"skipped":"no such call"' ;;
  esac
  printf '{"seq":%s,%s}\n' "$seq" "$reply"
done
"#;

#[test]
fn check_tries_bare_signatures_and_encryption_or_says_why_not() {
    let ended = gauntlet(&["adapter", "check", "--", OURS, "adapter", "builtin"]).with_code(0);
    insta::assert_snapshot!("check", ended.stdout.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
    let ended = gauntlet(&["adapter", "check", "--", "/bin/sh", "-c", BARE]).with_code(1);
    insta::assert_snapshot!("check_bare", ended.stdout);
    let unchecked = gauntlet(&["adapter", "check", "--", OURS, "adapter", "builtin", "signature-unchecked"]);
    assert!(
        unchecked.stdout.contains("fail  verify-jws: a broken signature is refused: wanted reject"),
        "{}",
        unchecked.stdout
    );
}
