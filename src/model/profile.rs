//! A profile: a named set of cases, levels and scenarios that a conformance statement is about, and how a run stands to it.

use super::{
    capability::Capabilities,
    spec::{Harm, Level, Reference, Severity},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A profile with all that it contains. Written into a conformance bundle as `profile.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Profile {
    /// `profile/1`.
    pub format: ProfileFormat,
    /// Its name.
    pub name: String,
    /// What holds where it is met.
    pub title: String,
    /// What it asks for.
    pub about: String,
    /// Who should ask for it.
    pub who: String,
    /// Documents that it rests on.
    pub refs: Vec<Reference>,
    /// What it asks of cases: that of the profile that it extends, then its own. A case counts where any part counts it.
    pub parts: Vec<Part>,
    /// Choices that the standards leave open and that this profile makes.
    pub policy: BTreeMap<String, String>,
    /// Capabilities without which a target cannot meet it.
    pub requires: Capabilities,
    /// Globs over ids of scenarios; each is played three times and must come to the same.
    pub scenarios: Vec<String>,
}

/// The format line of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ProfileFormat {
    /// The first version.
    #[serde(rename = "profile/1")]
    V1,
}

/// What one profile of a chain asks of cases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Part {
    /// Whose part it is.
    pub of: String,
    /// Globs over `family/name`; of each at least one case must have passed.
    pub cases: Vec<String>,
    /// Globs over `family/name` of cases that count where they apply.
    pub where_applicable: Vec<String>,
    /// Specifications by the names of `requirements.toml`: every case that shows one of their requirements counts where
    /// it applies.
    pub documents: Vec<String>,
    /// Globs over `family/name` of cases that this part does not count.
    pub without: Vec<String>,
    /// The levels that must hold. A policy counts where the profile makes the choice, whatever stands here.
    pub levels: BTreeSet<Level>,
    /// The least severity that counts.
    pub severity: Severity,
    /// The greatest harm that counts: cases beyond it are not asked for.
    pub harm: Harm,
}

/// How the cases of a run stand to a profile. Scenarios are judged by a conformance statement, which has runs of both kinds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ProfileSummary {
    /// Which profile.
    pub name: String,
    /// Cases that it names and that apply to the target.
    pub must_total: usize,
    /// Those of them that passed.
    pub must_pass: usize,
    /// Those of them that nobody can tell about: undecided, or not allowed to be sent.
    pub undecided: usize,
    /// Cases that it names and that do not apply to the target, or that were turned away before the token was judged.
    pub untested: usize,
    /// Capabilities that it requires and the target lacks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// Scenarios that it asks for beside the cases.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub scenarios: usize,
    /// Whether the cases give the profile what it asks for.
    pub conformant: bool,
    /// Why not, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}
