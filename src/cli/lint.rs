//! `gauntlet lint`.

use super::{Ended, shared::Suite};
use crate::{
    run::ExitCode,
    suite::{complaints as complaints_of, lint, lint_profiles, read_target, scenarios},
};
use clap::Args;
use std::path::PathBuf;

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
        let profiles = lint_profiles(&catalog, &scenarios(None)?);
        for (profile, what) in &profiles {
            anstream::eprintln!("{profile}: {what}");
        }
        let mut wrong = complaints.len() + profiles.len();
        for path in &self.targets {
            for what in complaints_of(&read_target(path)?, &catalog)? {
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
