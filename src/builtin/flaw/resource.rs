//! Flaws in what a token may cost, and in what is remembered of it.

macro_rules! resource {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => { $next! { [$($rest)*] $($before)*
        /// Each dot of a token with many costs a kilobyte and some time.
        ManyDotsCostly "many-dots-costly", "CVE-2025-30204: a token was split at every dot before the parts were counted";
        /// Each segment is decoded several times before its length is looked at.
        LongSegmentsCostly "long-segments-costly", "CVE-2025-61920: a header of any length was parsed";
        /// A token of more than sixteen kilobytes crashes it.
        LongTokenCrashes "long-token-crashes", "none known";
        /// An RSA key in the header is computed with, whatever its exponent, before it is refused.
        HeavyJwkComputed "heavy-jwk-computed", "none known";
        /// A point of the header's key whose coordinate is above the prime is computed with for a long time.
        OddPointSpins "odd-point-spins", "CVE-2023-25653: some points made the curve arithmetic loop";
        /// Issuer, audience and subject are compared by a pattern that backtracks.
        SlowPattern "slow-claim-pattern", "CVE-2026-35041: a pattern over claims backtracked";
        /// A pattern for long subjects remembers where it stopped, so that every second look fails.
        StatefulPattern "stateful-claim-pattern", "CVE-2026-35040: a pattern with a memory gave alternating verdicts";
        /// Missing, null and empty parts of a token crash it.
        OddShapesCrash "odd-shapes-crash", "CVE-2024-21664: a JSON form without one of its members crashed the parser";
        /// After a token of more than forty kilobytes the next eight tokens are answered with a server error.
        StuckAfterFlood "stuck-after-flood", "none known";
        /// Every token with the header of an earlier one is answered with the claims of that one.
        ClaimsOfAnother "claims-of-another", "CVE-2026-35039: a cache gave one token the claims of another";
        /// A token is already alive ten minutes before its start.
        NbfTenMinutesEarly "nbf-ten-minutes-early", "none known";
    } };
}
