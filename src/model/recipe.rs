//! How a token is made: base, header, claims, signer, and the damage before and after signing.

use super::{
    alg::Alg,
    jwe::Encrypt,
    mutation::{Mutation, Tampering},
    slot::Slot,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// One token, said as its difference from another recipe.
///
/// Merged from the base up: later members replace earlier ones, `drop` takes names away, damage is appended.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Recipe {
    /// The recipe to start from; a case starts from `access-token`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Header members to set.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub header: Map<String, Value>,
    /// Claims to set.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub claims: Map<String, Value>,
    /// Header members to leave out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drop_header: Vec<String>,
    /// Claims to leave out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drop: Vec<String>,
    /// Who signs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign: Option<Sign>,
    /// The header's JSON text itself, instead of `header`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw_header: Option<String>,
    /// The payload's text itself, instead of `claims`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw_claims: Option<String>,
    /// Damage before signing, in order: the signature covers it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mutate: Vec<Mutation>,
    /// Damage after signing, in order: the signature does not cover it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub then: Vec<Tampering>,
    /// The token inside this one, said as its difference from it: what is encrypted, or the payload where nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inner: Option<Box<Recipe>>,
    /// Wraps the token in an encrypted one (RFC 7516).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encrypt: Option<Encrypt>,
}

/// Who signs, and in which algorithm.
///
/// The header's `alg` and `kid` follow the signer unless the recipe sets them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Sign {
    /// A key's name: `active` (the target's first algorithm), an algorithm in lower case (`rs256`: the trusted key for
    /// it), `rogue` and `rogue-rs256` and so on (of the same kind, never published), or `spare-rs256-LABEL` and
    /// `spare-public-LABEL` (only in key sets that hold them; `public` is the first algorithm with public keys).
    pub key: String,
    /// The algorithm; the key's own where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alg: Option<Slot<Alg>>,
}

impl Recipe {
    /// This recipe laid over `base`.
    #[must_use]
    pub fn over(&self, base: &Recipe) -> Recipe {
        let mut merged = base.clone();
        merge(&mut merged.header, &self.header, &self.drop_header);
        merge(&mut merged.claims, &self.claims, &self.drop);
        merged.from = self.from.clone().or(merged.from);
        merged.sign = self.sign.clone().or(merged.sign);
        merged.raw_header = self.raw_header.clone().or(merged.raw_header);
        merged.raw_claims = self.raw_claims.clone().or(merged.raw_claims);
        merged.mutate.extend(self.mutate.iter().cloned());
        merged.then.extend(self.then.iter().cloned());
        merged.inner = self.inner.clone().or(merged.inner);
        merged.encrypt = match (&self.encrypt, merged.encrypt) {
            (Some(over), Some(base)) => Some(over.over(&base)),
            (over, base) => over.clone().or(base),
        };
        merged
    }

    /// Whether it says nothing at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Recipe::default()
    }
}

fn merge(members: &mut Map<String, Value>, over: &Map<String, Value>, drop: &[String]) {
    for (name, value) in over {
        members.insert(name.clone(), value.clone());
    }
    for name in drop {
        members.shift_remove(name);
    }
}

/// A file of recipes (`vectors/recipes.toml`).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RecipeFile {
    /// `recipes/1`.
    pub format: RecipeFormat,
    /// The recipes by name.
    #[serde(default)]
    pub recipe: BTreeMap<String, Recipe>,
}

/// The format line of a recipe file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RecipeFormat {
    /// The first version.
    #[serde(rename = "recipes/1")]
    V1,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn recipe(value: Value) -> Recipe {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn members_merge_and_names_drop() {
        let base = recipe(json!({ "header": { "typ": "JWT", "alg": "RS256" }, "claims": { "iss": "a", "exp": 1 } }));
        let over = recipe(json!({ "header": { "alg": "none" }, "drop": ["exp"], "then": ["strip-signature"] }));
        let merged = over.over(&base);
        assert_eq!(serde_json::to_value(&merged.header).unwrap(), json!({ "typ": "JWT", "alg": "none" }));
        assert_eq!(serde_json::to_value(&merged.claims).unwrap(), json!({ "iss": "a" }));
        assert_eq!(merged.then.len(), 1);
    }

    #[test]
    fn a_misspelt_member_is_refused() {
        assert!(serde_json::from_value::<Recipe>(json!({ "cliams": {} })).is_err());
    }
}
