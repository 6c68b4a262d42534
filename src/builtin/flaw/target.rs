//! Flaws of a whole target. They prove no case: calibration names them, or the run ends undecided.
//! `AcceptsEverything` must stay the first.

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
        /// A bad token is answered with 200 and an error in the body.
        RefusesWith200 "refuses-with-200", "none known";
        /// A bad token is answered with a redirect to a login page.
        RefusesWith302 "refuses-with-302", "none known";
        /// A request without a token is answered with the last answer that somebody with a token got.
        AnswersShared "answers-shared", "none known";
        /// It is configured for another issuer.
        WrongIssuer "wrong-issuer", "none known";
        /// It is configured for another audience.
        WrongAudience "wrong-audience", "none known";
        /// It never gets hold of the key set.
        NeverFetchesKeys "never-fetches-jwks", "none known";
        /// After forty requests all others are answered with 429.
        RateLimits "rate-limits", "none known";
        /// After forty requests every token is refused.
        LocksOut "locks-out", "none known";
    } };
}
