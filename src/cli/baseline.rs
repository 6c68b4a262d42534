//! `gauntlet baseline`.

use super::{
    Ended,
    baseline_edit::{Failure, Reason, empty, new_failures, out_of_date, with, without},
    report::read_run,
    shared::{Suite, usage},
};
use crate::{
    model::RunReport,
    report::visible,
    run::{ExitCode, Universe, apply},
    suite::{Baseline, read_baseline, scenarios},
};
use clap::{Args, Subcommand};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use miette::{IntoDiagnostic, Report, WrapErr};
use serde::Deserialize;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Keep the list of known failures: each with a reason, and none that is out of date
#[derive(Debug, Args)]
pub(super) struct BaselineCommand {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Put what is new in a run on the list; each entry still needs a reason before the list is taken
    Accept(Accept),
    /// Take off the list what no longer fails, matches nothing, or is past its date
    Prune(Prune),
    /// Say what is wrong with the list, and change nothing
    Check(Check),
}

#[derive(Debug, Args)]
struct Accept {
    /// The list; it is made where there is none
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    run: LastRun,
    /// Also warnings: a should or a declared policy broken
    #[arg(long)]
    warnings: bool,
    /// Why these failures may be, in a sentence
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    because: String,
    /// Where they are being mended
    #[arg(long, value_name = "ID")]
    issue: Option<String>,
    /// The last day on which they count as known, such as 2027-03-01
    #[arg(long, value_name = "DATE")]
    until: Option<Date>,
}

#[derive(Debug, Args)]
struct Prune {
    /// The list
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    run: LastRun,
    #[command(flatten)]
    suite: Suite,
}

#[derive(Debug, Args)]
struct Check {
    /// The list
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Also against this run: a run.json, or its folder
    #[arg(long, value_name = "RUN")]
    run: Option<PathBuf>,
    #[command(flatten)]
    suite: Suite,
}

/// Which run the list is held against.
#[derive(Debug, Args)]
struct LastRun {
    /// A run.json, or the folder of a run [default: the last run below reports/ of the list's target]
    #[arg(long, value_name = "RUN")]
    run: Option<PathBuf>,
}

impl BaselineCommand {
    pub fn execute(self) -> Ended {
        match self.what {
            What::Accept(accept) => accept.execute(),
            What::Prune(prune) => prune.execute(),
            What::Check(check) => check.execute(),
        }
    }
}

impl Accept {
    fn execute(self) -> Ended {
        let there = self.file.exists();
        let text = if there { read(&self.file)? } else { String::new() };
        let path = self.run.path(target_of(&text).as_deref())?;
        let mut report = read_run(&path)?;
        if there {
            // What the list says already is not new, whatever the run was held against.
            let baseline = read_baseline(&self.file)?;
            same_target(&baseline, &report, &self.file)?;
            apply(&mut report, &baseline, &Universe::default(), today());
        }
        let failures = new_failures(&report, self.warnings);
        if failures.is_empty() {
            shows_something(&report)?;
            anstream::eprintln!("nothing new failed in the run {} of {}", report.run.id, visible(&report.target.name));
            return Ok(ExitCode::Ok);
        }
        let reason =
            Reason { because: self.because, issue: self.issue, until: self.until.map(|until| until.to_string()) };
        let base = if there { text } else { empty(&report.target.name) };
        write(&self.file, &with(&base, &failures, &reason).into_diagnostic()?)?;
        let file = self.file.display();
        let (number, target) = (entries(failures.len()), visible(&report.target.name));
        anstream::eprintln!("{file}: {number} added from the run {} of {target}", report.run.id);
        for Failure { glob, outcome } in &failures {
            anstream::eprintln!("  {outcome}  {}", visible(glob));
        }
        if reason.because.trim().is_empty() {
            anstream::eprintln!("next  say in each `because` why it may fail; until then the list is refused");
        }
        Ok(ExitCode::Ok)
    }
}

impl Prune {
    fn execute(self) -> Ended {
        let baseline = read_baseline(&self.file)?;
        let path = self.run.path(baseline.target.as_deref())?;
        let report = judged(&baseline, read_run(&path)?, &self.suite, &self.file)?;
        let Some(judged) = &report.baseline else { return Ok(ExitCode::Bug) };
        let gone = out_of_date(&baseline, judged);
        let file = self.file.display();
        if gone.is_empty() {
            anstream::eprintln!("{file}: nothing is out of date by the run {}", report.run.id);
            return Ok(ExitCode::Ok);
        }
        let entries: Vec<_> = gone.iter().map(|(entry, _)| *entry).collect();
        write(&self.file, &without(&read(&self.file)?, &entries).into_diagnostic()?)?;
        for (entry, status) in gone {
            anstream::eprintln!(
                "{file}:{}: gone: {}, which {}",
                entry.line,
                visible(entry.pattern.text()),
                status.means()
            );
        }
        Ok(ExitCode::Ok)
    }
}

impl Check {
    fn execute(self) -> Ended {
        let baseline = read_baseline(&self.file)?;
        let file = self.file.display();
        let mut wrong = 0;
        let mut say = |line: usize, glob: &str, what: &str| {
            anstream::eprintln!("{file}:{line}: {}: {what}", visible(glob));
            wrong += 1;
        };
        if let Some(run) = &self.run {
            let report = judged(&baseline, read_run(run)?, &self.suite, &self.file)?;
            for entry in report.baseline.iter().flat_map(crate::model::baseline::BaselineReport::out_of_date) {
                say(entry.line, &entry.glob, entry.status.means());
            }
        } else {
            let universe = universe(&self.suite)?;
            for entry in &baseline.entries {
                if entry.until.is_some_and(|until| until < today()) {
                    say(entry.line, entry.pattern.text(), "is past its date");
                } else if !universe.knows(&entry.pattern) {
                    say(entry.line, entry.pattern.text(), "names no case and no scenario");
                }
            }
        }
        if wrong > 0 {
            anstream::eprintln!("{} out of date: gauntlet baseline prune {file}", entries(wrong));
            return Ok(ExitCode::Failed);
        }
        anstream::eprintln!("{file}: {}, none out of date", entries(baseline.entries.len()));
        Ok(ExitCode::Ok)
    }
}

/// A run held against the list anew. One that did not finish or tested nothing says nothing about it.
fn judged(baseline: &Baseline, mut report: RunReport, suite: &Suite, file: &Path) -> Result<RunReport, Report> {
    same_target(baseline, &report, file)?;
    shows_something(&report)?;
    apply(&mut report, baseline, &universe(suite)?, today());
    Ok(report)
}

/// That nothing failed, or that an entry is out of date, is shown by a whole run alone.
fn shows_something(report: &RunReport) -> Result<(), Report> {
    if report.says_something() {
        return Ok(());
    }
    let (run, target) = (&report.run.id, visible(&report.target.name));
    Err(usage(
        format!("the run {run} of {target} did not finish, or tested nothing: it does not show what holds"),
        "name a whole run with --run",
    ))
}

fn same_target(baseline: &Baseline, report: &RunReport, file: &Path) -> Result<(), Report> {
    match &baseline.target {
        Some(own) if *own != report.target.name => Err(usage(
            format!("{} is about the target {own:?}, and the run about {:?}", file.display(), report.target.name),
            "name a run of this target with --run",
        )),
        _ => Ok(()),
    }
}

fn universe(suite: &Suite) -> Result<Universe, Report> {
    let (catalog, scenarios) = (suite.load()?, scenarios(None)?);
    Ok(Universe::new(&catalog, scenarios.iter().map(|scenario| scenario.id.as_str())))
}

fn today() -> Date {
    Timestamp::now().to_zoned(TimeZone::UTC).date()
}

fn entries(number: usize) -> String {
    if number == 1 { "1 entry".into() } else { format!("{number} entries") }
}

/// The target that a list is about; a list without reasons says it as well.
fn target_of(text: &str) -> Option<String> {
    let table: toml::Table = text.parse().ok()?;
    table.get("target")?.as_str().map(str::to_owned)
}

/// A pointer to the latest run of a target.
#[derive(Deserialize)]
struct Pointer {
    run: String,
    folder: String,
}

impl LastRun {
    fn path(&self, target: Option<&str>) -> Result<PathBuf, Report> {
        if let Some(run) = &self.run {
            return Ok(run.clone());
        }
        let mut latest: Vec<(String, PathBuf)> = Vec::new();
        for folder in fs::read_dir("reports").into_iter().flatten().flatten().map(|entry| entry.path()) {
            let pointer = fs::read(folder.join("latest.json")).ok();
            let pointer = pointer.and_then(|bytes| serde_json::from_slice::<Pointer>(&bytes).ok());
            if let Some(Pointer { run, folder: name }) = pointer {
                let run_folder = folder.join(name);
                let fits = |wanted: &str| read_run(&run_folder).is_ok_and(|report| report.target.name == wanted);
                if target.is_none_or(fits) {
                    latest.push((run, run_folder));
                }
            }
        }
        latest.sort();
        let whose = target.map_or_else(String::new, |target| format!(" of the target {target:?}"));
        latest.pop().map(|(_, path)| path).ok_or_else(|| {
            usage(format!("there is no run{whose} below reports/"), "run it first, or name a run.json with --run")
        })
    }
}

fn read(path: &Path) -> Result<String, Report> {
    fs::read_to_string(path).into_diagnostic().wrap_err_with(|| format!("cannot read {}", path.display()))
}

fn write(path: &Path, text: &str) -> Result<(), Report> {
    fs::write(path, text).into_diagnostic().wrap_err_with(|| format!("cannot write {}", path.display()))
}
