//! What the built-in validators declare where the standards leave the choice to the deployment.

use std::collections::BTreeMap;

/// Each policy of the suite with the choice of the strict validator, sorted by name. Flawed ones declare the same, so
/// that a flaw which lies in a choice shows as a declared policy that does not hold.
pub const BUILTIN_POLICY: &[(&str, &str)] = &[
    ("absent-typ", "accept"),
    ("access-token-claims", "reject"),
    ("azp-mismatch", "accept"),
    ("b64-without-crit", "reject"),
    ("byte-order-mark", "reject"),
    ("certificate-mismatch", "accept"),
    ("compressed-content", "accept"),
    ("crit-registered-names", "reject"),
    ("cty-without-nesting", "reject"),
    ("delegation", "accept"),
    ("digest-info-without-null", "reject"),
    ("duplicate-kid", "accept"),
    ("duplicate-members", "reject"),
    ("ecdsa-high-s", "accept"),
    ("eddsa-names", "reject"),
    ("endless-numbers", "reject"),
    ("far-future-exp", "accept"),
    ("future-iat", "accept"),
    ("id-token-as-access-token", "accept"),
    ("key-set-byte-order-mark", "reject"),
    ("key-set-label", "accept"),
    ("key-use-contradicting", "reject"),
    ("key-without-alg", "accept"),
    ("kid-cross-key", "reject"),
    ("kid-line-break", "reject"),
    ("kid-normalised", "reject"),
    ("kid-null-byte", "reject"),
    ("large-numbers", "accept"),
    ("large-rsa-exponent", "reject"),
    ("lone-surrogates", "reject"),
    ("missing-exp", "reject"),
    ("nested-tokens", "reject"),
    ("no-kid", "accept"),
    ("null-as-absent", "reject"),
    ("numeric-string-dates", "reject"),
    ("old-iat", "accept"),
    ("open-options", "reject"),
    ("optional-claims", "accept"),
    ("other-schemes", "reject"),
    ("padded-modulus", "accept"),
    ("padding", "reject"),
    ("prime-modulus", "accept"),
    ("private-jwk", "accept"),
    ("prototype-names", "accept"),
    ("query-token", "reject"),
    ("quoted-token", "reject"),
    ("replayed-token", "accept"),
    ("revoked-identifier", "reject"),
    ("role-as-text", "reject"),
    ("rsa-exponent-3", "accept"),
    ("scope-as-list", "reject"),
    ("second-token-in-address", "ignore"),
    ("typ-other-kind", "reject"),
    ("typ-wrong", "accept"),
    ("typ-wrong-type", "reject"),
    ("unknown-confirmation", "reject"),
    ("unknown-kid-trusted-key", "reject"),
    ("unused-base64-bits", "reject"),
    ("unusual-jti", "accept"),
    ("unusual-subject", "accept"),
    ("zip-in-jws", "ignore"),
];

/// [`BUILTIN_POLICY`] as a target file would declare it.
#[must_use]
pub fn builtin_policy() -> BTreeMap<String, String> {
    BUILTIN_POLICY.iter().map(|(name, choice)| ((*name).to_owned(), (*choice).to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_unique() {
        assert!(BUILTIN_POLICY.is_sorted_by(|(one, _), (other, _)| one < other));
    }
}
