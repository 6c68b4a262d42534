//! What will run, what not, and why.

use super::{kinds::Kinds, memory::Memory, sampled};
use crate::{
    model::{Capabilities, Capability, Case, Need, Recipe, expect::Expect, placeholder::PlaceholderError},
    suite::{Catalog, Selection},
    token::{Forge, ForgeError, Token},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What will happen.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Variants to send, in the order of the suite.
    pub cases: Vec<Planned>,
    /// Variants that do not apply here.
    pub skipped: Vec<Skipped>,
}

/// A variant with its recipes worked out.
#[derive(Debug, Clone)]
pub struct Planned {
    /// Its place in the order of the suite.
    pub index: usize,
    /// What it says: the suite's own, unless the target's file changes it.
    pub case: Arc<Case>,
    /// The good token that it is measured against, shared with the variant before it where that has the same.
    pub twin: Arc<Recipe>,
    /// The token under test.
    pub token: Recipe,
}

impl Planned {
    /// Whether the twin differs from a plain good token.
    #[must_use]
    pub fn has_own_twin(&self) -> bool {
        !self.case.given.is_empty()
    }
}

/// A variant that is not sent.
#[derive(Debug, Clone)]
pub struct Skipped {
    /// Its place in the order of the suite.
    pub index: usize,
    /// What it says.
    pub case: Arc<Case>,
    /// Why it does not apply: the missing capability by name.
    pub because: String,
}

impl Plan {
    /// Whether the selection named nothing at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cases.is_empty() && self.skipped.is_empty()
    }

    /// How many cases have at least one variant to send.
    #[must_use]
    pub fn case_count(&self) -> usize {
        self.cases.iter().map(|planned| planned.case.id.case()).collect::<BTreeSet<_>>().len()
    }

    /// The capabilities that cases asked for in vain.
    #[must_use]
    pub fn lacking(&self, provides: &Capabilities) -> BTreeSet<String> {
        self.skipped
            .iter()
            .flat_map(|skipped| needs(&skipped.case))
            .filter(|need| need.present && !need.is_met_by(provides))
            .map(|need| need.to_string())
            .collect()
    }
}

/// Decides what to send. `own` is what the target file lays over recipes; with a forge, tokens that cannot be made for
/// this target's keys are skipped too. `memory` knows what other runs on the same keys found out about that.
#[must_use]
pub fn build(
    catalog: &Catalog,
    provides: &Capabilities,
    selection: &Selection,
    own: &BTreeMap<String, Recipe>,
    forge: Option<&Forge>,
    memory: Option<&Memory>,
) -> Plan {
    let mut plan = Plan::default();
    let all = || catalog.cases.iter().enumerate().filter(|(_, case)| selection.names(case));
    let kinds = Kinds::of(all().map(|(_, case)| case.as_ref()), provides);
    for (index, case) in all().filter(|(_, case)| kinds.want(case)) {
        let mut case = Arc::clone(case);
        if let Some(forge) = forge
            && !(case.returns.is_empty() && case.never_returns.is_empty())
        {
            let case = Arc::make_mut(&mut case);
            case.returns = forge.settle(&case.returns).unwrap_or_default();
            case.never_returns = forge.settle(&case.never_returns).unwrap_or_default();
        }
        let twin = case.given.recipe().over(&catalog.access_token(own));
        let base = match &case.token.from {
            Some(from) => case.given.recipe().over(&catalog.recipe(from, own)),
            None => twin.clone(),
        };
        let twin = match plan.cases.last() {
            Some(last) if *last.twin == twin => Arc::clone(&last.twin),
            _ => Arc::new(twin),
        };
        let planned = Planned { index, token: case.token.over(&base), twin, case };
        match obstacle(&planned, provides, selection, forge, memory) {
            Some(because) => plan.skipped.push(Skipped { index, case: planned.case, because }),
            None => plan.cases.push(planned),
        }
    }
    plan.cases.shrink_to_fit();
    plan
}

/// What a case asks for, and what follows from it: another key set must be brought to the target.
fn needs(case: &Case) -> impl Iterator<Item = Need> {
    let phases = case.keyset.as_ref().map(|_| Need { capability: Capability::JwksPhases, present: true });
    case.needs.iter().copied().chain(phases)
}

fn obstacle(
    planned: &Planned,
    provides: &Capabilities,
    selection: &Selection,
    forge: Option<&Forge>,
    memory: Option<&Memory>,
) -> Option<String> {
    let case = &planned.case;
    let missing: Vec<String> =
        needs(case).filter(|need| !need.is_met_by(provides)).map(|need| need.to_string()).collect();
    if !missing.is_empty() {
        return Some(format!("needs {}", missing.join(", ")));
    }
    if let Some(because) = selection.obstacle(case.harm) {
        return Some(because);
    }
    match memory {
        None => sampled::impossible(planned, forge?).or_else(|| impossible(planned, forge?)),
        Some(memory) => memory.impossible(planned.index, || impossible(planned, forge?)),
    }
}

/// Why no such token can be made here: a public key without the written form that a variant is about (PKCS#1 of an
/// elliptic-curve key), or a defect that is none. Any other trouble is a mistake in the case: it stays in the plan and
/// turns out undecided.
fn impossible(planned: &Planned, forge: &Forge) -> Option<String> {
    let stand_ins = stand_ins(planned, forge);
    let parts = match forge.rehearse(&planned.token, &stand_ins) {
        Err(error @ (ForgeError::NoSuchForm(..) | ForgeError::NoKeyFor(_) | ForgeError::CannotEncrypt(_))) => {
            return Some(error.to_string());
        }
        // A name in capitals that has no letters, a pattern without a dot.
        Err(ForgeError::Placeholder(PlaceholderError::Unknown(name))) if name.contains(':') => {
            return Some(format!("`${{{name}}}` would change nothing here"));
        }
        Err(_) => return None,
        Ok(parts) => parts,
    };
    let harmless = may_be_harmless(planned) && forge.rehearse(&planned.twin, &stand_ins) == Ok(parts);
    harmless.then(|| "the damaged token would be the good one here".to_owned())
}

/// Whether the one defect can be none for this target, such as the issuer as audience where that is the audience: where
/// nothing but the decoded parts can tell the token from its twin.
fn may_be_harmless(planned: &Planned) -> bool {
    let recipe = &planned.token;
    let same_seal = recipe.then.is_empty() && recipe.mutate == planned.twin.mutate && recipe.sign == planned.twin.sign;
    let same_seal = same_seal && recipe.encrypt == planned.twin.encrypt;
    // Under another key set a token as good as its twin may be the wrong one.
    let same_keys = planned.case.keyset.is_none() && planned.case.present.is_none();
    planned.case.expect == Expect::Reject && same_keys && same_seal
}

/// Tokens in place of those that are presented first, so that the plan can try a recipe that uses them.
fn stand_ins(planned: &Planned, forge: &Forge) -> BTreeMap<String, Token> {
    let mut tokens = BTreeMap::new();
    for before in &planned.case.before {
        if let Ok(token) = forge.mint(&before.token.over(&planned.twin), 0, "plan", &tokens) {
            tokens.insert(before.name.clone(), token);
        }
    }
    tokens
}
