//! Which keys there are, which of them are published, and who signs; tokens come from here.

use crate::{
    issuer::FaultyIssuer,
    model::chaos::{Action, Scale, Scenario, TokenClass, Tokens},
    token::ForgeError,
    traffic::{Deal, Kind, Mint, Pool, Schedule, SigningKey, Span},
};
use serde_json::{Value, json};
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
}

/// What a stream sends: a class, and the key that good tokens are by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StreamName {
    /// The class.
    pub class: TokenClass,
    /// The key's name in the scenario, for good tokens.
    pub key: Option<String>,
}

impl StreamName {
    /// `valid[k1]`, `bad-sig`.
    #[must_use]
    pub fn text(&self) -> String {
        match &self.key {
            Some(key) => format!("{}[{key}]", self.class),
            None => self.class.to_string(),
        }
    }
}

/// Keys, and the tokens that they sign. Times count from the beginning of the traffic.
pub struct Desk {
    mint: Mint,
    pool: Pool,
    keys: BTreeMap<String, SigningKey>,
    versions: BTreeMap<String, u32>,
    published: Vec<String>,
    signer: String,
    streams: Vec<StreamName>,
    pub(super) lives: BTreeMap<String, Vec<Span>>,
    pub(super) signing: BTreeMap<String, Vec<Span>>,
    /// Tokens that could not be made.
    pub(super) failed: u64,
}

impl Desk {
    /// Makes the keys of a scenario, publishes those of its first step, and mints what the traffic will need.
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
        for action in scenario.timeline.first().iter().flat_map(|step| &step.actions) {
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
        let mut keys = BTreeMap::new();
        for name in names {
            keys.insert(name.clone(), mint.key(name, 1)?);
        }
        Ok(Desk {
            pool: Pool::new(mint.clone(), nonce),
            mint,
            keys,
            versions: BTreeMap::new(),
            published: Vec::new(),
            signer: String::new(),
            streams: Vec::new(),
            lives: BTreeMap::new(),
            signing: BTreeMap::new(),
            failed: 0,
        })
    }

    /// Makes a key, where there is none of this name yet.
    ///
    /// # Errors
    /// It cannot be made.
    pub(super) fn make(&mut self, name: &str) -> Result<(), DeskError> {
        if !self.keys.contains_key(name) {
            self.keys.insert(name.to_owned(), self.mint.key(name, 1)?);
        }
        Ok(())
    }

    /// How many keys there are.
    pub(super) fn count(&self) -> usize {
        self.keys.len()
    }

    /// The names of the published keys, and the name of the one that signs.
    pub(super) fn standing(&self) -> (&[String], &str) {
        (&self.published, &self.signer)
    }

    /// Carries out a step about keys; false where it is about something else.
    pub(super) fn apply(&mut self, action: &Action, issuer: &FaultyIssuer, at: Duration) -> Result<bool, DeskError> {
        match action {
            Action::Publish(key) => self.publish(key, at)?,
            Action::Unpublish(key) | Action::Revoke(key) => self.unpublish(key, at),
            Action::Sign(key) => {
                self.known(key)?;
                end(&mut self.signing, &self.signer, at);
                self.signer.clone_from(key);
                self.signing.entry(key.clone()).or_default().push(Span { from: at, to: None });
                return Ok(true);
            }
            Action::Replace(key) => self.replace(key, at)?,
            Action::Snapshot(name) => {
                issuer.jwks.stock().keep(name);
                return Ok(true);
            }
            _ => return Ok(false),
        }
        issuer.jwks.stock().publish(self.jwks()?);
        Ok(true)
    }

    fn known(&self, key: &str) -> Result<&SigningKey, DeskError> {
        self.keys.get(key).ok_or_else(|| DeskError::UnknownKey(key.to_owned()))
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

    /// The old key goes on under the name `NAME-old`, for tokens that somebody still holds.
    fn replace(&mut self, key: &str, at: Duration) -> Result<(), DeskError> {
        let old = self.known(key)?.clone();
        let version = self.versions.entry(key.to_owned()).or_insert(1);
        *version += 1;
        let new = self.mint.key(key, *version)?;
        let name = format!("{key}-old");
        end(&mut self.lives, key, at);
        let lives = self.lives.entry(key.to_owned()).or_default();
        let before = lives.clone();
        if self.published.iter().any(|own| own == key) {
            lives.push(Span { from: at, to: None });
        }
        self.lives.insert(name.clone(), before);
        self.keys.insert(name, old);
        self.keys.insert(key.to_owned(), new);
        Ok(())
    }

    /// The key set as it is served.
    fn jwks(&self) -> Result<Vec<u8>, DeskError> {
        let mut members = Vec::new();
        for name in &self.published {
            members.push(Value::Object(self.mint.jwk(self.known(name)?)?));
        }
        Ok(json!({ "keys": members }).to_string().into_bytes())
    }

    /// The `kid` of a key.
    pub(super) fn kid(&self, key: &str) -> String {
        self.keys.get(key).map(|key| key.kid.clone()).unwrap_or_default()
    }

    /// Moves the clock of new tokens, by so many seconds.
    pub(super) fn skew(&mut self, seconds: i64) {
        self.pool.skew(seconds);
    }

    /// The next token of a class, by the named key or the one that signs now, and the stream that it belongs to. `None`
    /// where it cannot be made.
    pub(super) fn take(&mut self, class: TokenClass, key: Option<&str>) -> Option<(usize, Arc<str>)> {
        let name = key.unwrap_or(&self.signer).to_owned();
        let Some(kind) = self.kind(class, &name) else {
            self.failed += 1;
            return None;
        };
        match self.pool.take(&kind) {
            Ok(token) => Some((self.stream(class, name), token)),
            Err(_) => {
                self.failed += 1;
                None
            }
        }
    }

    fn kind(&self, class: TokenClass, name: &str) -> Option<Kind> {
        // Until a key is made anew, the old one is the one.
        let own = || self.keys.get(name).or_else(|| self.keys.get(name.strip_suffix("-old")?));
        let key = if class.is_of_no_key() { self.keys.values().next() } else { own() };
        key.map(|key| Kind { class, key: key.clone() })
    }

    fn stream(&mut self, class: TokenClass, key: String) -> usize {
        let name = StreamName { class, key: (!class.is_forged()).then_some(key) };
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
        self.pool.late()
    }

    /// Mints what will be needed if every step comes when it says.
    fn stock(&mut self, scenario: &Scenario, scale: &Scale) -> Result<(), DeskError> {
        for action in scenario.timeline.iter().flat_map(|step| &step.actions) {
            if let Action::Burst(burst) = action
                && let Some(kind) = self.kind(burst.class, burst.key.as_deref().unwrap_or(&self.signer))
            {
                self.pool.fill(&kind, u64::from(burst.count).min(MOST))?;
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
            let named: Vec<String> = match &portion.key {
                Some(key) => vec![key.clone()],
                None => signers.iter().map(|key| (*key).clone()).collect(),
            };
            // Who signs for how long is only known in the end; what is left over costs little.
            let each = deal.share(index, all).min(MOST);
            let mut filled = BTreeSet::new();
            let kinds: Vec<Kind> = named.iter().filter_map(|name| self.kind(portion.class, name)).collect();
            for kind in kinds {
                if filled.insert(kind.clone()) {
                    self.pool.fill(&kind, each)?;
                }
            }
        }
        Ok(())
    }
}

fn end(spans: &mut BTreeMap<String, Vec<Span>>, key: &str, at: Duration) {
    if let Some(last) = spans.get_mut(key).and_then(|spans| spans.last_mut())
        && last.to.is_none()
    {
        last.to = Some(at);
    }
}

/// One kind of token in the traffic, with its weight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) class: TokenClass,
    pub(super) key: Option<String>,
    pub(super) weight: u32,
}

/// The composition of the traffic.
pub(super) fn portions(scenario: &Scenario) -> Vec<Part> {
    let traffic = &scenario.traffic;
    let exchanged = |class| match (traffic.tokens, class) {
        (Tokens::Fresh, TokenClass::Replay) => TokenClass::Valid,
        (Tokens::Replayed, TokenClass::Valid | TokenClass::Old) => TokenClass::Replay,
        (_, class) => class,
    };
    let of_mix = traffic.mix.portions().iter().map(|(class, weight)| Part {
        class: exchanged(*class),
        key: None,
        weight: *weight,
    });
    let also = traffic.also.iter().map(|portion| Part {
        class: exchanged(portion.class),
        key: portion.key.clone(),
        weight: portion.weight,
    });
    of_mix.chain(also).collect()
}
