//! All that a played scenario left behind. Pure from here on.

use super::desk::StreamName;
use crate::{
    issuer::{Ended, FetchEntry},
    model::chaos::{FaultAt, Symbols},
    traffic::{History, Owed, Policy, Sample, Span, owed},
};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// One request for a document. Times count from the beginning of the traffic.
#[derive(Debug, Clone, PartialEq)]
pub struct Fetch {
    /// When it came; zero where it was before the beginning.
    pub at: Duration,
    /// When it ended, or when the scenario did.
    pub until: Duration,
    /// The status that was answered.
    pub status: Option<u16>,
    /// Whether it got the true document.
    pub honest: bool,
    /// Whether it came before the traffic began.
    pub before: bool,
    /// Which instance of the target asked, where there are several.
    pub instance: Option<u32>,
}

impl Fetch {
    /// Reads an entry of a log.
    #[must_use]
    pub fn of(entry: &FetchEntry, zero: Instant, end: Duration) -> Fetch {
        let since = |moment: Instant| moment.saturating_duration_since(zero);
        Fetch {
            at: since(entry.at),
            until: entry.until.map_or(end, since),
            status: entry.status,
            honest: entry.honest && entry.ended == Ended::Answered,
            before: entry.at < zero,
            instance: entry.instance(),
        }
    }
}

/// A sample with what was owed to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// What was sent and what came of it.
    pub sample: Sample,
    /// What was owed.
    pub owed: Owed,
}

/// What a played scenario left behind. Times count from the beginning of the traffic.
#[derive(Debug, Clone)]
pub struct Record {
    /// The streams; samples name them by their place.
    pub streams: Vec<StreamName>,
    /// What was sent, in the order of planned starts.
    pub samples: Vec<Judged>,
    /// Requests for the key set, in order.
    pub jwks: Vec<Fetch>,
    /// Requests for the discovery document.
    pub discovery: Vec<Fetch>,
    /// Requests at the address to which nobody should be led.
    pub sink: Vec<Fetch>,
    /// The spans that windows name.
    pub spans: Vec<(String, Span)>,
    /// Which faults were on, and when.
    pub faults: Vec<(FaultAt, Span)>,
    /// Keys and impairments.
    pub history: History,
    /// When the scenario ended.
    pub end: Duration,
    /// The cache symbols, without `base`.
    pub symbols: Symbols,
    /// Whether the target was still there in the end.
    pub alive: bool,
}

impl Record {
    /// Judges the samples by the oracle; `history` says what an instance of the target could see.
    #[must_use]
    pub fn judged(
        samples: Vec<Sample>,
        streams: &[StreamName],
        history: &dyn Fn(Option<u32>) -> History,
        policy: &Policy,
    ) -> Vec<Judged> {
        let histories: BTreeMap<Option<u32>, History> =
            streams.iter().map(|stream| (stream.instance, history(stream.instance))).collect();
        let mut judged: Vec<Judged> = samples
            .into_iter()
            .filter_map(|sample| {
                let stream = streams.get(sample.stream)?;
                let from = sample.planned;
                let to = sample.answered.as_ref().map_or(from, |answered| answered.ended);
                let history = histories.get(&stream.instance)?;
                let owed = owed(stream.class, stream.key.as_deref(), from, to, history, policy);
                Some(Judged { sample, owed })
            })
            .collect();
        judged.sort_by_key(|judged| (judged.sample.planned, judged.sample.number));
        judged
    }

    /// The stream of a sample.
    #[must_use]
    pub fn stream(&self, sample: &Sample) -> Option<&StreamName> {
        self.streams.get(sample.stream)
    }

    /// When the first thing happened that was not there from the beginning: the calm before it gives `base`.
    #[must_use]
    pub fn calm(&self) -> Duration {
        let faults = self.faults.iter().map(|(_, span)| span.from);
        let changes = self.history.published.values().flatten().flat_map(|span| [Some(span.from), span.to]).flatten();
        let restarts = self.history.restarts.iter().copied();
        let first = faults.chain(changes).chain(restarts).filter(|moment| !moment.is_zero()).min();
        first.unwrap_or(self.end)
    }
}
