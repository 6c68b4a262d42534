//! One token sent at one moment, and what came of it.

use crate::model::Verdict;
use std::time::Duration;

/// One token sent. Times count from the beginning of the traffic.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Which stream it belongs to.
    pub stream: usize,
    /// Names the token in the whole traffic.
    pub number: u64,
    /// When it should have started.
    pub planned: Duration,
    /// What came of it; absent where it could not be sent, because too many others were still open.
    pub answered: Option<Answered>,
}

/// What came of a token that was sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// When it really started.
    pub started: Duration,
    /// When the answer was there, or was given up.
    pub ended: Duration,
    /// What the target did.
    pub verdict: Verdict,
    /// The HTTP status, where there was one.
    pub status: Option<u16>,
    /// Why the verdict is what it is; empty for an acceptance.
    pub because: Box<str>,
}

impl Sample {
    /// From the planned start to the answer.
    #[must_use]
    pub fn response(&self) -> Option<Duration> {
        self.answered.as_ref().map(|answered| answered.ended.saturating_sub(self.planned))
    }

    /// From the real start to the answer.
    #[must_use]
    pub fn service(&self) -> Option<Duration> {
        self.answered.as_ref().map(|answered| answered.ended.saturating_sub(answered.started))
    }

    /// How much later than planned it started.
    #[must_use]
    pub fn late(&self) -> Option<Duration> {
        self.answered.as_ref().map(|answered| answered.started.saturating_sub(self.planned))
    }

    /// What the target did, where it was sent.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        self.answered.as_ref().map(|answered| answered.verdict)
    }
}
