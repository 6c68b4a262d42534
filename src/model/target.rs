//! The validator under test, as its file describes it, and what it may know of us.

use super::{
    access::{AccessRules, ClaimRule, Login},
    alg::Alg,
    credential::{Proxied, Sample, StaticKey},
    jwe::{ContentEncryption, KeyManagement},
    period::Period,
    provider::Provider,
    recipe::Recipe,
    refresh::{Cache, Jwks},
    secret::Secret,
    spec::Harm,
    transport::Transport,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A target file (`orders.target.toml`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TargetFile {
    /// `target/1`.
    pub format: TargetFormat,
    /// What it is called.
    pub target: About,
    /// How tokens reach it.
    pub transport: Transport,
    /// How it comes to trust us.
    pub trust: Trust,
    /// Choices that the standards leave open, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub policy: BTreeMap<String, String>,
    /// Checks of a should or of a declared policy that are a must here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub promote: Vec<Term>,
    /// Checks of a should or of a policy that are not asked for here, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waive: Vec<Term>,
    /// How it is started, where the harness may start it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Start>,
    /// Commands that the harness may run.
    #[serde(default, skip_serializing_if = "Hooks::is_empty")]
    pub hooks: Hooks,
    /// The target's own eyes.
    #[serde(default, skip_serializing_if = "Observe::is_empty")]
    pub observe: Observe,
    /// How long it keeps our key set.
    #[serde(default, skip_serializing_if = "Cache::is_empty")]
    pub cache: Cache,
    /// How another key set reaches it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Jwks>,
    /// The identity provider whose tokens it takes, for load plans that ask it for tokens and for users who sign in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<Provider>,
    /// What every token needs here, laid over the recipe of that name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub recipe: BTreeMap<String, Recipe>,
    /// What may be aimed at.
    #[serde(default)]
    pub guard: Guard,
}

/// The format line of a target file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TargetFormat {
    /// The first version.
    #[serde(rename = "target/1")]
    V1,
}

/// What the target is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct About {
    /// A short name; reports lie in a folder of this name.
    pub name: String,
    /// Which version of it, where a conformance statement is to say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What it is, in a sentence.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// `production` forbids harmful cases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
}

/// What stands in the reason of a check that was broken and is waived, before why.
pub const WAIVED: &str = "; waived: ";

/// What is asked of this target beyond, or below, what the suite asks of everybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Term {
    /// A glob over ids of findings: `claims/jti-*`, `header/typ-wrong#verdict`, `chaos/jwks-outage#*`.
    pub finding: String,
    /// Why, in a sentence; a waiver always says it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub because: String,
}

/// How the target comes to trust us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Trust {
    /// Where its keys come from.
    pub keys: KeySource,
    /// The `iss` that it wants.
    #[serde(default = "issuer_placeholder")]
    pub issuer: String,
    /// Every issuer that it trusts, where that is more than one: `["${issuer}", "${issuer2}"]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub issuers: Vec<String>,
    /// The `aud` that it wants; with `keys.sample` the sample says it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub audience: String,
    /// The algorithms that it is configured for; the first one signs ordinary tokens. With `keys.sample` the sample says
    /// it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub algorithms: Vec<Alg>,
    /// The clock leeway that it is configured with.
    #[serde(default = "no_leeway")]
    pub leeway: Period,
    /// The `typ` of its tokens: `JWT`, or `at+jwt` for a resource server of RFC 9068.
    #[serde(default = "jwt")]
    pub typ: String,
    /// Key management of encrypted tokens that it decrypts, with the keys in the file `${decryption-keys}`; the first
    /// one encrypts ordinary tokens. None where it takes no encrypted tokens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decrypts: Vec<KeyManagement>,
    /// Content encryption that it takes; the first one encrypts ordinary tokens.
    #[serde(default = "every_content_encryption")]
    pub content_encryption: Vec<ContentEncryption>,
    /// Whether it reaches our issuer over HTTPS; it must trust the file `${issuer-ca}`.
    #[serde(default)]
    pub https: bool,
    /// The word that it wants in `scope`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The role that it wants, in a claim that is a list of texts: `{ claim = "roles", is = "reader" }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<ClaimRule>,
    /// The tenant that it serves: `{ claim = "tid", is = "acme" }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<ClaimRule>,
    /// The login that it wants ID tokens for; its `access-token` recipe must make such tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<Login>,
}

impl Trust {
    /// What it wants beyond a valid token.
    #[must_use]
    pub fn rules(&self) -> AccessRules {
        AccessRules {
            scope: self.scope.clone(),
            role: self.role.clone(),
            tenant: self.tenant.clone(),
            login: self.login.clone(),
        }
    }
}

fn issuer_placeholder() -> String {
    "${issuer}".into()
}

fn every_content_encryption() -> Vec<ContentEncryption> {
    ContentEncryption::ALL.to_vec()
}

fn no_leeway() -> Period {
    Period::from_secs(0)
}

fn jwt() -> String {
    "JWT".into()
}

/// Where a target's keys come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum KeySource {
    /// It reads our discovery document, and there the address of the key set.
    Discovery,
    /// It is given the address of our key set.
    JwksUri,
    /// It is handed our keys themselves, HMAC secrets included: an adapter by `configure`.
    Configure,
    /// It trusts a key already, which we are lent: tokens are signed with it, and no key set can be served.
    Static(StaticKey),
    /// It trusts an issuer that we do not play: all we have is a good token, and what can be made of it without a key.
    Sample(Sample),
    /// It trusts an issuer that we do not play, and fetches that issuer's key set through us.
    Proxy(Proxied),
}

impl KeySource {
    /// Whether the keys are the user's own, and nothing that is made with them may be shown.
    #[must_use]
    pub fn is_users(&self) -> bool {
        matches!(self, KeySource::Static(_) | KeySource::Sample(_) | KeySource::Proxy(_))
    }

    /// Where the target fetches another issuer's key set through us.
    #[must_use]
    pub fn is_proxied(&self) -> bool {
        matches!(self, KeySource::Proxy(_))
    }

    /// Where the key set of the issuer that we play reaches the target.
    #[must_use]
    pub fn is_served(&self) -> bool {
        matches!(self, KeySource::Discovery | KeySource::JwksUri)
    }
}

/// How the harness starts the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Start {
    /// Program and arguments, run in the target file's folder. Placeholders: `${port}`, `${issuer}`, `${issuer2}`,
    /// `${jwks-uri}`, `${jwks-uri2}`, `${discovery}`, `${issuer-ca}`, `${decryption-keys}` (a private file with our JWK
    /// Set of private keys), `${audience}`, `${algorithms}`, `${leeway}` (seconds), `${env:NAME}`.
    pub command: Vec<String>,
    /// Its environment beside ours; the same placeholders.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// How to see that it is up.
    pub ready: Ready,
}

/// How to see that a started target is up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Ready {
    /// An address that answers with a status below 500 once it is up.
    pub url: String,
    /// How long to wait for it.
    pub within: Period,
}

/// Commands that the harness may run; the placeholders of `[start]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Hooks {
    /// Runs before the first token is sent, to put the target into its starting state.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<String>,
    /// Restarts a target that no longer answers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub restart: Vec<String>,
    /// Runs when the run is over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
    /// Revokes the token whose `jti` is `${jti}`, and returns when the target knows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revoke_token: Vec<String>,
}

impl Hooks {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Hooks::default()
    }
}

/// Where the target's own metrics are. Hosts beyond loopback must be listed under `[guard] allow-hosts`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Observe {
    /// Its metrics in the text format of Prometheus, read every second while a scenario is played; `${port}` is that of
    /// `[start]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<String>,
    /// A Prometheus that guards may ask, such as `http://127.0.0.1:9090`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prometheus: Option<String>,
}

impl Observe {
    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Observe::default()
    }
}

/// What may be aimed at, and how hard. Loopback needs no entry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Guard {
    /// Hosts by name, or networks as CIDR.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow_hosts: Vec<String>,
    /// The highest rate towards a host that is not loopback, such as `50/s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<String>,
    /// Grades of cases beyond `safe` that may be sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<Harm>,
}

/// What a target may know of us: addresses, names, and public keys. HMAC secrets are shared with a target that we
/// start or that lives in our process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct TrustConfig {
    /// The `iss` of good tokens.
    pub issuer: String,
    /// The `aud` of good tokens.
    pub audience: String,
    /// Algorithms to allow.
    pub algorithms: Vec<Alg>,
    /// Clock leeway.
    pub leeway: Period,
    /// The `typ` of good tokens.
    pub typ: String,
    /// The address of the key set, where it is served.
    pub jwks_uri: Option<String>,
    /// The key set itself: public keys, and `oct` members where the algorithms name HMAC.
    pub keys: Value,
    /// What it is to want beyond a valid token.
    #[serde(default)]
    pub rules: AccessRules,
    /// How it decrypts, where it does.
    #[serde(default)]
    pub decryption: Decryption,
    /// A second issuer whose tokens are good as well, each issuer's by its own keys only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<SecondIssuer>,
}

impl TrustConfig {
    /// What holds for tokens of the second issuer, where there is one.
    #[must_use]
    pub fn of_second(&self) -> Option<TrustConfig> {
        let SecondIssuer { issuer, jwks_uri, keys } = self.second.clone()?;
        Some(TrustConfig { issuer, jwks_uri, keys, second: None, ..self.clone() })
    }
}

/// A second issuer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SecondIssuer {
    /// The `iss` of its tokens.
    pub issuer: String,
    /// The address of its key set, where it is served.
    pub jwks_uri: Option<String>,
    /// Its key set: public keys.
    pub keys: Value,
}

/// How a target decrypts, and with which keys. A target that takes no encrypted tokens has no algorithms here.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Decryption {
    /// Key management to allow.
    pub algorithms: Vec<KeyManagement>,
    /// Content encryption to allow.
    pub content: Vec<ContentEncryption>,
    /// A JWK Set of private and symmetric keys: one for each algorithm, which its `alg` names. Never written anywhere
    /// with the rest.
    #[serde(skip)]
    pub keys: Option<Secret<String>>,
}

impl Decryption {
    /// How tokens are encrypted for it where nothing more is said: the first of what it takes.
    #[must_use]
    pub fn usual(&self) -> (KeyManagement, ContentEncryption) {
        let alg = self.algorithms.first().copied().unwrap_or(KeyManagement::RsaOaep256);
        (alg, self.content.first().copied().unwrap_or(ContentEncryption::A256Gcm))
    }
}

impl PartialEq for Decryption {
    fn eq(&self, other: &Decryption) -> bool {
        let text = |own: &Decryption| own.keys.as_ref().map(|keys| keys.reveal().clone());
        self.algorithms == other.algorithms && self.content == other.content && text(self) == text(other)
    }
}
