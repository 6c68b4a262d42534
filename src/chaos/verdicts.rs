//! The three things that a verdict can mean for a user.

use crate::{model::Verdict, traffic::Sample};

/// What a user gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Got {
    /// The token was taken.
    Accepted,
    /// The token was called bad: a client throws it away, and people log in again.
    Rejected,
    /// The target could not decide.
    Broken,
    /// It was not sent.
    Unsent,
}

pub(super) fn got(sample: &Sample) -> Got {
    match sample.verdict() {
        None => Got::Unsent,
        Some(Verdict::Accept) => Got::Accepted,
        Some(Verdict::Reject | Verdict::Refused) => Got::Rejected,
        Some(_) => Got::Broken,
    }
}

pub(super) fn accepted(sample: &Sample) -> bool {
    got(sample) == Got::Accepted
}

/// An answer of success that is no acceptance by the words of the target file.
pub(super) fn is_odd(sample: &Sample) -> bool {
    let answered = sample.answered.as_ref();
    answered.is_some_and(|answered| answered.verdict == Verdict::OddAnswer)
}
