//! The list of known failures, and what became of it.

use super::evidence::Mark;
use crate::{
    model::{
        Outcome,
        baseline::{BaselineReport, EntryStatus},
    },
    report::text::visible,
};
use serde::Serialize;

/// The list of known failures.
#[derive(Serialize)]
pub(super) struct BaselineView {
    file: String,
    mend: Option<String>,
    entries: Vec<EntryView>,
    skips: Vec<String>,
}

#[derive(Serialize)]
struct EntryView {
    mark: Mark,
    status: String,
    glob: String,
    means: &'static str,
    reason: String,
    place: String,
}

impl BaselineView {
    pub fn of(baseline: &BaselineReport) -> BaselineView {
        let mut entries: Vec<_> = baseline.entries.iter().collect();
        entries.sort_by_key(|entry| !entry.status.is_out_of_date());
        BaselineView {
            file: visible(&baseline.file),
            mend: baseline.out_of_date().next().map(|_| visible(&baseline.mend())),
            entries: entries
                .into_iter()
                .map(|entry| EntryView {
                    mark: match entry.status {
                        EntryStatus::Known => Outcome::Note,
                        EntryStatus::Untested => Outcome::Skip,
                        EntryStatus::Fixed | EntryStatus::Stale | EntryStatus::Expired => Outcome::Fail,
                    }
                    .into(),
                    status: entry.status.to_string(),
                    glob: visible(&entry.glob),
                    means: entry.status.means(),
                    reason: visible(&entry.reason()),
                    place: visible(&format!("{}:{}", baseline.file, entry.line)),
                })
                .collect(),
            skips: baseline.unexpected_skips.iter().map(|id| visible(id)).collect(),
        }
    }
}
