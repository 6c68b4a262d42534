//! Two runs side by side, and many on one page, as a pipeline meets them.

use super::play::gauntlet_in;
use serde_json::Value;
use std::{fs, path::Path};

#[test]
fn a_flaw_shows_as_exactly_that_change_and_its_repair_too() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let run = |target: &str, out: &str| {
        let only = "{algorithm/alg-none*,claims/exp-past}";
        gauntlet_in(here, &["run", target, "--only", only, "--out", out, "--quiet", "--format", "sarif"])
    };
    run("builtin:strict", "mended").with_code(0);
    run("builtin:alg-none", "flawed").with_code(1);
    let worse = gauntlet_in(here, &["compare", "mended", "flawed", "--out", "diff"]).with_code(1);
    worse.prints("newly broken").prints("algorithm/alg-none").prints("pass");
    let value: Value = serde_json::from_slice(&fs::read(here.join("diff/compare.json")).unwrap()).unwrap();
    let ids = |list: &str| -> Vec<String> {
        value[list].as_array().unwrap().iter().map(|change| change["finding"].to_string()).collect()
    };
    assert!(!ids("broken").is_empty() && ids("broken").iter().all(|id| id.contains("algorithm/alg-none")), "{value}");
    for list in ["fixed", "lost", "gained", "broken-in-new-cases", "removed-cases", "moved"] {
        assert!(ids(list).is_empty(), "{list}");
    }
    assert!(fs::read_to_string(here.join("diff/compare.md")).unwrap().starts_with("## ✗ builtin-alg-none"));
    let better = gauntlet_in(here, &["compare", "flawed", "mended", "--format", "markdown"]).with_code(0);
    better.prints("### Fixed (").prints("## ✓ builtin-strict");

    // The same failures under another seed and on other ports are the same results.
    let prints = |out: &str| -> Vec<String> {
        let sarif: Value = serde_json::from_slice(&fs::read(here.join(out).join("results.sarif")).unwrap()).unwrap();
        let results = sarif["runs"][0]["results"].as_array().unwrap().clone();
        results.iter().map(|result| result["partialFingerprints"].to_string()).collect()
    };
    run("builtin:alg-none", "again").with_code(1);
    assert!(!prints("flawed").is_empty());
    assert_eq!(prints("flawed"), prints("again"));
    gauntlet_in(here, &["compare", "flawed", "again"]).with_code(0).prints("no check changed");

    let page = gauntlet_in(here, &["compare", "mended", "flawed", "--matrix", "--out", "page"]).with_code(0);
    assert_eq!(page.stdout, "");
    let html = fs::read_to_string(here.join("page/matrix.html")).unwrap();
    assert!(html.contains("builtin-strict") && html.contains("builtin-alg-none") && html.contains("<details name="));
    let matrix: Value = serde_json::from_slice(&fs::read(here.join("page/matrix.json")).unwrap()).unwrap();
    assert_eq!(matrix["targets"][0]["families"]["algorithm"]["outcome"], "fail");
}

#[test]
fn a_comparison_that_says_nothing_is_not_green() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/run.json");
    let text = fs::read_to_string(fixture).unwrap();
    fs::write(here.join("old.json"), &text).unwrap();
    fs::write(here.join("killed.json"), text.replacen("\"complete\": true", "\"complete\": false", 1)).unwrap();
    gauntlet_in(here, &["compare", "old.json", "old.json"]).with_code(0);
    gauntlet_in(here, &["compare", "old.json", "killed.json"]).with_code(5).prints("did not finish");
    gauntlet_in(here, &["compare", "old.json"]).with_code(2).says("nothing to be compared with");
    gauntlet_in(here, &["compare", "old.json", "none.json"]).with_code(2).says("none.json");
    gauntlet_in(here, &["compare", "old.json", "old.json", "--tolerance", "much"]).with_code(2).says("such as 20%");
    gauntlet_in(here, &["compare", "old.json", "--matrix", "--format", "json"]).with_code(0).prints("matrix/1");
}
