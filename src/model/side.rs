//! What was seen beside the answer itself: time, memory, the service afterwards, and what the answer gives away.

use super::verdict::Verdict;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Evidence for side conditions. A case gathers only what its own conditions ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Side {
    /// Times, where the first answer was slow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timing: Option<Timing>,
    /// Memory of the process that the harness started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<MemoryUse>,
    /// Good tokens right after the case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<Health>,
    /// Verdicts on the same kind of token, sent again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub again: Vec<Verdict>,
    /// What the answer gives away.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leaks: Vec<Leak>,
    /// Claims that came back and were not signed so, as `name = returned (signed: value)`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unsigned: Vec<String>,
}

impl Side {
    /// Whether nothing was gathered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Side::default()
    }
}

/// Times of the token under test and of good tokens, sent in turns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Timing {
    /// Microseconds for each token under test, in the order of sending.
    pub token_us: Vec<u64>,
    /// Microseconds for each good token.
    pub control_us: Vec<u64>,
}

impl Timing {
    /// The median time of the token under test, in microseconds; 0 where there is none.
    #[must_use]
    pub fn token_median(&self) -> u64 {
        median(&self.token_us)
    }

    /// The median time of good tokens, in microseconds; 0 where there is none.
    #[must_use]
    pub fn control_median(&self) -> u64 {
        median(&self.control_us)
    }
}

/// The lower one of the two middle values where their number is even: a doubt speaks for the target.
fn median(times: &[u64]) -> u64 {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len().saturating_sub(1) / 2).copied().unwrap_or(0)
}

/// Memory of a started target, all its processes together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct MemoryUse {
    /// Resident bytes before the case.
    pub before: u64,
    /// The most resident bytes from the sending of the token to its answer.
    pub peak: u64,
    /// Resident bytes afterwards.
    pub after: u64,
}

impl MemoryUse {
    /// By how many bytes the memory grew at most.
    #[must_use]
    pub fn growth(self) -> u64 {
        self.peak.max(self.after).saturating_sub(self.before)
    }
}

/// What became of good tokens right after a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Health {
    /// Good tokens sent.
    pub sent: u32,
    /// How many of them were accepted.
    pub accepted: u32,
    /// How many were told to slow down, which is no harm.
    #[serde(default)]
    pub slowed: u32,
    /// What the first one got that was not accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_refusal: Option<String>,
}

impl Health {
    /// Whether a good token was lost.
    #[must_use]
    pub fn is_harmed(&self) -> bool {
        self.accepted + self.slowed < self.sent
    }
}

/// One thing that an answer should not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Leak {
    /// What it is.
    pub kind: LeakKind,
    /// The text, cut to a line.
    pub text: String,
}

/// What an answer can give away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LeakKind {
    /// Text of the token, not escaped.
    Reflection,
    /// A stack trace, or the words of an error inside.
    Internals,
    /// A private or secret key.
    KeyMaterial,
    /// A line of a file of the system.
    FileContent,
}

super::spec::display_as_word! {
    LeakKind {
        Reflection => "text of the token", Internals => "an internal error", KeyMaterial => "key material",
        FileContent => "the content of a file",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_the_lower_middle_value() {
        assert_eq!((median(&[]), median(&[7]), median(&[9, 1]), median(&[5, 1, 9])), (0, 7, 1, 5));
    }

    #[test]
    fn memory_grows_to_its_peak() {
        assert_eq!(MemoryUse { before: 10, peak: 30, after: 12 }.growth(), 20);
        assert_eq!(MemoryUse { before: 10, peak: 5, after: 8 }.growth(), 0);
    }

    #[test]
    fn being_told_to_slow_down_is_no_harm() {
        let health = |accepted, slowed| Health { sent: 10, accepted, slowed, first_refusal: None };
        assert!(!health(10, 0).is_harmed() && !health(4, 6).is_harmed() && health(9, 0).is_harmed());
    }
}
