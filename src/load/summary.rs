//! From tallies to the figures of a report.

use super::{
    arena::Arena,
    beat::Beat,
    engine::Order,
    tally::{ClassTally, Tally, histogram},
    window::Moment,
};
use crate::{
    model::{
        chaos::{Percentiles, TokenClass},
        load::{ClassLoad, Generator, LoadSeries, LoadWindow, Milliseconds, TargetUse},
    },
    target::MemoryGauge,
};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use hdrhistogram::{
    Histogram,
    serialization::{Serializer, V2DeflateSerializer},
};
use std::{collections::BTreeMap, time::Duration};

/// Seconds that stay open for the beats of slower threads.
const OPEN: usize = 4;
/// The share of late starts above which speeds say more about us than about the target.
const TOO_MANY: f64 = 0.01;
/// Repeated tokens must be so many before their cache is guessed at.
const ENOUGH: u64 = 50;
/// A kept verdict takes less than this share of the time of the fastest new tokens. The same signature again is some
/// percent faster without any cache of verdicts.
const KEPT: f64 = 0.85;

/// One second of all threads.
#[derive(Debug, Clone, Default)]
struct Row {
    right: u32,
    wrong_accepts: u32,
    wrong_refusals: u32,
    broken: u32,
    p50_us: u64,
    p99_us: u64,
    service_ns: u64,
    count: u32,
}

/// The seconds of a window. Histograms are kept only while a second is open, so that a long run takes no more memory than
/// a short one.
#[derive(Debug, Default)]
pub(super) struct Rows {
    open: BTreeMap<usize, Beat>,
    closed: BTreeMap<usize, Row>,
}

impl Rows {
    /// Takes a beat in; the seconds that are over come back.
    pub fn add(&mut self, beat: Beat) -> Vec<Moment> {
        let second = beat.second;
        match self.open.get_mut(&second) {
            Some(open) => open.add(beat),
            None => drop(self.open.insert(second, beat)),
        }
        let mut over = Vec::new();
        while self.open.len() > OPEN {
            over.extend(self.close_first());
        }
        over
    }

    /// Closes every second.
    pub fn close(&mut self) -> Vec<Moment> {
        let mut over = Vec::new();
        while !self.open.is_empty() {
            over.extend(self.close_first());
        }
        over
    }

    fn close_first(&mut self) -> Option<Moment> {
        let (second, beat) = self.open.pop_first()?;
        let mut all = histogram(2);
        for own in beat.responses.values() {
            // It grows by itself.
            let _ = all.add(own);
        }
        let row = self.closed.entry(second).or_default();
        row.right += beat.right;
        row.wrong_accepts += beat.wrong_accepts;
        row.wrong_refusals += beat.wrong_refusals;
        row.broken += beat.broken;
        row.service_ns += beat.service_ns;
        row.count += beat.count();
        row.p50_us = row.p50_us.max(all.value_at_quantile(0.5));
        row.p99_us = row.p99_us.max(all.value_at_quantile(0.99));
        Some(Moment {
            second,
            count: beat.count(),
            wrong: beat.wrong_accepts + beat.wrong_refusals,
            broken: beat.broken,
            p99_us: row.p99_us,
        })
    }

    fn series(mut self, length: Duration, memory: Vec<u64>) -> LoadSeries {
        self.close();
        let seconds = length.as_secs_f64().ceil().max(1.0) as usize;
        let mut rows: Vec<Row> = vec![Row::default(); seconds];
        for (second, row) in self.closed {
            // Answers that come after the end belong to the last second.
            let own = &mut rows[second.min(seconds - 1)];
            own.right += row.right;
            own.wrong_accepts += row.wrong_accepts;
            own.wrong_refusals += row.wrong_refusals;
            own.broken += row.broken;
            own.service_ns += row.service_ns;
            own.count += row.count;
            own.p50_us = own.p50_us.max(row.p50_us);
            own.p99_us = own.p99_us.max(row.p99_us);
        }
        LoadSeries {
            every_ms: 1000,
            right: rows.iter().map(|row| row.right).collect(),
            wrong_accepts: rows.iter().map(|row| row.wrong_accepts).collect(),
            wrong_refusals: rows.iter().map(|row| row.wrong_refusals).collect(),
            broken: rows.iter().map(|row| row.broken).collect(),
            p50_us: rows.iter().map(|row| row.p50_us).collect(),
            p99_us: rows.iter().map(|row| row.p99_us).collect(),
            mean_us: rows.iter().map(|row| round(row.service_ns as f64 / 1e3 / f64::from(row.count.max(1)))).collect(),
            memory,
        }
    }
}

/// What a started target used, as somebody saw who looked once a second.
#[derive(Debug, Clone, Default)]
pub struct Resources {
    first: Option<Duration>,
    last: Option<Duration>,
    memory: Vec<u64>,
}

impl Resources {
    /// Looks at it once.
    pub fn look(&mut self, gauge: &MemoryGauge) {
        let processor = gauge.processor();
        self.first = self.first.or(processor);
        self.last = processor.or(self.last);
        self.memory.extend(gauge.read().map(|reading| reading.resident));
    }

    /// Writes it into a window that somebody else measured meanwhile.
    pub fn settle(self, window: &mut LoadWindow) {
        if self.is_known() {
            window.target = Some(self.used(window.sent));
            window.series.memory = self.memory;
        }
    }

    /// Whether anything was seen.
    pub(super) fn is_known(&self) -> bool {
        self.last.is_some()
    }

    fn used(&self, tokens: u64) -> TargetUse {
        let cpu = self.last.unwrap_or_default().saturating_sub(self.first.unwrap_or_default()).as_secs_f64();
        TargetUse {
            cpu_s: round(cpu),
            cpu_s_per_million: round(cpu * 1e6 / tokens.max(1) as f64),
            memory_first: self.memory.first().copied().unwrap_or(0),
            memory_last: self.memory.last().copied().unwrap_or(0),
        }
    }
}

/// The figures of a window; its name and algorithm are the caller's.
pub(super) fn window(
    arena: &Arena,
    order: &Order,
    tally: &Tally,
    rows: Rows,
    resources: Option<Resources>,
) -> LoadWindow {
    let (from, end) = order.window();
    let to = tally.stopped.unwrap_or(end);
    // A window that was stopped in its first moment still has a length to divide by.
    let length = Duration::from_nanos((to - from).max(1_000_000));
    let sum = |pick: fn(&ClassTally) -> u64| tally.classes.iter().map(pick).sum::<u64>();
    let sent = sum(ClassTally::sent);
    let failed = sum(|class| class.failed);
    let mut responses = histogram(3);
    for class in &tally.classes {
        // It grows by itself.
        let _ = responses.add(&class.response);
    }
    let service_ns = sum(|class| class.service_ns);
    let classes = arena.kinds().iter().zip(&tally.classes);
    let started = order.arrivals(0, 1).is_some();
    let late = tally.late + tally.held_up + tally.unsent;
    let planned = sent + tally.unsent;
    let (memory, used) = resources.map_or((Vec::new(), None), |seen| (seen.memory.clone(), Some(seen.used(sent))));
    LoadWindow {
        name: String::new(),
        throughput_rps: round((sent - failed) as f64 / length.as_secs_f64()),
        token_validation_ms: milliseconds(&responses, service_ns, sent, started),
        payload_size_bytes: arena.median_token,
        cache_hit_ratio: cache_hits(arena, tally),
        alg: String::new(),
        length_ms: u64::try_from(length.as_millis()).unwrap_or(u64::MAX),
        planned,
        sent,
        answered: sent - failed,
        failed,
        resent: tally.resent,
        incomplete: tally.stopped.is_some(),
        cut_off: tally.cut_off,
        distinct: arena.distinct,
        wrong_accepts: sum(|class| class.wrong_accepts),
        wrong_refusals: sum(|class| class.wrong_refusals),
        refused_as_expired: tally.expired,
        refused_by_signature: tally.by_signature,
        wrong: tally.wrong.clone(),
        classes: classes.map(|(kind, class)| class_load(kind.class, class)).collect(),
        series: rows.series(length, memory),
        generator: Generator {
            threads: order.threads.max(1),
            cpu_percent: round(tally.busiest_ns as f64 / length.as_nanos() as f64 * 100.0),
            cpu_s_per_100k: round3(tally.cpu_ns as f64 / 1e9 * 1e5 / sent.max(1) as f64),
            lateness_us: if started { percentiles(&tally.lateness) } else { Percentiles::default() },
            late: tally.late,
            held_up: tally.held_up,
            unsent: tally.unsent,
            backlog: tally.backlog,
            in_flight: tally.in_flight,
            connections: tally.connections,
            saturated: planned > 0 && late as f64 > planned as f64 * TOO_MANY,
            memory: own_memory(),
        },
        target: used,
    }
}

/// The window of a tally by itself.
#[cfg(test)]
pub(super) fn testing(kinds: &[super::arena::Kind], tally: &Tally) -> LoadWindow {
    let order = Order {
        drive: crate::model::load::Drive::Connections(1),
        warm_up: Duration::ZERO,
        duration: Duration::from_secs(1),
        threads: 1,
        most: 1,
        seed: 0,
        first: 0,
        stop: std::sync::Arc::default(),
        users: None,
    };
    window(&Arena::new(kinds.to_vec()), &order, tally, Rows::default(), None)
}

fn class_load(class: TokenClass, tally: &ClassTally) -> ClassLoad {
    let mut bytes = Vec::new();
    // Writing to a vector cannot fail, and an empty text says that nothing could be written.
    let written = V2DeflateSerializer::new().serialize(&tally.response, &mut bytes);
    ClassLoad {
        name: class.to_string(),
        forged: class.is_forged(),
        sent: tally.sent(),
        accepted: tally.accepted,
        rejected: tally.rejected,
        turned_away: tally.turned_away,
        broken: tally.broken,
        response_us: percentiles(&tally.response),
        service_us: percentiles(&tally.service),
        service_mean_us: round(tally.service_ns as f64 / 1e3 / tally.sent().max(1) as f64),
        histogram: written.map(|_| BASE64.encode(&bytes)).unwrap_or_default(),
    }
}

/// Percentiles of a histogram of microseconds.
pub(super) fn percentiles(histogram: &Histogram<u64>) -> Percentiles {
    let at = |share: f64| if histogram.is_empty() { 0 } else { histogram.value_at_quantile(share) };
    Percentiles {
        p50: at(0.5),
        p90: at(0.9),
        p99: at(0.99),
        p999: at(0.999),
        max: if histogram.is_empty() { 0 } else { histogram.max() },
    }
}

fn milliseconds(responses: &Histogram<u64>, service_ns: u64, sent: u64, open: bool) -> Milliseconds {
    let at = |share: f64| if responses.is_empty() { 0.0 } else { responses.value_at_quantile(share) as f64 / 1e3 };
    // The exact mean where service and response are the same.
    let exact = service_ns as f64 / 1e6 / sent.max(1) as f64;
    Milliseconds {
        mean: round3(if open { responses.mean() / 1e3 } else { exact }),
        p50: at(0.5),
        p90: at(0.9),
        p95: at(0.95),
        p99: at(0.99),
        p999: at(0.999),
        max: if responses.is_empty() { 0.0 } else { responses.max() as f64 / 1e3 },
    }
}

/// The share of repeated tokens that were answered from a cache.
fn cache_hits(arena: &Arena, tally: &Tally) -> Option<f64> {
    let of = |wanted: TokenClass| arena.kinds().iter().position(|kind| kind.class == wanted);
    let (new, again) = (&tally.classes[of(TokenClass::Valid)?], &tally.classes[of(TokenClass::Replay)?]);
    (new.sent() >= ENOUGH && again.sent() >= ENOUGH).then(|| kept(&new.service, &again.service))
}

/// How many more of the repeated tokens than of the new ones are answered so fast that nothing can have been verified.
fn kept(new: &Histogram<u64>, again: &Histogram<u64>) -> f64 {
    let fast = (new.value_at_quantile(0.1) as f64 * KEPT) as u64;
    let (by_chance, seen) = (new.quantile_below(fast), again.quantile_below(fast));
    round3(((seen - by_chance) / (1.0 - by_chance)).clamp(0.0, 1.0))
}

pub(super) fn own_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) * 1024
}

fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

fn round3(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many answers, evenly between two times.
    fn even(between: std::ops::Range<u64>) -> Histogram<u64> {
        let mut own = histogram(3);
        between.for_each(|us| own.record(us).unwrap());
        own
    }

    #[test]
    fn some_percent_are_no_cache_of_verdicts() {
        let new = even(140..240);
        // Five percent faster, as the same signature again is on an ordinary processor.
        assert_eq!(kept(&new, &even(133..228)), 0.0);
        assert_eq!(kept(&new, &new), 0.0);
        assert_eq!(kept(&new, &even(60..110)), 1.0);
        let mut half = even(60..110);
        half.add(even(140..190)).unwrap();
        assert_eq!(kept(&new, &half), 0.5);
        // Where one in twenty new tokens is as fast for another reason, the same share of the repeated ones says nothing.
        let mut mixed = even(60..65);
        mixed.add(even(140..235)).unwrap();
        assert_eq!(kept(&mixed, &mixed), 0.0);
    }

    #[test]
    fn seconds_of_several_threads_add_up_and_late_answers_are_of_the_last_one() {
        let beat = |second, right, us: u64| {
            let mut responses = BTreeMap::new();
            let mut own = histogram(2);
            own.record_n(us, u64::from(right)).unwrap();
            responses.insert(0, own);
            Beat { right, service_ns: us * 1000 * u64::from(right), responses, ..Beat::new(second) }
        };
        let mut rows = Rows::default();
        for beat in [beat(0, 10, 100), beat(1, 5, 200), beat(0, 10, 100), beat(7, 1, 300)] {
            rows.add(beat);
        }
        let series = rows.series(Duration::from_secs(2), Vec::new());
        assert_eq!((series.right, series.p50_us), (vec![20, 6], vec![100, 301]));
        assert_eq!(series.mean_us, [100.0, 216.67]);
    }
}
