//! `gauntlet compare`.

use super::{Ended, output::put, report::read_run, run::FailLevel, shared::usage, terminal::paint};
use crate::{
    model::RunReport,
    report::{Comparison, Matrix, Tolerance, Verdict, comparison_markdown, comparison_text, matrix_html, matrix_json},
    run::ExitCode,
};
use clap::{Args, ValueEnum};
use miette::{IntoDiagnostic, Report, WrapErr};
use std::{fs, io::Write, path::PathBuf};

/// Compare two runs, or lay many targets side by side
///
/// Two runs, the older first: what broke, what was mended, which cases are new or no longer decided, and which measured
/// values moved. More than two, or --matrix: one page with targets by families, and by scenarios.
#[derive(Debug, Args)]
pub(super) struct Compare {
    /// A run.json, an events.ndjson, or the folder of a run
    #[arg(value_name = "RUN", required = true, num_args = 1..)]
    runs: Vec<PathBuf>,
    /// The page of many targets, also for two runs
    #[arg(long)]
    matrix: bool,
    /// What to print; a comparison also as text for people [default: text, or html for many targets]
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Form>,
    /// Write compare.md and compare.json, or matrix.html and matrix.json, into this directory
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// How much a measured value may move, as a share of its old one
    #[arg(long, value_name = "SHARE", default_value = "20%")]
    tolerance: Tolerance,
    /// What makes it red: a must that held and is broken, or also a should, or a measured value that got worse
    #[arg(long, value_enum, value_name = "LEVEL", default_value = "must")]
    fail_on: FailLevel,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// Lines for a terminal
    Text,
    /// For a comment on a pull request
    Markdown,
    /// All of it, for programs
    Json,
    /// A page; for many targets
    Html,
}

impl Compare {
    pub fn execute(self) -> Ended {
        let reports = self.runs.iter().map(|path| read_run(path)).collect::<Result<Vec<_>, _>>()?;
        match reports.as_slice() {
            [old, new] if !self.matrix => self.two(old, new),
            [_] if !self.matrix => Err(usage(
                "one run has nothing to be compared with",
                "name an older run in front of it, or add --matrix",
            )),
            _ => self.many(&reports),
        }
    }

    fn two(&self, old: &RunReport, new: &RunReport) -> Ended {
        let comparison = Comparison::of(old, new, self.tolerance);
        let json = || -> Result<Vec<u8>, Report> {
            let mut bytes = serde_json::to_vec_pretty(&comparison).into_diagnostic()?;
            bytes.push(b'\n');
            Ok(bytes)
        };
        if let Some(folder) = &self.out {
            let files = [("compare.md", comparison_markdown(&comparison).into_bytes()), ("compare.json", json()?)];
            self.write(folder, &files)?;
        }
        match self.format {
            Some(Form::Markdown) => anstream::print!("{}", comparison_markdown(&comparison)),
            Some(Form::Json) => print(&json()?)?,
            Some(Form::Html) => {
                return Err(usage("a comparison of two runs has no page", "add --matrix, or ask for markdown"));
            }
            Some(Form::Text) | None => anstream::print!("{}", comparison_text(&comparison, &paint)),
        }
        Ok(match comparison.verdict() {
            Verdict::Worse => ExitCode::Failed,
            Verdict::Weaker if matches!(self.fail_on, FailLevel::Should) => ExitCode::Failed,
            Verdict::Incomplete => ExitCode::Incomplete,
            Verdict::Undecided => ExitCode::NotTestable,
            Verdict::Weaker | Verdict::Same => ExitCode::Ok,
        })
    }

    fn many(&self, reports: &[RunReport]) -> Ended {
        let matrix = Matrix::of(reports);
        if let Some(folder) = &self.out {
            let files = [
                ("matrix.html", matrix_html(&matrix).into_diagnostic()?),
                ("matrix.json", matrix_json(&matrix).into_diagnostic()?),
            ];
            self.write(folder, &files)?;
        }
        match (self.format, &self.out) {
            (Some(Form::Json), _) => print(&matrix_json(&matrix).into_diagnostic()?)?,
            (Some(Form::Html), _) | (None, None) => print(&matrix_html(&matrix).into_diagnostic()?)?,
            (None, Some(_)) => {}
            (Some(Form::Text | Form::Markdown), _) => {
                return Err(usage(
                    "the page of many targets is html or json",
                    "leave --format out, or name one of these",
                ));
            }
        }
        Ok(ExitCode::Ok)
    }

    fn write(&self, folder: &std::path::Path, files: &[(&str, Vec<u8>)]) -> Result<(), Report> {
        fs::create_dir_all(folder).into_diagnostic().wrap_err_with(|| format!("cannot make {}", folder.display()))?;
        for (name, bytes) in files {
            let path = folder.join(name);
            put(&path, bytes)?;
            anstream::eprintln!("  {}", path.display());
        }
        Ok(())
    }
}

fn print(bytes: &[u8]) -> Result<(), Report> {
    std::io::stdout().write_all(bytes).into_diagnostic()
}
