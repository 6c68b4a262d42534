//! Stops aiming at a host that is not ours once it seems to be down.

use crate::model::Verdict;
use std::sync::atomic::{AtomicU32, Ordering};

/// Broken answers in a row after which nothing more is sent.
const IN_A_ROW: u32 = 20;

/// Counts broken answers in a row.
#[derive(Debug, Default)]
pub(super) struct Breaker(AtomicU32);

impl Breaker {
    /// Why nothing may be sent any more, once it is so.
    pub(super) fn stopped(&self) -> Option<String> {
        (self.0.load(Ordering::Relaxed) >= IN_A_ROW)
            .then(|| format!("stopped after {IN_A_ROW} broken answers in a row"))
    }

    /// Notes what the last request came to. Once stopped it stays so, whatever late answers say.
    pub(super) fn note(&self, verdict: Verdict) {
        // The closure never declines, so the update never fails.
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| match count {
            IN_A_ROW.. => Some(count),
            _ if verdict.is_broken() => Some(count + 1),
            _ => Some(0),
        });
    }

    /// Starts over, after a restart of the target.
    pub(super) fn reset(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_row_of_broken_answers_stops_it() {
        let breaker = Breaker::default();
        for _ in 0..3 {
            (1..IN_A_ROW).for_each(|_| breaker.note(Verdict::Timeout));
            breaker.note(Verdict::Reject);
        }
        assert_eq!(breaker.stopped(), None);
        (0..IN_A_ROW).for_each(|_| breaker.note(Verdict::ServerError));
        breaker.note(Verdict::Accept);
        assert_eq!(breaker.stopped().as_deref(), Some("stopped after 20 broken answers in a row"));
        breaker.reset();
        assert_eq!(breaker.stopped(), None);
    }
}
