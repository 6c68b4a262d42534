//! The addresses of our side, as a target or a token may know them.

use serde::{Deserialize, Serialize};

/// Where the harness's own services are reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct World {
    /// The issuer: the value of `iss`, and the base of its documents.
    pub issuer: String,
    /// The discovery document of the issuer.
    pub discovery: String,
    /// The key set of the issuer.
    pub jwks_uri: String,
    /// An issuer that nobody trusts, with documents of its own.
    pub rogue_issuer: String,
    /// The base address of the canary; a nonce follows.
    pub canary: String,
    /// A PEM file with the authority of our HTTPS certificates, where HTTPS is on.
    pub issuer_ca: Option<String>,
}

impl World {
    /// The world of an issuer that nobody serves, for tokens that are only looked at.
    #[must_use]
    pub fn unserved(issuer: &str) -> World {
        let base = issuer.trim_end_matches('/');
        World {
            issuer: issuer.to_owned(),
            discovery: format!("{base}/.well-known/openid-configuration"),
            jwks_uri: format!("{base}/jwks.json"),
            rogue_issuer: "https://rogue.example".into(),
            canary: "https://canary.example".into(),
            issuer_ca: None,
        }
    }
}
