//! What people and their tools did and saw while a scenario was played. Times count from its beginning, in milliseconds.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What somebody ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Operation {
    /// When.
    pub at_ms: u64,
    /// What: `go`, `heal`, `abort`.
    #[serde(rename = "do")]
    pub order: String,
    /// Who: a person at the keys, the control interface, a guard.
    pub by: String,
}

/// A message of an alert manager.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AlertSeen {
    /// When it came.
    pub at_ms: u64,
    /// The alert's name.
    pub name: String,
    /// Whether it fires; otherwise it is resolved.
    pub firing: bool,
    /// How long after the first thing that went wrong it came; absent where nothing had gone wrong yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_ms: Option<u64>,
}

/// One of the target's own metrics over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct OwnMetric {
    /// Its name with its labels.
    pub name: String,
    /// Times and values, where they changed.
    pub points: Vec<(u64, f64)>,
    /// The steps during which it moved otherwise than in the calm before the first one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub moved: Vec<String>,
}
