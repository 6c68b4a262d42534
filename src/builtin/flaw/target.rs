//! Flaws of a whole target. They prove no case; calibration names them. `AcceptsEverything` must stay the first.

macro_rules! target {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => { $next! { [$($rest)*] $($before)*
        /// Every request is accepted, with any token or none.
        AcceptsEverything "accepts-everything", "none known";
        /// Every token is refused.
        RefusesEverything "refuses-everything", "none known";
        /// Every token is answered with a server error.
        Answers500 "answers-500", "none known";
        /// No answer comes for twelve seconds.
        Hangs "hangs", "none known";
        /// It is configured for another issuer.
        WrongIssuer "wrong-issuer", "none known";
        /// It is configured for another audience.
        WrongAudience "wrong-audience", "none known";
        /// It never gets hold of the key set.
        NeverFetchesKeys "never-fetches-jwks", "none known";
        /// More than twenty requests in a second are answered with 429.
        RateLimits "rate-limits", "none known";
        /// After forty requests every token is refused.
        LocksOut "locks-out", "none known";
    } };
}
