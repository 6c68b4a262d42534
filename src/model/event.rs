//! One thing that happened in a run. The stream of events is the log (`events.ndjson`), one JSON object a line.

use super::{
    baseline::BaselineReport,
    chaos::{ScenarioResult, StepResult},
    load::{LoadResult, Step},
    report::{CalibrationCheck, CaseResult, FamilyInfo, RunInfo, Statement, Summary, TargetInfo, Tool},
    spec::Level,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

/// One event. A log without `run-finished` as its last line is of an incomplete run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum Event {
    /// The first line.
    RunStarted {
        /// Which harness.
        tool: Tool,
        /// When and how.
        run: RunInfo,
        /// Against what, before calibration.
        target: Box<TargetInfo>,
        /// What is going to happen.
        plan: PlanCounts,
        /// What the cases say.
        statements: BTreeMap<String, Statement>,
        /// The families.
        families: BTreeMap<String, FamilyInfo>,
    },
    /// One of the first probes.
    Calibrated {
        /// What it showed.
        check: Box<CalibrationCheck>,
    },
    /// One variant is judged. A later line with the same id replaces an earlier one.
    CaseFinished {
        /// Its place in the order of the suite.
        index: usize,
        /// What came of it.
        result: Arc<CaseResult>,
    },
    /// How far fuzzing is.
    Fuzzed {
        /// Generated tokens sent.
        sent: u32,
        /// Generated tokens at the most.
        of: u32,
        /// Those of them that were accepted.
        accepted: u32,
    },
    /// A scenario begins.
    ScenarioStarted {
        /// Which one.
        id: String,
        /// What happens in it.
        title: String,
        /// How long it is expected to take.
        length_ms: u64,
    },
    /// A step of a scenario happened.
    ScenarioStep {
        /// Which scenario.
        id: String,
        /// What and when.
        step: StepResult,
    },
    /// A scenario is judged.
    ScenarioFinished {
        /// Its place in the order of the scenarios.
        index: usize,
        /// What came of it.
        result: Box<ScenarioResult>,
    },
    /// A window of load begins.
    LoadStarted {
        /// Which plan.
        id: String,
        /// What is asked of the target.
        title: String,
        /// The value of a sweep, the side of a comparison; empty where there is one window.
        window: String,
        /// How tokens arrive.
        drive: String,
        /// How long it takes, warm-up included.
        length_ms: u64,
    },
    /// A second of a window is over.
    LoadSecond {
        /// Which plan.
        id: String,
        /// Which second.
        second: usize,
        /// Answers and tokens that were given up.
        count: u32,
        /// Wrong verdicts.
        wrong: u32,
        /// No usable answer.
        broken: u32,
        /// The 99th percentile from the planned start to the answer, in microseconds.
        p99_us: u64,
    },
    /// A rate was tried.
    LoadTried {
        /// Which plan.
        id: String,
        /// Which rate, and whether it held.
        step: Step,
    },
    /// A load plan is judged.
    LoadFinished {
        /// Its place in the order of the plans.
        index: usize,
        /// What came of it.
        result: Box<LoadResult>,
    },
    /// Something worth a line on the terminal.
    Remark {
        /// How grave.
        level: Level,
        /// The line.
        text: String,
    },
    /// The last line.
    RunFinished {
        /// RFC 3339.
        finished: String,
        /// What stopped the run before its end, where something did.
        stopped: Option<String>,
        /// The counts.
        summary: Box<Summary>,
        /// Texts of the target's log that look like whole tokens.
        log_leaks: Vec<String>,
        /// What became of the list of known failures.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        baseline: Option<Box<BaselineReport>>,
        /// What the process answers its caller.
        exit_code: u8,
        /// Why, in a sentence.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        exit_because: String,
    },
}

/// What is going to happen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PlanCounts {
    /// Cases with at least one variant to send.
    pub cases: usize,
    /// Variants to send.
    pub variants: usize,
    /// Variants that do not apply here.
    pub skipped: usize,
}
