//! A load plan: one file of `scenarios/`, whose name begins with `load-`.

use super::gate::Gate;
use crate::model::{
    Alg,
    case::Source,
    chaos::{Rate, TokenClass},
    period::Period,
    spec::{Reference, Severity},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

/// A file of one load plan (`scenarios/load-NAME.toml`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LoadFile {
    /// `load-plan/1`.
    pub format: LoadFormat,
    /// What is sent, and what must hold.
    pub load: LoadText,
}

/// The format line of a load plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum LoadFormat {
    /// The first version.
    #[serde(rename = "load-plan/1")]
    V1,
}

/// A load plan as files write it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LoadText {
    /// What is asked of the target.
    pub title: String,
    /// Why it matters.
    pub why: String,
    /// What to change where a gate does not hold.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fix: String,
    /// Clauses, incidents, publications.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refs: Vec<Reference>,
    /// How bad a broken must is.
    #[serde(default = "high")]
    pub severity: Severity,
    /// Whether it belongs to the plans that run where none is named.
    #[serde(default)]
    pub quick: bool,
    /// Who is asked, and for what.
    #[serde(default)]
    pub ask: Ask,
    /// How tokens arrive.
    #[serde(default)]
    pub drive: Drive,
    /// Whether they are sent over HTTP/2: chosen in the TLS handshake, and over plain TCP by knowing beforehand (RFC 9113
    /// section 3.3).
    #[serde(default)]
    pub http2: bool,
    /// How long they arrive, for each point of a sweep.
    #[serde(default = "ten_seconds")]
    pub duration: Period,
    /// How long before that tokens arrive that count for nothing.
    #[serde(default = "one_second")]
    pub warm_up: Period,
    /// Token classes with their weights.
    #[serde(default = "good_only")]
    pub mix: BTreeMap<TokenClass, u32>,
    /// The algorithm that signs; the target's first one where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alg: Option<Alg>,
    /// Different tokens to mint ahead, at most. A run that needs more sends them again.
    #[serde(default = "twenty_thousand")]
    pub tokens: u32,
    /// The length that good tokens are padded to, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_bytes: Option<u32>,
    /// Of every hundred good tokens, how many are one and the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<u32>,
    /// How long after the window opens every good token expires. From then on, and past the target's leeway, it owes
    /// them a refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expire_after: Option<Period>,
    /// Keys that the key set holds beside those that sign, published before the target sees the first token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub more_keys: Option<u32>,
    /// Whether the target is started anew just before the window.
    #[serde(default)]
    pub cold: bool,
    /// What is varied: one window for each value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sweep: Option<Sweep>,
    /// What must hold in every window, beside the safety gates that always must.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assert: Vec<Gate>,
}

/// Who is asked, and for what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Ask {
    /// The target, whether a token is good.
    #[default]
    Validation,
    /// The token endpoint of the target file's `[provider]`, for a token.
    Issuance,
    /// The same, to renew the token of a session.
    Refresh,
}

impl Ask {
    /// Whether it is an identity provider that is asked.
    #[must_use]
    pub fn is_of_provider(self) -> bool {
        self != Ask::Validation
    }
}

/// How tokens arrive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Drive {
    /// At even intervals, whatever became of the earlier ones (open loop).
    Rate(Rate),
    /// At random intervals with this mean rate, as independent clients cause them (open loop).
    Poisson(Rate),
    /// At even intervals whose rate changes (open loop). Their lengths replace `duration`.
    Stages(Vec<Stage>),
    /// So many connections, each of which sends the next token when its answer is there (closed loop). Latency then says
    /// little: it is the number of connections over the throughput.
    Connections(u32),
    /// So many users, each of whom signs in, calls with the token, renews it before it expires, and now and then shows one
    /// of the bad tokens of the mix (closed loop). Latency says how they felt, and not what the target can do.
    Users(u32),
}

impl Default for Drive {
    fn default() -> Self {
        Drive::Rate(Rate(200.0))
    }
}

/// A piece of time with a rate of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Stage {
    /// The rate at its beginning.
    pub rate: Rate,
    /// The rate at its end, reached evenly; the same where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Rate>,
    /// Its length.
    #[serde(rename = "for")]
    pub length: Period,
}

/// What is varied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Sweep {
    /// The algorithm that signs; those that the target does not take are left out.
    Alg(Vec<Alg>),
    /// The length of good tokens, in bytes.
    TokenBytes(Vec<u32>),
    /// Of every hundred good tokens, how many are one and the same.
    Replay(Vec<u32>),
    /// Keys that the key set holds beside those that sign.
    MoreKeys(Vec<u32>),
    /// The number of connections, in a closed loop.
    Connections(Vec<u32>),
    /// The rate, in an open loop.
    Rate(Vec<Rate>),
    /// One class at a time, with a good token in ten.
    Class(Vec<TokenClass>),
}

/// A load plan, ready to run.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadPlan {
    /// The stem of its file.
    pub id: String,
    /// What the file says.
    pub text: LoadText,
    /// Where it is written.
    pub source: Source,
}

impl fmt::Display for Drive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Drive::Rate(rate) => write!(f, "{rate}, evenly"),
            Drive::Poisson(rate) => write!(f, "{rate}, at random"),
            Drive::Connections(count) => write!(f, "closed loop over {count} connections"),
            Drive::Users(count) => write!(f, "{count} users (closed loop)"),
            Drive::Stages(stages) => {
                for (place, stage) in stages.iter().enumerate() {
                    let to = stage.to.map_or(String::new(), |to| format!(" to {to}"));
                    let comma = if place == 0 { "" } else { ", " };
                    write!(f, "{comma}{}{to} for {}", stage.rate, stage.length)?;
                }
                Ok(())
            }
        }
    }
}

fn high() -> Severity {
    Severity::High
}

fn ten_seconds() -> Period {
    Period::from_secs(10)
}

fn one_second() -> Period {
    Period::from_secs(1)
}

fn good_only() -> BTreeMap<TokenClass, u32> {
    BTreeMap::from([(TokenClass::Valid, 1)])
}

fn twenty_thousand() -> u32 {
    20_000
}
