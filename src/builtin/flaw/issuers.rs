//! Flaws of validators that trust two issuers.

macro_rules! issuers {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => { $next! { [$($rest)*] $($before)*
        /// Every trusted key is good for the tokens of every trusted issuer.
        IssuerKeysPooled "issuer-keys-pooled", "CVE-2026-9094: a token was not tied to the keys of its own issuer";
        /// Keys are remembered by `kid` alone, so a key that one issuer's token brought in checks the other's.
        KeysCachedByKid "keys-cached-by-kid", "CVE-2026-49998: the cache of keys knew the key's name, but not its issuer";
        /// Users are known by `sub` alone, so a second issuer's user gets the account of the first one's.
        SubjectsPooled "subjects-pooled", "none known";
        /// The list of issuers is read, but only the first one's tokens are taken.
        SecondIssuerRefused "second-issuer-refused", "none known";
    } };
}
