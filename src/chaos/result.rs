//! A record as `run.json` has it.

use super::{
    desk::{Desk, StreamName},
    facts::facts,
    judge::judge,
    record::{Fetch, Judged, Record},
    safety,
    timeline::{Happened, ms},
    verdicts::{Got, accepted, got},
};
use crate::{
    model::{
        Outcome,
        chaos::{
            AssertionResult, Facts, FetchResult, FetchTick, KeyBar, NamedSpan, Percentiles, Scale, Scenario,
            ScenarioResult, Series, StreamResult,
        },
    },
    traffic::{Latencies, Lateness, Owed, Span},
};
use std::time::Duration;

/// Points of a series.
const POINTS: u64 = 120;
/// Requests that a result names.
const TICKS: usize = 2000;

/// A scenario that was not played, and why.
#[must_use]
pub fn left_out(scenario: &Scenario, scale: Scale, outcome: Outcome, why: String) -> ScenarioResult {
    ScenarioResult {
        id: scenario.id.clone(),
        title: scenario.title.clone(),
        why: scenario.why.clone(),
        fix: scenario.fix.clone(),
        severity: scenario.severity,
        refs: scenario.refs.clone(),
        source: scenario.source.clone(),
        outcome,
        notes: vec![why],
        scale,
        length_ms: 0,
        timeline: Vec::new(),
        spans: Vec::new(),
        keys: Vec::new(),
        streams: Vec::new(),
        fetches: FetchResult::default(),
        assertions: Vec::new(),
        facts: Facts::default(),
        cut_short: None,
        operations: Vec::new(),
        alerts: Vec::new(),
        own_metrics: Vec::new(),
    }
}

/// Judges a record.
pub(super) fn result(
    scenario: &Scenario,
    scale: Scale,
    desk: &Desk,
    happened: Happened,
    record: &Record,
) -> ScenarioResult {
    let claims = safety::pack(&scale, scenario.instances)
        .into_iter()
        .chain([safety::steady()])
        .chain(scenario.assert.iter().cloned());
    let assertions: Vec<AssertionResult> = claims.map(|claim| judge(&claim, record)).collect();
    let mut notes = happened.notes;
    notes.extend(desk.troubles.iter().cloned());
    notes.extend(happened.cut_short.clone());
    if desk.failed > 0 {
        notes.push(format!("{} tokens could not be made", desk.failed));
    }
    // A few more than expected come about because a step waited for a fetch.
    if desk.minted_late() * 10 > record.samples.len() as u64 {
        notes.push(format!("{} tokens were made only when they were due", desk.minted_late()));
    }
    ScenarioResult {
        // What was cut short has not shown that it holds.
        outcome: match gravest(&assertions) {
            Outcome::Pass if happened.cut_short.is_some() => Outcome::Inconclusive,
            outcome => outcome,
        },
        notes,
        length_ms: ms(record.end),
        timeline: happened.steps,
        spans: record
            .spans
            .iter()
            .filter(|(name, _)| name != safety::STEADY_SPAN)
            .map(|(name, span)| NamedSpan {
                name: name.clone(),
                from_ms: ms(span.from),
                to_ms: ms(span.to.unwrap_or(record.end)),
            })
            .collect(),
        keys: keys(desk, record.end),
        streams: record.streams.iter().enumerate().map(|(place, name)| stream(place, name, record)).collect(),
        fetches: FetchResult {
            jwks: ticks(&record.jwks),
            discovery: ticks(&record.discovery),
            sink: ticks(&record.sink),
            dropped: record.jwks.len().saturating_sub(TICKS) as u64,
        },
        assertions,
        facts: facts(record),
        cut_short: happened.cut_short.clone(),
        ..left_out(scenario, scale, Outcome::Pass, String::new())
    }
}

/// The gravest outcome of claims. What one that could not be decided says about the whole is nothing: the others stand.
#[must_use]
pub fn gravest(assertions: &[AssertionResult]) -> Outcome {
    let decided = assertions.iter().map(|claim| claim.outcome);
    decided
        .filter(|outcome| !matches!(outcome, Outcome::Skip | Outcome::Inconclusive))
        .max()
        .unwrap_or(Outcome::Inconclusive)
}

fn keys(desk: &Desk, end: Duration) -> Vec<KeyBar> {
    let bars = |spans: Option<&Vec<Span>>| -> Vec<(u64, u64)> {
        spans.into_iter().flatten().map(|span| (ms(span.from), ms(span.to.unwrap_or(end)))).collect()
    };
    desk.lives
        .iter()
        .map(|(name, lives)| KeyBar {
            name: name.clone(),
            kid: desk.kid(name),
            published: bars(Some(lives)),
            signing: bars(desk.signing.get(name)),
        })
        .collect()
}

fn ticks(fetches: &[Fetch]) -> Vec<FetchTick> {
    let own = fetches.iter().filter(|fetch| !fetch.before).take(TICKS);
    own.map(|fetch| FetchTick {
        at_ms: ms(fetch.at),
        open_ms: ms(fetch.until.saturating_sub(fetch.at)),
        status: fetch.status,
        honest: fetch.honest,
    })
    .collect()
}

fn stream(place: usize, name: &StreamName, record: &Record) -> StreamResult {
    let own: Vec<&Judged> = record.samples.iter().filter(|judged| judged.sample.stream == place).collect();
    let samples = || own.iter().map(|judged| &judged.sample);
    let count = |wanted: Got| samples().filter(|sample| got(sample) == wanted).count() as u64;
    let debts = |wanted: Owed| {
        let owed = own.iter().filter(|judged| judged.owed == wanted);
        owed.fold((0, 0), |(all, taken), judged| (all + 1, taken + u64::from(accepted(&judged.sample))))
    };
    let mut services = Latencies::default();
    samples().filter_map(|sample| sample.service()).for_each(|service| services.record(service));
    StreamResult {
        name: name.text(),
        forged: name.class.is_forged(),
        driver: "open".into(),
        planned: own.len() as u64,
        sent: own.len() as u64 - count(Got::Unsent),
        accepted: count(Got::Accepted),
        rejected: count(Got::Rejected),
        broken: count(Got::Broken),
        owed_accept: debts(Owed::Accept),
        owed_reject: debts(Owed::Reject),
        saturated: Lateness::of(samples()).is_saturated(),
        response_us: percentiles(&Latencies::of_responses(samples())),
        service_us: percentiles(&services),
        series: series(&own, record.end),
    }
}

fn percentiles(latencies: &Latencies) -> Percentiles {
    let us = |time: Option<Duration>| time.map_or(0, |time| u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    let quantile = |share| us(latencies.quantile(share));
    Percentiles {
        p50: quantile(0.5),
        p90: quantile(0.9),
        p99: quantile(0.99),
        p999: quantile(0.999),
        max: us(latencies.max()),
    }
}

fn series(own: &[&Judged], end: Duration) -> Series {
    let every_ms = (ms(end) / POINTS).max(100);
    let points = usize::try_from(ms(end).div_ceil(every_ms)).unwrap_or(0);
    let mut series = Series {
        every_ms,
        accepted: vec![0; points],
        rejected: vec![0; points],
        broken: vec![0; points],
        p50_us: vec![0; points],
        p99_us: vec![0; points],
    };
    let mut pieces: Vec<Vec<&Judged>> = vec![Vec::new(); points];
    for judged in own {
        let at = usize::try_from(ms(judged.sample.planned) / every_ms).unwrap_or(usize::MAX);
        if let Some(piece) = pieces.get_mut(at) {
            piece.push(judged);
        }
    }
    for (at, piece) in pieces.iter().enumerate() {
        for judged in piece {
            match got(&judged.sample) {
                Got::Accepted => series.accepted[at] += 1,
                Got::Rejected => series.rejected[at] += 1,
                Got::Broken | Got::Unsent => series.broken[at] += 1,
            }
        }
        let all = percentiles(&Latencies::of_responses(piece.iter().map(|judged| &judged.sample)));
        (series.p50_us[at], series.p99_us[at]) = (all.p50, all.p99);
    }
    series
}
