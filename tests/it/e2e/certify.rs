//! Conformance statements: made, checked, forged and tried again.

use super::{
    play::{Ended, gauntlet, gauntlet_in},
    profiles::small_suite,
};
use jwt_gauntlet::{
    certify::{Evidence, Files, KEY, PublicKey, RUN, Refusal, STATEMENT, SigningKey, examine, open, seal},
    model::Outcome,
    suite::{Catalog, scenarios},
};
use proptest::{
    prelude::{ProptestConfig, any},
    sample::Index,
    test_runner::TestRunner,
};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

/// A scenario of a second.
const SHORT: &str = r#"
format = "scenario/1"
[scenario]
title = "A key signs"
why = "Good tokens are taken while nothing happens."
refs = ["RFC7519#7.2"]
severity = "high"
traffic = { mix = "quiet" }
timeline = [{ at = "0", publish = "k1", sign = "k1" }, { at = "0.2T", end = true }]
assert = [{ window = "always", of = "valid", accepted = ">= 50%", level = "must" }]
"#;

/// A folder with a small suite, a scenario and a key.
struct Desk(TempDir);

impl Desk {
    fn new() -> Desk {
        let folder = tempfile::tempdir().unwrap();
        small_suite(folder.path());
        fs::create_dir(folder.path().join("scenarios")).unwrap();
        fs::write(folder.path().join("scenarios/short.toml"), SHORT).unwrap();
        let made = gauntlet_in(folder.path(), &["certify", "--new-key", "key.pem"]).with_code(0);
        fs::write(folder.path().join("public.pem"), made.stdout).unwrap();
        Desk(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn play(&self, args: &[&str]) -> Ended {
        gauntlet_in(self.0.path(), &[args, &["--suite", "suite", "--scenarios", "scenarios"]].concat())
    }

    fn certify(&self, target: &str, profile: &str, more: &[&str]) -> Ended {
        let args = ["certify", target, "--profile", profile, "--out", "bundle", "--seed", "5", "--quiet"];
        self.play(&[&args, more].concat())
    }

    fn files(&self) -> Files {
        let read = |entry: fs::DirEntry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap());
        fs::read_dir(self.path("bundle")).unwrap().map(|entry| read(entry.unwrap())).collect()
    }
}

#[test]
fn a_statement_is_made_checked_and_tried_again() {
    let desk = Desk::new();
    let mode = fs::metadata(desk.path("key.pem")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    fs::write(desk.path("program"), "bytes").unwrap();
    let made = desk.certify(
        "builtin:strict",
        "chaotic",
        &["--key", "key.pem", "--target-version", "9", "--artifact", "program"],
    );
    made.with_code(0).prints("builtin-strict 9 conforms to chaotic").prints("short held in 3 rounds");
    let names: Vec<String> = desk.files().into_keys().collect();
    assert_eq!(
        names,
        [
            "badge.svg",
            "chaos-1.json",
            "chaos-2.json",
            "chaos-3.json",
            "profile.json",
            "public-key.pem",
            "run.json",
            "statement.dsse.json",
            "statement.html",
            "target.json"
        ]
    );

    let checked = desk.play(&["verify", "bundle", "--key", "public.pem"]).with_code(0);
    checked.prints("It does not prove that it is true").prints("builtin-strict 9 conforms to chaotic");
    assert!(!checked.stdout.contains("Nobody said whose key"), "{}", checked.stdout);
    desk.play(&["verify", "bundle"]).with_code(0).prints("Nobody said whose key it must be");

    // Somebody else's key, and a suite that is not at hand.
    let other = gauntlet_in(desk.0.path(), &["certify", "--new-key", "other.pem"]).with_code(0);
    fs::write(desk.path("other.pub"), other.stdout).unwrap();
    desk.play(&["verify", "bundle", "--key", "other.pub"]).with_code(1).says("not by the one that you trust");
    gauntlet_in(desk.0.path(), &["verify", "bundle"]).with_code(3).says("whether the runs are complete cannot be told");

    let again = |target: &str| desk.play(&["verify", "bundle", "--rerun", target, "--quiet"]);
    again("builtin:strict").with_code(0).prints("nothing is different");
    let other = again("builtin:ecdsa-zero-accepted").with_code(1);
    other.prints("signature/ecdsa-zero-zero: stated passed, now broken").says("is not configured as the stated one");

    // What is added, taken away or exchanged.
    fs::write(desk.path("bundle/notes.txt"), "").unwrap();
    desk.play(&["verify", "bundle"]).with_code(1).says("does not name the file notes.txt");
    fs::remove_file(desk.path("bundle/notes.txt")).unwrap();
    fs::rename(desk.path("bundle/chaos-1.json"), desk.path("chaos-1.json")).unwrap();
    desk.play(&["verify", "bundle"]).with_code(1).says("the file chaos-1.json is missing");
}

#[test]
fn no_byte_of_a_bundle_can_be_another_one() {
    let desk = Desk::new();
    desk.certify("builtin:strict", "small", &["--key", "key.pem"]).with_code(0);
    let files = desk.files();
    open(&files, None).unwrap();
    let edited = |name: &str, at: usize, to: u8| {
        let mut files = files.clone();
        files.get_mut(name).unwrap()[at] = to;
        assert!(open(&files, None).is_err(), "byte {at} of {name} may be {to}");
    };
    let names: Vec<&String> = files.keys().collect();
    let mut runner = TestRunner::new(ProptestConfig { cases: 200, ..ProptestConfig::default() });
    let edits = (any::<Index>(), any::<Index>(), 1..=u8::MAX);
    runner
        .run(&edits, |(file, at, change)| {
            let name = file.get(&names);
            let at = at.index(files[*name].len());
            edited(name, at, files[*name][at] ^ change);
            Ok(())
        })
        .unwrap();
    // What no digest covers, byte for byte.
    for name in [KEY, STATEMENT] {
        for (at, byte) in files[name].iter().enumerate() {
            for change in [1, 0x20] {
                edited(name, at, byte ^ change);
            }
        }
    }
    // A byte more, a byte less, and the same bytes signed by somebody else.
    for name in names {
        for bytes in [[files[name].as_slice(), b"\n"].concat(), files[name][..files[name].len() - 1].to_vec()] {
            assert!(open(&Files::from_iter(files.clone().into_iter().chain([(name.clone(), bytes)])), None).is_err());
        }
    }
    let key = PublicKey::from_file(&fs::read_to_string(desk.path("public.pem")).unwrap()).unwrap();
    open(&files, Some(&key)).unwrap();
}

#[test]
fn whoever_signs_what_the_runs_do_not_show_is_found_out() {
    let desk = Desk::new();
    desk.certify("builtin:strict", "small", &["--key", "key.pem"]).with_code(0);
    let folder = desk.path("scenarios");
    let catalog = Catalog::load(Some(&desk.path("suite"))).unwrap().with_scenarios(Some(&folder)).unwrap();
    let scenarios = scenarios(Some(&folder)).unwrap();
    let opened = open(&desk.files(), None).unwrap();
    let certificate = examine(&opened, &catalog, &scenarios).unwrap();
    // The right key over other evidence: every signature and digest fits.
    let key = SigningKey::from_pem(&fs::read_to_string(desk.path("key.pem")).unwrap()).unwrap();
    let stated = |change: &dyn Fn(&mut Evidence)| {
        let mut evidence = opened.evidence.clone();
        change(&mut evidence);
        let mut files = desk.files();
        files.retain(|name, _| ![KEY, STATEMENT].contains(&name.as_str()));
        files.insert(RUN.into(), serde_json::to_vec(&evidence.run).unwrap());
        files.insert("profile.json".into(), serde_json::to_vec(&evidence.profile).unwrap());
        let files = seal(files, &certificate, &evidence, &catalog, &key).unwrap();
        match examine(&open(&files, Some(key.public())).unwrap(), &catalog, &scenarios).unwrap_err() {
            Refusal::NotConformant { because, .. } => because.join("; "),
            other => other.to_string(),
        }
    };
    assert!(stated(&|evidence| drop(evidence.run.cases.pop())).contains("are not in the run"));
    assert!(stated(&|evidence| evidence.run.complete = false).contains("the run did not finish"));
    let broken = stated(&|evidence| evidence.run.cases[0].findings[0].outcome = Outcome::Fail);
    assert!(broken.contains("broken: signature/"), "{broken}");
    let lean = stated(&|evidence| evidence.profile.parts[0].cases = vec!["signature/ed-*".into()]);
    assert!(lean.contains("is not the profile small of this suite"), "{lean}");
    let proud = stated(&|evidence| evidence.run.summary.profile.as_mut().unwrap().must_pass += 1);
    assert!(proud.contains("is not what its cases give"), "{proud}");
    let other = stated(&|evidence| evidence.run.target.name = "another".into());
    assert!(other.contains("the declaration is about"), "{other}");
    let elsewhere = stated(&|evidence| evidence.run.run.seed += 1);
    assert!(elsewhere.contains("its predicate is not what the runs give"), "{elsewhere}");
}

#[test]
fn what_does_not_conform_gets_no_statement() {
    let desk = Desk::new();
    let ended = desk.certify("builtin:ecdsa-zero-accepted", "chaotic", &["--key", "key.pem"]).with_code(1);
    ended.says("no statement: the runs do not give the profile chaotic what it asks for: broken: signature/");
    assert_eq!(desk.files().into_keys().collect::<Vec<_>>(), ["report.html", "run.json"]);
    desk.play(&["verify", "bundle"]).with_code(1).says("the file statement.dsse.json is missing");
    // A folder that is not empty is not written to.
    desk.certify("builtin:strict", "small", &["--key", "key.pem"]).with_code(2).says("is not an empty directory");
    fs::remove_dir_all(desk.path("bundle")).unwrap();
    desk.certify("builtin:strict", "small", &[]).with_code(2).says("nothing says which key signs");
    desk.certify("builtin:strict", "small", &["--key", "public.pem"]).with_code(2).says("wanted a private key");
    desk.certify("builtin:strict", "best", &["--key", "key.pem"]).with_code(2).says("known profiles: chaotic, small");
    let before = fs::read(desk.path("key.pem")).unwrap();
    desk.play(&["certify", "--new-key", "key.pem"]).with_code(2).says("name a file that does not exist yet");
    assert_eq!(fs::read(desk.path("key.pem")).unwrap(), before);
    assert!(!desk.path("bundle").exists());
}

#[test]
fn a_key_of_openssl_from_the_environment_signs() {
    let desk = Desk::new();
    // openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256
    let text = include_str!("../../fixtures/statement-key.pem");
    let args =
        ["certify", "builtin:strict", "--profile", "small", "--key-env", "STATEMENT_KEY", "--out", "bundle", "--quiet"];
    let mut command = super::play::command(desk.0.path());
    command.args(args).args(["--suite", "suite", "--scenarios", "scenarios"]).env("STATEMENT_KEY", text);
    super::play::Playing::start(&mut command).end().with_code(0).prints("by the ES256 key");
    desk.play(&["verify", "bundle"]).with_code(0);
    let everything = super::files::everything_in(&desk.path("bundle"));
    assert!(!everything.contains(text.lines().nth(1).unwrap()), "the private key is in the bundle");
}

/// `GAUNTLET_DSSE_PYTHON` names a Python that has `tests/tools/requirements.txt`.
#[test]
fn the_envelope_opens_under_another_implementation() {
    let Some(python) = std::env::var_os("GAUNTLET_DSSE_PYTHON") else {
        println!(
            "skipped: the envelope under securesystemslib and in-toto-attestation (GAUNTLET_DSSE_PYTHON is not set)"
        );
        return;
    };
    let desk = Desk::new();
    desk.certify("builtin:strict", "chaotic", &["--key", "key.pem"]).with_code(0);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/verify_dsse.py");
    let verify = |key: &str| {
        Command::new(&python).arg(&script).args(["bundle", key]).current_dir(desk.0.path()).output().unwrap()
    };
    let ended = verify("public.pem");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    assert!(String::from_utf8_lossy(&ended.stdout).contains("9 subjects"), "{ended:?}");
    let other = gauntlet(&["certify", "--new-key", desk.path("other.pem").to_str().unwrap()]).with_code(0);
    fs::write(desk.path("other.pub"), other.stdout).unwrap();
    assert!(!verify("other.pub").status.success(), "another key opens it too");
}
