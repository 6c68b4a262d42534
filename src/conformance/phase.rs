//! Cases that need another key set, grouped so that as few sets as possible are served one after the other. Pure.

use super::plan::Planned;
use crate::{
    model::keyset::{ControlPlace, KeySet},
    suite::Catalog,
};

/// Cases that are sent while one key set is served.
#[derive(Debug, Clone)]
pub struct Phase {
    /// The sets of the catalogue that are served together, by name.
    pub sets: Vec<(String, KeySet)>,
    /// What the others are added to.
    default: KeySet,
    /// What is served and in use just before, where the cases are about the change.
    pub after: Option<KeySet>,
    /// The cases.
    pub cases: Vec<Planned>,
}

impl Phase {
    /// What is served: a set that is alone as it is, others added to the default set.
    #[must_use]
    pub fn served(&self) -> KeySet {
        match self.sets.as_slice() {
            [(_, set)] if set.is_alone() => set.clone(),
            sets => sets.iter().fold(self.default.clone(), |all, (_, set)| added(all, set)),
        }
    }

    /// Whether ordinary good tokens pass while it is served.
    #[must_use]
    pub fn controls(&self) -> ControlPlace {
        self.sets.first().map(|(_, set)| set.controls).unwrap_or_default()
    }

    /// Whether the set is served as its file says, with nothing added.
    #[must_use]
    pub fn is_alone(&self) -> bool {
        self.sets.iter().any(|(_, set)| set.is_alone())
    }

    /// The names of its sets.
    #[must_use]
    pub fn name(&self) -> String {
        self.sets.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// Two phases of half the sets each, to find the set that spoils a phase; the phase itself where it has one set.
    ///
    /// # Errors
    /// There is nothing to split.
    pub fn split(mut self) -> Result<[Phase; 2], Box<Phase>> {
        if self.sets.len() < 2 {
            return Err(Box::new(self));
        }
        let later = self.sets.split_off(self.sets.len().div_ceil(2));
        let is_later = |planned: &Planned| later.iter().any(|(name, _)| planned.case.keyset.as_ref() == Some(name));
        let (behind, front) = std::mem::take(&mut self.cases).into_iter().partition(is_later);
        let second = Phase { sets: later, default: self.default.clone(), after: None, cases: behind };
        Ok([Phase { cases: front, ..self }, second])
    }
}

/// The set with the members of another one; what both have stands in it once.
fn added(mut all: KeySet, more: &KeySet) -> KeySet {
    fn add<T: Clone + PartialEq>(all: &mut Vec<T>, more: &[T]) {
        for item in more {
            if !all.contains(item) {
                all.push(item.clone());
            }
        }
    }
    add(&mut all.members, &more.members);
    add(&mut all.altered, &more.altered);
    add(&mut all.raw_members, &more.raw_members);
    all
}

/// Whether both serve a key of the same name, and not in the same way.
fn contradict(one: &KeySet, other: &KeySet) -> bool {
    let ways = |set: &KeySet, key: &str| {
        let plain = set.members.iter().any(|name| name == key);
        let altered: Vec<_> = set.altered.iter().filter(|member| member.key == key).cloned().collect();
        (plain, altered)
    };
    let mut keys = one.members.iter().chain(one.altered.iter().map(|member| &member.key));
    keys.any(|key| {
        let (mine, theirs) = (ways(one, key), ways(other, key));
        theirs != (false, Vec::new()) && mine != theirs
    })
}

/// Groups cases by what must be served for them, in the order in which phases are played: merged sets, then those that
/// stand alone, then those under which no good token need pass. Cases without a set, or with one that the catalogue does
/// not hold, come back as the second part.
#[must_use]
pub fn phases(catalog: &Catalog, cases: Vec<Planned>) -> (Vec<Phase>, Vec<Planned>) {
    let keysets = &catalog.keysets;
    let default = keysets.get("default").cloned().unwrap_or_default();
    let mut rest = Vec::new();
    let mut wanted: Vec<(String, KeySet, Vec<Planned>)> = Vec::new();
    for planned in cases {
        let found = planned.case.keyset.as_ref().and_then(|name| keysets.get_key_value(name));
        match found.map(|(name, set)| (name, set, wanted.iter_mut().find(|(known, ..)| known == name))) {
            None => rest.push(planned),
            Some((_, _, Some((.., cases)))) => cases.push(planned),
            Some((name, set, None)) => wanted.push((name.clone(), set.clone(), vec![planned])),
        }
    }
    let mut phases: Vec<Phase> = Vec::new();
    for (name, set, cases) in wanted {
        let after = catalog.earlier(&name).cloned();
        let joins = |phase: &&mut Phase| {
            !phase.is_alone() && !phase.sets.iter().any(|(_, known)| contradict(known, &set) || contradict(&set, known))
        };
        match phases.iter_mut().filter(|_| !set.is_alone()).find(joins) {
            Some(phase) => {
                phase.sets.push((name, set));
                phase.cases.extend(cases);
            }
            None => phases.push(Phase { sets: vec![(name, set)], default: default.clone(), after, cases }),
        }
    }
    phases.sort_by_key(|phase| (phase.controls() == ControlPlace::Outside, phase.is_alone()));
    (phases, rest)
}

#[cfg(test)]
#[path = "phase_tests.rs"]
mod tests;
