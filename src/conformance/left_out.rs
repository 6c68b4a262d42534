//! How much of the suite does not apply to a target, grouped by why.

use super::plan::{Plan, Skipped};
use std::collections::{BTreeMap, BTreeSet};

/// What a reason begins with or holds, and why that is so in a sentence.
const GROUPS: [(&str, &str); 8] = [
    ("only the issuer can sign", "need a token that only the issuer can sign"),
    ("jwks:", "need a key set that we serve"),
    ("issuers:two", "need a second issuer of ours"),
    ("alg:", "are about an algorithm that the target is not known to take"),
    ("no ", "need a key of another kind"),
    (" form", "need a public key that is not known, or a form that its kind does not have"),
    ("jwe", "need a decryption key that we share"),
    ("needs ", "need what this target does not show or declare"),
];

/// Why a number of cases is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// How the sentence goes on behind the number: `need a key set that we serve`.
    pub because: String,
    /// Cases of which at least one variant is left out for this reason.
    pub cases: usize,
    /// Variants.
    pub variants: usize,
}

impl Plan {
    /// What is left out, the most common reason first.
    #[must_use]
    pub fn left_out(&self) -> Vec<LeftOut> {
        let mut groups: BTreeMap<&str, Vec<&Skipped>> = BTreeMap::new();
        for skipped in &self.skipped {
            groups.entry(group(&skipped.because)).or_default().push(skipped);
        }
        let mut found: Vec<LeftOut> = groups
            .into_iter()
            .map(|(because, skipped)| LeftOut {
                because: because.to_owned(),
                cases: skipped.iter().map(|skipped| skipped.case.id.case()).collect::<BTreeSet<_>>().len(),
                variants: skipped.len(),
            })
            .collect();
        found.sort_by(|a, b| b.variants.cmp(&a.variants).then_with(|| a.because.cmp(&b.because)));
        found
    }

    /// What a way of trusting leaves out, in a sentence.
    #[must_use]
    pub fn said(&self, mode: &str) -> String {
        let whole: BTreeSet<String> = self.skipped.iter().map(|skipped| skipped.case.id.case()).collect();
        let tried: BTreeSet<String> = self.cases.iter().map(|planned| planned.case.id.case()).collect();
        let out = whole.difference(&tried).count();
        let reasons: Vec<String> = self
            .left_out()
            .iter()
            .map(|group| format!("{} ({} variants) {}", group.cases, group.variants, group.because))
            .collect();
        if reasons.is_empty() {
            return format!("{mode}, every selected case can be tried");
        }
        format!("{mode}, {} cases can be tried and {out} not at all: {}", tried.len(), reasons.join("; "))
    }
}

fn group(because: &str) -> &str {
    let hit =
        |(clue, _): &&(&str, &str)| if *clue == "no " { because.contains("holds no") } else { because.contains(clue) };
    GROUPS.iter().find(hit).map_or("do not apply here", |(_, sentence)| *sentence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{Capability, Recipe},
        suite::{Catalog, Selection},
    };

    #[test]
    fn reasons_are_grouped_with_their_numbers() {
        let catalog = Catalog::load(None).unwrap();
        let case = |at: usize| catalog.cases[at].clone();
        let skipped = |at: usize, because: &str| Skipped { index: at, case: case(at), because: because.into() };
        let other = catalog.cases.iter().position(|other| other.id.case() != case(0).id.case()).unwrap();
        let mut plan = Plan {
            skipped: vec![
                skipped(0, "needs jwks:phases"),
                skipped(other, "needs jwks:phases, control:clock"),
                skipped(0, "needs a token that only the issuer can sign"),
            ],
            ..Plan::default()
        };
        let groups = plan.left_out();
        assert_eq!(
            (groups[0].cases, groups[0].variants, groups[0].because.as_str()),
            (2, 2, "need a key set that we serve")
        );
        assert_eq!(
            plan.said("with a key of yours"),
            "with a key of yours, 0 cases can be tried and 2 not at all: 2 (2 variants) need a key set that we serve; \
             1 (1 variants) need a token that only the issuer can sign"
        );
        plan.skipped.clear();
        assert_eq!(plan.said("so"), "so, every selected case can be tried");
    }

    #[test]
    fn most_reasons_of_the_suite_have_a_sentence() {
        let catalog = Catalog::load(None).unwrap();
        let provides = [Capability::Alg(crate::model::Alg::Rs256)].into();
        let plan =
            super::super::build(&catalog, &provides, &Selection::all(), &BTreeMap::<String, Recipe>::new(), None);
        let unsaid = plan.left_out().into_iter().find(|group| group.because == "do not apply here");
        assert!(unsaid.is_none_or(|group| group.variants * 4 < plan.skipped.len()), "{:?}", plan.left_out());
    }
}
