//! The cache of the fetched key set.
//!
//! One fetch at a time; a total time limit and a cap on the body; a set lives for five minutes and is fetched again
//! once for an unknown `kid`, with a pause after that and after every failure. An empty or broken set never replaces a
//! good one: an issuer that is ill must not lock everybody out.

use super::{
    fetch,
    flaw::Flaw,
    flawed_answer::{self, Verdict},
    flawed_set,
    jwks::KeySet,
};
use crate::model::TrustConfig;
use reqwest::StatusCode;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// How long things last.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// A set is used this long before it is fetched again.
    pub lifetime: Duration,
    /// The pause after a failed fetch and after one for an unknown `kid`.
    pub cooldown: Duration,
    /// A whole fetch takes at most this long.
    pub timeout: Duration,
}

impl Default for Times {
    fn default() -> Times {
        Times { lifetime: Duration::from_secs(300), cooldown: Duration::from_secs(10), timeout: Duration::from_secs(5) }
    }
}

pub(super) struct KeyCache {
    flaw: Option<Flaw>,
    times: Times,
    remote: Option<Remote>,
    /// What the validator was given: all its keys, or beside a fetched set only the symmetric ones.
    own: Arc<KeySet>,
    held: Mutex<Held>,
    /// Held by whoever is fetching.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Clone)]
struct Remote {
    uri: String,
    client: reqwest::Client,
}

#[derive(Default)]
struct Held {
    keys: Option<Arc<KeySet>>,
    stale_at: Option<Instant>,
    pause_until: Option<Instant>,
}

impl Held {
    fn fresh(&self) -> Option<Arc<KeySet>> {
        self.keys.clone().filter(|_| self.stale_at.is_some_and(|end| Instant::now() < end))
    }

    fn pauses(&self) -> bool {
        self.pause_until.is_some_and(|end| Instant::now() < end)
    }
}

impl KeyCache {
    /// `None` where no HTTP client could be made.
    pub fn new(flaw: Option<Flaw>, trust: &TrustConfig, times: Times) -> Option<KeyCache> {
        let never = flaw == Some(Flaw::NeverFetchesKeys);
        let remote = match &trust.jwks_uri {
            Some(uri) if !never => Some(Remote { uri: uri.clone(), client: fetch::client(times.timeout)? }),
            _ => None,
        };
        let own = match &remote {
            _ if never => KeySet::default(),
            Some(_) => KeySet::symmetric(&trust.keys),
            None => KeySet::from_value(&trust.keys),
        };
        Some(KeyCache {
            flaw,
            times,
            remote,
            own: Arc::new(own),
            held: Mutex::default(),
            fetching: tokio::sync::Mutex::default(),
        })
    }

    /// One that has fetched nothing yet.
    pub fn afresh(&self) -> KeyCache {
        KeyCache {
            flaw: self.flaw,
            times: self.times,
            remote: self.remote.clone(),
            own: self.own.clone(),
            held: Mutex::default(),
            fetching: tokio::sync::Mutex::default(),
        }
    }

    /// Ends the lifetime of the set that is held, and every pause.
    pub fn expire(&self) {
        let mut held = self.held();
        (held.stale_at, held.pause_until) = (None, None);
    }

    /// The keys to use now.
    pub async fn current(&self) -> Arc<KeySet> {
        let Some(remote) = &self.remote else { return self.own.clone() };
        let (fresh, old) = {
            let held = self.held();
            (held.fresh(), held.keys.clone())
        };
        if let Some(fresh) = fresh {
            return fresh;
        }
        let _fetching = match (self.fetching.try_lock(), old) {
            (Ok(guard), _) => guard,
            // Somebody else is at it; what is known will do so long.
            (Err(_), Some(old)) => return old,
            (Err(_), None) => self.fetching.lock().await,
        };
        let settled = {
            let held = self.held();
            held.fresh().or_else(|| held.pauses().then(|| held.keys.clone().unwrap_or_else(|| self.own.clone())))
        };
        match settled {
            Some(keys) => keys,
            None => self.fetch(remote, false).await,
        }
    }

    /// Keys newer than `seen`, in which a `kid` was not found. `None` where there are none to be had now.
    pub async fn newer_than(&self, seen: &Arc<KeySet>) -> Option<Arc<KeySet>> {
        let remote = self.remote.as_ref()?;
        let _fetching = self.fetching.lock().await;
        let (newer, pauses) = {
            let held = self.held();
            (held.keys.clone().filter(|keys| !Arc::ptr_eq(keys, seen)), held.pauses())
        };
        if newer.is_some() || pauses {
            return newer;
        }
        Some(self.fetch(remote, true).await).filter(|keys| !Arc::ptr_eq(keys, seen))
    }

    /// Fetches the set; whoever calls holds `fetching`. Where that fails, the old set stays.
    async fn fetch(&self, remote: &Remote, pause: bool) -> Arc<KeySet> {
        let answer = fetch::answer(&remote.client, &remote.uri).await;
        let now = Instant::now();
        let mut held = self.held();
        let mut fetched = answer.and_then(|answer| self.read(answer, held.keys.is_none()));
        if let (Some(flaw), Some(fetched), Some(old)) = (self.flaw, &mut fetched, &held.keys) {
            flawed_set::remember(flaw, old, fetched);
        }
        if pause || fetched.is_none() {
            held.pause_until = Some(now + self.times.cooldown);
        }
        if let Some(fetched) = fetched {
            held.keys = Some(Arc::new(fetched.with(&self.own)));
            held.stale_at = Some(now + self.times.lifetime);
        }
        held.keys.clone().unwrap_or_else(|| self.own.clone())
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
        if answer.status != StatusCode::OK || !answer.is_whole {
            return None;
        }
        KeySet::from_body(self.flaw, &body).filter(|keys| !keys.is_empty())
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
