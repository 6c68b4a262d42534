//! Figures that people remember, out of a record.

use super::{
    measure::is_unknown,
    record::{Judged, Record},
    verdicts::accepted,
};
use crate::{
    model::chaos::{Facts, Fault, Measured, TokenClass},
    traffic::{Latencies, Lateness, Span},
};
use std::time::Duration;

/// Fewer tokens say nothing.
const ENOUGH: usize = 5;

/// What a record shows.
pub(super) fn facts(record: &Record) -> Facts {
    let forged: Vec<&Judged> = of(record, |class, _| class.is_forged()).collect();
    Facts {
        survived: survived(record),
        trusted_removed: longest(
            record.history.published.iter().filter_map(|(key, spans)| removed(record, key, spans)),
        ),
        took_new: longest(record.history.published.iter().filter_map(|(key, spans)| new(record, key, spans))),
        fetches_per_hundred: fetches_per_hundred(record),
        p99_while_hanging: p99_while_hanging(record),
        forged: (forged.len() as u64, forged.iter().filter(|judged| accepted(&judged.sample)).count() as u64),
    }
}

fn of(record: &Record, is: impl Fn(TokenClass, Option<&str>) -> bool) -> impl Iterator<Item = &Judged> {
    record.samples.iter().filter(move |judged| {
        record.stream(&judged.sample).is_some_and(|stream| is(stream.class, stream.key.as_deref()))
    })
}

fn by<'r>(record: &'r Record, key: &'r str, span: Span) -> Vec<&'r Judged> {
    of(record, move |class, own| !class.is_forged() && own == Some(key))
        .filter(|judged| span.contains(judged.sample.planned))
        .collect()
}

fn longest(all: impl Iterator<Item = Measured>) -> Option<Measured> {
    all.max_by(|one, other| one.seconds.total_cmp(&other.seconds))
}

fn is_outage(fault: &Fault) -> bool {
    match fault {
        Fault::Refuse | Fault::Blackhole | Fault::Reset | Fault::Hang => true,
        Fault::Status(status) => status.code >= 500,
        _ => false,
    }
}

/// How long good tokens by keys that were there before an outage were all taken in it; of the longest outage.
fn survived(record: &Record) -> Option<Measured> {
    let outages = record.faults.iter().filter(|(fault, _)| {
        let whole = fault.rule.percent.is_none() && fault.rule.first.is_none() && fault.rule.nth.is_none();
        fault.jwks && whole && is_outage(&fault.rule.fault)
    });
    let (_, outage) = outages.max_by_key(|(_, span)| span.to.unwrap_or(record.end).saturating_sub(span.from))?;
    let to = outage.to.unwrap_or(record.end);
    // Whoever starts in it had nothing to survive with.
    if record.history.restarts.iter().any(|restart| outage.contains(*restart)) {
        return None;
    }
    let known = |key: &str| {
        let spans = record.history.published.get(key).map_or(&[][..], Vec::as_slice);
        // In an outage nobody can learn that a key was removed.
        spans.iter().any(|span| span.from <= outage.from && span.contains(outage.from))
    };
    let mut seen = of(record, |class, key| class == TokenClass::Valid && key.is_some_and(known))
        .filter(|judged| outage.contains(judged.sample.planned))
        .peekable();
    seen.peek()?;
    let first = seen.find(|judged| !accepted(&judged.sample));
    let until = first.map_or(to, |judged| judged.sample.planned);
    Some(Measured { seconds: (until - outage.from).as_secs_f64(), at_least: first.is_none() })
}

/// When a key was last trusted after it was removed for good.
fn removed(record: &Record, key: &str, spans: &[Span]) -> Option<Measured> {
    let gone = spans.last()?.to?;
    // While the issuer cannot be asked, nobody can know.
    if record.history.impaired.iter().any(|span| span.contains(gone)) {
        return None;
    }
    let after = by(record, key, Span { from: gone, to: None });
    if after.len() < ENOUGH {
        return None;
    }
    let last = after.iter().rposition(|judged| accepted(&judged.sample));
    let seconds = last.map_or(Duration::ZERO, |last| after[last].sample.planned - gone).as_secs_f64();
    Some(Measured { seconds, at_least: last == Some(after.len() - 1) })
}

/// When a key was first taken after it was published and sent.
fn new(record: &Record, key: &str, spans: &[Span]) -> Option<Measured> {
    let came = spans.iter().find(|span| !span.from.is_zero())?;
    if spans.iter().any(|span| span.from.is_zero())
        || record.history.impaired.iter().any(|span| span.contains(came.from))
    {
        return None;
    }
    let after = by(record, key, *came);
    let first_sent = after.first()?.sample.planned;
    if after.len() < ENOUGH {
        return None;
    }
    let taken = after.iter().find(|judged| accepted(&judged.sample)).map(|judged| judged.sample.planned);
    let until = taken.unwrap_or(after.last()?.sample.planned);
    // What was not sent cannot be taken: the clock starts with the first token.
    let from = if first_sent - came.from < Duration::from_millis(500) { came.from } else { first_sent };
    Some(Measured { seconds: until.saturating_sub(from).as_secs_f64(), at_least: taken.is_none() })
}

fn fetches_per_hundred(record: &Record) -> Option<f64> {
    let unknown = of(record, |class, _| is_unknown(class)).count();
    let flood = unknown >= 100 && unknown * 2 >= record.samples.len();
    let fetches = record.jwks.iter().filter(|fetch| !fetch.before).count();
    flood.then(|| fetches as f64 * 100.0 / unknown as f64)
}

fn p99_while_hanging(record: &Record) -> Option<f64> {
    let hangs = record.faults.iter().filter(|(fault, _)| fault.jwks && fault.rule.fault == Fault::Hang);
    let spans: Vec<Span> = hangs.map(|(_, span)| *span).collect();
    let samples: Vec<_> = of(record, |class, _| class == TokenClass::Valid)
        .filter(|judged| spans.iter().any(|span| span.contains(judged.sample.planned)))
        .map(|judged| &judged.sample)
        .collect();
    if Lateness::of(samples.iter().copied()).is_saturated() {
        return None;
    }
    Latencies::of_responses(samples).quantile(0.99).map(|value| value.as_secs_f64())
}
