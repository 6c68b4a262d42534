//! What came of the generated tokens, kind by kind.

use super::{kind::Kind, send::Answer};
use crate::model::Verdict;
use std::collections::BTreeMap;

/// What came of the tokens of one kind.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    pub sent: u32,
    pub refused: u32,
    /// Refused before the token was judged.
    pub turned_away: u32,
    /// Those that the target accepted.
    pub accepted: Vec<u32>,
    /// Those that it did not answer properly.
    pub broken: Vec<(Verdict, u32)>,
    pub undecided: u32,
    /// Why the first undecided one is.
    pub because: Option<String>,
    /// The first token of all.
    pub first: u32,
}

/// The tallies of a run.
#[derive(Debug, Default)]
pub(super) struct Ledger(pub BTreeMap<Kind, Tally>);

impl Ledger {
    /// Enters an answer.
    pub fn enter(&mut self, answer: Answer) {
        let Answer { number, kind, verdict, because, decided } = answer;
        let tally = self.0.entry(kind).or_insert_with(|| Tally { first: number, ..Tally::default() });
        tally.sent += 1;
        tally.first = tally.first.min(number);
        match verdict {
            // Needs no good token around it.
            Verdict::Accept => tally.accepted.push(number),
            Verdict::Reject if decided => tally.refused += 1,
            Verdict::Refused if decided => tally.turned_away += 1,
            Verdict::ServerError | Verdict::Timeout | Verdict::Reset | Verdict::OddAnswer if decided => {
                tally.broken.push((verdict, number));
            }
            _ => {
                tally.undecided += 1;
                tally.because.get_or_insert(because);
            }
        }
    }

    /// How many were sent, and how many of them accepted.
    pub fn totals(&self) -> (u32, u32) {
        let accepted = self.0.values().map(|tally| tally.accepted.len()).sum::<usize>();
        (self.0.values().map(|tally| tally.sent).sum(), u32::try_from(accepted).unwrap_or(u32::MAX))
    }
}

impl Tally {
    /// The first token that got this verdict, and how many did.
    pub fn first_broken(&self, verdict: Verdict) -> Option<(u32, usize)> {
        let numbers = || self.broken.iter().filter(|(seen, _)| *seen == verdict).map(|(_, number)| *number);
        Some((numbers().min()?, numbers().count()))
    }

    /// The outcome of the refusals in a sentence.
    pub fn sentence(&self) -> String {
        let mut text = format!("{} of {} refused", self.refused + self.turned_away, self.sent);
        for (count, what) in [
            (self.turned_away, "of them turned away before the token was judged"),
            (u32::try_from(self.accepted.len()).unwrap_or(u32::MAX), "accepted"),
            (u32::try_from(self.broken.len()).unwrap_or(u32::MAX), "without a proper answer"),
            (self.undecided, "undecided"),
        ] {
            if count > 0 {
                text.push_str(&format!(", {count} {what}"));
            }
        }
        text
    }
}
