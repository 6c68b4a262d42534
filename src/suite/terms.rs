//! What is wrong with the choices of a target file: names that nobody asks for are choices that nobody keeps.

use super::{error::SuiteError, load::Catalog, pattern::Pattern, scenarios::scenarios};
use crate::model::{Level, TargetFile, target::Term};
use std::collections::{BTreeMap, BTreeSet};

/// What `[policy]`, `[[promote]]` and `[[waive]]` say in vain.
///
/// # Errors
/// The scenarios of the binary cannot be read: a bug.
pub fn complaints(target: &TargetFile, catalog: &Catalog) -> Result<Vec<String>, SuiteError> {
    let mut found = policies(target, catalog);
    if !(target.promote.is_empty() && target.waive.is_empty()) {
        let scenarios: Vec<String> = scenarios(None)?.iter().map(|scenario| format!("chaos/{}", scenario.id)).collect();
        found.extend(target.promote.iter().filter_map(|term| vain("promote", term, catalog, &scenarios)));
        found.extend(target.waive.iter().filter_map(|term| vain("waive", term, catalog, &scenarios)));
    }
    Ok(found)
}

fn policies(target: &TargetFile, catalog: &Catalog) -> Vec<String> {
    let mut known: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for policy in catalog.stated().filter_map(|case| case.policy.as_ref()) {
        known.entry(&policy.name).or_default().extend(policy.when.keys().map(String::as_str));
    }
    let complaint = |(name, choice): (&String, &String)| match known.get(name.as_str()) {
        None => Some(format!("no case asks for the policy {name:?}; `gauntlet list policies` shows those that do")),
        Some(choices) if !choices.contains(choice.as_str()) => {
            let known = choices.iter().copied().collect::<Vec<_>>().join(", ");
            Some(format!("the policy {name:?} knows no choice {choice:?}; known: {known}"))
        }
        Some(_) => None,
    };
    target.policy.iter().filter_map(complaint).collect()
}

fn vain(table: &str, term: &Term, catalog: &Catalog, scenarios: &[String]) -> Option<String> {
    let pattern = Pattern::new(&term.finding).ok()?;
    let named: Vec<Level> = catalog
        .stated()
        .filter(|case| pattern.names_case(&case.id.to_string()))
        .map(|case| case.level)
        .chain(scenarios.iter().filter(|id| pattern.names_case(id)).map(|_| Level::Should))
        .collect();
    if named.is_empty() {
        return Some(format!(
            "[[{table}]] {:?} names no case and no scenario; `gauntlet list` shows the ids",
            term.finding
        ));
    }
    // A check beside the verdict has a level of its own.
    let checks = pattern.has_check() && !pattern.text().ends_with("#verdict");
    let movable = checks || named.iter().any(|level| matches!(level, Level::Should | Level::Policy));
    let help = match table {
        "waive" => "a must cannot be waived; list what is known of it in a baseline",
        _ => "only a should or a policy can be made a must",
    };
    (!movable).then(|| format!("[[{table}]] {:?} names nothing of level should or policy: {help}", term.finding))
}
