//! A gateway: it checks tokens and hands requests on to the service behind it, which we play.

use super::{
    period::Period,
    transport::{Tls, Words},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, net::SocketAddr};

/// A gateway, with us behind it. A token counts as accepted if and only if its request reaches us there, whatever the
/// answer says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Gateway {
    /// A route of the gateway that wants a bearer token and leads to `${upstream}`.
    pub url: String,
    /// The method.
    #[serde(default = "get")]
    pub method: String,
    /// More header fields; `${env:NAME}` takes a secret from the environment.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Where we play the service, as in `127.0.0.1:9500`; a free port of loopback where absent, which a gateway that we
    /// start is told as `${upstream}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub listen: Option<SocketAddr>,
    /// The header fields by which the gateway tells the service who asks, by claim: `{ sub = "X-User" }`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub identity: BTreeMap<String, String>,
    /// Addresses of the real service, which must not be reached around the gateway.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub around: Vec<String>,
    /// What a no looks like.
    #[serde(default = "refusal")]
    pub reject: Words,
    /// The longest wait for an answer.
    #[serde(default = "five_seconds")]
    pub timeout: Period,
    /// Whom to trust over HTTPS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
}

fn get() -> String {
    "GET".into()
}

fn refusal() -> Words {
    Words { status: vec![401, 403], body: None }
}

fn five_seconds() -> Period {
    Period::from_secs(5)
}
