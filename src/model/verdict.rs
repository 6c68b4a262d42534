//! What a target did with a token, and the evidence for it.

use super::{side::Side, spec::display_as_word};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// What the target did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It took the token.
    Accept,
    /// It judged the token and refused it.
    Reject,
    /// It turned the request away before the token was judged.
    Refused,
    /// It answered with a server error.
    ServerError,
    /// It asked us to slow down.
    RateLimited,
    /// No answer came in time.
    Timeout,
    /// The connection ended before an answer.
    Reset,
    /// No connection came about.
    Unreachable,
    /// The answer is neither yes nor no by the words of the target file or of the adapter protocol.
    OddAnswer,
    /// An adapter says that its library has no way to be asked this.
    Unsupported,
}

display_as_word! {
    Verdict {
        Accept => "accept", Reject => "reject", Refused => "refused", ServerError => "server-error",
        RateLimited => "rate-limited", Timeout => "timeout", Reset => "reset", Unreachable => "unreachable",
        OddAnswer => "odd-answer", Unsupported => "unsupported",
    }
}

impl Verdict {
    /// Whether the target gave no usable answer at all.
    #[must_use]
    pub fn is_broken(self) -> bool {
        !matches!(self, Verdict::Accept | Verdict::Reject | Verdict::Refused | Verdict::Unsupported)
    }
}

/// A verdict with its evidence. Text that the target sent is cut to a few kilobytes and kept as it came; whoever shows
/// it escapes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Observation {
    /// What the target did.
    pub verdict: Verdict,
    /// Why the verdict is what it is, in a few words: `status 401`, `no answer within 5s`.
    pub because: String,
    /// The HTTP status, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The values of `WWW-Authenticate`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub challenges: Vec<String>,
    /// The request as sent, secrets of the user redacted.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub request: String,
    /// The start of the answer: status line, header fields, body.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub response: String,
    /// The claims that the target reports to have taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<Value>,
    /// Microseconds from the first byte sent to the end of the answer.
    pub elapsed_us: u64,
    /// How often it was sent before this answer counted.
    pub attempts: u32,
    /// Seconds that the target asked us to wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// Requests that reached our world because of this token.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outbound: Vec<Fetch>,
    /// What was seen beside the answer.
    #[serde(default, skip_serializing_if = "Side::is_empty")]
    pub side: Side,
}

impl Observation {
    /// An observation with nothing but its verdict.
    #[must_use]
    pub fn bare(verdict: Verdict, because: impl Into<String>) -> Self {
        Observation {
            verdict,
            because: because.into(),
            status: None,
            challenges: Vec::new(),
            request: String::new(),
            response: String::new(),
            claims: None,
            elapsed_us: 0,
            attempts: 1,
            retry_after: None,
            outbound: Vec::new(),
            side: Side::default(),
        }
    }
}

/// One request that our side received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Fetch {
    /// Milliseconds since the testbed started.
    pub at_ms: u64,
    /// Which part of our world.
    pub endpoint: Endpoint,
    /// The method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The `User-Agent`, where one was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// Header lines that say who asked and with which credentials, as `Host: …`; a credential's value is not kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<String>,
}

/// A part of our world that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Endpoint {
    /// The issuer's metadata (OIDC Discovery, RFC 8414).
    Discovery,
    /// The issuer's key set.
    Jwks,
    /// The rogue issuer's metadata.
    RogueDiscovery,
    /// The rogue issuer's key set.
    RogueJwks,
    /// The canary.
    Canary,
    /// Anything else.
    Other,
}

display_as_word! {
    Endpoint {
        Discovery => "discovery", Jwks => "jwks", RogueDiscovery => "rogue-discovery", RogueJwks => "rogue-jwks",
        Canary => "canary", Other => "other",
    }
}
