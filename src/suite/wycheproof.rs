//! Reads the JOSE files of Project Wycheproof as they are (github.com/C2SP/wycheproof, `testvectors_v1`).
//!
//! Tests of one group, flag and verdict become variants of one case: two hundred ways to damage a padding show one
//! thing.

use super::{
    errata::{CorpusKind, Effect, ErrataFile, Erratum},
    error::SuiteError,
};
use crate::model::{
    Level, Reference, Severity,
    expect::Expect,
    vector::{Vector, VectorAsk, VectorFile, VectorFormat, VectorGroup, VectorSource},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// The family of its tests.
const FAMILY: &str = "wycheproof";

/// A file, as far as it is read. Other members are the authors' business.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Corpus {
    schema: String,
    #[serde(default)]
    notes: BTreeMap<String, Note>,
    test_groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Note {
    #[serde(default)]
    description: String,
}

#[derive(Deserialize)]
struct Group {
    #[serde(default)]
    comment: String,
    private: Option<Value>,
    public: Option<Value>,
    tests: Vec<Test>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Test {
    tc_id: u64,
    #[serde(default)]
    comment: String,
    jws: Option<Value>,
    jwe: Option<Value>,
    pt: Option<String>,
    result: Verdict,
    #[serde(default)]
    flags: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Valid,
    Invalid,
    Acceptable,
}

/// Whether a JSON document looks like a file of Wycheproof.
pub(super) fn is_one(document: &Value) -> bool {
    document.get("testGroups").is_some()
}

/// Reads a file and lays the errata over it.
pub(super) fn read(name: &str, document: Value, errata: &ErrataFile) -> Result<VectorFile, SuiteError> {
    let refuse = |what: String, help: &str| SuiteError::Corpus { name: name.to_owned(), what, help: help.to_owned() };
    let corpus: Corpus = serde_json::from_value(document).map_err(|error| {
        refuse(
            format!("wanted test groups of Wycheproof, found another shape: {error}"),
            "take the file as it is published",
        )
    })?;
    let kind = kind_of(&corpus.schema).ok_or_else(|| {
        refuse(
            format!("wanted tests of JOSE, found those of {:?}", corpus.schema),
            "json_web_signature_test.json, json_web_encryption_test.json, json_web_key_test.json and \
             json_web_crypto_test.json of testvectors_v1 can be read",
        )
    })?;
    let mut groups = Vec::new();
    for group in &corpus.test_groups {
        let vectors = group.tests.iter().map(|test| {
            let erratum = errata.about(kind, test.tc_id);
            vector(kind, group, test, &corpus.notes, erratum)
        });
        let vectors = vectors.collect::<Result<Vec<_>, String>>();
        let vectors = vectors.map_err(|what| refuse(what, "take the file as it is published"))?;
        // The keys of one group serve both questions: the private one decrypts, the public one verifies.
        let (keys, decryption_keys) = match vectors.first().map(|vector| vector.ask) {
            Some(VectorAsk::Decrypt) => (Vec::new(), members(group.private.as_ref())),
            _ => (members(group.public.as_ref().or(group.private.as_ref())), Vec::new()),
        };
        let about = format!("{} {}", kind.word(), group.comment);
        groups.push(VectorGroup {
            about,
            keys,
            decryption_keys,
            algorithms: Vec::new(),
            issuer: None,
            audience: None,
            vectors,
        });
    }
    let source = VectorSource {
        name: format!("Project Wycheproof, {}", kind.word()),
        about: "Tests against known attacks on JOSE libraries, with our errata over them".into(),
        license: "Apache License 2.0; copyright of the authors of Project Wycheproof".into(),
        url: Some("https://github.com/C2SP/wycheproof/tree/main/testvectors_v1".into()),
    };
    Ok(VectorFile { format: VectorFormat::V1, family: FAMILY.into(), source, groups })
}

fn kind_of(schema: &str) -> Option<CorpusKind> {
    [CorpusKind::Signature, CorpusKind::Encryption, CorpusKind::Key, CorpusKind::Crypto]
        .into_iter()
        .find(|kind| schema.starts_with(&format!("json_web_{}_schema", kind.word())))
}

/// The members of a JWK Set, or the one JWK.
fn members(key: Option<&Value>) -> Vec<Value> {
    let Some(key) = key else { return Vec::new() };
    key.get("keys").and_then(Value::as_array).cloned().unwrap_or_else(|| vec![key.clone()])
}

fn vector(
    kind: CorpusKind,
    group: &Group,
    test: &Test,
    notes: &BTreeMap<String, Note>,
    erratum: Option<&Erratum>,
) -> Result<Vector, String> {
    let wanted = || format!("wanted one of `jws` and `jwe` in test {}", test.tc_id);
    let (ask, shown) = match (&test.jws, &test.jwe) {
        (Some(jws), None) => (VectorAsk::VerifyJws, jws),
        (None, Some(jwe)) => (VectorAsk::Decrypt, jwe),
        _ => return Err(wanted()),
    };
    let token = shown.as_str().map_or_else(|| shown.to_string(), str::to_owned);
    let verdict = match test.result {
        Verdict::Valid => Expect::Accept,
        Verdict::Invalid => Expect::Reject,
        Verdict::Acceptable => Expect::Either,
    };
    let about = test.flags.iter().filter_map(|flag| notes.get(flag)).map(|note| note.description.as_str());
    let about = about.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ");
    let ending = ending(verdict, erratum);
    let clause = if ask == VectorAsk::Decrypt { "RFC7516#5.2" } else { "RFC7515#5.2" };
    let mut vector = Vector {
        name: name_of(kind, group, test, ending),
        variant: Some(format!("tc{}", test.tc_id)),
        title: title_of(kind, group, test, ending),
        why: if about.is_empty() { format!("Test {} ({}).", test.tc_id, test.comment) } else { about },
        ask,
        token,
        now: None,
        payload: payload_of(test, verdict),
        verdict,
        level: if verdict == Expect::Either { Level::May } else { Level::Must },
        severity: match (verdict, ask) {
            (Expect::Reject, VectorAsk::Decrypt) => Severity::High,
            (Expect::Reject, _) => Severity::Critical,
            _ => Severity::Medium,
        },
        policy: None,
        refs: vec![Reference(clause.into()), Reference("C2SP/wycheproof".into())],
        erratum: None,
    };
    if let Some(erratum) = erratum {
        erratum.apply(&mut vector);
    }
    Ok(vector)
}

/// What is inside: some tests that must be refused say it as well.
fn payload_of(test: &Test, verdict: Expect) -> Option<String> {
    let bytes = test.pt.as_ref().filter(|_| verdict == Expect::Accept).and_then(|text| unhex(text))?;
    Some(URL_SAFE_NO_PAD.encode(bytes))
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    Some(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

/// `signature-rs256-modified-padding-refused`.
fn name_of(kind: CorpusKind, group: &Group, test: &Test, ending: &str) -> String {
    let parts = [kind.word().to_owned(), slug(&group.comment), slug(&test.flags.join("-")), ending.to_owned()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

fn title_of(kind: CorpusKind, group: &Group, test: &Test, ending: &str) -> String {
    let flags = if test.flags.is_empty() { String::new() } else { format!(" ({})", test.flags.join(", ")) };
    let behaviour = match ending {
        DISPUTED => "are judged by the errata".to_owned(),
        ending => format!("are {ending}"),
    };
    format!("Tests of Wycheproof's {} file, group {:?}{flags}, {behaviour}", kind.word(), group.comment)
}

/// The last word of a case whose verdict is not the file's own.
const DISPUTED: &str = "disputed";

/// What is to become of a test, in a word. Tests of which the errata say more are cases of their own.
fn ending(verdict: Expect, erratum: Option<&Erratum>) -> &'static str {
    let disputed = erratum.is_some_and(|erratum| !matches!(erratum.effect, Effect::Kept { .. }));
    match verdict {
        _ if disputed => DISPUTED,
        Expect::Accept => "accepted",
        Expect::Reject => "refused",
        Expect::Either => "judged",
    }
}

/// `jws_mixedSymmetryKeyset` as `jws-mixed-symmetry-keyset`.
fn slug(text: &str) -> String {
    let mut slug = String::new();
    let mut before = ' ';
    for letter in text.chars() {
        let parts = letter.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit());
        if (parts || !letter.is_ascii_alphanumeric()) && !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
        if letter.is_ascii_alphanumeric() {
            slug.push(letter.to_ascii_lowercase());
        }
        before = letter;
    }
    slug.trim_end_matches('-').to_owned()
}

impl CorpusKind {
    fn word(self) -> &'static str {
        match self {
            CorpusKind::Signature => "signature",
            CorpusKind::Encryption => "encryption",
            CorpusKind::Key => "key",
            CorpusKind::Crypto => "crypto",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn file(kind: &str, tests: Value) -> Value {
        let key = json!({ "kty": "oct", "alg": "HS256", "k": "AAAA" });
        json!({ "schema": format!("json_web_{kind}_schema_v1.json"), "notes": { "AlgIsNone": { "description": "None." } },
                "testGroups": [{ "comment": "jws_mixedKeyset", "private": key, "tests": tests }] })
    }

    fn read_one(kind: &str, test: Value) -> Result<Vector, SuiteError> {
        let file = read("x.json", file(kind, json!([test])), &ErrataFile::wycheproof().unwrap())?;
        Ok(file.groups[0].vectors[0].clone())
    }

    #[test]
    fn a_test_becomes_a_variant_of_its_group() {
        let test = json!({ "tcId": 342, "comment": "c", "jws": "a.b.", "result": "invalid", "flags": ["AlgIsNone"] });
        let vector = read_one("signature", test).unwrap();
        assert_eq!(vector.name, "signature-jws-mixed-keyset-alg-is-none-refused");
        assert_eq!((vector.variant.as_deref(), vector.verdict), (Some("tc342"), Expect::Reject));
        assert_eq!((vector.why.as_str(), vector.severity), ("None.", Severity::Critical));
        let test = json!({ "tcId": 1, "jwe": { "ciphertext": "x" }, "pt": "00ff", "result": "valid" });
        let vector = read_one("encryption", test).unwrap();
        assert_eq!((vector.ask, vector.payload.as_deref()), (VectorAsk::Decrypt, Some("AP8")));
        assert_eq!(vector.token, r#"{"ciphertext":"x"}"#);
    }

    #[test]
    fn errata_change_what_is_owed() {
        let of = |test: u64, result: &str| {
            read_one("signature", json!({ "tcId": test, "jws": "a.b.c", "result": result })).unwrap()
        };
        let wrong = of(367, "invalid");
        assert_eq!((wrong.verdict, wrong.level), (Expect::Accept, Level::May));
        assert!(wrong.erratum.unwrap().starts_with("the file says reject: Byte for byte the token of test 357"));
        assert_eq!((of(353, "invalid").verdict, of(353, "invalid").level), (Expect::Reject, Level::Should));
        let free = of(375, "invalid");
        assert_eq!((free.verdict, free.policy.unwrap().name.as_str()), (Expect::Either, "unused-base64-bits"));
        assert_eq!(of(1, "valid").erratum, None);
    }

    #[test]
    fn every_erratum_names_its_tests_once() {
        let mut seen = std::collections::BTreeSet::new();
        for erratum in ErrataFile::wycheproof().unwrap().erratum {
            assert!(!erratum.tests.is_empty() && !erratum.why.trim().is_empty());
            assert!(!matches!(erratum.effect, Effect::Kept { level: Level::May | Level::Policy }));
            for test in erratum.tests {
                assert!(seen.insert((erratum.kind, test)), "{:?} {test} twice", erratum.kind);
            }
        }
    }

    #[test]
    fn other_files_are_refused_with_what_to_do() {
        let refused = read("x.json", file("nothing", json!([])), &ErrataFile::wycheproof().unwrap()).unwrap_err();
        assert!(refused.to_string().contains("wanted tests of JOSE, found those of"), "{refused}");
        assert!(read_one("signature", json!({ "tcId": 1, "result": "valid" })).is_err());
        assert!(read_one("signature", json!({ "tcId": 1, "jws": "x", "result": "perhaps" })).is_err());
    }

    proptest::proptest! {
        #[test]
        fn slugs_are_slugs(text in ".{0,30}") {
            let slug = slug(&text);
            assert!(slug.is_empty() || crate::model::id::is_slug(&slug), "{slug}");
        }

        #[test]
        fn bytes_come_back_from_their_digits(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..40)) {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(unhex(&digits), Some(bytes));
        }
    }
}
