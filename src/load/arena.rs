//! Every request of a window, rendered before it opens: one block of memory, and where in it each request lies.

use crate::model::chaos::TokenClass;
use std::time::Duration;

/// A class of requests in an arena, and what is owed to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Kind {
    /// The class.
    pub class: TokenClass,
    /// What is owed, and when.
    pub owed: Owed,
}

/// What the target owes to a class while a window lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owed {
    /// An acceptance.
    Accept,
    /// A refusal.
    Reject,
    /// An acceptance up to the first time, a refusal from the second one on, and nothing between them. Nanoseconds from
    /// the beginning of the traffic.
    Expires(u64, u64),
}

/// What is owed to a token that was under way from one time to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Debt {
    /// An acceptance.
    Accept,
    /// A refusal.
    Reject,
    /// Nothing that anybody could claim.
    Grace,
}

impl Owed {
    /// What is owed between two times, in nanoseconds.
    #[must_use]
    pub fn between(self, from: u64, to: u64) -> Debt {
        match self {
            Owed::Accept => Debt::Accept,
            Owed::Reject => Debt::Reject,
            Owed::Expires(until, _) if to < until => Debt::Accept,
            Owed::Expires(_, since) if from >= since => Debt::Reject,
            Owed::Expires(..) => Debt::Grace,
        }
    }

    /// Of tokens that expire after so long, with a leeway. A second is added for clocks that count whole ones.
    #[must_use]
    pub fn expiring(after: Duration, leeway: Duration) -> Owed {
        let second = Duration::from_secs(1);
        let ns = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        Owed::Expires(ns(after.saturating_sub(second)), ns(after + leeway + second))
    }
}

/// One request in an arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shot {
    block: u16,
    kind: u16,
    length: u32,
    start: u64,
}

impl Shot {
    /// Its place in the arena's kinds.
    #[must_use]
    pub fn kind(&self) -> usize {
        usize::from(self.kind)
    }
}

/// Requests in the order in which they are sent; after the last one comes the first one again.
#[derive(Debug, Default)]
pub struct Arena {
    blocks: Vec<Vec<u8>>,
    shots: Vec<Shot>,
    kinds: Vec<Kind>,
    /// The median length of the tokens in it, in bytes.
    pub median_token: u64,
    /// Different tokens in it.
    pub distinct: u64,
}

impl Arena {
    /// An arena for requests of these kinds.
    #[must_use]
    pub fn new(kinds: Vec<Kind>) -> Arena {
        Arena { kinds, ..Arena::default() }
    }

    /// Takes a block of rendered requests; each of them is named by its kind, its start and its length.
    ///
    /// # Panics
    /// After 65,536 blocks or kinds: there is one block for each processor, and there are fewer classes.
    pub fn add(&mut self, block: Vec<u8>, shots: impl IntoIterator<Item = (usize, usize, usize)>) -> Vec<Shot> {
        let number = u16::try_from(self.blocks.len()).expect("there is one block for each processor");
        self.blocks.push(block);
        let shot = |(kind, start, length)| Shot {
            block: number,
            kind: u16::try_from(kind).expect("there are fewer classes than that"),
            // A request of four gigabytes is not rendered.
            length: u32::try_from(length).unwrap_or(u32::MAX),
            start: start as u64,
        };
        shots.into_iter().map(shot).collect()
    }

    /// Fixes the order.
    pub fn order(&mut self, shots: Vec<Shot>) {
        self.shots = shots;
    }

    /// How many requests it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shots.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.shots.is_empty()
    }

    /// The kinds.
    #[must_use]
    pub fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// A request by its place in the order.
    #[must_use]
    pub fn shot(&self, place: usize) -> Shot {
        self.shots[place % self.shots.len()]
    }

    /// The bytes of a request.
    #[must_use]
    pub fn bytes(&self, shot: Shot) -> &[u8] {
        let start = shot.start as usize;
        &self.blocks[usize::from(shot.block)][start..start + shot.length as usize]
    }

    /// Bytes of memory that it takes.
    #[must_use]
    pub fn footprint(&self) -> usize {
        let blocks: usize = self.blocks.iter().map(Vec::capacity).sum();
        blocks + self.shots.capacity() * size_of::<Shot>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_come_back_as_they_were_and_in_order() {
        let mut arena = Arena::new(vec![Kind { class: TokenClass::Valid, owed: Owed::Accept }]);
        let first = arena.add(b"onetwo".to_vec(), [(0, 0, 3), (0, 3, 3)]);
        let second = arena.add(b"three".to_vec(), [(0, 0, 5)]);
        arena.order(vec![second[0], first[0], first[1]]);
        let text = |place| String::from_utf8_lossy(arena.bytes(arena.shot(place))).into_owned();
        assert_eq!([text(0), text(1), text(2), text(3)], ["three", "one", "two", "three"]);
        assert_eq!(size_of::<Shot>(), 16);
    }

    #[test]
    fn what_expires_owes_nobody_anything_around_that_moment() {
        let owed = Owed::expiring(Duration::from_secs(5), Duration::from_secs(2));
        let at = |second: u64| owed.between(second * 1_000_000_000, second * 1_000_000_000);
        assert_eq!([at(3), at(4), at(7), at(8)], [Debt::Accept, Debt::Grace, Debt::Grace, Debt::Reject]);
        assert_eq!(owed.between(3_000_000_000, 9_000_000_000), Debt::Grace);
    }
}
