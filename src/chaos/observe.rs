//! The target's own eyes: its metrics, and the Prometheus of its team.

use super::timeline::ms;
use crate::{model::chaos::OwnMetric, target::obtain};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::{
    task::JoinHandle,
    time::{MissedTickBehavior, interval, timeout},
};

/// How often the target's metrics are read.
const EVERY: Duration = Duration::from_secs(1);
/// The longest wait for an answer.
const WITHIN: Duration = Duration::from_secs(5);
/// Time series that are followed, and that a result names.
const FOLLOWED: usize = 5000;
const NAMED: usize = 40;
/// Points of a series that a result has.
const POINTS: usize = 600;
/// A series that moves this many times faster than in the calm has moved.
const FASTER: f64 = 2.0;

/// Where to look. Hosts beyond loopback must be allowed.
#[derive(Debug, Clone, Default)]
pub struct Eyes {
    /// The target's metrics.
    pub metrics: Option<String>,
    /// A Prometheus.
    pub prometheus: Option<String>,
    /// Hosts that may be asked.
    pub allowed: Vec<String>,
}

/// The followed series: times and values where they changed.
type Followed = BTreeMap<String, Vec<(Duration, f64)>>;

/// What was read so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Read(Arc<Mutex<Followed>>);

impl Eyes {
    /// The first value of a query; `None` where there is none.
    pub(super) async fn ask(&self, query: &str) -> Option<f64> {
        let base = self.prometheus.as_ref()?.trim_end_matches('/');
        let mut url = url::Url::parse(&format!("{base}/api/v1/query")).ok()?;
        url.query_pairs_mut().append_pair("query", query);
        let answer = obtain::document("observe.prometheus", url.as_str(), Path::new("."), &self.allowed);
        let body = timeout(WITHIN, answer).await.ok()?.ok()?;
        let answer: Value = serde_json::from_slice(&body).ok()?;
        let result = &answer["data"]["result"];
        // A scalar is a pair, a vector a list of samples that have one.
        let pair = if answer["data"]["resultType"] == "scalar" { result } else { &result[0]["value"] };
        pair[1].as_str()?.parse().ok()
    }

    /// Reads the target's metrics until the task is aborted.
    pub(super) fn follow(self: &Arc<Eyes>, zero: Instant, read: Read) -> Option<JoinHandle<()>> {
        let at = self.metrics.clone()?;
        let eyes = Arc::clone(self);
        Some(tokio::spawn(async move {
            let mut looks = interval(EVERY);
            looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                looks.tick().await;
                let answer = obtain::document("observe.metrics", &at, Path::new("."), &eyes.allowed);
                if let Ok(Ok(body)) = timeout(WITHIN, answer).await {
                    read.take(zero.elapsed(), &String::from_utf8_lossy(&body));
                }
            }
        }))
    }
}

impl Read {
    fn take(&self, at: Duration, text: &str) {
        let mut followed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, value) in text.lines().filter_map(sample) {
            let known = followed.len();
            match followed.get_mut(name) {
                Some(points) if points.len() >= POINTS || points.last().is_some_and(|(_, last)| *last == value) => {}
                Some(points) => points.push((at, value)),
                None if known < FOLLOWED => drop(followed.insert(name.to_owned(), vec![(at, value)])),
                None => {}
            }
        }
    }

    /// Those that moved, and during which spans they moved otherwise than in the calm, which is the time before `calm`.
    pub(super) fn moved(&self, calm: Duration, spans: &[(String, Duration, Duration)]) -> (usize, Vec<OwnMetric>) {
        let followed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<OwnMetric> = followed
            .iter()
            .filter(|(_, points)| points.len() > 1)
            .map(|(name, points)| {
                let usual = pace(points, Duration::ZERO, calm);
                let is_otherwise = |from: Duration, to: Duration| {
                    let pace = pace(points, from, to);
                    pace > usual * FASTER + 1e-9 || (usual > 0.0 && pace * FASTER < usual)
                };
                let moved = spans.iter().filter(|(_, from, to)| is_otherwise(*from, *to));
                OwnMetric {
                    name: name.clone(),
                    points: points.iter().map(|(at, value)| (ms(*at), *value)).collect(),
                    moved: moved.map(|(name, ..)| name.clone()).collect(),
                }
            })
            .collect();
        all.sort_by_key(|metric| metric.moved.is_empty());
        all.truncate(NAMED);
        (followed.len(), all)
    }
}

/// How much a series changes in a second, up and down taken together.
fn pace(points: &[(Duration, f64)], from: Duration, to: Duration) -> f64 {
    let within = points.windows(2).filter(|pair| pair[1].0 >= from && pair[1].0 < to);
    let change: f64 = within.map(|pair| (pair[1].1 - pair[0].1).abs()).sum();
    change / to.saturating_sub(from).as_secs_f64().max(0.5)
}

/// One line of the text format of Prometheus: name with labels, and value.
fn sample(line: &str) -> Option<(&str, f64)> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let end = match line.find('{') {
        Some(open) => open + line[open..].rfind('}')? + 1,
        None => line.find(char::is_whitespace)?,
    };
    let value: f64 = line[end..].split_ascii_whitespace().next()?.parse().ok()?;
    value.is_finite().then_some((&line[..end], value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_are_read_as_prometheus_writes_them() {
        assert_eq!(sample("up 1"), Some(("up", 1.0)));
        assert_eq!(
            sample("a_total{x=\"1 } 2\",y=\"z\"} 3.5e1 1700000000"),
            Some(("a_total{x=\"1 } 2\",y=\"z\"}", 35.0))
        );
        for no in ["", "# HELP up x", "up", "up one", "up NaN", "up{ 1"] {
            assert_eq!(sample(no), None, "{no}");
        }
    }

    #[test]
    fn what_moves_by_cause_is_told_from_what_always_moves() {
        let read = Read::default();
        for second in 0..20u64 {
            let errors = if second >= 10 { (second - 10) * 3 } else { 0 };
            let text = format!("requests_total {}\njwks_errors_total {errors}\nup 1\n", second * 50);
            read.take(Duration::from_secs(second), &text);
        }
        let spans = [("outage".to_owned(), Duration::from_secs(10), Duration::from_secs(20))];
        let (known, moved) = read.moved(Duration::from_secs(10), &spans);
        let named: Vec<_> = moved.iter().map(|metric| (metric.name.as_str(), metric.moved.len())).collect();
        assert_eq!((known, named), (3, vec![("jwks_errors_total", 1), ("requests_total", 0)]));
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in ".{0,200}") {
            Read::default().take(Duration::ZERO, &text);
        }
    }
}
