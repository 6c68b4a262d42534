//! What a case expects: the verdict, and side conditions with a level of their own.

use super::{
    bound::{Multiple, Size},
    period::Period,
    spec::{Level, display_as_word},
};
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
    /// How much longer than a good token it may take. Judged only on the medians of several tries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<LatencyCheck>,
    /// How much memory of a target that the harness started it may cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<MemoryCheck>,
    /// Whether good tokens are accepted right after it. A harmful case is checked so even where it does not ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<PresenceCheck>,
    /// Whether the same kind of token gets the same verdict each time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steady: Option<SteadyCheck>,
    /// Whether the answer gives away what is inside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub echo: Option<EchoCheck>,
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

/// Wants an answer that does not take much longer than that of a good token: broken only where the median is beyond both
/// bounds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LatencyCheck {
    /// How many times the median of the good token, such as `10x`.
    pub at_most: Multiple,
    /// Times below this are never too long, whatever the good token takes.
    pub and_over: Period,
    /// How binding. It depends on a machine, so never `must`.
    pub level: Level,
}

/// Wants the memory of a started target to stay within a bound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct MemoryCheck {
    /// The growth that is still right, such as `64MiB`.
    pub at_most: Size,
    /// How binding. It depends on a machine, so never `must`.
    pub level: Level,
}

/// Wants the same verdict on the same kind of token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SteadyCheck {
    /// How many more such tokens are sent.
    pub times: u32,
    /// How binding.
    pub level: Level,
}

/// Wants an answer without stack traces, errors from inside, keys and file contents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct EchoCheck {
    /// A text of the token that must not come back as it is; `${nonce}` is the token's own. Put into it what would do
    /// harm unless it is escaped, such as a quotation mark or an angle bracket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marker: Option<String>,
    /// How binding.
    pub level: Level,
}

/// A value that is looked for by trying, with many tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// For how many seconds after its expiry a token is still accepted.
    ExpLeeway,
    /// How many seconds before its start of validity a token is already accepted.
    NbfLeeway,
    /// The size of the largest good token that is accepted, up to 64 KiB.
    LargestToken,
}

display_as_word! {
    Measure { ExpLeeway => "exp-leeway", NbfLeeway => "nbf-leeway", LargestToken => "largest-token" }
}
