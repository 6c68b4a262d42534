//! What came of one variant, with all that a reader needs to believe it.

use super::{
    case::Source,
    expect::Measure,
    id::CaseId,
    outcome::{Control, Finding, Outcome},
    spec::{Harm, Level, Reference, Severity},
    verdict::Observation,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// One variant and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CaseResult {
    /// Its id.
    pub id: CaseId,
    /// How binding.
    pub level: Level,
    /// How bad a failure is.
    pub severity: Severity,
    /// What sending it may do.
    pub harm: Harm,
    /// Clauses, CVEs, CWEs.
    pub refs: Vec<Reference>,
    /// Where it is written.
    pub source: Source,
    /// The verdict wanted.
    pub expected: String,
    /// The gravest outcome of its findings.
    pub outcome: Outcome,
    /// The token, where one was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenEvidence>,
    /// What the target did, where the token was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observation: Option<Observation>,
    /// What the target did with the twin, where the case has one of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub twin: Option<Observation>,
    /// Verdicts on the tokens presented first.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub before: BTreeMap<String, String>,
    /// What was measured, where the case looks for a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<Measurement>,
    /// What became of the good tokens around it.
    pub controls: Controls,
    /// The judgements.
    pub findings: Vec<Finding>,
    /// How to see it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reproduce: Option<Reproduce>,
}

/// A value of the target that was found by trying.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Measurement {
    /// What was looked for.
    pub name: Measure,
    /// The value; absent where no limit was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<u64>,
    /// The unit of the values.
    pub unit: Unit,
    /// How far it was looked: a value beyond it counts as no limit.
    pub searched_to: u64,
    /// What the target file declares, where it can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared: Option<u64>,
    /// Tokens that it took.
    pub probes: u32,
    /// How the value was found, and what is uncertain in it.
    pub about: String,
}

/// The unit of a measured value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
}

impl Unit {
    /// A value as people say it: `60 s`, `15.5 KiB`.
    #[must_use]
    pub fn say(self, value: u64) -> String {
        match self {
            Unit::Seconds => format!("{value} s"),
            Unit::Bytes if value >= 1024 => format!("{}.{} KiB", value / 1024, value % 1024 * 10 / 1024),
            Unit::Bytes => format!("{value} B"),
        }
    }
}

impl Measurement {
    /// The value as people say it.
    #[must_use]
    pub fn say(&self) -> String {
        self.value
            .map_or_else(|| format!("no limit up to {}", self.unit.say(self.searched_to)), |value| self.unit.say(value))
    }
}

/// What became of the good tokens around a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Controls {
    /// The plain good token.
    pub base: Control,
    /// The good token with the case's feature.
    pub feature: Control,
}

/// The token under test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TokenEvidence {
    /// The header, where it is JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<Value>,
    /// The claims, where they are JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<Value>,
    /// The damage by name.
    pub mutations: Vec<String>,
    /// The token taken apart, with what differs from its twin marked.
    pub anatomy: Vec<Segment>,
    /// The token as sent; lossy where it is not text.
    pub compact: String,
    /// SHA-256 of the bytes as sent, in hexadecimal.
    pub sha256: String,
}

/// One part of a token, decoded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Segment {
    /// `header`, `payload`, `signature`, `whole token`.
    pub name: String,
    /// Its lines.
    pub lines: Vec<Line>,
}

/// One line of a decoded part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Line {
    /// The text.
    pub text: String,
    /// How it relates to the twin.
    pub change: Change,
}

/// How a line relates to the twin's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// The same in both.
    Same,
    /// Only in the token under test.
    Added,
    /// Only in the twin.
    Removed,
}

/// How to see a result again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Reproduce {
    /// With the harness.
    pub gauntlet: String,
    /// With `curl`, while the token lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub curl: Option<String>,
    /// As a `[[case]]` block for a file of cases, where the token was generated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
}
