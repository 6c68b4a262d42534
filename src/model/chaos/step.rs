//! One line of a timeline: when, and what changes.

use super::{
    class::TokenClass,
    expression::Expression,
    fault::{FaultRule, Faults, Layer},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What happens at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "StepText", into = "StepText")]
pub struct Step {
    /// When, counted from the beginning, or from the last step that waited for a fetch.
    pub at: Expression,
    /// What changes, in this order.
    pub actions: Vec<Action>,
    /// How long faults last; to the end, or until they are healed, where absent.
    pub length: Option<Expression>,
    /// The name of the span that begins here: it ends with its faults, or lasts to the end.
    pub name: Option<String>,
    text: Box<StepText>,
}

impl Step {
    /// What changes, as one line: `publish k2, sign k2`; where nothing does, the span that begins.
    #[must_use]
    pub fn label(&self) -> String {
        match &self.name {
            Some(name) if self.actions.is_empty() => format!("{name} begins"),
            _ => self.actions.iter().map(Action::label).collect::<Vec<_>>().join(", "),
        }
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// The key appears in the key set.
    Publish(String),
    /// The key leaves the key set.
    Unpublish(String),
    /// The key signs from now on.
    Sign(String),
    /// The key leaves the key set for good, and tokens by it are an attacker's.
    Revoke(String),
    /// The key is made anew under the same `kid`.
    Replace(String),
    /// The state of the key set is kept under this name.
    Snapshot(String),
    /// The discovery document names another address of the key set from now on.
    MoveKeys,
    /// An endpoint misbehaves.
    Fault(FaultAt),
    /// Every fault ends.
    Heal,
    /// The clock of tokens and of the issuer's answers is moved by this.
    Skew(Expression),
    /// The target is started again.
    Restart,
    /// Waits for the next request of this kind that is answered well; later steps count from it.
    Sync(Fetched),
    /// Tokens are sent at once.
    Burst(Burst),
    /// A line for the people on a game day.
    Cue(String),
    /// The scenario ends.
    End,
}

/// An endpoint that misbehaves.
#[derive(Debug, Clone, PartialEq)]
pub struct FaultAt {
    /// Whether the key set does.
    pub jwks: bool,
    /// Whether the discovery document does.
    pub discovery: bool,
    /// How, and which requests meet it.
    pub rule: FaultRule,
}

/// A document that targets fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fetched {
    /// The key set.
    Jwks,
    /// The discovery document.
    Discovery,
}

/// Tokens sent at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Burst {
    /// Their class.
    pub class: TokenClass,
    /// The key that signs them; the signing one where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// How many.
    pub count: u32,
}

/// A step as files write it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct StepText {
    /// When, in T, C, H, S, R, L and seconds, counted from the beginning, or from the last `sync-fetch` before it.
    at: Expression,
    /// The key appears in the key set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    publish: Option<String>,
    /// The key leaves the key set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unpublish: Option<String>,
    /// The key leaves the key set for good; tokens by it are an attacker's from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revoke: Option<String>,
    /// The key is made anew under the same kid; the old one is an attacker's from now on, and is called NAME-old.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replace: Option<String>,
    /// The key signs from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sign: Option<String>,
    /// Keeps the state of the key set under this name, for the fault `snapshot`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    snapshot: Option<String>,
    /// The discovery document names another address of the key set from now on; the old one goes on, but for the fault
    /// `old-address`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    move_keys: bool,
    /// Which endpoints misbehave, and how.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fault: Option<Faults>,
    /// How long the faults of this step last.
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    length: Option<Expression>,
    /// The share of requests that meet the faults of this step, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    percent: Option<f64>,
    /// Only the first so many requests meet them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first: Option<u64>,
    /// Only every so manieth request meets them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nth: Option<u64>,
    /// Only requests of this instance of the target meet them, counted from 1, where the scenario has several `instances`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    instance: Option<u32>,
    /// Ends every fault.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    heal: bool,
    /// Moves the clock of the issuer by this time; a second one replaces the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    skew: Option<Expression>,
    /// Starts the target again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    restart: bool,
    /// Waits for the next good fetch of a document; later steps count from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sync_fetch: Option<Fetched>,
    /// Sends tokens at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    burst: Option<Burst>,
    /// A line for the people on a game day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cue: Option<String>,
    /// The name of the span that begins here, for windows.
    #[serde(default, rename = "as", skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Ends the scenario.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    end: bool,
}

impl TryFrom<StepText> for Step {
    type Error = String;

    fn try_from(text: StepText) -> Result<Self, String> {
        let (percent, first, nth, instance) = (text.percent, text.first, text.nth, text.instance);
        let rule = |fault| FaultRule { fault, percent, first, nth, instance };
        if text.percent.is_some_and(|percent| !(0.0..=100.0).contains(&percent)) {
            return Err("wanted `percent` from 0 to 100".into());
        }
        if text.nth == Some(0) || text.first == Some(0) {
            return Err("wanted `first` and `nth` to be at least 1".into());
        }
        let mut actions = Vec::new();
        actions.extend(text.sync_fetch.map(Action::Sync));
        actions.extend(text.unpublish.clone().map(Action::Unpublish));
        actions.extend(text.revoke.clone().map(Action::Revoke));
        actions.extend(text.publish.clone().map(Action::Publish));
        actions.extend(text.replace.clone().map(Action::Replace));
        actions.extend(text.sign.clone().map(Action::Sign));
        actions.extend(text.snapshot.clone().map(Action::Snapshot));
        actions.extend(text.move_keys.then_some(Action::MoveKeys));
        actions.extend(text.heal.then_some(Action::Heal));
        actions.extend(text.skew.clone().map(Action::Skew));
        if let Some(faults) = text.fault.clone() {
            let Faults { jwks, discovery, all } = faults;
            let all_faults = [&jwks, &discovery, &all];
            if instance.is_some() && all_faults.into_iter().flatten().any(|fault| fault.layer() != Layer::Answer) {
                return Err(
                    "wanted a fault of the answer beside `instance`: before the request is read, nobody knows \
                            whose it is"
                        .into(),
                );
            }
            for (fault, jwks, discovery) in [(jwks, true, false), (discovery, false, true), (all, true, true)] {
                actions.extend(fault.map(|fault| Action::Fault(FaultAt { jwks, discovery, rule: rule(fault) })));
            }
        } else if text.length.is_some() && text.name.is_none() {
            return Err("wanted a `fault` or a name (`as`) beside `for`".into());
        }
        actions.extend(text.restart.then_some(Action::Restart));
        actions.extend(text.burst.clone().map(Action::Burst));
        actions.extend(text.cue.clone().map(Action::Cue));
        actions.extend(text.end.then_some(Action::End));
        if actions.is_empty() && text.name.is_none() {
            return Err("wanted something that happens in a step, such as publish, fault, heal or end".into());
        }
        Ok(Step {
            at: text.at.clone(),
            actions,
            length: text.length.clone(),
            name: text.name.clone(),
            text: Box::new(text),
        })
    }
}

impl From<Step> for StepText {
    fn from(step: Step) -> StepText {
        *step.text
    }
}

impl JsonSchema for Step {
    fn schema_name() -> Cow<'static, str> {
        "Step".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        StepText::json_schema(generator)
    }
}

impl Action {
    /// What it is called in timelines: `publish k2`, `fault jwks refuse`.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Action::Publish(key) => format!("publish {key}"),
            Action::Unpublish(key) => format!("unpublish {key}"),
            Action::Sign(key) => format!("sign {key}"),
            Action::Revoke(key) => format!("revoke {key}"),
            Action::Replace(key) => format!("replace {key}"),
            Action::Snapshot(name) => format!("snapshot {name}"),
            Action::Fault(FaultAt { jwks, discovery, rule }) => {
                let place = match (jwks, discovery) {
                    (true, true) => "all",
                    (false, true) => "discovery",
                    _ => "jwks",
                };
                format!("fault {place} {}", rule.fault.label())
            }
            Action::MoveKeys => "move the key set to another address".into(),
            Action::Heal => "heal".into(),
            Action::Skew(by) => format!("skew {by}"),
            Action::Restart => "restart".into(),
            Action::Sync(Fetched::Jwks) => "wait for a fetch of the key set".into(),
            Action::Sync(Fetched::Discovery) => "wait for a fetch of the discovery document".into(),
            Action::Burst(burst) => format!("send {} {} at once", burst.count, burst.class),
            Action::Cue(text) => format!("cue: {text}"),
            Action::End => "end".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Line {
        step: Step,
    }

    fn read(text: &str) -> Result<Step, String> {
        toml::from_str::<Line>(text).map(|line| line.step).map_err(|error| error.to_string())
    }

    #[test]
    fn a_line_is_a_step() {
        assert_eq!(read(r#"step = { at = "1T", as = "flood" }"#).unwrap().label(), "flood begins");
        assert_eq!(read(r#"step = { at = "0", publish = "k1", sign = "k1" }"#).unwrap().label(), "publish k1, sign k1");
        let labels = |text: &str| -> Vec<String> { read(text).unwrap().actions.iter().map(Action::label).collect() };
        assert_eq!(labels(r#"step = { at = "0", publish = "k1", sign = "k1" }"#), ["publish k1", "sign k1"]);
        assert_eq!(
            labels(r#"step = { at = "1T", fault.jwks = "refuse", for = "2.5T", as = "outage" }"#),
            ["fault jwks refuse"]
        );
        assert_eq!(labels(r#"step = { at = "1T", revoke = "k1", publish = "k2", sign = "k2" }"#).len(), 3);
        assert_eq!(labels(r#"step = { at = "5T", end = true }"#), ["end"]);
    }

    #[test]
    fn what_is_no_step_is_refused() {
        for (text, part) in [
            (r#"step = { at = "1T" }"#, "something that happens"),
            (r#"step = { at = "1T", heal = true, for = "1T" }"#, "beside `for`"),
            (r#"step = { at = "x", end = true }"#, "wanted a time"),
            (r#"step = { at = "0", fault.jwks = "refuse", percent = 130.0 }"#, "`percent`"),
            (r#"step = { at = "0", fault.jwks = "refus" }"#, "unknown variant"),
            (r#"step = { at = "0", fault.jwks = "refuse", nth = 0 }"#, "at least 1"),
            (r#"step = { at = "0", fault.jwks = "refuse", instance = 2 }"#, "a fault of the answer"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
