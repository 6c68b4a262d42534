//! What became of a scenario: in `run.json`, and for every report made from it.

use super::{
    assertion::{Grade, Metric},
    drill::{AlertSeen, Operation, OwnMetric},
    scale::Scale,
};
use crate::model::{
    case::Source,
    outcome::{BaselineStatus, Outcome},
    spec::{Reference, Severity},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One scenario, played or left out. Times count from its beginning, in milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ScenarioResult {
    /// The stem of its file, with the combination behind a colon where it has a matrix.
    pub id: String,
    /// What happens.
    pub title: String,
    /// Why it matters.
    pub why: String,
    /// What to change where it goes wrong.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fix: String,
    /// How bad a broken must is.
    pub severity: Severity,
    /// Clauses, CVEs, incidents.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refs: Vec<Reference>,
    /// Where it is written.
    pub source: Source,
    /// The gravest outcome of its assertions; `skip` where it was not played, `inconclusive` where it could not be.
    pub outcome: Outcome,
    /// Why it was not played, or what to know about how it went.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What it calculated with.
    pub scale: Scale,
    /// How long it took.
    pub length_ms: u64,
    /// What happened.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timeline: Vec<StepResult>,
    /// The spans that windows name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spans: Vec<NamedSpan>,
    /// When each key was in the key set and when it signed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<KeyBar>,
    /// What was sent, by class and key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub streams: Vec<StreamResult>,
    /// Requests for our documents.
    pub fetches: FetchResult,
    /// The claims.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assertions: Vec<AssertionResult>,
    /// What was measured, for the card on top of a report.
    pub facts: Facts,
    /// Why it ended before its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut_short: Option<String>,
    /// What people and guards ordered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operations: Vec<Operation>,
    /// What an alert manager said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alerts: Vec<AlertSeen>,
    /// The target's own metrics, those that moved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub own_metrics: Vec<OwnMetric>,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct StepResult {
    /// When.
    pub at_ms: u64,
    /// What: `publish k2`, `fault jwks refuse`.
    #[serde(rename = "do")]
    pub label: String,
    /// When it ended, where it is a fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<u64>,
}

/// A span that windows name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct NamedSpan {
    /// The name.
    pub name: String,
    /// Its beginning.
    pub from_ms: u64,
    /// Its end.
    pub to_ms: u64,
}

/// When a key was in the key set and when it signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct KeyBar {
    /// The key's name in the scenario.
    pub name: String,
    /// Its `kid`.
    pub kid: String,
    /// Beginning and end of each time in the key set.
    pub published: Vec<(u64, u64)>,
    /// Beginning and end of each time as the signing key.
    pub signing: Vec<(u64, u64)>,
}

/// The tokens of one class by one key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct StreamResult {
    /// `valid[k1]`, `bad-sig`.
    pub name: String,
    /// Whether such tokens must be refused at all times.
    pub forged: bool,
    /// `open`: arrival times are fixed before.
    pub driver: String,
    /// Tokens that were due.
    pub planned: u64,
    /// Tokens that were sent.
    pub sent: u64,
    /// Taken.
    pub accepted: u64,
    /// Refused as bad.
    pub rejected: u64,
    /// Server error, no answer, no connection, or an answer that is neither yes nor no.
    pub broken: u64,
    /// Tokens to which an acceptance was owed, and those of them that were taken.
    pub owed_accept: (u64, u64),
    /// Tokens to which a refusal was owed, and those of them that were taken.
    pub owed_reject: (u64, u64),
    /// Whether the sender could not keep its schedule; latencies say nothing then.
    pub saturated: bool,
    /// From the planned start to the answer.
    pub response_us: Percentiles,
    /// From the real start to the answer.
    pub service_us: Percentiles,
    /// The same over time.
    pub series: Series,
}

/// Percentiles, in microseconds; all zero where there is nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Percentiles {
    /// The median.
    pub p50: u64,
    /// The 90th.
    pub p90: u64,
    /// The 99th.
    pub p99: u64,
    /// The 99.9th.
    pub p999: u64,
    /// The largest.
    pub max: u64,
}

/// Counts for every piece of time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Series {
    /// The length of a piece.
    pub every_ms: u64,
    /// Taken.
    pub accepted: Vec<u32>,
    /// Refused as bad.
    pub rejected: Vec<u32>,
    /// Neither.
    pub broken: Vec<u32>,
    /// The median of the responses, in microseconds; zero where there are none.
    pub p50_us: Vec<u64>,
    /// The 99th percentile of them.
    pub p99_us: Vec<u64>,
}

/// Requests for our documents.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FetchResult {
    /// For the key set.
    pub jwks: Vec<FetchTick>,
    /// For the discovery document.
    pub discovery: Vec<FetchTick>,
    /// At the address to which nobody should be led.
    pub sink: Vec<FetchTick>,
    /// How many more there were than are kept.
    pub dropped: u64,
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FetchTick {
    /// When.
    pub at_ms: u64,
    /// How long it was open, in milliseconds.
    pub open_ms: u64,
    /// The status that was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Whether it got the true document.
    pub honest: bool,
}

/// One claim and what was seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AssertionResult {
    /// `during outage, of valid: accepted >= 99.9%`.
    pub name: String,
    /// What was measured.
    pub metric: Metric,
    /// How binding it is.
    pub level: Grade,
    /// The limit, with its value where it is a sum: `<= T + C (5s)`.
    pub expected: String,
    /// The value: `99.98%`, `1.2s`.
    pub observed: String,
    /// How many samples or requests it is about.
    pub n: u64,
    /// How it went: a broken must is `fail`, a broken should `warn`, a missed excellence `note`.
    pub outcome: Outcome,
    /// Seen against the baseline.
    pub baseline: BaselineStatus,
    /// Why the outcome is what it is.
    pub because: String,
    /// Where nothing forbidden was seen: with a confidence of 95 % its share is at most this, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most_percent: Option<f64>,
    /// The window, in milliseconds.
    pub window_ms: (u64, u64),
    /// Samples that broke it, the first few.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offending: Vec<Offender>,
}

/// A sample that broke a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Offender {
    /// When it was due.
    pub at_ms: u64,
    /// Which stream it belongs to.
    pub stream: String,
    /// What happened to it: `accept`, `reject: status 401`.
    pub seen: String,
}

/// What was measured, for the card on top of a report. Times in seconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Facts {
    /// How long good tokens were all taken while the key set could not be had, and whether the outage ended before the
    /// first one was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub survived: Option<Measured>,
    /// How long after its removal a key was last trusted, and whether it still was when the scenario ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trusted_removed: Option<Measured>,
    /// How long after its publication a new key was first taken, and whether it was not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took_new: Option<Measured>,
    /// Requests for the key set for each hundred tokens with an unknown `kid`, in a flood of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fetches_per_hundred: Option<f64>,
    /// The 99th percentile of tokens with a known key while the key set hangs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99_while_hanging: Option<f64>,
    /// Tokens that must be refused at all times, and those of them that were taken.
    pub forged: (u64, u64),
}

/// A time that may only be a bound, because the scenario ended before.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Measured {
    /// Seconds.
    pub seconds: f64,
    /// Whether the true value is larger.
    pub at_least: bool,
}

impl ScenarioResult {
    /// The best grade of which all assertions up to it hold: the order is must, should, excellent. `None` where a must is
    /// broken, or where nothing was decided.
    #[must_use]
    pub fn grade(&self) -> Option<Grade> {
        let holds = |grade: Grade| {
            let mut own = self.assertions.iter().filter(|claim| claim.level == grade);
            own.all(|claim| matches!(claim.outcome, Outcome::Pass | Outcome::Skip | Outcome::Inconclusive))
        };
        let decided = self.assertions.iter().any(|claim| claim.outcome == Outcome::Pass);
        let mut best = None;
        for grade in [Grade::Must, Grade::Should, Grade::Excellent] {
            if !decided || !holds(grade) {
                break;
            }
            best = Some(grade);
        }
        best
    }
}
