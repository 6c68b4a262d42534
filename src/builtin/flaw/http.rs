//! Flaws around the token: the challenge, the path, the method and the ways to show a token.

macro_rules! http {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => { $next! { [$($rest)*] $($before)*
        /// A 401 carries no challenge.
        NoChallenge "no-challenge", "none known";
        /// The challenge to a bad token names no error code.
        NoErrorCode "no-error-code", "none known";
        /// The challenge to a request without a token names an error code.
        ErrorCodeWithoutToken "error-code-without-token", "none known";
        /// A bad token is answered with 400.
        RefusesWith400 "refuses-with-400", "none known";
        /// A bad token is answered with 403.
        RefusesWith403 "refuses-with-403", "none known";
        /// A bad token is answered with 500.
        RefusesWith500 "refuses-with-500", "none known";
        /// A doubled slash in front of the path gets past the check.
        DoubleSlashOpen "double-slash-open", "none known";
        /// A dot segment in the path gets past the check.
        DotSegmentOpen "dot-segment-open", "none known";
        /// A slash behind the path gets past the check.
        TrailingSlashOpen "trailing-slash-open", "none known";
        /// The path gets past the check with percent escapes in it; behind the check they are resolved, and what follows a
        /// space, a NUL or a question mark is cut off.
        PercentEncodedOpen "percent-encoded-open", "none known";
        /// A parameter behind a semicolon in the path gets past the check.
        PathParameterOpen "path-parameter-open", "none known";
        /// A query behind the path gets past the check.
        QueryOpen "query-open", "CVE-2020-8595: a rule for the exact path did not cover the path with a query";
        /// A HEAD request needs no token.
        HeadOpen "head-open", "none known";
        /// An OPTIONS request needs no token and is answered like GET.
        OptionsOpen "options-open", "none known";
        /// Methods other than GET, HEAD and OPTIONS need no token and are answered like GET.
        OtherMethodsOpen "other-methods-open", "none known";
        /// `X-Original-URL` and `X-Rewrite-URL` change the route behind the back of the check.
        OriginalUrlHonoured "original-url-honoured", "none known";
        /// `X-HTTP-Method-Override` makes the check believe in an OPTIONS request.
        MethodOverrideHonoured "method-override-honoured", "none known";
        /// Of several `Authorization` lines the first counts.
        FirstAuthorizationWins "first-authorization-wins", "none known";
        /// Of several `Authorization` lines the last counts.
        LastAuthorizationWins "last-authorization-wins", "none known";
        /// Several credentials joined by commas are split, and one good one is enough.
        CommaJoinedAccepted "comma-joined-accepted", "none known";
        /// A token in the query is accepted where there is none in the header.
        QueryTokenAccepted "query-token-accepted", "CVE-2026-44883: the token was taken from the address";
        /// A token in the query counts more than the one in the header.
        QueryTokenOverrides "query-token-overrides", "none known";
        /// The scheme must be spelled `Bearer` exactly.
        SchemeCaseSensitive "scheme-case-sensitive", "none known";
        /// The scheme does not matter; the last word is the token.
        SchemeIgnored "scheme-ignored", "none known";
        /// A good token without the scope that is wanted is answered like a bad one.
        ScopeRefusedWith401 "scope-refused-with-401", "none known";
        /// A header line such as `X-User` stands in for a token.
        IdentityHeaderTaken "identity-header-taken", "none known";
        /// A header line such as `X-User` counts more than the subject of the token.
        IdentityHeaderOverrides "identity-header-overrides", "none known";
    } };
}
