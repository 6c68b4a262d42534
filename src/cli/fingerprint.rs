//! `gauntlet fingerprint`.

use super::{
    Ended,
    shared::{TargetName, fresh_seed, runtime, told_to_stop},
};
use crate::{
    issuer::{FaultyOptions, Options},
    model::{Period, chaos::Fingerprint},
    report::fingerprint_table,
    run::{ExitCode, RunError, Subject, measure_cache},
    suite::Catalog,
};
use clap::Args;
use miette::IntoDiagnostic;
use std::net::IpAddr;

/// Measure how a target keeps our key set, and print the [cache] table of its file
///
/// The table for people goes to stderr, the [cache] table to stdout. It takes about ten lifetimes of the target's cache, so
/// give the target a short one where it can have that.
#[derive(Debug, Args)]
pub(super) struct FingerprintCommand {
    /// A target file, builtin:strict, or builtin:FLAW
    #[arg(value_name = "TARGET", default_value = "builtin:strict")]
    target: TargetName,
    /// How long to watch, at most, for any one thing: longer than the lifetime of the cache
    #[arg(long, value_name = "TIME", default_value = "20s")]
    watch: Period,
    /// Print everything that was measured as JSON instead of the [cache] table
    #[arg(long)]
    json: bool,
    /// Address for our documents
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    bind: IpAddr,
    /// Port for discovery; 0 lets the system choose
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    port: u16,
    /// Port for the key set; 0 lets the system choose
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    jwks_port: u16,
    /// Only the result
    #[arg(long)]
    quiet: bool,
}

impl FingerprintCommand {
    pub fn execute(self) -> Ended {
        let catalog = Catalog::load(None)?;
        let subject = match &self.target {
            TargetName::Builtin(flaw) => Subject::Builtin(*flaw),
            target => target.subject()?,
        };
        let base = Options { bind: self.bind, port: self.port, public_url: None, https: false };
        let issuer = FaultyOptions { base, jwks_port: self.jwks_port, seed: fresh_seed() };
        let quiet = self.quiet;
        let mut said = move |what: &str| {
            if !quiet {
                anstream::eprintln!("  {what}");
            }
        };
        let found: Fingerprint = runtime()?.block_on(async {
            tokio::select! {
                found = measure_cache(subject, catalog, issuer, self.watch.0, &mut said) => found,
                reason = told_to_stop() => Err(RunError::StoppedEarly(reason)),
            }
        })?;
        anstream::eprintln!("{}", fingerprint_table(&found, self.watch));
        if self.json {
            anstream::println!("{}", serde_json::to_string_pretty(&found).into_diagnostic()?);
        } else {
            anstream::print!("{}", found.cache_table());
        }
        Ok(ExitCode::Ok)
    }
}
