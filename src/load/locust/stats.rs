//! What a worker tells the master about its requests: what is new since it told it last.

use super::message::map;
use crate::load::{arena::Kind, beat::Beat};
use rmpv::Value;
use std::collections::BTreeMap;

/// How the rows of the master's table are headed.
const METHOD: &str = "JWT";

/// Requests of one class since the last message.
#[derive(Debug, Clone, Default)]
struct Entry {
    requests: u64,
    failures: u64,
    total_ms: f64,
    least_ms: f64,
    most_ms: f64,
    /// Rounded times with their counts.
    times: BTreeMap<u64, u64>,
    /// By second since the epoch.
    by_second: BTreeMap<u64, u64>,
    failed_by_second: BTreeMap<u64, u64>,
}

/// Everything since the last message, by class.
#[derive(Debug, Clone, Default)]
pub(super) struct Stats {
    entries: BTreeMap<usize, Entry>,
    /// Requests that were told to the master, in all.
    pub told: u64,
}

impl Stats {
    /// Takes a second in that began `start` seconds after the epoch.
    pub fn add(&mut self, beat: &Beat, start: u64) {
        let second = start + beat.second as u64;
        for (kind, times) in &beat.responses {
            let entry = self.entries.entry(*kind).or_default();
            let failed = u64::from(beat.bad.get(kind).copied().unwrap_or(0));
            for value in times.iter_recorded() {
                let ms = value.value_iterated_to() as f64 / 1e3;
                *entry.times.entry(rounded(ms)).or_default() += value.count_at_value();
                entry.total_ms += ms * value.count_at_value() as f64;
            }
            let (least, most) = (times.min() as f64 / 1e3, times.max() as f64 / 1e3);
            entry.least_ms = if entry.requests == 0 { least } else { entry.least_ms.min(least) };
            entry.most_ms = entry.most_ms.max(most);
            entry.requests += times.len();
            entry.failures += failed;
            *entry.by_second.entry(second).or_default() += times.len();
            if failed > 0 {
                *entry.failed_by_second.entry(second).or_default() += failed;
            }
        }
    }

    /// The data of a `stats` message, and a fresh beginning.
    pub fn take(&mut self, kinds: &[Kind], users: &[(String, u32)], now: f64) -> Value {
        let entries = std::mem::take(&mut self.entries);
        let name = |kind: usize| kinds.get(kind).map_or("token", |kind| kind.class.name());
        let mut total = Entry::default();
        let mut errors = Vec::new();
        for (kind, entry) in &entries {
            total.add(entry);
            if entry.failures > 0 {
                let error = map(vec![
                    ("name", name(*kind).into()),
                    ("method", METHOD.into()),
                    ("error", "wrong verdict or no usable answer".into()),
                    ("occurrences", entry.failures.into()),
                    ("first_seen", now.into()),
                    ("last_seen", now.into()),
                ]);
                errors.push((Value::from(format!("{METHOD}.{}", name(*kind))), error));
            }
        }
        self.told += total.requests;
        map(vec![
            (
                "stats",
                Value::Array(entries.iter().map(|(kind, entry)| entry.value(name(*kind), METHOD, now)).collect()),
            ),
            ("stats_total", total.value("Aggregated", "", now)),
            ("errors", Value::Map(errors)),
            ("user_classes_count", counts(users)),
            ("user_count", users.iter().map(|(_, count)| *count).sum::<u32>().into()),
        ])
    }
}

/// Users by class.
pub(super) fn counts(users: &[(String, u32)]) -> Value {
    Value::Map(users.iter().map(|(name, count)| (name.as_str().into(), (*count).into())).collect())
}

impl Entry {
    fn add(&mut self, other: &Entry) {
        self.least_ms = if self.requests == 0 { other.least_ms } else { self.least_ms.min(other.least_ms) };
        self.most_ms = self.most_ms.max(other.most_ms);
        self.requests += other.requests;
        self.failures += other.failures;
        self.total_ms += other.total_ms;
        for (list, others) in [
            (&mut self.times, &other.times),
            (&mut self.by_second, &other.by_second),
            (&mut self.failed_by_second, &other.failed_by_second),
        ] {
            others.iter().for_each(|(key, count)| *list.entry(*key).or_default() += count);
        }
    }

    fn value(&self, name: &str, method: &str, now: f64) -> Value {
        let list = |list: &BTreeMap<u64, u64>| {
            Value::Map(list.iter().map(|(key, count)| ((*key).into(), (*count).into())).collect())
        };
        map(vec![
            ("name", name.into()),
            ("method", method.into()),
            ("last_request_timestamp", now.into()),
            ("start_time", now.into()),
            ("num_requests", self.requests.into()),
            ("num_none_requests", 0.into()),
            ("num_failures", self.failures.into()),
            ("total_response_time", self.total_ms.into()),
            ("max_response_time", self.most_ms.into()),
            ("min_response_time", self.least_ms.into()),
            ("total_content_length", 0.into()),
            ("response_times", list(&self.times)),
            ("num_reqs_per_sec", list(&self.by_second)),
            ("num_fail_per_sec", list(&self.failed_by_second)),
        ])
    }
}

/// Locust keeps whole milliseconds below a hundred and two digits above.
fn rounded(ms: f64) -> u64 {
    match ms {
        _ if ms < 100.0 => ms.round() as u64,
        _ if ms < 1000.0 => (ms / 10.0).round() as u64 * 10,
        _ if ms < 10_000.0 => (ms / 100.0).round() as u64 * 100,
        _ => (ms / 1000.0).round() as u64 * 1000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        load::{arena::Owed, tally::histogram},
        model::chaos::TokenClass,
    };

    fn member<'v>(value: &'v Value, name: &str) -> &'v Value {
        let Value::Map(members) = value else { panic!("a map") };
        &members.iter().find(|(key, _)| key.as_str() == Some(name)).unwrap().1
    }

    #[test]
    fn every_request_is_told_once() {
        let kinds = [Kind { class: TokenClass::Valid, owed: Owed::Accept }];
        let mut beat = Beat::new(3);
        let mut times = histogram(2);
        times.record_n(1_400, 5).unwrap();
        times.record_n(250_000, 2).unwrap();
        beat.responses.insert(0, times);
        beat.bad.insert(0, 2);
        let mut stats = Stats::default();
        stats.add(&beat, 100);
        stats.add(&beat, 100);
        let told = stats.take(&kinds, &[("Tokens".into(), 4)], 104.0);
        let total = member(&told, "stats_total");
        assert_eq!(
            (member(total, "num_requests").as_u64(), member(total, "num_failures").as_u64()),
            (Some(14), Some(4))
        );
        let Value::Map(times) = member(total, "response_times") else { panic!("a map") };
        assert_eq!(times.iter().map(|(ms, _)| ms.as_u64().unwrap()).collect::<Vec<_>>(), [1, 250]);
        assert_eq!(member(&told, "user_count").as_u64(), Some(4));
        let again = stats.take(&kinds, &[], 105.0);
        assert_eq!(member(member(&again, "stats_total"), "num_requests").as_u64(), Some(0));
        assert_eq!(stats.told, 14);
    }
}
