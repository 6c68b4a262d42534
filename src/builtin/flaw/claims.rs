//! Flaws in the check of the claims.

macro_rules! claims {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => { $next! { [$($rest)*] $($before)*
        /// Only those claims are checked that are there.
        AbsentClaimsUnchecked "absent-claims-unchecked", "none known";
        /// The expiry is not checked.
        ExpIgnored "exp-ignored", "none known";
        /// A token without `exp` is accepted and never dies.
        ExpMissing "exp-missing-accepted", "none known";
        /// An `exp` of the wrong type is not checked.
        ExpWrongType "exp-wrong-type-unchecked", "CVE-2026-25537: a time of the wrong type counted as absent";
        /// An `exp` that is a string of digits is accepted.
        ExpNumericString "exp-numeric-string-accepted", "none known";
        /// A token lives for an hour longer than the leeway allows.
        ExpHourOfGrace "exp-hour-of-grace", "none known";
        /// A token still lives in the second in which it expires.
        ExpBoundary "exp-boundary-accepted", "none known";
        /// A negative `exp` becomes a very large unsigned number.
        ExpWraps "exp-wraps", "none known";
        /// An `exp` beyond 2^53 crashes it.
        LargeExpCrashes "large-exp-crashes", "none known";
        /// The start of validity is not checked.
        NbfIgnored "nbf-ignored", "none known";
        /// An `nbf` of the wrong type is not checked.
        NbfWrongType "nbf-wrong-type-unchecked", "CVE-2026-25537: a time of the wrong type counted as absent";
        /// An `iat` of the wrong type is accepted.
        IatWrongType "iat-wrong-type-accepted", "none known";
        /// A `sub` that is no string is accepted.
        SubWrongType "sub-wrong-type-accepted", "none known";
        /// A `jti` that is no string is accepted.
        JtiWrongType "jti-wrong-type-accepted", "none known";
        /// Where access tokens of RFC 9068 are wanted, the claims that they must have may be absent.
        AtClaimsUnchecked "at-required-claims-unchecked", "none known";
        /// The audience is not checked.
        AudUnchecked "aud-unchecked", "CVE-2023-22482: the audience was not checked";
        /// A token without `aud` is accepted.
        AudMissing "aud-missing-accepted", "none known";
        /// An `aud` of the wrong type is not checked.
        AudWrongType "aud-wrong-type-unchecked", "library behaviour: a claim of the wrong type counts as absent";
        /// An empty `aud` is accepted.
        AudEmpty "aud-empty-accepted", "CVE-2020-26160: an empty list of audiences passed";
        /// Our name is looked for anywhere inside `aud`, also in nested lists and in names of members.
        AudSearched "aud-searched", "none known";
        /// An `aud` that begins with our name, or with which our name begins, is accepted.
        AudPrefix "aud-prefix-accepted", "none known";
        /// An `aud` that contains our name, or that our name contains, is accepted.
        AudSubstring "aud-substring-accepted", "none known";
        /// Audiences are compared without regard to case.
        AudCaseIgnored "aud-case-ignored", "none known";
        /// Spaces, final slashes and percent escapes in `aud` are resolved before it is compared.
        AudNormalised "aud-normalised", "none known";
        /// An `aud` ends at its first NUL.
        AudCutAtNul "aud-cut-at-nul", "none known";
        /// A string in `aud` is split at spaces and commas into several audiences.
        AudJoined "aud-list-joined", "none known";
        /// An `aud` of `*` or `.*` is a pattern that fits everybody.
        AudPattern "aud-as-pattern", "none known";
        /// The issuer's own name is accepted as audience.
        AudIssuer "aud-issuer-accepted", "none known";
        /// The client's identifier is accepted as audience, so an ID token passes for an access token.
        AudClient "aud-client-accepted", "none known";
        /// The issuer is not checked.
        IssUnchecked "iss-unchecked", "CVE-2024-8901: the issuer was not checked";
        /// A token without `iss` is accepted.
        IssMissing "iss-missing-accepted", "none known";
        /// An `iss` of the wrong type is not checked.
        IssWrongType "iss-wrong-type-unchecked", "library behaviour: a claim of the wrong type counts as absent";
        /// An `iss` that is a list is accepted if one of its members is right.
        IssArray "iss-array-accepted", "CVE-2025-30144: a list of issuers passed if one was right";
        /// An `iss` that begins with the right issuer is accepted.
        IssPrefix "iss-prefix-accepted", "none known";
        /// An `iss` that ends with the right issuer is accepted.
        IssSuffix "iss-suffix-accepted", "none known";
        /// An `iss` that is a part of the right issuer is accepted.
        IssSubstring "iss-substring-accepted", "CVE-2024-53861: a part of the issuer's name passed";
        /// Issuers are compared without regard to case.
        IssCaseIgnored "iss-case-ignored", "none known";
        /// A final slash in `iss` makes no difference.
        IssSlashIgnored "iss-slash-ignored", "none known";
        /// White space around `iss` makes no difference.
        IssTrimmed "iss-trimmed", "none known";
        /// An `iss` ends at its first NUL.
        IssCutAtNul "iss-cut-at-nul", "none known";
        /// Issuers are compared as addresses: default ports, dot segments, user, query and fragment make no difference.
        IssAsUrl "iss-as-url", "none known";
        /// Only the host of `iss` is compared.
        IssHostOnly "iss-host-only", "none known";
        /// The right issuer is a regular expression whose dots stand for any character.
        IssPattern "iss-as-pattern", "none known";
    } };
}
