//! Arguments that mean the same in every command.

use crate::{
    builtin::Flaw,
    issuer,
    model::{Harm, Profile, TargetFile},
    run::{StopReason, Subject},
    suite::{Baseline, Catalog, Selection, read_baseline, read_target},
};
use clap::Args;
use miette::{IntoDiagnostic, Report, miette};
use std::{net::IpAddr, path::PathBuf, str::FromStr, time::SystemTime};
use tokio::signal::unix;

/// Which suite.
#[derive(Debug, Clone, Args)]
pub(super) struct Suite {
    /// Read the cases from a directory instead of the binary
    #[arg(long, value_name = "DIR")]
    pub suite: Option<PathBuf>,
}

impl Suite {
    /// Reads it.
    pub fn load(&self) -> Result<Catalog, Report> {
        Ok(Catalog::load(self.suite.as_deref())?)
    }
}

/// Other people's vectors.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Corpora {
    /// Also the vectors of a file: one of Wycheproof's JOSE files, or one of the format vectors/1; may be repeated
    #[arg(long = "corpus", value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

impl Corpora {
    /// Adds them to a suite.
    pub fn add_to(&self, catalog: &mut Catalog) -> Result<(), Report> {
        for file in &self.files {
            catalog.add_corpus(file)?;
        }
        Ok(())
    }

    /// As they were written, with a space behind each.
    pub fn text(&self) -> String {
        self.files.iter().map(|file| format!("--corpus '{}' ", file.display())).collect()
    }
}

/// Which cases of it.
#[derive(Debug, Clone, Args)]
pub(super) struct Choice {
    /// Only cases whose id matches the glob, such as 'algorithm/*' or '*/conf-*:spki-pem'; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub only: Vec<String>,
    /// No case whose id matches the glob; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub skip: Vec<String>,
    /// Only the short list of cases that finds most defects
    #[arg(long)]
    pub quick: bool,
    /// Also payloads that a careless service might execute (paths, SQL, addresses)
    #[arg(long)]
    pub intrusive: bool,
    /// Also cases that may exhaust the target
    #[arg(long)]
    pub harmful: bool,
}

impl Choice {
    /// The selection that they mean.
    pub fn selection(&self) -> Result<Selection, Report> {
        let mut grades = Vec::new();
        grades.extend(self.intrusive.then_some(Harm::Intrusive));
        grades.extend(self.harmful.then_some(Harm::Harmful));
        Ok(Selection::new(&self.only, &self.skip, self.quick)?.allowing(grades))
    }
}

/// How our issuer is reached.
#[derive(Debug, Clone, Args)]
pub(super) struct Issuer {
    /// Address to serve discovery, key set and canary on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub bind: IpAddr,
    /// Port to serve them on; 0 lets the system choose
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub port: u16,
    /// Address by which a target elsewhere reaches us, such as https://gauntlet.example:8443
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
    /// Serve over HTTPS, with an authority that the target can be told to trust (`${issuer-ca}`)
    #[arg(long)]
    pub https: bool,
}

impl Issuer {
    /// The options of our side.
    pub fn options(&self) -> issuer::Options {
        issuer::Options { bind: self.bind, port: self.port, public_url: self.public_url.clone(), https: self.https }
    }
}

/// How our issuer is reached where it is made to fail: its documents stand apart.
#[derive(Debug, Clone, Args)]
pub(super) struct FaultyIssuer {
    /// Address for our documents
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    bind: IpAddr,
    /// Port for discovery; 0 lets the system choose
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    port: u16,
    /// Port for the key set, which can be refused while discovery is well; 0 lets the system choose
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    jwks_port: u16,
}

impl FaultyIssuer {
    /// The options of our side. The seed decides which requests a share of faults meets.
    pub fn options(&self, seed: u64) -> issuer::FaultyOptions {
        let base = issuer::Options { bind: self.bind, port: self.port, public_url: None, https: false };
        issuer::FaultyOptions { base, jwks_port: self.jwks_port, seed }
    }
}

/// What is known to fail.
#[derive(Debug, Clone, Args)]
pub(super) struct KnownFailures {
    /// The list of known failures: those on it do not make the run red, but an entry that no longer fails, matches nothing
    /// or is past its date does; `gauntlet baseline accept` writes one
    #[arg(long = "baseline", value_name = "FILE")]
    file: Option<PathBuf>,
}

impl KnownFailures {
    /// Reads the list, where there is one, for a target.
    pub fn read(&self, target: &str) -> Result<Option<Baseline>, Report> {
        let Some(file) = &self.file else { return Ok(None) };
        let baseline = read_baseline(file)?;
        match &baseline.target {
            Some(own) if own != target => Err(usage(
                format!("{} is about the target {own:?}, found {target:?}", file.display()),
                "name the list of this target, or take `target` out of the file where it holds for several",
            )),
            _ => Ok(Some(baseline)),
        }
    }
}

/// What is tested.
#[derive(Debug, Clone, Args)]
pub(super) struct Tested {
    /// A target file, builtin:strict, or builtin:FLAW
    #[arg(value_name = "TARGET", default_value = "builtin:strict")]
    target: TargetName,
    /// Instead of a TARGET: a command that speaks the adapter protocol on its standard input and output
    #[arg(last = true, value_name = "ADAPTER")]
    adapter: Vec<String>,
}

impl Tested {
    /// Reads the target file, where there is one.
    pub fn subject(&self) -> Result<Subject, Report> {
        match (self.adapter.is_empty(), &self.target) {
            (true, target) => target.subject(),
            (false, TargetName::Builtin(None)) => Ok(Subject::Adapter(self.adapter.clone())),
            (false, target) => Err(usage(
                format!("both a target ({}) and an adapter are named", target.text()),
                "name one of them; a target file starts its own adapter with [transport.stdio]",
            )),
        }
    }

    /// A target without an adapter.
    pub fn of(target: TargetName) -> Tested {
        Tested { target, adapter: Vec::new() }
    }

    /// Its target file, where there is one that can be read.
    pub fn file(&self) -> Option<(PathBuf, Box<TargetFile>)> {
        match self.subject() {
            Ok(Subject::File(path, file)) => Some((path, file)),
            _ => None,
        }
    }

    /// For commands that change the key set under the target's feet: a built-in validator is a server that fetches it.
    pub fn fetching_subject(&self) -> Result<Subject, Report> {
        if self.adapter.is_empty() { self.target.fetching_subject() } else { self.subject() }
    }

    /// What to write behind the command to name it again.
    pub fn text(&self) -> String {
        if self.adapter.is_empty() { self.target.text() } else { format!("-- {}", self.adapter.join(" ")) }
    }
}

/// What a TARGET argument names.
#[derive(Debug, Clone)]
pub(super) enum TargetName {
    /// `builtin:strict` or `builtin:FLAW`.
    Builtin(Option<Flaw>),
    /// A target file.
    File(PathBuf),
}

impl FromStr for TargetName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("builtin:") {
            Some("strict") => Ok(TargetName::Builtin(None)),
            Some(flaw) => flaw
                .parse()
                .map(|flaw| TargetName::Builtin(Some(flaw)))
                .map_err(|_| format!("no built-in validator is called {flaw:?}; `gauntlet list flaws` shows them, and there is builtin:strict")),
            None => Ok(TargetName::File(PathBuf::from(text))),
        }
    }
}

impl TargetName {
    /// Reads the target file, where there is one.
    pub fn subject(&self) -> Result<Subject, Report> {
        match self {
            TargetName::Builtin(flaw) => Ok(Subject::builtin(*flaw)),
            TargetName::File(path) => Ok(Subject::File(path.clone(), Box::new(read_target(path)?))),
        }
    }

    /// The same for commands that change the key set under the target's feet: a built-in validator is a server that
    /// fetches it, whatever its flaw.
    pub fn fetching_subject(&self) -> Result<Subject, Report> {
        match self {
            TargetName::Builtin(flaw) => Ok(Subject::Builtin(*flaw)),
            target @ TargetName::File(_) => target.subject(),
        }
    }

    /// As it was written.
    pub fn text(&self) -> String {
        match self {
            TargetName::Builtin(None) => "builtin:strict".into(),
            TargetName::Builtin(Some(flaw)) => format!("builtin:{}", flaw.name()),
            TargetName::File(path) => path.display().to_string(),
        }
    }
}

/// A seed from the clock, for runs that name none.
pub(super) fn fresh_seed() -> u64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(1, |since| u64::from(since.subsec_nanos()) ^ (since.as_secs() << 16) & 0xffff_ffff)
}

/// The runtime of the commands that open sockets.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Report> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().into_diagnostic()
}

/// Waits for Ctrl-C or SIGTERM, which are heard from this call on, not from the first poll. Whoever started processes must
/// not simply die of them: they would be left behind.
///
/// # Panics
/// Outside of a runtime.
pub(super) fn told_to_stop() -> impl Future<Output = StopReason> {
    let heed = |kind| {
        let signal = unix::signal(kind);
        async move {
            match signal {
                Ok(mut signal) => signal.recv().await,
                Err(_) => std::future::pending().await,
            }
        }
    };
    let interrupted = heed(unix::SignalKind::interrupt());
    let terminated = heed(unix::SignalKind::terminate());
    async move {
        tokio::select! {
            _ = interrupted => StopReason::Interrupt,
            _ = terminated => StopReason::Terminate,
        }
    }
}

/// A profile of the suite by its name.
pub(super) fn profile_of<'a>(name: &str, catalog: &'a Catalog) -> Result<&'a Profile, Report> {
    catalog.profiles.get(name).ok_or_else(|| {
        let known: Vec<&str> = catalog.profiles.keys().map(String::as_str).collect();
        let help = format!("known profiles: {}; `gauntlet list profiles` says what they are for", known.join(", "));
        usage(format!("no profile is called {name:?}"), help)
    })
}

/// An error about the arguments, with what to do.
pub(super) fn usage(what: impl std::fmt::Display, help: impl std::fmt::Display) -> Report {
    miette!(code = "gauntlet::usage", help = help.to_string(), "{what}")
}
