//! `gauntlet certify`.

use super::{
    Ended,
    ending::code,
    output::put,
    shared::{Suite, Tested, fresh_seed, profile_of, usage},
    terminal::paint,
    trial::{Question, Trial, declare},
};
use crate::{
    certify::{
        BADGE, Evidence, Files, PAGE, PROFILE, RUN, Refusal, SigningKey, TARGET, account, json_file, round_name, seal,
    },
    model::{RunReport, certificate::Certificate},
    report::{Format, badge, certificate_text, render, statement_page, visible},
    run::ExitCode,
    suite::{Catalog, scenarios},
};
use clap::Args;
use miette::{IntoDiagnostic, Report, WrapErr};
use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// Run what a profile asks for, and sign a statement that others can check
///
/// The cases of the profile are sent, then its scenarios are played three times. Where all of it holds, DIR becomes a
/// bundle: the runs, what is declared about the target, an in-toto statement in a DSSE envelope, a page and a badge.
/// Where it does not, the runs are written, and no statement.
#[derive(Debug, Args)]
pub(super) struct Certify {
    #[command(flatten)]
    tested: Tested,
    /// What is asked for (`gauntlet list profiles`)
    #[arg(long, value_name = "NAME", required_unless_present = "new_key")]
    profile: Option<String>,
    /// The private key that signs: PKCS#8 PEM, Ed25519 or P-256
    #[arg(long, value_name = "FILE", conflicts_with = "key_env")]
    key: Option<PathBuf>,
    /// The environment variable that holds its text
    #[arg(long, value_name = "VAR")]
    key_env: Option<String>,
    /// Write the bundle into this directory, which must be empty or absent
    #[arg(long, value_name = "DIR", required_unless_present = "new_key")]
    out: Option<PathBuf>,
    /// Make an Ed25519 key instead: the private half into FILE, for its owner only, the public half to stdout
    #[arg(long, value_name = "FILE", conflicts_with_all = ["profile", "key", "key_env", "out"])]
    new_key: Option<PathBuf>,
    /// The version of the target, where its file does not say it
    #[arg(long, value_name = "VERSION")]
    target_version: Option<String>,
    /// The tested program or image: its digest becomes a subject of the statement
    #[arg(long, value_name = "FILE")]
    artifact: Option<PathBuf>,
    /// What drives nonces and random bytes
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    #[command(flatten)]
    suite: Suite,
    /// Read the scenarios from a directory instead of the binary
    #[arg(long, value_name = "DIR")]
    scenarios: Option<PathBuf>,
    #[command(flatten)]
    trial: Trial,
}

impl Certify {
    pub fn execute(self) -> Ended {
        if let Some(path) = &self.new_key {
            return new_key(path);
        }
        let (Some(name), Some(out)) = (&self.profile, &self.out) else {
            return Err(usage("a profile and a directory are wanted", "add --profile NAME and --out DIR"));
        };
        let key = self.signing_key()?;
        let catalog = self.suite.load()?.with_scenarios(self.scenarios.as_deref())?;
        let scenarios = scenarios(self.scenarios.as_deref())?;
        let profile = profile_of(name, &catalog)?;
        let (version, artifact) = (self.target_version.as_deref(), self.artifact.as_deref());
        // Said before the run, so that a file that changes meanwhile is noticed by whoever tries again.
        let mut target = declare(&self.tested, "", version, artifact)?;
        empty(out)?;
        let (rounds, seed) = (Question::ROUNDS, self.seed.unwrap_or_else(fresh_seed));
        let question =
            Question { tested: &self.tested, profile, catalog: &catalog, scenarios: &scenarios, seed, rounds };
        let (run, rounds) = self.trial.run(&question)?;
        target.name.clone_from(&run.target.name);
        let evidence = Evidence { profile: profile.clone(), target, run, rounds };
        match account(&evidence, &catalog, &scenarios, &key.public().signer()) {
            Ok(certificate) => {
                let files = seal(files(&evidence, &certificate)?, &certificate, &evidence, &catalog, &key);
                write(out, &files.into_diagnostic()?)?;
                anstream::println!("{}", certificate_text(&certificate, &paint));
                anstream::eprintln!("  {}", out.display());
                anstream::eprintln!("check it with  gauntlet verify {} --key PUBLIC-KEY", out.display());
                Ok(ExitCode::Ok)
            }
            Err(because) => without_statement(out, &evidence, because, &catalog),
        }
    }

    fn signing_key(&self) -> Result<SigningKey, Report> {
        let help =
            "make one with `gauntlet certify --new-key FILE`, or with `openssl genpkey -algorithm ed25519 -out FILE`";
        let (text, place) = match (&self.key, &self.key_env) {
            (Some(path), _) => {
                let text = fs::read_to_string(path)
                    .map_err(|error| usage(format!("cannot read the key {}: {error}", path.display()), help))?;
                (Zeroizing::new(text), path.display().to_string())
            }
            (None, Some(name)) => {
                let text = std::env::var(name)
                    .map_err(|_| usage(format!("the environment variable {name} is not set, or is no text"), help))?;
                (Zeroizing::new(text), format!("${name}"))
            }
            (None, None) => return Err(usage("nothing says which key signs: add --key FILE or --key-env VAR", help)),
        };
        SigningKey::from_pem(&text).map_err(|error| usage(format!("{place}: {error}"), help))
    }
}

fn new_key(path: &Path) -> Ended {
    let (key, text) = SigningKey::generate().into_diagnostic()?;
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = opened.map_err(|error| {
        usage(format!("cannot make {}: {error}", path.display()), "name a file that does not exist yet")
    })?;
    file.write_all(text.as_bytes()).into_diagnostic().wrap_err_with(|| format!("cannot write {}", path.display()))?;
    anstream::print!("{}", key.public().to_pem());
    anstream::eprintln!("keep {} to yourself; the public key above is for everybody", path.display());
    Ok(ExitCode::Ok)
}

/// The files of a bundle, without statement and key.
fn files(evidence: &Evidence, certificate: &Certificate) -> Result<Files, Report> {
    let mut files = runs(evidence)?;
    files.insert(PROFILE.into(), json_file(&evidence.profile));
    files.insert(TARGET.into(), json_file(&evidence.target));
    files.insert(PAGE.into(), statement_page(certificate).into_diagnostic()?);
    files.insert(BADGE.into(), badge(certificate).into_diagnostic()?);
    Ok(files)
}

fn runs(evidence: &Evidence) -> Result<Files, Report> {
    let json = |report: &RunReport| render(report, Format::Json).into_diagnostic();
    let mut files = Files::from([(RUN.to_owned(), json(&evidence.run)?)]);
    for (number, round) in evidence.rounds.iter().enumerate() {
        files.insert(round_name(number + 1), json(round)?);
    }
    Ok(files)
}

/// The runs are worth keeping, to see why.
fn without_statement(out: &Path, evidence: &Evidence, because: Vec<String>, catalog: &Catalog) -> Ended {
    let mut files = runs(evidence)?;
    files.insert(Format::Html.file_name().into(), render(&evidence.run, Format::Html).into_diagnostic()?);
    write(out, &files)?;
    let rounds = &evidence.rounds;
    // A part that did not finish, or tested nothing, says why by its own code.
    let parts = || std::iter::once(&evidence.run).chain(rounds);
    let unfinished = parts().find(|part| !part.complete).map(code);
    let broken =
        evidence.run.summary.profile.as_ref().is_some_and(|own| own.must_pass + own.undecided < own.must_total);
    let played = evidence.run.summary.profile.as_ref().is_some_and(|own| own.conformant);
    let refusal = Refusal::NotConformant { profile: evidence.profile.name.clone(), because };
    anstream::eprintln!("no statement: {}", visible(&refusal.to_string()));
    anstream::eprintln!("  {}", out.display());
    anstream::eprintln!("see why with  gauntlet report {} --format html --out {}", out.display(), out.display());
    anstream::eprintln!("suite  {}", catalog.digest());
    Ok(unfinished.unwrap_or(if broken || played { ExitCode::Failed } else { ExitCode::NotTestable }))
}

fn empty(out: &Path) -> Result<(), Report> {
    let full = match fs::read_dir(out) {
        Ok(mut entries) => entries.next().is_some(),
        Err(_) => out.exists(),
    };
    if full {
        return Err(usage(
            format!("{} is not an empty directory", out.display()),
            "a bundle holds nothing but what is signed: name a directory that is empty, or does not exist yet",
        ));
    }
    Ok(())
}

fn write(out: &Path, files: &Files) -> Result<(), Report> {
    fs::create_dir_all(out).into_diagnostic().wrap_err_with(|| format!("cannot make {}", out.display()))?;
    files.iter().try_for_each(|(name, bytes)| put(&out.join(name), bytes))
}
