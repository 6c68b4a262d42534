//! Flaws in reading the key set, and in keeping it.

macro_rules! keyset {
    ([$next:ident $($rest:ident)*] $($before:tt)*) => { $next! { [$($rest)*] $($before)*
        /// One member of a kind that it does not know makes the whole key set unusable.
        UnknownKindBreaksSet "unknown-kind-breaks-key-set", "none known";
        /// One malformed member makes the whole key set unusable.
        MalformedMemberBreaksSet "malformed-member-breaks-key-set", "none known";
        /// One member whose `alg` is not for its kind of key makes the whole key set unusable.
        OddAlgBreaksSet "odd-alg-breaks-key-set", "none known";
        /// Of the keys of one kind and algorithm only the first is kept.
        FirstOfKindOnly "first-key-of-a-kind-only", "none known";
        /// Members of a JWK that it does not know make the key unusable.
        UnknownJwkMemberRefused "unknown-jwk-member-refused", "none known";
        /// Members beside `keys` make the key set unusable.
        UnknownSetMemberRefused "unknown-key-set-member-refused", "none known";
        /// Keys whose `kid` holds more than letters, digits and hyphens, or more than 64 of them, are left out.
        OddKidLeftOut "odd-kid-left-out", "none known";
        /// Keys whose JWK names no algorithm are left out.
        JwkAlgRequired "jwk-alg-required", "none known";
        /// A public key whose JWK names no algorithm gives an empty HMAC key.
        NoAlgEmptyHmac "key-without-alg-is-empty-hmac-key", "CVE-2026-44699: an RSA key without `alg` became an empty HMAC key";
        /// A public key whose JWK names no algorithm is taken for an HMAC secret, in any of its written forms.
        NoAlgHmac "key-without-alg-is-hmac-secret", "none known";
        /// An `alg` that is not for the kind of key counts as absent.
        OddJwkAlgIgnored "odd-jwk-alg-ignored", "none known";
        /// The member `use` of a JWK is not looked at.
        JwkUseIgnored "jwk-use-ignored", "none known";
        /// The member `key_ops` of a JWK is not looked at.
        KeyOpsIgnored "jwk-key-ops-ignored", "none known";
        /// Keys that are served with their private members are left out.
        PrivateJwkLeftOut "private-jwk-left-out", "none known";
        /// The certificate in a JWK's `x5c` gives the key, not its other members.
        JwkX5cUsed "jwk-x5c-used", "none known";
        /// A JWK whose `x5c` holds the certificate of another key is left out.
        JwkX5cCompared "jwk-x5c-compared", "none known";
        /// A JWK with a thumbprint of a certificate and no certificate is left out.
        JwkX5tRefused "jwk-x5t-refused", "none known";
        /// Of the keys with one `kid` only the first counts, of whatever kind it is.
        FirstOfKid "first-key-of-a-kid-only", "none known";
        /// Of the keys with one `kid` only the last counts, of whatever kind it is.
        LastOfKid "last-key-of-a-kid-only", "none known";
        /// What kind of key a JWK is, is guessed from its other members.
        JwkKindGuessed "jwk-kind-guessed", "none known";
        /// Two keys of different kinds with one `kid` crash it.
        MixedKidCrashes "mixed-kid-crashes", "none known";
        /// A key that was in a key set once is trusted for ever.
        RemovedKeyKept "removed-key-kept", "CVE-2025-22149: keys that were removed from the key set stayed in the cache";
        /// The first key that it saw under a `kid` stays, whatever later key sets say.
        SwappedKeyKept "swapped-key-kept", "none known";
        /// The symmetric keys of a key set that everybody can fetch are used.
        OctInSetUsed "oct-in-key-set-used", "none known";
        /// While it has no public key at all, signatures are not checked.
        NoKeysUnchecked "no-keys-unchecked", "none known";
        /// A key set that is no JSON object with a list of keys crashes it.
        BrokenSetCrashes "broken-key-set-crashes", "none known";
        /// A single JWK is taken for a key set.
        SingleJwkTaken "single-jwk-taken", "none known";
        /// A key set that is not labelled `application/json` is not used.
        JsonLabelRequired "json-label-required", "none known";
        /// A key set without its length in the answer is not used.
        LengthRequired "key-set-length-required", "none known";
        /// A byte order mark before the key set is dropped.
        SetBomTolerated "key-set-bom-tolerated", "none known";
        /// A key set that must not be stored, or that is stale at once, is not used.
        NoStoreUnusable "no-store-unusable", "none known";
        /// An answer 304 before any key set was fetched crashes it.
        NotModifiedCrashes "not-modified-crashes", "none known";
        /// A key set of more than a quarter of a mebibyte crashes it.
        HugeSetCrashes "huge-key-set-crashes", "none known";
    } };
}
