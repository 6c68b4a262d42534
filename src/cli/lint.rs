//! `gauntlet lint`.

use super::{Ended, shared::Suite};
use crate::{
    run::ExitCode,
    suite::{lint, lint_profiles, read_target, scenarios},
};
use clap::Args;
use std::{collections::BTreeMap, collections::BTreeSet, path::PathBuf};

/// Check suite and target files
#[derive(Debug, Args)]
pub(super) struct Lint {
    /// Target files to check beside the suite
    #[arg(value_name = "TARGET")]
    targets: Vec<PathBuf>,
    #[command(flatten)]
    suite: Suite,
}

impl Lint {
    pub fn execute(self) -> Ended {
        let catalog = self.suite.load()?;
        let complaints = lint(&catalog);
        for complaint in &complaints {
            anstream::eprintln!(
                "{}:{}: {}: {}",
                complaint.source.file,
                complaint.source.line,
                complaint.case,
                complaint.what
            );
        }
        let mut policies: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for policy in catalog.cases.iter().filter_map(|case| case.policy.as_ref()) {
            policies.entry(&policy.name).or_default().extend(policy.when.keys().map(String::as_str));
        }
        let profiles = lint_profiles(&catalog, &scenarios(None)?);
        for (profile, what) in &profiles {
            anstream::eprintln!("{profile}: {what}");
        }
        let mut wrong = complaints.len() + profiles.len();
        for path in &self.targets {
            let target = read_target(path)?;
            for (name, choice) in &target.policy {
                let what = match policies.get(name.as_str()) {
                    None => {
                        format!("no case asks for the policy {name:?}; `gauntlet list policies` shows those that do")
                    }
                    Some(choices) if !choices.contains(choice.as_str()) => {
                        let known = choices.iter().copied().collect::<Vec<_>>().join(", ");
                        format!("the policy {name:?} knows no choice {choice:?}; known: {known}")
                    }
                    Some(_) => continue,
                };
                anstream::eprintln!("{}: {what}", path.display());
                wrong += 1;
            }
        }
        if wrong > 0 {
            anstream::eprintln!("{wrong} to mend");
            return Ok(ExitCode::Failed);
        }
        anstream::eprintln!(
            "{} variants and {} target files: nothing to mend",
            catalog.cases.len(),
            self.targets.len()
        );
        Ok(ExitCode::Ok)
    }
}
