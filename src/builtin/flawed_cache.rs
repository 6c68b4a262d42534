//! What flaws make of the cache of the key set: when a set is old, what a failure costs, who waits.

use super::{
    fetch::Answer,
    flaw::Flaw,
    keys::{Held, Standing, Times},
};
use reqwest::header::CACHE_CONTROL;
use std::time::Duration;

/// The time limit of a client that has none.
pub(super) const FOR_EVER: Duration = Duration::from_secs(24 * 3600);

/// How good a set of this age is for a flaw; `None` where it sees that as strict does.
pub(super) fn standing(flaw: Option<Flaw>, held: &Held, age: Duration, times: &Times) -> Option<Standing> {
    match flaw? {
        Flaw::HardExpiry if age >= times.lifetime => Some(Standing::Gone),
        Flaw::StaleWithoutBound if age >= times.lifetime => Some(Standing::Stale),
        Flaw::AgeNeverEvicts | Flaw::FetchedOnce => Some(Standing::Fresh),
        Flaw::MaxAgeObeyed => {
            let lifetime = held.max_age.unwrap_or(times.lifetime);
            Some(if age < lifetime { Standing::Fresh } else { Standing::Stale })
        }
        _ => None,
    }
}

/// Whether the flaw never fetches because of an unknown `kid`, where it holds a set already.
pub(super) fn never_asks(flaw: Option<Flaw>, holds: bool) -> bool {
    holds && matches!(flaw, Some(Flaw::NoFetchForUnknownKid | Flaw::FetchedOnce | Flaw::MaxAgeObeyed))
}

/// Whether a pause begins: after a fetch for an unknown `kid`, and after a failure.
pub(super) fn pauses(flaw: Option<Flaw>, for_unknown_kid: bool, failed: bool) -> bool {
    match flaw {
        Some(Flaw::PauseAfterSuccessOnly) => for_unknown_kid && !failed,
        _ => for_unknown_kid || failed,
    }
}

/// What a failed fetch costs.
pub(super) fn lose(flaw: Option<Flaw>, held: &mut Held, refused: bool) {
    let lost = match flaw {
        Some(Flaw::FailedRefreshWipes) => true,
        Some(Flaw::RefusedIsFatal) => refused,
        _ => false,
    };
    if lost {
        (held.keys, held.fetched_at) = (None, None);
    }
}

/// `max-age` of an answer (RFC 9111 section 5.2.2.1).
pub(super) fn max_age(answer: &Answer) -> Option<Duration> {
    let text = answer.headers.get(CACHE_CONTROL)?.to_str().ok()?;
    let seconds = text.split(',').find_map(|word| word.trim().strip_prefix("max-age="))?;
    seconds.parse().ok().map(Duration::from_secs)
}
