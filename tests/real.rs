//! The real validators of `tests/targets`, and the libraries of `tests/targets/adapters`, against what they are known to
//! do. Each folder with a `target.toml` is run with the real binary, and its failures and warnings are compared with its `expected.txt`. Where there is a
//! `disagreements.txt`, it lists every variant that this target and `builtin:strict` decide differently.
//!
//! `GAUNTLET_REAL_VALIDATORS=1` runs those that are installed; `UPDATE_EXPECTED=1` writes what was seen.

use jwt_gauntlet::model::{Outcome, RunReport};
use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Mutex,
    thread,
};

/// Per target: the programs that it needs on the path, then the files that its `install.sh` makes.
const ARTEFACTS: [(&str, &[&str], &[&str]); 22] = [
    ("adapters/go-golang-jwt", &[], &["bin/adapter"]),
    ("adapters/go-jose", &[], &["bin/adapter"]),
    ("adapters/java-nimbus", &["java"], &["lib/nimbus-jose-jwt*", "bin/Adapter.class"]),
    ("adapters/node-jose", &["node"], &["node_modules/jose/package.json"]),
    ("adapters/perl-crypt-jwt", &["perl"], &[".installed"]),
    ("adapters/python-jwcrypto", &[], &[".venv/bin/python", ".venv/lib/python*/site-packages/jwcrypto"]),
    ("adapters/python-pyjwt", &[], &[".venv/bin/python", ".venv/lib/python*/site-packages/jwt"]),
    ("adapters/rust-josekit", &[], &["target/release/adapter-rust-josekit"]),
    ("adapters/rust-jsonwebtoken", &[], &["target/release/adapter-rust-jsonwebtoken"]),
    ("apache-openidc", &["apache2"], &[".installed"]),
    ("go-golang-jwt", &[], &["bin/server"]),
    ("haproxy", &["haproxy", "node"], &[".installed"]),
    ("keycloak", &["java"], &["lib/built", "lib/signing.jwk.json"]),
    ("nginx-auth-request", &["nginx", "apache2"], &[".installed"]),
    ("node-jose", &["node"], &["node_modules/jose/package.json"]),
    ("node-jose-strict", &["node"], &["../node-jose/node_modules/jose/package.json"]),
    ("node-jsonwebtoken", &["node"], &["node_modules/jsonwebtoken/package.json", "node_modules/jwks-rsa/package.json"]),
    (
        "python-authlib-introspection",
        &[],
        &[".venv/bin/python", ".venv/lib/python*/site-packages/authlib", ".venv/lib/python*/site-packages/flask"],
    ),
    ("python-joserfc", &[], &[".venv/bin/python", ".venv/lib/python*/site-packages/joserfc"]),
    (
        "python-joserfc-strict",
        &[],
        &["../python-joserfc/.venv/bin/python", "../python-joserfc/.venv/lib/python*/site-packages/joserfc"],
    ),
    ("python-pyjwt", &[], &[".venv/bin/python", ".venv/lib/python*/site-packages/jwt"]),
    ("rust-jsonwebtoken", &[], &["target/release/target-rust-jsonwebtoken"]),
];

/// The binary to run: a release build, where `GAUNTLET_BINARY` names one, takes a third of the time.
fn binary() -> OsString {
    env::var_os("GAUNTLET_BINARY").unwrap_or_else(|| env!("CARGO_BIN_EXE_gauntlet").into())
}

#[test]
fn real_validators_do_what_is_expected_of_them() {
    let wanted = env::var_os("GAUNTLET_REAL_VALIDATORS").is_some_and(|value| !value.is_empty() && value != "0");
    let waiting = Mutex::new(targets().into_iter());
    let complaints = Mutex::new(String::new());
    let work = || {
        while let Some(folder) = { waiting.lock().expect("no thread panics with it").next() } {
            let name = name_of(&folder);
            let absent =
                if wanted { missing(&folder, &name) } else { Some("GAUNTLET_REAL_VALIDATORS is not set".into()) };
            if let Some(what) = absent.or_else(|| left_for_longer(&name)) {
                println!("skipped: {name} ({what})");
                continue;
            }
            match check(&folder, &name) {
                Ok(how) => println!("{name}: {how}"),
                Err(why) => *complaints.lock().expect("no thread panics with it") += &format!("\n{name}: {why}\n"),
            }
        }
    };
    // Two at a time: a run waits for key sets to be read again, and most targets use one processor.
    thread::scope(|threads| {
        for _ in 0..2 {
            threads.spawn(work);
        }
    });
    let complaints = complaints.into_inner().expect("the threads have ended");
    assert!(complaints.is_empty(), "{complaints}");
}

/// Apache falls over under key sets with members that it cannot read and is started again, which takes minutes, and which
/// cases that meets differs from run to run. Keycloak takes half a minute to start.
fn left_for_longer(name: &str) -> Option<String> {
    let slow = ["apache-openidc", "keycloak", "nginx-auth-request"].contains(&name);
    (slow && env::var_os("GAUNTLET_LONG").is_none()).then(|| "GAUNTLET_LONG is not set".into())
}

/// What the audit in `tests/targets/README.md` names: patterns of cases and variants in the section of a target, and in
/// the one about all of them. A disagreement with `builtin:strict` is decided under "Second opinions".
#[test]
fn every_expected_finding_is_in_the_audit() {
    let audit: String = ["README.md", "adapters/README.md"]
        .map(|file| fs::read_to_string(root().join(file)).expect("the audit is part of the repository"))
        .concat();
    let mut missing = String::new();
    for folder in targets() {
        let name = name_of(&folder);
        let (file, chapters) = if folder.join("disagreements.txt").exists() {
            ("disagreements.txt", vec!["## Second opinions".to_owned()])
        } else {
            ("expected.txt", chapters(&name))
        };
        let patterns: Vec<String> = chapters.iter().flat_map(|title| patterns(chapter(&audit, title))).collect();
        let lines = fs::read_to_string(folder.join(file)).expect("each target has its file");
        for line in lines.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            let id = if file == "expected.txt" { words[1].split('#').next() } else { words[0].strip_suffix(':') };
            let id = id.expect("a line names a variant");
            let case = id.split(':').next().unwrap_or(id);
            if !patterns.iter().any(|pattern| pattern == case || fits(pattern, id)) {
                missing += &format!("\n{name}: {line}");
            }
        }
    }
    assert!(
        missing.is_empty(),
        "find the reason in clause and source, and write it into the README.md above the target's folder:{missing}"
    );
}

/// Where the audit speaks of a target: of all of them, and of it. What it says of a service holds for the adapter around the
/// same library.
fn chapters(name: &str) -> Vec<String> {
    let mut chapters = vec!["### All targets".to_owned(), format!("### {name}")];
    if let Some(library) = name.strip_prefix("adapters/") {
        chapters.push("### All adapters".to_owned());
        if root().join(library).is_dir() {
            chapters.push(format!("### {library}"));
        }
    }
    chapters
}

/// The text from a heading to the next one of its rank or above.
fn chapter<'a>(audit: &'a str, title: &str) -> &'a str {
    let start = audit.find(&format!("\n{title}\n")).unwrap_or_else(|| panic!("the audit has no {title}"));
    let rest = &audit[start + 1 + title.len()..];
    let sign = title.split(' ').next().unwrap_or_default();
    let ends = (1..=sign.len()).filter_map(|rank| rest.find(&format!("\n{} ", &sign[..rank])));
    &rest[..ends.min().unwrap_or(rest.len())]
}

/// What stands in backquotes and looks like a case, with `{a,b}` written out.
fn patterns(text: &str) -> Vec<String> {
    let quoted = text.split('`').skip(1).step_by(2).filter(|quoted| quoted.contains('/') && !quoted.contains(' '));
    let written_out = quoted.flat_map(|quoted| {
        match quoted.split_once('{').and_then(|(front, rest)| Some((front, rest.split_once('}')?))) {
            Some((front, (choices, end))) => choices.split(',').map(|choice| format!("{front}{choice}{end}")).collect(),
            None => vec![quoted.to_owned()],
        }
    });
    written_out.collect()
}

/// Whether an id fits a pattern in which `*` stands for anything.
fn fits(pattern: &str, id: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == id,
        Some((front, rest)) => id
            .strip_prefix(front)
            .is_some_and(|id| (0..=id.len()).any(|at| id.is_char_boundary(at) && fits(rest, &id[at..]))),
    }
}

/// The folders with a `target.toml`, by name; one with a drill of its own is played by that.
fn targets() -> Vec<PathBuf> {
    let root = root();
    let inside = |folder: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).expect("tests/targets is part of the repository");
        entries.map(|entry| entry.expect("a readable folder entry").path()).collect()
    };
    let mut folders: Vec<PathBuf> = inside(&root).into_iter().chain(inside(&root.join("adapters"))).collect();
    folders.retain(|path| path.join("target.toml").is_file() && !path.join("drill.py").is_file());
    folders.sort();
    folders
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/targets")
}

/// What a folder is called: `node-jose`, `adapters/node-jose`.
fn name_of(folder: &Path) -> String {
    folder.strip_prefix(root()).expect("a folder below tests/targets").to_string_lossy().into_owned()
}

/// What a target lacks to be started. A folder that is not in the table is taken to need nothing.
fn missing(folder: &Path, name: &str) -> Option<String> {
    let (_, programs, files) = ARTEFACTS.iter().find(|(known, ..)| *known == name)?;
    if let Some(program) = programs.iter().find(|program| !on_path(program)) {
        return Some(format!("no {program}"));
    }
    let file = files.iter().find(|file| !present(folder, file))?;
    Some(format!("no {file}; run tests/targets/install.sh"))
}

fn on_path(program: &str) -> bool {
    env::split_paths(&env::var_os("PATH").unwrap_or_default()).any(|folder| folder.join(program).is_file())
}

/// Whether a path exists below the folder. A part that ends in `*` stands for any name that begins so. A symbolic link
/// that leads nowhere, as the interpreter of a moved environment is, does not exist.
fn present(folder: &Path, file: &str) -> bool {
    let mut places = vec![folder.to_path_buf()];
    for part in file.split('/') {
        places = match part.strip_suffix('*') {
            None => places.into_iter().map(|place| place.join(part)).collect(),
            Some(beginning) => places.iter().flat_map(|place| beginning_with(place, beginning)).collect(),
        };
    }
    places.iter().any(|place| place.exists())
}

fn beginning_with(folder: &Path, beginning: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(beginning)).map(|e| e.path()).collect()
}

/// Runs one target and compares. Returns how it went, or what is wrong.
fn check(folder: &Path, name: &str) -> Result<String, String> {
    let (report, said) = run(folder.join("target.toml").as_os_str())?;
    sound(&report).map_err(|why| format!("{why}\n{said}"))?;
    let mut how = compare(&folder.join("expected.txt"), &seen(&report), name)
        .map_err(|why| format!("{why}\n{}", reasons(&report, &why)))?;
    let disagreements = folder.join("disagreements.txt");
    if disagreements.exists() {
        let (strict, _) = run("builtin:strict".as_ref())?;
        how = compare(&disagreements, &decided_differently(&strict, &report), name)?;
    }
    let counts = &report.summary.variants;
    Ok(format!(
        "{how}: {} pass, {} fail, {} warn, {} note, {} skip",
        counts.pass, counts.fail, counts.warn, counts.note, counts.skip
    ))
}

/// One run of the real binary: its report, and what it said.
fn run(target: &OsStr) -> Result<(RunReport, String), String> {
    let out = tempfile::tempdir().expect("a temporary folder");
    let run = Command::new(binary())
        .arg("run")
        .arg(target)
        .args(["--seed", "7", "--max-time", "5m", "--out"])
        .arg(out.path())
        .stdin(Stdio::null())
        .output()
        .expect("the binary that cargo built for this test");
    let said = String::from_utf8_lossy(&run.stderr).into_owned();
    let text = fs::read_to_string(out.path().join("run.json"))
        .map_err(|error| format!("no report ({error}); {}\n{said}", run.status))?;
    let report = serde_json::from_str(&text).map_err(|error| format!("unreadable report: {error}"))?;
    Ok((report, said))
}

/// What holds for each run, whatever the target does: it ended, its probes went well, everything was decided.
fn sound(report: &RunReport) -> Result<(), String> {
    if !report.complete {
        return Err(format!("the run did not end: {}", report.stopped.as_deref().unwrap_or("for no reason given")));
    }
    if report.calibration.is_empty() {
        return Err("the run was not calibrated".into());
    }
    if let Some(check) = report.calibration.iter().find(|check| !matches!(check.outcome, Outcome::Pass | Outcome::Note))
    {
        return Err(format!("calibration, {}: {:?}, {}", check.name, check.outcome, check.observed));
    }
    match report.summary.variants.inconclusive {
        0 => Ok(()),
        some => Err(format!("{some} variants are undecided")),
    }
}

/// The findings to compare: all that somebody has to look at.
fn seen(report: &RunReport) -> BTreeSet<String> {
    let findings = report.cases.iter().flat_map(|case| &case.findings);
    let lines = findings.filter_map(|finding| {
        let listed = matches!(finding.outcome, Outcome::Fail | Outcome::Warn | Outcome::Inconclusive);
        listed.then(|| format!("{} {}", finding.outcome, finding.id))
    });
    lines.collect()
}

/// Why each finding that a complaint names was judged so: a run on another machine leaves nothing else behind.
fn reasons(report: &RunReport, complaint: &str) -> String {
    let named: BTreeSet<&str> = complaint.lines().filter_map(|line| line.split_whitespace().last()).collect();
    let findings = report.cases.iter().flat_map(|case| &case.findings);
    let lines = findings.filter(|finding| named.contains(finding.id.to_string().as_str())).map(|finding| {
        let (outcome, because) = (finding.outcome, &finding.because);
        format!("  {}: {outcome}: {because}", finding.id)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The variants that both judged and decided differently.
fn decided_differently(strict: &RunReport, target: &RunReport) -> BTreeSet<String> {
    let strict = verdicts(strict);
    let lines = verdicts(target).into_iter().filter_map(|(variant, here)| {
        let there = strict.get(&variant)?;
        (*there != here).then(|| format!("{variant}: {there} by builtin:strict, {here} here"))
    });
    lines.collect()
}

/// What a target said to each variant that was sent: accept, reject, or how it failed. Measured values are no decisions.
fn verdicts(report: &RunReport) -> BTreeMap<String, String> {
    let findings = report.cases.iter().flat_map(|case| &case.findings);
    let sent = findings.filter(|finding| finding.outcome != Outcome::Skip);
    let verdicts = sent.filter_map(|finding| {
        let id = finding.id.to_string();
        let variant = id.strip_suffix("#verdict")?.to_owned();
        let word = match finding.observed.split([' ', ':']).next()? {
            word @ ("accept" | "reject" | "server-error" | "timeout" | "reset") => word,
            "refused" => "reject",
            _ => return None,
        };
        Some((variant, word.to_owned()))
    });
    verdicts.collect()
}

fn compare(file: &Path, seen: &BTreeSet<String>, name: &str) -> Result<&'static str, String> {
    if env::var_os("UPDATE_EXPECTED").is_some() {
        let text: String = seen.iter().map(|line| format!("{line}\n")).collect();
        fs::write(file, text).map_err(|error| format!("cannot write {}: {error}", file.display()))?;
        return Ok("written");
    }
    let text = fs::read_to_string(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    let expected: BTreeSet<String> = text.lines().map(str::to_owned).collect();
    if expected == *seen {
        return Ok("as expected");
    }
    let mut diff = format!("other lines than in {} (- expected, + seen):\n", file.display());
    for line in expected.union(seen) {
        match (expected.contains(line), seen.contains(line)) {
            (true, false) => diff += &format!("  - {line}\n"),
            (false, true) => diff += &format!("  + {line}\n"),
            _ => {}
        }
    }
    diff += &format!(
        "find the reason in the clause and in the source of {name}, write it down in tests/targets/README.md, then\n  \
         GAUNTLET_REAL_VALIDATORS=1 UPDATE_EXPECTED=1 cargo test --test real"
    );
    Err(diff)
}
