//! Keys that we make ourselves, and the tokens by them.

use super::desk::DeskError;
use crate::{
    model::chaos::TokenClass,
    token::ForgeError,
    traffic::{Kind, Mint, Pool, SigningKey},
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Keys by their names in the scenario.
pub(super) struct OurKeys {
    mint: Mint,
    pool: Pool,
    keys: BTreeMap<String, SigningKey>,
    versions: BTreeMap<String, u32>,
}

impl OurKeys {
    /// Makes keys; `nonce` begins every `jti`.
    pub(super) fn new(names: &[String], mint: Mint, nonce: String) -> Result<OurKeys, DeskError> {
        let pool = Pool::new(mint.clone(), nonce);
        let mut own = OurKeys { mint, pool, keys: BTreeMap::new(), versions: BTreeMap::new() };
        names.iter().try_for_each(|name| own.make(name))?;
        Ok(own)
    }

    /// Makes a key, where there is none of this name yet.
    pub(super) fn make(&mut self, name: &str) -> Result<(), DeskError> {
        if !self.keys.contains_key(name) {
            self.keys.insert(name.to_owned(), self.mint.key(name, 1)?);
        }
        Ok(())
    }

    pub(super) fn count(&self) -> usize {
        self.keys.len()
    }

    pub(super) fn key(&self, name: &str) -> Result<&SigningKey, DeskError> {
        self.keys.get(name).ok_or_else(|| DeskError::UnknownKey(name.to_owned()))
    }

    /// Makes a key anew under its `kid`. The old one goes on under the name `NAME-old`, for tokens that somebody still holds.
    pub(super) fn replace(&mut self, name: &str) -> Result<(), DeskError> {
        let old = self.key(name)?.clone();
        let version = self.versions.entry(name.to_owned()).or_insert(1);
        *version += 1;
        let new = self.mint.key(name, *version)?;
        self.keys.insert(format!("{name}-old"), old);
        self.keys.insert(name.to_owned(), new);
        Ok(())
    }

    /// The key set as it is served.
    pub(super) fn jwks(&self, published: &[String]) -> Result<Vec<u8>, DeskError> {
        let mut members = Vec::new();
        for name in published {
            members.push(Value::Object(self.mint.jwk(self.key(name)?)?));
        }
        Ok(json!({ "keys": members }).to_string().into_bytes())
    }

    /// Moves the clock of new tokens, by so many seconds.
    pub(super) fn skew(&mut self, seconds: i64) {
        self.pool.skew(seconds);
    }

    /// Tokens that had to be minted when they were due.
    pub(super) fn minted_late(&self) -> u64 {
        self.pool.late()
    }

    /// The next token of a class by this key; `None` where it cannot be made.
    pub(super) fn take(&mut self, class: TokenClass, name: &str) -> Option<Arc<str>> {
        let kind = self.kind(class, name)?;
        self.pool.take(&kind).ok()
    }

    /// Mints ahead: so many tokens of a class, by each of these keys.
    pub(super) fn fill<'n>(
        &mut self,
        class: TokenClass,
        names: impl IntoIterator<Item = &'n String>,
        count: u64,
    ) -> Result<(), ForgeError> {
        let kinds: BTreeSet<Kind> = names.into_iter().filter_map(|name| self.kind(class, name)).collect();
        kinds.iter().try_for_each(|kind| self.pool.fill(kind, count))
    }

    fn kind(&self, class: TokenClass, name: &str) -> Option<Kind> {
        // Until a key is made anew, the old one is the one.
        let own = || self.keys.get(name).or_else(|| self.keys.get(name.strip_suffix("-old")?));
        let key = if class.is_of_no_key() { self.keys.values().next() } else { own() };
        key.map(|key| Kind { class, key: key.clone() })
    }
}
