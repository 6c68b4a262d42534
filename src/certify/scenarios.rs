//! The rules for scenarios: each that a profile asks for is played in several rounds, and must hold in all of them.

use crate::model::{
    Level, Outcome, Profile, RunReport,
    certificate::ScenarioAccount,
    chaos::{Grade, Scenario},
    target::WAIVED,
};

/// How often each scenario is played. What holds once may be luck.
pub const ROUNDS: usize = 3;

/// What came of the scenarios that a profile asks for, and what is missing, a sentence each. A scenario must reach the
/// demanded grade in every round; grades above it may differ.
pub(super) fn play_back(
    profile: &Profile,
    asked: &[&Scenario],
    rounds: &[RunReport],
) -> (Vec<ScenarioAccount>, Vec<String>) {
    let mut because = Vec::new();
    let wanted_rounds = if asked.is_empty() { 0 } else { ROUNDS };
    if rounds.len() != wanted_rounds {
        because.push(format!("it wants {wanted_rounds} rounds of scenarios, found {}", rounds.len()));
    }
    if let Some(round) = rounds.iter().position(|round| !round.complete) {
        because.push(format!("round {} of the scenarios did not finish", round + 1));
    }
    let demanded = demanded(profile);
    let mut accounts = Vec::new();
    for scenario in asked {
        let mut account = ScenarioAccount {
            id: scenario.id.clone(),
            title: scenario.title.clone(),
            grades: Vec::new(),
            skipped: None,
        };
        let mut skips = 0;
        for (number, round) in rounds.iter().enumerate() {
            let Some(result) = round.scenarios.iter().find(|result| result.id == scenario.id) else {
                because.push(format!("the scenario {} is not in round {}", scenario.id, number + 1));
                continue;
            };
            if result.outcome == Outcome::Skip {
                skips += 1;
                account.skipped = Some(result.notes.first().cloned().unwrap_or_default());
                continue;
            }
            let grade = result.grade();
            if result.assertions.iter().any(|claim| claim.because.contains(WAIVED)) && demanded == Grade::Should {
                because
                    .push(format!("a broken claim of the scenario {} is waived, and counts all the same", scenario.id));
            }
            if grade.is_none_or(|grade| grade < demanded) {
                let claim = result.assertions.iter().filter(|claim| claim.level <= demanded);
                let worst = claim.max_by_key(|claim| claim.outcome).filter(|claim| claim.outcome > Outcome::Pass);
                let what = worst.map_or_else(
                    || "nothing was decided".into(),
                    |claim| format!("{}: wanted {}, found {}", claim.name, claim.expected, claim.observed),
                );
                because.push(format!("the scenario {} does not hold in round {}: {what}", scenario.id, number + 1));
            }
            account.grades.push(grade);
        }
        if skips > 0 && skips < rounds.len() {
            because.push(format!("the scenario {} was not played in every round", scenario.id));
        }
        accounts.push(account);
    }
    if !accounts.is_empty() && accounts.iter().all(|account| account.skipped.is_some()) {
        because.push("none of its scenarios can be played on this target".into());
    }
    (accounts, because)
}

/// The grade that a profile wants of scenarios.
fn demanded(profile: &Profile) -> Grade {
    let should = profile.parts.iter().any(|part| part.levels.contains(&Level::Should));
    if should { Grade::Should } else { Grade::Must }
}
