//! A key set to serve: which of our keys, keys with a changed JWK, and members that are no keys of ours.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What the JWKS endpoint serves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct KeySet {
    /// Names of keys; `trusted` stands for every key that the target is told to trust.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
    /// Keys whose JWK is changed before it is served.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub altered: Vec<AlteredMember>,
    /// JSON texts to serve as further members, exactly as written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub raw_members: Vec<String>,
    /// Members that only fill the set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filler: Vec<Filler>,
    /// The whole body, exactly as written, instead of a set of the members; in it `${set}` is that set, `${keys}` the
    /// list of its members, and `${member}` the first of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The status of the answer; 200 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Whether it must be served by itself, because it replaces or contradicts what other sets say. The others are
    /// added to the default set, all at once; a set with a body, a status or header fields is alone anyway.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub alone: bool,
    /// Where the good tokens are shown between which its cases count.
    #[serde(default, skip_serializing_if = "is_inside")]
    pub controls: ControlPlace,
    /// A set that is served and in use just before this one, `NAME` or `family/NAME`: its cases are about a change that
    /// reaches a running target, which no restart stands in for. Twins are shown under the earlier set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Whether the answer comes in chunks, without its length (RFC 9112 section 7.1).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub chunked: bool,
    /// Header fields of the answer; an empty text takes ours away.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
}

impl KeySet {
    /// Whether nothing can be served beside it: it says so, or it says more than which members there are.
    #[must_use]
    pub fn is_alone(&self) -> bool {
        self.alone
            || self.body.is_some()
            || self.status.is_some()
            || self.after.is_some()
            || self.chunked
            || !self.filler.is_empty()
            || !self.headers.is_empty()
            || self.controls == ControlPlace::Outside
    }
}

/// Where good tokens are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum ControlPlace {
    /// While the set is served: it lets ordinary good tokens pass.
    #[default]
    Inside,
    /// Under the default set, before it and after it: no good token need pass while it is served.
    Outside,
}

fn is_inside(place: &ControlPlace) -> bool {
    *place == ControlPlace::Inside
}

/// One of our keys with a changed JWK.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AlteredMember {
    /// The key's name.
    pub key: String,
    /// Members to set, in place of its own.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub set: Map<String, Value>,
    /// Members to leave out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drop: Vec<String>,
    /// Damage to the key material, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub damage: Vec<JwkDamage>,
    /// Whether its private members are served as well (RFC 7518 sections 6.2.2 and 6.3.2, RFC 8037 section 2).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub private: bool,
    /// The key whose self-signed certificate becomes its `x5c` (RFC 7517 section 4.7).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_of: Option<String>,
}

/// Members that only fill a set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum Filler {
    /// One of our keys so many times, each under a `kid` of its own.
    Copies {
        /// The key's name.
        key: String,
        /// How often.
        times: u32,
    },
    /// A member of a kind that nobody knows, with a text of so many bytes.
    Text {
        /// The length of the text.
        bytes: u32,
    },
    /// An RSA key whose modulus has so many bits; nobody can sign with it.
    Modulus {
        /// The length of the modulus.
        bits: u32,
    },
}

/// A named way to damage the material in a JWK.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum JwkDamage {
    /// Flips the lowest bit of the last byte of a base64url member.
    FlipLastBit {
        /// The member's name, such as `y`.
        member: String,
    },
    /// Adds a zero byte in front of a base64url member.
    LeadingZero {
        /// The member's name, such as `n`.
        member: String,
    },
    /// Takes the last byte of a base64url member away.
    DropLastByte {
        /// The member's name, such as `x`.
        member: String,
    },
    /// Takes the first byte of a base64url member away.
    DropFirstByte {
        /// The member's name, such as `x`.
        member: String,
    },
    /// Adds a zero byte behind a base64url member.
    TrailingZero {
        /// The member's name, such as `x`.
        member: String,
    },
    /// Writes a base64url member in the standard alphabet of RFC 4648 section 4, with padding.
    StandardBase64 {
        /// The member's name, such as `n`.
        member: String,
    },
    /// Adds the prime of P-521's field to a base64url member; only that curve's coordinates have room for it.
    #[serde(rename = "add-p521-prime")]
    AddP521Prime {
        /// The member's name, `x` or `y`.
        member: String,
    },
}

/// A file of key sets (`vectors/keysets.toml`).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct KeySetFile {
    /// `keysets/1`.
    pub format: KeySetFormat,
    /// The sets by name; `default` is served when nothing else is asked for.
    #[serde(default)]
    pub keyset: BTreeMap<String, KeySet>,
}

/// The format line of a key-set file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum KeySetFormat {
    /// The first version.
    #[serde(rename = "keysets/1")]
    V1,
}
