//! `gauntlet fingerprint`.

use super::{
    Ended,
    shared::{FaultyIssuer, TargetName, fresh_seed, runtime, told_to_stop},
};
use crate::{
    model::{Period, chaos::Fingerprint},
    report::fingerprint_table,
    run::{ExitCode, RunError, measure_cache},
    suite::Catalog,
};
use clap::Args;
use miette::IntoDiagnostic;

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
    #[command(flatten)]
    issuer: FaultyIssuer,
    /// Only the result
    #[arg(long)]
    quiet: bool,
}

impl FingerprintCommand {
    pub fn execute(self) -> Ended {
        let catalog = Catalog::load(None)?;
        let subject = self.target.fetching_subject()?;
        let issuer = self.issuer.options(fresh_seed());
        let (quiet, target) = (self.quiet, self.target.text());
        if !quiet {
            anstream::eprintln!(
                "measuring the key cache of {target}; each of nine things takes up to a few lifetimes:"
            );
        }
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
        if !quiet && !target.starts_with("builtin:") {
            anstream::eprintln!("\nput this table into {target}; then: gauntlet chaos {target} --quick");
        }
        Ok(ExitCode::Ok)
    }
}
