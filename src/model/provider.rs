//! An identity provider's token endpoint, for load plans that ask it instead of a validator.

use super::{
    period::Period,
    transport::{ClientAuth, Tls},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A token endpoint (RFC 6749 section 3.2). Secrets come from the environment: `${env:NAME}`. Its host must be on loopback or
/// listed under `[guard] allow-hosts`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Provider {
    /// Its address.
    pub token_endpoint: String,
    /// How we say who we are (RFC 6749 section 2.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<ClientAuth>,
    /// The form that asks for a token; `grant_type` is `client_credentials` where it does not say.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, String>,
    /// The form that begins a session with a refresh token, such as `{ grant_type = "password", username = "a", password =
    /// "${env:PASSWORD}", scope = "offline_access" }`; that of `params` where absent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub session: BTreeMap<String, String>,
    /// The longest wait for an answer.
    #[serde(default = "five_seconds")]
    pub timeout: Period,
    /// Whom to trust over HTTPS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
}

fn five_seconds() -> Period {
    Period::from_secs(5)
}
