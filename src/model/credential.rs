//! Keys and tokens of the user's own. The target file says where they are, and never holds them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A signing key that the target trusts already, and that the user lends to us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct StaticKey {
    /// The key, and how it is written.
    pub key: KeyMaterial,
    /// The `kid` of its tokens; that of the JWK where absent, or else none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
}

/// How a key is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum KeyMaterial {
    /// A JWK with its private members (RFC 7517).
    Jwk(Whereabouts),
    /// A private key in PEM: PKCS#8 (RFC 5958), or PKCS#1 for RSA and SEC 1 for elliptic curves.
    Pem(Whereabouts),
    /// An HMAC secret: the text itself, without the line end behind it.
    Secret(Whereabouts),
    /// An HMAC secret in base64 of either alphabet.
    SecretBase64(Whereabouts),
}

impl KeyMaterial {
    /// Where it is.
    #[must_use]
    pub fn whereabouts(&self) -> &Whereabouts {
        match self {
            KeyMaterial::Jwk(at) | KeyMaterial::Pem(at) | KeyMaterial::Secret(at) | KeyMaterial::SecretBase64(at) => at,
        }
    }
}

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Whereabouts {
    /// A file, relative to the target file.
    File(String),
    /// A variable of the environment.
    Env(String),
}

/// Good tokens of an issuer that we do not play.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Sample {
    /// Where a good token comes from. Two different ones, with white space between them, show more than one: a signature
    /// can be put under another token, and an RSA key that is not published can be worked out.
    pub token: TokenSource,
    /// The issuer's public key set: an address, or a file relative to the target file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<String>,
    /// Whether to work the issuer's RSA key out of two tokens where it is not published: minutes of computing, and half a
    /// gigabyte of memory. Keys with an exponent below 65537 are worked out in any case.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub recover_key: bool,
}

/// A real identity provider that we stand in front of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Proxied {
    /// Its issuer, whose metadata lead to the key set, or the key set's own address.
    pub upstream: String,
    /// Where a good token comes from; a command is run again every ten seconds.
    pub token: TokenSource,
}

/// Where a good token comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum TokenSource {
    /// A variable of the environment. What runs out cannot be renewed.
    Env(String),
    /// Program and arguments, run in the target file's folder, that prints it; run again when the token runs out or is
    /// no longer taken.
    Command(Vec<String>),
}
