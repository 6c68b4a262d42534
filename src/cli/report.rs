//! `gauntlet report`.

use super::{Ended, output::write_reports, shared::usage};
use crate::{
    model::{Event, RunReport},
    report::{Format, read, render_to},
    run::{ExitCode, Recorder},
};
use clap::Args;
use miette::{IntoDiagnostic, Report};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Render an old run again
#[derive(Debug, Args)]
pub(super) struct ReportCommand {
    /// A run.json, an events.ndjson, or the folder of a run
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// Formats to render
    #[arg(long, value_name = "FORMATS", value_delimiter = ',', default_value = "html")]
    format: Vec<Format>,
    /// Write into this directory; without it a single format goes to stdout
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl ReportCommand {
    pub fn execute(self) -> Ended {
        let report = read_run(&self.run)?;
        match (&self.out, self.format.as_slice()) {
            (Some(folder), formats) => {
                for path in write_reports(&report, formats, folder)? {
                    anstream::eprintln!("  {}", path.display());
                }
            }
            (None, [format]) => {
                match render_to(&report, *format, &mut std::io::stdout().lock()) {
                    // `| head` has seen enough.
                    Err(error) if error.is_broken_pipe() => {}
                    ended => ended.into_diagnostic()?,
                }
            }
            (None, _) => {
                return Err(usage("several formats cannot share stdout", "add --out DIR, or ask for one format"));
            }
        }
        Ok(ExitCode::Ok)
    }
}

/// Reads a run, from its report or, where it was killed before that, from its log.
pub(super) fn read_run(path: &Path) -> Result<RunReport, Report> {
    let file = match path.is_dir() {
        true => ["run.json", "events.ndjson"].map(|name| path.join(name)).into_iter().find(|file| file.exists()),
        false => Some(path.to_owned()),
    };
    let Some(file) = file else {
        return Err(usage(
            format!("{} holds neither run.json nor events.ndjson", path.display()),
            "name the folder that `gauntlet run` printed at its end",
        ));
    };
    let bytes = fs::read(&file).map_err(|error| {
        usage(
            format!("cannot read {}: {error}", file.display()),
            "name a run.json, an events.ndjson or the folder of a run",
        )
    })?;
    if file.extension().is_some_and(|extension| extension == "ndjson") {
        return from_log(&bytes, &file);
    }
    read(&bytes).map_err(|error| usage(format!("{}: {error}", file.display()), "name a run.json that gauntlet wrote"))
}

/// A log may end in the middle of a line: what stands before it still counts.
fn from_log(bytes: &[u8], file: &Path) -> Result<RunReport, Report> {
    let mut recorder = Recorder::default();
    for line in bytes.split(|byte| *byte == b'\n') {
        match serde_json::from_slice::<Event>(line) {
            Ok(event) => recorder.record(&event),
            Err(_) => break,
        }
    }
    recorder.into_report().ok_or_else(|| {
        usage(
            format!("{} does not start with run-started", file.display()),
            "name an events.ndjson that gauntlet wrote",
        )
    })
}
