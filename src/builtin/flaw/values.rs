//! Flaws in the check of single values, and in what the application gets to see of them.

macro_rules! values {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => { $next! { [$($rest)*] $($before)*
        /// An `exp` more than a year ahead is refused.
        FarExpRefused "far-expiry-refused", "none known";
        /// The fraction of an `exp` is cut off.
        ExpFractionCut "exp-fraction-cut-off", "none known";
        /// A token whose `jti` was seen before is refused.
        JtiOnce "jti-once", "none known";
        /// A `jti` that is empty or longer than 256 characters is refused.
        UnusualJtiRefused "unusual-jti-refused", "none known";
        /// A token that is bound to a key by `cnf` is taken like any other.
        CnfIgnored "confirmation-ignored", "none known";
        /// The actor in `act` becomes the subject.
        ActorUsed "actor-used-as-subject", "none known";
        /// An `azp` that differs from `client_id` is refused.
        AzpCompared "azp-compared-with-client", "none known";
        /// The application sees the subject without what follows a control character, without spaces, in lower case.
        SubTamed "subject-tamed", "none known";
    } };
}
