//! What the specifications ask of a validator, and which cases show it (`vectors/requirements.toml`).

use super::{error::SuiteError, load::parse, source::SuiteFile};
use crate::model::{Case, Level, Reference, case::Source};
use globset::{Glob, GlobMatcher};
use schemars::JsonSchema;
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::Arc,
};
use toml::Spanned;

/// A file of requirements (`vectors/requirements.toml`).
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RequirementFile {
    /// `requirements/1`.
    pub format: RequirementFormat,
    /// The specifications: their names in references, and their titles.
    pub document: BTreeMap<String, String>,
    /// What they ask.
    #[serde(default)]
    pub requirement: Vec<RequirementBlock>,
    /// Sections that cases cite to explain themselves, and that ask nothing of a validator: what each is about.
    #[serde(default)]
    pub background: BTreeMap<String, String>,
}

/// The format line of a file of requirements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum RequirementFormat {
    /// The first version.
    #[serde(rename = "requirements/1")]
    V1,
}

/// One `[[requirement]]` block: shown by the cases that cite its section, by those that it names, or by none for a reason.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RequirementBlock {
    /// The clause, as cases cite it: `RFC7519#4.1.4`.
    #[schemars(with = "String")]
    pub section: Spanned<String>,
    /// How binding.
    pub level: Level,
    /// What is asked, in one sentence.
    pub says: String,
    /// Globs over `family/name` of the cases that show it, where not all that cite the section do.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub cases: Vec<Spanned<String>>,
    /// Why no case can show it.
    #[serde(default)]
    pub reason: Option<String>,
}

/// The requirements of a suite.
#[derive(Debug, Clone, Default)]
pub struct Requirements {
    documents: BTreeMap<String, String>,
    list: Vec<Requirement>,
    background: BTreeMap<String, String>,
}

/// One thing that a specification asks of a validator.
#[derive(Debug, Clone)]
pub struct Requirement {
    /// The clause.
    pub section: Reference,
    /// How binding.
    pub level: Level,
    /// What is asked.
    pub says: String,
    /// Why no case can show it.
    pub reason: Option<String>,
    /// Where it is written.
    pub source: Source,
    globs: Vec<GlobMatcher>,
}

impl Requirements {
    /// Reads a file of requirements.
    pub(super) fn read(file: &SuiteFile) -> Result<Requirements, SuiteError> {
        let parsed: RequirementFile = parse(&file.name, &file.text)?;
        let wrong = |span: Range<usize>, what: String, help: &str| {
            Err(SuiteError::at(&file.name, &file.text, span, what, help))
        };
        let is_known = |section: &str| {
            section
                .split_once('#')
                .is_some_and(|(document, place)| !place.is_empty() && parsed.document.contains_key(document))
        };
        const KNOWN: &str = "write it as RFC7519#4.1.4, and name the document in [document]";
        if let Some(section) = parsed.background.keys().find(|section| !is_known(section)) {
            let at = file.text.find(&format!("\"{section}\"")).unwrap_or(0);
            return wrong(at..at + section.len() + 2, format!("{section:?} is no section of a known document"), KNOWN);
        }
        let mut list = Vec::new();
        for block in &parsed.requirement {
            let (section, span) = (block.section.get_ref(), block.section.span());
            if !is_known(section) {
                return wrong(span, format!("{section:?} is no section of a known document"), KNOWN);
            }
            if !block.cases.is_empty() && block.reason.is_some() {
                let help = "a requirement has cases, or a reason why no case can show it";
                return wrong(span, "it names cases and gives a reason".to_owned(), help);
            }
            let mut globs = Vec::new();
            for glob in &block.cases {
                match Glob::new(glob.get_ref()) {
                    Ok(glob) => globs.push(glob.compile_matcher()),
                    Err(error) => {
                        let what = format!("{:?} is no glob: {}", glob.get_ref(), error.kind());
                        return wrong(glob.span(), what, "a glob is matched against ids such as claims/exp-past");
                    }
                }
            }
            let line = file.text[..span.start].matches('\n').count() + 1;
            list.push(Requirement {
                section: Reference(section.clone()),
                level: block.level,
                says: super::expand::paragraph(&block.says),
                reason: block.reason.clone(),
                source: Source { file: file.name.clone(), line },
                globs,
            });
        }
        Ok(Requirements { documents: parsed.document, list, background: parsed.background })
    }

    /// The specifications by their names in references, with their titles.
    #[must_use]
    pub fn documents(&self) -> &BTreeMap<String, String> {
        &self.documents
    }

    /// The requirements, by document and section.
    #[must_use]
    pub fn sorted(&self) -> Vec<&Requirement> {
        let mut sorted: Vec<&Requirement> = self.list.iter().collect();
        sorted.sort_by_key(|requirement| place(&requirement.section));
        sorted
    }

    /// Requirements that no case shows and no reason explains, and globs that match no case: each with the section.
    #[must_use]
    pub fn gaps(&self, cases: &[Arc<Case>]) -> Vec<String> {
        let mut found = Vec::new();
        for requirement in &self.list {
            let section = &requirement.section.0;
            let is_idle = |glob: &&GlobMatcher| !cases.iter().any(|case| glob.is_match(case.id.case()));
            for glob in requirement.globs.iter().filter(is_idle) {
                found.push(format!("{section}: no case matches {:?}", glob.glob().glob()));
            }
            if requirement.reason.is_none() && requirement.shown_by(cases).is_empty() {
                found.push(format!("{section}: no case shows that {:?}", requirement.says));
            }
        }
        found
    }

    /// What is to be mended: requirements that cannot be told apart, and sections that cases cite and nobody wrote down.
    /// Each with the place and what it is about.
    pub(super) fn complaints(&self, cases: &[Arc<Case>]) -> Vec<(Source, String, String)> {
        let mut found = Vec::new();
        for requirement in &self.list {
            let mut ask = |wrong: bool, what: &str| {
                if wrong {
                    found.push((requirement.source.clone(), requirement.section.0.clone(), what.to_owned()));
                }
            };
            let others = self.list.iter().filter(|other| other.section == requirement.section).count();
            let is_vague = requirement.globs.is_empty() && requirement.reason.is_none();
            ask(is_vague && others > 1, "several requirements are in this section: name the cases of each");
            ask(requirement.says.is_empty(), "it does not say what is asked");
        }
        let known: BTreeSet<&str> = self
            .list
            .iter()
            .map(|one| one.section.0.as_str())
            .chain(self.background.keys().map(String::as_str))
            .collect();
        for case in cases {
            for reference in &case.refs {
                let of_ours = |(document, _): (&str, &str)| self.documents.contains_key(document);
                if reference.0.split_once('#').is_some_and(of_ours) && !known.contains(reference.0.as_str()) {
                    let what = format!("it cites {}, which requirements.toml does not know", reference.0);
                    found.push((case.source.clone(), case.id.case(), what));
                }
            }
        }
        found
    }
}

impl Requirement {
    /// The cases that show it, by `family/name`.
    #[must_use]
    pub fn shown_by(&self, cases: &[Arc<Case>]) -> BTreeSet<String> {
        let shows = |case: &Case| {
            if self.globs.is_empty() {
                self.reason.is_none() && case.refs.contains(&self.section)
            } else {
                self.globs.iter().any(|glob| glob.is_match(case.id.case()))
            }
        };
        cases.iter().filter(|case| shows(case)).map(|case| case.id.case()).collect()
    }
}

/// The place of a section in its document, numbers as numbers: 4.1.2 comes before 4.1.11. Documents in the order of their
/// names, drafts last.
fn place(section: &Reference) -> (bool, String, Vec<(bool, u32, String)>) {
    let (document, place) = section.0.split_once('#').unwrap_or((&section.0, ""));
    let parts = place.split('.').map(|part| match part.parse::<u32>() {
        Ok(number) => (false, number, String::new()),
        Err(_) => (true, 0, part.to_owned()),
    });
    (!document.starts_with("RFC"), document.to_owned(), parts.collect())
}

#[cfg(test)]
#[path = "requirements_tests.rs"]
mod tests;
