//! Releases with published flaws (`tests/targets/known-bad`): each must fail the findings that `expected.toml` names, and
//! the release that mended the flaw must pass the same ones.
//!
//! `GAUNTLET_REAL_VALIDATORS=1` runs those that are installed.

use jwt_gauntlet::model::{Outcome, RunReport};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    env,
    ffi::OsString,
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Expected {
    known_bad: Vec<KnownBad>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct KnownBad {
    #[expect(dead_code, reason = "for the reader")]
    package: String,
    #[expect(dead_code, reason = "for the reader")]
    registry: String,
    language: String,
    flaw: String,
    #[expect(dead_code, reason = "for the reader")]
    about: String,
    vulnerable: String,
    fixed: String,
    caught_by: Vec<String>,
}

/// Per language: the programs that it needs on the path, and the file that its `install.sh` makes last.
const ARTEFACTS: [(&str, &[&str], &str); 5] = [
    ("go", &[], "go/bin/server"),
    ("java", &["java"], "java/bin/Server.class"),
    ("node", &["node"], "node/node_modules/.package-lock.json"),
    ("python", &["python3"], "python/site/installed.txt"),
    ("rust", &[], "rust/target/release/known-bad-rust"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/targets/known-bad")
}

fn expected() -> Vec<KnownBad> {
    let text = fs::read_to_string(root().join("expected.toml")).expect("expected.toml is part of the repository");
    let expected: Expected = toml::from_str(&text).expect("expected.toml is well formed");
    expected.known_bad
}

/// The binary to run: a release build, where `GAUNTLET_BINARY` names one, takes a third of the time.
fn binary() -> OsString {
    env::var_os("GAUNTLET_BINARY").unwrap_or_else(|| env!("CARGO_BIN_EXE_gauntlet").into())
}

#[test]
fn known_bad_releases_are_caught_and_mended_ones_are_not() {
    let wanted = env::var_os("GAUNTLET_REAL_VALIDATORS").is_some_and(|value| !value.is_empty() && value != "0");
    let mut complaints = String::new();
    for entry in expected() {
        let absent = if wanted { missing(&entry.language) } else { Some("GAUNTLET_REAL_VALIDATORS is not set".into()) };
        if let Some(what) = absent {
            println!("skipped: {} and {} ({what})", entry.vulnerable, entry.fixed);
            continue;
        }
        for (target, wanted) in [(&entry.vulnerable, Outcome::Fail), (&entry.fixed, Outcome::Pass)] {
            let file = root().join("targets").join(format!("{target}.toml"));
            match check(&file, "", &entry.caught_by, wanted) {
                Ok(()) => println!("{target}: {wanted}, as {} wants it ({})", entry.flaw, entry.caught_by.join(", ")),
                Err(why) => complaints += &format!("\n{target}: {why}\n"),
            }
        }
    }
    assert!(complaints.is_empty(), "{complaints}");
}

/// A release with a flaw and the one that mended it, as two runs of more than the flaw is about: the comparison shows the
/// flaw and nothing else, in both directions.
#[test]
fn a_comparison_shows_exactly_what_was_mended() {
    const PAIR: &str = "fast-jwt-6.1.0-crit";
    let wanted = env::var_os("GAUNTLET_REAL_VALIDATORS").is_some_and(|value| !value.is_empty() && value != "0");
    let entry = expected().into_iter().find(|entry| entry.vulnerable == PAIR).expect("it is expected");
    let absent = if wanted { missing(&entry.language) } else { Some("GAUNTLET_REAL_VALIDATORS is not set".into()) };
    if let Some(what) = absent {
        println!("skipped: {PAIR} and {} side by side ({what})", entry.fixed);
        return;
    }
    let out = tempfile::tempdir().expect("a temporary folder");
    for target in [&entry.vulnerable, &entry.fixed] {
        let file = root().join("targets").join(format!("{target}.toml"));
        let run = Command::new(binary())
            .arg("run")
            .arg(file)
            .args(entry.caught_by.iter().flat_map(|variant| ["--only", variant]))
            .args(["--only", "claims/aud-*", "--only", "algorithm/alg-none*"])
            .args(["--max-time", "1m", "--format", "json", "--quiet", "--out"])
            .arg(out.path().join(target))
            .output()
            .expect("the binary that cargo built for this test");
        assert!(out.path().join(target).join("run.json").exists(), "{}", String::from_utf8_lossy(&run.stderr));
    }
    let compared = |old: &String, new: &String| {
        let ended = Command::new(binary())
            .args(["compare", "--format", "json", old, new])
            .current_dir(out.path())
            .output()
            .expect("the binary that cargo built for this test");
        let value: serde_json::Value = serde_json::from_slice(&ended.stdout).expect("a comparison as JSON");
        (ended.status.code(), value)
    };
    let mut flaw: Vec<String> = entry.caught_by.iter().map(|variant| format!("{variant}#verdict")).collect();
    flaw.sort();
    let listed = |value: &serde_json::Value, list: &str| {
        let changes = value[list].as_array().expect("a list of changes").iter();
        let mut ids: Vec<String> =
            changes.map(|change| change["finding"].as_str().expect("an id").to_owned()).collect();
        ids.sort();
        ids
    };
    for (old, new, list, other, code) in [
        (&entry.vulnerable, &entry.fixed, "fixed", "broken", 0),
        (&entry.fixed, &entry.vulnerable, "broken", "fixed", 1),
    ] {
        let (ended, value) = compared(old, new);
        assert_eq!(
            (ended, listed(&value, list), listed(&value, other)),
            (Some(code), flaw.clone(), Vec::new()),
            "{value:#}"
        );
        assert_eq!((listed(&value, "lost"), listed(&value, "broken-in-new-cases")), (Vec::new(), Vec::new()));
    }
    println!("{PAIR} and {}: the comparison shows {}", entry.fixed, flaw.join(", "));
}

/// Releases whose flaw shows with sample tokens of an issuer that is not ours: how many, and whether its public key set
/// must be known as well.
const BLACK_BOX: [(&str, usize, bool); 5] = [
    ("pyjwt-1.5.1", 2, false),
    ("node-jose-0.10.0", 1, false),
    ("python-jwt-3.3.3", 1, false),
    ("authlib-1.6.6", 1, false),
    ("jsonwebtoken-4.1.0", 1, true),
];

#[test]
fn sample_tokens_show_what_the_issuers_keys_show() {
    let wanted = env::var_os("GAUNTLET_REAL_VALIDATORS").is_some_and(|value| !value.is_empty() && value != "0");
    let mut complaints = String::new();
    for (target, count, with_key_set) in BLACK_BOX {
        let entry = expected().into_iter().find(|entry| entry.vulnerable == target).expect("it is expected");
        let absent = if wanted { missing(&entry.language) } else { Some("GAUNTLET_REAL_VALIDATORS is not set".into()) };
        if let Some(what) = absent {
            println!("skipped: {target} by sample tokens ({what})");
            continue;
        }
        for (target, wanted) in [(&entry.vulnerable, Outcome::Fail), (&entry.fixed, Outcome::Pass)] {
            let issuer = Issuer::start();
            let samples: Vec<String> = issuer.tokens.iter().take(count).collect();
            let folder = tempfile::tempdir().expect("a temporary folder");
            let file = folder.path().join("black-box.toml");
            fs::write(&file, black_box(target, &issuer, with_key_set)).expect("a file in a temporary folder");
            match check(&file, &samples.join(" "), &entry.caught_by, wanted) {
                Ok(()) => println!("{target}: {wanted} with {count} sample tokens ({})", entry.caught_by.join(", ")),
                Err(why) => complaints += &format!("\n{target}: {why}\n"),
            }
        }
    }
    assert!(complaints.is_empty(), "{complaints}");
}

/// An issuer that is not the run's own.
struct Issuer {
    process: Child,
    url: String,
    key_set: String,
    tokens: mpsc::Receiver<String>,
}

impl Issuer {
    fn start() -> Issuer {
        let mut process = Command::new(binary())
            .args(["serve", "--algorithms", "RS256"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary that cargo built for this test");
        // One more token for the line.
        writeln!(process.stdin.as_mut().expect("its input")).expect("it reads");
        let said = BufReader::new(process.stderr.take().expect("its errors"));
        let mut said = said.lines().map_while(Result::ok);
        let mut line = |word: &str| said.find_map(|line| Some(line.strip_prefix(word)?.trim().to_owned())).expect(word);
        let (url, key_set) = (line("issuer"), line("key set"));
        let printed = BufReader::new(process.stdout.take().expect("its output"));
        let (sender, tokens) = mpsc::channel();
        thread::spawn(move || printed.lines().map_while(Result::ok).try_for_each(|token| sender.send(token)));
        Issuer { process, url, key_set, tokens }
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        // Harmless once it has ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The target file of a release, changed: it trusts the issuer, of whom we have nothing but tokens.
fn black_box(target: &str, issuer: &Issuer, with_key_set: bool) -> String {
    let folder = root().join("targets");
    let text = fs::read_to_string(folder.join(format!("{target}.toml"))).expect("a target file");
    let mut file: toml::Table = text.parse().expect("a target file is TOML");
    let mut trust = toml::toml! { keys.sample.token.env = "SAMPLES" };
    if with_key_set {
        let sample = trust["keys"]["sample"].as_table_mut().expect("a table written above");
        sample.insert("jwks".into(), issuer.key_set.clone().into());
    }
    file.insert("trust".into(), trust.into());
    let start = file["start"].as_table_mut().expect("it is started");
    let command = start["command"].as_array_mut().expect("a command");
    command[0] = folder.join(command[0].as_str().expect("a path")).to_string_lossy().into_owned().into();
    let env = start["env"].as_table_mut().expect("an environment");
    env.insert("ISSUER".into(), issuer.url.clone().into());
    env.insert("JWKS_URI".into(), issuer.key_set.clone().into());
    file.to_string()
}

#[test]
fn every_target_file_is_expected_and_every_expected_one_is_there() {
    let mut known: Vec<String> = expected().into_iter().flat_map(|entry| [entry.vulnerable, entry.fixed]).collect();
    let mut there: Vec<String> = fs::read_dir(root().join("targets"))
        .expect("the target files are part of the repository")
        .map(|entry| entry.expect("a readable folder entry").path())
        .map(|path| path.file_stem().expect("a file has a name").to_string_lossy().into_owned())
        .collect();
    known.sort();
    known.dedup();
    there.sort();
    assert_eq!(known, there);
}

/// What the targets of a language lack to be started.
fn missing(language: &str) -> Option<String> {
    let (_, programs, file) = ARTEFACTS.iter().find(|(known, ..)| *known == language).expect("a known language");
    let path = env::var_os("PATH").unwrap_or_default();
    let on_path = |program: &&&str| env::split_paths(&path).any(|folder| folder.join(program).is_file());
    if let Some(program) = programs.iter().find(|program| !on_path(program)) {
        return Some(format!("no {program}"));
    }
    (!root().join(file).exists()).then(|| format!("no {file}; run tests/targets/known-bad/install.sh"))
}

/// Runs some variants against a target; each verdict must have this outcome.
fn check(file: &Path, samples: &str, variants: &[String], wanted: Outcome) -> Result<(), String> {
    let out = tempfile::tempdir().expect("a temporary folder");
    let run = Command::new(binary())
        .arg("run")
        .arg(file)
        .env("SAMPLES", samples)
        .args(variants.iter().flat_map(|variant| ["--only", variant]))
        .args(["--seed", "7", "--max-time", "1m", "--format", "json", "--quiet", "--out"])
        .arg(out.path())
        .stdin(Stdio::null())
        .output()
        .expect("the binary that cargo built for this test");
    let said = String::from_utf8_lossy(&run.stderr);
    let text = fs::read_to_string(out.path().join("run.json"))
        .map_err(|error| format!("no report ({error}); {}\n{said}", run.status))?;
    let report: RunReport = serde_json::from_str(&text).map_err(|error| format!("unreadable report: {error}"))?;

    let outcomes: BTreeMap<String, Outcome> = report
        .cases
        .iter()
        .flat_map(|case| &case.findings)
        .map(|finding| (finding.id.to_string(), finding.outcome))
        .collect();
    let wrong: Vec<String> = variants
        .iter()
        .map(|variant| (variant, outcomes.get(&format!("{variant}#verdict"))))
        .filter(|(_, outcome)| *outcome != Some(&wanted))
        .map(|(variant, outcome)| {
            let seen = outcome.map_or("no verdict".to_owned(), ToString::to_string);
            format!("{variant} should {wanted}, but: {seen}")
        })
        .collect();
    if wrong.is_empty() { Ok(()) } else { Err(format!("{}\n{said}", wrong.join("\n"))) }
}
