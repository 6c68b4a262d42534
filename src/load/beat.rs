//! One second of the traffic, in one thread.

use hdrhistogram::Histogram;
use std::collections::{BTreeMap, btree_map::Entry};

/// What happened in one second, in one thread.
#[derive(Debug, Clone)]
pub(super) struct Beat {
    /// Which second of the window.
    pub second: usize,
    pub right: u32,
    pub wrong_accepts: u32,
    pub wrong_refusals: u32,
    pub broken: u32,
    pub service_ns: u64,
    /// Wrong verdicts and no usable answer by class, for those that had any.
    pub bad: BTreeMap<usize, u32>,
    /// By class, for those that had any.
    pub responses: BTreeMap<usize, Histogram<u64>>,
}

impl Beat {
    pub fn new(second: usize) -> Beat {
        Beat {
            second,
            right: 0,
            wrong_accepts: 0,
            wrong_refusals: 0,
            broken: 0,
            service_ns: 0,
            bad: BTreeMap::new(),
            responses: BTreeMap::new(),
        }
    }

    /// Answers and tokens that were given up.
    pub fn count(&self) -> u32 {
        self.right + self.wrong_accepts + self.wrong_refusals + self.broken
    }

    pub fn add(&mut self, other: Beat) {
        self.right += other.right;
        self.wrong_accepts += other.wrong_accepts;
        self.wrong_refusals += other.wrong_refusals;
        self.broken += other.broken;
        self.service_ns += other.service_ns;
        other.bad.iter().for_each(|(kind, count)| *self.bad.entry(*kind).or_default() += count);
        for (kind, own) in other.responses {
            match self.responses.entry(kind) {
                Entry::Occupied(mut held) => drop(held.get_mut().add(&own)),
                Entry::Vacant(free) => drop(free.insert(own)),
            }
        }
    }
}
