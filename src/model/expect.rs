//! What a case expects: the verdict, and side conditions with a level of their own.

use super::spec::{Level, display_as_word};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

/// The verdict wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Expect {
    /// The token must be accepted.
    Accept,
    /// The token must be refused.
    Reject,
    /// Both are lawful; what the target did is noted, side conditions are judged.
    Either,
}

display_as_word! { Expect { Accept => "accept", Reject => "reject", Either => "either" } }

/// Which declared choice decides a case that the standards leave open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Policy {
    /// The name in the target file's `[policy]` table.
    pub name: String,
    /// The verdict that each declaration asks for.
    pub when: BTreeMap<String, Expect>,
}

/// Side conditions. Each is judged by itself, whatever the verdict was judged to be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Also {
    /// The status of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<StatusCheck>,
    /// Whether the answer carries a `WWW-Authenticate: Bearer` challenge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<PresenceCheck>,
    /// The challenge's `error` attribute (RFC 6750 section 3); absent where `is` is empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge_error: Option<TextCheck>,
    /// Whether the answer is the one that tokens presented first got: whoever can tell two refusals apart can ask
    /// questions of a key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_answer: Option<SameAnswer>,
}

impl Also {
    /// Whether nothing is asked beside the verdict.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Also::default()
    }
}

/// Wants one of several statuses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct StatusCheck {
    /// The statuses that are right.
    pub is: Vec<u16>,
    /// How binding.
    pub level: Level,
}

/// Wants something to be there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PresenceCheck {
    /// How binding.
    pub level: Level,
}

/// Wants the answer of other tokens. What differs among those (a time, a request number) may differ here too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SameAnswer {
    /// The names of two or more of the case's `before` tokens.
    #[serde(rename = "as")]
    pub of: Vec<String>,
    /// How binding.
    pub level: Level,
}

/// Wants a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TextCheck {
    /// The text wanted.
    pub is: String,
    /// How binding.
    pub level: Level,
}
