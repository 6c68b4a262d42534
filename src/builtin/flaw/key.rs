//! Flaws in the choice of the key.

macro_rules! key {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => { $next! { [$($rest)*] $($before)*
        /// The public key in the header's `jwk` is used.
        JwkHeaderUsed "jwk-header-used", "CVE-2018-0114: the key inside the token was used";
        /// A symmetric key in the header's `jwk` is used for HMAC.
        JwkHeaderOctUsed "jwk-header-oct-used", "none known";
        /// The address in `jku` is fetched, and its keys are used.
        JkuUsed "jku-used", "none known";
        /// The address in `jku` is fetched; then the token is refused for it.
        JkuFetched "jku-fetched", "none known";
        /// The address in `x5u` is fetched; what it serves is not used.
        X5uFetched "x5u-fetched", "none known";
        /// The key of the first certificate in `x5c` is used; nobody looks who signed the certificate.
        X5cUsed "x5c-used", "CVE-2025-24976: a key from the header was used without checking its chain";
        /// The keys of whatever issuer the token names are discovered and used.
        IssDiscovery "iss-discovery", "CVE-2023-50424: the token's issuer decided whose keys were used";
        /// A `kid` is a path; one that leads elsewhere reads an empty file, and that is the HMAC key.
        KidPath "kid-path-empty-key", "none known";
        /// A `kid` goes into an SQL text; `UNION SELECT 'K'` makes K the HMAC key.
        KidSql "kid-sql-union", "none known";
        /// A `kid` that is an address is fetched.
        KidUrlFetched "kid-url-fetched", "none known";
        /// A `kid` that names a built-in member of an object (`__proto__`, `constructor`) gives its text, or nothing,
        /// as HMAC key.
        KidPrototype "kid-prototype-name", "CVE-2025-65945: a value from the header decided the lookup of the secret";
        /// An unknown `kid` falls back to the key inside the header.
        UnknownKidEmbedded "unknown-kid-embedded-key", "none known";
        /// An unknown `kid` falls back to trying every key.
        UnknownKidAnyKey "unknown-kid-any-key", "none known";
        /// An unknown `kid` gives no key, and no key means no check.
        UnknownKidUnchecked "unknown-kid-unchecked", "none known";
        /// The `kid` is not looked at; every key is tried.
        KidIgnored "kid-ignored", "none known";
        /// A `kid` that is no string counts as absent.
        KidNotString "kid-not-string-ignored", "none known";
        /// An empty `kid` counts as absent.
        KidEmpty "kid-empty-ignored", "none known";
        /// A `kid` is compared without regard to case and to spaces around it.
        KidNormalised "kid-normalised", "none known";
        /// A `kid` ends at its first NUL.
        KidCutAtNul "kid-cut-at-nul", "none known";
        /// Two `kid` members confuse the lookup, and no key means no check.
        DuplicateKidUnchecked "duplicate-kid-unchecked", "none known";
    } };
}
