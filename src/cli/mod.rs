//! The command line: arguments in, exit codes out. One file a command; everything else lives below.
//!
//! stdout carries only what was asked for. Progress, findings and hints go to stderr.

mod adapter;
mod adapter_bare;
mod baseline;
mod baseline_edit;
mod certify;
mod chaos;
mod compare;
mod coverage;
mod curl;
mod decode;
mod doctor;
mod ending;
mod explain;
mod fingerprint;
mod forge;
mod from_curl;
mod game_day;
mod init;
#[cfg(feature = "users")]
mod journey;
mod lint;
mod list;
mod load;
mod output;
mod proxy;
mod report;
mod run;
mod selftest;
mod serve;
mod shared;
mod terminal;
mod trial;
mod vectors;
mod verify;
mod worker;

use crate::{model::outcome::JUDGE, run::ExitCode, suite::Catalog};
use clap::{Parser, Subcommand, error::ErrorKind};
use miette::Report;

/// Does your JWT validator really hold?
///
/// gauntlet plays the issuer: it holds the keys, serves them, mints good tokens and forges bad ones, presents them to a
/// validator and judges the answers. Without a TARGET it tests the built-in strict validator, so that you can see a
/// full report in a few seconds.
#[derive(Debug, Parser)]
#[command(name = "gauntlet", version, propagate_version = true, max_term_width = 100)]
struct Args {
    #[command(subcommand)]
    command: Command,
    /// When to colour: auto, always, never. NO_COLOR is obeyed.
    #[arg(long, global = true, value_enum, default_value_t = terminal::Color::Auto, display_order = 900)]
    color: terminal::Color,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Calibrate a target, then send vectors and attacks, and write the reports
    Run(run::Run),
    /// Change and break the issuer's keys while tokens flow, and judge how the target copes
    Chaos(chaos::Chaos),
    /// Send tokens fast, and say how many, how fast, and whether every verdict was still right
    Load(Box<load::Load>),
    /// Play users for `gauntlet load`, which says so on the standard input
    #[cfg(feature = "users")]
    #[command(name = journey::NAME, hide = true)]
    Journey(journey::Journey),
    /// Send tokens for a Locust master, which says how many users there are
    Worker(worker::Worker),
    /// Run what a profile asks for, and sign a statement that others can check
    Certify(Box<certify::Certify>),
    /// Check a conformance statement offline, or try it again
    Verify(Box<verify::Verify>),
    /// Measure how a target keeps our key set, and print the [cache] table of its file
    Fingerprint(fingerprint::FingerprintCommand),
    /// Say what is misconfigured between the harness and a target, before a run
    Doctor(doctor::Doctor),
    /// Write a target file
    Init(init::Init),
    /// List cases, families, flaws, policies, profiles; or what the specifications ask, and which cases show it
    List(list::List),
    /// Say what a case, a mutation, a flaw or a profile is, and why it matters
    Explain(explain::Explain),
    /// Print the token of a case or recipe, and how it was made
    Forge(forge::Forge),
    /// Decode a token and point at its hygiene
    Decode(decode::Decode),
    /// Compare two runs, or lay many targets side by side
    Compare(compare::Compare),
    /// Keep the list of known failures: accept, prune, check
    Baseline(baseline::BaselineCommand),
    /// Render an old run again
    Report(report::ReportCommand),
    /// Test the harness itself against the flawed built-in validators
    Selftest(selftest::Selftest),
    /// Run the issuer alone, or a built-in validator beside it
    Serve(serve::Serve),
    /// Stand in front of a real identity provider's key set, and let it misbehave on request
    Proxy(proxy::Proxy),
    /// Check suite and target files
    Lint(lint::Lint),
    /// Convert other people's vectors, or write the suite as data
    Vectors(vectors::Vectors),
    /// Help to write an adapter that puts a library behind the suite
    Adapter(adapter::Adapter),
}

/// How a command ends: with a code, or with an error that the user can mend.
type Ended = Result<ExitCode, Report>;

/// Parses the arguments and runs the command.
#[must_use]
pub fn main() -> std::process::ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) if error.kind() == ErrorKind::DisplayVersion => return version(&error.to_string()),
        Err(error) => error.exit(),
    };
    terminal::install(args.color);
    let ended = std::panic::catch_unwind(|| dispatch(args.command));
    let code = match ended {
        Ok(Ok(code)) => code,
        Ok(Err(report)) => {
            anstream::eprintln!("{report:?}");
            code_of(&report)
        }
        Err(_) => {
            anstream::eprintln!("this is a bug in gauntlet; please report it with the lines above");
            ExitCode::Bug
        }
    };
    std::process::ExitCode::from(code as u8)
}

/// The version, and which questions this binary asks: two that name the same suite can be compared.
fn version(first: &str) -> std::process::ExitCode {
    match Catalog::load(None) {
        Ok(catalog) => {
            anstream::println!("{}\nsuite {}\njudge {JUDGE}", first.trim_end(), catalog.digest());
            std::process::ExitCode::SUCCESS
        }
        Err(error) => {
            anstream::eprintln!("{:?}", Report::from(error));
            std::process::ExitCode::from(ExitCode::Bug as u8)
        }
    }
}

fn dispatch(command: Command) -> Ended {
    match command {
        Command::Run(run) => run.execute(),
        Command::Chaos(chaos) => chaos.execute(),
        Command::Load(load) => load.execute(),
        #[cfg(feature = "users")]
        Command::Journey(journey) => journey.execute(),
        Command::Worker(worker) => worker.execute(),
        Command::Certify(certify) => certify.execute(),
        Command::Verify(verify) => verify.execute(),
        Command::Fingerprint(fingerprint) => fingerprint.execute(),
        Command::Doctor(doctor) => doctor.execute(),
        Command::Init(init) => init.execute(),
        Command::List(list) => list.execute(),
        Command::Explain(explain) => explain.execute(),
        Command::Forge(forge) => forge.execute(),
        Command::Decode(decode) => decode.execute(),
        Command::Compare(compare) => compare.execute(),
        Command::Baseline(baseline) => baseline.execute(),
        Command::Report(report) => report.execute(),
        Command::Selftest(selftest) => selftest.execute(),
        Command::Serve(serve) => serve.execute(),
        Command::Proxy(proxy) => proxy.execute(),
        Command::Lint(lint) => lint.execute(),
        Command::Vectors(vectors) => vectors.execute(),
        Command::Adapter(adapter) => adapter.execute(),
    }
}

/// Which exit code an error comes to: what the user wrote is 2, what the target did is 3.
fn code_of(report: &Report) -> ExitCode {
    use crate::run::RunError;
    match report.downcast_ref::<RunError>() {
        Some(RunError::NothingSelected | RunError::NoScenario) => ExitCode::NothingSelected,
        Some(RunError::StoppedEarly(reason)) => reason.exit_code(),
        Some(RunError::Desk(_) | RunError::TokenRefused { .. } | RunError::UsersBroke(_)) => ExitCode::NotTestable,
        Some(RunError::NeverBegan) => ExitCode::Bug,
        Some(RunError::Target(error)) if error.is_about_the_target() => ExitCode::NotTestable,
        _ => ExitCode::Usage,
    }
}
