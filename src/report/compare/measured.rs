//! Measured values of two runs: leeway, sizes, the time that a token takes beside a good one, and what scenarios measured.

use crate::model::{
    RunReport,
    chaos::{Facts, Measured},
};
use serde::Serialize;
use std::{collections::BTreeMap, fmt, str::FromStr};

/// How much a value may move, as a share of its old one: `20%`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerance(pub f64);

impl FromStr for Tolerance {
    type Err = String;

    fn from_str(text: &str) -> Result<Tolerance, String> {
        let number = text.strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
        number
            .filter(|number| number.is_finite() && *number >= 0.0)
            .map(|number| Tolerance(number / 100.0))
            .ok_or_else(|| format!("wanted a share such as 20%, found {text:?}"))
    }
}

impl fmt::Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0 * 100.0)
    }
}

/// A value that moved by more than the tolerance.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Moved {
    /// What was measured: `exp-leeway`, `latency ratio`, `survived`.
    pub name: String,
    /// In which case or scenario.
    pub of: String,
    /// The old value, as people say it.
    pub before: String,
    /// The new one.
    pub now: String,
    /// Whether the new one is the worse of the two.
    pub worse: bool,
}

/// A value of one run.
struct Value {
    /// Infinite where no limit was found.
    number: f64,
    said: String,
    /// Less than this is no difference: a second of a clock that counts in seconds, the noise of a latency.
    grain: f64,
    more_is_worse: bool,
}

/// A bound that was not reached compares like one that was: the text says which.
pub(super) fn moved(old: &RunReport, new: &RunReport, tolerance: Tolerance) -> Vec<Moved> {
    let (before, now) = (values(old), values(new));
    let pairs = now.into_iter().filter_map(|(key, now)| Some((before.get(&key)?, now, key)));
    pairs
        .filter(|(before, now, _)| is_apart(before, now, tolerance))
        .map(|(before, now, (name, of))| Moved {
            name,
            of,
            before: before.said.clone(),
            worse: (now.number > before.number) == now.more_is_worse,
            now: now.said,
        })
        .collect()
}

fn is_apart(before: &Value, now: &Value, tolerance: Tolerance) -> bool {
    if before.number == now.number {
        return false;
    }
    let distance = (before.number - now.number).abs();
    distance > (before.number.abs() * tolerance.0).max(now.grain) || !distance.is_finite()
}

fn values(report: &RunReport) -> BTreeMap<(String, String), Value> {
    let mut values = BTreeMap::new();
    for case in &report.cases {
        if let Some(measured) = &case.measured {
            let value = Value {
                number: measured.value.map_or(f64::INFINITY, |value| value as f64),
                said: measured.say(),
                grain: 1.0,
                more_is_worse: true,
            };
            values.insert((measured.name.to_string(), case.id.to_string()), value);
        }
        let timing = case.observation.as_ref().and_then(|seen| seen.side.timing.as_ref());
        if let Some(timing) = timing.filter(|timing| !timing.token_us.is_empty() && timing.control_median() > 0) {
            let ratio = timing.token_median() as f64 / timing.control_median() as f64;
            let value = Value { number: ratio, said: format!("{ratio:.1}×"), grain: 1.0, more_is_worse: true };
            values.insert(("latency ratio".into(), case.id.to_string()), value);
        }
    }
    for scenario in &report.scenarios {
        let mut add = |name: &str, value: Value| values.insert((name.into(), format!("chaos/{}", scenario.id)), value);
        let Facts { survived, trusted_removed, took_new, fetches_per_hundred, p99_while_hanging, .. } = &scenario.facts;
        for (name, time, more_is_worse) in [
            ("survived", survived, false),
            ("trusted a removed key", trusted_removed, true),
            ("took a new key", took_new, true),
        ] {
            if let Some(Measured { seconds, at_least }) = time {
                let bound = if *at_least { "more than " } else { "" };
                // Scenarios look every tenth of a second, and their steps move by about as much.
                add(
                    name,
                    Value { number: *seconds, said: format!("{bound}{seconds:.1} s"), grain: 0.5, more_is_worse },
                );
            }
        }
        if let Some(fetches) = fetches_per_hundred {
            let said = format!("{fetches:.1} in a hundred");
            add("fetches for unknown keys", Value { number: *fetches, said, grain: 1.0, more_is_worse: true });
        }
        if let Some(seconds) = p99_while_hanging {
            let said = format!("{:.0} ms", seconds * 1000.0);
            add("p99 while the key set hangs", Value { number: *seconds, said, grain: 0.05, more_is_worse: true });
        }
    }
    for plan in &report.load {
        let of = |window: &str| match window {
            "" => format!("load/{}", plan.id),
            window => format!("load/{}, {window}", plan.id),
        };
        for window in &plan.windows {
            let (rate, p95) = (window.throughput_rps, window.token_validation_ms.p95);
            let rate = Value { number: rate, said: format!("{rate:.0}/s"), grain: 1.0, more_is_worse: false };
            values.insert(("throughput".into(), of(&window.name)), rate);
            let p95 = Value { number: p95, said: format!("{p95:.1} ms"), grain: 0.5, more_is_worse: true };
            values.insert(("p95".into(), of(&window.name)), p95);
        }
        if let Some(maximum) = &plan.maximum {
            let bound = if maximum.is_target_s { "" } else { "at least " };
            let said = format!("{bound}{:.0}/s", maximum.rate);
            let value = Value { number: maximum.rate, said, grain: 1.0, more_is_worse: false };
            values.insert(("highest rate".into(), of("")), value);
        }
    }
    values
}
