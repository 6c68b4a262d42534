//! Flaws in reading the token's form, its JSON and its header.

macro_rules! parsing {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => { $next! { [$($rest)*] $($before)*
        /// Segments behind the third are ignored.
        ExtraSegmentsIgnored "extra-segments-ignored", "none known";
        /// The token is split from the right, and what is left over in front is ignored.
        SplitsFromRight "splits-from-the-right", "none known";
        /// Two segments are an unsigned token, and that is accepted.
        TwoSegmentsUnsigned "two-segments-unsigned", "none known";
        /// Empty segments are dropped before the segments are counted.
        EmptySegmentsSkipped "empty-segments-skipped", "none known";
        /// An empty header names no algorithm, and so nothing is checked.
        EmptyHeaderUnchecked "empty-header-unchecked", "none known";
        /// A header that is no JSON, or no object, names no algorithm, and so nothing is checked.
        HeaderNotObject "header-not-object-unchecked", "none known";
        /// An empty payload is taken for a detached one, and nothing is checked.
        EmptyPayloadUnchecked "empty-payload-unchecked", "none known";
        /// A signed payload that is no JSON object has no claims, and so no claim is checked.
        PayloadNotObject "payload-not-object-unchecked", "none known";
        /// A signed payload that is no JSON has no claims, and so no claim is checked.
        PayloadNotJson "payload-not-json-unchecked", "none known";
        /// Base64 padding is tolerated.
        PaddingTolerated "padding-tolerated", "none known";
        /// The standard alphabet of base64 is tolerated beside the one for URLs.
        StandardAlphabet "standard-alphabet-tolerated", "none known";
        /// White space in and around the token is dropped.
        WhitespaceTolerated "whitespace-tolerated", "none known";
        /// Characters that are not base64 are dropped.
        JunkTolerated "junk-characters-tolerated", "CVE-2022-25898: characters outside the alphabet were ignored";
        /// Unused bits at the end of a base64 text may hold anything.
        TrailingBitsTolerated "trailing-bits-tolerated", "none known";
        /// Quotation marks around the token are dropped.
        QuotesStripped "quotes-stripped", "none known";
        /// Whatever follows the JSON object is ignored.
        TrailingDataIgnored "trailing-data-ignored", "none known";
        /// A byte order mark before the JSON is dropped.
        BomTolerated "byte-order-mark-tolerated", "none known";
        /// Numbers past every limit, NaN and Infinity are read as very large numbers.
        EndlessNumbersTolerated "endless-numbers-tolerated", "none known";
        /// Of two claims with one name the first is checked, and the last is what the application sees.
        DuplicateClaimsSplit "duplicate-claims-first-checked", "none known";
        /// Names of claims are compared without regard to case.
        ClaimNamesAnyCase "claim-names-any-case", "none known";
        /// A token as flattened JSON is accepted.
        FlattenedJson "flattened-json-accepted", "none known";
        /// A token as general JSON is accepted.
        GeneralJson "general-json-accepted", "none known";
        /// A JSON parser decides what was signed, and a split on dots decides what the claims are.
        Polyglot "polyglot", "CVE-2022-39227: two parsers read two tokens out of one text";
        /// JSON nested deeper than its stack crashes it.
        DeepNestingCrashes "deep-nesting-crashes", "CVE-2025-53864: deep nesting exhausted the stack";
        /// The member `crit` is not looked at.
        CritIgnored "crit-ignored", "CVE-2026-32597: critical header members were not looked at";
        /// A `crit` that names members which are not there is accepted.
        CritAbsentMember "crit-absent-member-accepted", "none known";
        /// A `crit` that is no list of names, or an empty one, is ignored.
        CritMalformed "crit-malformed-ignored", "none known";
        /// A `crit` that names registered members and claims is accepted: it knows those.
        CritRegistered "crit-registered-accepted", "none known";
        /// A `b64` of false is obeyed, with or without `crit`: the signature is checked over the decoded payload.
        B64Honoured "b64-false-honoured", "none known";
        /// The member `b64` is not looked at, and a `crit` that names only it counts as understood.
        B64Ignored "b64-ignored", "none known";
        /// A token of another kind (its `typ` ends in `+jwt`) is accepted.
        TypOtherKind "typ-other-kind-accepted", "none known";
        /// The member `typ` is not looked at.
        TypUnchecked "typ-unchecked", "none known";
        /// A `typ` that is no string counts as absent.
        TypNotString "typ-not-string-ignored", "none known";
        /// A `cty` of JWT on a token that nests nothing is ignored.
        CtyIgnored "cty-jwt-ignored", "none known";
        /// A token inside the token gives the claims, and its own signature is not checked.
        NestedUnchecked "nested-token-unchecked", "none known";
    } };
}
