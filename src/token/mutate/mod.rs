//! The damage: one arm per [`Mutation`] before signing, one per [`Tampering`] after it.

mod before;
pub(super) mod certificate;
mod forgery;
mod heavy;
mod numbers;
mod rewrite;
mod sealed;
mod tamper;

pub(super) use before::before_signing;
pub(super) use sealed::Sealed;
pub(super) use tamper::{after_signing, noise};

use super::{error::ForgeError, forge::Forge, forge::Token};
use crate::model::{Recipe, Slot};
use std::collections::BTreeMap;

/// What the damage is worked on with.
pub(super) struct Anvil<'a> {
    pub forge: &'a Forge,
    pub recipe: &'a Recipe,
    pub now: i64,
    pub nonce: &'a str,
    pub before: &'a BTreeMap<String, Token>,
}

/// A parameter that must have its value by now.
fn given<T: Clone>(slot: &Slot<T>) -> Result<T, ForgeError> {
    slot.value().cloned().ok_or_else(|| ForgeError::Filled("a parameter is still a placeholder".into()))
}
