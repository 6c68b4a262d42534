//! What all users share: the target, the token endpoint, tokens in stock, and the tally of what they saw.

use super::brief::{Brief, Lot};
use crate::{
    load::{
        arena::{Arena, Kind, Owed},
        beat::Beat,
        engine::{Order, PATIENCE, process_cpu},
        summary,
        tally::{Tally, histogram},
        window::Collected,
    },
    model::{
        chaos::TokenClass,
        load::{Drive, LoadWindow},
    },
    target::{TokenEndpoint, Wire},
};
use hdrhistogram::Histogram;
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
        mpsc::Sender,
    },
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// What all users share.
pub(super) struct Scene {
    pub wire: Wire,
    pub endpoint: TokenEndpoint,
    pub lots: Vec<Lot>,
    /// The next token of each lot.
    next: Vec<AtomicUsize>,
    kinds: Vec<Kind>,
    order: Order,
    zero: Instant,
    /// Processor time until then, in nanoseconds.
    cpu: u64,
    tally: Mutex<Tally>,
    stop: watch::Receiver<bool>,
    open: AtomicU64,
    /// Lengths of the tokens that were given, in bytes.
    lengths: Mutex<Histogram<u64>>,
    tokenless: Mutex<BTreeMap<String, u64>>,
}

impl Scene {
    /// A scene that begins now; the seconds of its window go to `beats`, and it ends early when `stop` says so.
    pub fn new(
        brief: Brief,
        wire: Wire,
        endpoint: TokenEndpoint,
        beats: Sender<Beat>,
        stop: watch::Receiver<bool>,
    ) -> Scene {
        let lots: Vec<Lot> = brief.lots.into_iter().filter(|lot| lot.weight > 0).collect();
        let owed = |class: TokenClass| if class.is_forged() { Owed::Reject } else { Owed::Accept };
        let kinds: Vec<Kind> = lots.iter().map(|lot| Kind { class: lot.class, owed: owed(lot.class) }).collect();
        let order = Order {
            drive: Drive::Users(brief.users),
            warm_up: Duration::from_millis(brief.warm_up_ms),
            duration: Duration::from_millis(brief.duration_ms),
            threads: brief.threads,
            most: 0,
            seed: 0,
            first: 0,
            stop: Arc::new(AtomicBool::new(false)),
            users: None,
        };
        let tally = Mutex::new(Tally::new(&kinds, order.window(), Some(beats)));
        Scene {
            next: lots.iter().map(|_| AtomicUsize::new(0)).collect(),
            wire,
            endpoint,
            lots,
            kinds,
            order,
            zero: Instant::now(),
            cpu: process_cpu(),
            tally,
            stop,
            open: AtomicU64::new(0),
            lengths: Mutex::new(histogram(3)),
            tokenless: Mutex::default(),
        }
    }

    /// When the window opens.
    pub fn opens(&self) -> Instant {
        self.zero + self.order.warm_up
    }

    /// Nanoseconds since it began.
    pub fn now(&self) -> u64 {
        u64::try_from(self.zero.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// Whether nobody is to ask any more.
    pub fn is_over(&self) -> bool {
        *self.stop.borrow() || self.now() >= self.order.window().1
    }

    /// Waits for something; where users are told to stop, only for a moment longer.
    pub async fn unless_stopped<T>(&self, awaited: impl Future<Output = T>) -> Option<T> {
        let mut stop = self.stop.clone();
        let patience = async {
            // Whoever could say so may have gone, and with it the reason to go on.
            let _ = stop.wait_for(|stop| *stop).await;
            tokio::time::sleep(Duration::from_nanos(PATIENCE)).await;
        };
        tokio::select! {
            value = awaited => Some(value),
            () = patience => None,
        }
    }

    /// The tally.
    pub fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next token of a lot in stock; `None` where it holds none.
    pub fn token(&self, lot: usize) -> Option<&str> {
        let tokens = &self.lots[lot].tokens;
        let place = self.next[lot].fetch_add(1, Ordering::Relaxed);
        tokens.get(place % tokens.len().max(1)).map(String::as_str)
    }

    /// Notes a token that was given.
    pub fn given(&self, token: &str) {
        // It grows by itself.
        let _ = self.lengths().record(token.len() as u64);
    }

    /// Notes that none was given, and why.
    pub fn denied(&self, because: &str) {
        let mut tokenless = self.tokenless.lock().unwrap_or_else(PoisonError::into_inner);
        *tokenless.entry(because.to_owned()).or_default() += 1;
    }

    /// Why no token was given, and how often.
    pub fn tokenless(&self) -> Vec<(String, u64)> {
        self.tokenless.lock().unwrap_or_else(PoisonError::into_inner).clone().into_iter().collect()
    }

    /// A call begins. What comes back notes it as cut off, unless it is told the end.
    pub fn calling(&self) -> Calling<'_> {
        let open = self.open.fetch_add(1, Ordering::Relaxed) + 1;
        let mut tally = self.tally();
        tally.in_flight = tally.in_flight.max(open);
        Calling { scene: self, started: self.now(), is_over: false }
    }

    /// No call counts from now on.
    pub fn close(&self, stopped: bool) {
        let mut tally = self.tally();
        if stopped {
            tally.stopped(self.now());
        }
        tally.close();
    }

    /// The figures of its window.
    pub fn window(&self, collected: Collected) -> LoadWindow {
        let mut arena = Arena::new(self.kinds.clone());
        let shown = |(lot, next): (&Lot, &AtomicUsize)| next.load(Ordering::Relaxed).min(lot.tokens.len()) as u64;
        let lengths = self.lengths();
        arena.median_token = if lengths.is_empty() { 0 } else { lengths.value_at_quantile(0.5) };
        arena.distinct = lengths.len() + self.lots.iter().zip(&self.next).map(shown).sum::<u64>();
        let mut tally = self.tally();
        tally.cpu_ns = process_cpu().saturating_sub(self.cpu);
        tally.busiest_ns = tally.cpu_ns / u64::from(self.order.threads.max(1));
        summary::window(&arena, &self.order, &tally, collected.rows, collected.resources)
    }

    fn lengths(&self) -> MutexGuard<'_, Histogram<u64>> {
        self.lengths.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that is under way.
pub(super) struct Calling<'s> {
    scene: &'s Scene,
    /// When it began, in nanoseconds since the scene did.
    pub started: u64,
    is_over: bool,
}

impl Calling<'_> {
    /// Its answer is there, or it was given up.
    pub fn over(mut self) -> u64 {
        self.is_over = true;
        self.scene.now()
    }
}

impl Drop for Calling<'_> {
    fn drop(&mut self) {
        self.scene.open.fetch_sub(1, Ordering::Relaxed);
        if !self.is_over {
            self.scene.tally().cut_off(self.started);
        }
    }
}
