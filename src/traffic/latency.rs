//! Latencies as histograms, and whether the sender kept its schedule.

use super::sample::Sample;
use hdrhistogram::Histogram;
use std::time::Duration;

/// The longest latency that is told apart; longer ones count as this.
const LONGEST_US: u64 = 600_000_000;
/// A start that is later than this does not keep the schedule.
const LATE: Duration = Duration::from_millis(10);
/// The share of late starts above which latencies say more about us than about the target.
const TOO_MANY: f64 = 0.01;

/// A histogram of latencies: a microsecond to ten minutes, three significant digits.
#[derive(Debug, Clone)]
pub struct Latencies(Histogram<u64>);

impl Default for Latencies {
    fn default() -> Latencies {
        Latencies(Histogram::new_with_max(LONGEST_US, 3).expect("the bounds are constants that the crate takes"))
    }
}

impl Latencies {
    /// Takes one in.
    pub fn record(&mut self, latency: Duration) {
        let us = u64::try_from(latency.as_micros()).unwrap_or(LONGEST_US);
        self.0.saturating_record(us);
    }

    /// Takes all of another one in.
    pub fn add(&mut self, other: &Latencies) {
        // Both have the same bounds, so there is nothing that could be refused.
        let _ = self.0.add(&other.0);
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The value below or at which this share (0 to 1) lies; `None` where there is nothing.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        (!self.0.is_empty()).then(|| Duration::from_micros(self.0.value_at_quantile(share)))
    }

    /// The longest.
    #[must_use]
    pub fn max(&self) -> Option<Duration> {
        (!self.0.is_empty()).then(|| Duration::from_micros(self.0.max()))
    }

    /// The responses of some samples: from the planned start to the answer.
    #[must_use]
    pub fn of_responses<'s>(samples: impl IntoIterator<Item = &'s Sample>) -> Latencies {
        let mut latencies = Latencies::default();
        samples.into_iter().filter_map(Sample::response).for_each(|latency| latencies.record(latency));
        latencies
    }
}

/// How well the sender kept its schedule.
#[derive(Debug, Clone, Default)]
pub struct Lateness {
    starts: Latencies,
    late: u64,
    unsent: u64,
}

impl Lateness {
    /// Of some samples.
    #[must_use]
    pub fn of<'s>(samples: impl IntoIterator<Item = &'s Sample>) -> Lateness {
        let mut lateness = Lateness::default();
        for sample in samples {
            match sample.late() {
                Some(late) => {
                    lateness.starts.record(late);
                    lateness.late += u64::from(late > LATE);
                }
                None => lateness.unsent += 1,
            }
        }
        lateness
    }

    /// Whether more than a hundredth of the tokens started over 10 ms late or not at all. Then no threshold about latency
    /// can be met.
    #[must_use]
    pub fn is_saturated(&self) -> bool {
        let planned = self.starts.count() + self.unsent;
        planned > 0 && (self.late + self.unsent) as f64 > planned as f64 * TOO_MANY
    }

    /// Tokens that started over 10 ms late.
    #[must_use]
    pub fn late(&self) -> u64 {
        self.late
    }

    /// Tokens that were not sent, because too many others were open.
    #[must_use]
    pub fn unsent(&self) -> u64 {
        self.unsent
    }

    /// The 99th percentile of the delay of starts.
    #[must_use]
    pub fn p99(&self) -> Option<Duration> {
        self.starts.quantile(0.99)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::Verdict, traffic::Answered};

    fn sample(late_ms: u64, took_ms: u64) -> Sample {
        let planned = Duration::from_secs(1);
        let started = planned + Duration::from_millis(late_ms);
        let ended = started + Duration::from_millis(took_ms);
        let answered = Answered { started, ended, verdict: Verdict::Accept, status: None, because: "".into() };
        Sample { stream: 0, number: 0, planned, answered: Some(answered) }
    }

    #[test]
    fn a_late_start_counts_for_the_response_and_not_for_the_service() {
        let late = sample(50, 10);
        assert_eq!(
            (late.response(), late.service()),
            (Some(Duration::from_millis(60)), Some(Duration::from_millis(10)))
        );
        let responses = Latencies::of_responses([&late, &sample(0, 5)]);
        assert_eq!(responses.count(), 2);
        assert!(responses.quantile(0.99).unwrap().abs_diff(Duration::from_millis(60)) < Duration::from_millis(1));
    }

    #[test]
    fn one_late_start_in_a_hundred_is_allowed() {
        let samples = |late: usize| -> Vec<Sample> {
            (0..200).map(|number| sample(if number < late { 11 } else { 0 }, 1)).collect()
        };
        assert!(!Lateness::of(&samples(2)).is_saturated());
        assert!(Lateness::of(&samples(3)).is_saturated());
        let unsent = Sample { answered: None, ..sample(0, 0) };
        assert!(Lateness::of([&unsent]).is_saturated());
        assert!(!Lateness::of([]).is_saturated());
    }

    #[test]
    fn nothing_has_no_percentile_and_too_long_is_the_longest() {
        assert_eq!(Latencies::default().quantile(0.5), None);
        let mut latencies = Latencies::default();
        latencies.record(Duration::MAX);
        assert!(latencies.max().unwrap() >= Duration::from_secs(600));
    }
}
