//! Checks over a suite that parses: what a careful reviewer would ask of each case.

use super::load::Catalog;
use crate::model::{Case, Level, case::Source, expect::Expect};
use std::collections::BTreeSet;

/// One thing to mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// Where.
    pub source: Source,
    /// Which case, or which section.
    pub case: String,
    /// What is wrong.
    pub what: String,
}

/// Everything to mend in a suite, each case once.
#[must_use]
pub fn lint(catalog: &Catalog) -> Vec<Complaint> {
    let mut seen = BTreeSet::new();
    catalog
        .cases
        .iter()
        .flat_map(|case| {
            complaints(case, catalog).into_iter().map(|what| Complaint {
                source: case.source.clone(),
                case: case.id.case(),
                what,
            })
        })
        .chain(catalog.requirements.complaints(&catalog.cases).into_iter().map(|(source, case, what)| Complaint {
            source,
            case,
            what,
        }))
        .filter(|complaint| seen.insert((complaint.case.clone(), complaint.what.clone())))
        .collect()
}

fn complaints(case: &Case, catalog: &Catalog) -> Vec<String> {
    let mut found = Vec::new();
    let mut ask = |wrong: bool, what: &str| {
        if wrong {
            found.push(what.to_owned());
        }
    };
    ask(case.title.trim().is_empty(), "it has no title");
    ask(case.title.ends_with('.'), "its title ends with a full stop");
    ask(case.why.is_empty(), "it does not say why");
    ask(case.fix.library.trim().is_empty(), "it does not say what the library's author should do");
    ask(case.fix.application.trim().is_empty(), "it does not say what the application's team should do");
    ask(case.refs.is_empty(), "it has no reference");
    ask(
        case.level == Level::Must && !case.refs.iter().any(crate::model::Reference::is_clause),
        "a must needs an exact clause, written as RFC7519#4.1.4",
    );
    ask(case.level == Level::Must && case.expect == Expect::Either, "a must cannot expect either");
    ask(
        case.level == Level::Policy && (case.expect != Expect::Either || case.policy.is_none()),
        "a policy case expects either, and names the policy that decides",
    );
    ask(case.policy.as_ref().is_some_and(|policy| policy.when.is_empty()), "its policy has no declarations");
    ask(
        case.keyset.as_ref().is_some_and(|name| !catalog.keysets.contains_key(name)),
        "it needs a key set that nobody wrote",
    );
    ask(
        case.keyset.as_ref().is_some_and(|name| !catalog.knows_earlier(name)),
        "its key set comes after one that nobody wrote",
    );
    for recipe in std::iter::once(&case.token).chain(case.before.iter().map(|before| &before.token)) {
        if let Some(from) = &recipe.from {
            ask(!catalog.recipes.contains_key(from), "it starts from a recipe that nobody wrote");
        }
    }
    found
}
