//! The token that a user holds, and when it is renewed.

use crate::{load::Debt, model::Secret, target::Issued};
use std::time::{Duration, Instant};

/// The share of its life after which a token is renewed.
const RENEWED: f64 = 0.8;
/// Clocks of tokens count whole seconds, so the last one is nobody's.
const SECOND: Duration = Duration::from_secs(1);

/// A token, and what renews it.
pub(super) struct Held {
    pub access: Secret<String>,
    pub refresh: Option<Secret<String>>,
    /// When it was asked for: it lives from then on at the earliest.
    since: Instant,
    /// How long it lives; `None` where nobody says so.
    life: Option<Duration>,
}

impl Held {
    /// What was issued to somebody who asked at that time; `None` where it is no token.
    pub fn of(issued: Issued, asked: Instant) -> Option<Held> {
        let life = issued.expires_in.map(Duration::from_secs);
        Some(Held { access: issued.access_token?, refresh: issued.refresh_token, since: asked, life })
    }

    /// How long after it was asked for it is good without any doubt.
    fn good_for(&self) -> Option<Duration> {
        self.life.map(|life| life.saturating_sub(SECOND))
    }

    /// Whether it is time to renew it.
    pub fn is_due(&self, now: Instant) -> bool {
        let due = self.life.zip(self.good_for()).map(|(life, good)| life.mul_f64(RENEWED).min(good));
        due.is_some_and(|due| now >= self.since + due)
    }

    /// Whether it may have expired, so that nobody should show it.
    pub fn is_over(&self, now: Instant) -> bool {
        self.life.is_some_and(|life| now >= self.since + life)
    }

    /// What the target owes to a call with it that ended then.
    pub fn debt(&self, ended: Instant) -> Debt {
        match self.good_for() {
            Some(good) if ended >= self.since + good => Debt::Grace,
            _ => Debt::Accept,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Verdict;

    fn held(expires_in: Option<u64>, since: Instant) -> Held {
        let access_token = Some(Secret::new("a".to_owned()));
        let issued =
            Issued { verdict: Verdict::Accept, because: String::new(), access_token, refresh_token: None, expires_in };
        Held::of(issued, since).unwrap()
    }

    #[test]
    fn a_token_is_renewed_before_anybody_could_refuse_it() {
        let zero = Instant::now();
        let at = |ms: u64| zero + Duration::from_millis(ms);
        for (life, due) in [(2, 1000), (5, 4000), (60, 48_000)] {
            let held = held(Some(life), zero);
            assert!(!held.is_due(at(due - 1)) && held.is_due(at(due)), "{life}");
            assert_eq!((held.debt(at(due - 1)), held.debt(at(life * 1000 - 1000))), (Debt::Accept, Debt::Grace));
            assert!(!held.is_over(at(life * 1000 - 1)) && held.is_over(at(life * 1000)));
        }
        let held = held(None, zero);
        assert!(!held.is_due(at(1_000_000)) && !held.is_over(at(1_000_000)));
        assert_eq!(held.debt(at(1_000_000)), Debt::Accept);
    }

    #[test]
    fn a_refusal_is_no_token() {
        let issued = Issued {
            verdict: Verdict::Reject,
            because: "status 400".into(),
            access_token: None,
            refresh_token: None,
            expires_in: Some(5),
        };
        assert!(Held::of(issued, Instant::now()).is_none());
    }
}
