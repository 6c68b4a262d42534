//! `gauntlet load`, and `gauntlet forge --count`.

use super::play::{gauntlet, gauntlet_in};
use serde_json::Value;
use std::{collections::BTreeSet, fs, path::Path};

/// A plan without gates about speed: a busy machine must not turn it.
fn plan(own: &str) -> String {
    format!(
        "format = \"load-plan/1\"\n[load]\ntitle = \"Tokens are judged right\"\nwhy = \"Speed without that is worth nothing.\"\n\
         warm-up = \"200ms\"\n{own}"
    )
}

fn folder(own: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("mine.toml"), plan(own)).unwrap();
    folder
}

fn report(folder: &Path) -> Value {
    serde_json::from_slice(&fs::read(folder.join("out/run.json")).unwrap()).unwrap()
}

#[test]
fn a_window_is_measured_judged_and_written() {
    let own = "drive = { rate = \"150/s\" }\nduration = \"2s\"\nmix = { valid = 8, bad-sig = 1, expired = 1 }\n\
               assert = [{ of = \"all\", broken = \"= 0\", level = \"must\" }]\n";
    let folder = folder(own);
    let ended = gauntlet_in(folder.path(), &["load", "builtin:strict", "mine.toml", "--alg", "ES256", "--out", "out"]);
    let ended = ended.with_code(0);
    assert_eq!(ended.stdout, "");
    ended.says("Holds: 3 of 3 gates held in 1 load plan").says("300 sent = 300 answered + 0 failed").says("generator:");
    let run = report(folder.path());
    let window = &run["load"][0]["windows"][0];
    for field in ["throughput_rps", "token_validation_ms", "payload_size_bytes"] {
        assert!(!window[field].is_null(), "{field}");
    }
    assert_eq!(
        [&window["sent"], &window["answered"], &window["wrong-accepts"], &window["distinct"]]
            .map(|value| value.as_u64()),
        [Some(300), Some(300), Some(0), Some(330)]
    );
    let classes = window["classes"].as_array().unwrap();
    assert_eq!(classes.iter().map(|class| class["sent"].as_u64().unwrap()).sum::<u64>(), 300);
    let page = fs::read_to_string(folder.path().join("out/report.html")).unwrap();
    assert!(page.contains("How fast, and still right?") && page.contains("tokens a second"));
    let junit = fs::read_to_string(folder.path().join("out/junit.xml")).unwrap();
    assert!(junit.contains("load: mine") && !junit.contains("<failure"), "{junit}");
    let events = fs::read_to_string(folder.path().join("out/events.ndjson")).unwrap();
    assert!(events.contains("load-second") && events.trim_end().lines().last().unwrap().contains("run-finished"));
}

#[test]
fn one_forgery_in_a_thousand_makes_a_fast_run_red() {
    let folder = folder(
        "drive = { rate = \"600/s\" }\nduration = \"3s\"\nmix = { valid = 1, bad-sig = 9 }\nassert = [{ broken = \"= 0\", level = \"should\" }]\n",
    );
    let ended =
        gauntlet_in(folder.path(), &["load", "builtin:rarely-accepts", "mine.toml", "--alg", "HS256", "--out", "out"]);
    ended.with_code(1).says("must of all: wrong-accepts = 0").says("1 token wrongly accepted");
    let wrong = &report(folder.path())["load"][0]["windows"][0]["wrong"];
    assert!(wrong[0].as_str().unwrap().contains("bad-sig: accept, status 200"), "{wrong}");
}

#[test]
fn a_target_that_begins_to_refuse_everything_is_red_and_not_fast() {
    let folder =
        folder("drive = { connections = 4 }\nduration = \"1s\"\nassert = [{ broken = \"= 0\", level = \"should\" }]\n");
    let ended =
        gauntlet_in(folder.path(), &["load", "builtin:locks-out", "mine.toml", "--alg", "HS256", "--out", "out"]);
    ended.with_code(1).says("must of good: accepted >= 99.95%");
}

#[test]
fn a_sweep_is_a_window_for_each_value_and_a_repeated_token_is_one() {
    let folder = folder(
        "drive = { rate = \"100/s\" }\nduration = \"1s\"\nsweep = { replay = [0, 90] }\nassert = [{ broken = \"= 0\", level = \"must\" }]\n",
    );
    gauntlet_in(folder.path(), &["load", "builtin:yardstick", "mine.toml", "--out", "out"]).with_code(0);
    let windows = report(folder.path())["load"][0]["windows"].clone();
    let distinct: Vec<u64> = windows.as_array().unwrap().iter().map(|own| own["distinct"].as_u64().unwrap()).collect();
    assert_eq!((distinct, &windows[1]["name"]), (vec![120, 13], &"90% repeated".into()));
}

#[test]
fn two_targets_take_turns() {
    let folder =
        folder("drive = { rate = \"100/s\" }\nduration = \"2s\"\nassert = [{ broken = \"= 0\", level = \"must\" }]\n");
    let args = [
        "load",
        "builtin:strict",
        "mine.toml",
        "--vs",
        "builtin:strict",
        "--rounds",
        "6",
        "--alg",
        "HS256",
        "--out",
        "out",
    ];
    gauntlet_in(folder.path(), &args).with_code(0).says("builtin-strict (second) against builtin-strict (first)");
    let paired = &report(folder.path())["load"][0]["paired"];
    assert_eq!(paired["pairs"].as_u64(), Some(6), "{paired}");
}

#[test]
fn a_wrong_plan_is_pointed_at() {
    let folder =
        folder("drive = { rate = \"100/s\" }\nassert = [{ of = \"good\", p95 = \"< 5%\", level = \"must\" }]\n");
    let ended = gauntlet_in(folder.path(), &["load", "builtin:strict", "mine.toml"]).with_code(2);
    insta::assert_snapshot!("load_wrong_plan", ended.stderr);
    let ended = gauntlet(&["load", "builtin:strict", "no-such-plan"]).with_code(2);
    ended.says("no plan is called \"no-such-plan\"").says("gauntlet load --list");
}

#[test]
fn many_tokens_are_minted_for_other_tools() {
    let folder = tempfile::tempdir().unwrap();
    let args = [
        "forge",
        "--alg",
        "EdDSA",
        "--count",
        "3000",
        "--out",
        "tokens.txt",
        "--jwks",
        "keys.json",
        "--lifetime",
        "2h",
    ];
    gauntlet_in(folder.path(), &args).with_code(0).says("3000 tokens in");
    let text = fs::read_to_string(folder.path().join("tokens.txt")).unwrap();
    let tokens: BTreeSet<&str> = text.lines().collect();
    assert_eq!((tokens.len(), text.lines().count()), (3000, 3000));
    let keys: jsonwebtoken::jwk::JwkSet =
        serde_json::from_slice(&fs::read(folder.path().join("keys.json")).unwrap()).unwrap();
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::EdDSA);
    validation.set_audience(&["https://orders.example"]);
    for token in [text.lines().next().unwrap(), text.lines().last().unwrap()] {
        let header = jsonwebtoken::decode_header(token).unwrap();
        let key = jsonwebtoken::DecodingKey::from_jwk(keys.find(&header.kid.unwrap()).unwrap()).unwrap();
        let claims = jsonwebtoken::decode::<Value>(token, &key, &validation).unwrap().claims;
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 7200);
    }
}
