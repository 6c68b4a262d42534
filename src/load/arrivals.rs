//! When tokens are due. Fixed before the first one is sent, so that a slow target cannot slow them down.

use crate::model::load::{Drive, Stage};
use std::time::Duration;

/// One stage of the schedule: from the number of arrivals before it to the time of each.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Leg {
    /// Seconds from the beginning.
    start: f64,
    length: f64,
    /// Arrivals in a second, at its beginning and at its end.
    rate: (f64, f64),
    /// Arrivals before it.
    before: f64,
}

impl Leg {
    /// Arrivals within it until so many seconds of it have passed.
    fn count(&self, seconds: f64) -> f64 {
        let seconds = seconds.clamp(0.0, self.length);
        self.rate.0 * seconds + (self.rate.1 - self.rate.0) * seconds * seconds / (2.0 * self.length)
    }

    /// The inverse: after how many seconds of it that many have arrived.
    fn seconds(&self, count: f64) -> f64 {
        let slope = (self.rate.1 - self.rate.0) / self.length;
        if slope.abs() < 1e-9 {
            return count / self.rate.0;
        }
        let root = (self.rate.0 * self.rate.0 + 2.0 * slope * count).max(0.0).sqrt();
        // The form that does not subtract two numbers that are nearly the same.
        2.0 * count / (self.rate.0 + root)
    }
}

/// The times at which one of several senders sends: every sender has its share of every moment.
#[derive(Debug, Clone)]
pub struct Arrivals {
    legs: Vec<Leg>,
    /// The arrival that is next, on the scale of all senders' arrivals.
    next: f64,
    /// The distance between two of this sender's arrivals on that scale.
    stride: f64,
    /// For arrivals at random.
    random: Option<fastrand::Rng>,
}

impl Arrivals {
    /// The arrivals of one sender of several. `None` for a closed loop, whose arrivals the target decides.
    #[must_use]
    pub fn new(drive: &Drive, length: Duration, sender: u32, senders: u32, seed: u64) -> Option<Arrivals> {
        let even = |rate: f64| vec![(rate, rate, length.as_secs_f64())];
        let (legs, random) = match drive {
            Drive::Connections(_) | Drive::Users(_) => return None,
            Drive::Rate(rate) => (even(rate.0), false),
            Drive::Poisson(rate) => (even(rate.0), true),
            Drive::Stages(stages) => (stages.iter().map(leg).collect(), false),
        };
        let (mut start, mut before) = (0.0, 0.0);
        let legs = legs
            .into_iter()
            .map(|(from, to, length)| {
                let leg = Leg { start, length, rate: (from, to), before };
                start += length;
                before += leg.count(length);
                leg
            })
            .collect();
        let stride = f64::from(senders);
        let mut random = random.then(|| fastrand::Rng::with_seed(seed ^ (u64::from(sender) << 32)));
        let next = random.as_mut().map_or(f64::from(sender), |random| gap(random) * stride);
        Some(Arrivals { legs, next, stride, random })
    }

    /// When the next token is due, in nanoseconds from the beginning; `None` once there are no more.
    #[must_use]
    pub fn due(&self) -> Option<u64> {
        let leg = self.legs.iter().find(|leg| self.next < leg.before + leg.count(leg.length))?;
        let seconds = leg.start + leg.seconds((self.next - leg.before).max(0.0));
        Some((seconds * 1e9) as u64)
    }

    /// Goes on to the one after it.
    pub fn advance(&mut self) {
        self.next += match &mut self.random {
            None => self.stride,
            Some(random) => gap(random) * self.stride,
        };
    }

    /// How many tokens are due by now and not yet passed; at random arrivals, as many as are to be expected.
    #[must_use]
    pub fn waiting(&self, now_ns: u64) -> u64 {
        let now = now_ns as f64 / 1e9;
        let arrived = self
            .legs
            .iter()
            .rev()
            .find(|leg| leg.start <= now)
            .map_or(0.0, |leg| leg.before + leg.count(now - leg.start));
        // The next one itself waits as well, once it is due.
        ((arrived - self.next) / self.stride + 1.0).floor().max(0.0) as u64
    }

    /// How many tokens this drive has in all.
    #[must_use]
    pub fn total(drive: &Drive, length: Duration) -> Option<u64> {
        let arrivals = Arrivals::new(drive, length, 0, 1, 0)?;
        arrivals.legs.last().map(|leg| (leg.before + leg.count(leg.length)).ceil() as u64)
    }
}

fn leg(stage: &Stage) -> (f64, f64, f64) {
    (stage.rate.0, stage.to.unwrap_or(stage.rate).0, stage.length.0.as_secs_f64())
}

/// The distance between two arrivals of a Poisson process whose mean distance is one.
fn gap(random: &mut fastrand::Rng) -> f64 {
    // From 0 up to but without 1, so that the logarithm is of something above 0.
    -(1.0 - random.f64()).ln()
}

/// How long a drive lasts.
#[must_use]
pub fn length_of(drive: &Drive, duration: Duration) -> Duration {
    match drive {
        Drive::Stages(stages) => stages.iter().map(|stage| stage.length.0).sum(),
        _ => duration,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Period, chaos::Rate};
    use proptest::prelude::*;

    fn times(drive: &Drive, seconds: u64, sender: u32, senders: u32) -> Vec<u64> {
        let mut arrivals = Arrivals::new(drive, Duration::from_secs(seconds), sender, senders, 7).unwrap();
        let mut times = Vec::new();
        while let Some(due) = arrivals.due() {
            times.push(due);
            arrivals.advance();
        }
        times
    }

    #[test]
    fn an_even_rate_is_even() {
        let times = times(&Drive::Rate(Rate(50.0)), 2, 0, 1);
        assert_eq!((times.len(), times[0], times[50]), (100, 0, 1_000_000_000));
    }

    #[test]
    fn stages_follow_each_other_and_ramps_rise() {
        let stage = |rate, to: Option<f64>, seconds| Stage {
            rate: Rate(rate),
            to: to.map(Rate),
            length: Period::from_secs(seconds),
        };
        let drive = Drive::Stages(vec![stage(10.0, None, 1), stage(10.0, Some(110.0), 2), stage(5.0, None, 2)]);
        let times = times(&drive, 0, 0, 1);
        let within =
            |from: f64, to: f64| times.iter().filter(|time| (from..to).contains(&(**time as f64 / 1e9))).count();
        assert_eq!((within(0.0, 1.0), within(1.0, 3.0), within(3.0, 5.0)), (10, 120, 10));
        // 10/s rising to 60/s: 35 of the 120 come in the first of the two seconds.
        assert!((34..=36).contains(&within(1.0, 2.0)), "{}", within(1.0, 2.0));
        assert_eq!(Arrivals::total(&drive, Duration::ZERO), Some(140));
        assert_eq!(length_of(&drive, Duration::ZERO), Duration::from_secs(5));
    }

    #[test]
    fn what_waits_is_counted() {
        let mut arrivals = Arrivals::new(&Drive::Rate(Rate(100.0)), Duration::from_secs(5), 0, 1, 0).unwrap();
        assert_eq!(arrivals.waiting(0), 1);
        assert_eq!(arrivals.waiting(1_005_000_000), 101);
        arrivals.advance();
        assert_eq!((arrivals.waiting(0), arrivals.waiting(1_005_000_000)), (0, 100));
    }

    proptest! {
        #[test]
        fn senders_share_every_token_and_none_twice(rate in 1.0f64..3000.0, senders in 1u32..5) {
            let drive = Drive::Rate(Rate(rate));
            let whole = times(&drive, 2, 0, 1);
            let mut shared: Vec<u64> = (0..senders).flat_map(|sender| times(&drive, 2, sender, senders)).collect();
            shared.sort_unstable();
            prop_assert_eq!(shared, whole);
        }

        #[test]
        fn random_arrivals_have_the_mean_rate_and_only_go_forward(rate in 500.0f64..5000.0, senders in 1u32..4) {
            let drive = Drive::Poisson(Rate(rate));
            let all: Vec<Vec<u64>> = (0..senders).map(|sender| times(&drive, 4, sender, senders)).collect();
            prop_assert!(all.iter().all(|times| times.is_sorted()));
            let count = all.iter().map(Vec::len).sum::<usize>() as f64;
            // Six standard deviations.
            prop_assert!((count - rate * 4.0).abs() < 6.0 * (rate * 4.0).sqrt(), "{} of {}", count, rate * 4.0);
        }
    }
}
