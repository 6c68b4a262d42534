//! When tokens are sent.

use crate::model::chaos::Rate;
use std::time::Duration;

/// Arrival times at a constant rate, counted from the beginning.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Schedule {
    gap: f64,
}

impl Schedule {
    /// So many in a second, evenly.
    #[must_use]
    pub fn constant(rate: Rate) -> Schedule {
        Schedule { gap: 1.0 / rate.0 }
    }

    /// When the token of this number starts; the first one has number 0.
    #[must_use]
    pub fn start(&self, number: u64) -> Duration {
        // Multiplied, not added up: rounding must not move the later ones.
        Duration::try_from_secs_f64(number as f64 * self.gap).unwrap_or(Duration::MAX)
    }

    /// How many start before this time.
    #[must_use]
    pub fn count(&self, length: Duration) -> u64 {
        (length.as_secs_f64() / self.gap).ceil() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fifty_a_second_are_fifty_a_second() {
        let schedule = Schedule::constant(Rate(50.0));
        assert_eq!(schedule.start(50), Duration::from_secs(1));
        assert_eq!(schedule.start(180_000), Duration::from_secs(3600));
        assert_eq!(schedule.count(Duration::from_secs(2)), 100);
    }

    proptest! {
        #[test]
        fn times_only_go_forward(rate in 0.01f64..10_000.0, number in 0u64..1_000_000) {
            let schedule = Schedule::constant(Rate(rate));
            prop_assert!(schedule.start(number) < schedule.start(number + 1));
        }
    }
}
