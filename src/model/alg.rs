//! Signature algorithm names (RFC 7518 section 3.1, RFC 8037, RFC 8812, RFC 9864, RFC 9964).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

macro_rules! algorithms {
    ($($(#[$doc:meta])* $variant:ident => $name:literal, $family:ident;)*) => {
        /// A signature algorithm that the forge can sign with.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum Alg {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)*
        }

        impl Alg {
            /// Every algorithm, in the order in which lists show them.
            pub const ALL: &[Alg] = &[$(Alg::$variant,)*];

            /// The name as it stands in a JOSE header.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Alg::$variant => $name,)* }
            }

            /// The kind of key that the algorithm needs.
            #[must_use]
            pub fn family(self) -> KeyFamily {
                match self { $(Alg::$variant => KeyFamily::$family,)* }
            }
        }
    };
}

algorithms! {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256 => "RS256", Rsa;
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384 => "RS384", Rsa;
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512 => "RS512", Rsa;
    /// RSASSA-PSS with SHA-256.
    Ps256 => "PS256", Rsa;
    /// RSASSA-PSS with SHA-384.
    Ps384 => "PS384", Rsa;
    /// RSASSA-PSS with SHA-512.
    Ps512 => "PS512", Rsa;
    /// ECDSA on P-256 with SHA-256.
    Es256 => "ES256", P256;
    /// ECDSA on P-384 with SHA-384.
    Es384 => "ES384", P384;
    /// ECDSA on P-521 with SHA-512.
    Es512 => "ES512", P521;
    /// ECDSA on secp256k1 with SHA-256 (RFC 8812).
    Es256k => "ES256K", Secp256k1;
    /// EdDSA by its polymorphic name (RFC 8037), here always with Ed25519.
    EdDsa => "EdDSA", Ed25519;
    /// EdDSA with Ed25519 by its fully specified name (RFC 9864).
    Ed25519 => "Ed25519", Ed25519;
    /// ML-DSA-44, of keys that quantum computers do not break (RFC 9964, FIPS 204).
    MlDsa44 => "ML-DSA-44", MlDsa44;
    /// ML-DSA-65.
    MlDsa65 => "ML-DSA-65", MlDsa65;
    /// ML-DSA-87.
    MlDsa87 => "ML-DSA-87", MlDsa87;
    /// HMAC with SHA-256.
    Hs256 => "HS256", Oct;
    /// HMAC with SHA-384.
    Hs384 => "HS384", Oct;
    /// HMAC with SHA-512.
    Hs512 => "HS512", Oct;
}

impl Alg {
    /// Whether it is one of the algorithms for the time after quantum computers.
    #[must_use]
    pub fn is_post_quantum(self) -> bool {
        matches!(self, Alg::MlDsa44 | Alg::MlDsa65 | Alg::MlDsa87)
    }

    /// Whether the verifier needs only a public key.
    #[must_use]
    pub fn is_asymmetric(self) -> bool {
        self.family() != KeyFamily::Oct
    }
}

/// The kind of a key: what a JWK says with `kty` and `crv`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyFamily {
    /// `kty` RSA.
    Rsa,
    /// `kty` EC, `crv` P-256.
    P256,
    /// `kty` EC, `crv` P-384.
    P384,
    /// `kty` EC, `crv` P-521.
    P521,
    /// `kty` EC, `crv` secp256k1.
    Secp256k1,
    /// `kty` OKP, `crv` Ed25519.
    Ed25519,
    /// `kty` AKP, `alg` ML-DSA-44.
    MlDsa44,
    /// `kty` AKP, `alg` ML-DSA-65.
    MlDsa65,
    /// `kty` AKP, `alg` ML-DSA-87.
    MlDsa87,
    /// `kty` oct.
    Oct,
}

impl fmt::Display for Alg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Alg {
    type Err = UnknownAlg;

    fn from_str(name: &str) -> Result<Self, UnknownAlg> {
        Alg::ALL.iter().copied().find(|alg| alg.name() == name).ok_or_else(|| UnknownAlg(name.to_owned()))
    }
}

/// A name that is no algorithm of [`Alg`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown algorithm {0:?}; known: RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, ES256K, EdDSA, Ed25519, ML-DSA-44, ML-DSA-65, ML-DSA-87, HS256, HS384, HS512"
)]
pub struct UnknownAlg(pub String);
