//! How fast requests may follow each other towards hosts that are not ours.

use super::error::TargetError;
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// Requests a second where the target file says nothing.
const USUAL: f64 = 50.0;

/// Lets one request through per interval, in the order in which they ask.
#[derive(Debug)]
pub(super) struct Pace {
    interval: Duration,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// Reads a rate such as `50/s`.
    pub(super) fn new(rate: Option<&str>) -> Result<Self, TargetError> {
        let per_second = match rate {
            None => USUAL,
            Some(text) => text
                .strip_suffix("/s")
                .and_then(|number| number.trim().parse().ok())
                .filter(|rate| (0.001..=1_000_000.0).contains(rate))
                .ok_or_else(|| TargetError::Rate(text.to_owned()))?,
        };
        Ok(Pace { interval: Duration::from_secs_f64(1.0 / per_second), next: Mutex::new(None) })
    }

    /// Waits for its turn.
    pub(super) async fn wait(&self) {
        let turn = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            let turn = next.map_or(now, |planned| planned.max(now));
            *next = Some(turn + self.interval);
            turn
        };
        tokio::time::sleep_until(turn).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read() {
        assert_eq!(Pace::new(Some("200/s")).unwrap().interval, Duration::from_millis(5));
        assert_eq!(Pace::new(Some("0.5/s")).unwrap().interval, Duration::from_secs(2));
        assert_eq!(Pace::new(None).unwrap().interval, Duration::from_millis(20));
        for text in ["50", "0/s", "-1/s", "nan/s", "inf/s", "50/m", "/s", ""] {
            assert!(Pace::new(Some(text)).is_err(), "{text}");
        }
    }

    #[tokio::test]
    async fn requests_are_spread_out() {
        let pace = Pace::new(Some("100/s")).unwrap();
        let start = Instant::now();
        for _ in 0..4 {
            pace.wait().await;
        }
        assert!(start.elapsed() >= Duration::from_millis(30), "{:?}", start.elapsed());
    }
}
