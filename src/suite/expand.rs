//! One `[[case]]` block becomes one [`Case`] per combination of its `each` values.

use super::{error::SuiteError, source::SuiteFile};
use crate::model::{
    Case, Level, Severity,
    case::{CaseBlock, CaseFile, Family, Source, Status},
    expect::{Expect, Policy},
    id::{CaseId, is_slug, is_variant},
    placeholder::{self, Unknown, as_text},
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::ops::Range;

/// What a row of `each` may say beside the values that it binds.
const ROW_WORDS: [&str; 5] = ["as", "expect", "level", "severity", "policy"];

/// All variants of all cases of a file.
pub(super) fn file(file: &SuiteFile, parsed: &CaseFile) -> Result<Vec<Case>, SuiteError> {
    let mut seen = std::collections::BTreeSet::new();
    let mut cases = Vec::new();
    if !is_slug(&file.stem) {
        return Err(SuiteError::at(
            &file.name,
            &file.text,
            0..0,
            format!("{:?} cannot be the name of a family", file.stem),
            "name the file in lower case with hyphens, such as key-injection.toml",
        ));
    }
    for block in &parsed.case {
        let place = Place { file, at: position(&file.text, &block.name) };
        if !is_slug(&block.name) {
            return Err(place.error(
                format!("{:?} cannot be the name of a case", block.name),
                "use lower-case letters, digits and hyphens",
            ));
        }
        if !seen.insert(block.name.clone()) {
            return Err(place.error(format!("two cases are called {:?}", block.name), "give one of them another name"));
        }
        for binding in bindings(block, &place)? {
            cases.push(variant(block, &parsed.family, &binding, &place)?);
        }
    }
    Ok(cases)
}

struct Place<'a> {
    file: &'a SuiteFile,
    at: Range<usize>,
}

impl Place<'_> {
    fn error(&self, what: String, help: &str) -> SuiteError {
        SuiteError::at(&self.file.name, &self.file.text, self.at.clone(), what, help)
    }
}

/// Where a case's name stands.
fn position(text: &str, name: &str) -> Range<usize> {
    let quoted = format!("\"{name}\"");
    text.match_indices(&quoted)
        .find(|(at, _)| {
            text[..*at].trim_end().ends_with('=') && text[..*at].trim_end_matches(['=', ' ']).ends_with("name")
        })
        .map_or(0..0, |(at, found)| at..at + found.len())
}

/// One combination of values.
#[derive(Debug, Clone, Default)]
struct Binding {
    labels: Vec<String>,
    values: Map<String, Value>,
    words: Map<String, Value>,
}

fn bindings(block: &CaseBlock, place: &Place<'_>) -> Result<Vec<Binding>, SuiteError> {
    let mut all = vec![Binding::default()];
    for (name, values) in &block.each {
        if values.is_empty() {
            return Err(place.error(format!("`each.{name}` has no values"), "give it at least one, or take it out"));
        }
        let mut next = Vec::new();
        for binding in &all {
            for value in values {
                next.push(if name == "row" {
                    row(binding, value, place)?
                } else {
                    single(binding, name, value, place)?
                });
            }
        }
        all = next;
    }
    let mut seen = std::collections::BTreeSet::new();
    for binding in &all {
        if !seen.insert(&binding.labels) {
            return Err(place.error(
                format!("two variants are called {:?}", binding.labels.join(",")),
                "give each row its own `as`",
            ));
        }
    }
    Ok(all)
}

fn single(base: &Binding, name: &str, value: &Value, place: &Place<'_>) -> Result<Binding, SuiteError> {
    let label = as_text(value);
    if !is_variant(&label) {
        return Err(place.error(
            format!("{label:?} in `each.{name}` cannot be part of an id"),
            "write it as a row: each.row = [{ as = \"label\", … }]",
        ));
    }
    let mut binding = base.clone();
    binding.labels.push(label);
    binding.values.insert(name.to_owned(), value.clone());
    Ok(binding)
}

fn row(base: &Binding, value: &Value, place: &Place<'_>) -> Result<Binding, SuiteError> {
    let Value::Object(members) = value else {
        return Err(place
            .error(format!("a row of `each.row` is a table, not {value}"), "write { as = \"label\", name = value }"));
    };
    let mut binding = base.clone();
    let mut label = Vec::new();
    for (name, value) in members {
        if ROW_WORDS.contains(&name.as_str()) {
            binding.words.insert(name.clone(), value.clone());
        } else {
            label.push(as_text(value));
            binding.values.insert(name.clone(), value.clone());
        }
    }
    let label = binding.words.get("as").map_or(label.join(","), as_text);
    if !is_variant(&label) {
        return Err(place.error(
            format!("the row {label:?} cannot be part of an id"),
            "give the row `as = \"label\"` of letters, digits and . _ + - ,",
        ));
    }
    binding.labels.push(label);
    Ok(binding)
}

fn variant(block: &CaseBlock, family: &Family, binding: &Binding, place: &Place<'_>) -> Result<Case, SuiteError> {
    let block = filled(block, binding, place)?;
    let word = |name: &str| binding.words.get(name);
    let expect: Option<Expect> = typed(word("expect"), place)?.or(block.expect);
    let level: Level = typed(word("level"), place)?.or(block.level).unwrap_or(family.level);
    let severity: Severity = typed(word("severity"), place)?.or(block.severity).unwrap_or(family.severity);
    let policy: Option<Policy> = typed(word("policy"), place)?.or(block.policy.clone());
    let needs = block
        .needs
        .iter()
        .map(|need| need.parse().map_err(|what: String| place.error(what, "correct the entry of `needs`")))
        .collect::<Result<_, _>>()?;
    let mut refs = block.refs.clone();
    refs.extend(family.refs.iter().filter(|reference| !block.refs.contains(reference)).cloned());
    Ok(Case {
        id: CaseId {
            family: place.file.stem.clone(),
            name: block.name.clone(),
            variant: (!binding.labels.is_empty()).then(|| binding.labels.join(",")),
        },
        title: block.title,
        why: paragraph(&block.why),
        fix: block.fix,
        refs,
        level,
        severity,
        harm: block.harm.max(family.harm),
        quick: block.quick,
        draft: block.status == Some(Status::Draft),
        needs,
        keyset: block
            .needs_keyset
            .map(|name| if name.contains('/') { name } else { format!("{}/{name}", place.file.stem) }),
        given: block.given,
        token: block.token,
        before: block.before,
        present: block.present,
        expect: expect.ok_or_else(|| {
            place.error("the case expects nothing".into(), "add `expect = \"accept\"`, \"reject\" or \"either\"")
        })?,
        policy,
        also: block.also,
        measure: block.measure,
        untouched: block.untouched,
        within: block.within,
        returns: block.returns,
        aliases: block.aliases,
        source: Source { file: place.file.name.clone(), line: line(&place.file.text, place.at.start) },
    })
}

/// The block with the values of this variant in place of its placeholders; later ones stay.
fn filled(block: &CaseBlock, binding: &Binding, place: &Place<'_>) -> Result<CaseBlock, SuiteError> {
    if binding.values.is_empty() {
        return Ok(block.clone());
    }
    let label = binding.labels.join(",");
    let wrong = |what: String| place.error(format!("variant {label:?}: {what}"), "correct the value in `each`");
    let bare = CaseBlock { each: std::collections::BTreeMap::new(), ..block.clone() };
    let value = serde_json::to_value(bare).map_err(|error| wrong(error.to_string()))?;
    let value = placeholder::fill_value(&value, Unknown::Keep, &|name| binding.values.get(name).cloned())
        .map_err(|error| wrong(error.to_string()))?;
    serde_json::from_value(value).map_err(|error| wrong(error.to_string()))
}

fn typed<T: DeserializeOwned>(value: Option<&Value>, place: &Place<'_>) -> Result<Option<T>, SuiteError> {
    value
        .map(|value| {
            serde_json::from_value(value.clone())
                .map_err(|error| place.error(format!("in a row of `each.row`: {error}"), "correct the row"))
        })
        .transpose()
}

/// Line ends of a file are no line ends of the text.
pub(super) fn paragraph(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn line(text: &str, at: usize) -> usize {
    text[..at].bytes().filter(|byte| *byte == b'\n').count() + 1
}
