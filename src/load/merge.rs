//! Adds up the runs of several workers, exactly: histograms are added, not percentiles averaged.

use super::summary::percentiles;
use crate::model::load::{ClassLoad, LoadResult, LoadWindow};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use hdrhistogram::{
    Histogram,
    serialization::{Deserializer, Serializer, V2DeflateSerializer},
};

/// Why runs cannot be added up.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum MergeError {
    /// There is nothing to add.
    #[error("wanted at least one run of the plan {0:?}")]
    Nothing(String),
    /// One of them has other windows.
    #[error("wanted the windows of {wanted:?} in every run, found {found:?}")]
    OtherWindows {
        /// The names of the first run's windows.
        wanted: Vec<String>,
        /// Those of the other one.
        found: Vec<String>,
    },
    /// A histogram is none.
    #[error("wanted an HdrHistogram (V2 with DEFLATE, base64) for the class {0}, found something else")]
    Histogram(String),
}

/// Reads the histogram of a class back, in microseconds.
///
/// # Errors
/// It is no histogram.
pub fn read_histogram(class: &ClassLoad) -> Result<Histogram<u64>, MergeError> {
    let wrong = || MergeError::Histogram(class.name.clone());
    let bytes = BASE64.decode(&class.histogram).map_err(|_| wrong())?;
    Deserializer::new().deserialize(&mut bytes.as_slice()).map_err(|_| wrong())
}

/// The sum of one plan's results. Throughputs add up, because the workers ran at the same time.
///
/// # Errors
/// [`MergeError`].
pub fn merge(results: &[&LoadResult]) -> Result<LoadResult, MergeError> {
    let [first, others @ ..] = results else { return Err(MergeError::Nothing(String::new())) };
    let mut sum = LoadResult { gates: Vec::new(), maximum: None, paired: None, ..(*first).clone() };
    sum.notes.push(format!("the sum of {} runs", results.len()));
    let names = |result: &LoadResult| result.windows.iter().map(|window| window.name.clone()).collect::<Vec<_>>();
    for other in others {
        if names(other) != names(first) {
            return Err(MergeError::OtherWindows { wanted: names(first), found: names(other) });
        }
        for (own, other) in sum.windows.iter_mut().zip(&other.windows) {
            add(own, other)?;
        }
    }
    Ok(sum)
}

fn add(own: &mut LoadWindow, other: &LoadWindow) -> Result<(), MergeError> {
    own.throughput_rps += other.throughput_rps;
    own.planned += other.planned;
    own.sent += other.sent;
    own.answered += other.answered;
    own.failed += other.failed;
    own.resent += other.resent;
    own.distinct += other.distinct;
    own.wrong_accepts += other.wrong_accepts;
    own.wrong_refusals += other.wrong_refusals;
    own.refused_as_expired += other.refused_as_expired;
    own.refused_by_signature += other.refused_by_signature;
    own.wrong.extend(other.wrong.iter().cloned());
    for class in &other.classes {
        match own.classes.iter_mut().find(|known| known.name == class.name) {
            Some(known) => add_class(known, class)?,
            None => own.classes.push(class.clone()),
        }
    }
    let mut all = super::tally::histogram(3);
    for class in &own.classes {
        // It grows by itself.
        let _ = all.add(read_histogram(class)?);
    }
    let at = |share: f64| all.value_at_quantile(share) as f64 / 1e3;
    let times = &mut own.token_validation_ms;
    (times.p50, times.p90, times.p95) = (at(0.5), at(0.9), at(0.95));
    (times.p99, times.p999, times.max) = (at(0.99), at(0.999), all.max() as f64 / 1e3);
    times.mean = all.mean() / 1e3;
    let (series, beside) = (&mut own.series, &other.series);
    let lists = [
        (&mut series.right, &beside.right),
        (&mut series.wrong_accepts, &beside.wrong_accepts),
        (&mut series.wrong_refusals, &beside.wrong_refusals),
        (&mut series.broken, &beside.broken),
    ];
    for (list, other) in lists {
        list.resize(list.len().max(other.len()), 0);
        list.iter_mut().zip(other).for_each(|(own, other)| *own += other);
    }
    // A percentile of two seconds cannot be known without their histograms: the worse one is shown.
    for (list, other) in [(&mut series.p50_us, &beside.p50_us), (&mut series.p99_us, &beside.p99_us)] {
        list.resize(list.len().max(other.len()), 0);
        list.iter_mut().zip(other).for_each(|(own, other)| *own = (*own).max(*other));
    }
    let (generator, beside) = (&mut own.generator, &other.generator);
    generator.threads += beside.threads;
    generator.cpu_percent = generator.cpu_percent.max(beside.cpu_percent);
    generator.late += beside.late;
    generator.held_up += beside.held_up;
    generator.unsent += beside.unsent;
    generator.backlog += beside.backlog;
    generator.in_flight += beside.in_flight;
    generator.connections += beside.connections;
    generator.saturated |= beside.saturated;
    Ok(())
}

fn add_class(own: &mut ClassLoad, other: &ClassLoad) -> Result<(), MergeError> {
    let mut sum = read_histogram(own)?;
    sum.auto(true);
    // It grows by itself.
    let _ = sum.add(read_histogram(other)?);
    let all = (own.sent + other.sent).max(1) as f64;
    own.service_mean_us = (own.service_mean_us * own.sent as f64 + other.service_mean_us * other.sent as f64) / all;
    own.sent += other.sent;
    own.accepted += other.accepted;
    own.rejected += other.rejected;
    own.turned_away += other.turned_away;
    own.broken += other.broken;
    own.response_us = percentiles(&sum);
    let mut bytes = Vec::new();
    let written = V2DeflateSerializer::new().serialize(&sum, &mut bytes);
    own.histogram = written.map(|_| BASE64.encode(&bytes)).map_err(|_| MergeError::Histogram(own.name.clone()))?;
    Ok(())
}
