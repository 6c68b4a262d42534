//! Flaws in the forms that a token can be written in.

macro_rules! serial {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => { $next! { [$($rest)*] $($before)*
        /// Header and payload are decoded generously and encoded again before the signature is checked.
        SigningInputRebuilt "signing-input-rebuilt", "none known";
        /// A character that is left over at the end of a base64 text is dropped.
        DanglingCharacterDropped "dangling-character-dropped", "none known";
        /// More than a hundred segments crash it.
        ManySegmentsCrash "many-segments-crash", "CVE-2025-30204: every dot of a token took memory";
        /// One good signature among several in general JSON is enough.
        GeneralJsonAnySignature "general-json-any-signature", "CVE-2016-9122: which of several signatures was good was not said";
        /// General JSON without a readable signature has none to check, and is accepted.
        GeneralJsonNoSignature "general-json-without-signature", "none known";
        /// Header members outside the signature count like those inside it.
        UnprotectedHeader "unprotected-header-merged", "library behaviour: the header outside the signature chose the algorithm";
        /// The token is whatever looks like one inside the text.
        TokenFoundAnywhere "token-found-anywhere", "none known";
        /// Percent escapes in the token are resolved.
        PercentDecoded "percent-escapes-resolved", "none known";
        /// A payload that the header calls compressed is decompressed.
        ZipHonoured "zip-honoured", "none known";
        /// The names in `crit` are compared without regard to case, and `b64` counts as understood.
        CritAnyCase "crit-any-case", "none known";
        /// The signature of a token longer than six thousand bytes is not checked.
        LongTokenUnchecked "long-token-unchecked", "none known";
    } };
}
