//! Wycheproof's JOSE files are not copied into the project: `GAUNTLET_WYCHEPROOF` names the directory that holds them.

use super::run;
use crate::e2e::play::gauntlet_in;
use jwt_gauntlet::{
    model::{
        Outcome,
        vector::{VectorAsk, VectorFile},
    },
    suite::{Effect, ErrataFile},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    io::{self, Write},
    path::PathBuf,
};

const OURS: &str = env!("CARGO_BIN_EXE_gauntlet");

/// The files with the numbers of their tests; `None`, said by name, where nobody has them here.
fn files(test: &str) -> Option<Vec<(PathBuf, usize)>> {
    let Some(folder) = env::var_os("GAUNTLET_WYCHEPROOF").map(PathBuf::from) else {
        // Past the test harness, which keeps the output of tests that pass.
        let said = "GAUNTLET_WYCHEPROOF names no directory with json_web_*_test.json";
        let _ = writeln!(io::stderr(), "skipped: {test}: {said}");
        return None;
    };
    let counts = [("signature", 401), ("encryption", 139), ("key", 26), ("crypto", 83)];
    Some(counts.map(|(kind, count)| (folder.join(format!("json_web_{kind}_test.json")), count)).into())
}

#[test]
fn strict_agrees_with_every_test_that_is_not_disputed() {
    let Some(files) = files("strict_agrees_with_every_test_that_is_not_disputed") else { return };
    let folder = tempfile::tempdir().unwrap();
    let corpora: Vec<&str> = files.iter().flat_map(|(file, _)| ["--corpus", file.to_str().unwrap()]).collect();
    let only = [&["--only", "wycheproof/*"], &corpora[..]].concat();
    for arguments in [only.clone(), [&only[..], &["--", OURS, "adapter", "builtin"]].concat()] {
        let report = run(folder.path(), 0, &arguments);
        assert_eq!(report.cases.len(), 649);
        let disputed = report.cases.iter().filter(|case| case.id.name.ends_with("-disputed"));
        let disputed: Vec<_> =
            disputed.inspect(|case| assert!(case.findings[0].because.contains("To be known"))).collect();
        assert_eq!(disputed.len(), 28);
        let agreed = report.cases.iter().filter(|case| !case.id.name.ends_with("-disputed"));
        let odd: Vec<String> = agreed
            .filter(|case| case.outcome != Outcome::Pass)
            .map(|case| format!("{}: {:?} {}", case.id, case.outcome, case.findings[0].because))
            .collect();
        assert!(odd.is_empty(), "{}", odd.join("\n"));
        // Two hundred ways to damage a padding are one case.
        let padding = "signature-rs256-modified-padding-refused";
        assert!(report.cases.iter().filter(|case| case.id.name == padding).count() > 200);
        assert!(report.summary.cases.total() < 100, "{}", report.summary.cases.total());
    }
}

#[test]
fn every_erratum_meets_its_test() {
    let Some(files) = files("every_erratum_meets_its_test") else { return };
    let mut met = BTreeSet::new();
    for (file, count) in files {
        let folder = tempfile::tempdir().unwrap();
        let imported = gauntlet_in(folder.path(), &["vectors", "import", file.to_str().unwrap()]).with_code(0);
        let imported: VectorFile = serde_json::from_str(&imported.stdout).unwrap();
        assert!(imported.source.license.starts_with("Apache License 2.0"));
        let vectors: Vec<_> = imported.groups.iter().flat_map(|group| &group.vectors).collect();
        assert_eq!(vectors.len(), count, "{}", file.display());
        assert!(vectors.iter().any(|vector| vector.ask == VectorAsk::VerifyJws || vector.payload.is_some()));
        for vector in vectors.iter().filter(|vector| vector.erratum.is_some()) {
            met.insert((vector.name.split('-').next().unwrap().to_owned(), vector.variant.clone().unwrap()));
        }
    }
    let mut by_effect = BTreeMap::new();
    let wanted: BTreeSet<(String, String)> = ErrataFile::wycheproof()
        .unwrap()
        .erratum
        .iter()
        .flat_map(|erratum| {
            let effect = match erratum.effect {
                Effect::Wrong { .. } => "wrong",
                Effect::Policy { .. } => "policy",
                Effect::Kept { .. } => "kept",
            };
            *by_effect.entry(effect).or_insert(0) += erratum.tests.len();
            let kind = serde_json::to_value(erratum.kind).unwrap().as_str().unwrap().to_owned();
            erratum.tests.iter().map(move |test| (kind.clone(), format!("tc{test}")))
        })
        .collect();
    assert_eq!(met, wanted);
    assert_eq!(by_effect, BTreeMap::from([("kept", 15), ("policy", 19), ("wrong", 9)]));
}

#[test]
fn a_flawed_validator_fails_the_group_that_shows_it() {
    let Some(files) = files("a_flawed_validator_fails_the_group_that_shows_it") else { return };
    let folder = tempfile::tempdir().unwrap();
    let (signature, encryption) = (files[0].0.to_str().unwrap(), files[1].0.to_str().unwrap());
    for (flaw, file, wanted) in [
        ("rsa-parameters-unchecked", signature, "wycheproof/signature-rs256-modified-padding-refused"),
        ("alg-none", signature, "wycheproof/signature-ps512-alg-is-none-refused"),
        ("jwe-tag-unchecked", encryption, "wycheproof/encryption-jwe-aes-refused"),
    ] {
        let target = format!("builtin:{flaw}");
        let report = run(folder.path(), 1, &[&target, "--only", "wycheproof/*", "--corpus", file]);
        let failed: BTreeSet<String> =
            report.cases.iter().filter(|case| case.outcome == Outcome::Fail).map(|case| case.id.case()).collect();
        assert!(failed.contains(wanted), "{flaw}: {failed:?}");
    }
}

#[test]
fn a_file_that_is_no_corpus_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("x.json"), "{\"testGroups\": [], \"schema\": \"aes_schema.json\"}").unwrap();
    let ended = gauntlet_in(folder.path(), &["run", "--corpus", "x.json"]).with_code(2);
    ended.says("wanted tests of JOSE, found those of \"aes_schema.json\"").says("json_web_signature_test.json");
    gauntlet_in(folder.path(), &["vectors", "import", "none.json"]).with_code(2).says("none.json");
}
