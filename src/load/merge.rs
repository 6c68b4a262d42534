//! Adds up the runs of several workers, exactly: histograms are added, not percentiles averaged.

use super::{
    gates::{judge, outcome_of},
    summary::percentiles,
};
use crate::model::{
    Outcome,
    chaos::Percentiles,
    load::{ClassLoad, Gate, LoadResult, LoadWindow},
};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use hdrhistogram::{
    Histogram,
    serialization::{Deserializer, Serializer, V2DeflateSerializer},
};

/// Wrong answers that are described.
const NAMED: usize = 8;

/// Why runs cannot be added up.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum MergeError {
    /// There is nothing to add.
    #[error("wanted at least two runs of load plans, found {0}")]
    TooFew(usize),
    /// One of them is no run of load plans.
    #[error("wanted runs of load plans, and {0} holds none")]
    NoLoad(String),
    /// One of them is about another target.
    #[error("wanted runs against {wanted:?}, found one against {found:?}")]
    OtherTarget {
        /// The first run's target.
        wanted: String,
        /// That of the other one.
        found: String,
    },
    /// One of them has other plans.
    #[error("wanted the plans {wanted:?} in every run, found {found:?}")]
    OtherPlans {
        /// The names of the first run's plans.
        wanted: Vec<String>,
        /// Those of the other one.
        found: Vec<String>,
    },
    /// Rates that several searched for, or pairs, are no sum.
    #[error(
        "wanted windows that can be added, and {0:?} is a search for the highest rate or a comparison of two targets"
    )]
    NoSum(String),
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

/// The sum of one plan's results, with its gates judged on it. Counts, histograms and seconds add up, and so do
/// throughputs, because the workers ran at the same time. What cannot be known of the sum is the worst of its parts: how
/// late tokens started, the service times, and the percentiles of each second.
///
/// # Errors
/// [`MergeError`].
pub fn merge(results: &[&LoadResult]) -> Result<LoadResult, MergeError> {
    let [first, others @ ..] = results else { return Err(MergeError::TooFew(0)) };
    if let Some(result) = results.iter().find(|result| result.maximum.is_some() || result.paired.is_some()) {
        return Err(MergeError::NoSum(result.id.clone()));
    }
    // Percentiles are no sum, and what users felt is not in the histograms.
    let mut sum = LoadResult { gates: Vec::new(), users: None, ..(*first).clone() };
    sum.notes = vec![format!("the sum of {} runs", results.len())];
    for note in results.iter().flat_map(|result| &result.notes) {
        if !sum.notes.contains(note) {
            sum.notes.push(note.clone());
        }
    }
    let names = |result: &LoadResult| result.windows.iter().map(|window| window.name.clone()).collect::<Vec<_>>();
    for other in others {
        if names(other) != names(first) {
            return Err(MergeError::OtherWindows { wanted: names(first), found: names(other) });
        }
        for (own, other) in sum.windows.iter_mut().zip(&other.windows) {
            add(own, other)?;
        }
    }
    let mut gates: Vec<Gate> = Vec::new();
    for gate in results.iter().flat_map(|result| &result.gates).filter_map(|result| result.gate()) {
        if !gates.contains(&gate) {
            gates.push(gate);
        }
    }
    sum.gates = sum.windows.iter().flat_map(|window| judge(&gates, window)).collect();
    let judged: Vec<_> = sum.gates.iter().filter(|gate| gate.outcome != Outcome::Skip).cloned().collect();
    sum.outcome = outcome_of(&judged);
    // A part that could not be decided leaves the sum undecided.
    if results.iter().any(|result| result.outcome == Outcome::Inconclusive) {
        sum.outcome = sum.outcome.max(Outcome::Inconclusive);
    }
    Ok(sum)
}

fn add(own: &mut LoadWindow, other: &LoadWindow) -> Result<(), MergeError> {
    let sent = [own.sent as f64, other.sent as f64];
    let mean = |[one, two]: [f64; 2]| (one * sent[0] + two * sent[1]) / (sent[0] + sent[1]).max(1.0);
    own.token_validation_ms.mean = mean([own.token_validation_ms.mean, other.token_validation_ms.mean]);
    own.generator.cpu_s_per_100k = mean([own.generator.cpu_s_per_100k, other.generator.cpu_s_per_100k]);
    own.cache_hit_ratio = match (own.cache_hit_ratio, other.cache_hit_ratio) {
        (Some(one), Some(two)) => Some(mean([one, two])),
        (one, two) => one.or(two),
    };
    own.payload_size_bytes = own.payload_size_bytes.max(other.payload_size_bytes);
    own.length_ms = own.length_ms.max(other.length_ms);
    own.incomplete |= other.incomplete;
    own.cut_off += other.cut_off;
    // Each worker may have started one of its own, or looked at the same one.
    own.target = None;
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
    own.wrong.truncate(NAMED);
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
    generator.memory += beside.memory;
    generator.lateness_us = worst(generator.lateness_us, beside.lateness_us);
    Ok(())
}

fn worst(one: Percentiles, two: Percentiles) -> Percentiles {
    Percentiles {
        p50: one.p50.max(two.p50),
        p90: one.p90.max(two.p90),
        p99: one.p99.max(two.p99),
        p999: one.p999.max(two.p999),
        max: one.max.max(two.max),
    }
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
    own.service_us = worst(own.service_us, other.service_us);
    let mut bytes = Vec::new();
    let written = V2DeflateSerializer::new().serialize(&sum, &mut bytes);
    own.histogram = written.map(|_| BASE64.encode(&bytes)).map_err(|_| MergeError::Histogram(own.name.clone()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        load::{
            arena::{Kind, Owed},
            gates::safety,
            tally::{Seen, Tally},
        },
        model::{Verdict, case::Source, chaos::TokenClass, load::Generator, spec::Severity},
    };
    use proptest::prelude::*;

    /// A window in which one token took so many microseconds each; every tenth is a forged one.
    fn window(times: &[u64]) -> LoadWindow {
        let kinds = [
            Kind { class: TokenClass::Valid, owed: Owed::Accept },
            Kind { class: TokenClass::BadSig, owed: Owed::Reject },
        ];
        let mut tally = Tally::over(&kinds, (0, 1_000_000_000));
        for (number, us) in times.iter().enumerate() {
            let (kind, verdict) = if number % 10 == 9 { (1, Verdict::Reject) } else { (0, Verdict::Accept) };
            tally.ended(&Seen { kind, planned: 0, started: 0, ended: us * 1000, verdict }, String::new);
        }
        super::super::summary::testing(&kinds, &tally)
    }

    fn result(window: LoadWindow) -> LoadResult {
        LoadResult {
            id: "mine".into(),
            title: String::new(),
            why: String::new(),
            fix: String::new(),
            severity: Severity::High,
            refs: Vec::new(),
            source: Source { file: String::new(), line: 1 },
            outcome: Outcome::Pass,
            notes: Vec::new(),
            drive: String::new(),
            gates: judge(&safety(), &window),
            windows: vec![window],
            maximum: None,
            paired: None,
            users: None,
        }
    }

    proptest! {
        #[test]
        fn the_sum_is_what_one_worker_would_have_seen(
            one in proptest::collection::vec(1u64..3_000_000, 1..60),
            two in proptest::collection::vec(1u64..3_000_000, 1..60),
        ) {
            // Each list in its own order, so that the classes of the whole are those of its parts.
            let parts = [result(window(&one)), result(window(&two))];
            let sum = merge(&[&parts[0], &parts[1]]).unwrap();
            let own = &sum.windows[0];
            prop_assert_eq!(own.sent, (one.len() + two.len()) as u64);
            let mut counts = [0u64; 2];
            for (place, class) in own.classes.iter().enumerate() {
                let histogram = read_histogram(class).unwrap();
                prop_assert_eq!(histogram.len(), class.sent);
                counts[place] = histogram.len();
                let mut wanted = read_histogram(&parts[0].windows[0].classes[place]).unwrap();
                wanted.auto(true);
                wanted.add(read_histogram(&parts[1].windows[0].classes[place]).unwrap()).unwrap();
                let steps = |own: &Histogram<u64>| -> Vec<(u64, u64)> {
                    own.iter_recorded().map(|step| (step.value_iterated_to(), step.count_at_value())).collect()
                };
                prop_assert_eq!(steps(&histogram), steps(&wanted));
            }
            let forged = (one.len() / 10 + two.len() / 10) as u64;
            prop_assert_eq!(counts, [own.sent - forged, forged]);
            prop_assert_eq!(sum.outcome, Outcome::Pass);
        }
    }

    #[test]
    fn what_breaks_a_gate_in_one_worker_breaks_it_in_the_sum() {
        let (good, mut bad) = (result(window(&[10; 20])), result(window(&[10; 20])));
        bad.windows[0].wrong_accepts = 1;
        let sum = merge(&[&good, &bad]).unwrap();
        assert_eq!((sum.outcome, sum.windows[0].wrong_accepts, sum.gates.len()), (Outcome::Fail, 1, 2));
        bad.windows[0].wrong_accepts = 0;
        bad.windows[0].incomplete = true;
        assert_eq!(merge(&[&good, &bad]).unwrap().outcome, Outcome::Inconclusive);
    }

    #[test]
    fn what_is_no_sum_is_refused() {
        let good = result(window(&[10; 20]));
        let mut other = good.clone();
        other.windows[0].name = "90% repeated".into();
        assert!(matches!(merge(&[&good, &other]), Err(MergeError::OtherWindows { .. })));
        let mut other = good.clone();
        other.windows[0].classes[0].histogram = "AAAA".into();
        assert_eq!(merge(&[&good, &other]), Err(MergeError::Histogram("valid".into())));
        let mut slow = good.clone();
        slow.windows[0].generator = Generator { saturated: true, ..Generator::default() };
        assert!(merge(&[&good, &slow]).unwrap().windows[0].generator.saturated);
    }
}
