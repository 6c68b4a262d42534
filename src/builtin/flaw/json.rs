//! Flaws in what counts as JSON, and in what its members mean.

macro_rules! json {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => { $next! { [$($rest)*] $($before)*
        /// Bytes that are no UTF-8 become replacement characters, and the text is read on.
        InvalidUtf8Replaced "invalid-utf8-replaced", "none known";
        /// Half a surrogate pair vanishes from a text.
        LoneSurrogatesDropped "lone-surrogates-dropped", "none known";
        /// JSON in UTF-16 or UTF-32 is recognised and read.
        Utf16Detected "utf-16-detected", "none known";
        /// Comments, commas too many, single quotes, bare names and numbers of other languages are read as JSON.
        NonstandardJson "nonstandard-json-tolerated", "none known";
        /// Of two members with one name the first counts, everywhere.
        DuplicatesFirstUsed "duplicate-members-first-used", "none known";
        /// An object of more than 500 members crashes it.
        ManyMembersCrash "many-members-crash", "none known";
        /// A number beyond 64 bits crashes it, wherever it stands.
        LargeNumbersCrash "large-numbers-crash", "none known";
        /// The members of `__proto__` stand in for claims that are not there.
        PrototypeClaims "prototype-claims-merged", "none known";
        /// The members of `__proto__` in one token stand in for absent claims in all later ones.
        PrototypePollution "prototype-polluted", "none known";
        /// The members of `__proto__` in a header stand in for those that are not there.
        PrototypeHeader "prototype-header-merged", "none known";
        /// Names of claims are reduced to plain letters before they are compared.
        ClaimNamesFolded "claim-names-folded", "none known";
        /// Names of claims end at their first NUL.
        ClaimNamesCutAtNul "claim-names-cut-at-nul", "none known";
    } };
}
