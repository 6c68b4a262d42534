//! Which claim of which scenario finds which flaw of the built-in validator: the proof that each scenario can fail, and that
//! each flaw of the key cache is found.

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

/// At least one for each flaw of the cache and one for each scenario; those of one flaw stand together.
#[rustfmt::skip]
pub const PROOFS: &[Proof] = &[
    proof(Flaw::HardExpiry, "outage-past-ttl", "during outage, of valid", Metric::Availability, Grade::Should),
    proof(Flaw::HardExpiry, "herd-with-failing-leader", "during herd, of valid", Metric::Availability, Grade::Should),
    proof(Flaw::StaleWithoutBound, "outage-past-max-stale", "during outage, of valid", Metric::LastAccept, Grade::Must),
    proof(Flaw::StaleWithoutBound, "revoke-during-outage", "since revoked, of good[k1]", Metric::LastAccept, Grade::Must),
    proof(Flaw::AgeNeverEvicts, "revocation-by-time", "since revoked, of good[k1]", Metric::LastAccept, Grade::Must),
    proof(Flaw::AgeNeverEvicts, "hidden-key", "during hidden, of good[k1]", Metric::LastAccept, Grade::Must),
    proof(Flaw::AgeNeverEvicts, "kid-reuse", "since reused, of old[k1-old]", Metric::Accepted, Grade::Must),
    proof(Flaw::AgeNeverEvicts, "rotation-rolled-back", "since rolled-back, of good[k2]", Metric::LastAccept, Grade::Must),
    proof(Flaw::AgeNeverEvicts, "game-day", "since revoked, of good[k1]", Metric::LastAccept, Grade::Must),
    proof(Flaw::FailedRefreshWipes, "outage-within-ttl", "during outage, of valid", Metric::Accepted, Grade::Must),
    proof(Flaw::FailedRefreshWipes, "latency-ramp", "always, of valid", Metric::Accepted, Grade::Must),
    proof(Flaw::FailedRefreshWipes, "partial-errors", "always, of valid", Metric::Accepted, Grade::Must),
    proof(Flaw::FailedRefreshWipes, "fleet-divergence", "during isolated, of old[k1]@3", Metric::Accepted, Grade::Must),
    proof(Flaw::FailedRefreshWipes, "flood-while-hanging", "during trouble, of valid", Metric::Accepted, Grade::Must),
    proof(Flaw::FetchPerUnknownKid, "unknown-kid-flood:unknown-kid", "during flood, of amplification", Metric::Factor, Grade::Must),
    proof(Flaw::PauseAfterSuccessOnly, "flood-in-outage", "during trouble, of amplification", Metric::Factor, Grade::Must),
    proof(Flaw::PauseAfterSuccessOnly, "retry-storm-on-recovery", "during outage, of fetches jwks", Metric::Count, Grade::Must),
    proof(Flaw::PauseShared, "flood-during-rotation", "since rotation, of good[k2]", Metric::TimeToAccept, Grade::Must),
    proof(Flaw::CallersWait, "hang", "during hang, of valid", Metric::P99, Grade::Should),
    proof(Flaw::NoFetchTimeout, "hang", "during hang, of fetches jwks", Metric::Longest, Grade::Should),
    proof(Flaw::NoFetchForUnknownKid, "rotate-without-overlap:quiet", "since swap, of good[k2]", Metric::TimeToAccept, Grade::Should),
    proof(Flaw::FirstTokenLost, "rotate-without-overlap:quiet", "since swap, of good[k2]", Metric::Rejected, Grade::Excellent),
    proof(Flaw::EmptySetBelieved, "empty-keys", "always, of valid", Metric::Accepted, Grade::Must),
    proof(Flaw::EmptySetBelieved, "login-page", "always, of valid", Metric::Accepted, Grade::Must),
    proof(Flaw::StatusIgnored, "error-status", "always, of attacker", Metric::Accepted, Grade::Must),
    proof(Flaw::VerdictKept, "emergency-revocation:quiet-replayed", "since revoked, of good[k1]", Metric::LastAccept, Grade::Must),
    proof(Flaw::RefusedIsFatal, "outage-past-ttl", "during outage, of valid", Metric::Accepted, Grade::Must),
    proof(Flaw::MaxAgeObeyed, "revocation-under-long-max-age:quiet-fresh", "since revoked, of good[k1]", Metric::LastAccept, Grade::Must),
    proof(Flaw::RemovedKeyLeased, "emergency-revocation:quiet-fresh", "since revoked, of good[k1]", Metric::LastAccept, Grade::Must),
    proof(Flaw::FetchedOnce, "rotate-without-overlap:base", "since swap, of good[k2]", Metric::TimeToAccept, Grade::Must),
    proof(Flaw::FetchedOnce, "rotate-gracefully", "since switched, of good[k2]", Metric::TimeToAccept, Grade::Must),
    proof(Flaw::FetchedOnce, "rotation-storm", "since storm, of good[k6]", Metric::TimeToAccept, Grade::Must),
    proof(Flaw::FetchedOnce, "alg-migration", "since moved, of good[k2-es256]", Metric::TimeToAccept, Grade::Must),
    proof(Flaw::FetchedOnce, "stale-replica", "since switched, of good[k2]", Metric::TimeToAccept, Grade::Must),
    proof(Flaw::FetchedOnce, "overload-while-rotating", "since rotation, of good[k2]", Metric::TimeToAccept, Grade::Must),
    proof(Flaw::UnknownKidRemembered, "sign-before-publish:C", "since published, of valid[k2]", Metric::TimeToAccept, Grade::Must),
    proof(Flaw::UnknownKidRemembered, "outage-plus-rotation", "after outage, of good[k2]", Metric::TimeToAccept, Grade::Must),
    proof(Flaw::UnknownKidRemembered, "early-retire-and-rollback", "since back, of valid", Metric::TimeToAccept, Grade::Must),
    proof(Flaw::UnknownKidRemembered, "foreign-set", "after foreign, of valid", Metric::Recovery, Grade::Must),
    proof(Flaw::UnknownKidRemembered, "frozen-set-while-rotating", "after frozen, of good[k2]", Metric::TimeToAccept, Grade::Must),
    proof(Flaw::FetchedByEach, "herd-at-expiry", "during herd, of fetches jwks", Metric::AtOnce, Grade::Must),
    proof(Flaw::FetchedByEach, "restart-herd", "during slow, of fetches jwks", Metric::AtOnce, Grade::Must),
    proof(Flaw::FirstFailureFinal, "cold-start-in-outage:refuse", "after outage, of valid", Metric::TimeToAccept, Grade::Must),
    proof(Flaw::FirstFailureFinal, "cold-start-without-discovery:refuse", "after outage, of valid", Metric::TimeToAccept, Grade::Must),
    proof(Flaw::ExpiresObeyed, "dates-askew", "during past, of fetches jwks", Metric::Rate, Grade::Must),
    proof(Flaw::NotModifiedEmpties, "not-modified", "during unchanged, of valid", Metric::Accepted, Grade::Must),
    proof(Flaw::FetchRedirected, "redirects", "always, of attacker", Metric::Accepted, Grade::Must),
    proof(Flaw::TimeoutWhenIdleOnly, "slow-drip", "during drip, of fetches jwks", Metric::Longest, Grade::Should),
    proof(Flaw::FetchPeerUnchecked, "tls-failure", "always, of attacker", Metric::Accepted, Grade::Must),
    proof(Flaw::DiscoveryReadOnce, "discovery-moves-keys", "since rotation, of good[k2]", Metric::TimeToAccept, Grade::Should),
    proof(Flaw::DiscoveryIssuerUnchecked, "discovery-moves-keys", "always, of attacker", Metric::Accepted, Grade::Must),
    proof(Flaw::UnknownKindBreaksSet, "one-bad-key:kty", "since rotation, of good[k2]", Metric::TimeToAccept, Grade::Must),
    proof(Flaw::MalformedMemberBreaksSet, "one-bad-key:base64", "since rotation, of good[k2]", Metric::TimeToAccept, Grade::Must),
    proof(Flaw::BrokenSetCrashes, "malformed-set", "always, of valid", Metric::Accepted, Grade::Must),
    proof(Flaw::HugeSetCrashes, "huge-set", "always, of valid", Metric::Accepted, Grade::Must),
    proof(Flaw::OctInSetAllows, "hostile-set", "always, of oct-key", Metric::Accepted, Grade::Must),
    proof(Flaw::SwappedKeyKept, "same-kid-new-key", "since replaced, of valid[k1]", Metric::TimeToAccept, Grade::Must),
    proof(Flaw::IssuerKeysPooled, "second-issuer-while-first-hangs", "always, of cross-issuer", Metric::Accepted, Grade::Must),
    proof(Flaw::ExpIgnored, "expiry-storm", "during storm, of expired", Metric::Accepted, Grade::Must),
];

impl Proof {
    /// Whether a claim of this name, metric and grade is the one.
    #[must_use]
    pub fn is_about(&self, name: &str, metric: Metric, grade: Grade) -> bool {
        let about = name.strip_prefix(self.about).is_some_and(|rest| rest.starts_with(':'));
        about && metric == self.metric && grade == self.grade
    }
}
