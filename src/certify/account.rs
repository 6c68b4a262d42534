//! From evidence to a statement: what was shown, what was not tested, what was waived.

use super::{
    rules::{Assessment, CaseStanding, assess},
    scenarios::play_back,
};
use crate::{
    model::{
        Profile, RunReport,
        certificate::{Certificate, Declaration, FamilyAccount, Signer},
        chaos::Scenario,
    },
    suite::{Catalog, Demand},
};
use std::collections::BTreeMap;

/// What a statement rests on.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// What was asked for.
    pub profile: Profile,
    /// What its owner declares about the target.
    pub target: Declaration,
    /// The run of the cases.
    pub run: RunReport,
    /// The rounds of the scenarios.
    pub rounds: Vec<RunReport>,
}

/// Applies the rules of the profile to the evidence. The suite must be the one of the runs.
///
/// # Errors
/// The evidence does not give the profile what it asks for: why, a sentence each.
pub fn account(
    evidence: &Evidence,
    catalog: &Catalog,
    scenarios: &[Scenario],
    signer: &Signer,
) -> Result<Certificate, Vec<String>> {
    let Evidence { profile, target, run, rounds } = evidence;
    let asked = profile.scenarios_of(scenarios);
    let Assessment { cases, summary } = assess(profile, &Demand::of(profile, catalog), asked.len(), run);
    let (accounts, missing) = play_back(profile, &asked, rounds);
    let mut because = [summary.because.clone(), missing].concat();
    for round in rounds {
        if (&round.tool, &round.target.name) != (&run.tool, &run.target.name) {
            because.push("a round of scenarios is of another suite or target than the run of the cases".into());
        }
    }
    if run.target.name != target.name {
        because.push(format!("the declaration is about {:?}, and the run about {:?}", target.name, run.target.name));
    }
    if !because.is_empty() {
        return Err(because);
    }
    let mut families: BTreeMap<&str, FamilyAccount> = BTreeMap::new();
    let mut untested: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (case, standing) in &cases {
        let family = case.split('/').next().unwrap_or_default();
        let title = run.families.get(family).map_or(family, |family| family.title.as_str());
        let entry =
            families.entry(family).or_insert_with(|| FamilyAccount { title: title.into(), passed: 0, untested: 0 });
        match standing {
            CaseStanding::Passed => entry.passed += 1,
            CaseStanding::Untested(because) => {
                entry.untested += 1;
                untested.entry(because.clone()).or_default().push(case.clone());
            }
            CaseStanding::Broken | CaseStanding::Undecided | CaseStanding::Withheld => {}
        }
    }
    let last = rounds.last().unwrap_or(run);
    Ok(Certificate {
        profile: profile.clone(),
        profile_digest: profile.digest(),
        target: target.clone(),
        tool: run.tool.clone(),
        seed: run.run.seed,
        started: run.run.started.clone(),
        finished: last.run.finished.clone(),
        signer: signer.clone(),
        algorithms: run.target.provides.iter().filter_map(|own| own.strip_prefix("alg:")).map(str::to_owned).collect(),
        cases: summary,
        families: families.into_values().collect(),
        untested,
        choices: run.target.policy.clone(),
        waived: run.target.waived.iter().map(|term| (term.finding.clone(), term.because.clone())).collect(),
        scenarios: accounts,
    })
}
