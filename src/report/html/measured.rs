//! Values that were measured.

use super::evidence::Mark;
use crate::{
    model::{expect::Measure, report::CaseResult},
    report::{text::visible, words::count},
};
use serde::Serialize;

/// One value.
#[derive(Serialize)]
pub(super) struct MeasuredView {
    name: &'static str,
    value: String,
    declared: Option<String>,
    about: String,
    mark: Mark,
    id: String,
}

impl MeasuredView {
    /// The value of a case that looked for one.
    pub fn of(result: &CaseResult) -> Option<Self> {
        let measured = result.measured.as_ref()?;
        Some(MeasuredView {
            name: match measured.name {
                Measure::ExpLeeway => "Accepted after its expiry for",
                Measure::NbfLeeway => "Accepted before its start for",
                Measure::LargestToken => "Largest token accepted",
            },
            value: measured.say(),
            declared: measured.declared.map(|declared| measured.unit.say(declared)),
            about: visible(&format!("{}; {}", count(measured.probes as usize, "token"), measured.about)),
            mark: result.outcome.into(),
            id: visible(&result.id.to_string()),
        })
    }
}
