//! `gauntlet lint`.

use super::{
    Ended,
    shared::{Suite, usage},
};
use crate::{
    run::ExitCode,
    suite::{
        Catalog, Complaint, complaints as complaints_of, lint, lint_load_plan, lint_profiles, load_files, load_plan,
        load_plans, read_target, scenarios,
    },
};
use clap::Args;
use miette::Report;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Check suite, target and load plan files
///
/// Beside the suite and the load plans of the binary, the files that are named: a target file, or a load plan, which says
/// so in its line `format`. What cannot be read at all is pointed at, with exit code 2; what can be read and would not do
/// what it seems to is listed, with exit code 1.
#[derive(Debug, Args)]
pub(super) struct Lint {
    /// Target files and load plans to check beside the suite
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    suite: Suite,
}

impl Lint {
    pub fn execute(self) -> Ended {
        let catalog = self.suite.load()?;
        let mut wrong = show(&lint(&catalog));
        let profiles = lint_profiles(&catalog, &scenarios(None)?);
        for (profile, what) in &profiles {
            anstream::eprintln!("{profile}: {what}");
        }
        wrong += profiles.len();
        for (plan, file) in load_plans(None)?.iter().zip(load_files(None)?) {
            wrong += show(&lint_load_plan(plan, &file.text));
        }
        let mut targets = 0;
        for path in &self.files {
            match load_plan_text(path)? {
                Some(text) => wrong += show(&lint_load_plan(&load_plan(path)?, &text)),
                None => {
                    targets += 1;
                    wrong += lint_target(path, &catalog)?;
                }
            }
        }
        if wrong > 0 {
            anstream::eprintln!("{wrong} to mend");
            return Ok(ExitCode::Failed);
        }
        anstream::eprintln!(
            "{} variants, {targets} target files and {} load plans: nothing to mend",
            catalog.cases.len(),
            self.files.len() - targets
        );
        Ok(ExitCode::Ok)
    }
}

fn show(complaints: &[Complaint]) -> usize {
    for Complaint { source, case, what } in complaints {
        anstream::eprintln!("{}:{}: {case}: {what}", source.file, source.line);
    }
    complaints.len()
}

fn lint_target(path: &Path, catalog: &Catalog) -> Result<usize, Report> {
    let found = complaints_of(&read_target(path)?, catalog)?;
    for what in &found {
        anstream::eprintln!("{}: {what}", path.display());
    }
    Ok(found.len())
}

/// The text of a file that says it is a load plan, however wrong the rest of it is.
fn load_plan_text(path: &Path) -> Result<Option<String>, Report> {
    let text = fs::read_to_string(path).map_err(|error| {
        usage(format!("cannot read {}: {error}", path.display()), "name a target file, or a load plan")
    })?;
    let mut lines = text.lines().map(str::trim_start);
    let says = lines.any(|line| line.starts_with("format") && line.contains("load-plan/"));
    Ok(says.then_some(text))
}
