//! Flaws of a gateway: what it tells the service behind it.

macro_rules! gateway {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => { $next! { [$($rest)*] $($before)*
        /// A line from outside that names the user reaches the service beside the gateway's own.
        IdentityLineKept "identity-line-kept", "none known";
        /// A line from outside that names the user, with underscores for hyphens, reaches the service.
        UnderscoredLineKept "underscored-identity-line-kept", "none known";
        /// Claims are copied into header lines with the line ends that are in them.
        ClaimLineInjected "claim-line-injected", "none known";
        /// A request whose token only fails by its signature reaches the service before it is refused.
        ForwardsBeforeCheck "forwards-before-check", "none known";
        /// A request that names its user in a line reaches the service without a token.
        IdentityLineForToken "identity-line-for-token", "none known";
        /// The service is told a subject that was not signed: everything in lower case.
        SubjectRespelled "subject-respelled", "none known";
    } };
}
