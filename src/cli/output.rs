//! Where a run is written.

use crate::{
    model::{Event, RunReport},
    report::{Format, render_to},
};
use miette::{IntoDiagnostic, Report, WrapErr};
use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

/// The folder of a run: `--out`, or `reports/<target>/<run>` with a pointer to the latest.
#[derive(Clone)]
pub(super) struct Folder {
    out: Option<PathBuf>,
    target: String,
}

impl Folder {
    pub fn new(out: Option<PathBuf>, target: &str) -> Folder {
        // A name from a target file must not lead out of the reports folder.
        let safe = |character: char| {
            if character.is_ascii_alphanumeric() || "-_.".contains(character) { character } else { '-' }
        };
        let target: String = target.chars().map(safe).collect();
        Folder { out, target: target.trim_start_matches('.').to_owned() }
    }

    /// Where a run goes.
    pub fn path(&self, run: &str) -> PathBuf {
        self.out.clone().unwrap_or_else(|| Path::new("reports").join(&self.target).join(run))
    }

    /// Writes `run.json` and the reports; returns what was written.
    pub fn write(&self, report: &RunReport, formats: &[Format]) -> Result<Vec<PathBuf>, Report> {
        let folder = self.path(&report.run.id);
        let mut formats = formats.to_vec();
        if !formats.contains(&Format::Json) {
            formats.insert(0, Format::Json);
        }
        let written = write_reports(report, &formats, &folder)?;
        if self.out.is_none() {
            let pointer = serde_json::json!({ "run": report.run.id, "folder": report.run.id });
            let latest = folder.with_file_name("latest.json");
            put(&latest, format!("{pointer:#}\n").as_bytes())?;
        }
        Ok(written)
    }
}

impl Folder {
    /// Writes a further file beside the reports; returns its path.
    pub fn put(&self, report: &RunReport, name: &str, bytes: &[u8]) -> Result<PathBuf, Report> {
        let path = self.path(&report.run.id).join(name);
        put(&path, bytes)?;
        Ok(path)
    }
}

/// Writes a report in several formats into a folder.
pub(super) fn write_reports(report: &RunReport, formats: &[Format], folder: &Path) -> Result<Vec<PathBuf>, Report> {
    fs::create_dir_all(folder).into_diagnostic().wrap_err_with(|| format!("cannot make {}", folder.display()))?;
    formats
        .iter()
        .map(|format| {
            let path = folder.join(format.file_name());
            put_by(&path, |out| render_to(report, *format, out).into_diagnostic())?;
            Ok(path)
        })
        .collect()
}

/// Writes a file whole or not at all: a process that is killed leaves no half of a report behind.
pub(super) fn put(path: &Path, bytes: &[u8]) -> Result<(), Report> {
    put_by(path, |out| out.write_all(bytes).into_diagnostic())
}

/// The same for what is made while it is written.
fn put_by(path: &Path, write: impl FnOnce(&mut dyn Write) -> Result<(), Report>) -> Result<(), Report> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let whole = || {
        let mut out = BufWriter::new(File::create(&part).into_diagnostic()?);
        write(&mut out)?;
        out.into_inner().into_diagnostic()?;
        fs::rename(&part, path).into_diagnostic()
    };
    whole().wrap_err_with(|| format!("cannot write {}", path.display()))
}

/// `events.ndjson`, written while the run goes on, so that a killed run is readable up to its last event.
#[derive(Default)]
pub(super) struct Log {
    file: Option<BufWriter<File>>,
    trouble: Option<String>,
}

impl Log {
    /// Appends an event. Trouble with the log never fails a run.
    pub fn write(&mut self, event: &Event, folder: &Folder) {
        if let Event::RunStarted { run, .. } = event {
            let path = folder.path(&run.id);
            let opened = fs::create_dir_all(&path).and_then(|()| File::create(path.join("events.ndjson")));
            match opened {
                Ok(file) => self.file = Some(BufWriter::new(file)),
                Err(error) => self.trouble = Some(error.to_string()),
            }
        }
        let Some(file) = &mut self.file else { return };
        let written = serde_json::to_string(event)
            .map_err(|error| error.to_string())
            .and_then(|line| writeln!(file, "{line}").and_then(|()| file.flush()).map_err(|error| error.to_string()));
        if let Err(error) = written {
            self.trouble = Some(error);
            self.file = None;
        }
    }

    /// What went wrong, if anything did.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }
}
