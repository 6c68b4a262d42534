//! What can go wrong while a token is made.

use crate::model::{Alg, placeholder::PlaceholderError};

/// Why a token could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
#[diagnostic(code(gauntlet::forge))]
pub enum ForgeError {
    /// A recipe names a key that the ring does not hold.
    #[error(
        "no key is called {0:?}; known are active, rogue, and algorithm names in lower case, with or without rogue- in front"
    )]
    UnknownKey(String),
    /// The target does not trust any key for this algorithm.
    #[error("the key ring holds no {0} key")]
    NoKeyFor(Alg),
    /// The key cannot sign in this algorithm.
    #[error("a key for {key} cannot sign {alg}")]
    WrongKey {
        /// The key's own algorithm.
        key: Alg,
        /// The one asked for.
        alg: Alg,
    },
    /// The cryptographic library refused.
    #[error("{0} failed in the cryptographic library")]
    Crypto(&'static str),
    /// A placeholder has no value.
    #[error(transparent)]
    Placeholder(#[from] PlaceholderError),
    /// A filled recipe is no recipe any more.
    #[error("with its placeholders filled in, the recipe does not hold together: {0}")]
    Filled(String),
    /// The public key has no such written form.
    #[error("a {0} key has no {1} form")]
    NoSuchForm(Alg, &'static str),
    /// Key, algorithm and content encryption do not go together.
    #[error("this cannot be encrypted: {0}")]
    CannotEncrypt(String),
    /// Only the issuer's private key could sign it, and that is not ours.
    #[error("needs a token that only the issuer can sign")]
    NeedsIssuer,
    /// A key or token of the user's is not what it should be. Never quotes it.
    #[error("{0}")]
    Lent(String),
    /// A mutation needs decoded parts that are no longer there, or were never JSON.
    #[error("{mutation} needs {needs}")]
    CannotMutate {
        /// The mutation.
        mutation: &'static str,
        /// What it needs.
        needs: &'static str,
    },
}
