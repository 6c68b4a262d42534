//! The ways in which an endpoint of the issuer can misbehave.

use super::{
    answer_fault::{BodyFault, ErrorKind, HeaderFault, Pick, Redirect, StatusFault},
    expression::Expression,
    key_fault::KeyFault,
    mix::Rate,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One way to misbehave. Faults that are on at the same time act in the order in which they began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum Fault {
    /// Nobody listens: connections are refused, and open ones are reset.
    Refuse,
    /// Packets vanish: the queue of the listener is full, so that no further connection comes about.
    Blackhole,
    /// Connections are reset as soon as they are open.
    Reset,
    /// The connection is reset after so many bytes of the answer.
    ResetAfter(u64),
    /// The request is read, and the connection is closed without an answer.
    HalfClose,
    /// A connection that is used a second time is reset instead of being answered.
    IdleKill,
    /// At most so many connections at a time; further ones are reset.
    Connections(u32),
    /// The TLS handshake goes wrong; only where the issuer serves HTTPS. Whoever accepts such a peer is given the
    /// attacker's keys.
    Tls(TlsFault),
    /// The answer begins so much later.
    Latency(Expression),
    /// The answer begins later, by a time between these two.
    LatencyBetween {
        /// The least.
        from: Expression,
        /// The most.
        to: Expression,
    },
    /// The answer begins later, by a time that goes from one value to another.
    LatencyRamp {
        /// The delay at the beginning.
        from: Expression,
        /// The delay at the end, and from then on.
        to: Expression,
        /// How long that takes.
        over: Expression,
    },
    /// The request is read and never answered; the connection is reset when the fault ends.
    Hang,
    /// Status and header fields come, the body does not.
    HangAfterHeaders,
    /// The body comes at so many bytes a second, each for itself.
    Drip(u32),
    /// One header line comes in a second, without end.
    DripHeaders,
    /// The body comes at so many bytes a second, in pieces.
    Bandwidth(u64),
    /// Another status.
    Status(StatusFault),
    /// 304 to every request, whether or not it was conditional (RFC 9110 section 15.4.5 has it only for those that are).
    NotModifiedAlways,
    /// The answer is elsewhere.
    Redirect(Redirect),
    /// A header field is unusual.
    Header(HeaderFault),
    /// The body is unusual.
    Body(BodyFault),
    /// The key set is unusual.
    Keys(KeyFault),
    /// The key with this `kid` is left out.
    HideKey(String),
    /// A key that appears while this lasts is left out until it has been there so long.
    DelayKeys(Expression),
    /// Two replicas answer; the second one learns of a change so much later.
    Replicas {
        /// How much later.
        lag: Expression,
        /// Which one answers.
        #[serde(default)]
        pick: Pick,
    },
    /// An earlier state that a step kept under this name.
    Snapshot(String),
    /// What was served when the fault began.
    Freeze,
    /// What the old address does since the key set was moved to another one; requests at the new one do not meet it.
    OldAddress(OldAddress),
    /// What was served so long ago.
    Stale(Expression),
    /// At most so many requests; the others get 429.
    Limit(Rate),
    /// At most so many requests at the same time; the others get 429.
    Slots(u32),
    /// A share of the requests, in percent, goes wrong in one of these ways.
    Error {
        /// The share.
        percent: f64,
        /// How.
        kinds: Vec<ErrorKind>,
    },
    /// It is refused and works again, by turns.
    Flap {
        /// How long it works.
        up: Expression,
        /// How long it is refused.
        down: Expression,
    },
}

/// What an address does where the key set was once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum OldAddress {
    /// It serves what was there when the fault began.
    Frozen,
    /// It answers 410.
    Gone,
}

/// How the TLS handshake goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum TlsFault {
    /// The certificate has expired.
    Expired,
    /// The certificate is for another host.
    WrongHost,
    /// The certificate is by an authority that nobody knows.
    UnknownCa,
    /// The certificate of the authority in between is missing.
    IncompleteChain,
    /// The handshake ends with a fatal alert.
    Alert,
    /// Plain HTTP is spoken instead.
    Plaintext,
    /// The handshake never ends.
    Stall,
    /// Only TLS 1.0 is offered (RFC 8996 forbids it).
    OldVersion,
}

/// Where in the conversation a fault acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Layer {
    /// Before a byte is read.
    Connection,
    /// In the TLS handshake.
    Tls,
    /// In the answer.
    Answer,
}

impl Fault {
    /// Where it acts.
    #[must_use]
    pub fn layer(&self) -> Layer {
        match self {
            Fault::Refuse
            | Fault::Blackhole
            | Fault::Reset
            | Fault::IdleKill
            | Fault::Connections(_)
            | Fault::Flap { .. } => Layer::Connection,
            Fault::Tls(_) => Layer::Tls,
            _ => Layer::Answer,
        }
    }

    /// Whether it shows keys that are ours, which must not happen in front of a real identity provider.
    #[must_use]
    pub fn plants_keys(&self) -> bool {
        match self {
            Fault::Tls(_) => true,
            Fault::Keys(keys) => keys.plants_keys(),
            _ => false,
        }
    }

    /// Whether a validator still learns the true key set, if it takes the answer as it should: nothing that it is owed
    /// changes.
    #[must_use]
    pub fn is_harmless(&self) -> bool {
        match self {
            Fault::Header(header) => header.is_harmless(),
            Fault::Body(BodyFault::Gzip) => true,
            Fault::Keys(keys) => keys.is_harmless(),
            _ => false,
        }
    }

    /// What it is called in timelines: `refuse`, `status 503`.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Fault::ResetAfter(bytes) => format!("reset after {bytes} bytes"),
            Fault::Connections(most) => format!("{most} connections"),
            Fault::Tls(fault) => format!("tls {}", word(fault)),
            Fault::Latency(time) => format!("latency {time}"),
            Fault::LatencyBetween { from, to } => format!("latency {from} to {to}"),
            Fault::LatencyRamp { from, to, over } => format!("latency from {from} to {to} within {over}"),
            Fault::Drip(rate) => format!("drip {rate} B/s"),
            Fault::Bandwidth(rate) => format!("bandwidth {rate} B/s"),
            Fault::Status(status) => format!("status {}", status.code),
            Fault::Redirect(redirect) => format!("redirect {}", word(redirect)),
            Fault::Header(header) => format!("header {}", word(header)),
            Fault::Body(body) => format!("body {}", word(body)),
            Fault::Keys(keys) => format!("keys {}", word(keys)),
            Fault::HideKey(kid) => format!("hide key {kid}"),
            Fault::DelayKeys(time) => format!("delay keys by {time}"),
            Fault::Replicas { lag, pick } => format!("replicas, {lag} apart, {}", word(pick)),
            Fault::Snapshot(name) => format!("snapshot {name}"),
            Fault::OldAddress(state) => format!("old address {}", word(state)),
            Fault::Stale(age) => format!("stale by {age}"),
            Fault::Limit(rate) => format!("limit {rate}"),
            Fault::Slots(most) => format!("{most} at a time"),
            Fault::Error { percent, .. } => format!("error {percent}%"),
            Fault::Flap { up, down } => format!("flap, {up} up, {down} down"),
            plain => word(plain),
        }
    }
}

/// A unit variant's name, or the name and the value of any other, as files write them.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        Ok(serde_json::Value::Object(members)) => members
            .iter()
            .map(|(name, value)| match value {
                serde_json::Value::String(text) => format!("{name} {text}"),
                other => format!("{name} {other}"),
            })
            .collect(),
        _ => String::new(),
    }
}

/// Which endpoints misbehave.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Faults {
    /// The key set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Fault>,
    /// The discovery document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discovery: Option<Fault>,
    /// Both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all: Option<Fault>,
}

/// A fault, and which requests it meets.
#[derive(Debug, Clone, PartialEq)]
pub struct FaultRule {
    /// How it misbehaves.
    pub fault: Fault,
    /// The share of requests that it meets, in percent; all where absent.
    pub percent: Option<f64>,
    /// Only so many requests, the first ones.
    pub first: Option<u64>,
    /// Only every so manieth request.
    pub nth: Option<u64>,
    /// Only requests of this instance of the target, counted from 1, where several are played on.
    pub instance: Option<u32>,
}

impl FaultRule {
    /// One that meets every request.
    #[must_use]
    pub fn always(fault: Fault) -> FaultRule {
        FaultRule { fault, percent: None, first: None, nth: None, instance: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Fault {
        #[derive(Deserialize)]
        struct Line {
            fault: Faults,
        }
        let line: Line = toml::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        line.fault.jwks.unwrap()
    }

    #[test]
    fn faults_are_written_in_a_line() {
        for (text, label) in [
            ("fault.jwks = 'refuse'", "refuse"),
            ("fault.jwks = { status = { code = 503, retry-after = '7s' } }", "status 503"),
            ("fault.jwks = { latency = '2s' }", "latency 2s"),
            (
                "fault.jwks = { latency-ramp = { from = '0', to = '10s', over = '3T' } }",
                "latency from 0 to 10s within 3T",
            ),
            ("fault.jwks = { body = 'html' }", "body html"),
            ("fault.jwks = { body = { truncate = 50 } }", "body truncate 50"),
            ("fault.jwks = { keys = { bad-key = 'curve' } }", "keys bad-key curve"),
            ("fault.jwks = { header = { cache-control = 'max-age=604800' } }", "header cache-control max-age=604800"),
            ("fault.jwks = { redirect = { hops = 12 } }", "redirect hops 12"),
            ("fault.jwks = { limit = '2/s' }", "limit 2/s"),
            ("fault.jwks = { error = { percent = 30.0, kinds = [{ status = 500 }, 'reset'] } }", "error 30%"),
            ("fault.jwks = { tls = 'wrong-host' }", "tls wrong-host"),
            ("fault.jwks = { old-address = 'gone' }", "old address gone"),
        ] {
            assert_eq!(read(text).label(), label, "{text}");
        }
    }
}
