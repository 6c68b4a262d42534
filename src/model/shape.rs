//! Words that mutations use for the shape of a token's text: spellings of base64, character sets, JSON forms.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Another spelling of a base64url text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Spelling {
    /// With the `=` that RFC 7515 section 2 leaves out.
    Padding,
    /// With `+` and `/` instead of `-` and `_` (RFC 4648 section 4).
    StandardAlphabet,
    /// With a bit set in the last character that no byte uses (RFC 4648 section 3.5).
    UnusedBits,
    /// With one character more than four for each three bytes, which can stand for nothing (RFC 4648 section 4).
    DanglingCharacter,
}

impl Spelling {
    /// How many bytes beyond a multiple of three the text must encode: one or two, or none.
    #[must_use]
    pub fn fits(self, bytes: usize) -> bool {
        match self {
            Spelling::Padding | Spelling::UnusedBits => !bytes.is_multiple_of(3),
            Spelling::DanglingCharacter => bytes.is_multiple_of(3),
            Spelling::StandardAlphabet => true,
        }
    }
}

/// A character set that JSON is not written in (RFC 8259 section 8.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Charset {
    /// UTF-16, the low byte first.
    #[serde(rename = "utf-16le")]
    Utf16Le,
    /// UTF-16, the high byte first.
    #[serde(rename = "utf-16be")]
    Utf16Be,
    /// UTF-32, the lowest byte first.
    #[serde(rename = "utf-32le")]
    Utf32Le,
    /// UTF-32, the highest byte first.
    #[serde(rename = "utf-32be")]
    Utf32Be,
}

/// Names for members that are there in great number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MemberNames {
    /// Short names, each another one.
    Distinct,
    /// Different names with the same hash where a hash is multiplied by 31 for each character.
    #[serde(rename = "colliding-31")]
    Colliding31,
    /// Different names with the same hash where a hash is multiplied by 33 for each character.
    #[serde(rename = "colliding-33")]
    Colliding33,
}

/// One entry of `signatures` in the general JSON form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SignatureEntry {
    /// The token's own header and signature.
    Genuine,
    /// The token's own header with a signature of zero bytes.
    Forged,
    /// A header with `alg` none and an empty signature.
    Unsigned,
    /// An object without members.
    Empty,
    /// No object at all, but `null`.
    Null,
}

/// One of the two JSON forms of a signed message (RFC 7515 section 7.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum JsonForm {
    /// One signature, its members beside the payload.
    Flattened,
    /// A list of signatures.
    General,
}
