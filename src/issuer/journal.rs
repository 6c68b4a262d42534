//! What reached our side: every request, with its time, and the nonce of the token that caused it where the path has one.

use crate::model::verdict::{Endpoint, Fetch};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

/// Requests kept in full; later ones are only counted.
const KEPT: usize = 100_000;
/// Characters kept of a path, so that a hostile target cannot fill our memory.
const PATH_KEPT: usize = 1024;
/// Characters kept of a `User-Agent`.
const AGENT_KEPT: usize = 256;
/// The longest nonce that is attributed; ours are far shorter.
const NONCE_LONGEST: usize = 128;

/// Every request that our side received. Clones share the same entries.
#[derive(Debug, Clone)]
pub struct Journal {
    started: Instant,
    kept: usize,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    entries: Vec<Fetch>,
    by_nonce: HashMap<String, Vec<usize>>,
    counts: HashMap<Endpoint, usize>,
    dropped: usize,
}

/// A request as the server saw it, before it is cut to size.
pub(super) struct Request<'a> {
    pub(super) endpoint: Endpoint,
    pub(super) nonce: Option<&'a str>,
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) user_agent: Option<&'a [u8]>,
    /// Lines that are evidence, already without credentials.
    pub(super) headers: Vec<String>,
}

impl Journal {
    pub(super) fn new() -> Self {
        Journal::keeping(KEPT)
    }

    fn keeping(kept: usize) -> Self {
        Journal { started: Instant::now(), kept, state: Arc::default() }
    }

    /// How many requests reached this part of our world, since the start.
    #[must_use]
    pub fn count(&self, endpoint: Endpoint) -> usize {
        self.state().counts.get(&endpoint).copied().unwrap_or(0)
    }

    /// The canary's requests under this nonce, oldest first.
    #[must_use]
    pub fn by_nonce(&self, nonce: &str) -> Vec<Fetch> {
        let state = self.state();
        let indices = state.by_nonce.get(nonce).map_or(&[][..], Vec::as_slice);
        indices.iter().filter_map(|index| state.entries.get(*index).cloned()).collect()
    }

    /// Everything that was kept, oldest first.
    #[must_use]
    pub fn all(&self) -> Vec<Fetch> {
        self.state().entries.clone()
    }

    /// How many requests came after the journal was full: they are counted, but [`Journal::all`] and
    /// [`Journal::by_nonce`] do not know them.
    #[must_use]
    pub fn dropped(&self) -> usize {
        self.state().dropped
    }

    pub(super) fn write(&self, request: Request<'_>) {
        let at_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut state = self.state();
        *state.counts.entry(request.endpoint).or_default() += 1;
        if state.entries.len() >= self.kept {
            state.dropped += 1;
            return;
        }
        if let Some(nonce) = request.nonce.filter(|nonce| nonce.len() <= NONCE_LONGEST) {
            let index = state.entries.len();
            state.by_nonce.entry(nonce.to_owned()).or_default().push(index);
        }
        state.entries.push(Fetch {
            at_ms,
            endpoint: request.endpoint,
            method: start_of(request.method, AGENT_KEPT),
            path: start_of(request.path, PATH_KEPT),
            user_agent: request.user_agent.map(|agent| start_of(&String::from_utf8_lossy(agent), AGENT_KEPT)),
            headers: request.headers,
        });
    }

    /// A panic elsewhere cannot leave the entries half written, so a poisoned lock is still good.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn start_of(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canary<'a>(nonce: &'a str, path: &'a str) -> Request<'a> {
        Request {
            endpoint: Endpoint::Canary,
            nonce: Some(nonce),
            method: "GET",
            path,
            user_agent: Some(b"curl\xff"),
            headers: Vec::new(),
        }
    }

    #[test]
    fn a_request_is_found_by_its_nonce() {
        let journal = Journal::new();
        journal.write(canary("a", "/canary/a/x"));
        journal.write(canary("b", "/canary/b"));
        journal.clone().write(canary("a", "/canary/a/y"));
        let paths: Vec<String> = journal.by_nonce("a").into_iter().map(|fetch| fetch.path).collect();
        assert_eq!(paths, ["/canary/a/x", "/canary/a/y"]);
        assert_eq!(journal.by_nonce("c"), []);
        assert_eq!(journal.count(Endpoint::Canary), 3);
        assert_eq!(journal.count(Endpoint::Jwks), 0);
        assert_eq!(journal.all()[0].user_agent.as_deref(), Some("curl\u{fffd}"));
    }

    #[test]
    fn a_flood_is_counted_but_not_kept() {
        let journal = Journal::keeping(2);
        let long = format!("/canary/a/{}", "x".repeat(10_000));
        for _ in 0..5 {
            journal.write(canary("a", &long));
        }
        assert_eq!((journal.count(Endpoint::Canary), journal.all().len(), journal.dropped()), (5, 2, 3));
        assert_eq!(journal.all()[0].path.len(), PATH_KEPT);
        assert_eq!(journal.by_nonce("a").len(), 2);
    }
}
