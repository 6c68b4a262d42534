//! `gauntlet run`.

use super::{
    Ended,
    ending::{conclude, until_told},
    output::{Folder, Log},
    shared::{Choice, Corpora, Issuer, KnownFailures, Suite, Tested, fresh_seed, profile_of, runtime},
    terminal::paint,
};
use crate::{
    conformance::fuzz,
    model::{Event, Level, Outcome, report::CaseResult},
    report::{Format, finding_block, visible},
    run::{Asked, FailOn, Request, Subject, execute},
    suite::{Catalog, scenarios},
};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use miette::Report;
use std::path::PathBuf;

/// Calibrate a target, then send vectors and attacks, and write the reports
#[derive(Debug, Args)]
pub(super) struct Run {
    #[command(flatten)]
    tested: Tested,
    /// Only the cases of a profile, and judge the run by its rules (`gauntlet list profiles`)
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    suite: Suite,
    #[command(flatten)]
    issuer: Issuer,
    #[command(flatten)]
    corpora: Corpora,
    /// Write the reports into this directory [default: reports/<target>/<run>]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Reports beside run.json
    #[arg(long, value_name = "FORMATS", value_delimiter = ',', default_value = "html,junit")]
    format: Vec<Format>,
    /// What makes the run red: a broken must, or also a broken should or declared policy
    /// [default: must; should for built-in validators]
    #[arg(long, value_enum, value_name = "LEVEL")]
    fail_on: Option<FailLevel>,
    #[command(flatten)]
    known: KnownFailures,
    /// What drives nonces and random bytes
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Blocks of cases in flight at the same time
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=64))]
    jobs: u16,
    /// Also send this many generated tokens that must be refused, and cut down what is accepted; their ids are
    /// fuzz/KIND:NUMBER, and the seed decides them
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    fuzz: u32,
    /// Stop after this long; results so far are written, and the exit code is 5
    #[arg(long, value_name = "TIME")]
    max_time: Option<crate::model::Period>,
    /// Only the closing summary
    #[arg(long)]
    quiet: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum FailLevel {
    Must,
    Should,
}

impl From<FailLevel> for FailOn {
    fn from(level: FailLevel) -> Self {
        match level {
            FailLevel::Must => FailOn::Must,
            FailLevel::Should => FailOn::Should,
        }
    }
}

impl Run {
    pub fn execute(self) -> Ended {
        let mut catalog = self.suite.load()?;
        self.corpora.add_to(&mut catalog)?;
        let selection = self.choice.selection()?;
        let subject = self.tested.subject()?;
        // The strict validator meets every should and declares every policy, so there any difference is a defect.
        let fail_on = match (self.fail_on, &subject) {
            (Some(FailLevel::Must), _) | (None, Subject::File(..) | Subject::Adapter(_)) => FailOn::Must,
            _ => FailOn::Should,
        };
        let name = subject.name();
        let profile = self.profile.as_ref().map(|name| asked(name, &catalog)).transpose()?;
        let baseline = self.known.read(&name)?;
        let request = Request {
            profile,
            subject,
            selection,
            seed: self.seed.unwrap_or_else(fresh_seed),
            jobs: usize::from(self.jobs),
            fuzz: self.fuzz,
            fail_on,
            baseline,
            issuer: self.issuer.options(),
            args: std::env::args().skip(1).collect(),
            reproduce: format!("gauntlet run {}{}", self.corpora.text(), self.tested.text()),
        };
        let folder = Folder::new(self.out.clone(), &name);
        let mut screen = Screen::new(self.quiet, self.fuzz);
        let mut log = Log::default();
        let report = runtime()?.block_on(until_told(self.max_time.map(|time| time.0), async |stop| {
            let mut sink = |event: &Event| {
                log.write(event, &folder);
                screen.show(event);
            };
            execute(request, &catalog, stop, &mut sink).await
        }));
        screen.close();
        let report = report?;
        let written = folder.write(&report, &self.format)?;
        Ok(conclude(&report, &log, &written))
    }
}

/// What a profile asks for, by its name.
fn asked(name: &str, catalog: &Catalog) -> Result<Asked, Report> {
    let profile = profile_of(name, catalog)?;
    Ok(Asked::of(profile, catalog, &scenarios(None)?))
}

/// Live progress on stderr: a bar on a terminal, findings as they come.
pub(super) struct Screen {
    quiet: bool,
    bar: ProgressBar,
    statements: std::collections::BTreeMap<String, crate::model::report::Statement>,
    failed: usize,
    /// Generated tokens that are asked for.
    fuzz: u32,
}

impl Screen {
    pub fn new(quiet: bool, fuzz: u32) -> Screen {
        let bar = if quiet { ProgressBar::hidden() } else { ProgressBar::no_length() };
        let style = ProgressStyle::with_template("{bar:32} {pos}/{len} {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Screen { quiet, bar, statements: std::collections::BTreeMap::new(), failed: 0, fuzz }
    }

    pub fn show(&mut self, event: &Event) {
        match event {
            Event::RunStarted { target, plan, statements, .. } => {
                self.statements.clone_from(statements);
                self.bar.set_length((plan.variants + plan.skipped) as u64);
                let generated = match self.fuzz {
                    0 => String::new(),
                    some => format!(", up to {some} generated tokens"),
                };
                self.line(&format!(
                    "{} at {}: {} cases, {} tokens to judge, {} variants do not apply{generated}",
                    visible(&target.name),
                    visible(&target.address),
                    plan.cases,
                    plan.variants,
                    plan.skipped
                ));
            }
            Event::Calibrated { check } if check.outcome >= Outcome::Inconclusive || check.hint.is_some() => {
                self.line(&format!("{}: {}: {}", check.outcome, check.name, visible(&check.observed)));
                if let Some(hint) = &check.hint {
                    self.line(&format!("  help: {}", visible(hint)));
                }
            }
            Event::Calibrated { .. }
            | Event::ScenarioStarted { .. }
            | Event::ScenarioStep { .. }
            | Event::ScenarioFinished { .. }
            | Event::LoadStarted { .. }
            | Event::LoadSecond { .. }
            | Event::LoadTried { .. }
            | Event::LoadFinished { .. }
            | Event::RunFinished { .. } => {}
            Event::Fuzzed { sent, of, accepted } => {
                self.bar.set_length(u64::from(*of));
                self.bar.set_position(u64::from(*sent));
                self.bar.set_message(format!("generated tokens, {accepted} accepted"));
            }
            Event::CaseFinished { result, .. } if result.id.family == fuzz::FAMILY => self.generated(result),
            Event::CaseFinished { result, .. } => {
                self.bar.inc(1);
                self.case(result);
            }
            Event::Remark { level, text } => {
                let word = if *level == Level::May { "note" } else { "warning" };
                self.line(&format!("{word}: {}", visible(text)));
            }
        }
    }

    fn case(&mut self, result: &CaseResult) {
        if result.outcome != Outcome::Fail {
            return;
        }
        self.failed += 1;
        self.bar.set_message(format!("{} broken", self.failed));
        if let Some(statement) = self.statements.get(&result.id.case()) {
            self.line(&finding_block(result, statement, &paint));
        }
    }

    /// A generated token is told once it is cut down, as the case that it would make.
    fn generated(&self, result: &CaseResult) {
        let Some(block) = result.reproduce.as_ref().and_then(|reproduce| reproduce.case.as_ref()) else { return };
        if let Some(statement) = self.statements.get(&result.id.case()) {
            self.line(&finding_block(result, statement, &paint));
        }
        self.line(&format!("as a case for a file of vectors:\n\n{block}"));
    }

    fn line(&self, text: &str) {
        if !self.quiet {
            self.bar.suspend(|| anstream::eprintln!("{text}"));
        }
    }

    pub fn close(&self) {
        self.bar.finish_and_clear();
    }
}
