//! A key set to serve: which of our keys, and members that are no keys of ours.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the JWKS endpoint serves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct KeySet {
    /// Names of keys; `trusted` stands for every key that the target is told to trust.
    pub members: Vec<String>,
    /// JSON texts to serve as further members, exactly as written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub raw_members: Vec<String>,
    /// Header fields of the answer.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
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
