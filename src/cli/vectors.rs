//! `gauntlet vectors`.

use super::{
    Ended,
    shared::{Choice, Suite, fresh_seed},
};
use crate::{
    model::Alg,
    run::{BUILTIN_ALGORITHMS, ExitCode, Wanted, export},
    suite::read_vectors,
};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use miette::IntoDiagnostic;
use serde::Serialize;
use std::{
    io::{self, Write},
    path::PathBuf,
};

/// Convert other people's vectors, or write the suite as data
#[derive(Debug, Args)]
pub(super) struct Vectors {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Read one of Wycheproof's JOSE files with the errata laid over it, and print it in the format vectors/1
    Import {
        /// A file of testvectors_v1, such as json_web_signature_test.json
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Print the expanded suite as one JSON document: tokens, keys, and the verdicts owed. Its schema is
    /// vectors/export.schema.json
    Export(Box<Export>),
}

#[derive(Debug, Args)]
struct Export {
    /// When the tokens are to be judged: RFC 3339, or seconds since the epoch
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    now: i64,
    /// The iss of good tokens
    #[arg(long, value_name = "URL", default_value = "https://issuer.example")]
    issuer: String,
    /// The aud of good tokens
    #[arg(long, value_name = "AUD", default_value = "https://orders.example")]
    audience: String,
    /// The algorithms to trust; the first one signs ordinary tokens [default: those of builtin:strict]
    #[arg(long, value_name = "ALGS", value_delimiter = ',')]
    algorithms: Vec<Alg>,
    /// What drives random bytes; keys are fresh all the same
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    suite: Suite,
}

impl Vectors {
    pub fn execute(self) -> Ended {
        match self.what {
            What::Import { file } => print(&read_vectors(&file)?),
            What::Export(export) => export.execute(),
        }
    }
}

impl Export {
    fn execute(self) -> Ended {
        let (catalog, selection) = (self.suite.load()?, self.choice.selection()?);
        let algorithms = if self.algorithms.is_empty() { BUILTIN_ALGORITHMS.to_vec() } else { self.algorithms };
        let seed = self.seed.unwrap_or_else(fresh_seed);
        let wanted = Wanted { now: self.now, issuer: self.issuer, audience: self.audience, algorithms, seed };
        let document = export(&catalog, &selection, &wanted)?;
        if document.cases.is_empty() && document.left_out.is_empty() {
            return Err(crate::run::RunError::NothingSelected.into());
        }
        let ended = print(&document)?;
        anstream::eprintln!(
            "{} variants exported, {} left out with their reasons; the keys are fresh, and private ones are among them",
            document.cases.len(),
            document.left_out.len()
        );
        Ok(ended)
    }
}

fn print(document: &impl Serialize) -> Ended {
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, document).into_diagnostic()?;
    out.write_all(b"\n").into_diagnostic()?;
    Ok(ExitCode::Ok)
}

/// A time as RFC 3339 has it, or a number of seconds since the epoch.
fn seconds(text: &str) -> Result<i64, String> {
    let number = text.parse().ok();
    number.or_else(|| text.parse().ok().map(Timestamp::as_second)).ok_or_else(|| {
        format!("{text:?} is no time; wanted one such as 2026-11-27T12:00:00Z, or seconds since the epoch")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_both_ways() {
        assert_eq!(seconds("1790000000"), Ok(1_790_000_000));
        assert_eq!(seconds("2026-09-21T14:13:20Z"), Ok(1_790_000_000));
        assert!(seconds("tomorrow").unwrap_err().starts_with("\"tomorrow\" is no time; wanted one such as"));
    }
}
