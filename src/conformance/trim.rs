//! Keeps a report readable: a request of megabytes is in it by its start and its length.

use crate::model::{WHOLE, abridged, report::CaseResult};
use serde_json::Value;

/// Cuts what is too long for a report.
pub(super) fn trim(result: &mut CaseResult) {
    for seen in [&mut result.observation, &mut result.twin].into_iter().flatten() {
        seen.request = abridged(seen.request.as_bytes());
        drop_long(&mut seen.claims);
    }
}

/// The anatomy of a token shows the start of what is dropped here.
fn drop_long(value: &mut Option<Value>) {
    *value = value.take().filter(|value| value.to_string().len() <= WHOLE);
}
