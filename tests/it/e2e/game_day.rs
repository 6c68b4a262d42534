//! `gauntlet chaos --game-day`: people, guards, figures and alarms.

use super::{
    control::ask,
    play::{Playing, command, eventually, gauntlet},
};
use serde_json::Value;
use std::{fs, process::Stdio};

const DRILL: &str = r#"format = "scenario/1"

[scenario]
title = "The key set is refused until a guard ends it"
why = "Somebody should notice."
fix = "Keep the old keys."
traffic = { mix = "base" }
timeline = [
  { at = "0", publish = "k1", sign = "k1" },
  { at = "0.1T", cue = "is everybody there?" },
  { at = "0.4T", fault.jwks = "refuse", for = "20T", as = "outage" },
  { at = "15T", unpublish = "k1", as = "gone" },
  { at = "20T", end = true },
]
assert = [
  { window = "during outage", of = "valid", availability = ">= 99.9%", level = "should" },
  { window = "since gone", of = "good[k1]", accepted = "= 0", level = "must" },
]
guard = [
  { when = { of = "valid", accepted = "< 60%", for = "1s" }, do = ["heal", "abort"] },
]
"#;

#[test]
fn people_lead_it_and_a_guard_ends_it() {
    let (scenarios, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(scenarios.path().join("drill.toml"), DRILL).unwrap();
    let mut child = command(out.path());
    child.args(["chaos", "builtin:failed-refresh-wipes", "--game-day", "--seed", "7", "--out", "out", "--scenarios"]);
    child.arg(scenarios.path()).args(["--control", "127.0.0.1:0", "--metrics", "127.0.0.1:0"]).stdin(Stdio::piped());
    let (playing, mut lines) = Playing::with_streams(&mut child);
    let mut named =
        |name: &str| lines.stderr.find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned())).unwrap();
    let (metrics, state, alerts) = (named("metrics"), named("control"), named("alerts"));
    let order = |order: &str| ask("POST", &state.replace("state", order), r#"{"by":"Ann"}"#, "").0;
    let now = || serde_json::from_str::<Value>(&ask("GET", &state, "", "").1).unwrap()["scenarios"][0].clone();

    eventually("the cue comes", || now()["asks"] == "is everybody there?");
    assert_eq!(order("dance"), 404);
    assert_eq!(ask("POST", &state.replace("state", "go"), "{}", "Origin: http://a.example\r\n").0, 403);
    let figures = ask("GET", &metrics, "", "").1;
    assert!(figures.contains("# TYPE gauntlet_response_seconds histogram"), "{figures}");
    assert!(figures.contains("gauntlet_tokens_total{scenario=\"drill\",stream=\"valid[k1]\",outcome=\"accepted\"} "));
    assert_eq!(order("go"), 204);
    eventually("the outage begins", || now()["faults"][0] == "refuse");
    let message =
        r#"{"version":"4","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"Refused"}}]}"#;
    assert_eq!(ask("POST", &alerts, message, "").0, 204);
    playing.end();

    let run: Value = serde_json::from_slice(&fs::read(out.path().join("out/run.json")).unwrap()).unwrap();
    let result = &run["scenarios"][0];
    assert!(
        result["cut-short"].as_str().unwrap().contains("of valid: accepted < 60% for 1s")
            || result["cut-short"].as_str().unwrap().contains("valid: accepted < 60% for 1s"),
        "{result}"
    );
    let orders: Vec<_> = result["operations"].as_array().unwrap().iter().map(|order| order["do"].clone()).collect();
    assert_eq!(orders, ["go", "heal", "abort"]);
    assert!(result["alerts"][0]["after-ms"].is_u64(), "{}", result["alerts"]);
    let gone = result["assertions"]
        .as_array()
        .unwrap()
        .iter()
        .find(|claim| claim["name"].as_str().unwrap().contains("since gone"));
    assert_eq!(gone.unwrap()["outcome"], "skip", "it did not come to that");
    let handover = fs::read_to_string(out.path().join("out/handover.md")).unwrap();
    for wanted in ["| go | Ann |", "**Time to detect: ", "minutes in thirty days", "### What to mend"] {
        assert!(handover.contains(wanted), "{wanted}: {handover}");
    }
}

#[test]
fn a_file_of_the_teams_own_ends_it() {
    let (scenarios, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(scenarios.path().join("drill.toml"), DRILL).unwrap();
    let stop = out.path().join("stop");
    fs::write(&stop, "").unwrap();
    let text = |path: &std::path::Path| path.to_str().unwrap().to_owned();
    let (scenarios, at) = (text(scenarios.path()), text(&out.path().join("out")));
    gauntlet(&["chaos", "--scenarios", &scenarios, "--out", &at, "--stop-file", &text(&stop)])
        .says("ended by the file");
}

#[test]
fn the_plan_of_a_day_is_by_the_clock_on_the_wall() {
    let ended = gauntlet(&["chaos", "--game-day", "--dry-run", "--only", "game-day"]).with_code(0);
    ended.prints("waits for go").prints("guard     valid: accepted < 50% for 30s: heal, abort");
    let clock = |line: &str| line.trim().split(' ').next().unwrap().matches(':').count() == 2;
    assert!(ended.stdout.lines().filter(|line| clock(line)).count() > 8, "{}", ended.stdout);
}
