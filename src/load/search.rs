//! Looks for the highest rate at which the thresholds hold.
//!
//! A rate counts as held or not only after a second look where the first one says no: a machine that did something else
//! for a moment must not end the search. What was found is confirmed by a longer window.

use crate::model::load::{LoadWindow, Maximum, Step};
use std::time::Duration;

/// The highest rate that held and the lowest that did not are no further apart than this.
const CLOSE: f64 = 1.015;
/// Above this our own processor is the limit, in percent.
const BUSY: f64 = 90.0;
/// The share of tokens that we may send late ourselves.
const LATE: f64 = 0.01;
/// How often a rate is tried at which we ourselves were too slow.
const PATIENCE: u32 = 3;
/// By how much the median may rise from the first second of a window to the last, as a share of the longest p99: above it
/// the queue grows, and only the end of the window hides that.
const RISE: f64 = 0.2;
/// Windows, at most.
const MOST: usize = 40;
/// What the first rate is of the throughput of a closed loop.
const FIRST: f64 = 0.9;

/// What must hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Thresholds {
    /// The longest 99th percentile from the planned start to the answer.
    pub p99: Duration,
    /// The length of a window.
    pub window: Duration,
}

impl Thresholds {
    /// In words.
    #[must_use]
    pub fn text(&self) -> String {
        format!("p99 <= {}ms with every verdict right", self.p99.as_millis())
    }

    /// Whether they hold in a window; the error says why not.
    fn hold(&self, window: &LoadWindow) -> Result<(), String> {
        let wrong = window.wrong_accepts + window.wrong_refusals;
        let broken: u64 = window.classes.iter().map(|class| class.broken).sum();
        let p99 = window.token_validation_ms.p99;
        if wrong > 0 {
            return Err(format!("{wrong} wrong verdicts"));
        }
        if broken > 0 {
            return Err(format!("{broken} tokens without a usable answer"));
        }
        if window.generator.unsent > 0 {
            return Err(format!("{} tokens never found a free connection", window.generator.unsent));
        }
        let most = self.p99.as_secs_f64() * 1e3;
        if p99 > most {
            return Err(format!("p99 is {p99:.1}ms"));
        }
        let medians: Vec<f64> = window.series.p50_us.iter().filter(|us| **us > 0).map(|us| *us as f64 / 1e3).collect();
        if let [first, .., last] = medians[..]
            && last - first > most * RISE
        {
            return Err(format!("the queue grows: the median rose from {first:.1}ms to {last:.1}ms"));
        }
        Ok(())
    }
}

/// What to try next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trial {
    /// The rate.
    pub rate: f64,
    /// How long.
    pub window: Duration,
}

/// The search. Ask for the next trial, run it, and tell what came of it.
#[derive(Debug, Clone)]
pub struct Search {
    thresholds: Thresholds,
    held: Option<f64>,
    failed: Option<f64>,
    rate: f64,
    /// How often the rate has failed: it gets a second look.
    again: u32,
    confirming: bool,
    steps: Vec<Step>,
    end: Option<(bool, String)>,
}

impl Search {
    /// A search that begins near the throughput of a closed loop.
    #[must_use]
    pub fn new(throughput: f64, thresholds: Thresholds) -> Search {
        Search {
            thresholds,
            held: None,
            failed: None,
            rate: (throughput * FIRST).max(1.0).round(),
            again: 0,
            confirming: false,
            steps: Vec::new(),
            end: None,
        }
    }

    /// What to try next; `None` at the end.
    #[must_use]
    pub fn next(&self) -> Option<Trial> {
        let window = self.thresholds.window * if self.confirming { 2 } else { 1 };
        self.end.is_none().then_some(Trial { rate: self.rate, window })
    }

    /// Takes in what came of the trial.
    pub fn tell(&mut self, window: &LoadWindow) {
        let outcome = self.thresholds.hold(window);
        let generator = &window.generator;
        let late = generator.late as f64 > window.planned as f64 * LATE;
        let ours = generator.cpu_percent > BUSY || late;
        self.steps.push(Step {
            rate: self.rate,
            got: window.throughput_rps,
            p99_ms: window.token_validation_ms.p99,
            wrong: window.wrong_accepts + window.wrong_refusals,
            cpu_percent: generator.cpu_percent,
            held: outcome.is_ok(),
            because: outcome.clone().err().unwrap_or_default(),
        });
        match outcome {
            Ok(()) => self.rose(),
            // A wrong verdict is the target's, however busy we are.
            Err(because) if ours && window.wrong_accepts == 0 => {
                self.again += 1;
                if self.again < PATIENCE {
                    return;
                }
                let why = if late { "we sent late ourselves" } else { "our own processor was the limit" };
                self.end = Some((false, format!("at {:.0}/s {because}, but {why}", self.rate)));
            }
            Err(_) if self.again == 0 => self.again = 1,
            Err(because) => self.fell(&because),
        }
        if self.end.is_none() && self.steps.len() >= MOST {
            self.end = Some((true, format!("{MOST} windows brought no rate that stands a second look")));
        }
    }

    fn rose(&mut self) {
        self.again = 0;
        if self.confirming {
            let next = self.failed.map_or(String::new(), |failed| format!("; {failed:.0}/s did not hold"));
            self.end = Some((true, format!("held for {:?} once more{next}", self.thresholds.window * 2)));
            return;
        }
        self.held = Some(self.rate);
        self.aim();
    }

    fn fell(&mut self, because: &str) {
        self.again = 0;
        self.failed = Some(self.rate);
        if self.confirming {
            self.confirming = false;
            // What held before the longer look did not hold in it: somewhat below there must be a rate that does.
            self.held = None;
            self.rate /= CLOSE * CLOSE;
            return;
        }
        if self.rate <= 1.0 {
            self.end = Some((true, format!("not even at {:.1}/s: {because}", self.rate)));
            return;
        }
        self.aim();
    }

    fn aim(&mut self) {
        self.rate = match (self.held, self.failed) {
            (Some(held), Some(failed)) if failed / held <= CLOSE => {
                self.confirming = true;
                held
            }
            (Some(held), Some(failed)) => (held * failed).sqrt(),
            (Some(held), None) => held * 1.1,
            (None, Some(failed)) => (failed * 0.5).max(1.0),
            (None, None) => self.rate,
        };
        if self.rate >= 100.0 {
            self.rate = self.rate.round();
        }
    }

    /// What came of the last trial.
    #[must_use]
    pub fn last(&self) -> Option<&Step> {
        self.steps.last()
    }

    /// What was found.
    #[must_use]
    pub fn found(self) -> Maximum {
        let (is_target_s, because) = self.end.unwrap_or((true, "it was stopped".into()));
        Maximum {
            rate: self.held.unwrap_or(0.0),
            is_target_s,
            thresholds: self.thresholds.text(),
            because,
            steps: self.steps,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        chaos::Percentiles,
        load::{Generator, LoadSeries, Milliseconds},
    };

    /// What a server with a queue and this capacity does to a window of so many seconds: above it the queue grows.
    fn window(trial: Trial, capacity: f64, cpu_percent: f64) -> LoadWindow {
        let over = (trial.rate / capacity - 1.0).max(0.0);
        let p99 = 1.0 + over * trial.window.as_secs_f64() * 1e3;
        LoadWindow {
            name: String::new(),
            throughput_rps: trial.rate.min(capacity),
            token_validation_ms: Milliseconds { p99, ..Milliseconds::default() },
            payload_size_bytes: 300,
            cache_hit_ratio: None,
            alg: String::new(),
            length_ms: 3000,
            planned: 1000,
            sent: 1000,
            answered: 1000,
            failed: 0,
            resent: 0,
            incomplete: false,
            cut_off: 0,
            distinct: 1000,
            wrong_accepts: 0,
            wrong_refusals: 0,
            refused_as_expired: 0,
            refused_by_signature: 0,
            wrong: Vec::new(),
            classes: Vec::new(),
            series: LoadSeries::default(),
            generator: Generator { cpu_percent, lateness_us: Percentiles::default(), ..Generator::default() },
            target: None,
        }
    }

    fn thresholds() -> Thresholds {
        Thresholds { p99: Duration::from_millis(50), window: Duration::from_secs(3) }
    }

    /// Searches; `trouble` may spoil a window by its number.
    fn found(capacity: f64, estimate: f64, cpu: f64, trouble: impl Fn(usize) -> bool) -> Maximum {
        let mut search = Search::new(estimate, thresholds());
        for number in 0.. {
            let Some(trial) = search.next() else { break };
            let mut own = window(trial, capacity, cpu);
            own.generator.unsent = u64::from(trouble(number));
            search.tell(&own);
        }
        search.found()
    }

    #[test]
    fn a_known_capacity_is_found_within_three_percent() {
        for capacity in [7.0, 1_000.0, 5_000.0, 20_000.0] {
            for estimate in [0.4, 0.9, 1.0, 1.1, 3.0] {
                let found = found(capacity, capacity * estimate, 30.0, |_| false);
                assert!((found.rate / capacity - 1.0).abs() < 0.03, "{} of {capacity}, from {estimate}", found.rate);
                assert!(found.is_target_s && found.because.contains("once more"), "{}", found.because);
            }
        }
    }

    #[test]
    fn a_moment_of_trouble_changes_nothing() {
        for bad in 0..12 {
            let found = found(5_000.0, 5_000.0, 30.0, |number| number == bad);
            assert!((found.rate / 5_000.0 - 1.0).abs() < 0.03, "trouble in window {bad}: {}", found.rate);
        }
    }

    #[test]
    fn where_we_are_busy_no_limit_of_the_target_is_named() {
        let found = found(5_000.0, 5_000.0, 97.0, |_| false);
        assert!(!found.is_target_s && found.because.contains("our own processor"), "{}", found.because);
        assert!(found.rate > 4_000.0);
    }

    #[test]
    fn a_target_that_is_never_right_has_no_rate() {
        let mut search = Search::new(1_000.0, thresholds());
        while let Some(trial) = search.next() {
            search.tell(&LoadWindow { wrong_accepts: 1, ..window(trial, 1_000.0, 10.0) });
        }
        let found = search.found();
        assert_eq!((found.rate, found.is_target_s), (0.0, true));
        assert!(found.because.contains("1 wrong verdicts"), "{}", found.because);
    }
}
