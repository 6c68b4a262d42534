//! How tokens reach a target over HTTP: bearer routes, introspection, forward-auth, decisions.

use super::{gateway::Gateway, period::Period};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How tokens reach the target: exactly one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Transport {
    /// A route over HTTP that wants a bearer token (RFC 6750).
    Bearer(Box<Bearer>),
    /// A token introspection endpoint (RFC 7662): the token is a parameter, the answer says `active`.
    Introspection(Box<Introspection>),
    /// A service that a proxy asks about each request (`auth_request`, forward-auth): the token is in the header, the
    /// status is the answer.
    ForwardAuth(Box<ForwardAuth>),
    /// A service that decides about a JSON document with the token in it.
    Decision(Box<Decision>),
    /// A gateway that hands requests on to a service, which we play.
    Gateway(Box<Gateway>),
    /// A library behind an adapter that we start: questions and replies are JSON lines.
    Stdio(Stdio),
}

/// An adapter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Stdio {
    /// Program and arguments, run in the target file's folder; the placeholders of `[start]` but for `${port}`.
    pub command: Vec<String>,
    /// Its environment beside ours; the same placeholders.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// The longest wait for a reply.
    #[serde(default = "five_seconds")]
    pub timeout: Period,
}

/// A route that wants a bearer token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Bearer {
    /// The route; `${port}` is the port that the harness chose for a started target.
    pub url: String,
    /// The method.
    #[serde(default = "get")]
    pub method: String,
    /// Where it looks for the token.
    #[serde(default, skip_serializing_if = "TokenPlace::is_usual")]
    pub place: TokenPlace,
    /// More header fields; `${env:NAME}` takes a secret from the environment.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// What a yes looks like.
    #[serde(default = "success")]
    pub accept: Words,
    /// What a no looks like.
    #[serde(default = "refusal")]
    pub reject: Words,
    /// Where the answer reports the claims that were taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<ClaimsAt>,
    /// The longest wait for an answer.
    #[serde(default = "five_seconds")]
    pub timeout: Period,
    /// Whom to trust over HTTPS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
}

/// Where a bearer route looks for its token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum TokenPlace {
    /// In `Authorization: Bearer` (RFC 6750 section 2.1).
    #[default]
    Authorization,
    /// In a header field of its own, with nothing but the token in it.
    Header(String),
    /// In a cookie.
    Cookie(String),
    /// In a parameter of the query (RFC 6750 section 2.3).
    Query(String),
    /// In a parameter of a form body (RFC 6750 section 2.2); the method must have a body.
    Form(String),
}

impl TokenPlace {
    /// Whether it is where RFC 6750 wants it.
    #[must_use]
    pub fn is_usual(&self) -> bool {
        *self == TokenPlace::Authorization
    }
}

/// An introspection endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Introspection {
    /// The endpoint.
    pub url: String,
    /// How the protected resource says who it is (RFC 7662 section 2.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<ClientAuth>,
    /// `token_type_hint`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// More header fields; `${env:NAME}` takes a secret from the environment.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// What a yes looks like.
    #[serde(default = "active")]
    pub accept: Words,
    /// What a no looks like.
    #[serde(default = "inactive")]
    pub reject: Words,
    /// The longest wait for an answer.
    #[serde(default = "five_seconds")]
    pub timeout: Period,
    /// Whom to trust over HTTPS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
}

/// How a client says who it is. Secrets come from the environment or a file, never from the target file itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum ClientAuth {
    /// `client_secret_basic` (RFC 6749 section 2.3.1).
    Basic {
        /// The client identifier.
        user: String,
        /// The variable that holds the secret.
        password_env: String,
    },
    /// `client_secret_post`: identifier and secret in the form (RFC 6749 section 2.3.1).
    Post {
        /// The client identifier.
        client_id: String,
        /// The variable that holds the secret.
        secret_env: String,
    },
    /// An access token of the protected resource (RFC 7662 section 2.1).
    Bearer {
        /// The variable that holds the token.
        token_env: String,
    },
    /// `private_key_jwt`: an assertion signed by the client's key (RFC 7523 section 2.2), made anew for each request.
    PrivateKeyJwt {
        /// The client identifier: `iss` and `sub` of the assertion.
        client_id: String,
        /// The private key in PEM (PKCS#8), relative to the target file.
        key: String,
        /// The algorithm: RS256, PS256, ES256, ES384 or EdDSA.
        alg: super::alg::Alg,
        /// The `kid` of the assertion.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kid: Option<String>,
        /// Its `aud`; the endpoint's address where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        audience: Option<String>,
    },
}

/// A forward-auth service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ForwardAuth {
    /// The address that the proxy asks.
    pub url: String,
    /// The method that the proxy asks with.
    #[serde(default = "get")]
    pub method: String,
    /// What the proxy tells of the request, such as `X-Forwarded-Method` and `X-Forwarded-Uri`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub forwarded: BTreeMap<String, String>,
    /// What a yes looks like.
    #[serde(default = "any_success")]
    pub accept: Words,
    /// What a no looks like.
    #[serde(default = "refusal")]
    pub reject: Words,
    /// Where the answer reports the claims that were taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<ClaimsAt>,
    /// The longest wait for an answer.
    #[serde(default = "five_seconds")]
    pub timeout: Period,
    /// Whom to trust over HTTPS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
}

/// A decision service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Decision {
    /// The service.
    pub url: String,
    /// The method.
    #[serde(default = "post")]
    pub method: String,
    /// The JSON document; `${token}` inside a string of it is the token.
    pub body: String,
    /// More header fields; `${env:NAME}` takes a secret from the environment.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// What a yes looks like.
    pub accept: Words,
    /// What a no looks like.
    pub reject: Words,
    /// Where the answer reports the claims that were taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<ClaimsAt>,
    /// The longest wait for an answer.
    #[serde(default = "five_seconds")]
    pub timeout: Period,
    /// Whom to trust over HTTPS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
}

/// How an answer is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Words {
    /// Statuses that mean it.
    pub status: Vec<u16>,
    /// A member of the JSON body that must hold a value as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<BodyWord>,
}

/// A value at a place in a JSON body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct BodyWord {
    /// A JSON Pointer (RFC 6901).
    pub pointer: String,
    /// The value wanted there.
    pub is: Value,
}

/// Where the answer holds claims.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ClaimsAt {
    /// A JSON Pointer (RFC 6901) to an object.
    pub pointer: String,
}

/// TLS towards the target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Tls {
    /// A PEM file with the certificate authority, relative to the target file; those of the operating system where
    /// absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
    /// A PEM file with the client's certificate chain, for mutual TLS (RFC 8705).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cert: Option<String>,
    /// A PEM file with the client's private key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

fn get() -> String {
    "GET".into()
}

fn post() -> String {
    "POST".into()
}

fn five_seconds() -> Period {
    Period::from_secs(5)
}

fn success() -> Words {
    Words { status: vec![200], body: None }
}

fn any_success() -> Words {
    Words { status: vec![200, 202, 204], body: None }
}

fn refusal() -> Words {
    Words { status: vec![401, 403], body: None }
}

fn active() -> Words {
    Words { status: vec![200], body: Some(BodyWord { pointer: "/active".into(), is: json!(true) }) }
}

fn inactive() -> Words {
    Words { status: vec![200], body: Some(BodyWord { pointer: "/active".into(), is: json!(false) }) }
}
