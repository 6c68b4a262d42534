//! Flaws that refuse what is good, or break on it.

macro_rules! positive {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => { $next! { [$($rest)*] $($before)*
        /// Of the algorithms that it is configured for it takes only the first.
        OnlyFirstAlg "refuses-every-algorithm-but-the-first", "none known";
        /// An ES512 signature is expected to have 128 bytes instead of 132.
        Es512Of128Bytes "es512-of-128-bytes", "none known";
        /// A token without `kid` is refused although one key fits.
        KidRequired "kid-required", "none known";
        /// A token without `typ` is refused.
        TypRequired "typ-required", "none known";
        /// The `typ` must be spelled exactly as configured.
        TypExact "typ-case-sensitive", "none known";
        /// Header members that it does not know are refused.
        UnknownHeaderRefused "unknown-header-refused", "none known";
        /// Claims that it does not know are refused.
        UnknownClaimRefused "unknown-claim-refused", "none known";
        /// The header's members must come in their usual order: `alg` before `kid`.
        MemberOrderFixed "member-order-fixed", "none known";
        /// Escapes in JSON strings are not decoded, and so names written with them are not known.
        EscapesRefused "json-escapes-refused", "none known";
        /// White space between the tokens of JSON is refused.
        JsonWhitespaceRefused "json-whitespace-refused", "none known";
        /// Characters beyond ASCII are refused.
        NonAsciiRefused "non-ascii-refused", "none known";
        /// JSON nested deeper than 32 levels is refused.
        NestingOver32Refused "nesting-over-32-refused", "none known";
        /// A token longer than 2048 bytes is refused.
        LongTokenRefused "long-token-refused", "none known";
        /// An `aud` that is a list is refused.
        AudListRefused "aud-list-refused", "none known";
        /// An `exp` with a fraction is refused.
        ExpFractionRefused "exp-fraction-refused", "none known";
        /// An `exp` with a fraction crashes it.
        ExpFractionCrashes "exp-fraction-crashes", "none known";
        /// An `exp` that is a whole number written with an exponent or with `.0` is refused.
        ExpExponentRefused "exp-exponent-refused", "none known";
        /// A token without `iat`, `nbf`, `jti` or `sub` is refused.
        OptionalClaimsRequired "optional-claims-required", "none known";
    } };
}
