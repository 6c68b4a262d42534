//! Which keys there are, which of them are published, and who signs; tokens come from here.

use super::{
    our_keys::OurKeys,
    portions::portions,
    their_keys::{News, TheirKeys},
};
use crate::{
    issuer::FaultyIssuer,
    model::chaos::{Action, Scale, Scenario, TokenClass},
    token::ForgeError,
    traffic::{Deal, Mint, Pool, Schedule, Span},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

/// Tokens of a kind that are minted ahead, at most; further ones are minted when they are due.
const MOST: u64 = 4000;

/// Why a scenario could not be prepared.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// A key or a token cannot be made.
    #[error(transparent)]
    Forge(#[from] ForgeError),
    /// The timeline is about a key that no step published before.
    #[error("the timeline names the key {0:?} before it is made")]
    UnknownKey(String),
    /// The provider whose keys these are does this, or nobody.
    #[error("{0}, which only the identity provider can do")]
    NotOurs(String),
}

/// What a stream sends: a class, and the key that good tokens are by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StreamName {
    /// The class.
    pub class: TokenClass,
    /// The key's name in the scenario, for good tokens.
    pub key: Option<String>,
    /// Which instance of the target is shown it, counted from 1, where there are several.
    pub instance: Option<u32>,
}

impl StreamName {
    /// `valid[k1]`, `bad-sig`.
    #[must_use]
    pub fn text(&self) -> String {
        let key = self.key.as_ref().map_or(String::new(), |key| format!("[{key}]"));
        let instance = self.instance.map_or(String::new(), |instance| format!("@{instance}"));
        format!("{}{key}{instance}", self.class)
    }
}

/// Keys, and the tokens that they sign. Times count from the beginning of the traffic.
pub struct Desk {
    keys: Keys,
    published: Vec<String>,
    signer: String,
    streams: Vec<StreamName>,
    pub(super) lives: BTreeMap<String, Vec<Span>>,
    pub(super) signing: BTreeMap<String, Vec<Span>>,
    /// Tokens that could not be made.
    pub(super) failed: u64,
    /// What was wrong with the provider whose keys these are.
    pub(super) troubles: BTreeSet<String>,
}

/// Whose keys they are.
enum Keys {
    Ours(Box<OurKeys>),
    Theirs(Box<TheirKeys>),
}

impl Desk {
    /// Makes the keys of a scenario, publishes those that it begins with, and mints what the traffic will need.
    ///
    /// # Errors
    /// A key cannot be made, or the timeline names one that is not there.
    pub fn open(
        scenario: &Scenario,
        scale: &Scale,
        mint: Mint,
        issuer: &FaultyIssuer,
        nonce: String,
    ) -> Result<Desk, DeskError> {
        let names: Vec<String> = scenario.keys().into_iter().filter(|name| !name.ends_with("-old")).collect();
        let mut desk = Desk::new(&names, mint, nonce)?;
        for action in scenario.timeline.iter().take(scenario.opening()).flat_map(|step| &step.actions) {
            desk.apply(action, issuer, Duration::ZERO)?;
        }
        desk.stock(scenario, scale)?;
        Ok(desk)
    }

    /// Makes keys, and publishes none of them; `nonce` begins every `jti`.
    ///
    /// # Errors
    /// A key cannot be made.
    pub(super) fn new(names: &[String], mint: Mint, nonce: String) -> Result<Desk, DeskError> {
        Ok(Desk::with(Keys::Ours(Box::new(OurKeys::new(names, mint, nonce)?))))
    }

    /// The keys of a real identity provider that we stand in front of, as they are at the beginning. `forged` makes the
    /// tokens of an attacker; without it there are none.
    #[must_use]
    pub fn in_front_of(news: &News, forged: Option<Pool>, issuer: &FaultyIssuer) -> Desk {
        let mut desk = Desk::with(Keys::Theirs(Box::new(TheirKeys::new(forged))));
        desk.learn(news, issuer, Duration::ZERO);
        desk
    }

    fn with(keys: Keys) -> Desk {
        Desk {
            keys,
            published: Vec::new(),
            signer: String::new(),
            streams: Vec::new(),
            lives: BTreeMap::new(),
            signing: BTreeMap::new(),
            failed: 0,
            troubles: BTreeSet::new(),
        }
    }

    /// Takes in what the provider publishes and signs by now; nothing where the keys are ours.
    pub(super) fn learn(&mut self, news: &News, issuer: &FaultyIssuer, at: Duration) {
        let Keys::Theirs(theirs) = &mut self.keys else { return };
        theirs.learn(news, now());
        self.troubles.extend(news.trouble.clone());
        if let Some(signer) = theirs.signer().filter(|signer| *signer != self.signer) {
            // Until it signed, it was called by its kid.
            let kid = theirs.kid(&signer);
            if let Some(lives) = self.lives.remove(&kid) {
                self.lives.insert(signer.clone(), lives);
                self.published.iter_mut().filter(|name| **name == kid).for_each(|name| name.clone_from(&signer));
            }
            self.signs(&signer, at);
        }
        self.show(issuer, at);
    }

    /// Serves the provider's keys that are not hidden, and writes down what came and went.
    fn show(&mut self, issuer: &FaultyIssuer, at: Duration) {
        let Keys::Theirs(theirs) = &self.keys else { return };
        let (published, jwks) = (theirs.published(), theirs.jwks());
        for gone in self.published.iter().filter(|name| !published.contains(name)) {
            end(&mut self.lives, gone, at);
        }
        for new in published.iter().filter(|name| !self.published.contains(name)) {
            self.lives.entry(new.clone()).or_default().push(Span { from: at, to: None });
        }
        if published.is_empty() && !self.published.is_empty() {
            let what = "the hidden key is the only one: a validator may well keep the last key set that was not empty";
            self.troubles.insert(what.into());
        }
        self.published = published;
        if issuer.jwks.stock().now() != jwks {
            issuer.jwks.stock().publish(jwks);
        }
    }

    /// Shows every key of the provider again; whether one was hidden.
    pub(super) fn show_all(&mut self, issuer: &FaultyIssuer, at: Duration) -> bool {
        let hid = match &mut self.keys {
            Keys::Theirs(theirs) => theirs.show_all(),
            Keys::Ours(_) => false,
        };
        self.show(issuer, at);
        hid
    }

    /// Makes a key, where there is none of this name yet.
    ///
    /// # Errors
    /// It cannot be made, or the keys are a provider's.
    pub(super) fn make(&mut self, name: &str) -> Result<(), DeskError> {
        match &mut self.keys {
            Keys::Ours(ours) => ours.make(name),
            // It is there, or will be.
            Keys::Theirs(_) => Ok(()),
        }
    }

    /// How many keys there are.
    pub(super) fn count(&self) -> usize {
        match &self.keys {
            Keys::Ours(ours) => ours.count(),
            Keys::Theirs(_) => self.lives.len(),
        }
    }

    /// Whether the keys are ours.
    pub(super) fn is_ours(&self) -> bool {
        matches!(self.keys, Keys::Ours(_))
    }

    /// Whether tokens of a class can be made.
    pub(super) fn makes(&self, class: TokenClass) -> bool {
        self.is_ours() || TheirKeys::makes(class)
    }

    /// The names of the published keys, and the name of the one that signs.
    pub(super) fn standing(&self) -> (&[String], &str) {
        (&self.published, &self.signer)
    }

    /// Carries out a step about keys; false where it is about something else.
    pub(super) fn apply(&mut self, action: &Action, issuer: &FaultyIssuer, at: Duration) -> Result<bool, DeskError> {
        if let Action::Snapshot(name) = action {
            issuer.jwks.stock().keep(name);
            return Ok(true);
        }
        if let Keys::Theirs(theirs) = &mut self.keys {
            match action {
                Action::Publish(key) => theirs.hide(key, false),
                Action::Unpublish(key) | Action::Revoke(key) => theirs.hide(key, true),
                Action::Sign(key) if *key == self.signer => {}
                Action::Sign(_) | Action::Replace(_) => return Err(DeskError::NotOurs(action.label())),
                _ => return Ok(false),
            }
            self.show(issuer, at);
            return Ok(true);
        }
        match action {
            Action::Publish(key) => self.publish(key, at)?,
            Action::Unpublish(key) | Action::Revoke(key) => self.unpublish(key, at),
            Action::Sign(key) => {
                self.known(key)?;
                self.signs(key, at);
                return Ok(true);
            }
            Action::Replace(key) => self.replace(key, at)?,
            _ => return Ok(false),
        }
        if let Keys::Ours(ours) = &self.keys {
            issuer.jwks.stock().publish(ours.jwks(&self.published)?);
        }
        Ok(true)
    }

    fn signs(&mut self, key: &str, at: Duration) {
        end(&mut self.signing, &self.signer, at);
        key.clone_into(&mut self.signer);
        self.signing.entry(key.to_owned()).or_default().push(Span { from: at, to: None });
    }

    fn known(&self, key: &str) -> Result<(), DeskError> {
        match &self.keys {
            Keys::Ours(ours) => ours.key(key).map(drop),
            Keys::Theirs(_) => Ok(()),
        }
    }

    fn publish(&mut self, key: &str, at: Duration) -> Result<(), DeskError> {
        self.known(key)?;
        if !self.published.iter().any(|own| own == key) {
            self.published.push(key.to_owned());
            self.lives.entry(key.to_owned()).or_default().push(Span { from: at, to: None });
        }
        Ok(())
    }

    fn unpublish(&mut self, key: &str, at: Duration) {
        self.published.retain(|own| own != key);
        end(&mut self.lives, key, at);
    }

    /// The old key goes on under the name `NAME-old`.
    fn replace(&mut self, key: &str, at: Duration) -> Result<(), DeskError> {
        if let Keys::Ours(ours) = &mut self.keys {
            ours.replace(key)?;
        }
        end(&mut self.lives, key, at);
        let lives = self.lives.entry(key.to_owned()).or_default();
        let before = lives.clone();
        if self.published.iter().any(|own| own == key) {
            lives.push(Span { from: at, to: None });
        }
        self.lives.insert(format!("{key}-old"), before);
        Ok(())
    }

    /// The `kid` of a key.
    pub(super) fn kid(&self, key: &str) -> String {
        match &self.keys {
            Keys::Ours(ours) => ours.key(key).map(|key| key.kid.clone()).unwrap_or_default(),
            Keys::Theirs(theirs) => theirs.kid(key),
        }
    }

    /// Moves the clock of new tokens, by so many seconds; a provider's clock is its own.
    pub(super) fn skew(&mut self, seconds: i64) {
        if let Keys::Ours(ours) = &mut self.keys {
            ours.skew(seconds);
        }
    }

    /// The next token of a class, by the named key or the one that signs now, and the stream that it belongs to. `None`
    /// where it cannot be made.
    pub(super) fn take(
        &mut self,
        class: TokenClass,
        key: Option<&str>,
        instance: Option<u32>,
    ) -> Option<(usize, Arc<str>)> {
        let name = key.unwrap_or(&self.signer).to_owned();
        let taken = match &mut self.keys {
            Keys::Ours(ours) => ours.take(class, &name),
            Keys::Theirs(theirs) => theirs.take(class, &name, now()),
        };
        let Some(token) = taken else {
            self.failed += 1;
            return None;
        };
        Some((self.stream(class, name, instance), token))
    }

    fn stream(&mut self, class: TokenClass, key: String, instance: Option<u32>) -> usize {
        // The second issuer's key is none of the scenario's.
        let by_key = !class.is_forged() && class != TokenClass::Second;
        let name = StreamName { class, key: by_key.then_some(key), instance };
        self.streams.iter().position(|own| *own == name).unwrap_or_else(|| {
            self.streams.push(name);
            self.streams.len() - 1
        })
    }

    /// The streams so far; samples name them by their place.
    pub(super) fn streams(&self) -> &[StreamName] {
        &self.streams
    }

    /// Tokens that had to be minted when they were due.
    pub(super) fn minted_late(&self) -> u64 {
        match &self.keys {
            Keys::Ours(ours) => ours.minted_late(),
            Keys::Theirs(_) => 0,
        }
    }

    /// Mints what will be needed if every step comes when it says.
    fn stock(&mut self, scenario: &Scenario, scale: &Scale) -> Result<(), DeskError> {
        let Keys::Ours(ours) = &mut self.keys else { return Ok(()) };
        for action in scenario.timeline.iter().flat_map(|step| &step.actions) {
            if let Action::Burst(burst) = action {
                let name = burst.key.as_ref().unwrap_or(&self.signer);
                ours.fill(burst.class, [name], u64::from(burst.count).min(MOST))?;
            }
        }
        let portions = portions(scenario);
        let deal = Deal::new(&portions.iter().map(|portion| portion.weight).collect::<Vec<_>>());
        let all = Schedule::constant(scenario.traffic.rate).count(scenario.length(scale).0);
        let signers: BTreeSet<&String> = scenario
            .timeline
            .iter()
            .flat_map(|step| &step.actions)
            .filter_map(|action| if let Action::Sign(key) = action { Some(key) } else { None })
            .collect();
        for (index, portion) in portions.iter().enumerate() {
            // Who signs for how long is only known in the end; what is left over costs little.
            let each = deal.share(index, all).min(MOST);
            match &portion.key {
                Some(key) => ours.fill(portion.class, [key], each)?,
                None => ours.fill(portion.class, signers.iter().copied(), each)?,
            }
        }
        Ok(())
    }
}

/// Seconds since the epoch.
fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

fn end(spans: &mut BTreeMap<String, Vec<Span>>, key: &str, at: Duration) {
    if let Some(last) = spans.get_mut(key).and_then(|spans| spans.last_mut())
        && last.to.is_none()
    {
        last.to = Some(at);
    }
}
