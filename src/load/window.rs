//! Runs one window and sums it up.

use super::{
    arena::Arena,
    beat::Beat,
    desk::Desk,
    engine::{self, Order},
    probe::{self, Asked},
    streams::Streams,
    summary::{self, Resources, Rows},
};
use crate::{
    model::load::LoadWindow,
    target::{MemoryGauge, Target, Wire},
};
use serde::{Deserialize, Serialize};
use std::{
    io,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    thread,
    time::{Duration, Instant},
};

/// How a target is reached.
#[derive(Clone)]
pub enum Reach {
    /// By the engine.
    Wire(Box<Wire>),
    /// As everywhere else.
    Probe(Arc<Target>),
    /// A token endpoint, which is asked for tokens.
    Desk(Arc<Desk>),
    /// By HTTP/2.
    Streams(Arc<Streams>),
}

impl Reach {
    /// The fastest way to a target.
    #[must_use]
    pub fn of(target: &Arc<Target>) -> Reach {
        target.wire().map_or_else(|_| Reach::Probe(Arc::clone(target)), |wire| Reach::Wire(Box::new(wire)))
    }

    /// What requests are rendered for, where they are.
    #[must_use]
    pub fn wire(&self) -> Option<&Wire> {
        match self {
            Reach::Wire(wire) => Some(wire),
            Reach::Streams(streams) => Some(streams.wire()),
            Reach::Probe(_) | Reach::Desk(_) => None,
        }
    }
}

/// Why a window could not be run.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The system gives no poll or timer.
    #[error("the load engine wants a poll and a timer of the system, and got: {0}")]
    Poll(#[from] io::Error),
    /// Nothing to send.
    #[error("the plan's mix holds no token")]
    Empty,
    /// Tokens that expire in the midst were not ready when the traffic had to begin.
    #[error("minting took longer than was planned for, and the tokens would expire too early; lower `tokens`")]
    TooLate,
    /// The engine's thread broke off.
    #[error("the load engine broke off")]
    BrokenOff,
}

/// One second of a window, while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Moment {
    /// Which second.
    pub second: usize,
    /// Answers and tokens that were given up.
    pub count: u32,
    /// Wrong verdicts.
    pub wrong: u32,
    /// No usable answer.
    pub broken: u32,
    /// The 99th percentile of the responses, in microseconds.
    pub p99_us: u64,
}

/// Runs a window. `begins` is when the traffic begins, in seconds since the epoch, where that matters; `said` hears of
/// every second. A window that is stopped by its order ends at once and is marked incomplete.
///
/// # Errors
/// [`LoadError`].
pub async fn measure(
    reach: &Reach,
    arena: &Arc<Arena>,
    order: &Order,
    begins: Option<i64>,
    gauge: Option<MemoryGauge>,
    said: &(dyn Fn(Moment) + Sync),
) -> Result<LoadWindow, LoadError> {
    if arena.is_empty() {
        return Err(LoadError::Empty);
    }
    let zero = zero(begins).ok_or(LoadError::TooLate)?;
    tokio::select! {
        () = tokio::time::sleep_until(zero.into()) => {}
        () = probe::stopped(order) => {}
    }
    let (send, receive) = channel();
    let opens = zero + order.warm_up;
    let (moments, heard) = std::sync::mpsc::channel();
    let collector = thread::spawn(move || {
        collect(&receive, gauge.as_ref(), opens, &|moment| {
            // Whoever listens may have gone.
            let _ = moments.send(moment);
        })
    });
    let tally = {
        let running = async {
            match reach {
                Reach::Probe(target) => {
                    Ok(probe::run(Asked::Target(Arc::clone(target)), arena, order, zero, &send).await)
                }
                Reach::Desk(desk) => Ok(probe::run(Asked::Desk(Arc::clone(desk)), arena, order, zero, &send).await),
                Reach::Streams(streams) => {
                    Ok(probe::run(Asked::Streams(Arc::clone(streams)), arena, order, zero, &send).await)
                }
                Reach::Wire(wire) => {
                    let (wire, arena, order, send) = (wire.clone(), Arc::clone(arena), order.clone(), send.clone());
                    let run = move || engine::run(&wire, &arena, &order, zero, &send);
                    tokio::task::spawn_blocking(run).await.map_err(|_| LoadError::BrokenOff)?.map_err(LoadError::from)
                }
            }
        };
        tokio::pin!(running);
        loop {
            tokio::select! {
                done = &mut running => break done?,
                () = tokio::time::sleep(Duration::from_millis(200)) => heard.try_iter().for_each(said),
            }
        }
    };
    drop(send);
    let Collected { rows, resources } = tokio::task::spawn_blocking(move || collector.join())
        .await
        .ok()
        .and_then(Result::ok)
        .ok_or(LoadError::BrokenOff)?;
    heard.try_iter().for_each(said);
    Ok(summary::window(arena, order, &tally, rows, resources))
}

/// When the traffic begins; `None` where that moment has passed.
fn zero(begins: Option<i64>) -> Option<Instant> {
    let Some(begins) = begins else { return Some(Instant::now()) };
    let now = jiff::Timestamp::now();
    let ahead = begins as f64 - (now.as_second() as f64 + f64::from(now.subsec_nanosecond()) / 1e9);
    Some(Instant::now() + Duration::try_from_secs_f64(ahead).ok()?)
}

pub(super) struct Collected {
    pub rows: Rows,
    pub resources: Option<Resources>,
}

/// Adds up the seconds of all threads, and looks at the started target once a second.
pub(super) fn collect(
    beats: &Receiver<Beat>,
    gauge: Option<&MemoryGauge>,
    opens: Instant,
    said: &dyn Fn(Moment),
) -> Collected {
    let mut rows = Rows::default();
    let mut resources = Resources::default();
    let mut look = opens;
    loop {
        let wait = look.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        match beats.recv_timeout(wait) {
            Ok(beat) => rows.add(beat).into_iter().for_each(said),
            Err(RecvTimeoutError::Timeout) => {
                look += Duration::from_secs(1);
                if let Some(gauge) = gauge {
                    resources.look(gauge);
                }
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    if let Some(gauge) = gauge {
        resources.look(gauge);
    }
    rows.close().into_iter().for_each(said);
    Collected { rows, resources: resources.is_known().then_some(resources) }
}
