//! Tokens that are minted before they are needed.

use super::mint::{Mint, Press, SigningKey};
use crate::{model::chaos::TokenClass, token::ForgeError};
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

/// A token that was made longer ago than this many seconds is not sent any more: its life is 300.
const FRESH: i64 = 120;
/// How many tokens are sent again and again.
const REPLAYED: usize = 8;

/// What a token is: its class, and the key that its class is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kind {
    /// The class.
    pub class: TokenClass,
    /// The key.
    pub key: SigningKey,
}

/// Tokens in stock.
pub struct Pool {
    mint: Mint,
    presses: HashMap<Kind, Press>,
    stock: HashMap<Kind, VecDeque<(i64, Arc<str>)>>,
    nonce: String,
    made: u64,
    /// Tokens that had to be made when they were due.
    late: u64,
    /// How far ahead the clock of new tokens is, in seconds.
    ahead: i64,
}

impl Pool {
    /// An empty stock; `nonce` begins every `jti`.
    #[must_use]
    pub fn new(mint: Mint, nonce: String) -> Pool {
        Pool { mint, presses: HashMap::new(), stock: HashMap::new(), nonce, made: 0, late: 0, ahead: 0 }
    }

    /// Mints so many tokens ahead.
    ///
    /// # Errors
    /// The key ring or the cryptographic library refuses.
    pub fn fill(&mut self, kind: &Kind, count: u64) -> Result<(), ForgeError> {
        let count = if kind.class == TokenClass::Replay { count.min(REPLAYED as u64) } else { count };
        for _ in 0..count {
            let minted = self.make(kind)?;
            self.stock.entry(kind.clone()).or_default().push_back(minted);
        }
        Ok(())
    }

    /// The next token of a kind, made now where none is left.
    ///
    /// # Errors
    /// As [`Pool::fill`].
    pub fn take(&mut self, kind: &Kind) -> Result<Arc<str>, ForgeError> {
        let now = now();
        let stock = self.stock.entry(kind.clone()).or_default();
        while stock.front().is_some_and(|(made, _)| now - made > FRESH) {
            stock.pop_front();
        }
        let replays = kind.class == TokenClass::Replay;
        if let Some((made, token)) = stock.pop_front() {
            if replays {
                stock.push_back((made, Arc::clone(&token)));
            }
            return Ok(token);
        }
        self.late += 1;
        if replays {
            self.fill(kind, REPLAYED as u64)?;
            return self.take(kind);
        }
        Ok(self.make(kind)?.1)
    }

    /// Moves the clock of tokens that are not sent yet, by so many seconds; a second time replaces the first.
    pub fn skew(&mut self, seconds: i64) {
        self.ahead = seconds;
        self.stock.clear();
    }

    /// Tokens that had to be made when they were due.
    #[must_use]
    pub fn late(&self) -> u64 {
        self.late
    }

    fn make(&mut self, kind: &Kind) -> Result<(i64, Arc<str>), ForgeError> {
        self.made += 1;
        let nonce = format!("{}-{}", self.nonce, self.made);
        let press = self.presses.entry(kind.clone()).or_insert_with(|| self.mint.press(kind.class, &kind.key));
        let now = now();
        Ok((now, self.mint.mint(press, now + self.ahead, &nonce)?))
    }
}

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}
