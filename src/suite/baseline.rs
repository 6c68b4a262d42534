//! The user's list of known failures (`orders.baseline.toml`).

use super::{error::SuiteError, load::parse, pattern::Pattern};
use crate::model::{Outcome, baseline::Section};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;
use std::{collections::BTreeSet, fs, ops::Range, path::Path};
use toml::Spanned;

/// A file of known failures.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct BaselineFile {
    /// `baseline/1`.
    pub format: BaselineFormat,
    /// The name of the target that it is about; a run of another one refuses it.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub target: Option<Spanned<String>>,
    /// Failures, warnings and undecided checks that are known.
    #[serde(default)]
    pub known: Vec<KnownBlock>,
    /// Cases that are expected to be skipped here, beyond those whose capability the target lacks.
    #[serde(default)]
    pub skip: Vec<SkipBlock>,
}

/// The format line of a file of known failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum BaselineFormat {
    /// The first version.
    #[serde(rename = "baseline/1")]
    V1,
}

/// One `[[known]]` block.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct KnownBlock {
    /// A glob over ids of findings: `key-id/path-traversal*`, `claims/exp-past#challenge-error`,
    /// `chaos/jwks-outage#during outage*`.
    #[schemars(with = "String")]
    pub finding: Spanned<String>,
    /// What is known about them.
    #[serde(default)]
    pub outcome: KnownOutcome,
    /// Why, in a sentence; never empty.
    #[schemars(with = "String")]
    pub because: Spanned<String>,
    /// Where it is being mended.
    #[serde(default)]
    pub issue: Option<String>,
    /// The last day on which it counts, `"2027-03-01"`.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub until: Option<Spanned<String>>,
}

/// What can be known about a finding.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum KnownOutcome {
    /// A broken must.
    #[default]
    Fail,
    /// A broken should or declared policy.
    Warn,
    /// It stays undecided.
    Inconclusive,
}

impl From<KnownOutcome> for Outcome {
    fn from(known: KnownOutcome) -> Outcome {
        match known {
            KnownOutcome::Fail => Outcome::Fail,
            KnownOutcome::Warn => Outcome::Warn,
            KnownOutcome::Inconclusive => Outcome::Inconclusive,
        }
    }
}

/// One `[[skip]]` block.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SkipBlock {
    /// A glob over ids of cases: `introspection/*`.
    #[schemars(with = "String")]
    pub case: Spanned<String>,
    /// Why, in a sentence; never empty.
    #[schemars(with = "String")]
    pub because: Spanned<String>,
}

/// A list of known failures, read and found well-formed.
#[derive(Debug, Clone)]
pub struct Baseline {
    /// The file, as the user named it.
    pub file: String,
    /// The target that it is about, where it says so.
    pub target: Option<String>,
    /// Its entries, in the order of the file.
    pub entries: Vec<Entry>,
}

/// One entry.
#[derive(Debug, Clone)]
pub struct Entry {
    /// In which list it stands.
    pub section: Section,
    /// Its place in that list, from 0.
    pub place: usize,
    /// What it names.
    pub pattern: Pattern,
    /// The outcome that is known; `skip` for expected skips.
    pub outcome: Outcome,
    /// Why.
    pub because: String,
    /// Where it is being mended.
    pub issue: Option<String>,
    /// The last day on which it counts.
    pub until: Option<Date>,
    /// Its line in the file.
    pub line: usize,
}

/// Reads a list of known failures.
///
/// # Errors
/// It cannot be read, or is wrong at a place: an unknown field, an empty reason, a glob or a date that is none, or a glob
/// that stands there twice.
pub fn read_baseline(path: &Path) -> Result<Baseline, SuiteError> {
    let name = path.display().to_string();
    let text = fs::read_to_string(path).map_err(|error| SuiteError::Unreadable {
        path: path.to_owned(),
        reason: error.to_string(),
        help: format!("`gauntlet baseline accept {name}` writes one from the last run"),
    })?;
    baseline_from(&name, &text)
}

/// The same from a text.
///
/// # Errors
/// As for [`read_baseline`].
pub fn baseline_from(name: &str, text: &str) -> Result<Baseline, SuiteError> {
    let file: BaselineFile = parse(name, text)?;
    let reader = Reader { name, text };
    let mut entries = Vec::new();
    let mut seen = BTreeSet::new();
    for (place, block) in file.known.iter().enumerate() {
        let pattern = reader.pattern(&block.finding)?;
        let outcome = Outcome::from(block.outcome);
        if !seen.insert((pattern.text().to_owned(), outcome)) {
            let what = format!("{:?} is listed twice", pattern.text());
            return Err(reader.wrong(block.finding.span(), what, "take one of the two out"));
        }
        entries.push(Entry {
            section: Section::Known,
            place,
            outcome,
            because: reader.because(&block.because, pattern.text())?,
            issue: block.issue.clone(),
            until: block.until.as_ref().map(|until| reader.date(until)).transpose()?,
            line: reader.line(&block.finding),
            pattern,
        });
    }
    for (place, block) in file.skip.iter().enumerate() {
        let pattern = reader.pattern(&block.case)?;
        entries.push(Entry {
            section: Section::Skip,
            place,
            outcome: Outcome::Skip,
            because: reader.because(&block.because, pattern.text())?,
            issue: None,
            until: None,
            line: reader.line(&block.case),
            pattern,
        });
    }
    entries.sort_by_key(|entry| entry.line);
    Ok(Baseline { file: name.to_owned(), target: file.target.map(Spanned::into_inner), entries })
}

/// A text and its name, to point into.
struct Reader<'a> {
    name: &'a str,
    text: &'a str,
}

impl Reader<'_> {
    fn wrong(&self, at: Range<usize>, what: String, help: &str) -> SuiteError {
        SuiteError::at(self.name, self.text, at, what, help)
    }

    fn line(&self, word: &Spanned<String>) -> usize {
        self.text[..word.span().start].matches('\n').count() + 1
    }

    fn pattern(&self, glob: &Spanned<String>) -> Result<Pattern, SuiteError> {
        let help = "a glob is matched against ids of findings, such as claims/exp-past#verdict; `gauntlet list` shows \
                    the cases";
        Pattern::new(glob.get_ref()).map_err(|error| {
            self.wrong(glob.span(), format!("{:?} is no glob: {}", glob.get_ref(), error.kind()), help)
        })
    }

    fn because(&self, because: &Spanned<String>, glob: &str) -> Result<String, SuiteError> {
        let text = because.get_ref().trim();
        if text.is_empty() {
            let what = format!("`because` is empty, and nobody knows why {glob:?} is on the list");
            return Err(self.wrong(because.span(), what, "say in one sentence why it may be so, and until when"));
        }
        Ok(text.to_owned())
    }

    fn date(&self, until: &Spanned<String>) -> Result<Date, SuiteError> {
        let what =
            |error: jiff::Error| format!("wanted a date such as \"2027-03-01\", found {:?}: {error}", until.get_ref());
        until.get_ref().parse().map_err(|error| self.wrong(until.span(), what(error), "write year, month and day"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        let error = baseline_from("b.toml", &format!("format = \"baseline/1\"\n{text}")).unwrap_err();
        let SuiteError::Invalid { what, at, text, help } = error else { panic!("{error}") };
        let text = text.inner();
        let end = (at.offset() + at.len()).min(text.len());
        format!("{what} | {} | {help}", &text[at.offset()..end])
    }

    #[test]
    fn a_whole_file_is_read_in_its_order() {
        let text = "format = \"baseline/1\"\ntarget = \"orders\"\n\n[[known]]\nfinding = \"a/b*\"\nbecause = \"so\"\n\n\
                    [[skip]]\ncase = \"i/*\"\nbecause = \"none here\"\n\n[[known]]\nfinding = \"a/c#verdict\"\n\
                    outcome = \"inconclusive\"\nbecause = \"slow\"\nissue = \"X-1\"\nuntil = \"2027-03-01\"\n";
        let baseline = baseline_from("b.toml", text).unwrap();
        let lines: Vec<_> = baseline.entries.iter().map(|entry| (entry.line, entry.section, entry.outcome)).collect();
        let [known, skip] = [Section::Known, Section::Skip];
        assert_eq!(lines, [(5, known, Outcome::Fail), (9, skip, Outcome::Skip), (13, known, Outcome::Inconclusive)]);
        assert_eq!(baseline.entries[2].until.unwrap().to_string(), "2027-03-01");
    }

    #[test]
    fn mistakes_are_pointed_at() {
        let known = |more: &str| format!("[[known]]\nfinding = \"a/b\"\n{more}\n");
        let texts = [
            known("because = \"  \""),
            known(""),
            known("because = \"x\"\nuntil = \"soon\""),
            known("because = \"x\"\nuntil = 2027-03-01"),
            known("because = \"x\"\nreason = \"y\""),
            known("because = \"x\"\noutcome = \"pass\""),
            known("because = \"x\"") + &known("because = \"y\""),
            "[[known]]\nfinding = \"a/[\"\nbecause = \"x\"\n".to_owned(),
            "[[skip]]\ncase = \"a/*\"\nbecause = \"\"\n".to_owned(),
            "[[skip]]\nfinding = \"a/*\"\nbecause = \"x\"\n".to_owned(),
        ];
        insta::assert_snapshot!(texts.map(|text| error(&text)).join("\n"));
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "(format = \"baseline/1\"\n)?(\\[\\[(known|skip)\\]\\]\n|finding = \".{0,6}\"\n|because = \".{0,3}\"\n|.{0,12}\n){0,6}") {
            let _ = baseline_from("b.toml", &text);
        }
    }
}
