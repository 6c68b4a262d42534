//! What an endpoint serves, now and earlier.

use axum::body::Bytes;
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// States that are remembered; the oldest are forgotten.
const REMEMBERED: usize = 4096;

/// Documents and keys that only faults serve.
#[derive(Debug, Clone, Default)]
pub struct Materials {
    /// The same kind of document by the attacker.
    pub attacker: Vec<u8>,
    /// The document of another tenant.
    pub foreign: Vec<u8>,
    /// A symmetric JWK.
    pub oct_jwk: String,
    /// A JWK with its private half.
    pub private_jwk: String,
    /// The address of another origin of ours that serves `attacker`, without a slash at its end.
    pub elsewhere: String,
}

/// A document with its history.
#[derive(Debug)]
pub struct Stock {
    history: Mutex<Vec<(Instant, Bytes)>>,
    snapshots: Mutex<BTreeMap<String, Bytes>>,
    pub(super) materials: Materials,
    /// `Cache-Control: max-age` of honest answers, in seconds; none is sent where absent.
    pub(super) max_age: Option<u64>,
}

impl Stock {
    /// A document that begins like this.
    #[must_use]
    pub fn new(body: Vec<u8>, materials: Materials, max_age: Option<u64>) -> Stock {
        Stock {
            history: Mutex::new(vec![(Instant::now(), body.into())]),
            snapshots: Mutex::default(),
            materials,
            max_age,
        }
    }

    /// Serves this from now on.
    pub fn publish(&self, body: Vec<u8>) {
        let mut history = locked(&self.history);
        if history.len() >= REMEMBERED {
            history.remove(0);
        }
        history.push((Instant::now(), body.into()));
    }

    /// Keeps the present state under a name.
    pub fn keep(&self, name: &str) {
        let now = self.now();
        locked(&self.snapshots).insert(name.to_owned(), now);
    }

    /// The present state.
    #[must_use]
    pub fn now(&self) -> Bytes {
        locked(&self.history).last().map(|(_, body)| body.clone()).unwrap_or_default()
    }

    /// The state of so long ago; the first one where there was none yet.
    pub(super) fn ago(&self, age: Duration) -> Bytes {
        let history = locked(&self.history);
        let then = Instant::now().checked_sub(age);
        let found = history.iter().rev().find(|(since, _)| then.is_some_and(|then| *since <= then));
        found.or(history.first()).map(|(_, body)| body.clone()).unwrap_or_default()
    }

    /// A state that was kept; the present one where none has this name.
    pub(super) fn snapshot(&self, name: &str) -> Bytes {
        locked(&self.snapshots).get(name).cloned().unwrap_or_else(|| self.now())
    }
}

fn locked<T>(kept: &Mutex<T>) -> MutexGuard<'_, T> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}
