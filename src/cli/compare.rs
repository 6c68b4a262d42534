//! `gauntlet compare`.

use super::{
    Ended,
    ending::code,
    output::{put, write_reports},
    report::read_run,
    run::FailLevel,
    shared::usage,
    terminal::paint,
};
use crate::{
    model::RunReport,
    report::{
        Comparison, Format, Matrix, Tolerance, Verdict, comparison_markdown, comparison_text, load_block, matrix_html,
        matrix_json, render, summary,
    },
    run::{ExitCode, merge_runs},
};
use clap::{Args, ValueEnum};
use miette::{IntoDiagnostic, Report, WrapErr};
use std::{fs, io::Write, path::PathBuf};

/// Compare two runs, lay many targets side by side, or add up the runs of several load workers
///
/// Two runs, the older first: what broke, what was mended, which cases are new or no longer decided, and which measured
/// values moved. More than two, or --matrix: one page with targets by families, and by scenarios. With --merge: one run
/// of load plans that is the sum of these, to the request; its histograms are added, and its gates judged again.
#[derive(Debug, Args)]
pub(super) struct Compare {
    /// A run.json, an events.ndjson, or the folder of a run
    #[arg(value_name = "RUN", required = true, num_args = 1..)]
    runs: Vec<PathBuf>,
    /// The page of many targets, also for two runs
    #[arg(long)]
    matrix: bool,
    /// Add up load runs that went on at the same time, of the same plans against the same target
    #[arg(long, conflicts_with = "matrix")]
    merge: bool,
    /// What to print; a comparison also as text for people [default: text, or html for many targets]
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Form>,
    /// Write compare.md and compare.json, or matrix.html and matrix.json, or run.json and report.html of a sum, into this
    /// directory
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
            _ if self.merge => self.sum(&reports),
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

    fn sum(&self, reports: &[RunReport]) -> Ended {
        let sum = merge_runs(reports, std::env::args().skip(1).collect(), self.fail_on.into()).map_err(|error| {
            usage(error, "name runs of the same load plans against the same target, one of each worker")
        })?;
        if let Some(folder) = &self.out {
            for path in write_reports(&sum, &[Format::Json, Format::Html], folder)? {
                anstream::eprintln!("  {}", path.display());
            }
        }
        let format = match self.format {
            Some(Form::Json) => Some(Format::Json),
            Some(Form::Html) => Some(Format::Html),
            Some(Form::Markdown) => Some(Format::Markdown),
            Some(Form::Text) | None => None,
        };
        match format {
            Some(format) => print(&render(&sum, format).into_diagnostic()?)?,
            None => {
                for result in &sum.load {
                    anstream::print!("{}", load_block(result, &paint));
                }
                anstream::println!("{}", summary(&sum, &paint));
            }
        }
        Ok(code(&sum))
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
