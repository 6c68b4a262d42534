//! What the built-in validators declare where the standards leave the choice to the deployment.

use std::collections::BTreeMap;

/// Each policy of the suite with the choice of the strict validator, sorted by name. Flawed ones declare the same, so
/// that a flaw which lies in a choice shows as a declared policy that does not hold.
///
/// `far-future-exp` is missing: strict takes every expiry that a 64-bit float can hold, and refuses `1e400`.
pub const BUILTIN_POLICY: &[(&str, &str)] = &[
    ("b64-without-crit", "reject"),
    ("duplicate-members", "reject"),
    ("endless-numbers", "reject"),
    ("future-iat", "accept"),
    ("id-token-as-access-token", "accept"),
    ("json-bom", "reject"),
    ("missing-exp", "reject"),
    ("no-kid", "accept"),
    ("null-as-absent", "reject"),
    ("numeric-string-dates", "reject"),
    ("old-iat", "accept"),
    ("open-options", "reject"),
    ("optional-claims", "accept"),
    ("other-schemes", "reject"),
    ("padding", "reject"),
    ("query-token", "reject"),
    ("quoted-token", "reject"),
    ("typ-other-kind", "reject"),
    ("typ-wrong-type", "reject"),
    ("unknown-kid-trusted-key", "reject"),
    ("unusual-subject", "accept"),
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
