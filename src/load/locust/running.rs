//! A test of the master, while it runs.

use super::{Join, stats::Stats};
use crate::{
    load::{
        arena::Arena,
        beat::Beat,
        engine::{self, Order},
        summary::{self, Rows},
        tally::{SECOND_NS, Tally},
    },
    model::load::{Drive, LoadWindow},
};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
        mpsc::{Receiver, channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// A test without an end: longer than any.
const FOR_EVER: Duration = Duration::from_secs(365 * 24 * 3600);

/// A test that runs.
pub(super) struct Test {
    stop: Arc<AtomicBool>,
    pub users: Arc<AtomicU32>,
    order: Order,
    beats: Receiver<Beat>,
    thread: JoinHandle<io::Result<Tally>>,
    /// Seconds since the epoch.
    start: u64,
    began: Instant,
    rows: Rows,
    pub stats: Stats,
}

impl Test {
    /// Begins with so many users.
    pub fn begin(join: &Join, users: u32) -> Test {
        let (stop, users) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(users)));
        let order = Order {
            drive: Drive::Connections(u32::MAX),
            warm_up: Duration::ZERO,
            duration: FOR_EVER,
            threads: join.threads,
            most: 0,
            seed: 0,
            first: 0,
            stop: Arc::clone(&stop),
            users: Some(Arc::clone(&users)),
        };
        let (send, beats) = channel();
        let (wire, arena, own) = (join.wire.clone(), Arc::clone(&join.arena), order.clone());
        let began = Instant::now();
        let thread = std::thread::spawn(move || engine::run(&wire, &arena, &own, began, &send));
        let start = u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or(0);
        Test { stop, users, order, beats, thread, start, began, rows: Rows::default(), stats: Stats::default() }
    }

    /// Takes in the seconds that are over.
    pub fn drain(&mut self) {
        for beat in self.beats.try_iter() {
            self.stats.add(&beat, self.start);
            self.rows.add(beat);
        }
    }

    /// The same where nobody is told any more.
    pub fn drain_silently(&mut self) {
        for beat in self.beats.try_iter() {
            self.rows.add(beat);
        }
    }

    /// Ends it.
    pub async fn end(&mut self) -> io::Result<Tally> {
        self.stop.store(true, Ordering::Relaxed);
        let empty = std::thread::spawn(|| Err(io::Error::other("the test is over")));
        let thread = std::mem::replace(&mut self.thread, empty);
        let joined = tokio::task::spawn_blocking(move || thread.join()).await;
        joined.map_err(io::Error::other)?.map_err(|_| io::Error::other("a thread broke off"))?
    }

    /// The window of the whole test.
    pub fn window(&mut self, arena: &Arena, tally: &Tally) -> LoadWindow {
        let length = self.began.elapsed().max(Duration::from_nanos(SECOND_NS));
        let order = Order { duration: length, ..self.order.clone() };
        summary::window(arena, &order, tally, std::mem::take(&mut self.rows), None)
    }
}
