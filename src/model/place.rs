//! Where in a token damage is done, and with what.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A segment of the compact form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Segment {
    /// The first.
    Header,
    /// The second.
    Payload,
    /// The third.
    Signature,
}

/// A segment that holds JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum JsonSegment {
    /// The first.
    Header,
    /// The second.
    Payload,
}

impl From<JsonSegment> for Segment {
    fn from(segment: JsonSegment) -> Segment {
        match segment {
            JsonSegment::Header => Segment::Header,
            JsonSegment::Payload => Segment::Payload,
        }
    }
}

/// Which end something is added at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// In front of all others.
    First,
    /// Behind all others.
    Last,
}

/// Where a text goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Spot {
    /// In place of the token.
    Instead,
    /// Before it.
    Before,
    /// Behind it.
    Behind,
}

/// What is nested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Nesting {
    /// `[[…]]`
    Arrays,
    /// `{"a":{"a":…}}`
    Objects,
}

/// A place in the signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Position {
    /// The first byte, or in front of it.
    First,
    /// The byte in the middle, or between the halves.
    Middle,
    /// The last byte, or behind it.
    Last,
}

/// The bytes of an HMAC secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Secret {
    /// The UTF-8 bytes of a text.
    Text(String),
    /// Bytes in hexadecimal.
    Hex(String),
}
