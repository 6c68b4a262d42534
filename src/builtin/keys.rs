//! The cache of the fetched key set.
//!
//! One fetch at a time; a total time limit and a cap on the body. A set lives for a while and is fetched again before
//! its end, or once for an unknown `kid`, with a pause after that and after every failure. An empty or broken set never
//! replaces a good one, and a good one is used beyond its life while no new one can be had, up to a bound: an issuer that
//! is ill must not lock everybody out, and a key that was removed must not be trusted for ever.

use super::{
    discovery::{Location, Remote},
    fetch,
    flaw::Flaw,
    flawed_answer::{self, Verdict},
    flawed_cache as wrong, flawed_set,
    jwks::KeySet,
};
use crate::model::{TrustConfig, chaos::Scale};
use reqwest::{
    StatusCode,
    header::{ETAG, RETRY_AFTER},
};
use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// The share of its lifetime after which a set is fetched again in the background.
const EARLY: f64 = 0.8;

/// How long things last.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// A set is used this long before it is fetched again.
    pub lifetime: Duration,
    /// The pause after a failed fetch and after one for an unknown `kid`.
    pub cooldown: Duration,
    /// A whole fetch takes at most this long.
    pub timeout: Duration,
    /// How long beyond its lifetime a set is used while no new one can be had; without a bound where absent.
    pub stale: Option<Duration>,
    /// Whether it fetches ahead of the end of the lifetime, asks conditionally, and says that it cannot decide where a key
    /// may be missing only because the set cannot be had.
    pub careful: bool,
}

impl Default for Times {
    fn default() -> Times {
        Times {
            lifetime: Duration::from_secs(300),
            cooldown: Duration::from_secs(10),
            timeout: Duration::from_secs(5),
            stale: None,
            careful: false,
        }
    }
}

impl Times {
    /// As a scenario declares them.
    pub fn of(scale: &Scale) -> Times {
        Times {
            lifetime: scale.lifetime.0,
            cooldown: scale.cooldown.0,
            timeout: scale.timeout.0,
            stale: Some(scale.stale.map_or(Duration::ZERO, |stale| stale.0)),
            careful: true,
        }
    }
}

/// How the validator reaches its issuer, beside the address of the key set.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    /// A PEM file with the authority of the issuer's certificate.
    pub ca: Option<PathBuf>,
    /// The discovery document that says where the key set is; without one it is where it was configured.
    pub discovery: Option<String>,
}

/// A cache; clones share what it holds.
#[derive(Clone)]
pub(super) struct KeyCache(Arc<Core>);

struct Core {
    flaw: Option<Flaw>,
    times: Times,
    remote: Option<Remote>,
    /// What the validator was given: all its keys, or beside a fetched set only the symmetric ones.
    own: Arc<KeySet>,
    held: Mutex<Held>,
    /// Held by whoever is fetching.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Default)]
pub(super) struct Held {
    pub keys: Option<Arc<KeySet>>,
    pub fetched_at: Option<Instant>,
    /// The lifetime is over, whatever the clock says.
    pub expired: bool,
    pub pause_until: Option<Instant>,
    /// The last fetch failed.
    pub failing: bool,
    etag: Option<String>,
    /// The lifetime that the issuer named, for a flaw that obeys it.
    pub max_age: Option<Duration>,
    /// The answer had expired when it came, for a flaw that cares.
    pub has_expired: bool,
    /// Where the discovery document says the key set is, and when it said so.
    location: Option<Location>,
}

/// How good a set is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Fresh,
    /// Good, and to be fetched again soon.
    Early,
    /// Past its lifetime, and better than nothing.
    Stale,
    /// Not to be used any more.
    Gone,
}

impl Held {
    pub fn pauses(&self) -> bool {
        self.pause_until.is_some_and(|end| Instant::now() < end)
    }

    fn standing(&self, flaw: Option<Flaw>, times: &Times) -> Standing {
        let (Some(_), Some(fetched_at)) = (&self.keys, self.fetched_at) else { return Standing::Gone };
        if self.expired {
            return Standing::Stale;
        }
        let age = fetched_at.elapsed();
        if let Some(standing) = wrong::standing(flaw, self, age, times) {
            return standing;
        }
        let early = if times.careful { times.lifetime.mul_f64(EARLY) } else { times.lifetime };
        match times.stale {
            _ if age < early => Standing::Fresh,
            _ if age < times.lifetime => Standing::Early,
            Some(stale) if age >= times.lifetime + stale => Standing::Gone,
            _ => Standing::Stale,
        }
    }
}

impl KeyCache {
    /// `None` where no HTTP client could be made.
    pub fn new(flaw: Option<Flaw>, trust: &TrustConfig, times: Times, reach: &Reach) -> Option<KeyCache> {
        let never = flaw == Some(Flaw::NeverFetchesKeys);
        let remote = match &trust.jwks_uri {
            Some(uri) if !never => Some(Remote::new(flaw, uri, &trust.issuer, times.timeout, reach)?),
            _ => None,
        };
        let own = match &remote {
            _ if never => KeySet::default(),
            Some(_) => KeySet::symmetric(&trust.keys),
            None => KeySet::from_value(&trust.keys),
        };
        Some(KeyCache::of(flaw, times, remote, Arc::new(own)))
    }

    fn of(flaw: Option<Flaw>, times: Times, remote: Option<Remote>, own: Arc<KeySet>) -> KeyCache {
        let (held, fetching) = (Mutex::default(), tokio::sync::Mutex::default());
        KeyCache(Arc::new(Core { flaw, times, remote, own, held, fetching }))
    }

    /// One that has fetched nothing yet.
    pub fn afresh(&self) -> KeyCache {
        let core = &self.0;
        KeyCache::of(core.flaw, core.times, core.remote.clone(), core.own.clone())
    }

    /// Ends the lifetime of the set that is held, and every pause.
    pub fn expire(&self) {
        let mut held = self.0.held();
        (held.expired, held.pause_until) = (true, None);
    }

    /// The keys to use now.
    pub async fn current(&self) -> Arc<KeySet> {
        let core = &self.0;
        let Some(remote) = &core.remote else { return core.own.clone() };
        if core.flaw == Some(Flaw::CallersWait) {
            drop(core.fetching.lock().await);
        }
        let (standing, keys, pauses, failing) = core.look();
        let own = || core.own.clone();
        match standing {
            Standing::Fresh => return keys.unwrap_or_else(own),
            Standing::Early => {
                if !pauses {
                    self.fetch_aside();
                }
                return keys.unwrap_or_else(own);
            }
            // In an outage nobody should wait for the next attempt who has a key already.
            Standing::Stale if core.times.careful && failing => {
                if !pauses {
                    self.fetch_aside();
                }
                return keys.unwrap_or_else(own);
            }
            Standing::Stale | Standing::Gone => {}
        }
        let usable = keys.filter(|_| standing == Standing::Stale);
        if core.flaw == Some(Flaw::FetchedByEach) && !pauses {
            return core.fetch(remote, false).await;
        }
        let _fetching = match (core.fetching.try_lock(), usable) {
            (Ok(guard), _) => guard,
            // Somebody else is at it; what is known will do so long.
            (Err(_), Some(keys)) => return keys,
            (Err(_), None) => core.fetching.lock().await,
        };
        // Somebody may have fetched meanwhile.
        let (standing, keys, pauses, _) = core.look();
        match standing {
            Standing::Fresh | Standing::Early => keys.unwrap_or_else(own),
            Standing::Stale if pauses => keys.unwrap_or_else(own),
            Standing::Gone if pauses => own(),
            _ => core.fetch(remote, false).await,
        }
    }

    /// Keys newer than `seen`, in which a `kid` was not found. `None` where there are none to be had now.
    pub async fn newer_than(&self, seen: &Arc<KeySet>) -> Option<Arc<KeySet>> {
        let core = &self.0;
        let remote = core.remote.as_ref()?;
        if wrong::never_asks(core.flaw, core.held().keys.is_some()) {
            return None;
        }
        if core.flaw == Some(Flaw::FirstTokenLost) {
            if !core.held().pauses() {
                let (cache, remote) = (self.clone(), remote.clone());
                tokio::spawn(async move {
                    if let Ok(_fetching) = cache.0.fetching.try_lock() {
                        cache.0.fetch(&remote, true).await;
                    }
                });
            }
            return None;
        }
        if core.flaw == Some(Flaw::FetchedByEach) && !core.held().pauses() {
            return Some(core.fetch(remote, true).await).filter(|keys| !Arc::ptr_eq(keys, seen));
        }
        let _fetching = core.fetching.lock().await;
        let newer = {
            let mut held = core.held();
            // A set that is past its bound is no newer than none.
            let is_usable = held.standing(core.flaw, &core.times) != Standing::Gone;
            let newer = held.keys.clone().filter(|keys| is_usable && !Arc::ptr_eq(keys, seen));
            let pauses = held.pauses() && core.flaw != Some(Flaw::FetchPerUnknownKid);
            if core.flaw == Some(Flaw::PauseShared) && pauses {
                held.pause_until = Some(Instant::now() + core.times.cooldown);
            }
            if newer.is_none() && !pauses { None } else { Some(newer) }
        };
        match newer {
            Some(newer) => newer,
            None => Some(core.fetch(remote, true).await).filter(|keys| !Arc::ptr_eq(keys, seen)),
        }
    }

    /// Whether a key may be missing only because the set cannot be had, so that nobody can call the token bad.
    pub fn cannot_tell(&self) -> bool {
        let core = &self.0;
        let (standing, _, _, failing) = core.look();
        core.times.careful && core.remote.is_some() && (failing || standing == Standing::Gone)
    }

    /// Fetches without anybody waiting for it.
    fn fetch_aside(&self) {
        let cache = self.clone();
        tokio::spawn(async move {
            let Some(remote) = &cache.0.remote else { return };
            let Ok(_fetching) = cache.0.fetching.try_lock() else { return };
            // Between the look and the lock somebody may have fetched.
            if !matches!(cache.0.look().0, Standing::Fresh) {
                cache.0.fetch(remote, false).await;
            }
        });
    }
}

impl Core {
    fn look(&self) -> (Standing, Option<Arc<KeySet>>, bool, bool) {
        let held = self.held();
        (held.standing(self.flaw, &self.times), held.keys.clone(), held.pauses(), held.failing)
    }

    /// Fetches the set; whoever calls holds `fetching`. Where that fails, the old set stays.
    async fn fetch(&self, remote: &Remote, pause: bool) -> Arc<KeySet> {
        if wrong::gives_up(self.flaw, &self.held()) {
            return self.own.clone();
        }
        let etag = if self.times.careful { self.held().etag.clone() } else { None };
        let asked = match self.locate(remote).await {
            Some(uri) => fetch::conditional(&remote.client, &uri, etag.as_deref()).await,
            None => Err(fetch::Failed::Lost),
        };
        let now = Instant::now();
        let mut held = self.held();
        let refused = asked.as_ref().is_err_and(|error| *error == fetch::Failed::Unreachable);
        let answer = asked.ok();
        let wait = answer.as_ref().and_then(retry_after).map(|wait| wait.min(self.times.lifetime / 2));
        if let Some(answer) = answer.as_ref().filter(|answer| answer.status == StatusCode::NOT_MODIFIED)
            && etag.is_some()
            && answer.is_whole
            && self.flaw != Some(Flaw::NotModifiedEmpties)
        {
            // RFC 9111 section 4.3.4: what is held is the present state.
            (held.fetched_at, held.expired, held.failing) = (Some(now), false, false);
            held.has_expired = wrong::has_expired(answer);
            if pause {
                held.pause_until = Some(now + self.times.cooldown);
            }
            return held.keys.clone().unwrap_or_else(|| self.own.clone());
        }
        let tag = answer.as_ref().and_then(|answer| answer.headers.get(ETAG)?.to_str().ok().map(str::to_owned));
        let max_age = answer.as_ref().and_then(wrong::max_age);
        let has_expired = answer.as_ref().is_some_and(wrong::has_expired);
        let mut fetched = answer.and_then(|answer| self.read(answer, held.keys.is_none()));
        if let (Some(flaw), Some(fetched), Some(old)) = (self.flaw, &mut fetched, &held.keys) {
            flawed_set::remember(flaw, old, fetched);
        }
        held.failing = fetched.is_none();
        if wrong::pauses(self.flaw, pause, held.failing) {
            held.pause_until = Some(now + self.times.cooldown.max(wait.unwrap_or_default()));
        }
        match fetched {
            Some(fetched) => {
                held.keys = Some(Arc::new(fetched.with(&self.own)));
                (held.fetched_at, held.expired) = (Some(now), false);
                (held.etag, held.max_age, held.has_expired) = (tag, max_age, has_expired);
            }
            None => wrong::lose(self.flaw, &mut held, refused),
        }
        // A set that is past its bound is not used because a fetch has failed.
        match held.standing(self.flaw, &self.times) {
            Standing::Gone => self.own.clone(),
            _ => held.keys.clone().unwrap_or_else(|| self.own.clone()),
        }
    }

    /// Where the key set is; what the discovery document said is kept.
    async fn locate(&self, remote: &Remote) -> Option<String> {
        let (known, failing) = {
            let held = self.held();
            (held.location.clone(), held.failing)
        };
        let found = remote.locate(self.flaw, known, self.times.lifetime, failing).await;
        self.held().location.clone_from(&found);
        found.map(|(_, uri)| uri)
    }

    /// The keys of an answer; an empty set is no set. `first`: no set was held before it.
    fn read(&self, answer: fetch::Answer, first: bool) -> Option<KeySet> {
        let body = match self.flaw {
            Some(flaw) => match flawed_answer::read(flaw, &answer, first) {
                Verdict::Usual => answer.body,
                Verdict::Body(body) => body,
                Verdict::Unusable => return None,
                Verdict::Crash => return Some(KeySet::crashing()),
            },
            None => answer.body,
        };
        if self.flaw == Some(Flaw::NotModifiedEmpties) && answer.status == StatusCode::NOT_MODIFIED {
            return Some(KeySet::default());
        }
        let is_well = answer.status == StatusCode::OK || self.flaw == Some(Flaw::StatusIgnored);
        if !is_well || !answer.is_whole {
            return None;
        }
        let believes = self.flaw == Some(Flaw::EmptySetBelieved);
        KeySet::from_body(self.flaw, &body).filter(|keys| believes || !keys.is_empty())
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long the issuer asks to be left alone, in seconds; a date is not understood (RFC 9110 section 10.2.3 has both).
fn retry_after(answer: &fetch::Answer) -> Option<Duration> {
    let text = answer.headers.get(RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}
