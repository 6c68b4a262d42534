//! A whole run as one value: `run.json`. Every report is made from it, also years later.

use super::{
    case::{Fix, Source},
    chaos::ScenarioResult,
    expect::Measure,
    id::CaseId,
    outcome::{Control, Finding, Outcome},
    spec::{Harm, Level, Reference, Severity},
    verdict::Observation,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
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
    /// Texts of the target's own log that look like whole tokens, where the harness started it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log_leaks: Vec<String>,
    /// What the process answered its caller.
    pub exit_code: u8,
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
    /// The digest of cases, recipes and key sets, `sha256:…`.
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

/// One variant and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CaseResult {
    /// Its id.
    pub id: CaseId,
    /// How binding.
    pub level: Level,
    /// How bad a failure is.
    pub severity: Severity,
    /// What sending it may do.
    pub harm: Harm,
    /// Clauses, CVEs, CWEs.
    pub refs: Vec<Reference>,
    /// Where it is written.
    pub source: Source,
    /// The verdict wanted.
    pub expected: String,
    /// The gravest outcome of its findings.
    pub outcome: Outcome,
    /// The token, where one was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenEvidence>,
    /// What the target did, where the token was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observation: Option<Observation>,
    /// What the target did with the twin, where the case has one of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub twin: Option<Observation>,
    /// Verdicts on the tokens presented first.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub before: BTreeMap<String, String>,
    /// What was measured, where the case looks for a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<Measurement>,
    /// What became of the good tokens around it.
    pub controls: Controls,
    /// The judgements.
    pub findings: Vec<Finding>,
    /// How to see it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reproduce: Option<Reproduce>,
}

/// A value of the target that was found by trying.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Measurement {
    /// What was looked for.
    pub name: Measure,
    /// The value; absent where no limit was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<u64>,
    /// The unit of the values.
    pub unit: Unit,
    /// How far it was looked: a value beyond it counts as no limit.
    pub searched_to: u64,
    /// What the target file declares, where it can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared: Option<u64>,
    /// Tokens that it took.
    pub probes: u32,
    /// How the value was found, and what is uncertain in it.
    pub about: String,
}

/// The unit of a measured value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
}

impl Unit {
    /// A value as people say it: `60 s`, `15.5 KiB`.
    #[must_use]
    pub fn say(self, value: u64) -> String {
        match self {
            Unit::Seconds => format!("{value} s"),
            Unit::Bytes if value >= 1024 => format!("{}.{} KiB", value / 1024, value % 1024 * 10 / 1024),
            Unit::Bytes => format!("{value} B"),
        }
    }
}

impl Measurement {
    /// The value as people say it.
    #[must_use]
    pub fn say(&self) -> String {
        self.value
            .map_or_else(|| format!("no limit up to {}", self.unit.say(self.searched_to)), |value| self.unit.say(value))
    }
}

/// What became of the good tokens around a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Controls {
    /// The plain good token.
    pub base: Control,
    /// The good token with the case's feature.
    pub feature: Control,
}

/// The token under test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TokenEvidence {
    /// The header, where it is JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<Value>,
    /// The claims, where they are JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<Value>,
    /// The damage by name.
    pub mutations: Vec<String>,
    /// The token taken apart, with what differs from its twin marked.
    pub anatomy: Vec<Segment>,
    /// The token as sent; lossy where it is not text.
    pub compact: String,
    /// SHA-256 of the bytes as sent, in hexadecimal.
    pub sha256: String,
}

/// One part of a token, decoded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Segment {
    /// `header`, `payload`, `signature`, `whole token`.
    pub name: String,
    /// Its lines.
    pub lines: Vec<Line>,
}

/// One line of a decoded part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Line {
    /// The text.
    pub text: String,
    /// How it relates to the twin.
    pub change: Change,
}

/// How a line relates to the twin's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// The same in both.
    Same,
    /// Only in the token under test.
    Added,
    /// Only in the twin.
    Removed,
}

/// How to see a result again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Reproduce {
    /// With the harness.
    pub gauntlet: String,
    /// With `curl`, while the token lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub curl: Option<String>,
    /// As a `[[case]]` block for a file of cases, where the token was generated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
}
