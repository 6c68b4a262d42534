//! Load for targets that the engine does not speak to: tokens are shown as everywhere else, one task a token. A token
//! endpoint is asked in the same way.

use super::{
    arena::{Arena, Shot},
    beat::Beat,
    desk::Desk,
    engine::{Order, PATIENCE, process_cpu},
    streams::Streams,
    tally::{LATE_NS, Seen, Start, Tally},
};
use crate::{
    model::{Verdict, load::Drive},
    target::{Shown, Target},
};
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
        mpsc::Sender,
    },
    time::{Duration, Instant},
};
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{sleep, sleep_until},
};

/// Who is asked.
#[derive(Clone)]
pub(super) enum Asked {
    /// A target, about a token.
    Target(Arc<Target>),
    /// A token endpoint, for a token.
    Desk(Arc<Desk>),
    /// A target over HTTP/2, about the token of a rendered request.
    Streams(Arc<Streams>),
}

impl Asked {
    /// What came of it, why, and what the answer says about it.
    async fn ask(&self, shot: &[u8]) -> (Verdict, String, Vec<String>) {
        match self {
            Asked::Target(target) => {
                let now = jiff::Timestamp::now().as_second();
                let seen = target.present(&Shown::plain(shot, now)).await;
                (seen.verdict, seen.because, seen.challenges)
            }
            Asked::Desk(desk) => {
                let (verdict, because) = desk.ask().await;
                (verdict, because, Vec::new())
            }
            Asked::Streams(streams) => {
                let (verdict, because) = streams.ask(shot).await;
                (verdict, because, Vec::new())
            }
        }
    }
}

/// What all tasks share.
struct Shared {
    asked: Asked,
    arena: Arc<Arena>,
    zero: Instant,
    tally: Mutex<Tally>,
    open: AtomicU64,
}

impl Shared {
    fn now(&self) -> u64 {
        u64::try_from(self.zero.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn tally(&self) -> std::sync::MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn waited(&self, waiting: u64) {
        let mut tally = self.tally();
        tally.backlog = tally.backlog.max(waiting);
    }

    async fn show(&self, shot: Shot, planned: u64, started: u64) {
        let open = self.open.fetch_add(1, Ordering::Relaxed) + 1;
        let (verdict, because, challenges) = self.asked.ask(self.arena.bytes(shot)).await;
        self.open.fetch_sub(1, Ordering::Relaxed);
        let mut tally = self.tally();
        tally.in_flight = tally.in_flight.max(open);
        let ended = Seen { kind: shot.kind(), planned, started, ended: self.now(), verdict };
        tally.ended(&ended, || [because, challenges.join(", ")].join(" "));
    }
}

/// Shows an arena's tokens as ordered, counted from `zero`. Returns when every answer is there or given up.
pub(super) async fn run(asked: Asked, arena: &Arc<Arena>, order: &Order, zero: Instant, beats: &Sender<Beat>) -> Tally {
    let cpu = process_cpu();
    let tally = Mutex::new(Tally::new(arena.kinds(), order.window(), Some(beats.clone())));
    let shared = Arc::new(Shared { asked, arena: Arc::clone(arena), zero, tally, open: AtomicU64::new(0) });
    match order.drive {
        Drive::Connections(count) => closed(&shared, order, count).await,
        _ => open(&shared, order).await,
    }
    let Ok(shared) = Arc::try_unwrap(shared) else {
        unreachable!("every task has ended, and each of them held one");
    };
    let mut tally = shared.tally.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Asked::Streams(streams) = &shared.asked {
        tally.connections += streams.opened();
    }
    tally.close();
    // Its tasks run on all threads, and so does whatever else this process does, a validator within it included.
    tally.cpu_ns = process_cpu().saturating_sub(cpu);
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    tally.busiest_ns = tally.cpu_ns / threads as u64;
    tally
}

async fn closed(shared: &Arc<Shared>, order: &Order, count: u32) {
    let end = order.window().1;
    let place = Arc::new(AtomicUsize::new(order.first));
    let mut tasks = JoinSet::new();
    for _ in 0..count.max(1) {
        let (shared, place, order) = (Arc::clone(shared), Arc::clone(&place), order.clone());
        tasks.spawn(async move {
            loop {
                let now = shared.now();
                if now >= end || order.is_stopped() {
                    return;
                }
                let shot = shared.arena.shot(place.fetch_add(1, Ordering::Relaxed));
                shared.show(shot, now, now).await;
            }
        });
    }
    finish(shared, order, tasks).await;
}

async fn open(shared: &Arc<Shared>, order: &Order) {
    let Some(mut arrivals) = order.arrivals(0, 1) else { return };
    let places = Arc::new(Semaphore::new(order.most.max(1) as usize));
    let mut place = order.first;
    let mut tasks = JoinSet::new();
    while let Some(due) = arrivals.due() {
        let at = shared.zero + Duration::from_nanos(due);
        if at > Instant::now() {
            tokio::select! {
                () = sleep_until(at.into()) => {}
                () = stopped(order) => break,
            }
        }
        if order.is_stopped() {
            break;
        }
        let mut how = Start::Free;
        let permit = match Arc::clone(&places).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => {
                how = Start::HeldUp;
                let waiting = arrivals.waiting(shared.now());
                shared.waited(waiting);
                tokio::select! {
                    // The semaphore is never closed.
                    Ok(permit) = Arc::clone(&places).acquire_owned() => permit,
                    () = stopped(order) => break,
                }
            }
        };
        let started = shared.now();
        if how == Start::HeldUp && started > order.window().1 + LATE_NS {
            break;
        }
        arrivals.advance();
        shared.tally().started(due, started, how);
        let shot = shared.arena.shot(place);
        place += 1;
        let shared = Arc::clone(shared);
        tasks.spawn(async move {
            shared.show(shot, due, started).await;
            drop(permit);
        });
        while tasks.try_join_next().is_some() {}
    }
    while let Some(due) = arrivals.due().filter(|_| !order.is_stopped()) {
        let mut tally = shared.tally();
        tally.unsent += u64::from(tally.counts(due));
        arrivals.advance();
    }
    finish(shared, order, tasks).await;
}

/// Waits for every answer; where the window is stopped, only for a moment.
async fn finish(shared: &Shared, order: &Order, mut tasks: JoinSet<()>) {
    let all = async { while tasks.join_next().await.is_some() {} };
    let patience = async {
        stopped(order).await;
        shared.tally().stopped(shared.now());
        sleep(Duration::from_nanos(PATIENCE)).await;
    };
    tokio::select! {
        () = all => {}
        () = patience => {}
    }
    if order.is_stopped() {
        shared.tally().stopped(shared.now());
        tasks.shutdown().await;
        // Whoever was broken off did not come to the end, where this is counted down.
        let open = shared.open.load(Ordering::Relaxed);
        shared.tally().cut_off += open;
    }
}

/// Ends when somebody wants the window to end.
pub(super) async fn stopped(order: &Order) {
    while !order.is_stopped() {
        sleep(Duration::from_millis(20)).await;
    }
}
