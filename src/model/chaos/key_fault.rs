//! What can be wrong with a key set whose form is right.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A key set that is unusual.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum KeyFault {
    /// A member in front of the others that cannot be used; RFC 7517 section 5 says that such members should be ignored.
    BadKey(BadKey),
    /// A symmetric key among the others, which everybody can read.
    OctKey,
    /// The private half of a key that signs nothing is served as well.
    PrivateKey,
    /// Another key in front of the true one, under the same `kid`.
    DuplicateKid,
    /// The true keys have no `kid`.
    NoKid,
    /// The true keys say that they are for encryption.
    UseEnc,
    /// The true keys name an algorithm that does not fit them.
    WrongAlg,
    /// The key set of another tenant, and nothing else.
    ForeignTenant,
}

/// A member that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum BadKey {
    /// A `kty` of the future.
    Kty,
    /// A member that is no base64url.
    Base64,
    /// A point that is not on its curve.
    Curve,
    /// An RSA modulus of 512 bits.
    WeakRsa,
    /// No member but `kid`.
    Bare,
}

impl KeyFault {
    /// Whether it shows a key that is ours and can sign.
    pub(super) fn plants_keys(&self) -> bool {
        matches!(self, KeyFault::OctKey | KeyFault::PrivateKey | KeyFault::DuplicateKid | KeyFault::ForeignTenant)
    }

    /// Whether the true keys are still there to be found.
    pub(super) fn is_harmless(&self) -> bool {
        matches!(self, KeyFault::BadKey(_) | KeyFault::OctKey | KeyFault::PrivateKey)
    }
}
