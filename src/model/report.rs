//! A whole run as one value: `run.json`. Every report is made from it, also years later.

pub use super::case_result::{
    CaseResult, Change, Controls, Line, Measurement, Reproduce, Segment, TokenEvidence, Unit,
};

use super::{
    baseline::BaselineReport, case::Fix, chaos::ScenarioResult, load::LoadResult, outcome::Outcome,
    profile::ProfileSummary, spec::Severity, target::Term, verdict::Observation,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RunReport {
    /// `run-report/1`.
    pub format: ReportFormat,
    /// False where the run was stopped before its end.
    pub complete: bool,
    /// What stopped it, where something did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// Which harness.
    pub tool: Tool,
    /// When and how.
    pub run: RunInfo,
    /// Against what.
    pub target: TargetInfo,
    /// What the first probes showed.
    pub calibration: Vec<CalibrationCheck>,
    /// The counts.
    pub summary: Summary,
    /// What the cases of this run say, by `family/name`.
    pub statements: BTreeMap<String, Statement>,
    /// The families by name.
    pub families: BTreeMap<String, FamilyInfo>,
    /// The variants, in the order of the suite.
    pub cases: Vec<CaseResult>,
    /// The scenarios, in the order of their names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scenarios: Vec<ScenarioResult>,
    /// The load plans, in the order in which they ran.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub load: Vec<LoadResult>,
    /// Texts of the target's own log that look like whole tokens, where the harness started it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log_leaks: Vec<String>,
    /// What became of the list of known failures, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<BaselineReport>,
    /// What the process answered its caller.
    pub exit_code: u8,
    /// Why it answered that, in a sentence; empty in runs that were killed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub exit_because: String,
}

impl RunReport {
    /// Whether it shows what holds and what does not: it came to its end, and something was tested.
    #[must_use]
    pub fn says_something(&self) -> bool {
        self.complete && (self.summary.executed > 0 || !self.scenarios.is_empty())
    }
}

/// The format line of a run report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ReportFormat {
    /// The first version.
    #[serde(rename = "run-report/1")]
    V1,
}

/// Which harness, with which cases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Tool {
    /// `gauntlet`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The digest of the suite: cases, recipes, key sets, vectors, profiles, scenarios and the judge, `sha256:…`.
    pub suite: String,
}

/// When and how the run went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RunInfo {
    /// A time stamp and four hexadecimal digits.
    pub id: String,
    /// RFC 3339.
    pub started: String,
    /// RFC 3339; empty while it runs.
    pub finished: String,
    /// What drives nonces and random bytes.
    pub seed: u64,
    /// The arguments of the command.
    pub args: Vec<String>,
    /// The machine.
    pub host: Host,
}

/// The machine that the harness ran on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Host {
    /// The operating system.
    pub os: String,
    /// Processors that it offers.
    pub cpus: usize,
}

/// What was tested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TargetInfo {
    /// Its name.
    pub name: String,
    /// What it is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// `bearer`, `in-process`.
    pub transport: String,
    /// Where it was reached.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub address: String,
    /// Its file, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// What it can do.
    pub provides: Vec<String>,
    /// What cases asked for and it cannot do.
    pub lacks: Vec<String>,
    /// Declared choices.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub policy: BTreeMap<String, String>,
    /// What its file makes a must.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub promoted: Vec<Term>,
    /// What its file does not ask for, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waived: Vec<Term>,
}

/// One of the first probes, or a finding about the target as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CalibrationCheck {
    /// What was tried: `good token, RS256`.
    pub name: String,
    /// How it went. `fail` is a finding about the target; `inconclusive` makes it untestable.
    pub outcome: Outcome,
    /// How bad a failure is.
    #[serde(default = "info")]
    pub severity: Severity,
    /// What was seen.
    pub observed: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The probe's own evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observation: Option<Observation>,
}

fn info() -> Severity {
    Severity::Info
}

/// The counts of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Summary {
    /// Cases by their gravest outcome; the variants of a case count once.
    pub cases: Counts,
    /// The same with each variant counted.
    pub variants: Counts,
    /// Findings against the baseline.
    pub baseline_status: BaselineCounts,
    /// Findings of outcome `fail` and `warn`, by severity.
    pub by_severity: BTreeMap<String, usize>,
    /// Cases of which at least one variant was sent.
    pub executed: usize,
    /// Variants that were sent.
    pub sent: usize,
    /// Variants that were sent and decided.
    pub decided: usize,
    /// Scenarios by the gravest outcome of their assertions.
    #[serde(default, skip_serializing_if = "Counts::is_empty")]
    pub scenarios: Counts,
    /// How the cases stand to the profile that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<ProfileSummary>,
    /// Load plans by the gravest outcome of their gates.
    #[serde(default, skip_serializing_if = "Counts::is_empty")]
    pub load: Counts,
}

/// How many of each outcome.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Counts {
    /// Held.
    pub pass: usize,
    /// A must broken.
    pub fail: usize,
    /// A should or a declared policy broken.
    pub warn: usize,
    /// Measured or free.
    pub note: usize,
    /// Not applicable.
    pub skip: usize,
    /// Undecided.
    pub inconclusive: usize,
}

impl Counts {
    /// Counts one more.
    pub fn add(&mut self, outcome: Outcome) {
        *match outcome {
            Outcome::Pass => &mut self.pass,
            Outcome::Fail => &mut self.fail,
            Outcome::Warn => &mut self.warn,
            Outcome::Note => &mut self.note,
            Outcome::Skip => &mut self.skip,
            Outcome::Inconclusive => &mut self.inconclusive,
        } += 1;
    }

    /// Whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.total() == 0
    }

    /// All of them.
    #[must_use]
    pub fn total(&self) -> usize {
        self.pass + self.fail + self.warn + self.note + self.skip + self.inconclusive
    }
}

/// Findings against the baseline.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct BaselineCounts {
    /// Not listed.
    pub new: usize,
    /// Listed, failed again.
    pub known: usize,
    /// Listed, passed.
    pub fixed: usize,
    /// Listed, matched nothing.
    pub stale: usize,
    /// Listed, and past its date.
    #[serde(default)]
    pub expired: usize,
}

/// What a case says, shared by its variants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Statement {
    /// The right behaviour.
    pub title: String,
    /// Why it matters.
    pub why: String,
    /// What to do about a failure.
    pub fix: Fix,
    /// The first half of the SHA-256 of what the case asks, its wording left out, in hexadecimal.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub asks: String,
}

/// What a family is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FamilyInfo {
    /// Its heading.
    pub title: String,
    /// What it is about.
    pub about: String,
}
