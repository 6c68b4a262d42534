//! The run as JSON, there and back.

use super::{RenderError, text::visible};
use crate::model::RunReport;
use serde::Deserialize;
use serde_json::Value;
use std::io::Write;

/// Pretty JSON with a final newline.
pub(super) fn write(report: &RunReport, out: &mut dyn Write) -> Result<(), RenderError> {
    serde_json::to_writer_pretty(&mut *out, report).map_err(RenderError::Json)?;
    Ok(out.write_all(b"\n")?)
}

/// The format line alone; the rest is not looked at, so that another version is named before its fields confuse.
#[derive(Deserialize)]
struct FormatLine {
    format: Option<Value>,
}

/// Reads a `run.json` back.
///
/// # Errors
/// [`RenderError::WrongFormat`] where the format line is missing or names another version;
/// [`RenderError::NotAReport`] with the position where the bytes are something else.
pub fn read(bytes: &[u8]) -> Result<RunReport, RenderError> {
    let line: FormatLine = serde_json::from_slice(bytes).map_err(not_a_report)?;
    match &line.format {
        Some(Value::String(name)) if name == "run-report/1" => {}
        Some(Value::String(name)) if name.starts_with("run-report/") => {
            let help = "help: render it with the gauntlet that wrote it, or a newer one";
            return Err(RenderError::WrongFormat { found: visible(&format!("{name:?}")), help });
        }
        other => {
            let found = other.as_ref().map_or_else(|| "none".to_owned(), |value| visible(&value.to_string()));
            return Err(RenderError::WrongFormat { found, help: "help: pass the run.json of a run" });
        }
    }
    serde_json::from_slice(bytes).map_err(not_a_report)
}

fn not_a_report(error: serde_json::Error) -> RenderError {
    let (line, column) = (error.line(), error.column());
    let text = error.to_string();
    let place = format!(" at line {line} column {column}");
    RenderError::NotAReport { line, column, problem: text.strip_suffix(&place).unwrap_or(&text).to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Format, fixture, render};

    #[test]
    fn a_run_comes_back_as_it_was() {
        let report = fixture::report();
        let bytes = render(&report, Format::Json).unwrap();
        assert!(bytes.ends_with(b"}\n"));
        assert_eq!(read(&bytes).unwrap(), report);
    }

    /// Written by `INSTA_UPDATE=always cargo test`, as the snapshots are.
    #[test]
    fn the_sample_on_disk_is_the_fixture() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/run.json");
        let bytes = render(&fixture::report(), Format::Json).unwrap();
        if std::env::var("INSTA_UPDATE").is_ok_and(|mode| mode == "always") {
            std::fs::write(&path, &bytes).unwrap();
        }
        assert_eq!(read(&std::fs::read(&path).unwrap()).unwrap(), fixture::report());
    }

    #[test]
    fn what_is_no_report_is_told_apart() {
        let error = |bytes: &[u8]| read(bytes).unwrap_err().to_string();
        assert_eq!(
            error(b"{}"),
            r#"wanted a run report with "format": "run-report/1", found none; help: pass the run.json of a run"#
        );
        assert_eq!(
            error(br#"{"format":"run-report/2","new":1}"#),
            r#"wanted a run report with "format": "run-report/1", found "run-report/2"; help: render it with the gauntlet that wrote it, or a newer one"#
        );
        assert_eq!(error(b"{\n  \"format\": }"), "wanted a run report, found at line 2, column 13: expected value");
        assert!(error(br#"{"format":"run-report/1"}"#).contains("missing field `complete`"));
        assert!(error(b"7").starts_with("wanted a run report, found at line 1, column"));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..60)) {
            let _ = read(&bytes);
        }
    }
}
