//! A token endpoint under load: each request asks for a token, or renews one.

use crate::{
    model::{Secret, Verdict, load::Ask},
    target::{Issued, TokenEndpoint},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hdrhistogram::Histogram;
use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};
use tokio::sync::Semaphore;

/// Why a token endpoint cannot be loaded.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum DeskError {
    /// It gives no token.
    #[error("the token endpoint gives no token: {0}")]
    NoToken(String),
    /// It gives no refresh token.
    #[error("the token endpoint gives a token and no refresh token with it")]
    NoRefreshToken,
}

/// A token endpoint, and the sessions whose tokens are renewed.
pub struct Desk {
    endpoint: TokenEndpoint,
    ask: Ask,
    sessions: Mutex<Vec<Secret<String>>>,
    free: Semaphore,
    /// Lengths of access tokens, in bytes.
    lengths: Mutex<Histogram<u64>>,
    begun_again: AtomicU64,
    alg: String,
}

impl Desk {
    /// Asks for one token, to see that it can be done, and begins so many sessions where they are renewed.
    ///
    /// # Errors
    /// [`DeskError`].
    pub async fn open(endpoint: TokenEndpoint, ask: Ask, sessions: usize) -> Result<Desk, DeskError> {
        let first = if ask == Ask::Refresh { endpoint.begin().await } else { endpoint.issue().await };
        let alg = alg_of(&first);
        let mut own = Vec::new();
        let mut next = first;
        loop {
            if next.verdict != Verdict::Accept {
                return Err(DeskError::NoToken(next.because));
            }
            if ask != Ask::Refresh {
                break;
            }
            own.push(next.refresh_token.ok_or(DeskError::NoRefreshToken)?);
            if own.len() >= sessions.max(1) {
                break;
            }
            next = endpoint.begin().await;
        }
        Ok(Desk {
            endpoint,
            ask,
            free: Semaphore::new(own.len()),
            sessions: Mutex::new(own),
            lengths: Mutex::new(super::tally::histogram(3)),
            begun_again: AtomicU64::new(0),
            alg,
        })
    }

    /// The algorithm that signed the first token; empty where it is no JWT.
    #[must_use]
    pub fn alg(&self) -> &str {
        &self.alg
    }

    /// The median length of the tokens that it gave, in bytes.
    #[must_use]
    pub fn median_token(&self) -> u64 {
        let lengths = self.lengths.lock().unwrap_or_else(PoisonError::into_inner);
        if lengths.is_empty() { 0 } else { lengths.value_at_quantile(0.5) }
    }

    /// How many sessions ended because a renewal was refused, and were begun anew.
    #[must_use]
    pub fn begun_again(&self) -> u64 {
        self.begun_again.load(Ordering::Relaxed)
    }

    /// Asks once; what came of it, and why.
    pub(super) async fn ask(&self) -> (Verdict, String) {
        let issued = if self.ask == Ask::Refresh { self.renew().await } else { self.endpoint.issue().await };
        if let Some(token) = &issued.access_token {
            let mut lengths = self.lengths.lock().unwrap_or_else(PoisonError::into_inner);
            // It grows by itself.
            let _ = lengths.record(token.reveal().len() as u64);
        }
        (issued.verdict, issued.because)
    }

    /// Renews the token of a session that nobody else renews at this moment: a refresh token may be good for one use.
    async fn renew(&self) -> Issued {
        // The semaphore is never closed, and there are as many sessions as permits.
        let _permit = self.free.acquire().await;
        let Some(session) = self.sessions().pop() else {
            return self.endpoint.begin().await;
        };
        let mut back = Back { desk: self, session: Some(session) };
        let Some(session) = &back.session else { return self.endpoint.begin().await };
        let mut issued = self.endpoint.refresh(session).await;
        if let Some(next) = issued.refresh_token.take() {
            back.session = Some(next);
        } else if issued.verdict == Verdict::Reject {
            // This session is over. The next one is not what is measured.
            if let Some(next) = self.endpoint.begin().await.refresh_token {
                self.begun_again.fetch_add(1, Ordering::Relaxed);
                back.session = Some(next);
            }
        }
        issued
    }

    fn sessions(&self) -> std::sync::MutexGuard<'_, Vec<Secret<String>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Brings a session back, also where the request was broken off.
struct Back<'d> {
    desk: &'d Desk,
    session: Option<Secret<String>>,
}

impl Drop for Back<'_> {
    fn drop(&mut self) {
        self.desk.sessions().extend(self.session.take());
    }
}

/// The algorithm that a token names.
fn alg_of(issued: &Issued) -> String {
    let name = || {
        let token = issued.access_token.as_ref()?.reveal();
        let header = URL_SAFE_NO_PAD.decode(token.split('.').next()?).ok()?;
        let header: serde_json::Value = serde_json::from_slice(&header).ok()?;
        header.get("alg")?.as_str().map(str::to_owned)
    };
    // A name of the standards; anything else is not ours to repeat.
    name().filter(|name| name.len() < 12 && name.bytes().all(|byte| byte.is_ascii_alphanumeric())).unwrap_or_default()
}
