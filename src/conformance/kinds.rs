//! Cases about trusted public keys, where one key of each kind is enough: which of their variants are for this target.

use crate::model::{Alg, Capabilities, Capability, Case, CaseId, KeyFamily};
use std::collections::BTreeMap;

/// Which algorithm's key stands for each kind, case by case.
pub(super) struct Kinds {
    chosen: BTreeMap<(String, KeyFamily), Alg>,
    /// Cases that no trusted key fits, each with the one variant that says so.
    unmet: BTreeMap<String, CaseId>,
}

impl Kinds {
    /// Chooses among the selected variants.
    pub(super) fn of<'c>(cases: impl Iterator<Item = &'c Case>, provides: &Capabilities) -> Kinds {
        let mut kinds = Kinds { chosen: BTreeMap::new(), unmet: BTreeMap::new() };
        for case in cases {
            let Some(alg) = case.one_of_kind else { continue };
            let name = case.id.case();
            if provides.contains(&Capability::Alg(alg)) {
                let chosen = kinds.chosen.entry((name, alg.family())).or_insert(alg);
                *chosen = alg.min(*chosen);
            } else {
                kinds.unmet.entry(name).or_insert_with(|| case.id.clone());
            }
        }
        kinds.unmet.retain(|name, _| !kinds.chosen.keys().any(|(met, _)| met == name));
        kinds
    }

    /// Whether the variant is for this target: one key of its kind, or the one that is skipped by name because there
    /// is no such key at all.
    pub(super) fn want(&self, case: &Case) -> bool {
        let Some(alg) = case.one_of_kind else { return true };
        let name = case.id.case();
        self.unmet.get(&name) == Some(&case.id) || self.chosen.get(&(name, alg.family())) == Some(&alg)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::Catalog;

    /// The variants of the last part of an id that are left for a target with these algorithms.
    fn left(algorithms: &[Alg], name: &str) -> Vec<String> {
        let catalog = Catalog::load(None).unwrap();
        let provides = algorithms.iter().map(|alg| Capability::Alg(*alg)).collect();
        let cases = || catalog.cases.iter().map(AsRef::as_ref).filter(|case: &&Case| case.id.case() == name);
        let kinds = Kinds::of(cases(), &provides);
        let wanted = cases().filter(|case| kinds.want(case));
        wanted.map(|case| case.id.variant.clone().unwrap_or_default()).collect()
    }

    #[test]
    fn one_key_of_each_kind_is_tried() {
        let algorithms = [Alg::Ps256, Alg::Rs384, Alg::EdDsa, Alg::Ed25519, Alg::Hs256];
        let kept = left(&algorithms, "algorithm/conf-der");
        assert_eq!(kept, ["HS256,RS384", "HS256,EdDSA", "HS384,RS384", "HS384,EdDSA", "HS512,RS384", "HS512,EdDSA"]);
    }

    #[test]
    fn a_target_without_such_a_key_is_told_once() {
        assert_eq!(left(&[Alg::Hs256], "algorithm/conf-der"), ["HS256,RS256"]);
        assert_eq!(left(&[Alg::Es256], "algorithm/conf-pkcs1-der"), ["HS256,RS256"]);
    }
}
