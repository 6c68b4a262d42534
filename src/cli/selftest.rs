//! `gauntlet selftest`.

use super::{
    Ended,
    shared::{Choice, Suite, runtime},
};
use crate::run::{ExitCode, Score, selftest};
use clap::Args;
use miette::IntoDiagnostic;
use std::{path::PathBuf, sync::Arc};

/// Test the harness itself against the flawed built-in validators
#[derive(Debug, Args)]
pub(super) struct Selftest {
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    suite: Suite,
    /// What drives nonces and random bytes
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Try every flaw on every case, not only on those that are known to catch it
    #[arg(long)]
    full: bool,
    /// Write which cases catch each flaw, as vectors/detection.json has it
    #[arg(long, value_name = "FILE", requires = "full")]
    write: Option<PathBuf>,
    /// Which cases catch each flaw
    #[arg(long)]
    verbose: bool,
}

impl Selftest {
    pub fn execute(self) -> Ended {
        let catalog = Arc::new(self.suite.load()?);
        // Half of the time of these runs is waiting, for a flaw that hangs or a key set that is read again.
        let jobs = 4 * std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let score = runtime()?.block_on(selftest(catalog, self.choice.selection()?, self.seed, jobs, self.full))?;
        if let Some(path) = &self.write {
            let text = serde_json::to_string_pretty(&score.detection_file()).into_diagnostic()?;
            std::fs::write(path, text + "\n").into_diagnostic()?;
        }
        for detection in score.detections.iter().filter(|detection| self.verbose || !detection.is_caught()) {
            let cases: std::collections::BTreeSet<String> =
                detection.caught.iter().map(|caught| caught.id.case()).chain(detection.named.iter().cloned()).collect();
            let by = if cases.is_empty() {
                "not caught".to_owned()
            } else {
                cases.into_iter().collect::<Vec<_>>().join(", ")
            };
            anstream::println!("builtin:{}: {by}", detection.flaw.name());
        }
        for alarm in &score.false_alarms {
            anstream::println!("false alarm on builtin:strict: {alarm}");
        }
        for case in &score.unproven {
            anstream::println!("unproven: no flaw fails {case}");
        }
        anstream::println!("{}", sentence(&score));
        Ok(if score.is_perfect() { ExitCode::Ok } else { ExitCode::Failed })
    }
}

fn sentence(score: &Score) -> String {
    let (caught, flaws) = (score.detected(), score.detections.len());
    format!(
        "detection score {}%: {caught} of {flaws} flaws caught by {} cases; {} false alarms on strict; {} cases unproven",
        (caught * 100).checked_div(flaws).unwrap_or(0),
        score.cases,
        score.false_alarms.len(),
        score.unproven.len()
    )
}
