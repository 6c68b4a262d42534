//! The figures of a scenario while it is played: for guards, status lines and metrics.

use super::{
    desk::{Desk, StreamName},
    measure::is_about,
    timeline::ms,
    verdicts::{Got, got},
};
use crate::{
    issuer::{FaultyIssuer, FetchLog},
    model::chaos::{AlertSeen, Operation, Subject},
    traffic::Sample,
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};
use tokio::sync::mpsc;

/// Upper bounds of the latency histogram, in seconds.
pub(super) const BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
/// How far back ratios look.
pub(super) const RECENT: Duration = Duration::from_secs(10);
/// How long single answers are remembered.
const REMEMBERED: Duration = Duration::from_secs(120);
/// And how many of them, at most.
const MOST: usize = 100_000;
/// Messages that are kept.
const KEPT: usize = 1000;
/// Answers without which a share says nothing.
const ENOUGH: usize = 10;

/// What somebody orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Goes on behind a cue.
    Go,
    /// Ends every fault.
    Heal,
    /// Ends the scenario.
    Abort,
}

impl Order {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Order::Go => "go",
            Order::Heal => "heal",
            Order::Abort => "abort",
        }
    }
}

/// The counts of one stream.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    pub(super) accepted: u64,
    pub(super) rejected: u64,
    pub(super) unavailable: u64,
    pub(super) unsent: u64,
    /// Answers with a status of 401.
    pub(super) unauthorized: u64,
    /// Answers within each of [`BUCKETS`], and all of them.
    pub(super) within: [u64; BUCKETS.len()],
    pub(super) answered: u64,
    pub(super) seconds: f64,
    /// When the last one was taken.
    pub(super) last_accepted: Option<Duration>,
}

/// One answer, for shares of the last while.
#[derive(Debug, Clone, Copy)]
struct Answer {
    at: Duration,
    stream: usize,
    got: Got,
    unauthorized: bool,
}

#[derive(Debug, Default)]
struct Figures {
    streams: BTreeMap<usize, Tally>,
    recent: VecDeque<Answer>,
    operations: Vec<Operation>,
    alerts: Vec<AlertSeen>,
    /// When the first thing went wrong.
    wrong_since: Option<Duration>,
    cue: Option<String>,
    over: bool,
}

/// A scenario that is played.
pub struct Live {
    /// Its id.
    pub id: String,
    /// Not kept alive: its sockets close when the scenario is over, and its figures are still asked for.
    issuer: Weak<FaultyIssuer>,
    /// The requests for the key set.
    pub(super) fetches: FetchLog,
    pub(super) desk: Arc<Mutex<Desk>>,
    pub(super) zero: Instant,
    orders: mpsc::UnboundedSender<(Order, String)>,
    figures: Mutex<Figures>,
}

impl Live {
    pub(super) fn new(
        id: String,
        issuer: &Arc<FaultyIssuer>,
        desk: Arc<Mutex<Desk>>,
        zero: Instant,
    ) -> (Arc<Live>, mpsc::UnboundedReceiver<(Order, String)>) {
        let (orders, receiver) = mpsc::unbounded_channel();
        let (fetches, issuer) = (issuer.jwks.log().clone(), Arc::downgrade(issuer));
        (Arc::new(Live { id, issuer, fetches, desk, zero, orders, figures: Mutex::default() }), receiver)
    }

    /// What is wrong with the key set at the moment, and with the discovery document.
    pub(super) fn faults(&self) -> (Vec<String>, Vec<String>) {
        self.issuer.upgrade().map(|issuer| (issuer.jwks.faults(), issuer.discovery.faults())).unwrap_or_default()
    }

    fn figures(&self) -> MutexGuard<'_, Figures> {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an answer in.
    pub(super) fn add(&self, sample: &Sample) {
        let got = got(sample);
        let answered = sample.answered.as_ref();
        let at = answered.map_or(sample.planned, |answered| answered.ended);
        let unauthorized = answered.is_some_and(|answered| answered.status == Some(401));
        let mut figures = self.figures();
        let tally = figures.streams.entry(sample.stream).or_default();
        match got {
            Got::Accepted => {
                tally.accepted += 1;
                tally.last_accepted = tally.last_accepted.max(Some(sample.planned));
            }
            Got::Rejected => tally.rejected += 1,
            Got::Broken => tally.unavailable += 1,
            Got::Unsent => tally.unsent += 1,
        }
        tally.unauthorized += u64::from(unauthorized);
        if let Some(response) = sample.response().map(|response| response.as_secs_f64()) {
            tally.answered += 1;
            tally.seconds += response;
            for (count, bound) in tally.within.iter_mut().zip(BUCKETS) {
                *count += u64::from(response <= bound);
            }
        }
        figures.recent.push_back(Answer { at, stream: sample.stream, got, unauthorized });
        let horizon = at.saturating_sub(REMEMBERED);
        while figures.recent.len() > MOST || figures.recent.front().is_some_and(|answer| answer.at < horizon) {
            figures.recent.pop_front();
        }
    }

    /// The streams with their counts.
    pub(super) fn tallies(&self) -> Vec<(StreamName, Tally)> {
        let names = self.desk.lock().unwrap_or_else(PoisonError::into_inner).streams().to_vec();
        let figures = self.figures();
        figures.streams.iter().filter_map(|(place, tally)| Some((names.get(*place)?.clone(), tally.clone()))).collect()
    }

    /// The shares, in percent, of tokens that were taken and of those that were answered with 401, within the last while;
    /// `None` where too few were answered.
    pub(super) fn shares(&self, of: &Subject, within: Duration) -> Option<(f64, f64)> {
        let names = self.desk.lock().unwrap_or_else(PoisonError::into_inner).streams().to_vec();
        let since = self.zero.elapsed().saturating_sub(within);
        let figures = self.figures();
        let own: Vec<&Answer> = figures
            .recent
            .iter()
            .rev()
            .take_while(|answer| answer.at + Duration::from_secs(60) >= since)
            .filter(|answer| answer.at >= since && names.get(answer.stream).is_some_and(|name| is_about(of, name)))
            .collect();
        if own.len() < ENOUGH {
            return None;
        }
        let share = |count: usize| count as f64 * 100.0 / own.len() as f64;
        let taken = own.iter().filter(|answer| answer.got == Got::Accepted).count();
        Some((share(taken), share(own.iter().filter(|answer| answer.unauthorized).count())))
    }

    /// Gives an order, and writes down who gave it. False where the scenario is over.
    pub(super) fn give(&self, order: Order, by: &str) -> bool {
        let at_ms = ms(self.zero.elapsed());
        let mut figures = self.figures();
        if figures.over || self.orders.send((order, by.to_owned())).is_err() {
            return false;
        }
        if figures.operations.len() < KEPT {
            figures.operations.push(Operation { at_ms, order: order.name().into(), by: by.to_owned() });
        }
        true
    }

    /// Writes down what an alert manager says.
    pub(super) fn alert(&self, name: String, firing: bool) {
        let at = self.zero.elapsed();
        let mut figures = self.figures();
        if !figures.over && figures.alerts.len() < KEPT {
            let after_ms = figures.wrong_since.map(|since| ms(at.saturating_sub(since)));
            figures.alerts.push(AlertSeen { at_ms: ms(at), name, firing, after_ms });
        }
    }

    /// Something goes wrong from now on: a fault, or a key that is gone.
    pub(super) fn goes_wrong(&self) {
        let at = self.zero.elapsed();
        self.figures().wrong_since.get_or_insert(at);
    }

    /// What people are asked for, and whether they are.
    pub(super) fn cue(&self, cue: Option<String>) {
        self.figures().cue = cue;
    }

    /// What people are asked for now.
    #[must_use]
    pub fn asks(&self) -> Option<String> {
        self.figures().cue.clone()
    }

    pub(super) fn end(&self) -> (Vec<Operation>, Vec<AlertSeen>) {
        let mut figures = self.figures();
        figures.over = true;
        (figures.operations.clone(), figures.alerts.clone())
    }

    /// Whether it has ended.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.figures().over
    }

    /// One line for each stream: its counts, and its share of acceptances in the last seconds.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let tallies = self.tallies();
        tallies
            .iter()
            .map(|(name, tally)| {
                let of = match &name.key {
                    Some(key) => Subject::Tokens(name.class, Some(key.clone())),
                    None => Subject::Tokens(name.class, None),
                };
                let share = match self.shares(&of, RECENT) {
                    Some((taken, _)) => format!("{taken:>5.1}% taken of the last {} s", RECENT.as_secs()),
                    None => String::new(),
                };
                format!(
                    "{:<22} {:>7} taken {:>7} refused {:>6} unavailable  {share}",
                    name.text(),
                    tally.accepted,
                    tally.rejected,
                    tally.unavailable + tally.unsent
                )
            })
            .collect()
    }
}
