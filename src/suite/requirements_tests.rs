use super::*;
use crate::suite::{Catalog, lint};

const CASES: &str = r#"
format = "cases/1"
[family]
title = "Demo"
about = "For tests."
level = "must"
severity = "high"
[[case]]
name = "one"
title = "A thing holds"
why = "Because."
fix = { library = "Do.", application = "Do." }
refs = ["RFC7519#7.2", "CWE-1"]
expect = "reject"
"#;

const HEAD: &str = "format = \"requirements/1\"\n[document]\nRFC7519 = \"JWT\"\n";

fn suite(requirements: &str) -> Result<Catalog, SuiteError> {
    let file = |stem: &str, text: String| SuiteFile { name: format!("{stem}.toml"), stem: stem.into(), text };
    Catalog::from_files(&[file("demo", CASES.into()), file("requirements", format!("{HEAD}{requirements}"))])
}

fn block(more: &str) -> String {
    format!("[[requirement]]\nsection = \"RFC7519#7.2\"\nlevel = \"must\"\nsays = \"Something.\"\n{more}\n")
}

fn complaints(requirements: &str) -> Vec<String> {
    lint(&suite(requirements).unwrap()).into_iter().map(|complaint| complaint.what).collect()
}

fn message(requirements: &str) -> (String, String) {
    match suite(requirements).unwrap_err() {
        SuiteError::Invalid { what, text, at, .. } => {
            (what, text.inner()[at.offset()..at.offset() + at.len()].to_owned())
        }
        other => (other.to_string(), String::new()),
    }
}

#[test]
fn a_section_is_shown_by_the_cases_that_cite_it_or_that_it_names() {
    let catalog = suite(&block("")).unwrap();
    let sorted = catalog.requirements.sorted();
    assert_eq!(sorted[0].shown_by(&catalog.cases).into_iter().collect::<Vec<_>>(), ["demo/one"]);
    assert!(complaints(&block("cases = [\"*/on*\"]")).is_empty());
    assert!(complaints(&block("reason = \"It cannot be seen.\"")).is_empty());
}

#[test]
fn what_nobody_shows_or_knows_is_a_complaint() {
    let gaps = |text: &str| {
        let catalog = suite(text).unwrap();
        catalog.requirements.gaps(&catalog.cases)
    };
    let gap = block("").replace("7.2", "7.3") + &block("");
    assert_eq!(gaps(&gap), ["RFC7519#7.3: no case shows that \"Something.\""]);
    assert_eq!(gaps(&block("cases = [\"*/on*\", \"*/two\"]")), ["RFC7519#7.2: no case matches \"*/two\""]);
    assert!(gaps(&block("reason = \"It cannot be seen.\"")).is_empty());
    let vague = complaints(&(block("") + &block("cases = [\"*/one\"]")));
    assert_eq!(vague, ["several requirements are in this section: name the cases of each"]);
    let unknown = complaints("[background]\n\"RFC7519#1\" = \"Where it begins.\"");
    assert_eq!(unknown, ["it cites RFC7519#7.2, which requirements.toml does not know"]);
    assert!(complaints("[background]\n\"RFC7519#7.2\" = \"How to validate.\"").is_empty());
}

#[test]
fn an_error_points_at_the_word() {
    let (what, at) = message(&block("").replace("RFC7519#7.2", "RFC1#2"));
    assert_eq!((what.as_str(), at.as_str()), ("\"RFC1#2\" is no section of a known document", "\"RFC1#2\""));
    assert_eq!(message(&block("cases = [\"a/{b\"]")).1, "\"a/{b\"");
    assert_eq!(message(&block("cases = [\"a/b\"]\nreason = \"No.\"")).1, "\"RFC7519#7.2\"");
    assert_eq!(message(&block("resaon = \"No.\"")).1, "resaon");
    assert_eq!(message("[background]\n\"RFC1#2\" = \"x\"").1, "\"RFC1#2\"");
}

#[test]
fn sections_are_sorted_as_numbers() {
    let sections = ["RFC7515#4.1.2", "RFC7515#4.1.11", "RFC7515#A.1", "RFC7519#2", "8725bis#3.1"];
    let places: Vec<_> = sections.iter().map(|section| place(&Reference((*section).to_owned()))).collect();
    assert!(places.is_sorted());
}
