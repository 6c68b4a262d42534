//! The kinds of token that a stream sends.

use crate::model::capability::serde_as_text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt, str::FromStr};

macro_rules! classes {
    ($($(#[doc = $about:literal])+ $class:ident $name:literal $forged:literal;)*) => {
        /// What is special about a token.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum TokenClass {
            $($(#[doc = $about])+ $class,)*
        }

        impl TokenClass {
            /// All of them.
            pub const ALL: &[TokenClass] = &[$(TokenClass::$class,)*];

            /// Its name in files and reports.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(TokenClass::$class => $name,)* }
            }

            /// What it is, in a sentence.
            #[must_use]
            pub fn about(self) -> &'static str {
                match self { $(TokenClass::$class => concat!($($about),+).trim_ascii(),)* }
            }

            /// Whether it must be refused at every moment, whatever the issuer's keys do.
            #[must_use]
            pub fn is_forged(self) -> bool {
                match self { $(TokenClass::$class => $forged,)* }
            }
        }
    };
}

classes! {
    /// A good token that was never sent before, signed by the key that signs at the time.
    Valid "valid" false;
    /// A good token that is sent again and again: shows verdicts that are kept beyond the life of the key.
    Replay "replay" false;
    /// A good token by a key that the step or the mix names, whether or not it still signs.
    Old "old" false;
    /// A good token of a second issuer that is trusted as well, and that is always well.
    Second "second" false;
    /// The second issuer's name on a token that the first one's key has signed (RFC 8725 section 3.8).
    CrossIssuer "cross-issuer" true;
    /// The `kid` of the signing key, signed by another key.
    BadSig "bad-sig" true;
    /// A `kid` that nobody published, another one each time, signed by a key of nobody.
    UnknownKid "unknown-kid" true;
    /// The same with one `kid` for all of them.
    FixedKid "fixed-kid" true;
    /// A `kid` of four kibibytes.
    LongKid "long-kid" true;
    /// A `kid` that is a path with line ends.
    PathKid "path-kid" true;
    /// No signature, and `alg` says so (RFC 7515 section 6).
    AlgNone "alg-none" true;
    /// A MAC under the public key of the issuer (RFC 8725 section 2.1).
    HsConfusion "hs-confusion" true;
    /// `jku` leads to a key set of the attacker (RFC 7515 section 4.1.2).
    JkuLure "jku-lure" true;
    /// `jwk` holds the attacker's key (RFC 7515 section 4.1.3).
    JwkEmbed "jwk-embed" true;
    /// Signed by the key that every answer of our issuer holds that nobody should believe.
    Attacker "attacker" true;
    /// A MAC under the symmetric key that a hostile key set publishes.
    OctKey "oct-key" true;
    /// Past its `exp`.
    Expired "expired" true;
    /// Before its `nbf`.
    Future "future" true;
    /// From an issuer that nobody trusts.
    WrongIss "wrong-iss" true;
    /// For another audience.
    WrongAud "wrong-aud" true;
}

impl TokenClass {
    /// Whether it says nothing about a published key, so that it is the same whichever of them signs elsewhere.
    #[must_use]
    pub fn is_of_no_key(self) -> bool {
        use TokenClass::{Attacker, FixedKid, LongKid, OctKey, PathKid, UnknownKid};
        matches!(self, UnknownKid | FixedKid | LongKid | PathKid | Attacker | OctKey)
    }

    /// Whether it is made of a public key, so that there is none where a shared secret signs.
    #[must_use]
    pub fn needs_public_key(self) -> bool {
        matches!(self, TokenClass::HsConfusion | TokenClass::JwkEmbed)
    }
}

impl fmt::Display for TokenClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that is no token class.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("wanted a token class ({names}), found {0:?}", names = names())]
pub struct UnknownClass(pub String);

fn names() -> String {
    TokenClass::ALL.iter().map(|class| class.name()).collect::<Vec<_>>().join(", ")
}

impl FromStr for TokenClass {
    type Err = UnknownClass;

    fn from_str(name: &str) -> Result<Self, UnknownClass> {
        TokenClass::ALL.iter().copied().find(|class| class.name() == name).ok_or_else(|| UnknownClass(name.to_owned()))
    }
}

serde_as_text! { TokenClass, "TokenClass", "a kind of token: valid, replay, old, second, cross-issuer, bad-sig, unknown-kid, fixed-kid, long-kid, path-kid, alg-none, hs-confusion, jku-lure, jwk-embed, attacker, oct-key, expired, future, wrong-iss, wrong-aud"; }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_again() {
        for class in TokenClass::ALL {
            assert_eq!(class.name().parse::<TokenClass>(), Ok(*class));
            assert!(class.about().ends_with('.'), "{class}");
        }
        assert!("valids".parse::<TokenClass>().unwrap_err().to_string().contains("bad-sig"));
    }
}
