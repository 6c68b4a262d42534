//! Flaws that show only when the issuer's keys change or cannot be had: one for each class of defect that caches of key
//! sets were seen to have.

macro_rules! chaos {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => { $next! { [$($rest)*] $($before)*
        /// A key set past its lifetime is no longer used, also where no new one can be had.
        HardExpiry "hard-expiry", "library behaviour: keys are dropped at the end of their lifetime, whatever the endpoint says";
        /// An old key set is used for as long as no new one can be had.
        StaleWithoutBound "stale-without-bound", "library behaviour: the last good set is kept for ever while refreshing fails";
        /// A key that was fetched once is never dropped.
        AgeNeverEvicts "age-never-evicts", "library behaviour: cached keys have no age, and new ones are only added";
        /// A refresh that fails throws the good key set away.
        FailedRefreshWipes "failed-refresh-wipes", "library behaviour: the cache is set to the result of a failed request";
        /// Every unknown `kid` causes a request.
        FetchPerUnknownKid "fetch-per-unknown-kid", "library behaviour: no pause between requests for unknown keys";
        /// The pause between requests begins only when one succeeds.
        PauseAfterSuccessOnly "pause-after-success-only", "library behaviour: the pause counts from the last good answer";
        /// Every token with an unknown `kid` makes the pause begin anew, also for keys that are new.
        PauseShared "pause-shared", "library behaviour: one limit for refreshing and for unknown keys alike";
        /// Whoever needs a key waits for a request that is under way.
        CallersWait "callers-wait-for-fetch", "library behaviour: a lock is held across the request";
        /// A request for the key set has no time limit.
        NoFetchTimeout "no-fetch-timeout", "library behaviour: a client without a total time limit";
        /// An unknown `kid` never causes a request.
        NoFetchForUnknownKid "no-fetch-for-unknown-kid", "library behaviour: only time refreshes the key set";
        /// A token with a new `kid` is refused while the key set is fetched because of it.
        FirstTokenLost "first-token-lost", "library behaviour: the refresh runs in the background and the token that caused it fails";
        /// An empty key set is believed.
        EmptySetBelieved "empty-set-believed", "library behaviour: a set without keys replaces the good one";
        /// The key set is read whatever the status of the answer is.
        StatusIgnored "fetch-status-ignored", "library behaviour: the body of an error is parsed like any other";
        /// A token that was good once is good until it expires.
        VerdictKept "verdict-kept", "library behaviour: verdicts are cached by token and know nothing of keys";
        /// A refused connection throws the good key set away, a missing answer does not.
        RefusedIsFatal "refused-connection-fatal", "library behaviour: old keys are used after a timeout and not after a refusal";
        /// `Cache-Control: max-age` is obeyed however long it is, and nothing else makes it fetch.
        MaxAgeObeyed "max-age-obeyed", "library behaviour: seven days of max-age are seven days without a look";
        /// A key that is gone is used for a while as if the set could not be had.
        RemovedKeyLeased "removed-key-leased", "library behaviour: not found is handled like an outage";
        /// The key set is fetched once and never again.
        FetchedOnce "fetched-once", "library behaviour: the key set is read when the process starts";
        /// A `kid` that was unknown once stays unknown.
        UnknownKidRemembered "unknown-kid-remembered", "library behaviour: a missing key is cached as missing";
        /// Everybody who needs the key set fetches it for themselves.
        FetchedByEach "fetched-by-each", "library behaviour: no two requests for the key set are joined into one";
        /// A first request for the key set that fails is also the last one.
        FirstFailureFinal "first-failure-final", "library behaviour: the error of the first request is kept in the place of a key set";
        /// An answer whose `Expires` lies in the past is fetched again for every token.
        ExpiresObeyed "expires-obeyed", "library behaviour: the lifetime is what the answer says, and may be nothing";
        /// An answer 304 is taken for a key set without keys.
        NotModifiedEmpties "not-modified-empties", "library behaviour: the body of a 304 is parsed, and there is none";
        /// A redirect of the key set is followed wherever it leads.
        FetchRedirected "fetch-redirected", "library behaviour: the HTTP client's own rule for redirects is kept";
        /// The time limit of a request for the key set begins anew with every byte.
        TimeoutWhenIdleOnly "fetch-timeout-idle-only", "library behaviour: the time limit is that of the socket, and not of the whole request";
        /// The certificate of the key set's peer is not looked at.
        FetchPeerUnchecked "fetch-peer-unchecked", "library behaviour: verification is turned off because of a certificate of one's own";
        /// A symmetric key in the fetched key set is used, and allows HMAC where nobody did.
        OctInSetAllows "oct-in-key-set-allows-hmac", "library behaviour: the key decides which algorithms are allowed";
        /// The discovery document is read once and never again.
        DiscoveryReadOnce "discovery-read-once", "library behaviour: the address of the key set is read when the process starts";
        /// The discovery document may name another issuer than the one that was asked.
        DiscoveryIssuerUnchecked "discovery-issuer-unchecked", "library behaviour: `issuer` of the metadata is not compared (OpenID Connect Discovery section 4.3)";
    } };
}
