//! `gauntlet chaos` and `gauntlet fingerprint`.

use super::play::gauntlet;
use std::{fs, path::Path};

/// A scenario of three seconds: an unknown key is asked for while the key set is refused.
const SHORT: &str = r#"format = "scenario/1"

[scenario]
title = "The key set is refused for a second"
why = "A request that fails must not cost the keys that are there."
fix = "Keep them."
traffic = { mix = "base" }
timeline = [
  { at = "0", publish = "k1", sign = "k1" },
  { at = "0.3T", fault.jwks = "refuse", for = "0.25T", as = "outage" },
  { at = "0.9T", end = true },
]
assert = [
  { window = "during outage", of = "valid", accepted = ">= 99.9%", level = "must" },
]
"#;

fn folder(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("short-outage.toml"), text).unwrap();
    folder
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_good_cache_survives_and_a_bad_one_is_caught() {
    let (scenarios, out) = (folder(SHORT), tempfile::tempdir().unwrap());
    let at = |name: &str| out.path().join(name);
    let play = |target: &str| {
        gauntlet(&["chaos", target, "--scenarios", text(scenarios.path()), "--out", text(out.path()), "--seed", "7"])
    };
    let good = play("builtin:strict").with_code(0);
    assert_eq!(good.stdout, "");
    good.says("Holds").says("forged tokens were accepted").says("Survives an outage of the key set of at least");
    let run: serde_json::Value = serde_json::from_slice(&fs::read(at("run.json")).unwrap()).unwrap();
    let scenario = &run["scenarios"][0];
    assert_eq!((&scenario["id"], &scenario["outcome"]), (&"short-outage".into(), &"pass".into()));
    assert!(scenario["streams"].as_array().unwrap().iter().any(|stream| stream["name"] == "valid[k1]"));
    let events = fs::read_to_string(at("events.ndjson")).unwrap();
    assert!(events.contains("scenario-step") && events.trim_end().lines().last().unwrap().contains("run-finished"));
    let page = fs::read_to_string(at("report.html")).unwrap();
    assert!(page.contains("<svg class=\"strips\"") && page.contains("The key set is refused for a second"));

    let bad = play("builtin:failed-refresh-wipes").with_code(1);
    bad.says("must during outage, of valid: accepted >= 99.9%").says("Does not hold");
    let junit = fs::read_to_string(at("junit.xml")).unwrap();
    assert!(junit.contains("chaos: short-outage") && junit.contains("<failure"), "{junit}");
}

#[test]
fn a_dry_run_says_what_would_happen_and_when() {
    let ended = gauntlet(&["chaos", "--dry-run", "--only", "outage-past-ttl"]).with_code(0);
    insta::assert_snapshot!("chaos_dry_run", ended.stdout);
    gauntlet(&["chaos", "--dry-run", "--only", "no-such-*"]).with_code(4);
    gauntlet(&["chaos", "--dry-run", "--quick"]).with_code(0).prints("emergency-revocation:quiet-fresh");
}

#[test]
fn a_wrong_scenario_is_pointed_at() {
    let scenarios = folder(&SHORT.replace("\"refuse\"", "\"refuze\""));
    let ended = gauntlet(&["chaos", "--scenarios", text(scenarios.path())]).with_code(2);
    ended.says("unknown variant").says("short-outage.toml").says("refuze");
    let scenarios = folder(&SHORT.replace("during outage", "during outtage"));
    let ended = gauntlet(&["chaos", "--scenarios", text(scenarios.path())]).with_code(2);
    ended.says("no step begins a span called \"outtage\"").says("name one of: outage");
}

#[test]
fn a_fingerprint_is_a_cache_table() {
    let ended = gauntlet(&["fingerprint", "--watch", "3s"]).with_code(0);
    ended.says("1 fetch for 20 tokens").says("fetches                  a new key is taken when its first token comes");
    ended.prints("[cache]\n").prints("cooldown = \"");
}
