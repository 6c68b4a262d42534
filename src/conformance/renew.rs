//! Fresh good tokens, where their issuer is not ours and they run out.

use crate::token::{SampleToken, Samples};
use std::{fmt, pin::Pin, sync::Arc};
use tokio::sync::Mutex;

/// What comes of asking for good tokens: why there are none, for the report.
pub type Fetched = Result<Vec<SampleToken>, String>;
/// Asks for good tokens.
pub type Fetch = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Fetched> + Send>> + Send + Sync>;

/// A token is renewed so many seconds before it runs out, and never before half of its time with us is over.
const EARLY: i64 = 30;
/// How often a run asks for another token because a good one was refused.
const MOST_REFUSED: u32 = 8;

/// Renews the good tokens of a run.
pub struct Renewal {
    samples: Arc<Samples>,
    /// `None` where what runs out cannot be renewed.
    fetch: Option<Fetch>,
    state: Mutex<State>,
}

struct State {
    /// When those in use came, in seconds since the epoch.
    since: i64,
    refused: u32,
    trouble: Option<String>,
}

impl fmt::Debug for Renewal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Renewal")
    }
}

impl Renewal {
    /// For tokens that came at `now`.
    #[must_use]
    pub fn new(samples: Arc<Samples>, fetch: Option<Fetch>, now: i64) -> Renewal {
        Renewal { samples, fetch, state: Mutex::new(State { since: now, refused: 0, trouble: None }) }
    }

    /// Renews the tokens where they are about to run out.
    ///
    /// # Errors
    /// They have run out, and there are no others: why, for the report.
    pub async fn when_due(&self, now: i64) -> Result<(), String> {
        let Some(expires) = self.samples.first().ok().and_then(|token| token.expires()) else { return Ok(()) };
        let mut state = self.state.lock().await;
        let early = EARLY.min((expires - state.since).max(0) / 2);
        // Somebody else may have renewed them while we waited.
        let expires = self.samples.first().ok().and_then(|token| token.expires()).unwrap_or(expires);
        if now < expires - early {
            return Ok(());
        }
        if let (Some(fetch), None) = (&self.fetch, &state.trouble) {
            self.renew(&mut state, fetch, now).await;
        }
        let fresh = self.samples.first().ok().and_then(|token| token.expires()).is_none_or(|expires| now < expires);
        if fresh {
            return Ok(());
        }
        Err(match &state.trouble {
            Some(trouble) => format!("the sample token has run out, and there is no other: {trouble}"),
            None if self.fetch.is_some() => "the command gives sample tokens that have run out already".into(),
            None => "the sample token has run out: let keys.sample.token.command get a fresh one".into(),
        })
    }

    /// Asks for other tokens because a good one was refused; false where there are none.
    pub async fn when_refused(&self, now: i64) -> bool {
        let Some(fetch) = &self.fetch else { return false };
        let mut state = self.state.lock().await;
        if state.refused >= MOST_REFUSED || state.trouble.is_some() {
            return false;
        }
        state.refused += 1;
        self.renew(&mut state, fetch, now).await
    }

    async fn renew(&self, state: &mut State, fetch: &Fetch, now: i64) -> bool {
        let renewed = fetch().await.and_then(|tokens| self.samples.replace(tokens).map_err(|error| error.to_string()));
        match renewed {
            Ok(()) => state.since = now,
            Err(trouble) => state.trouble = Some(trouble),
        }
        state.trouble.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::encode_segment;
    use std::sync::atomic::{AtomicI64, Ordering};

    fn token(exp: i64) -> SampleToken {
        let claims = encode_segment(format!("{{\"exp\":{exp}}}"));
        SampleToken::read(&format!("{}.{claims}.AAAA", encode_segment("{\"alg\":\"ES256\"}"))).unwrap()
    }

    fn held(exp: i64) -> Arc<Samples> {
        Arc::new(Samples::new(vec![token(exp)]).unwrap())
    }

    fn expires(samples: &Samples) -> i64 {
        samples.first().unwrap().expires().unwrap()
    }

    #[tokio::test]
    async fn a_token_is_renewed_before_it_runs_out_and_only_then() {
        let samples = held(1000);
        let next = Arc::new(AtomicI64::new(2000));
        let fetch: Fetch = Box::new(move || {
            let exp = next.fetch_add(1000, Ordering::Relaxed);
            Box::pin(async move { Ok(vec![token(exp)]) })
        });
        let renewal = Renewal::new(Arc::clone(&samples), Some(fetch), 100);
        renewal.when_due(969).await.unwrap();
        assert_eq!(expires(&samples), 1000);
        renewal.when_due(970).await.unwrap();
        assert_eq!(expires(&samples), 2000);
        // One that came two seconds before its end is kept for one of them.
        renewal.when_due(1970).await.unwrap();
        assert_eq!(expires(&samples), 3000);
        assert!(renewal.when_refused(1971).await);
        assert_eq!(expires(&samples), 4000);
    }

    #[tokio::test]
    async fn what_cannot_be_renewed_is_said_when_it_has_run_out() {
        let renewal = Renewal::new(held(1000), None, 100);
        assert_eq!(renewal.when_due(999).await, Ok(()));
        assert!(renewal.when_due(1000).await.unwrap_err().contains("has run out"));
        assert!(!renewal.when_refused(1).await);
        let fetch: Fetch = Box::new(|| Box::pin(async { Err("the command failed".to_owned()) }));
        let renewal = Renewal::new(held(1000), Some(fetch), 100);
        assert_eq!(renewal.when_due(990).await, Ok(()));
        assert!(renewal.when_due(1000).await.unwrap_err().contains("the command failed"));
    }
}
