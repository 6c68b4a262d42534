//! Certificates that a header can carry: which ones, and how they are written.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A certificate of a chain in the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ChainCertificate {
    /// Of the signer's key, signed by itself.
    SelfSigned,
    /// Of the signer's key and signed by itself, with subject and issuer copied from the trusted key's certificate.
    CopiedNames,
    /// Of the trusted active key, signed by the intermediate authority: what a key set with certificates serves.
    Trusted,
    /// The genuine intermediate authority.
    Intermediate,
    /// The genuine root.
    Root,
    /// An ordinary certificate from the genuine intermediate authority, which may sign no others.
    EndEntity,
    /// Of the signer's key, signed with the key of that ordinary certificate.
    UnderEndEntity,
    /// Of the signer's key, from the genuine intermediate authority, out of date since 2020.
    Expired,
    /// Of the signer's key, from the genuine intermediate authority, for TLS servers and key encipherment only.
    ServerOnly,
}

/// How the certificates are written into `x5c`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ChainText {
    /// A list of DER in standard base64, as RFC 7515 section 4.1.6 wants it.
    #[default]
    Base64,
    /// A list of DER in base64url.
    Base64url,
    /// A list of PEM texts.
    Pem,
    /// A list of DER in standard base64, each without its last third.
    Truncated,
    /// The first certificate as a bare text instead of a list.
    NoList,
    /// The first certificate a hundred times.
    Hundredfold,
}
