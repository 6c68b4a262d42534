//! The keys of the second issuer, and the pair of keys that two issuers publish under one name.

use super::{
    error::ForgeError,
    key::{Key, RsaBits},
};
use crate::model::{Alg, KeyFamily};
use std::{collections::BTreeMap, sync::Arc, thread};

/// What the second issuer has.
pub(super) struct SecondKeys {
    /// One key of each kind that the target takes.
    own: BTreeMap<KeyFamily, Arc<Key>>,
    /// The first issuer's key under the name that both use; only some key sets hold it.
    pub first_shared: Arc<Key>,
    /// The second issuer's key under the same name.
    pub second_shared: Arc<Key>,
}

impl SecondKeys {
    /// Makes a key for one algorithm of each kind; `first` is preferred, and decides the kind of the pair.
    ///
    /// # Errors
    /// A key cannot be made.
    pub(super) fn generate(first: Alg, algorithms: impl Iterator<Item = Alg>) -> Result<SecondKeys, ForgeError> {
        let mut kinds = BTreeMap::from([(first.family(), first)]);
        for alg in algorithms.filter(|alg| alg.is_asymmetric()) {
            kinds.entry(alg.family()).or_insert(alg);
        }
        let wanted: Vec<(&str, Alg)> =
            kinds.values().map(|alg| ("issuer2", *alg)).chain([("shared", first), ("shared", first)]).collect();
        let mut made: Vec<Key> = thread::scope(|scope| {
            let workers: Vec<_> = wanted
                .iter()
                .map(|&(prefix, alg)| scope.spawn(move || Key::generate(prefix, alg, RsaBits::default())))
                .collect();
            workers
                .into_iter()
                .map(|worker| worker.join().unwrap_or(Err(ForgeError::Crypto("key generation"))))
                .collect::<Result<_, _>>()
        })?;
        let missing = || ForgeError::Crypto("key generation");
        let second = made.pop().ok_or_else(missing)?;
        let first = made.pop().ok_or_else(missing)?;
        let second_shared = Arc::new(second.named(first.kid().to_owned()));
        let own = made.into_iter().map(|key| (key.alg().family(), Arc::new(key))).collect();
        Ok(SecondKeys { own, first_shared: Arc::new(first), second_shared })
    }

    /// Its key for an algorithm.
    pub(super) fn own(&self, alg: Alg) -> Option<Arc<Key>> {
        self.own.get(&alg.family()).filter(|key| key.alg() == alg).cloned()
    }

    /// Everything that it publishes.
    pub(super) fn published(&self) -> impl Iterator<Item = &Arc<Key>> {
        self.own.values().chain([&self.second_shared])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pair_shares_its_name_and_nothing_else() {
        let keys = SecondKeys::generate(Alg::Es256, [Alg::Es256, Alg::EdDsa, Alg::Hs256].into_iter()).unwrap();
        assert_eq!(keys.first_shared.kid(), keys.second_shared.kid());
        assert_ne!(keys.first_shared.raw_public().unwrap(), keys.second_shared.raw_public().unwrap());
        assert_eq!(keys.published().count(), 3);
        assert!(keys.own(Alg::Es256).is_some() && keys.own(Alg::Ed25519).is_none() && keys.own(Alg::Hs256).is_none());
    }
}
