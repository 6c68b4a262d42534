//! What a run makes of an observation.

use super::{
    id::CaseId,
    spec::{Level, Severity, display_as_word},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The number of the judge, a part of the suite's digest: raised whenever the same observation leads to another outcome,
/// so that two runs with the same digest judged in the same way.
pub const JUDGE: u32 = 2;

/// The judgement of one check of one case. The order is from harmless to grave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Not applicable here; the reason names the missing capability.
    Skip,
    /// It held.
    Pass,
    /// Measured, or a free choice observed.
    Note,
    /// Undecided: a control failed, or the target was down.
    Inconclusive,
    /// A should or a declared policy was broken.
    Warn,
    /// A must was broken.
    Fail,
}

display_as_word! {
    Outcome {
        Skip => "skip", Pass => "pass", Note => "note", Inconclusive => "inconclusive", Warn => "warn", Fail => "fail",
    }
}

/// One outcome of one check of one case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Finding {
    /// The case's id, `#`, the check (`verdict`, `status`, `challenge-error`, `untouched`, `within`, `returns`).
    pub id: String,
    /// The judgement.
    pub outcome: Outcome,
    /// How binding the check is.
    pub level: Level,
    /// How bad a failure is.
    pub severity: Severity,
    /// Seen against the baseline.
    pub baseline: BaselineStatus,
    /// What was wanted.
    pub expected: String,
    /// What was seen.
    pub observed: String,
    /// Why the outcome is what it is.
    pub because: String,
}

impl Finding {
    /// The id of a check.
    #[must_use]
    pub fn id(case: &CaseId, check: &str) -> String {
        format!("{case}#{check}")
    }
}

/// A finding seen against the list of known failures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BaselineStatus {
    /// Not listed.
    #[default]
    New,
    /// Listed, and it failed again.
    Known,
    /// Listed, and it passed.
    Fixed,
}

/// What became of the good token that a refusal is measured against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Control {
    /// Accepted before and after.
    Accepted,
    /// Not accepted, before or after.
    Refused,
    /// It has not been sent.
    NotSent,
}

display_as_word! { Control { Accepted => "accepted", Refused => "refused", NotSent => "not-sent" } }
