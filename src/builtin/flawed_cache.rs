//! What flaws make of the cache of the key set: when a set is old, what a failure costs, who waits.

use super::{
    fetch::{self, Answer},
    flaw::Flaw,
    keys::{Held, Standing, Times},
};
use reqwest::header::{CACHE_CONTROL, DATE, EXPIRES};
use std::time::Duration;

/// The time limit of a client that has none.
const FOR_EVER: Duration = Duration::from_secs(24 * 3600);

/// The client that fetches the key set.
pub(super) fn client(flaw: Option<Flaw>, timeout: Duration) -> reqwest::ClientBuilder {
    match flaw {
        Some(Flaw::NoFetchTimeout) => fetch::builder(FOR_EVER),
        Some(Flaw::TimeoutWhenIdleOnly) => fetch::builder(FOR_EVER).read_timeout(timeout),
        Some(Flaw::FetchRedirected) => fetch::builder(timeout).redirect(reqwest::redirect::Policy::default()),
        Some(Flaw::FetchPeerUnchecked) => fetch::builder(timeout).tls_danger_accept_invalid_certs(true),
        _ => fetch::builder(timeout),
    }
}

/// How good a set of this age is for a flaw; `None` where it sees that as strict does.
pub(super) fn standing(flaw: Option<Flaw>, held: &Held, age: Duration, times: &Times) -> Option<Standing> {
    match flaw? {
        Flaw::HardExpiry if age >= times.lifetime => Some(Standing::Gone),
        Flaw::StaleWithoutBound if age >= times.lifetime => Some(Standing::Stale),
        Flaw::AgeNeverEvicts | Flaw::FetchedOnce => Some(Standing::Fresh),
        Flaw::ExpiresObeyed if held.has_expired => Some(Standing::Stale),
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

/// Whether nothing is fetched any more because the first request failed.
pub(super) fn gives_up(flaw: Option<Flaw>, held: &Held) -> bool {
    flaw == Some(Flaw::FirstFailureFinal) && held.keys.is_none() && held.failing
}

/// Whether an answer has expired before it came. A date in the past is in the past whatever the format of the day: the
/// issuer's own `Date` stands beside it.
pub(super) fn has_expired(answer: &Answer) -> bool {
    let date = |name| jiff::fmt::rfc2822::parse(answer.headers.get(name)?.to_str().ok()?).ok();
    match (date(EXPIRES), date(DATE)) {
        (Some(expires), Some(date)) => expires.timestamp() <= date.timestamp(),
        _ => false,
    }
}

/// `max-age` of an answer (RFC 9111 section 5.2.2.1).
pub(super) fn max_age(answer: &Answer) -> Option<Duration> {
    let text = answer.headers.get(CACHE_CONTROL)?.to_str().ok()?;
    let seconds = text.split(',').find_map(|word| word.trim().strip_prefix("max-age="))?;
    seconds.parse().ok().map(Duration::from_secs)
}
