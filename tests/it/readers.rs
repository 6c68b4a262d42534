//! The report formats, read by other people's readers: the JSON schema of SARIF, the XML schema of JUnit reports, a parser
//! of OpenMetrics. `tests/readers/install.sh` installs the last two; where they are not, they are skipped by name, unless
//! `GAUNTLET_READERS` is set.

use jwt_gauntlet::{
    model::RunReport,
    report::{Format, read, render},
    run::{Universe, apply},
    suite::baseline_from,
};
use serde_json::Value;
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn report(path: &str) -> RunReport {
    read(&fs::read(root().join(path)).unwrap()).unwrap()
}

/// Every outcome, known and unknown failures, a list that is out of date, a scenario; a real run; and one that was killed.
fn runs() -> Vec<(&'static str, RunReport)> {
    let mut all = report("tests/fixtures/run.json");
    let scenario = fs::read(root().join("tests/fixtures/scenario.json")).unwrap();
    all.scenarios = vec![serde_json::from_slice(&scenario).unwrap()];
    let entry = |finding: &str| format!("[[known]]\nfinding = \"{finding}\"\nbecause = \"<so> & \\\"so\\\"\"\n");
    let entries = entry("algorithm/public-key*") + &entry("chaos/*#always*") + &entry("no/such");
    let baseline = baseline_from("b.toml", &format!("format = \"baseline/1\"\n{entries}")).unwrap();
    apply(&mut all, &baseline, &Universe::default(), "2026-11-22".parse().unwrap());
    let mut killed = all.clone();
    (killed.complete, killed.exit_code, killed.baseline) = (false, 5, None);
    killed.run.finished = String::new();
    vec![("all", all), ("sample", report("reports/sample/run.json")), ("killed", killed)]
}

/// What cargo prints.
fn cargo(arguments: &[&str]) -> String {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let ended = Command::new(cargo).args(arguments).current_dir(root()).output().unwrap();
    assert!(ended.status.success(), "cargo {}: {}", arguments.join(" "), String::from_utf8_lossy(&ended.stderr));
    String::from_utf8(ended.stdout).unwrap()
}

/// The official schema, as the crate ships it that writes the format.
fn sarif_schema() -> Value {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    let path = PATH.get_or_init(|| {
        // Of the crates for other platforms, a machine that only ever built for its own has none.
        let about = cargo(&["-vV"]);
        let host = about.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
        let metadata =
            cargo(&["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", host]);
        let metadata: Value = serde_json::from_str(&metadata).unwrap();
        let packages = metadata["packages"].as_array().unwrap();
        let sarif = packages.iter().find(|package| package["name"] == "serde-sarif").unwrap();
        Path::new(sarif["manifest_path"].as_str().unwrap()).with_file_name("src").join("schema.json")
    });
    let mut schema: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    // As published it has a bracket too many, which a strict reader of regular expressions refuses.
    for place in ["run", "toolComponent"] {
        let pattern = schema.pointer_mut(&format!("/definitions/{place}/properties/language/pattern")).unwrap();
        *pattern = "^[a-zA-Z]{2}(-[a-zA-Z]{2})?$".into();
    }
    schema
}

#[test]
fn sarif_meets_the_official_schema_and_shows_help() {
    let schema = sarif_schema();
    assert!(schema["$id"].as_str().unwrap().contains("oasis-tcs/sarif-spec"), "{}", schema["$id"]);
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (name, run) in runs() {
        let value: Value = serde_json::from_slice(&render(&run, Format::Sarif).unwrap()).unwrap();
        let errors: Vec<String> =
            validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{name}:\n{}", errors.join("\n"));
        let run = &value["runs"][0];
        let (rules, results) = (run["tool"]["driver"]["rules"].as_array().unwrap(), run["results"].as_array().unwrap());
        assert!(!results.is_empty(), "{name}");
        for rule in rules {
            let properties = &rule["properties"];
            assert!(properties["security-severity"].as_str().unwrap().parse::<f64>().unwrap() <= 10.0);
            assert!((1..=10).contains(&properties["tags"].as_array().unwrap().len()), "{rule}");
            assert!(!rule["help"]["markdown"].as_str().unwrap().is_empty(), "{rule}");
        }
        for result in results {
            let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
            assert_eq!(rule["id"], result["ruleId"]);
            let place = &result["locations"][0]["physicalLocation"];
            assert!(!place["artifactLocation"]["uri"].as_str().unwrap().is_empty(), "{result}");
            assert_eq!(result["partialFingerprints"]["checkOfTarget/v1"].as_str().unwrap().len(), 64);
        }
        let suppressed = results.iter().filter(|result| result.get("suppressions").is_some()).count();
        assert_eq!(suppressed > 0, name == "all", "{name}");
        assert_eq!(run["invocations"][0]["executionSuccessful"], name != "killed");
    }
    // A schema that refuses nothing would prove nothing.
    assert!(!validator.is_valid(&serde_json::json!({ "version": "2.1.0", "runs": [{ "results": [] }] })));
}

/// What a reader says about files of a format; `None` where it is not installed.
fn read_by(format: &str, files: &[PathBuf]) -> Option<String> {
    let folder = root().join("tests/readers");
    let python = folder.join(".venv/bin/python");
    if !python.exists() || !folder.join("junit-10.xsd").exists() {
        assert!(env::var_os("GAUNTLET_READERS").is_none(), "GAUNTLET_READERS is set: run tests/readers/install.sh");
        println!("skipped: the reader of {format} (run tests/readers/install.sh)");
        return None;
    }
    let ended = Command::new(python).arg(folder.join("read.py")).arg(format).args(files).output().unwrap();
    let said = String::from_utf8(ended.stdout).unwrap();
    assert!(ended.status.success(), "{format}: {}", String::from_utf8_lossy(&ended.stderr));
    Some(said)
}

fn files(folder: &Path, format: Format) -> Vec<PathBuf> {
    let write = |(name, run): (&str, RunReport)| {
        let path = folder.join(format!("{name}-{}", format.file_name()));
        fs::write(&path, render(&run, format).unwrap()).unwrap();
        path
    };
    runs().into_iter().map(write).collect()
}

#[test]
fn junit_meets_the_schema_of_build_servers() {
    let folder = tempfile::tempdir().unwrap();
    let Some(said) = read_by("junit", &files(folder.path(), Format::Junit)) else { return };
    for suite in ["algorithm 12 4 0", "known failures 1 1 0", "chaos: rotate:a,b 2 0 0", "run 1 0 1"] {
        assert!(said.lines().any(|line| line == suite), "no {suite:?} in:\n{said}");
    }
    let broken = folder.path().join("broken.xml");
    fs::write(&broken, "<testsuites><testsuite/></testsuites>").unwrap();
    let python = root().join("tests/readers/.venv/bin/python");
    let refused = Command::new(python).arg(root().join("tests/readers/read.py")).arg("junit").arg(broken).output();
    assert!(!refused.unwrap().status.success(), "a schema that refuses nothing would prove nothing");
}

#[test]
fn openmetrics_is_read_by_prometheus() {
    let folder = tempfile::tempdir().unwrap();
    let Some(said) = read_by("openmetrics", &files(folder.path(), Format::Openmetrics)) else { return };
    for sample in [
        "gauge gauntlet_cases {'target': 'orders-api', 'outcome': 'fail'} 3.0",
        "gauge gauntlet_exit_code {'target': 'orders-api'} 5.0",
        "gauge gauntlet_complete {'target': 'orders-api'} 0.0",
        "gauge gauntlet_chaos_survived_seconds {'target': 'orders-api', 'scenario': 'rotate:a,b', 'bound': 'at-least'} 12.5",
        "gauge gauntlet_baseline_entries {'target': 'orders-api', 'status': 'stale'} 1.0",
    ] {
        assert!(said.lines().any(|line| line == sample), "no {sample:?} in:\n{said}");
    }
    assert!(said.starts_with("info gauntlet_run_info"), "{said}");
}
