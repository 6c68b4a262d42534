//! A conformance statement: what was tested, and what the statement says to people.

use super::{
    chaos::Grade,
    profile::{Profile, ProfileSummary},
    report::Tool,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What its owner declares about the target (`target.json` in a bundle).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Declaration {
    /// `target-declaration/1`.
    pub format: DeclarationFormat,
    /// Its name.
    pub name: String,
    /// Its version, where somebody said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What it is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// By what it was described to the harness: the name of a target file, `builtin:strict`, `-- python3 adapter.py`.
    pub described_by: String,
    /// SHA-256 of the target file, or of the text in `described-by` where there is none; `sha256:…`.
    pub configuration: String,
    /// SHA-256 of the tested program or image, where it was at hand; `sha256:…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact: Option<String>,
}

/// The format line of a declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DeclarationFormat {
    /// The first version.
    #[serde(rename = "target-declaration/1")]
    V1,
}

/// A conformance statement, as it is told to people: worked out from the runs in a bundle, and never stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Certificate {
    /// What was asked for.
    pub profile: Profile,
    /// The digest of the profile, `sha256:…`.
    pub profile_digest: String,
    /// What was tested.
    pub target: Declaration,
    /// By which harness and suite.
    pub tool: Tool,
    /// What drove nonces and random bytes.
    pub seed: u64,
    /// When the first run started, RFC 3339.
    pub started: String,
    /// When the last run ended, RFC 3339.
    pub finished: String,
    /// Who signs.
    pub signer: Signer,
    /// The algorithms of the tokens that were sent, as the target offers them.
    pub algorithms: Vec<String>,
    /// The counts of the cases.
    pub cases: ProfileSummary,
    /// The families of which something counted.
    pub families: Vec<FamilyAccount>,
    /// What was not tested, by reason, and the cases.
    pub untested: BTreeMap<String, Vec<String>>,
    /// Choices that the target declares.
    pub choices: BTreeMap<String, String>,
    /// Checks that the target file does not ask for, each with its reason.
    pub waived: Vec<(String, String)>,
    /// The scenarios.
    pub scenarios: Vec<ScenarioAccount>,
}

/// The key under a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// `Ed25519` or `ES256`.
    pub algorithm: String,
    /// SHA-256 of its SubjectPublicKeyInfo, in hexadecimal.
    pub key: String,
}

/// What came of the cases of a family that the profile names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FamilyAccount {
    /// Its heading.
    pub title: String,
    /// Cases that passed.
    pub passed: usize,
    /// Cases that were not tested.
    pub untested: usize,
}

/// What came of a scenario in each round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioAccount {
    /// Its id.
    pub id: String,
    /// What happens in it.
    pub title: String,
    /// The grade of each round; `None` where a must was broken or nothing was decided.
    pub grades: Vec<Option<Grade>>,
    /// Why it was not played, where it was not.
    pub skipped: Option<String>,
}
