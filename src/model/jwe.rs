//! Encrypted tokens (RFC 7516): how a recipe wraps what it makes, and the ways to damage the wrapping.

mod damage;

pub use damage::{CbcPadding, EphemeralKey, JweDamage, JweJson, JwePart, RsaBlock};

use super::{mutation::PublicKeyForm, slot::Slot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::{fmt, str::FromStr};

macro_rules! names {
    ($about:literal, $type:ident, $unknown:literal; $($(#[$doc:meta])* $variant:ident => $name:literal;)*) => {
        #[doc = $about]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum $type {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)*
        }

        impl $type {
            /// All of them, in the order in which lists show them.
            pub const ALL: &[$type] = &[$($type::$variant,)*];

            /// The name as it stands in a JOSE header.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $($type::$variant => $name,)* }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        impl FromStr for $type {
            type Err = String;

            fn from_str(name: &str) -> Result<Self, String> {
                let known = || Self::ALL.iter().map(|known| known.name()).collect::<Vec<_>>().join(", ");
                Self::ALL
                    .iter()
                    .copied()
                    .find(|known| known.name() == name)
                    .ok_or_else(|| format!(concat!("unknown ", $unknown, " {:?}; known: {}"), name, known()))
            }
        }
    };
}

names! {
    "How the content key reaches the recipient: `alg` of an encrypted token (RFC 7518 section 4.1).",
    KeyManagement, "key management";
    /// RSAES OAEP with SHA-1.
    RsaOaep => "RSA-OAEP";
    /// RSAES OAEP with SHA-256.
    RsaOaep256 => "RSA-OAEP-256";
    /// RSAES PKCS#1 v1.5, which leaks where its errors can be told apart (RFC 3218).
    Rsa15 => "RSA1_5";
    /// Elliptic-curve Diffie-Hellman; what both sides agree on is the content key.
    EcdhEs => "ECDH-ES";
    /// The same, but what both sides agree on wraps the content key with AES of 128 bits.
    EcdhEsA128Kw => "ECDH-ES+A128KW";
    /// The same with AES of 256 bits.
    EcdhEsA256Kw => "ECDH-ES+A256KW";
    /// The same with AES of 192 bits.
    EcdhEsA192Kw => "ECDH-ES+A192KW";
    /// AES key wrap with a shared key of 128 bits.
    A128Kw => "A128KW";
    /// AES key wrap with a shared key of 192 bits.
    A192Kw => "A192KW";
    /// AES key wrap with a shared key of 256 bits.
    A256Kw => "A256KW";
    /// AES-GCM with a shared key of 128 bits wraps the content key.
    A128GcmKw => "A128GCMKW";
    /// AES-GCM with a shared key of 192 bits wraps the content key.
    A192GcmKw => "A192GCMKW";
    /// AES-GCM with a shared key of 256 bits wraps the content key.
    A256GcmKw => "A256GCMKW";
    /// The shared key is the content key.
    Dir => "dir";
    /// A key derived from a password with PBKDF2 and SHA-256 wraps the content key.
    Pbes2Hs256A128Kw => "PBES2-HS256+A128KW";
    /// A key derived from a password with PBKDF2 and SHA-512 wraps the content key.
    Pbes2Hs512A256Kw => "PBES2-HS512+A256KW";
}

names! {
    "How the content is encrypted: `enc` of an encrypted token (RFC 7518 section 5.1).",
    ContentEncryption, "content encryption";
    /// AES-CBC of 128 bits with a MAC of SHA-256, cut in half.
    A128CbcHs256 => "A128CBC-HS256";
    /// AES-CBC of 192 bits with a MAC of SHA-384, cut in half.
    A192CbcHs384 => "A192CBC-HS384";
    /// AES-CBC of 256 bits with a MAC of SHA-512, cut in half.
    A256CbcHs512 => "A256CBC-HS512";
    /// AES-GCM of 128 bits.
    A128Gcm => "A128GCM";
    /// AES-GCM of 192 bits.
    A192Gcm => "A192GCM";
    /// AES-GCM of 256 bits.
    A256Gcm => "A256GCM";
}

impl ContentEncryption {
    /// The length of its key in bytes.
    #[must_use]
    pub fn key_length(self) -> usize {
        match self {
            ContentEncryption::A128Gcm => 16,
            ContentEncryption::A192Gcm => 24,
            ContentEncryption::A256Gcm | ContentEncryption::A128CbcHs256 => 32,
            ContentEncryption::A192CbcHs384 => 48,
            ContentEncryption::A256CbcHs512 => 64,
        }
    }

    /// Whether it is AES-CBC with a MAC of its own.
    #[must_use]
    pub fn is_cbc(self) -> bool {
        matches!(
            self,
            ContentEncryption::A128CbcHs256 | ContentEncryption::A192CbcHs384 | ContentEncryption::A256CbcHs512
        )
    }
}

/// Wraps what a recipe makes in an encrypted token. What a case leaves out is taken from its `given`, and what is left
/// out there from the target.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Encrypt {
    /// To whom: `k-dec` (the target's decryption key for the algorithm; the default), `k-dec-` with another algorithm
    /// in lower case, or a signing key's name, for the public key that everybody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Key management; the first that the target decrypts where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alg: Option<Slot<KeyManagement>>,
    /// Content encryption; the first that the target decrypts where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enc: Option<Slot<ContentEncryption>>,
    /// Compresses the content first, and says so with `"zip": "DEF"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zip: Option<Slot<Zip>>,
    /// Header members to set, over those that follow from the rest.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub header: Map<String, Value>,
    /// Header members to leave out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drop_header: Vec<String>,
    /// What is encrypted; the recipe's token where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Content>,
    /// The shared key or password, instead of the recipient's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<SharedSecret>,
    /// Damage, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub damage: Vec<JweDamage>,
}

impl Encrypt {
    /// This one laid over `base`.
    #[must_use]
    pub fn over(&self, base: &Encrypt) -> Encrypt {
        let mut merged = base.clone();
        for (name, value) in &self.header {
            merged.header.insert(name.clone(), value.clone());
        }
        for name in &self.drop_header {
            merged.header.shift_remove(name);
        }
        merged.drop_header.extend(self.drop_header.iter().cloned());
        merged.to = self.to.clone().or(merged.to);
        merged.alg = self.alg.clone().or(merged.alg);
        merged.enc = self.enc.clone().or(merged.enc);
        merged.zip = self.zip.clone().or(merged.zip);
        merged.content = self.content.clone().or(merged.content);
        merged.secret = self.secret.clone().or(merged.secret);
        merged.damage.extend(self.damage.iter().cloned());
        merged
    }
}

/// A form of compression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Zip {
    /// Bare DEFLATE (RFC 1951), as RFC 7516 section 4.1.3 has it.
    Deflate,
    /// DEFLATE inside the zlib format (RFC 1950), which some libraries read instead.
    Zlib,
}

/// What is encrypted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum Content {
    /// The token that the recipe makes.
    Token,
    /// Its claims alone, signed by nobody; the header says nothing of a token inside.
    Claims,
    /// So many times 1 048 576 letters `a`, which compress to about a thousandth.
    Letters {
        /// How many mebibytes.
        mebibytes: Slot<u32>,
    },
}

/// A shared key or password.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum SharedSecret {
    /// The UTF-8 bytes of a text.
    Text(String),
    /// The public key of a signing key in one of its written forms.
    PublicKey {
        /// The key's name.
        key: String,
        /// Which bytes of it.
        form: Slot<PublicKeyForm>,
        /// How they become a key of the right length.
        fit: Slot<Fit>,
    },
    /// The secret of an HMAC key.
    HmacKey {
        /// The key's name.
        key: String,
        /// How it becomes a key of the right length.
        fit: Slot<Fit>,
    },
}

/// How bytes become a key of a certain length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fit {
    /// Their first bytes, with zeros behind where they are too few.
    Cut,
    /// The first bytes of their SHA-512.
    Hashed,
    /// As they are: passwords have any length.
    Whole,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_round_trip_and_unknown_ones_are_listed() {
        for alg in KeyManagement::ALL {
            assert_eq!(alg.name().parse(), Ok(*alg));
        }
        for enc in ContentEncryption::ALL {
            assert_eq!(enc.name().parse(), Ok(*enc));
        }
        let error = "A128CBC".parse::<ContentEncryption>().unwrap_err();
        assert!(error.starts_with("unknown content encryption \"A128CBC\"; known: A128CBC-HS256"), "{error}");
    }

    #[test]
    fn what_a_case_says_lies_over_what_its_twin_has() {
        let read = |value| serde_json::from_value::<Encrypt>(value).unwrap();
        let base = read(json!({ "to": "k-dec", "alg": "dir", "header": { "cty": "JWT", "kid": "a" } }));
        let over =
            read(json!({ "alg": "A128KW", "drop-header": ["cty"], "damage": [{ "json": { "form": "flattened" } }] }));
        let merged = over.over(&base);
        assert_eq!(merged.alg, Some(Slot::Value(KeyManagement::A128Kw)));
        assert_eq!((merged.to.as_deref(), merged.damage.len()), (Some("k-dec"), 1));
        assert_eq!(Value::Object(merged.header), json!({ "kid": "a" }));
    }
}
