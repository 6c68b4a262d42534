//! What a load plan came to: in `run.json`, and for every report made from it.

use super::{
    gate::{Gate, LoadMetric, Of},
    users::Users,
};
use crate::model::{
    case::Source,
    chaos::{Grade, Percentiles},
    outcome::Outcome,
    spec::{Reference, Severity},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One load plan, run or left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LoadResult {
    /// The stem of its file.
    pub id: String,
    /// What was asked of the target.
    pub title: String,
    /// Why it matters.
    pub why: String,
    /// What to change where a gate does not hold.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fix: String,
    /// How bad a broken must is.
    pub severity: Severity,
    /// Clauses, incidents, publications.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refs: Vec<Reference>,
    /// Where it is written.
    pub source: Source,
    /// The gravest outcome of its gates; `inconclusive` where it could not be run.
    pub outcome: Outcome,
    /// Why it was not run, or what to know about how it went.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// How tokens arrived.
    pub drive: String,
    /// The windows: one, or one for each value of a sweep, or one for each side and round of a comparison.
    pub windows: Vec<LoadWindow>,
    /// The highest rate that was held, where it was looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum: Option<Maximum>,
    /// The same load on another target, in turns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paired: Option<Paired>,
    /// What its users did, where it had any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<Users>,
    /// The gates.
    pub gates: Vec<GateResult>,
}

/// One window. What was sent is what was answered and what was given up.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LoadWindow {
    /// The value of the sweep, or the side of a comparison; empty where there is one window.
    pub name: String,
    /// Answers in a second.
    #[serde(rename = "throughput_rps")]
    pub throughput_rps: f64,
    /// From the planned start to the answer, over all tokens.
    #[serde(rename = "token_validation_ms")]
    pub token_validation_ms: Milliseconds,
    /// The median length of the tokens.
    #[serde(rename = "payload_size_bytes")]
    pub payload_size_bytes: u64,
    /// The estimated share of repeated tokens whose verdict came from a cache: how many more
    /// of them than of the new tokens were answered in less than 0.85 times the time of the fastest tenth of those. Absent
    /// where nothing was repeated.
    #[serde(rename = "cache_hit_ratio", default, skip_serializing_if = "Option::is_none")]
    pub cache_hit_ratio: Option<f64>,
    /// The algorithm that signed.
    pub alg: String,
    /// How long it lasted, warm-up not counted.
    pub length_ms: u64,
    /// Tokens that were due.
    pub planned: u64,
    /// Tokens that were sent.
    pub sent: u64,
    /// Those of them that got an answer.
    pub answered: u64,
    /// Those of them that got none.
    pub failed: u64,
    /// Requests that were sent a second time, because the target had closed a connection that was idle.
    pub resent: u64,
    /// Whether it was stopped before its end. What was sent until then is all here, and no gate passes on it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub incomplete: bool,
    /// Tokens that were under way when it was stopped: nobody waited for their answers, and they count nowhere else.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cut_off: u64,
    /// Different tokens.
    pub distinct: u64,
    /// Tokens that were taken although a refusal was owed.
    pub wrong_accepts: u64,
    /// Tokens that were refused although an acceptance was owed.
    pub wrong_refusals: u64,
    /// Those of them whose refusal speaks of expiry.
    pub refused_as_expired: u64,
    /// Those of them whose refusal speaks of the signature.
    pub refused_by_signature: u64,
    /// The first few answers that were wrong: the class and what was seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wrong: Vec<String>,
    /// By token class.
    pub classes: Vec<ClassLoad>,
    /// Over time.
    pub series: LoadSeries,
    /// How we did.
    pub generator: Generator,
    /// What the target used, where we started it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<TargetUse>,
}

/// Percentiles in milliseconds; all zero where there is nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Milliseconds {
    /// The mean.
    pub mean: f64,
    /// The median.
    pub p50: f64,
    /// The 90th.
    pub p90: f64,
    /// The 95th.
    pub p95: f64,
    /// The 99th.
    pub p99: f64,
    /// The 99.9th.
    pub p999: f64,
    /// The largest.
    pub max: f64,
}

/// The tokens of one class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ClassLoad {
    /// The class.
    pub name: String,
    /// Whether such tokens must be refused at all times.
    pub forged: bool,
    /// Sent.
    pub sent: u64,
    /// Taken.
    pub accepted: u64,
    /// Refused as bad.
    pub rejected: u64,
    /// Turned away before the token was judged (400, 413, 414, 431).
    pub turned_away: u64,
    /// Server error, no answer, no connection, asked to slow down, or an odd answer.
    pub broken: u64,
    /// From the planned start to the answer.
    pub response_us: Percentiles,
    /// From the real start to the answer.
    pub service_us: Percentiles,
    /// The mean of the latter, in microseconds.
    pub service_mean_us: f64,
    /// All response times in microseconds: an HdrHistogram in its V2 encoding with DEFLATE, in base64. Those of several
    /// workers can be added without loss.
    pub histogram: String,
}

/// Counts and latencies of every piece of time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LoadSeries {
    /// The length of a piece.
    pub every_ms: u64,
    /// Answers that were right.
    pub right: Vec<u32>,
    /// Tokens that were taken although a refusal was owed.
    pub wrong_accepts: Vec<u32>,
    /// Tokens that were refused although an acceptance was owed.
    pub wrong_refusals: Vec<u32>,
    /// No usable answer.
    pub broken: Vec<u32>,
    /// The median of the responses, in microseconds; zero where there are none.
    pub p50_us: Vec<u64>,
    /// The 99th percentile of them.
    pub p99_us: Vec<u64>,
    /// The mean of the service times, in microseconds.
    pub mean_us: Vec<f64>,
    /// Memory of a started target at its end, in bytes; empty where it is not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub memory: Vec<u64>,
}

/// How the generator did.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Generator {
    /// Threads.
    pub threads: u32,
    /// The share of its processor that the busiest of them used, in percent.
    pub cpu_percent: f64,
    /// Processor seconds for a hundred thousand tokens.
    pub cpu_s_per_100k: f64,
    /// How much later than planned tokens started; all zero in a closed loop.
    pub lateness_us: Percentiles,
    /// Tokens that started over 10 ms late although a connection was free: our own delay.
    pub late: u64,
    /// Tokens that started over 10 ms late because all connections were busy: the target's delay.
    pub held_up: u64,
    /// Tokens that were due and never sent.
    pub unsent: u64,
    /// The most tokens that were due and waited for a connection.
    pub backlog: u64,
    /// The most requests that were open at the same time.
    pub in_flight: u64,
    /// Connections that were opened.
    pub connections: u64,
    /// Whether more than a hundredth of the tokens started over 10 ms late or not at all: then no gate about speed
    /// passes.
    pub saturated: bool,
    /// Our own memory at the end, in bytes; zero where it is not known.
    pub memory: u64,
}

/// What a started target used in a window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TargetUse {
    /// Processor seconds.
    pub cpu_s: f64,
    /// Processor seconds for a million tokens.
    pub cpu_s_per_million: f64,
    /// Memory when the window opened, in bytes.
    pub memory_first: u64,
    /// Memory when it closed, in bytes.
    pub memory_last: u64,
}

/// The search for the highest rate that holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Maximum {
    /// The highest rate at which every threshold held, confirmed; zero where none did.
    pub rate: f64,
    /// Whether it is the target that sets the limit. False where we were at our own limit first: then the target can do
    /// at least this much.
    pub is_target_s: bool,
    /// What the thresholds are.
    pub thresholds: String,
    /// Why it goes no further.
    pub because: String,
    /// The rates that were tried, in order.
    pub steps: Vec<Step>,
}

/// One rate that was tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Step {
    /// The rate asked for.
    pub rate: f64,
    /// The rate answered.
    pub got: f64,
    /// The 99th percentile from the planned start to the answer, in milliseconds.
    pub p99_ms: f64,
    /// Wrong verdicts.
    pub wrong: u64,
    /// The share of its processor that our busiest thread used, in percent.
    pub cpu_percent: f64,
    /// Whether it held.
    pub held: bool,
    /// Why it did not.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub because: String,
}

/// Two targets, or two runs, compared in pairs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Paired {
    /// What the first one is.
    pub first: String,
    /// What the second one is.
    pub second: String,
    /// What was compared: `throughput`, `service time`.
    pub measure: String,
    /// How many pairs.
    pub pairs: u64,
    /// How much slower the second one is, in percent; below zero where it is faster.
    pub slower_percent: f64,
    /// The interval that holds the true value with a confidence of 95 %.
    pub between_percent: (f64, f64),
    /// `slower`, `faster`, or `no difference shown`.
    pub conclusion: String,
}

/// One gate and what was seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct GateResult {
    /// `of good: p95 < 5ms`, with the value of a sweep in front.
    pub name: String,
    /// About which tokens.
    pub of: Of,
    /// What was measured.
    pub metric: LoadMetric,
    /// How binding it is.
    pub level: Grade,
    /// The limit.
    pub expected: String,
    /// The value.
    pub observed: String,
    /// How many tokens it is about.
    pub n: u64,
    /// How it went.
    pub outcome: Outcome,
    /// Why the outcome is what it is.
    pub because: String,
}

impl GateResult {
    /// The gate that it is the result of; `None` where its limit is not one of a gate.
    #[must_use]
    pub fn gate(&self) -> Option<Gate> {
        let bound = self.expected.parse().ok()?;
        Some(Gate { of: self.of, metric: self.metric, bound, level: self.level })
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_false(value: &bool) -> bool {
    !value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_zero(value: &u64) -> bool {
    *value == 0
}
