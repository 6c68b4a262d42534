//! What became of every token: counts and histograms by class.

use super::{
    arena::{Debt, Kind},
    beat::Beat,
};
use crate::model::Verdict;
use hdrhistogram::Histogram;
use std::sync::mpsc::Sender;

/// The longest latency that is told apart, in microseconds; longer ones count as this.
const LONGEST_US: u64 = 600_000_000;
/// A start that is later than this does not keep the schedule, in nanoseconds.
pub(super) const LATE_NS: u64 = 10_000_000;
/// Wrong answers that are described.
const NAMED: usize = 8;
/// The length of a piece of time.
pub(super) const SECOND_NS: u64 = 1_000_000_000;

/// A histogram of microseconds up to ten minutes, with so many significant digits.
pub(super) fn histogram(digits: u8) -> Histogram<u64> {
    let mut made = Histogram::new_with_max(2_000, digits).expect("the bounds are constants that the crate takes");
    made.auto(true);
    made
}

fn record(histogram: &mut Histogram<u64>, ns: u64) {
    // It grows by itself, so nothing can be refused.
    let _ = histogram.record(((ns + 500) / 1000).min(LONGEST_US));
}

/// One token that got an answer or was given up. Times in nanoseconds from the beginning of the traffic.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    /// Its place in the kinds.
    pub kind: usize,
    /// When it was due.
    pub planned: u64,
    /// When it was sent.
    pub started: u64,
    /// When its answer was there.
    pub ended: u64,
    /// What it came to.
    pub verdict: Verdict,
}

/// How a token was sent, for the report on ourselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// As soon as it was due, or as soon as we came to it.
    Free,
    /// It had to wait for a connection.
    HeldUp,
}

/// The tokens of one class.
#[derive(Debug, Clone)]
pub(super) struct ClassTally {
    pub accepted: u64,
    pub rejected: u64,
    pub turned_away: u64,
    pub broken: u64,
    pub failed: u64,
    pub wrong_accepts: u64,
    pub wrong_refusals: u64,
    pub response: Histogram<u64>,
    pub service: Histogram<u64>,
    pub service_ns: u64,
}

impl ClassTally {
    fn new() -> ClassTally {
        ClassTally {
            accepted: 0,
            rejected: 0,
            turned_away: 0,
            broken: 0,
            failed: 0,
            wrong_accepts: 0,
            wrong_refusals: 0,
            response: histogram(3),
            service: histogram(3),
            service_ns: 0,
        }
    }

    /// All tokens.
    pub fn sent(&self) -> u64 {
        self.accepted + self.rejected + self.turned_away + self.broken
    }

    fn add(&mut self, other: &ClassTally) {
        self.accepted += other.accepted;
        self.rejected += other.rejected;
        self.turned_away += other.turned_away;
        self.broken += other.broken;
        self.failed += other.failed;
        self.wrong_accepts += other.wrong_accepts;
        self.wrong_refusals += other.wrong_refusals;
        // Both grow by themselves, so nothing can be refused.
        let _ = self.response.add(&other.response);
        let _ = self.service.add(&other.service);
        self.service_ns += other.service_ns;
    }
}

/// The tally of one thread.
pub struct Tally {
    pub(super) classes: Vec<ClassTally>,
    pub(super) lateness: Histogram<u64>,
    pub(super) late: u64,
    pub(super) held_up: u64,
    pub(super) unsent: u64,
    pub(super) backlog: u64,
    pub(super) in_flight: u64,
    pub(super) connections: u64,
    pub(super) resent: u64,
    /// Under way when the window was stopped, and waited for no longer.
    pub(super) cut_off: u64,
    /// When it was stopped, where that was before its end.
    pub(super) stopped: Option<u64>,
    pub(super) expired: u64,
    pub(super) by_signature: u64,
    pub(super) wrong: Vec<String>,
    /// Processor time in the window, in nanoseconds.
    pub(super) cpu_ns: u64,
    /// The same of the busiest thread.
    pub(super) busiest_ns: u64,
    kinds: Vec<Kind>,
    beat: Beat,
    beats: Option<Sender<Beat>>,
    /// Where the window begins and ends.
    window: (u64, u64),
}

impl Tally {
    /// A tally over a window, in nanoseconds from the beginning of the traffic.
    #[must_use]
    pub fn over(kinds: &[Kind], window: (u64, u64)) -> Tally {
        Tally::new(kinds, window, None)
    }

    /// The same; whole seconds go to `beats`.
    pub(super) fn new(kinds: &[Kind], window: (u64, u64), beats: Option<Sender<Beat>>) -> Tally {
        Tally {
            classes: kinds.iter().map(|_| ClassTally::new()).collect(),
            lateness: histogram(3),
            late: 0,
            held_up: 0,
            unsent: 0,
            backlog: 0,
            in_flight: 0,
            connections: 0,
            resent: 0,
            cut_off: 0,
            stopped: None,
            expired: 0,
            by_signature: 0,
            wrong: Vec::new(),
            cpu_ns: 0,
            busiest_ns: 0,
            kinds: kinds.to_vec(),
            beat: Beat::new(0),
            beats,
            window,
        }
    }

    /// Whether a token that was due then counts.
    pub(super) fn counts(&self, planned: u64) -> bool {
        (self.window.0..self.window.1).contains(&planned)
    }

    /// Notes that a token under way is waited for no longer.
    pub(super) fn cut_off(&mut self, planned: u64) {
        self.cut_off += u64::from(self.counts(planned));
    }

    /// Notes that somebody stopped the window, in nanoseconds from the beginning of the traffic.
    pub(super) fn stopped(&mut self, now: u64) {
        if now < self.window.1 {
            self.stopped.get_or_insert(now.max(self.window.0));
        }
    }

    /// Notes how a token of an open loop was sent.
    pub(super) fn started(&mut self, planned: u64, started: u64, how: Start) {
        if !self.counts(planned) {
            return;
        }
        let late = started.saturating_sub(planned);
        record(&mut self.lateness, late);
        if late > LATE_NS {
            match how {
                Start::Free => self.late += 1,
                Start::HeldUp => self.held_up += 1,
            }
        }
    }

    /// Notes what became of a token. `described` says what was seen, where the answer is wrong.
    pub fn ended(&mut self, seen: &Seen, described: impl FnOnce() -> String) {
        let debt = self.kinds[seen.kind].owed.between(seen.started, seen.ended);
        self.ended_owing(seen, debt, described);
    }

    /// The same where more is known of the token than its kind says.
    pub fn ended_owing(&mut self, seen: &Seen, debt: Debt, described: impl FnOnce() -> String) {
        if !self.counts(seen.planned) {
            return;
        }
        let service = seen.ended.saturating_sub(seen.started);
        let response = seen.ended.saturating_sub(seen.planned);
        let class = &mut self.classes[seen.kind];
        record(&mut class.response, response);
        record(&mut class.service, service);
        class.service_ns += service;
        let mut wrong = false;
        let mut broken = false;
        match seen.verdict {
            Verdict::Accept => {
                class.accepted += 1;
                wrong = debt == Debt::Reject;
                class.wrong_accepts += u64::from(wrong);
            }
            Verdict::Reject => {
                class.rejected += 1;
                wrong = debt == Debt::Accept;
                class.wrong_refusals += u64::from(wrong);
            }
            Verdict::Refused => {
                class.turned_away += 1;
                wrong = debt == Debt::Accept;
                class.wrong_refusals += u64::from(wrong);
            }
            verdict => {
                class.broken += 1;
                broken = true;
                let unanswered = matches!(verdict, Verdict::Timeout | Verdict::Reset | Verdict::Unreachable);
                class.failed += u64::from(unanswered);
            }
        }
        let second = ((seen.ended - self.window.0.min(seen.ended)) / SECOND_NS) as usize;
        if second != self.beat.second {
            self.flush(second);
        }
        let beat = &mut self.beat;
        beat.service_ns += service;
        match (broken, wrong, seen.verdict) {
            (true, ..) => beat.broken += 1,
            (_, true, Verdict::Accept) => beat.wrong_accepts += 1,
            (_, true, _) => beat.wrong_refusals += 1,
            _ => beat.right += 1,
        }
        if broken || wrong {
            *beat.bad.entry(seen.kind).or_default() += 1;
        }
        record(beat.responses.entry(seen.kind).or_insert_with(|| histogram(2)), response);
        if wrong {
            self.note(seen, &described());
        }
    }

    /// Keeps a few wrong answers, and counts what refusals of good tokens speak of.
    #[cold]
    fn note(&mut self, seen: &Seen, described: &str) {
        if seen.verdict != Verdict::Accept {
            let text = described.to_ascii_lowercase();
            if text.contains("expir") || text.contains("exp ") {
                self.expired += 1;
            } else if text.contains("signature") {
                self.by_signature += 1;
            }
        }
        if self.wrong.len() < NAMED {
            let at = seen.planned.saturating_sub(self.window.0) as f64 / 1e9;
            self.wrong.push(format!("{at:.2}s {}: {}, {described}", self.kinds[seen.kind].class, seen.verdict));
        }
    }

    /// Hands the last second on, and lets whoever collects know that no more come.
    pub(super) fn close(&mut self) {
        self.flush(usize::MAX);
        self.beats = None;
    }

    /// Hands the second that is over to whoever collects them, and begins another one.
    fn flush(&mut self, second: usize) {
        let over = std::mem::replace(&mut self.beat, Beat::new(second));
        if over.count() > 0
            && let Some(beats) = &self.beats
        {
            // Whoever collects may have gone; the totals are still worth having.
            let _ = beats.send(over);
        }
    }

    /// Takes the tally of another thread in.
    pub(super) fn add(&mut self, other: &Tally) {
        for (own, other) in self.classes.iter_mut().zip(&other.classes) {
            own.add(other);
        }
        let _ = self.lateness.add(&other.lateness);
        self.late += other.late;
        self.held_up += other.held_up;
        self.unsent += other.unsent;
        self.backlog += other.backlog;
        self.in_flight += other.in_flight;
        self.connections += other.connections;
        self.resent += other.resent;
        self.cut_off += other.cut_off;
        self.stopped = self.stopped.max(other.stopped);
        self.expired += other.expired;
        self.by_signature += other.by_signature;
        let room = NAMED - self.wrong.len().min(NAMED);
        self.wrong.extend(other.wrong.iter().take(room).cloned());
        self.cpu_ns += other.cpu_ns;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{load::arena::Owed, model::chaos::TokenClass};

    fn kinds() -> Vec<Kind> {
        vec![
            Kind { class: TokenClass::Valid, owed: Owed::Accept },
            Kind { class: TokenClass::BadSig, owed: Owed::Reject },
        ]
    }

    fn seen(kind: usize, verdict: Verdict, planned: u64) -> Seen {
        Seen { kind, planned, started: planned + 1_000_000, ended: planned + 3_000_000, verdict }
    }

    #[test]
    fn each_verdict_is_held_against_what_was_owed() {
        let (send, receive) = std::sync::mpsc::channel();
        let mut tally = Tally::new(&kinds(), (SECOND_NS, 5 * SECOND_NS), Some(send));
        for (kind, verdict) in [
            (0, Verdict::Accept),
            (0, Verdict::Reject),
            (0, Verdict::Timeout),
            (0, Verdict::Refused),
            (1, Verdict::Accept),
            (1, Verdict::Reject),
            (1, Verdict::Refused),
            (1, Verdict::ServerError),
        ] {
            tally.ended(&seen(kind, verdict, SECOND_NS), || "the token is expired".into());
        }
        // Before the window: counts for nothing.
        tally.ended(&seen(1, Verdict::Accept, 0), String::new);
        let [good, forged] = &tally.classes[..] else { panic!("two classes") };
        assert_eq!((good.sent(), good.wrong_refusals, good.broken, good.failed), (4, 2, 1, 1));
        assert_eq!((forged.sent(), forged.wrong_accepts, forged.broken, forged.failed), (4, 1, 1, 0));
        assert_eq!((tally.expired, tally.wrong.len()), (2, 3));
        assert_eq!(tally.wrong[2], "0.00s bad-sig: accept, the token is expired");
        // Three significant digits.
        assert!(good.response.max().abs_diff(3000) < 3 && good.service.max().abs_diff(2000) < 3);
        tally.close();
        let beat = receive.try_recv().unwrap();
        assert_eq!((beat.right, beat.wrong_accepts, beat.wrong_refusals, beat.broken), (3, 1, 2, 2));
    }

    #[test]
    fn our_delay_and_the_target_s_are_told_apart() {
        let mut tally = Tally::new(&kinds(), (0, SECOND_NS), None);
        tally.started(0, LATE_NS + 1, Start::Free);
        tally.started(0, LATE_NS + 1, Start::HeldUp);
        tally.started(0, LATE_NS - 1, Start::HeldUp);
        assert_eq!((tally.late, tally.held_up, tally.lateness.len()), (1, 1, 3));
    }
}
