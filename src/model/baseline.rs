//! What a run made of the user's list of known failures.

use super::spec::display_as_word;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The list of known failures, and what became of each entry in this run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct BaselineReport {
    /// The file, as the user named it.
    pub file: String,
    /// Its entries, in the order of the file.
    pub entries: Vec<EntryResult>,
    /// Variants that were sent and then skipped, such as for a twin that was refused, and that no `[[skip]]` expects.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unexpected_skips: Vec<String>,
}

/// One entry and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct EntryResult {
    /// In which list of the file it stands.
    pub section: Section,
    /// Its glob.
    pub glob: String,
    /// Its line in the file.
    pub line: usize,
    /// Why the failure is known.
    pub because: String,
    /// Where it is being mended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<String>,
    /// The last day on which it counts, `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// What became of it.
    pub status: EntryStatus,
    /// The findings, or skipped cases, that it stands for in this run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub matched: Vec<String>,
}

/// A list of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Section {
    /// `[[known]]`: failures, warnings and undecided checks.
    Known,
    /// `[[skip]]`: cases that are expected to be skipped.
    Skip,
}

/// What became of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EntryStatus {
    /// It happened again, as it is listed.
    Known,
    /// Nobody can tell: what it names was not selected, skipped or left undecided this time.
    Untested,
    /// What it lists no longer happens. The run is red until the entry is gone.
    Fixed,
    /// It matches nothing. The run is red until it is corrected or gone.
    Stale,
    /// It is past its `until`. Its failures count as new again.
    Expired,
}

display_as_word! {
    Section { Known => "known", Skip => "skip" }
    EntryStatus { Known => "known", Untested => "untested", Fixed => "fixed", Stale => "stale", Expired => "expired" }
}

impl EntryStatus {
    /// Whether the entry has to go, or to be corrected.
    #[must_use]
    pub fn is_out_of_date(self) -> bool {
        matches!(self, EntryStatus::Fixed | EntryStatus::Stale | EntryStatus::Expired)
    }

    /// What it means, behind `it`.
    #[must_use]
    pub fn means(self) -> &'static str {
        match self {
            EntryStatus::Known => "happened again",
            EntryStatus::Untested => "was not tested or not decided in this run",
            EntryStatus::Fixed => "no longer happens",
            EntryStatus::Stale => "matches nothing",
            EntryStatus::Expired => "is past its date",
        }
    }
}

impl BaselineReport {
    /// The entry that a finding is known by.
    #[must_use]
    pub fn entry_for(&self, finding: &str) -> Option<&EntryResult> {
        let of = |entry: &&EntryResult| entry.section == Section::Known && entry.status == EntryStatus::Known;
        self.entries.iter().filter(of).find(|entry| entry.matched.iter().any(|id| id == finding))
    }

    /// The entries that make the run red.
    pub fn out_of_date(&self) -> impl Iterator<Item = &EntryResult> {
        self.entries.iter().filter(|entry| entry.status.is_out_of_date())
    }

    /// How many entries there are of a status.
    #[must_use]
    pub fn count(&self, status: EntryStatus) -> usize {
        self.entries.iter().filter(|entry| entry.status == status).count()
    }

    /// The command that takes out what is out of date.
    #[must_use]
    pub fn mend(&self) -> String {
        format!("gauntlet baseline prune {}", self.file)
    }
}

impl EntryResult {
    /// Why, with issue and date where there are any: `fixed in 2.4 (ORD-1182, until 2027-03-01)`.
    #[must_use]
    pub fn reason(&self) -> String {
        let until = self.until.as_ref().map(|until| format!("until {until}"));
        let more: Vec<String> = self.issue.iter().cloned().chain(until).collect();
        if more.is_empty() { self.because.clone() } else { format!("{} ({})", self.because, more.join(", ")) }
    }
}
