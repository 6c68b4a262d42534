//! The keys of one run: those that the target trusts, rogue ones of the same kinds that nobody publishes, and spare ones
//! that only some key sets hold.

use super::{
    error::ForgeError,
    jwe::RecipientKey,
    key::{Key, RsaBits},
    pki::Pki,
    second::SecondKeys,
    special,
};
use crate::model::{Alg, KeyFamily, KeyManagement, chain::ChainCertificate};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    thread,
};

/// Named keys. Names: `active`, `public` (the first one of an algorithm with public keys), an algorithm in lower case,
/// `rogue`, `rogue-` with an algorithm in lower case, `issuer2` and `issuer2-` with one (of the second issuer),
/// `issuer2-shared` and `shared` (two keys under one name, the second issuer's and the first's, which only some key sets
/// hold), and `spare-` with an algorithm in lower case and any label behind it (`spare-es256-off-curve`): made when first asked
/// for, and trusted only while a key set that holds it is served. `spare-public` with any label behind it is of the first
/// algorithm with public keys that the target trusts, the active one where it is such a one. Some words in the label
/// decide what key is made: `1024bit` and `e3` the size and the exponent of an RSA key, `even` and `prime` what its
/// modulus is, `x0` and `y0` that a coordinate begins with a zero byte, `16byte` the length of an HMAC key. `published-`
/// with a place (`published-rfc7515-a-2`) is a key that an RFC prints, and trusted only in the same way.
#[derive(Clone)]
pub struct KeyRing {
    active: Alg,
    pub(super) trusted: BTreeMap<Alg, Arc<Key>>,
    rogue: BTreeMap<KeyFamily, Arc<Key>>,
    spare: Arc<Mutex<BTreeMap<String, Arc<Key>>>>,
    decryption: Arc<Mutex<BTreeMap<KeyManagement, Arc<RecipientKey>>>>,
    pki: Arc<Pki>,
    second: Arc<OnceLock<Result<SecondKeys, ForgeError>>>,
    /// The key set of an issuer that is not ours, as it is served.
    published: Option<Arc<Vec<u8>>>,
}

impl KeyRing {
    /// Makes a trusted key for each algorithm and a rogue one of each kind. The first algorithm is the active one.
    ///
    /// # Errors
    /// No algorithm is given, or a key cannot be made.
    pub fn generate(algorithms: &[Alg]) -> Result<KeyRing, ForgeError> {
        KeyRing::made(algorithms, algorithms)
    }

    /// A ring with keys of the user's in place of trusted ones of ours, the active one first. `published` is the key set
    /// as their issuer serves it, where that is known.
    ///
    /// # Errors
    /// No key is given, or a rogue one cannot be made.
    pub fn of_lent(keys: Vec<(Alg, Key)>, published: Option<Vec<u8>>) -> Result<KeyRing, ForgeError> {
        let algorithms: Vec<Alg> = keys.iter().map(|(alg, _)| *alg).collect();
        let mut ring = KeyRing::made(&algorithms, &[])?;
        ring.trusted.extend(keys.into_iter().map(|(alg, key)| (alg, Arc::new(key))));
        ring.published = published.map(Arc::new);
        Ok(ring)
    }

    /// A ring for these algorithms, with trusted keys of ours for some of them.
    fn made(algorithms: &[Alg], trusted: &[Alg]) -> Result<KeyRing, ForgeError> {
        let active = *algorithms.first().ok_or(ForgeError::NoKeyFor(Alg::Rs256))?;
        let post_quantum = algorithms.iter().filter(|alg| alg.is_post_quantum()).map(|alg| (*alg, true));
        let rogues = [Alg::Rs256, Alg::Es256, Alg::Es384, Alg::Es512, Alg::Es256k, Alg::EdDsa, Alg::Hs256]
            .map(|alg| (alg, true));
        let wanted: Vec<(Alg, bool)> =
            trusted.iter().map(|alg| (*alg, false)).chain(rogues).chain(post_quantum).collect();
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
        let mut ring = KeyRing {
            active,
            trusted: BTreeMap::new(),
            rogue: BTreeMap::new(),
            spare: Arc::default(),
            decryption: Arc::default(),
            pki: Arc::default(),
            second: Arc::default(),
            published: None,
        };
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
        if name == "shared" {
            let key = Arc::clone(&self.second()?.first_shared);
            let alg = key.alg();
            return Ok((key, alg));
        }
        if let Some(rest) = name.strip_prefix("issuer2") {
            let second = self.second()?;
            let alg = match rest.strip_prefix('-') {
                None if rest.is_empty() => second.second_shared.alg(),
                Some("shared") => return Ok((Arc::clone(&second.second_shared), second.second_shared.alg())),
                text => text.and_then(by_name).ok_or_else(unknown)?,
            };
            return Ok((second.own(alg).ok_or(ForgeError::NoKeyFor(alg))?, alg));
        }
        if let Some(place) = name.strip_prefix("published-") {
            return self.published(name, place);
        }
        if let Some(rest) = name.strip_prefix("spare-") {
            let alg = match rest.split('-').next() {
                Some("public") => self.public().ok_or(ForgeError::NoKeyFor(Alg::Rs256))?,
                _ => begins_with(rest).ok_or_else(unknown)?,
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

    /// A key that an RFC prints, read when first asked for.
    fn published(&self, name: &str, place: &str) -> Result<(Arc<Key>, Alg), ForgeError> {
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        if !spare.contains_key(name) {
            let key = Key::printed(place)?.ok_or_else(|| ForgeError::UnknownKey(name.to_owned()))?;
            spare.insert(name.to_owned(), Arc::new(key));
        }
        let key = spare.get(name).ok_or_else(|| ForgeError::UnknownKey(name.to_owned()))?;
        Ok((Arc::clone(key), key.alg()))
    }

    fn spare(&self, name: &str, alg: Alg) -> Result<Arc<Key>, ForgeError> {
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = spare.get(name) {
            return Ok(Arc::clone(key));
        }
        let key = Arc::new(special::make(name, alg)?);
        spare.insert(name.to_owned(), Arc::clone(&key));
        Ok(key)
    }

    /// The target's decryption key for an algorithm, made when first asked for.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn decryption_key(&self, alg: KeyManagement) -> Result<Arc<RecipientKey>, ForgeError> {
        let mut held = self.decryption.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = held.get(&alg) {
            return Ok(Arc::clone(key));
        }
        let key = Arc::new(RecipientKey::generate(alg)?);
        held.insert(alg, Arc::clone(&key));
        Ok(key)
    }

    /// The target's decryption keys for some algorithms, those that are still missing made side by side.
    ///
    /// # Errors
    /// One cannot be made.
    pub fn decryption_keys(&self, algorithms: &[KeyManagement]) -> Result<Vec<Arc<RecipientKey>>, ForgeError> {
        let missing: Vec<KeyManagement> = {
            let held = self.decryption.lock().unwrap_or_else(PoisonError::into_inner);
            algorithms.iter().copied().filter(|alg| !held.contains_key(alg)).collect()
        };
        thread::scope(|scope| {
            let made: Vec<_> =
                missing.iter().map(|alg| (*alg, scope.spawn(move || RecipientKey::generate(*alg)))).collect();
            for (alg, worker) in made {
                let key = worker.join().unwrap_or(Err(ForgeError::Crypto("key generation")))?;
                let mut held = self.decryption.lock().unwrap_or_else(PoisonError::into_inner);
                held.entry(alg).or_insert_with(|| Arc::new(key));
            }
            Ok::<(), ForgeError>(())
        })?;
        algorithms.iter().map(|alg| self.decryption_key(*alg)).collect()
    }

    /// The keys of the second issuer, made when first asked for.
    fn second(&self) -> Result<&SecondKeys, ForgeError> {
        let first = self.public().ok_or(ForgeError::NoKeyFor(Alg::Rs256))?;
        let made = self.second.get_or_init(|| SecondKeys::generate(first, self.trusted.keys().copied()));
        made.as_ref().map_err(Clone::clone)
    }

    /// The key set of the second issuer; an empty one where the target takes no public keys.
    ///
    /// # Errors
    /// Keys cannot be made.
    pub fn second_jwks(&self) -> Result<Vec<u8>, ForgeError> {
        if self.public().is_none() {
            return Ok(set_of(std::iter::empty()));
        }
        Ok(set_of(self.second()?.published().map(|key| key.jwk().to_owned())))
    }

    /// The certificates of its keys.
    pub(super) fn pki(&self) -> &Pki {
        &self.pki
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
        if let Some(published) = &self.published {
            return published.to_vec();
        }
        set_of(self.trusted.values().filter(|key| key.alg().is_asymmetric()).map(|key| key.jwk().to_owned()))
    }

    /// The key set of the rogue issuer.
    #[must_use]
    pub fn rogue_jwks(&self) -> Vec<u8> {
        set_of(self.rogue.values().filter(|key| key.alg().is_asymmetric()).map(|key| key.jwk().to_owned()))
    }

    /// The certificate of a key as DER: for a trusted key the genuine one, for any other a self-signed one.
    ///
    /// # Errors
    /// Certificates of such keys cannot be made (HMAC, secp256k1).
    pub fn certificate(&self, key: &Key) -> Result<Vec<u8>, ForgeError> {
        let trusted = self.trusted.values().any(|known| known.kid() == key.kid());
        let which = if trusted { ChainCertificate::Trusted } else { ChainCertificate::SelfSigned };
        self.pki.certificate(which, key)
    }

    /// Self-signed certificates of the rogue keys as PEM, by the name of the algorithm in lower case.
    #[must_use]
    pub fn rogue_certificates(&self) -> BTreeMap<String, Vec<u8>> {
        let certificate = |alg: &Alg| {
            let der = self.pki.certificate(ChainCertificate::SelfSigned, self.rogue.get(&alg.family())?).ok()?;
            Some((alg.name().to_lowercase(), pem::encode(&pem::Pem::new("CERTIFICATE", der)).into_bytes()))
        };
        Alg::ALL.iter().filter(|alg| alg.is_asymmetric()).filter_map(certificate).collect()
    }

    /// The keys that a target in our own process or started by us is handed: public ones, and HMAC secrets.
    #[must_use]
    pub fn handed_over(&self) -> Value {
        let known = |key: &&Arc<Key>| !key.only_verifies() || key.raw_public().is_ok();
        let keys = self.trusted.values().filter(known).map(|key| key.members(true)).collect::<Vec<_>>();
        serde_json::json!({ "keys": keys })
    }
}

/// The algorithm in front of a label: `ml-dsa-44-other` begins with ML-DSA-44.
fn begins_with(text: &str) -> Option<Alg> {
    let text = text.to_lowercase();
    let behind = |alg: &Alg| text.strip_prefix(&alg.name().to_lowercase());
    Alg::ALL.iter().copied().find(|alg| behind(alg).is_some_and(|rest| rest.is_empty() || rest.starts_with('-')))
}

fn set_of(members: impl Iterator<Item = String>) -> Vec<u8> {
    format!("{{\"keys\":[{}]}}", members.collect::<Vec<_>>().join(",")).into_bytes()
}
