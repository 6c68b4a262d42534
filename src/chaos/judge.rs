//! From a claim and what was measured to an outcome.

use super::{
    measure::{Measured, Value, bounds, measure},
    record::{Judged, Record},
    timeline::ms,
    verdicts::accepted,
};
use crate::{
    model::{
        Outcome,
        chaos::{Assertion, AssertionResult, Grade, Metric, Offender, Quantity, Symbols, TokenClass},
        outcome::BaselineStatus,
    },
    traffic::{Latencies, Lateness},
};
use std::time::Duration;

/// Samples that a result names.
const NAMED: usize = 5;
/// The least number of samples that give `base`.
const ENOUGH: u64 = 20;

/// Judges one claim.
pub(super) fn judge(claim: &Assertion, record: &Record) -> AssertionResult {
    let reached = bounds(&claim.window, record);
    let window = reached.unwrap_or((Duration::ZERO, record.end));
    let symbols = Symbols { base: base(claim.metric, record), ..record.symbols };
    let mut result = AssertionResult {
        name: claim.to_string(),
        metric: claim.metric,
        level: claim.level,
        expected: expected(claim, &symbols),
        observed: String::new(),
        n: 0,
        outcome: Outcome::Inconclusive,
        baseline: BaselineStatus::New,
        because: String::new(),
        at_most_percent: None,
        window_ms: (ms(window.0), ms(window.1)),
        offending: Vec::new(),
    };
    if reached.is_none() {
        result.outcome = Outcome::Skip;
        result.because = "the scenario ended before it came to that".into();
        return result;
    }
    if window.0 >= window.1 {
        result.outcome = Outcome::Skip;
        result.because = "the window is empty".into();
        return result;
    }
    match measure(claim, record, window) {
        Measured::Nothing(why) => {
            result.outcome = Outcome::Skip;
            result.observed = "nothing".into();
            result.because = why.into();
        }
        Measured::Doubtful(why) => result.because = why,
        Measured::Value(value) => decide(claim, record, &symbols, &value, &mut result),
    }
    result
}

fn decide(claim: &Assertion, record: &Record, symbols: &Symbols, value: &Value, result: &mut AssertionResult) {
    result.n = value.n;
    result.observed = shown(&claim.bound.limit, value);
    let Some(holds) = claim.bound.holds(value.value, symbols) else {
        result.because = "there was not enough calm before the first step to know `base`".into();
        return;
    };
    // A time that was cut off by the end of the scenario has broken its limit, or nobody knows.
    let cut_off = value.at_least && matches!(claim.bound.limit, Quantity::Time(_));
    if holds && cut_off {
        result.because = "the scenario ended before it could be seen".into();
        return;
    }
    if let Some(doubt) = value.doubt.as_ref().filter(|_| holds) {
        result.because.clone_from(doubt);
        return;
    }
    if holds {
        result.outcome = Outcome::Pass;
        result.because = format!("{} is within the limit", result.observed);
        if value.value == 0.0 && matches!(claim.bound.limit, Quantity::Number(_)) && claim.metric == Metric::Accepted {
            result.at_most_percent = Some(upper_bound(value.n));
        }
        return;
    }
    if let Some(excuse) = &value.excuse {
        result.because.clone_from(excuse);
        return;
    }
    result.outcome = match claim.level {
        Grade::Must => Outcome::Fail,
        Grade::Should => Outcome::Warn,
        Grade::Excellent => Outcome::Note,
    };
    result.because = format!("{} of {} is not {}", claim.metric, result.observed, result.expected);
    result.offending = value.against.iter().take(NAMED).filter_map(|place| offender(record, *place)).collect();
}

fn offender(record: &Record, place: usize) -> Option<Offender> {
    let Judged { sample, .. } = record.samples.get(place)?;
    let stream = record.stream(sample)?.text();
    let seen = match &sample.answered {
        None => "not sent".to_owned(),
        Some(answered) if answered.because.is_empty() => answered.verdict.to_string(),
        Some(answered) => format!("{}: {}", answered.verdict, answered.because),
    };
    Some(Offender { at_ms: ms(sample.planned), stream, seen })
}

/// Where nothing was seen in `n` samples, its share is at most this with a confidence of 95 % (Clopper and Pearson).
pub(super) fn upper_bound(n: u64) -> f64 {
    if n == 0 { 100.0 } else { (1.0 - 0.05_f64.powf(1.0 / n as f64)) * 100.0 }
}

/// The latency of good tokens before the first step, in seconds; `None` where there were too few, or where the sender did
/// not keep its schedule.
fn base(metric: Metric, record: &Record) -> Option<f64> {
    let calm = record.calm();
    let is_good = |judged: &&Judged| {
        let of_class = record.stream(&judged.sample).is_some_and(|stream| stream.class == TokenClass::Valid);
        of_class && judged.sample.planned < calm && accepted(&judged.sample)
    };
    let samples: Vec<_> = record.samples.iter().filter(is_good).map(|judged| &judged.sample).collect();
    let latencies = Latencies::of_responses(samples.iter().copied());
    if latencies.count() < ENOUGH || Lateness::of(samples).is_saturated() {
        return None;
    }
    let share = if metric == Metric::P50 { 0.5 } else { 0.99 };
    latencies.quantile(share).map(|value| value.as_secs_f64())
}

fn expected(claim: &Assertion, symbols: &Symbols) -> String {
    match &claim.bound.limit {
        Quantity::Time(time) if time.symbols().next().is_some() => match time.seconds(symbols) {
            Some(seconds) => format!("{} ({})", claim.bound, seconds_text(seconds)),
            None => claim.bound.to_string(),
        },
        _ => claim.bound.to_string(),
    }
}

fn shown(limit: &Quantity, value: &Value) -> String {
    let number = value.value;
    let text = match limit {
        Quantity::Percent(_) => format!("{}%", rounded(number, 3)),
        Quantity::Number(_) => rounded(number, 4),
        Quantity::Rate(_) if number < 1.0 => format!("{}/min", rounded(number * 60.0, 1)),
        Quantity::Rate(_) => format!("{}/s", rounded(number, 2)),
        Quantity::Time(_) => seconds_text(number),
    };
    if value.at_least { format!("more than {text}") } else { text }
}

fn rounded(number: f64, digits: usize) -> String {
    let text = format!("{number:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A time as people say it.
pub(super) fn seconds_text(seconds: f64) -> String {
    if seconds.abs() < 1.0 && seconds != 0.0 {
        return format!("{}ms", rounded(seconds * 1000.0, 1));
    }
    format!("{}s", rounded(seconds, 2))
}
