//! The formats, and the one door to all of them.

use super::{html, json, junit, markdown, openmetrics, sarif};
use crate::model::RunReport;
use std::{
    fmt,
    io::{self, Write},
    str::FromStr,
};

/// A format that a run can be rendered in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// The run itself, pretty printed; every other format can be made from it again.
    Json,
    /// One self-contained page for people.
    Html,
    /// JUnit XML for build servers.
    Junit,
    /// SARIF 2.1.0 for code scanning.
    Sarif,
    /// Markdown for the summary of a job and for a comment on a pull request; short.
    Markdown,
    /// OpenMetrics text for dashboards.
    Openmetrics,
}

impl Format {
    /// Every format, in the order in which lists show them.
    pub const ALL: &[Format] =
        &[Format::Json, Format::Html, Format::Junit, Format::Sarif, Format::Markdown, Format::Openmetrics];

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Format::Json => "json",
            Format::Html => "html",
            Format::Junit => "junit",
            Format::Sarif => "sarif",
            Format::Markdown => "markdown",
            Format::Openmetrics => "openmetrics",
        }
    }

    /// The name of its file in the folder of a run.
    #[must_use]
    pub const fn file_name(self) -> &'static str {
        match self {
            Format::Json => "run.json",
            Format::Html => "report.html",
            Format::Junit => "junit.xml",
            Format::Sarif => "results.sarif",
            Format::Markdown => "summary.md",
            Format::Openmetrics => "metrics.txt",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        Format::ALL.iter().copied().find(|format| format.name() == name).ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}

/// A name that is no [`Format`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("wanted one of json, html, junit, sarif, markdown, openmetrics, found {0:?}")]
pub struct UnknownFormat(pub String);

/// Why a run could not be rendered or read back.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The bytes are JSON, but of something else or of another version.
    #[error("wanted a run report with \"format\": \"run-report/1\", found {found}; {help}")]
    WrongFormat {
        /// What the format line says.
        found: String,
        /// What to do next.
        help: &'static str,
    },
    /// The bytes are no run report.
    #[error("wanted a run report, found at line {line}, column {column}: {problem}")]
    NotAReport {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
        /// What is wrong there.
        problem: String,
    },
    /// JSON could not be written.
    #[error("the run cannot be written as JSON: {0}")]
    Json(#[source] serde_json::Error),
    /// The page's template is at fault: a bug in the harness.
    #[error("the run cannot be written as HTML: {0:#}")]
    Html(#[from] minijinja::Error),
    /// JUnit XML could not be written.
    #[error("the run cannot be written as JUnit XML: {0}")]
    Junit(#[from] quick_junit::SerializeError),
    /// What was rendered could not be written.
    #[error("cannot write: {0}")]
    Io(#[from] io::Error),
    /// OpenMetrics text could not be written.
    #[error("the run cannot be written as OpenMetrics text: {0}")]
    OpenMetrics(#[source] fmt::Error),
}

impl RenderError {
    /// Whether the reader of the output went away.
    #[must_use]
    pub fn is_broken_pipe(&self) -> bool {
        if let RenderError::Json(error) = self {
            return error.io_error_kind() == Some(io::ErrorKind::BrokenPipe);
        }
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(self);
        while let Some(error) = cause {
            if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
                return true;
            }
            cause = error.source();
        }
        false
    }
}

/// Renders a run in memory. The same run gives the same bytes.
///
/// # Errors
/// [`RenderError`] where a writer refuses; no content of a report is known to cause it.
pub fn render(report: &RunReport, format: Format) -> Result<Vec<u8>, RenderError> {
    let mut bytes = Vec::new();
    render_to(report, format, &mut bytes)?;
    Ok(bytes)
}

/// Renders a run piece by piece: the formats that show every token have some ten megabytes.
///
/// # Errors
/// [`RenderError`] where a writer refuses, or `out` does.
pub fn render_to(report: &RunReport, format: Format, out: &mut dyn Write) -> Result<(), RenderError> {
    match format {
        Format::Json => json::write(report, out),
        Format::Html => html::write(report, out),
        Format::Junit => Ok(out.write_all(&junit::write(report)?)?),
        Format::Sarif => Ok(out.write_all(&sarif::write(report)?)?),
        Format::Markdown => Ok(out.write_all(&markdown::write(report)?)?),
        Format::Openmetrics => Ok(out.write_all(&openmetrics::write(report)?)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_found_by_its_name() {
        for format in Format::ALL {
            assert_eq!(format.to_string().parse::<Format>().unwrap(), *format);
        }
        let refused = "pdf".parse::<Format>().unwrap_err().to_string();
        assert_eq!(refused, "wanted one of json, html, junit, sarif, markdown, openmetrics, found \"pdf\"");
        assert!(Format::ALL.iter().all(|format| refused.contains(format.name())));
    }

    #[test]
    fn the_same_run_gives_the_same_bytes() {
        let report = crate::report::fixture::report();
        for format in Format::ALL {
            assert_eq!(render(&report, *format).unwrap(), render(&report, *format).unwrap(), "{format}");
        }
    }
}
