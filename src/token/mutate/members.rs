//! Members in great number or great depth.

use crate::model::mutation::MemberNames;

/// Objects nested so deep: `{"a":{"a":0}}` is two levels.
pub(super) fn nested_objects(depth: usize) -> String {
    format!("{}0{}", "{\"a\":".repeat(depth), "}".repeat(depth))
}

/// So many different names.
pub(super) fn names(kind: MemberNames, count: usize) -> Vec<String> {
    // Two pairs of letters of which the second weighs as much as the first: 31 * 'A' + 'a' = 31 * 'B' + 'B', and
    // 33 * 'E' + 'z' = 33 * 'F' + 'Y'.
    let [zero, one] = match kind {
        MemberNames::Distinct => return (0..count).map(|number| format!("m{number:x}")).collect(),
        MemberNames::Colliding31 => ["Aa", "BB"],
        MemberNames::Colliding33 => ["Ez", "FY"],
    };
    let bits = usize::BITS - count.saturating_sub(1).leading_zeros();
    let name = |number: usize| (0..bits).rev().map(|bit| if number >> bit & 1 == 0 { zero } else { one }).collect();
    (0..count).map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn hash(factor: u32, name: &str) -> u32 {
        name.bytes().fold(5381, |hash: u32, byte| hash.wrapping_mul(factor).wrapping_add(u32::from(byte)))
    }

    #[test]
    fn names_differ_and_their_hashes_do_not() {
        for (kind, factor) in [(MemberNames::Colliding31, 31), (MemberNames::Colliding33, 33)] {
            let names = names(kind, 1000);
            assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), 1000);
            assert_eq!(names.iter().map(|name| hash(factor, name)).collect::<BTreeSet<_>>().len(), 1);
        }
        assert_eq!(names(MemberNames::Distinct, 300).iter().collect::<BTreeSet<_>>().len(), 300);
        assert_eq!(names(MemberNames::Colliding31, 0), Vec::<String>::new());
    }

    #[test]
    fn nested_objects_are_json() {
        assert_eq!(nested_objects(2), r#"{"a":{"a":0}}"#);
    }
}
