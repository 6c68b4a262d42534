//! Published vectors: files of ours, and corpora of others, become cases with the bytes as printed.

use super::{errata::ErrataFile, error::SuiteError, wycheproof};
use crate::model::{
    Capability, Case, Harm, Level, Need, Recipe, Severity,
    case::{Family, Fix, Given, Source},
    expect::Also,
    id::{CaseId, is_slug, is_variant},
    vector::{Published, Vector, VectorAsk, VectorFile, VectorGroup},
};
use serde_json::{Map, Value};
use std::{collections::BTreeSet, fs, path::Path, sync::Arc};

/// What vectors are about, for the reports.
const FAMILY: &str = "Examples whose bytes somebody else printed, under keys that everybody knows. They are shown to \
                      targets that take our keys for one question.";

/// Reads a file of vectors: one of ours, or one of Wycheproof with the errata laid over it.
///
/// # Errors
/// It cannot be read, or is neither.
pub fn read_vectors(path: &Path) -> Result<VectorFile, SuiteError> {
    let text = fs::read_to_string(path).map_err(|error| SuiteError::Unreadable {
        path: path.to_owned(),
        reason: error.to_string(),
        help: "name a JSON file of vectors: one of Wycheproof's JOSE files, or one of the format vectors/1".into(),
    })?;
    file(&path.display().to_string(), &text)
}

/// The vectors of a file of the suite.
pub(super) fn read(name: &str, text: &str) -> Result<(Family, Vec<Published>), SuiteError> {
    published(name, file(name, text)?)
}

fn file(name: &str, text: &str) -> Result<VectorFile, SuiteError> {
    let refuse = |error: serde_json::Error| SuiteError::Corpus {
        name: name.to_owned(),
        what: format!("wanted vectors, found another JSON document: {error}"),
        help: "wanted one of Wycheproof's JOSE files, or the format vectors/1; vectors/vector-file.schema.json lists \
               every name"
            .into(),
    };
    let document: Value = serde_json::from_str(text).map_err(refuse)?;
    if wycheproof::is_one(&document) {
        return wycheproof::read(name, document, &ErrataFile::wycheproof()?);
    }
    // From the text, so that an error has its line.
    serde_json::from_str(text).map_err(refuse)
}

/// Vectors as cases, with the family that they make.
pub(super) fn published(name: &str, file: VectorFile) -> Result<(Family, Vec<Published>), SuiteError> {
    let refuse = |what: String, help: &str| SuiteError::Corpus { name: name.to_owned(), what, help: help.to_owned() };
    if !is_slug(&file.family) {
        return Err(refuse(
            format!("{:?} cannot be the name of a family", file.family),
            "use lower-case letters, digits and hyphens",
        ));
    }
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for group in file.groups {
        let (vectors, group) = (group.vectors.clone(), Arc::new(VectorGroup { vectors: Vec::new(), ..group }));
        for vector in vectors {
            let id = CaseId { family: file.family.clone(), name: vector.name.clone(), variant: vector.variant.clone() };
            if !is_slug(&id.name) || id.variant.as_ref().is_some_and(|variant| !is_variant(variant)) {
                return Err(refuse(
                    format!("{id} cannot be the id of a vector"),
                    "a name has lower-case letters, digits and hyphens; a variant letters, digits and . _ + - ,",
                ));
            }
            if !seen.insert(id.clone()) {
                return Err(refuse(format!("two vectors are called {id}"), "give each its own `variant`"));
            }
            let payload = vector.payload_bytes().map_err(|error| {
                refuse(format!("wanted base64url in `payload` of {id}, found {error}"), "leave out the padding")
            })?;
            let case = case(name, id, &vector);
            let Vector { token, ask, now, erratum, .. } = vector;
            all.push(Published { case, token, ask, now, payload, erratum, group: Arc::clone(&group) });
        }
    }
    let family = Family {
        title: if file.family == "vectors" { "Published vectors".into() } else { file.source.name },
        about: if file.family == "vectors" { FAMILY.into() } else { file.source.about },
        refs: Vec::new(),
        level: Level::Must,
        severity: Severity::Medium,
        harm: Harm::Safe,
    };
    Ok((family, all))
}

fn case(file: &str, id: CaseId, vector: &Vector) -> Case {
    let needs = match vector.ask {
        VectorAsk::VerifyJws => vec![Capability::OpVerifyJws],
        VectorAsk::Decrypt => vec![Capability::OpDecrypt],
        VectorAsk::Validate => vec![Capability::ControlClock],
    };
    Case {
        id,
        title: vector.title.clone(),
        why: vector.why.clone(),
        fix: fix(vector.ask),
        refs: vector.refs.clone(),
        level: vector.level,
        severity: vector.severity,
        harm: Harm::Safe,
        quick: false,
        draft: false,
        needs: needs.into_iter().map(|capability| Need { capability, present: true }).collect(),
        one_of_kind: None,
        keyset: None,
        given: Given::default(),
        token: Recipe::default(),
        before: Vec::new(),
        present: None,
        expect: vector.verdict,
        policy: vector.policy.clone(),
        also: Also::default(),
        measure: None,
        untouched: Vec::new(),
        within: None,
        returns: Map::new(),
        never_returns: Map::new(),
        aliases: Vec::new(),
        source: Source { file: file.to_owned(), line: 1 },
    }
}

fn fix(ask: VectorAsk) -> Fix {
    let (library, application) = match ask {
        VectorAsk::VerifyJws => (
            "Check the signature over the bytes as received, with the one algorithm that the key is for, and refuse \
             whatever the specification rules out before that.",
            "Pin the algorithm, read `use`, `key_ops` and `alg` of the key, and move to a release that passes.",
        ),
        VectorAsk::Decrypt => (
            "Check the tag over the bytes as received before anything is read, with the one key management that the \
             key is for, and answer every failure alike.",
            "Pin key management and content encryption, and move to a release that passes.",
        ),
        VectorAsk::Validate => (
            "A token is a compact serialisation of a signed set of claims that are good now. Refuse everything else.",
            "Use the call of the library that validates tokens, not the one that verifies signatures.",
        ),
    };
    Fix { library: library.into(), application: application.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::Catalog;
    use serde_json::json;

    fn vectors(vector: Value) -> String {
        json!({ "format": "vectors/1", "family": "mine", "source": { "name": "n", "about": "a", "license": "l" },
                "groups": [{ "about": "g", "vectors": [vector] }] })
        .to_string()
    }

    fn vector() -> Value {
        json!({ "name": "one", "title": "t", "why": "w", "ask": "verify-jws", "token": "a.b.c", "payload": "AA",
                "verdict": "accept", "refs": ["RFC7515#5.2"] })
    }

    #[test]
    fn a_vector_becomes_a_case_with_its_bytes() {
        let (family, vectors) = read("x.json", &vectors(vector())).unwrap();
        assert_eq!((family.title.as_str(), vectors.len()), ("n", 1));
        let one = &vectors[0];
        assert_eq!((one.case.id.to_string().as_str(), one.token.as_str()), ("mine/one", "a.b.c"));
        assert_eq!((one.payload.as_deref(), one.case.level), (Some(&[0][..]), Level::Must));
        assert_eq!(one.case.needs[0].to_string(), "op:verify-jws");
    }

    #[test]
    fn what_is_wrong_is_said_with_what_to_do() {
        let with = |name: &str, value: Value| {
            let mut vector = vector();
            vector[name] = value;
            read("x.json", &vectors(vector)).unwrap_err().to_string()
        };
        assert!(with("name", json!("One")).contains("mine/One cannot be the id"));
        assert!(with("payload", json!("A=")).contains("wanted base64url in `payload` of mine/one"));
        assert!(with("verdit", json!("accept")).contains("unknown field `verdit`"));
        assert!(read("x.json", "{}").unwrap_err().to_string().contains("wanted vectors, found another JSON document"));
        let twice = format!("{},{}", vector(), vector());
        let text = vectors(json!("VECTOR")).replace("\"VECTOR\"", &twice);
        assert!(read("x.json", &text).unwrap_err().to_string().contains("two vectors are called mine/one"));
    }

    #[test]
    fn a_corpus_is_added_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.json");
        fs::write(&path, vectors(vector())).unwrap();
        let mut catalog = Catalog::default();
        catalog.add_corpus(&path).unwrap();
        assert_eq!((catalog.vectors.len(), catalog.families["mine"].title.as_str()), (1, "n"));
        assert!(catalog.add_corpus(&path).unwrap_err().to_string().contains("mine/one is there already"));
        assert!(catalog.add_corpus(&folder.path().join("none.json")).unwrap_err().to_string().contains("none.json"));
    }
}
