//! The commands that look things up, write target files and render reports.

use super::play::{gauntlet, gauntlet_in, gauntlet_reading};
use std::{fs, path::Path};

#[test]
fn list_shows_what_there_is() {
    for (args, wanted) in [
        (&["list"][..], "algorithm/alg-none "),
        (&["list", "cases", "--only", "header/*"], "header/crit-unknown"),
        (&["list", "variants", "--only", "claims/*"], "claims/aud-near-match:"),
        (&["list", "families"], "key-injection"),
        (&["list", "flaws"], "builtin:alg-none "),
        (&["list", "policies"], "missing-exp "),
    ] {
        let ended = gauntlet(args).with_code(0);
        ended.prints(wanted);
        assert_eq!(ended.stderr, "", "{args:?}");
    }
    let ended = gauntlet(&["list", "--only", "header/*", "--json"]).with_code(0);
    let rows: Vec<serde_json::Value> = serde_json::from_str(&ended.stdout).unwrap();
    assert!(rows.len() > 3 && rows.iter().all(|row| row.to_string().contains("header/")), "{}", ended.stdout);
    gauntlet(&["list", "--only", "nothing/*"]).with_code(4).says("the selection matches no case");
}

#[test]
fn explain_knows_cases_damage_and_flaws() {
    let ended = gauntlet(&["explain", "algorithm/alg-none"]).with_code(0);
    insta::assert_snapshot!("explain_case", ended.stdout);
    let short = gauntlet(&["explain", "strip-signature"]).with_code(0);
    short.prints("Empties the signature segment");
    gauntlet(&["explain", "builtin:wrong-audience"])
        .with_code(0)
        .prints("try         gauntlet run builtin:wrong-audience");
    let unknown = gauntlet(&["explain", "algorithms/alg-none"]).with_code(2);
    assert_eq!(unknown.stdout, "");
    insta::assert_snapshot!("explain_unknown", unknown.stderr);
}

#[test]
fn a_forged_token_can_be_decoded() {
    let forged = gauntlet(&["forge", "algorithm/alg-none"]).with_code(0);
    let token = forged.stdout.trim_end();
    assert!(token.ends_with('.') && token.split('.').count() == 3 && !token.contains(char::is_whitespace), "{token}");
    forged.says("+ ").says("\"alg\": \"none\"").says("fresh keys");
    let decoded = gauntlet_reading(&forged.stdout, &["decode"]).with_code(0);
    decoded.prints("\"alg\": \"none\"").prints("\"aud\": \"https://orders.example\"").prints("0 bytes, not checked");
    assert_eq!(gauntlet(&["forge", "--quiet"]).with_code(0).stderr, "");
    gauntlet(&["forge", "no/such"]).with_code(2).says("help: ");
}

#[test]
fn decode_points_at_hygiene_and_at_what_is_no_token() {
    // {"alg":"HS256"}.{"sub":"a","email":"a@b.example","iat":1,"exp":9999999999}, without a typ.
    let token =
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIiwiZW1haWwiOiJhQGIuZXhhbXBsZSIsImlhdCI6MSwiZXhwIjo5OTk5OTk5OTk5fQ.AAAA";
    let ended = gauntlet(&["decode", token]).with_code(0);
    insta::assert_snapshot!("decode", ended.stdout);
    assert_eq!(gauntlet_reading(&format!("Bearer {token}\n"), &["decode", "-"]).with_code(0).stdout, ended.stdout);
    for garbage in ["garbage", "xx.yy.zz", "a.b.c.d", "\u{1b}[31m..", "eyJhbGciOiJIUzI1NiJ9.bm8.AA"] {
        let ended = gauntlet(&["decode", garbage]).with_code(2);
        ended.says("help: ");
        assert_eq!(ended.stdout, "", "{garbage}");
        assert!(!ended.stderr.contains('\u{1b}'), "{}", ended.stderr);
    }
    gauntlet_reading("", &["decode"]).with_code(2).says("three segments wanted, 1 found");
}

#[test]
fn init_writes_what_lint_takes() {
    let folder = tempfile::tempdir().unwrap();
    let init = ["init", "orders", "--url", "http://127.0.0.1:8080/who", "--algorithms", "ES256,RS256"];
    gauntlet_in(folder.path(), &init).with_code(0).says("gauntlet doctor orders.target.toml");
    let file = folder.path().join("orders.target.toml");
    insta::assert_snapshot!("init", fs::read_to_string(&file).unwrap());
    gauntlet_in(folder.path(), &["lint", "orders.target.toml"]).with_code(0).says("nothing to mend");
    fs::write(&file, "mine").unwrap();
    gauntlet_in(folder.path(), &init).with_code(2).says("orders.target.toml is there already").says("--force");
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine", "a refusal leaves the file alone");
    gauntlet_in(folder.path(), &[&init[..], &["--force"]].concat()).with_code(0);
    gauntlet_in(folder.path(), &["lint", "orders.target.toml"]).with_code(0);
    let start = ["init", "other \"quoted\"", "--out", "o.toml", "--start", "./serve --port ${port}"];
    gauntlet_in(folder.path(), &start).with_code(0);
    gauntlet_in(folder.path(), &["lint", "o.toml"]).with_code(0);
}

/// A copy of the suite with one word of it changed.
fn broken_suite(folder: &Path, from: &str, to: &str) {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    fs::create_dir(folder.join("suite")).unwrap();
    for file in fs::read_dir(vectors).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
        let text = fs::read_to_string(&file).unwrap();
        let name = file.file_name().unwrap();
        let text = if name == "header.toml" { text.replacen(from, to, 1) } else { text };
        fs::write(folder.join("suite").join(name), text).unwrap();
    }
}

#[test]
fn lint_points_at_the_wrong_word_of_a_case() {
    let folder = tempfile::tempdir().unwrap();
    broken_suite(folder.path(), "\nexpect = \"reject\"", "\nexpect = \"rejekt\"");
    let ended = gauntlet_in(folder.path(), &["lint", "--suite", "suite"]).with_code(2);
    insta::assert_snapshot!("lint_case", ended.stderr);
}

#[test]
fn lint_finds_a_policy_that_nobody_asks_for() {
    let folder = tempfile::tempdir().unwrap();
    super::files::target_file(
        folder.path(),
        "http://127.0.0.1:1/",
        "",
        "[policy]\nmissing-ex = \"reject\"\nold-iat = \"maybe\"\n\n[[promote]]\nfinding = \"claims/no-such*\"\n\n\
         [[waive]]\nfinding = \"algorithm/alg-none\"\nbecause = \"later\"\n\n\
         [[promote]]\nfinding = \"{claims/jti-unusual,chaos/rotate*}\"\n",
    );
    let ended = gauntlet_in(folder.path(), &["lint", "t.target.toml"]).with_code(1);
    insta::assert_snapshot!("lint_policy", ended.stderr);
}

#[test]
fn report_renders_an_old_run_again() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/run.json");
    let folder = tempfile::tempdir().unwrap();
    fs::copy(&fixture, folder.path().join("run.json")).unwrap();
    let html = gauntlet_in(folder.path(), &["report", "run.json"]).with_code(0);
    html.prints("<!doctype html>");
    assert_eq!(gauntlet_in(folder.path(), &["report", "."]).with_code(0).stdout, html.stdout);
    gauntlet_in(folder.path(), &["report", "run.json", "--format", "junit"]).with_code(0).prints("<testsuites");
    let several = gauntlet_in(folder.path(), &["report", "run.json", "--format", "html,junit"]).with_code(2);
    several.says("several formats cannot share stdout").says("--out");
    gauntlet_in(folder.path(), &["report", "run.json", "--format", "html,junit", "--out", "again"]).with_code(0);
    assert_eq!(fs::read_to_string(folder.path().join("again/report.html")).unwrap(), html.stdout);
    assert!(folder.path().join("again/junit.xml").exists());
    fs::write(folder.path().join("other.json"), "{\"format\": 1}").unwrap();
    gauntlet_in(folder.path(), &["report", "other.json"]).with_code(2).says("help: ");
    gauntlet_in(folder.path(), &["report", "again"]).with_code(2).says("neither run.json nor events.ndjson");
}

#[test]
fn doctor_names_what_is_wrong() {
    for (target, code, words) in [
        ("builtin:strict", 0, "pass          good token, RS256"),
        ("builtin:wrong-audience", 3, "wrong audience"),
        ("builtin:wrong-issuer", 3, "wrong issuer"),
        ("builtin:never-fetches-jwks", 3, "key set never fetched"),
        ("builtin:accepts-everything", 1, "the route may be unprotected"),
        ("builtin:refuses-everything", 3, "refuses everything"),
    ] {
        let ended = gauntlet(&["doctor", target]).with_code(code);
        ended.prints(words).prints("key set   http://127.0.0.1:");
        assert_eq!(ended.stderr, "", "{target}");
    }
}

#[test]
fn a_target_that_may_hold_earlier_keys_gets_time_to_ask_for_new_ones() {
    // It takes nothing before its pause is over, here after two tokens.
    let target = super::scripted::Scripted::start(|ask, stream| match ask.number {
        ..=2 => super::scripted::no(stream),
        _ => super::scripted::judge(ask, stream),
    });
    let folder = tempfile::tempdir().unwrap();
    super::files::target_file(folder.path(), &target.url(), "", "");
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port().to_string();
    drop(free);
    let ended = gauntlet_in(folder.path(), &["doctor", "t.target.toml", "--port", &port]).with_code(0);
    ended.says("may still hold the keys of an earlier run").prints("pass          good token, RS256");
    ended.prints("verdict   ready");
}

#[test]
fn selftest_runs_a_part_of_the_suite() {
    let ended = gauntlet(&["selftest", "--only", "header/crit-unknown", "--verbose"]).with_code(0);
    ended.prints("builtin:crit-ignored: header/crit-unknown").prints("0 false alarms on strict");
    assert!(ended.stderr.is_empty(), "{}", ended.stderr);
    // Flaws that the selection is not about say nothing about it.
    assert!(ended.stdout.contains("detection score 100%") && !ended.stdout.contains("not caught"), "{}", ended.stdout);
    gauntlet(&["selftest", "--only", "header/nothing"]).with_code(4).says("the selection matches no case");
}

#[test]
fn coverage_names_each_clause_with_its_cases_and_selects() {
    let table = gauntlet(&["list", "--coverage"]).with_code(0).stdout;
    assert!(table.contains("RFC7519  JSON Web Token (JWT)\n") && table.contains(" requirements: "), "{table}");
    let json = gauntlet(&["list", "--coverage", "--format", "json", "--only", "claims/exp-past"]).with_code(0).stdout;
    let rows: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    let shown: Vec<&str> = rows
        .iter()
        .filter(|row| row["cases"] == serde_json::json!(["claims/exp-past"]))
        .map(|row| row["section"].as_str().unwrap())
        .collect();
    assert_eq!(shown, ["RFC7519#4.1.4"]);
}
