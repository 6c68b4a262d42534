//! A scenario: traffic, a timeline, and what is asserted about them.

use super::{assertion::Assertion, bound::Bound, expression::Expression, mix::Traffic, step::Step, subject::Subject};
use crate::model::{
    case::Source,
    period::Period,
    spec::{Reference, Severity},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A file of one scenario (`scenarios/NAME.toml`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ScenarioFile {
    /// `scenario/1`.
    pub format: ScenarioFormat,
    /// The scenario whose fields this one takes where it says nothing itself: the stem of its file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extends: Option<String>,
    /// What happens, and what is asserted.
    pub scenario: ScenarioText,
    /// Words with several values each: the scenario is played once for every combination, with `${WORD}` filled.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub matrix: BTreeMap<String, Vec<String>>,
}

/// The format line of a scenario file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ScenarioFormat {
    /// The first version.
    #[serde(rename = "scenario/1")]
    V1,
}

/// A scenario as its file writes it; what is absent comes from the one that it extends.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ScenarioText {
    /// What happens, in a sentence without its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Why it matters, for a reader who has never heard of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What to change where it goes wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// Clauses, CVEs, incidents.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refs: Vec<Reference>,
    /// How bad a broken must is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// What a target must offer: `restart`, `https`, `stale` (a declared S), `discovery`, `rs256-and-es256`,
    /// `fleet`, `second-issuer`, `provider`, `asks-introspection`, `resolver`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<Needed>,
    /// Whether it is one of the few that find most defects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quick: Option<bool>,
    /// Whether its objectives about latency want the machine to themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alone: Option<bool>,
    /// How many instances of the target stand side by side; each is shown every so manieth token. One where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instances: Option<u32>,
    /// What is sent all the time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traffic: Option<Traffic>,
    /// What happens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timeline: Vec<Step>,
    /// What is asserted, beside the safety pack.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assert: Vec<Assertion>,
    /// When to stop early.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guard: Vec<Guard>,
}

/// Something that a target must offer for a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Needed {
    /// It can be started again.
    Restart,
    /// It reaches our issuer over HTTPS.
    Https,
    /// Its file declares how long it uses an old key set (`[cache] stale`).
    Stale,
    /// It reads our discovery document.
    Discovery,
    /// It takes both RS256 and ES256.
    #[serde(rename = "rs256-and-es256")]
    TwoAlgorithms,
    /// It can be started several times, each with an address of the key set of its own.
    Fleet,
    /// It trusts our second issuer as well.
    SecondIssuer,
    /// Its keys are those of a real identity provider that we stand in front of.
    Provider,
    /// It asks an introspection endpoint of ours instead of looking at keys.
    AsksIntrospection,
    /// Its file says how the name of our issuer stops and begins to be resolved.
    Resolver,
}

impl Needed {
    /// What is missing, for a report.
    #[must_use]
    pub fn missing(self) -> &'static str {
        match self {
            Needed::Restart => "the target cannot be restarted; add [start] or [hooks] restart",
            Needed::Https => "the target does not reach our issuer over HTTPS; set [trust] https = true",
            Needed::Stale => "the target file declares no [cache] stale",
            Needed::Discovery => "the target does not read our discovery document",
            Needed::TwoAlgorithms => "the target file does not list both RS256 and ES256 in [trust] algorithms",
            Needed::Fleet => {
                "the target cannot be started several times; it wants [start], keys = \"jwks-uri\", and ports that we choose"
            }
            Needed::SecondIssuer => {
                "the target does not trust our second issuer; [trust] issuers = [\"${issuer}\", \"${issuer2}\"] where it does"
            }
            Needed::Provider => "the keys are ours, and nobody changes them behind our back; it is for `keys.proxy`",
            Needed::AsksIntrospection => {
                "the target checks tokens by keys; no endpoint of ours answers introspection requests of targets"
            }
            Needed::Resolver => {
                "the target reaches our issuer by an address, or by a name that its own system resolves, and not by a name \
                 service of ours"
            }
        }
    }
}

/// A scenario that can be played: nothing is missing, and placeholders are filled.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// The stem of its file, with the combination behind a colon where it has a matrix.
    pub id: String,
    /// What happens, in a sentence without its end.
    pub title: String,
    /// Why it matters.
    pub why: String,
    /// What to change where it goes wrong.
    pub fix: String,
    /// Clauses, CVEs, incidents.
    pub refs: Vec<Reference>,
    /// How bad a broken must is.
    pub severity: Severity,
    /// What a target must offer.
    pub needs: Vec<Needed>,
    /// Whether it is one of the few that find most defects.
    pub quick: bool,
    /// Whether it wants the machine to itself.
    pub alone: bool,
    /// How many instances of the target stand side by side.
    pub instances: u32,
    /// What is sent all the time.
    pub traffic: Traffic,
    /// What happens.
    pub timeline: Vec<Step>,
    /// What is asserted, beside the safety pack.
    pub assert: Vec<Assertion>,
    /// When to stop early.
    pub guard: Vec<Guard>,
    /// Where it is written.
    pub source: Source,
}

/// When to stop a scenario early.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Guard {
    /// The condition.
    pub when: GuardWhen,
    /// What is done.
    #[serde(rename = "do")]
    pub actions: Vec<GuardAction>,
}

/// A condition that must last for a while.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct GuardWhen {
    /// About which tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Subject>,
    /// The share of them that is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Bound>,
    /// Instead of tokens: a query to the Prometheus that the target file names in `[observe] prometheus`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// What the first value of the query is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is: Option<Bound>,
    /// For how long.
    #[serde(rename = "for")]
    pub length: Expression,
}

impl GuardWhen {
    /// Whether it is about tokens or about a query, and about one of them only.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let (tokens, query) = (self.of.is_some() && self.accepted.is_some(), self.query.is_some() && self.is.is_some());
        let parts = [self.of.is_some(), self.accepted.is_some(), self.query.is_some(), self.is.is_some()];
        tokens != query && parts.into_iter().filter(|part| *part).count() == 2
    }
}

impl std::fmt::Display for GuardWhen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.of, &self.accepted, &self.query, &self.is) {
            (Some(of), Some(bound), ..) => write!(f, "{of}: accepted {bound} for {}", self.length),
            (.., Some(query), Some(bound)) => write!(f, "{query} {bound} for {}", self.length),
            _ => f.write_str("nothing"),
        }
    }
}

/// What a guard does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum GuardAction {
    /// Ends every fault.
    Heal,
    /// Ends the scenario.
    Abort,
}

impl Scenario {
    /// The keys that it names, in the order in which they appear.
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        use super::step::Action;
        let mut keys: Vec<String> = Vec::new();
        let mut add = |key: &String| {
            if !keys.contains(key) {
                keys.push(key.clone());
            }
        };
        for action in self.timeline.iter().flat_map(|step| &step.actions) {
            match action {
                Action::Publish(key)
                | Action::Unpublish(key)
                | Action::Sign(key)
                | Action::Revoke(key)
                | Action::Replace(key) => add(key),
                Action::Burst(burst) => {
                    if let Some(key) = &burst.key {
                        add(key);
                    }
                }
                _ => {}
            }
        }
        self.traffic.also.iter().filter_map(|portion| portion.key.as_ref()).for_each(add);
        keys
    }

    /// How many steps, from the first one on, say nothing but which keys there are from the beginning: the target begins with
    /// them.
    #[must_use]
    pub fn opening(&self) -> usize {
        use super::step::Action;
        let is_given = |action: &Action| matches!(action, Action::Publish(_) | Action::Sign(_));
        let opens = |step: &&Step| step.at.is_zero() && step.name.is_none() && step.actions.iter().all(is_given);
        self.timeline.iter().take_while(opens).count().max(1)
    }

    /// Whether it can only be played with keys of our own: it makes or plants some, or moves the clock of tokens.
    #[must_use]
    pub fn needs_our_keys(&self) -> bool {
        use super::step::Action;
        let ours = |action: &Action| match action {
            Action::Replace(_) | Action::Skew(_) => true,
            Action::Fault(fault) => fault.rule.fault.plants_keys(),
            _ => false,
        };
        // What is published from the beginning, and nothing more is done with, may be there already.
        let idle = |name: &String| {
            let first = |action: &Action| matches!(action, Action::Publish(own) if own == name);
            let names = |action: &Action| match action {
                Action::Publish(own)
                | Action::Unpublish(own)
                | Action::Sign(own)
                | Action::Revoke(own)
                | Action::Replace(own) => own == name,
                Action::Burst(burst) => burst.key.as_ref() == Some(name),
                _ => false,
            };
            let symbols = super::Scale::SHORT.symbols();
            let begins = |step: &super::step::Step| step.at.seconds(&symbols) == Some(0.0);
            let steps = self.timeline.iter().map(|step| (begins(step), &step.actions));
            let mut actions = steps.flat_map(|(begins, actions)| actions.iter().map(move |action| (begins, action)));
            actions.all(|(begins, action)| (begins && first(action)) || !names(action))
                && self.traffic.also.iter().all(|portion| portion.key.as_ref() != Some(name))
        };
        self.keys().iter().filter(|name| !idle(name)).count() > 1
            || self.timeline.iter().flat_map(|step| &step.actions).any(ours)
    }

    /// The shortest time that it is expected to take, where every step comes when it says.
    #[must_use]
    pub fn length(&self, scale: &super::Scale) -> Period {
        let symbols = scale.symbols();
        let mut base = 0.0;
        let mut end: f64 = 0.0;
        for step in &self.timeline {
            let at = base + step.at.seconds(&symbols).unwrap_or(0.0);
            end = end.max(at);
            if step.actions.iter().any(|action| matches!(action, super::step::Action::Sync(_))) {
                // A fetch comes once in a lifetime at the latest, on average after half of it.
                base = at + symbols.lifetime / 2.0;
                end = end.max(base);
            }
        }
        Period(std::time::Duration::try_from_secs_f64(end.max(0.0)).unwrap_or_default())
    }
}
