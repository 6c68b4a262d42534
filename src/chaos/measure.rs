//! What a claim is about, as a number.

use super::{
    desk::StreamName,
    record::{Fetch, Judged, Record},
    verdicts::{Got, accepted, got, is_odd},
};
use crate::{
    model::{
        Verdict,
        chaos::{Assertion, Metric, Quantity, Subject, TokenClass, Window},
    },
    traffic::{Latencies, Lateness, Owed, Sample},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// A value with what it rests on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Value {
    /// In the unit of the claim: percent, a number, per second, seconds.
    pub(super) value: f64,
    /// How many samples or requests it is about.
    pub(super) n: u64,
    /// The true value is at least this: the scenario ended before.
    pub(super) at_least: bool,
    /// Why it cannot be trusted where it keeps to the limit.
    pub(super) doubt: Option<String>,
    /// Why it says nothing about the target where it does not keep to the limit.
    pub(super) excuse: Option<String>,
    /// The samples that speak against the claim, by their place.
    pub(super) against: Vec<usize>,
}

impl Value {
    /// A value that is what it is, resting on so many samples.
    fn of(value: f64, n: u64, against: Vec<usize>) -> Self {
        Value { value, n, at_least: false, doubt: None, excuse: None, against }
    }
}

/// What a measurement came to.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Measured {
    Value(Value),
    /// Nothing was there to be measured, and why.
    Nothing(&'static str),
    /// It cannot be trusted, and why.
    Doubtful(String),
}

/// The bounds of a window.
pub(super) fn bounds(window: &Window, record: &Record) -> Option<(Duration, Duration)> {
    let named = |name: &String| record.spans.iter().find(|(own, _)| own == name).map(|(_, span)| *span);
    let end = record.end;
    Some(match window {
        Window::Always => (Duration::ZERO, end),
        Window::Before(name) => (Duration::ZERO, named(name)?.from),
        Window::During(name) => named(name).map(|span| (span.from, span.to.unwrap_or(end)))?,
        Window::After(name) => (named(name)?.to.unwrap_or(end), end),
        Window::Since(name) => (named(name)?.from, end),
    })
}

/// Measures what a claim is about within its window.
pub(super) fn measure(claim: &Assertion, record: &Record, window: (Duration, Duration)) -> Measured {
    let fetches = match &claim.of {
        Subject::Jwks => Some(&record.jwks),
        Subject::Discovery => Some(&record.discovery),
        Subject::Sink => Some(&record.sink),
        _ => None,
    };
    if let Some(fetches) = fetches {
        return of_fetches(claim.metric, fetches, window);
    }
    match &claim.of {
        Subject::Amplification => amplification(record, window),
        Subject::Target => plain(f64::from(u8::from(!record.alive)), 1),
        of => of_tokens(claim, of, record, window),
    }
}

fn plain(value: f64, n: u64) -> Measured {
    Measured::Value(Value::of(value, n, Vec::new()))
}

pub(super) fn is_about(of: &Subject, stream: &StreamName) -> bool {
    match of {
        Subject::Tokens(class, key) => stream.class == *class && (key.is_none() || stream.key == *key),
        Subject::By(key) => stream.key.as_ref() == Some(key),
        Subject::Forged => stream.class.is_forged(),
        Subject::At(of, instance) => stream.instance == Some(*instance) && is_about(of, stream),
        _ => false,
    }
}

fn within<'r>(of: &Subject, record: &'r Record, (from, to): (Duration, Duration)) -> Vec<(usize, &'r Judged)> {
    let is_in = |judged: &Judged| judged.sample.planned >= from && judged.sample.planned < to;
    let about = |judged: &Judged| record.stream(&judged.sample).is_some_and(|stream| is_about(of, stream));
    record.samples.iter().enumerate().filter(|(_, judged)| is_in(judged) && about(judged)).collect()
}

fn of_tokens(claim: &Assertion, of: &Subject, record: &Record, window: (Duration, Duration)) -> Measured {
    let all = within(of, record, window);
    if all.is_empty() {
        return Measured::Nothing("no such token was sent in this window");
    }
    let is_share = matches!(claim.bound.limit, Quantity::Percent(_));
    let count = |is: &dyn Fn(&Judged) -> bool| -> Vec<usize> {
        all.iter().filter(|(_, judged)| is(judged)).map(|(place, _)| *place).collect()
    };
    let n = all.len() as u64;
    let number = |found: Vec<usize>| {
        let value = if is_share { percent(found.len(), all.len()) } else { found.len() as f64 };
        Measured::Value(Value::of(value, n, found))
    };
    let measured = match claim.metric {
        Metric::Accepted => of_debts(&all, is_share),
        Metric::Rejected => number(count(&|judged| got(&judged.sample) == Got::Rejected)),
        Metric::Unavailable => number(count(&|judged| got(&judged.sample) == Got::Broken)),
        Metric::Odd => number(count(&|judged| is_odd(&judged.sample))),
        Metric::Count => plain(n as f64, n),
        Metric::Rate => plain(n as f64 / (window.1 - window.0).as_secs_f64().max(0.001), n),
        Metric::Availability => {
            let against = count(&|judged| !accepted(&judged.sample));
            let value = percent(all.len() - against.len(), all.len());
            Measured::Value(Value::of(value, n, against))
        }
        Metric::P50 => latency(&all, |latencies| latencies.quantile(0.5)),
        Metric::P99 => latency(&all, |latencies| latencies.quantile(0.99)),
        Metric::Longest => latency(&all, Latencies::max),
        Metric::TimeToAccept => time_to_accept(&all, window),
        Metric::Recovery => recovery(&all, window),
        Metric::LastAccept => last_accept(&all, window),
        Metric::Flips => flips(&all),
        Metric::AtOnce | Metric::Factor => Measured::Nothing("this is no measure of tokens"),
    };
    match measured {
        Measured::Value(value) => {
            Measured::Value(Value { excuse: starved(claim.metric, &all, &value.against), ..value })
        }
        other => other,
    }
}

/// Where the sender did not keep its schedule, and nothing that the target decided speaks against it, the machine had no
/// time for either of them. For a count that is so where no answer came in time: an answer, whichever it is, is the
/// target's own. A time to wait for the first good answer depends on the machine in the answers of overload as well: there
/// only a refusal is the target's own.
fn starved(metric: Metric, all: &[(usize, &Judged)], against: &[usize]) -> Option<String> {
    let silent = |sample: &Sample| matches!(sample.verdict(), None | Some(Verdict::Timeout));
    let undecided = |sample: &Sample| matches!(got(sample), Got::Broken | Got::Unsent) && !is_odd(sample);
    let (excusable, what): (&dyn Fn(&Sample) -> bool, _) = match metric {
        Metric::Accepted | Metric::Availability | Metric::Unavailable => (&silent, "missing answers"),
        Metric::TimeToAccept | Metric::Recovery => (&undecided, "missing answers and those that decide nothing"),
        _ => return None,
    };
    let places: BTreeSet<usize> = against.iter().copied().collect();
    let mut speaks = all.iter().filter(|(place, _)| places.contains(place));
    let lateness = Lateness::of(all.iter().map(|(_, judged)| &judged.sample));
    let starved = !against.is_empty() && lateness.is_saturated() && speaks.all(|(_, judged)| excusable(&judged.sample));
    starved.then(|| {
        format!(
            "the sender did not keep its schedule ({} of {} tokens started late), and nothing but {what} speaks against the \
             target: {}",
            lateness.late(),
            all.len(),
            against.len()
        )
    })
}

fn percent(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 }
}

/// Only what was owed counts: a share of acceptances that were owed, or a number of refusals that were not given.
fn of_debts(all: &[(usize, &Judged)], is_share: bool) -> Measured {
    let wanted = if is_share { Owed::Accept } else { Owed::Reject };
    let owed: Vec<_> = all.iter().filter(|(_, judged)| judged.owed == wanted).collect();
    if owed.is_empty() {
        return Measured::Nothing(match wanted {
            Owed::Accept => "no token was owed an acceptance in this window",
            _ => "no token was owed a refusal in this window",
        });
    }
    let against: Vec<usize> =
        owed.iter().filter(|(_, judged)| accepted(&judged.sample) != is_share).map(|(place, _)| *place).collect();
    let graced = all.iter().filter(|(_, judged)| judged.owed == Owed::Grace).count();
    if against.is_empty() && graced * 2 > all.len() {
        return Measured::Doubtful(format!(
            "{graced} of {} tokens were owed nothing in this window, and of the others all got what they were owed",
            all.len()
        ));
    }
    let value = if is_share { percent(owed.len() - against.len(), owed.len()) } else { against.len() as f64 };
    Measured::Value(Value::of(value, owed.len() as u64, against))
}

fn latency(all: &[(usize, &Judged)], pick: impl Fn(&Latencies) -> Option<Duration>) -> Measured {
    let samples = || all.iter().map(|(_, judged)| &judged.sample);
    let lateness = Lateness::of(samples());
    let doubt = lateness.is_saturated().then(|| {
        format!(
            "the sender did not keep its schedule: {} of {} tokens started late, {} were not sent",
            lateness.late(),
            all.len(),
            lateness.unsent()
        )
    });
    // What we were late with is not the target's; from the real start even a late sender sees a slow one.
    let own = |sample: &Sample| if doubt.is_some() { sample.service() } else { sample.response() };
    let mut latencies = Latencies::default();
    samples().filter_map(own).for_each(|latency| latencies.record(latency));
    match pick(&latencies) {
        None => Measured::Nothing("no token was answered in this window"),
        Some(value) => {
            let against = all.iter().filter(|(_, judged)| own(&judged.sample).is_some_and(|own| own >= value));
            let against = against.map(|(place, _)| *place).collect();
            Measured::Value(Value { doubt, ..Value::of(value.as_secs_f64(), latencies.count(), against) })
        }
    }
}

fn since(sample: &Sample, from: Duration) -> f64 {
    sample.planned.saturating_sub(from).as_secs_f64()
}

fn time_to_accept(all: &[(usize, &Judged)], (from, to): (Duration, Duration)) -> Measured {
    let first = all.iter().find(|(_, judged)| accepted(&judged.sample));
    let before = all.iter().take_while(|(_, judged)| !accepted(&judged.sample)).map(|(place, _)| *place).collect();
    let value = first.map_or((to - from).as_secs_f64(), |(_, judged)| since(&judged.sample, from));
    Measured::Value(Value { at_least: first.is_none(), ..Value::of(value, all.len() as u64, before) })
}

fn recovery(all: &[(usize, &Judged)], (from, to): (Duration, Duration)) -> Measured {
    let against: Vec<usize> =
        all.iter().filter(|(_, judged)| !accepted(&judged.sample)).map(|(place, _)| *place).collect();
    let last = all.iter().rposition(|(_, judged)| !accepted(&judged.sample));
    let never = last.is_some_and(|last| last + 1 == all.len());
    let value = match last {
        None => 0.0,
        Some(_) if never => (to - from).as_secs_f64(),
        Some(last) => since(&all[last].1.sample, from),
    };
    Measured::Value(Value { at_least: never, ..Value::of(value, all.len() as u64, against) })
}

fn last_accept(all: &[(usize, &Judged)], (from, to): (Duration, Duration)) -> Measured {
    let last = all.iter().rposition(|(_, judged)| accepted(&judged.sample));
    let still = last.is_some_and(|last| last + 1 == all.len());
    let value = match last {
        None => 0.0,
        Some(_) if still => (to - from).as_secs_f64(),
        Some(last) => since(&all[last].1.sample, from),
    };
    let against = last.map(|last| all[last].0).into_iter().collect();
    Measured::Value(Value { at_least: still, ..Value::of(value, all.len() as u64, against) })
}

/// How often an acceptance was followed by anything else, stream by stream.
fn flips(all: &[(usize, &Judged)]) -> Measured {
    let mut before: BTreeMap<usize, bool> = BTreeMap::new();
    let mut against = Vec::new();
    for (place, judged) in all {
        let now = accepted(&judged.sample);
        if before.insert(judged.sample.stream, now) == Some(true) && !now {
            against.push(*place);
        }
    }
    Measured::Value(Value::of(against.len() as f64, all.len() as u64, against))
}

fn of_fetches(metric: Metric, fetches: &[Fetch], (from, to): (Duration, Duration)) -> Measured {
    let length = (to - from).as_secs_f64();
    let own: Vec<&Fetch> = fetches.iter().filter(|fetch| !fetch.before && fetch.at >= from && fetch.at < to).collect();
    let n = own.len() as u64;
    match metric {
        Metric::Count => plain(n as f64, n),
        Metric::Rate => plain(n as f64 / length.max(0.001), n),
        Metric::Longest => {
            let longest = own.iter().map(|fetch| fetch.until.saturating_sub(fetch.at)).max();
            plain(longest.unwrap_or_default().as_secs_f64(), n)
        }
        Metric::AtOnce => {
            let open = |moment: Duration| own.iter().filter(|fetch| fetch.at <= moment && moment < fetch.until).count();
            let most = own.iter().map(|fetch| open(fetch.at)).max();
            plain(most.unwrap_or(0) as f64, n)
        }
        _ => Measured::Nothing("this is no measure of requests"),
    }
}

/// Requests for each token with an unknown `kid`.
fn amplification(record: &Record, (from, to): (Duration, Duration)) -> Measured {
    let unknown = record.samples.iter().filter(|judged| {
        let is_in = judged.sample.planned >= from && judged.sample.planned < to;
        is_in && record.stream(&judged.sample).is_some_and(|stream| is_unknown(stream.class))
    });
    let unknown = unknown.count();
    if unknown == 0 {
        return Measured::Nothing("no token with an unknown kid was sent in this window");
    }
    let own = record.jwks.iter().filter(|fetch| !fetch.before && fetch.at >= from && fetch.at < to).count();
    plain(own as f64 / unknown as f64, unknown as u64)
}

/// Whether the `kid` is one that nobody published.
pub(super) fn is_unknown(class: TokenClass) -> bool {
    class.is_of_no_key() || class == TokenClass::JkuLure
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic::Answered;

    fn judged(late: Duration, verdict: Verdict) -> Judged {
        let planned = Duration::from_secs(1);
        let started = planned + late;
        let answered = Answered { started, ended: started, verdict, status: None, because: Box::default() };
        Judged { sample: Sample { stream: 0, number: 1, planned, answered: Some(answered) }, owed: Owed::Accept }
    }

    fn is_excused(metric: Metric, late: Duration, verdict: Verdict) -> bool {
        let own = [judged(late, Verdict::Accept), judged(late, verdict)];
        let all: Vec<_> = own.iter().enumerate().collect();
        starved(metric, &all, &[1]).is_some()
    }

    #[test]
    fn a_busy_machine_excuses_what_it_can_have_caused_and_nothing_else() {
        let (late, in_time) = (Duration::from_millis(500), Duration::ZERO);
        for metric in [Metric::Accepted, Metric::TimeToAccept, Metric::Recovery] {
            assert!(is_excused(metric, late, Verdict::Timeout));
            assert!(
                !is_excused(metric, in_time, Verdict::Timeout),
                "the sender was in time, so it is the target that hangs"
            );
            assert!(!is_excused(metric, late, Verdict::Reject) && !is_excused(metric, late, Verdict::OddAnswer));
        }
        assert!(!is_excused(Metric::Accepted, late, Verdict::ServerError));
        assert!(is_excused(Metric::Recovery, late, Verdict::ServerError), "how long it sheds load is the machine's");
        assert!(!is_excused(Metric::Recovery, in_time, Verdict::ServerError));
        assert!(!is_excused(Metric::LastAccept, late, Verdict::Timeout));
    }
}
