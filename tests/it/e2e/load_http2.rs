//! `gauntlet load --http2`.

use super::{
    files::target_file,
    play::gauntlet_in,
    scripted::{Scripted, judge},
};
use serde_json::Value;
use std::fs;

const PLAN: &str = r#"format = "load-plan/1"
[load]
title = "Tokens are judged right over HTTP/2"
why = "Gateways speak it to services behind them."
drive = { rate = "150/s" }
duration = "2s"
warm-up = "200ms"
http2 = true
mix = { valid = 8, bad-sig = 1, expired = 1 }
assert = [{ of = "all", broken = "= 0", level = "must" }]
"#;

#[test]
fn every_token_is_judged_over_a_few_connections() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("mine.toml"), PLAN).unwrap();
    let arguments = ["load", "builtin:strict", "mine.toml", "--alg", "ES256", "--out", "out"];
    gauntlet_in(folder.path(), &arguments).with_code(0).says("HTTP/2").says("300 sent = 300 answered + 0 failed");
    let run: Value = serde_json::from_slice(&fs::read(folder.path().join("out/run.json")).unwrap()).unwrap();
    let window = &run["load"][0]["windows"][0];
    let connections = window["generator"]["connections"].as_u64().unwrap();
    assert!((1..=9).contains(&connections), "{connections} connections for 300 tokens");

    let arguments = ["load", "builtin:exp-ignored", "mine.toml", "--alg", "ES256", "--out", "red"];
    gauntlet_in(folder.path(), &arguments).with_code(1).says("must of all: wrong-accepts = 0");
}

#[test]
fn a_target_that_does_not_speak_it_is_told_so_before_the_first_token() {
    let target = Scripted::start(judge);
    let folder = tempfile::tempdir().unwrap();
    target_file(folder.path(), &target.url(), "", "");
    let ended = gauntlet_in(folder.path(), &["load", "t.target.toml", "steady", "--http2", "--duration", "1s"]);
    ended.with_code(2).says("one request over HTTP/2 got no answer").says("does the target speak it?");
}

#[test]
fn an_identity_provider_is_not_asked_over_it() {
    let folder = tempfile::tempdir().unwrap();
    gauntlet_in(folder.path(), &["load", "builtin:strict", "issuance", "--http2"])
        .with_code(2)
        .says("token endpoints are asked over HTTP/1.1");
}
