//! The keys of one run: those that the target trusts, rogue ones of the same kinds that nobody publishes, and spare ones
//! that only some key sets hold.

use super::{
    error::ForgeError,
    key::{Key, RsaBits},
};
use crate::model::{Alg, KeyFamily};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

/// Named keys. Names: `active`, `public` (the first one of an algorithm with public keys), an algorithm in lower case, `rogue`, `rogue-` with an algorithm in lower case, and
/// `spare-` with an algorithm in lower case and any label behind it (`spare-es256-off-curve`): made when first asked
/// for, and trusted only while a key set that holds it is served. `spare-public` with any label behind it is of the first
/// algorithm with public keys that the target trusts, the active one where it is such a one.
#[derive(Clone)]
pub struct KeyRing {
    active: Alg,
    pub(super) trusted: BTreeMap<Alg, Arc<Key>>,
    rogue: BTreeMap<KeyFamily, Arc<Key>>,
    spare: Arc<Mutex<BTreeMap<String, Arc<Key>>>>,
}

impl KeyRing {
    /// Makes a trusted key for each algorithm and a rogue one of each kind. The first algorithm is the active one.
    ///
    /// # Errors
    /// No algorithm is given, or a key cannot be made.
    pub fn generate(algorithms: &[Alg]) -> Result<KeyRing, ForgeError> {
        let active = *algorithms.first().ok_or(ForgeError::NoKeyFor(Alg::Rs256))?;
        let rogues = [Alg::Rs256, Alg::Es256, Alg::Es384, Alg::Es512, Alg::Es256k, Alg::EdDsa, Alg::Hs256]
            .map(|alg| (alg, true));
        let wanted: Vec<(Alg, bool)> = algorithms.iter().map(|alg| (*alg, false)).chain(rogues).collect();
        // RSA keys take a fifth of a second each, everything else next to nothing.
        let made: Vec<Result<(Alg, bool, Key), ForgeError>> = thread::scope(|scope| {
            let workers: Vec<_> = wanted
                .iter()
                .map(|&(alg, rogue)| {
                    scope.spawn(move || {
                        let prefix = if rogue { "rogue".into() } else { alg.name().to_lowercase() };
                        Key::generate(&prefix, alg, RsaBits::default()).map(|key| (alg, rogue, key))
                    })
                })
                .collect();
            workers
                .into_iter()
                .map(|worker| worker.join().unwrap_or(Err(ForgeError::Crypto("key generation"))))
                .collect()
        });
        let mut ring = KeyRing { active, trusted: BTreeMap::new(), rogue: BTreeMap::new(), spare: Arc::default() };
        for key in made {
            let (alg, rogue, key) = key?;
            if rogue {
                ring.rogue.insert(alg.family(), Arc::new(key));
            } else {
                ring.trusted.insert(alg, Arc::new(key));
            }
        }
        Ok(ring)
    }

    /// The algorithm of the active key.
    #[must_use]
    pub fn active(&self) -> Alg {
        self.active
    }

    /// The key of a name, and the algorithm that the name stands for.
    ///
    /// # Errors
    /// The name is unknown, or the target trusts no key for that algorithm.
    pub fn key(&self, name: &str) -> Result<(Arc<Key>, Alg), ForgeError> {
        let unknown = || ForgeError::UnknownKey(name.to_owned());
        let by_name = |text: &str| Alg::ALL.iter().copied().find(|alg| alg.name().eq_ignore_ascii_case(text));
        if let Some(rest) = name.strip_prefix("rogue") {
            let alg = match rest.strip_prefix('-') {
                None if rest.is_empty() => self.active,
                None => return Err(unknown()),
                Some(text) => by_name(text).ok_or_else(unknown)?,
            };
            let key = self.rogue.get(&alg.family()).ok_or(ForgeError::NoKeyFor(alg))?;
            return Ok((Arc::clone(key), alg));
        }
        if let Some(rest) = name.strip_prefix("spare-") {
            let alg = match rest.split('-').next() {
                Some("public") => self.public().ok_or(ForgeError::NoKeyFor(Alg::Rs256))?,
                word => word.and_then(by_name).ok_or_else(unknown)?,
            };
            return Ok((self.spare(name, alg)?, alg));
        }
        let alg = match name {
            "active" => self.active,
            "public" => self.public().ok_or(ForgeError::NoKeyFor(Alg::Rs256))?,
            name => by_name(name).ok_or_else(unknown)?,
        };
        let key = self.trusted.get(&alg).ok_or(ForgeError::NoKeyFor(alg))?;
        Ok((Arc::clone(key), alg))
    }

    fn spare(&self, name: &str, alg: Alg) -> Result<Arc<Key>, ForgeError> {
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = spare.get(name) {
            return Ok(Arc::clone(key));
        }
        let key = Arc::new(Key::generate(name, alg, RsaBits::default())?);
        spare.insert(name.to_owned(), Arc::clone(&key));
        Ok(key)
    }

    /// The first algorithm with public keys that the target trusts.
    #[must_use]
    pub fn public(&self) -> Option<Alg> {
        let all = std::iter::once(&self.active).chain(self.trusted.keys());
        all.copied().find(|alg| alg.is_asymmetric())
    }

    /// The public key set of all trusted keys, byte for byte as served. HMAC keys are not in it.
    #[must_use]
    pub fn jwks(&self) -> Vec<u8> {
        set_of(self.trusted.values().filter(|key| key.alg().is_asymmetric()).map(|key| key.jwk().to_owned()))
    }

    /// The key set of the rogue issuer.
    #[must_use]
    pub fn rogue_jwks(&self) -> Vec<u8> {
        set_of(self.rogue.values().filter(|key| key.alg().is_asymmetric()).map(|key| key.jwk().to_owned()))
    }

    /// The keys that a target in our own process or started by us is handed: public ones, and HMAC secrets.
    #[must_use]
    pub fn handed_over(&self) -> Value {
        let keys = self.trusted.values().map(|key| key.members(true)).collect::<Vec<_>>();
        serde_json::json!({ "keys": keys })
    }
}

fn set_of(members: impl Iterator<Item = String>) -> Vec<u8> {
    format!("{{\"keys\":[{}]}}", members.collect::<Vec<_>>().join(",")).into_bytes()
}
