//! The expanded suite as one document: tokens, keys and the verdicts owed, for whoever wants the data without the tool.
//!
//! A reader configures its library with `trust`, sets the clock to `now`, and shows it each token. A refusal counts where
//! the case's own `twin`, or else `good`, is accepted.

use super::{
    adapter::{Configure, TokenText},
    case::{Fix, WorldPart},
    expect::{Expect, Policy},
    id::CaseId,
    report::Tool,
    spec::{Level, Reference, Severity},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Export {
    /// `export/1`.
    pub format: ExportFormat,
    /// Which harness, and the digest of its suite.
    pub tool: Tool,
    /// When the tokens are to be judged, in seconds since the epoch.
    pub now: i64,
    /// Whom to trust, as the adapter protocol's `configure` says it.
    pub trust: Configure,
    /// The start of addresses that are planted into tokens: whoever asks for one follows what an attacker wrote.
    pub canary: String,
    /// Other key sets, by the names that cases use. They take the place of the keys in `trust`.
    pub key_sets: BTreeMap<String, Value>,
    /// A plain good token.
    pub good: TokenText,
    /// The cases.
    pub cases: Vec<ExportedCase>,
    /// Variants that no document can hold, and why.
    pub left_out: Vec<LeftOut>,
}

/// The format line of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ExportFormat {
    /// The first version.
    #[serde(rename = "export/1")]
    V1,
}

/// One variant of a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ExportedCase {
    /// Its id.
    pub id: CaseId,
    /// The right behaviour.
    pub title: String,
    /// Why it matters.
    pub why: String,
    /// What to do about a failure.
    pub fix: Fix,
    /// How binding.
    pub level: Level,
    /// How bad a failure is.
    pub severity: Severity,
    /// Clauses, CVEs, CWEs.
    pub refs: Vec<Reference>,
    /// What a validator must be able to do for it to apply.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// The verdict owed.
    pub expect: Expect,
    /// Which declared choice decides, where it expects either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
    /// The key set to use in place of that in `trust`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_set: Option<String>,
    /// The good token that shares everything but the defect, where a plain one does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub twin: Option<TokenText>,
    /// Tokens to be shown first, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<ExportedBefore>,
    /// The token under test, where it is UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Its bytes in base64 (RFC 4648 section 4), where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_base64: Option<String>,
    /// Claims that must come back from who accepts.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub returns: Map<String, Value>,
    /// Claims that must not come back with these values.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub never_returns: Map<String, Value>,
    /// What must be left alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub untouched: Vec<WorldPart>,
}

/// A token to be shown before the one under test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ExportedBefore {
    /// The token.
    pub shown: TokenText,
    /// What must become of it for the case to count; absent where that does not matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Expect>,
}

/// A variant that is not in the document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LeftOut {
    /// Its id.
    pub id: CaseId,
    /// Why.
    pub because: String,
}
