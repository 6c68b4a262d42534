//! What a target wants beyond a valid token: a scope, a role, its own tenant, or an ID token that answers its login.

use super::period::Period;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Rules that a target is known to have. Cases about a rule that it does not have are skipped.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct AccessRules {
    /// The word that must be among those of `scope` (RFC 6749 section 3.3).
    pub scope: Option<String>,
    /// The text that must be a member of a list.
    pub role: Option<ClaimRule>,
    /// The text that a claim must be.
    pub tenant: Option<ClaimRule>,
    /// The login that ID tokens must answer.
    pub login: Option<Login>,
}

/// A claim and what must be in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ClaimRule {
    /// The claim's name, such as `roles` or `tid`.
    pub claim: String,
    /// The text that is wanted there.
    pub is: String,
}

/// What a login client asked for, and so wants to find in the ID token (OpenID Connect Core section 3.1.3.7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Login {
    /// The client's identifier, which `azp` must name where it is there.
    pub client: String,
    /// The `nonce` that was sent.
    pub nonce: String,
    /// The `acr` that was asked for.
    pub acr: String,
    /// How long ago the user may have logged in (`max_age`).
    pub max_age: Period,
}
