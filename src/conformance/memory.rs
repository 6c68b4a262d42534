//! What runs that share keys and addresses need not work out again.

use crate::token::{ForgeError, Token};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// Seconds after which a token is minted anew: well before it expires, however slow the machine is.
const FRESH: i64 = 100;

/// Bytes of the largest token that is kept.
const LARGEST: usize = 256 * 1024;

/// Which token of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Part {
    /// The one under test.
    Token,
    /// The same without the change under test.
    Twin,
}

/// Tokens, and cases that cannot be made, by the place of their case in the suite.
#[derive(Debug, Default)]
pub struct Memory {
    /// With the second in which they were minted.
    tokens: Mutex<HashMap<(usize, Part), (i64, Token)>>,
    impossible: Mutex<HashMap<usize, Option<String>>>,
}

impl Memory {
    /// A token of a case: the known one while it is fresh.
    pub(super) fn token(
        &self,
        index: usize,
        part: Part,
        now: i64,
        mint: impl FnOnce() -> Result<Token, ForgeError>,
    ) -> Result<Token, ForgeError> {
        let tokens = || self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let known = tokens().get(&(index, part)).filter(|(minted, _)| now - minted < FRESH).cloned();
        if let Some((_, token)) = known {
            return Ok(token);
        }
        let token = mint()?;
        if token.bytes.len() <= LARGEST {
            tokens().insert((index, part), (now, token.clone()));
        }
        Ok(token)
    }

    /// Why a case cannot be made with these keys, worked out once.
    pub(super) fn impossible(&self, index: usize, work: impl FnOnce() -> Option<String>) -> Option<String> {
        let known = || self.impossible.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(because) = known().get(&index) {
            return because.clone();
        }
        let because = work();
        known().insert(index, because.clone());
        because
    }
}
