//! Target files, and reports read back.

use super::{
    play::{Ended, gauntlet_in},
    scripted::{AUDIENCE, Scripted},
};
use jwt_gauntlet::model::{Outcome, RunReport, report::CaseResult};
use std::{fs, path::Path};
use tempfile::TempDir;

/// A target file for a scripted target. `transport` are more lines of its transport, `tables` more tables.
pub fn target_file(folder: &Path, url: &str, transport: &str, tables: &str) {
    let text = format!(
        "format = \"target/1\"\n\n[target]\nname = \"scripted\"\n\n[transport.bearer]\nurl = \"{url}\"\n{transport}\n\n\
         [trust]\nkeys = \"jwks-uri\"\naudience = \"{AUDIENCE}\"\nalgorithms = [\"RS256\"]\n\n{tables}"
    );
    fs::write(folder.join("t.target.toml"), text).unwrap();
}

/// A run against a scripted target: what it came to, and its report.
pub struct Run {
    pub ended: Ended,
    pub report: RunReport,
    pub folder: TempDir,
}

impl Run {
    /// Runs the cases of a glob.
    pub fn of(target: &Scripted, only: &str, transport: &str, more: &[&str]) -> Run {
        Run::with(target, only, transport, "", more)
    }

    /// The same, with more tables in the target file.
    pub fn with(target: &Scripted, only: &str, transport: &str, tables: &str, more: &[&str]) -> Run {
        let folder = tempfile::tempdir().unwrap();
        target_file(folder.path(), &target.url(), transport, tables);
        let args = [&["run", "t.target.toml", "--out", "out", "--seed", "1", "--only", only], more].concat();
        let ended = gauntlet_in(folder.path(), &args);
        assert!(folder.path().join("out/run.json").exists(), "no report: {}", ended.stderr);
        Run { report: read(&folder.path().join("out/run.json")), ended, folder }
    }

    /// The one result whose id is or starts with a text.
    #[track_caller]
    pub fn case(&self, id: &str) -> &CaseResult {
        let found = self.report.cases.iter().find(|case| case.id.to_string().starts_with(id));
        found.unwrap_or_else(|| panic!("no case {id}"))
    }

    pub fn count(&self, outcome: Outcome) -> usize {
        self.report.cases.iter().filter(|case| case.outcome == outcome).count()
    }

    /// What the first probes came to, a line each.
    pub fn probes(&self) -> String {
        let lines = self
            .report
            .calibration
            .iter()
            .map(|check| format!("{}: {}: {}", check.outcome, check.name, check.observed));
        lines.collect::<Vec<_>>().join("\n")
    }
}

pub fn read(path: &Path) -> RunReport {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Everything below a folder, as one text.
pub fn everything_in(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text.push_str(&everything_in(&path));
        } else {
            text.push_str(&String::from_utf8_lossy(&fs::read(&path).unwrap()));
        }
    }
    text
}
