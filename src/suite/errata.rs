//! What is to be known about single tests of a corpus: laid over the corpus, which stays as its authors wrote it.

use super::{error::SuiteError, load::parse};
use crate::model::{
    Level,
    expect::{Expect, Policy},
    vector::Vector,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The committed errata of Wycheproof's files.
const WYCHEPROOF: &str = include_str!("../../vectors/errata/wycheproof.toml");

/// A file of errata (`vectors/errata/<corpus>.toml`).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ErrataFile {
    /// `errata/1`.
    pub format: ErrataFormat,
    /// The entries.
    pub erratum: Vec<Erratum>,
}

/// The format line of a file of errata.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ErrataFormat {
    /// The first version.
    #[serde(rename = "errata/1")]
    V1,
}

/// What is to be known about some tests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Erratum {
    /// The kind of file that holds them.
    pub kind: CorpusKind,
    /// Their numbers (`tcId`).
    pub tests: Vec<u64>,
    /// What follows for the verdict.
    pub effect: Effect,
    /// What is wrong, or why libraries differ.
    pub why: String,
    /// Where the authors were told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<String>,
}

/// The kinds of JOSE files that Wycheproof has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CorpusKind {
    /// Signatures under one key.
    Signature,
    /// Encryption to one key.
    Encryption,
    /// Signatures under a key set.
    Key,
    /// The older mixture of the first two.
    Crypto,
}

/// What follows from an erratum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum Effect {
    /// The file contradicts itself or its specification: another verdict is owed, and a difference is only noted.
    Wrong {
        /// The verdict owed.
        owed: Expect,
    },
    /// The deployment may choose: noted, unless the target file declares it `accept` or `reject`.
    Policy {
        /// The name in the target file's `[policy]` table.
        name: String,
    },
    /// The file is right though some libraries differ.
    Kept {
        /// How binding it is.
        level: Level,
    },
}

impl ErrataFile {
    /// The committed errata of Wycheproof's files.
    ///
    /// # Errors
    /// The committed file is wrong.
    pub fn wycheproof() -> Result<ErrataFile, SuiteError> {
        parse("vectors/errata/wycheproof.toml", WYCHEPROOF)
    }

    /// The entry about a test.
    #[must_use]
    pub fn about(&self, kind: CorpusKind, test: u64) -> Option<&Erratum> {
        self.erratum.iter().find(|erratum| erratum.kind == kind && erratum.tests.contains(&test))
    }
}

impl Erratum {
    /// Changes what is owed for a test.
    pub(super) fn apply(&self, vector: &mut Vector) {
        let mut text = self.why.split_whitespace().collect::<Vec<_>>().join(" ");
        match &self.effect {
            Effect::Wrong { owed } => {
                text = format!("the file says {}: {text}", vector.verdict);
                (vector.verdict, vector.level) = (*owed, Level::May);
            }
            Effect::Policy { name } => {
                let when = [("accept", Expect::Accept), ("reject", Expect::Reject)];
                let when: BTreeMap<String, Expect> = when.map(|(word, owed)| (word.to_owned(), owed)).into();
                vector.policy = Some(Policy { name: name.clone(), when });
                (vector.verdict, vector.level) = (Expect::Either, Level::Policy);
            }
            Effect::Kept { level } => vector.level = *level,
        }
        if let Some(upstream) = &self.upstream {
            text = format!("{text} See {upstream}.");
        }
        vector.erratum = Some(text);
    }
}
