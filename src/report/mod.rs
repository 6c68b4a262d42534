//! Makes paper of a run: `RunReport` to bytes, nothing else.
//!
//! Everything here is a pure function, and needs only `model`, so that an old run renders with new code. Nothing here
//! knows files, sockets or terminals. The one invariant: what a target sent is hostile, and reaches no reader before
//! it went through [`visible`] or [`visible_lines`] and the escaping of its format.

mod chaos;
mod compare;
mod conclusion;
mod console;
mod exit;
mod group;
mod html;
mod issue;
mod json;
mod junit;
mod load;
mod markdown;
mod matrix;
mod openmetrics;
mod render;
mod sarif;
mod statement;
mod text;
mod words;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod fixture_cases;

pub use chaos::{fingerprint_table, handover, scenario_block};
pub use compare::{Change, Comparison, Moved, Side, Tolerance, Verdict, comparison_markdown, comparison_text};
pub use conclusion::{Conclusion, Standing};
pub use console::{Paint, Role, finding_block, plain, summary};
pub use exit::{exit_meaning, exit_sentence};
pub use json::read;
pub use load::load_block;
pub use matrix::{Broken, Cell, ChaosCell, Column, Matrix, Row, matrix_html, matrix_json};
pub use render::{Format, RenderError, UnknownFormat, render, render_to};
pub use statement::{PROOF, badge, certificate_text, statement_page};
pub use text::{visible, visible_lines};
pub use words::{count, outcome_symbol, outcome_word};
