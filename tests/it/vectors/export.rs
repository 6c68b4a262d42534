//! The suite as data: whoever reads the export and asks a library sees what a run sees.

use super::run;
use crate::e2e::play::gauntlet_in;
use jwt_gauntlet::{
    builtin::{Flaw, answer_questions},
    model::{
        Alg, CaseId,
        adapter::{AdapterReply, AdapterVerdict, TokenText},
        export::Export,
    },
    run::BUILTIN_ALGORITHMS,
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fs, path::Path};

const OURS: &str = env!("CARGO_BIN_EXE_gauntlet");
const ONLY: [&str; 12] = [
    "--only",
    "claims/*",
    "--only",
    "header/*",
    "--only",
    "encoding/*",
    "--only",
    "jwks/*",
    "--only",
    "jwe/*",
    "--only",
    "acceptance/*",
];

fn exported(arguments: &[&str]) -> (Value, Export) {
    let folder = tempfile::tempdir().unwrap();
    let all = [&["vectors", "export", "--now", "2026-09-21T14:13:20Z"], arguments].concat();
    let ended = gauntlet_in(folder.path(), &all).with_code(0);
    (serde_json::from_str(&ended.stdout).unwrap(), serde_json::from_str(&ended.stdout).unwrap())
}

/// Asks an adapter, as a reader without the harness would: the verdict for each variant.
fn judged(export: &Export, flaw: Option<Flaw>) -> BTreeMap<CaseId, AdapterVerdict> {
    let mut lines = vec![json!({ "seq": 0, "do": "hello", "protocol": 1 })];
    let mut asked = BTreeMap::new();
    let mut ask = |question: Value| {
        let mut question = question;
        question["seq"] = json!(lines.len());
        lines.push(question);
        lines.len() as u64 - 1
    };
    let validate = |shown: &TokenText| {
        let mut question = json!({ "do": "validate", "now": export.now });
        question.as_object_mut().unwrap().extend(serde_json::to_value(shown).unwrap().as_object().unwrap().clone());
        question
    };
    let mut in_use = None;
    for case in &export.cases {
        if in_use.as_ref() != Some(&case.key_set) {
            let mut trust = serde_json::to_value(&export.trust).unwrap();
            trust["do"] = json!("configure");
            if let Some(name) = &case.key_set {
                trust["keys"] = export.key_sets[name].clone();
            }
            ask(trust);
            in_use = Some(case.key_set.clone());
        }
        for before in &case.before {
            ask(validate(&before.shown));
        }
        let shown = TokenText { token: case.token.clone(), token_base64: case.token_base64.clone() };
        asked.insert(ask(validate(&shown)), case.id.clone());
    }
    let questions: Vec<String> = lines.iter().map(Value::to_string).collect();
    let mut replies = Vec::new();
    answer_questions(flaw, BUILTIN_ALGORITHMS, questions.join("\n").as_bytes(), &mut replies).unwrap();
    let replies = String::from_utf8(replies).unwrap();
    let replies = replies.lines().map(|line| serde_json::from_str::<AdapterReply>(line).unwrap());
    replies.filter_map(|reply| Some((asked.get(&reply.seq)?.clone(), reply.verdict?))).collect()
}

#[test]
fn an_export_judged_by_an_adapter_equals_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let (document, export) = exported(&ONLY);
    let schema = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/export.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    let errors: Vec<String> = schema.iter_errors(&document).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(export.now, 1_790_000_000);
    for (flaw, name, code) in [(None, None, 0), (Some(Flaw::ExpIgnored), Some("exp-ignored"), 1)] {
        let verdicts = judged(&export, flaw);
        let mut command = vec!["--", OURS, "adapter", "builtin"];
        command.extend(name);
        let report = run(folder.path(), code, &[&ONLY[..], &command[..]].concat());
        let mut compared = 0;
        for case in &report.cases {
            let (Some(seen), Some(exported)) = (&case.observation, verdicts.get(&case.id)) else { continue };
            let word = serde_json::to_value(exported).unwrap();
            assert_eq!(word, json!(seen.verdict.to_string()), "{} {name:?}", case.id);
            compared += 1;
        }
        assert!(compared > 700, "only {compared}");
    }
}

#[test]
fn an_export_says_what_it_leaves_out_and_for_whom_it_is() {
    let (_, export) = exported(&[
        "--algorithms",
        "ES256",
        "--audience",
        "https://mine.example",
        "--only",
        "http/*",
        "--only",
        "claims/exp-*",
    ]);
    assert_eq!(export.trust.algorithms, [Alg::Es256.name()]);
    assert_eq!(export.trust.audience, "https://mine.example");
    assert!(export.left_out.iter().all(|left| !left.because.is_empty()) && !export.left_out.is_empty());
    let ids: Vec<String> = export.cases.iter().map(|case| case.id.to_string()).collect();
    assert!(ids.iter().any(|id| id.starts_with("claims/exp-")), "{ids:?}");
    let folder = tempfile::tempdir().unwrap();
    gauntlet_in(folder.path(), &["vectors", "export", "--now", "1", "--only", "no/such"]).with_code(4);
    gauntlet_in(folder.path(), &["vectors", "export", "--now", "soon"]).with_code(2).says("is no time");
}
