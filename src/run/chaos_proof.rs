//! Which claim of which scenario finds each flaw of the built-in key cache: the proof that it can fail.

use crate::{
    builtin::Flaw,
    model::chaos::{Grade, Metric},
};

/// A claim that a flaw must break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proof {
    /// The flaw.
    pub flaw: Flaw,
    /// The scenario's id.
    pub scenario: &'static str,
    /// What the claim is about, as its name has it: `during outage, of valid`.
    pub about: &'static str,
    /// What it measures.
    pub metric: Metric,
    /// How binding it is.
    pub grade: Grade,
}

const fn proof(flaw: Flaw, scenario: &'static str, about: &'static str, metric: Metric, grade: Grade) -> Proof {
    Proof { flaw, scenario, about, metric, grade }
}

/// One for each flaw, in the order of the flaws.
pub const PROOFS: &[Proof] = &[
    proof(Flaw::HardExpiry, "outage-past-ttl", "during outage, of valid", Metric::Availability, Grade::Should),
    proof(Flaw::StaleWithoutBound, "outage-past-max-stale", "during outage, of valid", Metric::LastAccept, Grade::Must),
    proof(Flaw::AgeNeverEvicts, "revocation-by-time", "since revoked, of good[k1]", Metric::LastAccept, Grade::Must),
    proof(Flaw::FailedRefreshWipes, "outage-within-ttl", "during outage, of valid", Metric::Accepted, Grade::Must),
    proof(
        Flaw::FetchPerUnknownKid,
        "unknown-kid-flood:unknown-kid",
        "during flood, of amplification",
        Metric::Factor,
        Grade::Must,
    ),
    proof(
        Flaw::PauseAfterSuccessOnly,
        "flood-in-outage",
        "during trouble, of amplification",
        Metric::Factor,
        Grade::Must,
    ),
    proof(Flaw::PauseShared, "flood-during-rotation", "since rotation, of good[k2]", Metric::TimeToAccept, Grade::Must),
    proof(Flaw::CallersWait, "hang", "during hang, of valid", Metric::P99, Grade::Should),
    proof(Flaw::NoFetchTimeout, "hang", "during hang, of fetches jwks", Metric::Longest, Grade::Should),
    proof(
        Flaw::NoFetchForUnknownKid,
        "rotate-without-overlap:quiet",
        "since swap, of good[k2]",
        Metric::TimeToAccept,
        Grade::Should,
    ),
    proof(
        Flaw::FirstTokenLost,
        "rotate-without-overlap:quiet",
        "since swap, of good[k2]",
        Metric::Rejected,
        Grade::Excellent,
    ),
    proof(Flaw::EmptySetBelieved, "empty-keys", "always, of valid", Metric::Accepted, Grade::Must),
    proof(Flaw::StatusIgnored, "error-status", "always, of attacker", Metric::Accepted, Grade::Must),
    proof(
        Flaw::VerdictKept,
        "emergency-revocation:quiet-replayed",
        "since revoked, of good[k1]",
        Metric::LastAccept,
        Grade::Must,
    ),
    proof(Flaw::RefusedIsFatal, "outage-past-ttl", "during outage, of valid", Metric::Accepted, Grade::Must),
    proof(
        Flaw::MaxAgeObeyed,
        "revocation-under-long-max-age:quiet-fresh",
        "since revoked, of good[k1]",
        Metric::LastAccept,
        Grade::Must,
    ),
    proof(
        Flaw::RemovedKeyLeased,
        "emergency-revocation:quiet-fresh",
        "since revoked, of good[k1]",
        Metric::LastAccept,
        Grade::Must,
    ),
    proof(
        Flaw::FetchedOnce,
        "rotate-without-overlap:base",
        "since swap, of good[k2]",
        Metric::TimeToAccept,
        Grade::Must,
    ),
    proof(
        Flaw::UnknownKidRemembered,
        "sign-before-publish:C",
        "since published, of valid[k2]",
        Metric::TimeToAccept,
        Grade::Must,
    ),
];

impl Proof {
    /// Whether a claim of this name, metric and grade is the one.
    #[must_use]
    pub fn is_about(&self, name: &str, metric: Metric, grade: Grade) -> bool {
        let about = name.strip_prefix(self.about).is_some_and(|rest| rest.starts_with(':'));
        about && metric == self.metric && grade == self.grade
    }
}
