//! What can be wrong with an answer: status, redirect, header fields, body, and which replica gives it.

use super::expression::Expression;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An answer with another status. Its body is the attacker's key set unless it says otherwise: whoever reads it, in spite
/// of the status, gives itself away.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct StatusFault {
    /// The status (RFC 9110 section 15).
    pub code: u16,
    /// `Retry-After`, in whole seconds at least as long as this (RFC 9110 section 10.2.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<Expression>,
    /// Whether `Retry-After` is a date instead of seconds.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub retry_after_as_date: bool,
    /// Another body than the attacker's key set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<BodyFault>,
}

/// Where a redirect leads. All of these addresses are ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum Redirect {
    /// 302 to the true key set, at another path of the same host.
    Same,
    /// 307 to another origin, which serves the attacker's key set.
    OtherHost,
    /// 302 from HTTPS to plain HTTP, where the attacker's key set is.
    Http,
    /// 302 to itself.
    Loop,
    /// So many redirects, one behind the other, to the true key set.
    Hops(u32),
    /// 302 to an address that only writes down who came.
    Sink,
}

/// A header field that is unusual.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum HeaderFault {
    /// Another `Content-Type`.
    ContentType(String),
    /// Another `Cache-Control`; the empty text takes it away.
    CacheControl(String),
    /// `Cache-Control: max-age` of this time, in whole seconds.
    MaxAge(Expression),
    /// An `Age`, in seconds (RFC 9111 section 5.1).
    Age(u64),
    /// `Expires` lies in the past, and no `Cache-Control` says otherwise.
    ExpiresPast,
    /// `Date` is so far ahead.
    DateAhead(Expression),
    /// The entity tag stays the same whatever the body is.
    EtagFrozen,
    /// The body comes in chunks, without its length.
    Chunked,
    /// Neither a length nor chunks: the end of the connection ends the body.
    NoLength,
    /// A field of so many bytes.
    Bytes(u64),
}

impl HeaderFault {
    /// Whether the body is still the true one, however it is sent.
    pub(super) fn is_harmless(&self) -> bool {
        !matches!(self, HeaderFault::Bytes(_) | HeaderFault::EtagFrozen | HeaderFault::ContentType(_))
    }
}

/// A body that is unusual.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum BodyFault {
    /// `{"keys":[]}`.
    EmptyKeys,
    /// `{}`.
    EmptyObject,
    /// No byte at all.
    ZeroBytes,
    /// `null`.
    Null,
    /// Only so many percent of the bytes that its length announces.
    Truncate(u8),
    /// Chunks that break off.
    CutChunks,
    /// JSON with its last bracket missing.
    Malformed,
    /// A byte order mark in front.
    Bom,
    /// UTF-16.
    #[serde(rename = "utf16")]
    Utf16,
    /// The member `keys` twice, the attacker's keys last.
    DuplicateMembers,
    /// A login page.
    Html,
    /// A JSON object that says what went wrong.
    ErrorJson,
    /// The attacker's key set.
    Attacker,
    /// The true key set with so many bytes of white space behind it.
    Pad(u64),
    /// White space without end.
    Endless,
    /// The true key set, compressed (RFC 9110 section 8.4.1.3), whatever the client accepts.
    Gzip,
    /// White space of so many bytes, compressed.
    GzipBomb(u64),
    /// So many keys of others in front of the true ones.
    Keys(u32),
}

/// Which of two replicas answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Pick {
    /// One after the other.
    #[default]
    Alternate,
    /// A connection always gets the same one.
    Sticky,
    /// Four of five requests get the fresh one.
    Mostly,
}

/// How a request goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum ErrorKind {
    /// With this status.
    Status(u16),
    /// By a reset.
    Reset,
    /// By no answer.
    Hang,
}
