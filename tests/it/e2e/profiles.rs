//! Profiles and the suite's digest, as a user and a pipeline meet them.

use super::{
    files::read,
    play::{gauntlet, gauntlet_in},
};
use jwt_gauntlet::suite::Catalog;
use std::{collections::BTreeSet, fs, path::Path};

/// A suite of a few files of the project, with a profile of its own.
pub fn small_suite(folder: &Path) {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    let suite = folder.join("suite");
    fs::create_dir(&suite).unwrap();
    for name in ["recipes.toml", "keysets.toml", "signature.toml"] {
        fs::copy(vectors.join(name), suite.join(name)).unwrap();
    }
    let text = "format = \"profiles/1\"\n[profile.small]\ntitle = \"Signatures are checked\"\nabout = \"A few cases.\"\n\
                who = \"Tests.\"\nlevels = [\"must\"]\ncases = [\"signature/*\"]\n\
                [profile.chaotic]\ntitle = \"And keys may change\"\nabout = \"A scenario.\"\nwho = \"Tests.\"\n\
                extends = \"small\"\nlevels = [\"must\"]\nrequires = [\"jwks:remote\"]\nscenarios = [\"short\"]\n";
    fs::write(suite.join("profiles.toml"), text).unwrap();
}

#[test]
fn a_run_for_a_profile_is_judged_by_its_rules() {
    let folder = tempfile::tempdir().unwrap();
    small_suite(folder.path());
    let run = |target: &str, more: &[&str]| {
        let args = [&["run", target, "--suite", "suite", "--profile", "small", "--out", "out", "--seed", "1"], more];
        let ended = gauntlet_in(folder.path(), &args.concat());
        (ended, read(&folder.path().join("out/run.json")).summary.profile.unwrap())
    };
    let (ended, profile) = run("builtin:strict", &[]);
    ended.with_code(0);
    assert!(profile.conformant && profile.must_total > 3, "{profile:?}");
    assert_eq!(profile.must_total, profile.must_pass);

    let (ended, profile) = run("builtin:ecdsa-zero-accepted", &[]);
    ended.with_code(1);
    assert!(!profile.conformant && profile.because[0].starts_with("broken: signature/"), "{profile:?}");

    // Whoever leaves cases out shows nothing.
    let (ended, profile) = run("builtin:strict", &["--only", "signature/ed-zero-signature"]);
    ended.with_code(3);
    assert!(profile.because.iter().any(|why| why.contains("are not in the run")), "{profile:?}");
}

#[test]
fn the_digest_of_the_suite_is_in_version_list_and_run() {
    let digest = Catalog::load(None).unwrap().digest().to_owned();
    gauntlet(&["--version"]).with_code(0).prints(&digest);
    gauntlet(&["list", "suite"]).with_code(0).prints(&digest);
}

#[test]
fn what_changed_since_an_old_run_is_listed() {
    let folder = tempfile::tempdir().unwrap();
    small_suite(folder.path());
    gauntlet_in(folder.path(), &["run", "--suite", "suite", "--profile", "small", "--out", "out"]).with_code(0);
    let since = |more: &[&str]| {
        let args = [&["list", "--suite", "suite", "--changed-since", "out", "--json"], more].concat();
        let ended = gauntlet_in(folder.path(), &args).with_code(0);
        let rows: Vec<serde_json::Value> = serde_json::from_str(&ended.stdout).unwrap();
        let row =
            |row: &serde_json::Value| format!("{} {}", row["change"].as_str().unwrap(), row["case"].as_str().unwrap());
        rows.iter().map(row).collect::<BTreeSet<String>>()
    };
    assert_eq!(since(&[]), BTreeSet::new());
    let path = folder.path().join("suite/signature.toml");
    let text = fs::read_to_string(&path).unwrap();
    let [first, second]: [&str; 2] = {
        let mut names = text.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
        [names.next().unwrap(), names.next().unwrap()]
    };
    let changed = text.replacen(&format!("name = \"{first}\""), "name = \"quite-new\"", 1).replacen(
        &format!("name = \"{second}\""),
        &format!("name = \"{second}\"\nharm = \"intrusive\""),
        1,
    );
    fs::write(&path, changed).unwrap();
    let wanted = [
        format!("changed signature/{second}"),
        format!("gone signature/{first}"),
        "new signature/quite-new".to_owned(),
    ];
    assert_eq!(since(&[]), wanted.into());
}

#[test]
fn profiles_are_listed_explained_and_linted() {
    for name in ["baseline", "rfc8725", "strict"] {
        gauntlet(&["list", "profiles"]).with_code(0).prints(name);
    }
    insta::assert_snapshot!("explain_profile", {
        let text = gauntlet(&["explain", "strict"]).with_code(0).stdout;
        // Counts and the digest change with every case.
        let stable = text.lines().filter(|line| !line.starts_with("digest") && !line.starts_with("counts"));
        stable.collect::<Vec<_>>().join("\n")
    });
    let unknown = gauntlet(&["run", "--profile", "best"]).with_code(2);
    unknown.says("no profile is called \"best\"").says("known profiles: baseline, rfc8725, strict");
    let folder = tempfile::tempdir().unwrap();
    small_suite(folder.path());
    gauntlet_in(folder.path(), &["lint", "--suite", "suite"])
        .with_code(1)
        .says("profile chaotic: no scenario matches \"short\"");
}
