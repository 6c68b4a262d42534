//! Flaws in MACs, and algorithms that nobody should use any more.

macro_rules! mac {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => { $next! { [$($rest)*] $($before)*
        /// A MAC written as text is accepted as well.
        MacAsText "mac-as-text-accepted", "none known";
        /// A MAC over the decoded segments, over the payload alone or over a further dot is accepted as well.
        MacOverOtherBytes "mac-over-other-bytes-accepted", "none known";
        /// Other forms of the shared secret's bytes are tried when the right one does not fit.
        MacSecretForms "mac-secret-forms-tried", "none known";
        /// Algorithms with SHA-1, with SHA-224 and with short MACs are known by the names that they have elsewhere.
        WeakNames "weak-algorithms-accepted", "none known";
    } };
}
