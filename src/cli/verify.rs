//! `gauntlet verify`.

use super::{
    Ended,
    ending::code,
    shared::{Suite, TargetName, Tested, usage},
    terminal::paint,
    trial::{Question, Trial, declare},
};
use crate::{
    certify::{BADGE, CaseStanding, Files, Opened, PAGE, PublicKey, Refusal, STATEMENT, assess, examine, open},
    model::{RunReport, certificate::Certificate, chaos::Scenario},
    report::{badge, certificate_text, statement_page, visible},
    run::ExitCode,
    suite::{Catalog, Demand, scenarios},
};
use clap::Args;
use miette::{IntoDiagnostic, Report};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The largest file that is read: many times what a run of the whole suite weighs.
const LARGEST: u64 = 256 << 20;

/// Check a conformance statement offline, or try it again
///
/// Checks the signature, the digest of every file, and by the runs in the bundle that the target gave the profile what it
/// asks for. Nothing is sent anywhere, unless --rerun names a target.
#[derive(Debug, Args)]
pub(super) struct Verify {
    /// The directory that `gauntlet certify` wrote
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,
    /// The public key that must be under it: PEM, as `gauntlet certify --new-key` or openssl write it
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    #[command(flatten)]
    suite: Suite,
    /// Read the scenarios from a directory instead of the binary
    #[arg(long, value_name = "DIR")]
    scenarios: Option<PathBuf>,
    /// Run it again on a target (a target file, builtin:strict, builtin:FLAW) and compare
    #[arg(long, value_name = "TARGET", help_heading = "Try it again")]
    rerun: Option<TargetName>,
    #[command(flatten, next_help_heading = "Try it again")]
    trial: Trial,
}

impl Verify {
    pub fn execute(self) -> Ended {
        let trusted = self.trusted()?;
        let files = read(&self.bundle)?;
        let catalog = self.suite.load()?.with_scenarios(self.scenarios.as_deref())?;
        let scenarios = scenarios(self.scenarios.as_deref())?;
        let (opened, certificate) = match check(&files, trusted.as_ref(), &catalog, &scenarios) {
            Ok(checked) => checked,
            Err(refusal) => return Ok(refuse(&refusal)),
        };
        match pages(&files, &certificate) {
            Ok(()) => {}
            Err(refusal) => return Ok(refuse(&refusal)),
        }
        anstream::println!(
            "signature and digests of {} files hold, and the runs give the profile what it asks for\n",
            files.len()
        );
        anstream::println!("{}", certificate_text(&certificate, &paint));
        if trusted.is_none() {
            anstream::println!("Nobody said whose key it must be: name it with --key to know who says this.");
        }
        match self.rerun {
            Some(target) => again(&Tested::of(target), &self.trial, &opened, &catalog, &scenarios),
            None => Ok(ExitCode::Ok),
        }
    }

    fn trusted(&self) -> Result<Option<PublicKey>, Report> {
        let Some(path) = &self.key else { return Ok(None) };
        let help = "name the public key that the signer published: `openssl pkey -in PRIVATE -pubout` writes it";
        let text = fs::read_to_string(path)
            .map_err(|error| usage(format!("cannot read the key {}: {error}", path.display()), help))?;
        PublicKey::from_file(&text).map(Some).map_err(|error| usage(format!("{}: {error}", path.display()), help))
    }
}

fn check(
    files: &Files,
    trusted: Option<&PublicKey>,
    catalog: &Catalog,
    scenarios: &[Scenario],
) -> Result<(Opened, Certificate), Refusal> {
    let opened = open(files, trusted)?;
    let certificate = examine(&opened, catalog, scenarios)?;
    Ok((opened, certificate))
}

/// Page and badge say what the runs say. Those of another version may look different.
fn pages(files: &Files, certificate: &Certificate) -> Result<(), Refusal> {
    if certificate.tool.version != env!("CARGO_PKG_VERSION") {
        anstream::eprintln!(
            "page and badge are of gauntlet {}, and were not compared",
            visible(&certificate.tool.version)
        );
        return Ok(());
    }
    for (name, rendered) in [(PAGE, statement_page(certificate)), (BADGE, badge(certificate))] {
        if rendered.ok().as_ref() != files.get(name) {
            return Err(Refusal::Contradiction(format!("{name} is not what the runs give")));
        }
    }
    Ok(())
}

fn refuse(refusal: &Refusal) -> ExitCode {
    let (code, help) = match refusal {
        Refusal::OtherSuite { version, .. } => (
            ExitCode::NotTestable,
            format!("verify it with gauntlet {version}, or name its suite with --suite DIR and --scenarios DIR"),
        ),
        Refusal::Missing(name) if name == STATEMENT => (
            ExitCode::Failed,
            "name a directory that `gauntlet certify` wrote; it writes no statement where something does not hold"
                .into(),
        ),
        _ => {
            (ExitCode::Failed, "ask the signer for an unchanged bundle, or try yourself with `gauntlet certify`".into())
        }
    };
    anstream::eprintln!("refused: {}", visible(&refusal.to_string()));
    anstream::eprintln!("  help: {}", visible(&help));
    code
}

/// The same trial on a target at hand, and what is different.
fn again(tested: &Tested, trial: &Trial, opened: &Opened, catalog: &Catalog, scenarios: &[Scenario]) -> Ended {
    let evidence = &opened.evidence;
    let question =
        Question { tested, profile: &evidence.profile, catalog, scenarios, seed: evidence.run.run.seed, rounds: 1 };
    let declared = declare(tested, "", None, None)?;
    if declared.configuration != evidence.target.configuration {
        anstream::eprintln!("the target at hand is not configured as the stated one: {}", declared.configuration);
    }
    let (run, rounds) = trial.run(&question)?;
    if let Some(part) = std::iter::once(&run).chain(&rounds).find(|part| !part.complete) {
        anstream::eprintln!("the new run did not finish");
        return Ok(code(part));
    }
    let standings =
        |report: &RunReport| assess(&evidence.profile, &Demand::of(&evidence.profile, catalog), 0, report).cases;
    let (then, now) = (standings(&evidence.run), standings(&run));
    let names: BTreeSet<&String> = then.keys().chain(now.keys()).collect();
    let mut different = Vec::new();
    for name in names.iter().filter(|name| !same(then.get(**name), now.get(**name))) {
        different.push(format!("{name}: stated {}, now {}", word(then.get(*name)), word(now.get(*name))));
    }
    let mut broke = now.values().filter(|standing| **standing == CaseStanding::Broken).count();
    for result in rounds.iter().flat_map(|round| &round.scenarios) {
        let stated = evidence.rounds.iter().flat_map(|round| &round.scenarios).filter(|one| one.id == result.id);
        if stated.clone().all(|one| one.grade() > result.grade()) {
            broke += 1;
            different.push(format!("scenario {}: it reached a better grade in every stated round", result.id));
        }
    }
    for line in &different {
        anstream::println!("{}", visible(line));
    }
    let conforms = run.summary.profile.as_ref().is_some_and(|profile| profile.conformant);
    if conforms && broke == 0 {
        let difference = if different.is_empty() { "nothing is different" } else { "only what applies is different" };
        anstream::println!("run again with seed {}: it conforms, and {difference}", evidence.run.run.seed);
        return Ok(ExitCode::Ok);
    }
    let because = run.summary.profile.map(|profile| profile.because).unwrap_or_default();
    anstream::println!("run again: it does not give the profile what it asks for: {}", visible(&because.join("; ")));
    Ok(if broke > 0 { ExitCode::Failed } else { ExitCode::NotTestable })
}

fn same(then: Option<&CaseStanding>, now: Option<&CaseStanding>) -> bool {
    matches!((then, now), (Some(CaseStanding::Untested(_)), Some(CaseStanding::Untested(_)))) || then == now
}

fn word(standing: Option<&CaseStanding>) -> &'static str {
    match standing {
        Some(CaseStanding::Passed) => "passed",
        Some(CaseStanding::Broken) => "broken",
        Some(CaseStanding::Undecided) => "undecided",
        Some(CaseStanding::Withheld) => "not allowed to be sent",
        Some(CaseStanding::Untested(_)) => "not tested",
        None => "not in the run",
    }
}

/// The files of a bundle. It holds nothing but plain files.
fn read(folder: &Path) -> Result<Files, Report> {
    let trouble = |what: String| usage(what, "name the directory that `gauntlet certify` wrote");
    let unreadable = |error: std::io::Error| trouble(format!("cannot read {}: {error}", folder.display()));
    let mut files = Files::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let about = entry.metadata().map_err(unreadable)?;
        let name = entry.file_name().into_string().ok().filter(|_| about.is_file() && about.len() <= LARGEST);
        let Some(name) = name else {
            return Err(trouble(format!("{} is no file of a bundle", entry.path().display())));
        };
        files.insert(name, fs::read(entry.path()).into_diagnostic()?);
    }
    Ok(files)
}
