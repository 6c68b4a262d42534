//! The engine: one thread a processor, each with connections of its own, all requests rendered before.
//!
//! It speaks HTTP/1.1 over TCP or TLS and nothing else; every other target, and HTTP/2 where that is asked, is shown its
//! tokens by [`probe`](super::probe), which is slower. Nothing is allocated for a request.

mod alarm;
mod reply;
mod stream;
mod worker;

#[cfg(test)]
mod tests;

pub(super) use reply::KEPT;
pub use reply::{Progress, Reader, Whole};

use super::{
    arena::Arena,
    arrivals::{Arrivals, length_of},
    beat::Beat,
    tally::Tally,
};
use crate::{model::load::Drive, target::Wire};
use nix::time::ClockId;
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
        mpsc::Sender,
    },
    thread,
    time::{Duration, Instant},
};

/// How long a window that is stopped waits for answers that are under way, in nanoseconds.
pub(super) const PATIENCE: u64 = 500_000_000;

/// How a window is driven.
#[derive(Clone)]
pub struct Order {
    /// How tokens arrive.
    pub drive: Drive,
    /// How long they arrive before they count.
    pub warm_up: Duration,
    /// How long they count.
    pub duration: Duration,
    /// Threads.
    pub threads: u32,
    /// Connections of an open loop, at most, over all threads.
    pub most: u32,
    /// What drives arrivals at random.
    pub seed: u64,
    /// The first request's place in the arena.
    pub first: usize,
    /// Set from elsewhere to end the window early.
    pub stop: Arc<AtomicBool>,
    /// In a closed loop: how many connections there are at any time, where somebody changes that.
    pub users: Option<Arc<AtomicU32>>,
}

impl Order {
    /// Where the window begins and ends, in nanoseconds from the beginning of the traffic.
    pub(super) fn window(&self) -> (u64, u64) {
        let ns = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let length = length_of(&self.drive, self.duration);
        (ns(self.warm_up), ns(self.warm_up + length))
    }

    /// The arrivals of one sender, warm-up included: a warm-up of stages is one at the rate of the first.
    pub(super) fn arrivals(&self, sender: u32, senders: u32) -> Option<Arrivals> {
        let (from, to) = self.window();
        let drive = match &self.drive {
            Drive::Stages(stages) if from > 0 => {
                let first = stages.first()?.clone();
                let warm = crate::model::load::Stage { to: None, length: crate::model::Period(self.warm_up), ..first };
                Drive::Stages(std::iter::once(warm).chain(stages.iter().cloned()).collect())
            }
            other => other.clone(),
        };
        Arrivals::new(&drive, Duration::from_nanos(to), sender, senders, self.seed)
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Sends an arena's requests as ordered, counted from `zero`; the seconds go to `beats` as they end. Returns when
/// every request is answered or given up.
///
/// # Errors
/// A poll or a timer of the system cannot be had.
pub(super) fn run(
    wire: &Wire,
    arena: &Arc<Arena>,
    order: &Order,
    zero: Instant,
    beats: &Sender<Beat>,
) -> io::Result<Tally> {
    let threads = order.threads.max(1);
    let tallies: Vec<io::Result<Tally>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|thread| {
                let beats = beats.clone();
                scope.spawn(move || worker::Worker::new(wire, arena, order, zero, (thread, threads), beats)?.run())
            })
            .collect();
        let joined = workers.into_iter().map(thread::ScopedJoinHandle::join);
        joined.map(|result| result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    let mut sum: Option<Tally> = None;
    for tally in tallies {
        let tally = tally?;
        match &mut sum {
            None => sum = Some(tally),
            Some(sum) => {
                let busiest = sum.cpu_ns.max(tally.cpu_ns);
                sum.add(&tally);
                sum.busiest_ns = sum.busiest_ns.max(busiest);
            }
        }
    }
    sum.ok_or_else(|| io::Error::other("no thread"))
}

/// The processor time of this thread, in nanoseconds.
fn thread_cpu() -> u64 {
    read(ClockId::CLOCK_THREAD_CPUTIME_ID)
}

/// The processor time of this process, in nanoseconds.
pub(super) fn process_cpu() -> u64 {
    read(ClockId::CLOCK_PROCESS_CPUTIME_ID)
}

fn read(clock: ClockId) -> u64 {
    clock.now().map_or(0, |time| u64::try_from(Duration::from(time).as_nanos()).unwrap_or(0))
}
