//! The faults that are on, and which of them meet a request.

use crate::model::chaos::{Fault, FaultRule, Layer, Symbols};
use axum::body::Bytes;
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// Names a fault that was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FaultId(u64);

/// A fault that is on.
#[derive(Debug)]
pub(super) struct Active {
    pub(super) id: FaultId,
    pub(super) rule: FaultRule,
    pub(super) began: Instant,
    pub(super) symbols: Symbols,
    /// What was served when it began.
    pub(super) frozen: Bytes,
    /// Requests that it could have met.
    seen: AtomicU64,
    /// Requests that it met.
    met: AtomicU64,
    /// A further count of its own: who answers next, requests in this second.
    pub(super) turns: AtomicU64,
    /// Requests that it holds at the moment.
    pub(super) held: AtomicUsize,
    /// Times of admitted requests, for limits.
    pub(super) admitted: Mutex<Vec<Instant>>,
}

/// Whether connections come about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    Open,
    Refusing,
    Swallowing,
}

/// The faults of one endpoint.
#[derive(Debug)]
pub(super) struct Board {
    active: Mutex<Vec<Arc<Active>>>,
    next: AtomicU64,
    draws: Mutex<u64>,
    /// Goes up with every change.
    changed: watch::Sender<u64>,
}

impl Board {
    pub(super) fn new(seed: u64) -> Board {
        Board {
            active: Mutex::default(),
            next: AtomicU64::new(1),
            draws: Mutex::new(seed),
            changed: watch::channel(0).0,
        }
    }

    pub(super) fn begin(&self, rule: FaultRule, symbols: Symbols, frozen: Bytes) -> FaultId {
        let id = FaultId(self.next.fetch_add(1, Ordering::Relaxed));
        self.lock().push(Arc::new(Active {
            id,
            rule,
            began: Instant::now(),
            symbols,
            frozen,
            seen: AtomicU64::new(0),
            met: AtomicU64::new(0),
            turns: AtomicU64::new(0),
            held: AtomicUsize::new(0),
            admitted: Mutex::default(),
        }));
        self.changed.send_modify(|count| *count += 1);
        id
    }

    pub(super) fn end(&self, id: FaultId) {
        self.lock().retain(|active| active.id != id);
        self.changed.send_modify(|count| *count += 1);
    }

    pub(super) fn heal(&self) {
        self.lock().clear();
        self.changed.send_modify(|count| *count += 1);
    }

    pub(super) fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    pub(super) fn labels(&self) -> Vec<String> {
        self.lock().iter().map(|active| active.rule.fault.label()).collect()
    }

    pub(super) fn is_on(&self, id: FaultId) -> bool {
        self.lock().iter().any(|active| active.id == id)
    }

    /// Whether a fault of this layer is on.
    pub(super) fn has(&self, layer: Layer) -> bool {
        self.lock().iter().any(|active| active.rule.fault.layer() == layer)
    }

    /// Whether a connection of so long ago would hide a fault from whoever keeps it: one that only handshakes meet has begun
    /// since.
    pub(super) fn hides(&self, since: Instant) -> bool {
        let is_hidden = |active: &Arc<Active>| {
            let at_the_door = active.rule.fault.layer() == Layer::Tls || active.rule.fault == Fault::Reset;
            at_the_door && !active.is_partial() && active.began > since
        };
        self.lock().iter().any(is_hidden)
    }

    /// The faults of a layer that meet the next request or connection, in the order in which they began.
    pub(super) fn meet(&self, layer: Layer) -> Vec<Arc<Active>> {
        self.meet_as(layer, None)
    }

    /// The same for a request of an instance of the target.
    pub(super) fn meet_as(&self, layer: Layer, instance: Option<u32>) -> Vec<Arc<Active>> {
        let concerns = |active: &&Arc<Active>| {
            let rule = &active.rule;
            rule.fault.layer() == layer && (rule.instance.is_none() || rule.instance == instance)
        };
        let active: Vec<_> = self.lock().iter().filter(concerns).cloned().collect();
        active.into_iter().filter(|active| active.meets(|| self.draw())).collect()
    }

    /// Whether connections come about now, and when that may change by itself.
    pub(super) fn door(&self) -> (Door, Option<Duration>) {
        let mut door = Door::Open;
        let mut next: Option<Duration> = None;
        for active in self.lock().iter() {
            match &active.rule.fault {
                // A share of connections cannot be refused: the operating system answers before us. They are reset.
                Fault::Refuse if !active.is_partial() => door = Door::Refusing,
                Fault::Blackhole if !active.is_partial() => door = Door::Swallowing,
                Fault::Flap { up, down } => {
                    let length = |time: &crate::model::chaos::Expression| {
                        time.duration(&active.symbols).unwrap_or_default().max(Duration::from_millis(1))
                    };
                    let (up, down) = (length(up), length(down));
                    let round = (up + down).as_secs_f64();
                    let into = active.began.elapsed().as_secs_f64() % round;
                    let left = if into < up.as_secs_f64() {
                        up.as_secs_f64() - into
                    } else {
                        door = Door::Refusing;
                        round - into
                    };
                    let left = Duration::from_secs_f64(left.max(0.001));
                    next = Some(next.map_or(left, |next| next.min(left)));
                }
                _ => {}
            }
        }
        (door, next)
    }

    /// A number from 0 to 1, by a generator (SplitMix64) that the seed decides.
    pub(super) fn draw(&self) -> f64 {
        let mut state = self.draws.lock().unwrap_or_else(PoisonError::into_inner);
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        (mixed >> 11) as f64 / (1u64 << 53) as f64
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Active>>> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Active {
    /// Whether only some requests meet it.
    pub(super) fn is_partial(&self) -> bool {
        self.rule.percent.is_some() || self.rule.first.is_some() || self.rule.nth.is_some()
    }

    fn meets(&self, draw: impl FnOnce() -> f64) -> bool {
        let number = self.seen.fetch_add(1, Ordering::Relaxed) + 1;
        if self.rule.nth.is_some_and(|nth| !number.is_multiple_of(nth)) {
            return false;
        }
        if self.rule.percent.is_some_and(|percent| draw() * 100.0 >= percent) {
            return false;
        }
        let before = self.met.fetch_add(1, Ordering::Relaxed);
        self.rule.first.is_none_or(|first| before < first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::chaos::Scale;

    fn board(rule: FaultRule) -> Board {
        let board = Board::new(7);
        board.begin(rule, Scale::SHORT.symbols(), Bytes::new());
        board
    }

    fn met(board: &Board, requests: usize) -> usize {
        (0..requests).filter(|_| !board.meet(Layer::Answer).is_empty()).count()
    }

    #[test]
    fn a_fault_meets_the_requests_that_its_rule_names() {
        let rule = FaultRule::always(Fault::Hang);
        assert_eq!(met(&board(rule.clone()), 10), 10);
        assert_eq!(met(&board(FaultRule { first: Some(3), ..rule.clone() }), 10), 3);
        assert_eq!(met(&board(FaultRule { nth: Some(3), ..rule.clone() }), 10), 3);
        assert_eq!(met(&board(FaultRule { nth: Some(2), first: Some(2), ..rule.clone() }), 10), 2);
        let some = met(&board(FaultRule { percent: Some(30.0), ..rule.clone() }), 1000);
        assert!((250..350).contains(&some), "{some}");
        assert_eq!(met(&board(FaultRule { percent: Some(0.0), ..rule }), 100), 0);
        assert_eq!(met(&board(FaultRule::always(Fault::Refuse)), 5), 0, "it acts in another layer");
    }

    #[test]
    fn the_same_seed_draws_the_same_numbers() {
        let draws = |seed| {
            (0..5)
                .map(|_| 0)
                .map({
                    let board = Board::new(seed);
                    move |_| board.draw()
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(draws(1), draws(1));
        assert_ne!(draws(1), draws(2));
        assert!(draws(3).iter().all(|draw| (0.0..1.0).contains(draw)));
    }

    #[test]
    fn the_door_follows_the_faults() {
        let board = board(FaultRule::always(Fault::Refuse));
        assert_eq!(board.door().0, Door::Refusing);
        board.heal();
        assert_eq!(board.door(), (Door::Open, None));
    }
}
