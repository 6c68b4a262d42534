//! How much of the suite does not apply to a target, grouped by why.

use super::plan::{Plan, Skipped};
use std::collections::{BTreeMap, BTreeSet};

/// What a reason begins with or holds, and why that is so in a sentence.
const GROUPS: [(&str, &str); 11] = [
    ("only the issuer can sign", "need a token that only the issuer can sign"),
    ("jwks:", "need a key set that we serve"),
    ("issuers:two", "need a second issuer of ours"),
    ("alg:", "are about an algorithm that the target is not known to take"),
    ("ring holds no", "need a key of another kind"),
    (" form", "need a public key that is not known, or a form that its kind does not have"),
    ("jwe", "need a decryption key that we share"),
    ("needs ", "need what this target does not show or declare"),
    ("is intrusive", "are intrusive: allow them with --intrusive or in [guard] allow"),
    ("is harmful", "are harmful: allow them with --harmful or in [guard] allow"),
    ("would", "would change nothing here"),
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

    /// What a way of trusting leaves out, and why, in sentences. `mode` is as in `with a key of yours`.
    #[must_use]
    pub fn said(&self, mode: &str) -> Vec<String> {
        let names = |ids: &mut dyn Iterator<Item = String>| ids.collect::<BTreeSet<_>>();
        let sent = names(&mut self.cases.iter().map(|planned| planned.case.id.case()));
        let left_out = names(&mut self.skipped.iter().map(|skipped| skipped.case.id.case()));
        let (tried, out) = (sent.len(), left_out.difference(&sent).count());
        let mut sentences = vec![format!("{mode}, {tried} cases can be tried and {out} cannot")];
        sentences.extend(self.left_out().iter().map(|group| {
            let LeftOut { because, cases, variants } = group;
            format!("left out: {variants} variants of {cases} cases {because}")
        }));
        sentences
    }
}

fn group(because: &str) -> &str {
    let hit = GROUPS.iter().find(|(clue, _)| because.contains(clue));
    hit.map_or("do not apply here", |(_, sentence)| *sentence)
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
            [
                "with a key of yours, 0 cases can be tried and 2 cannot",
                "left out: 2 variants of 2 cases need a key set that we serve",
                "left out: 1 variants of 1 cases need a token that only the issuer can sign",
            ]
        );
        plan.skipped.clear();
        assert_eq!(plan.said("so"), ["so, 0 cases can be tried and 0 cannot"]);
    }

    #[test]
    fn most_reasons_of_the_suite_have_a_sentence() {
        let catalog = Catalog::load(None).unwrap();
        let provides = [Capability::Alg(crate::model::Alg::Rs256)].into();
        let plan =
            super::super::build(&catalog, &provides, &Selection::all(), &BTreeMap::<String, Recipe>::new(), None, None);
        let unsaid = plan.left_out().into_iter().find(|group| group.because == "do not apply here");
        assert!(unsaid.is_none_or(|group| group.variants * 4 < plan.skipped.len()), "{:?}", plan.left_out());
    }
}
