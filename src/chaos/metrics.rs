//! The figures of the scenarios of a run in the text format that Prometheus and OpenMetrics readers take.

use super::live::{BUCKETS, Live, RECENT};
use crate::{
    issuer::Ended,
    model::chaos::{Subject, TokenClass},
};
use std::{collections::BTreeMap, fmt::Write, sync::PoisonError};

/// What is said of each family: name, kind, help.
const FAMILIES: [(&str, &str, &str); 8] = [
    ("gauntlet_tokens_total", "counter", "Tokens sent, by stream and by what became of them."),
    ("gauntlet_success_ratio", "gauge", "Share of good tokens that were taken in the last ten seconds, 0 to 1."),
    ("gauntlet_unauthorized_ratio", "gauge", "Share of good tokens answered with 401 in the last ten seconds, 0 to 1."),
    ("gauntlet_response_seconds", "histogram", "From the planned start of a token to its answer."),
    ("gauntlet_jwks_fetches_total", "counter", "Requests for the key set, by how they ended."),
    (
        "gauntlet_jwks_fetch_errors_total",
        "counter",
        "Requests for the key set that did not get the true one, by fault.",
    ),
    (
        "gauntlet_revocation_propagation_seconds",
        "gauge",
        "How long after its removal a key was last trusted, until now.",
    ),
    ("gauntlet_faults_active", "gauge", "Faults that are on."),
];

/// The text of all scenarios.
pub(super) fn text(lives: &[std::sync::Arc<Live>]) -> String {
    let mut families: BTreeMap<&str, String> = BTreeMap::new();
    for live in lives {
        of_one(live, &mut families);
    }
    let mut all = String::new();
    for (name, kind, help) in FAMILIES {
        if let Some(lines) = families.get(name) {
            // Writing to a String cannot fail.
            let _ = write!(all, "# HELP {name} {help}\n# TYPE {name} {kind}\n{lines}");
        }
    }
    all
}

fn of_one(live: &Live, families: &mut BTreeMap<&'static str, String>) {
    let scenario = escaped(&live.id);
    let mut say = |family: &'static str, name: &str, labels: &str, value: f64| {
        let comma = if labels.is_empty() { "" } else { "," };
        let lines = families.entry(family).or_default();
        let _ = writeln!(lines, "{name}{{scenario=\"{scenario}\"{comma}{labels}}} {value}");
    };
    for (name, tally) in live.tallies() {
        let stream = escaped(&name.text());
        for (outcome, count) in [
            ("accepted", tally.accepted),
            ("rejected", tally.rejected),
            ("unavailable", tally.unavailable),
            ("unsent", tally.unsent),
        ] {
            let labels = format!("stream=\"{stream}\",outcome=\"{outcome}\"");
            say("gauntlet_tokens_total", "gauntlet_tokens_total", &labels, count as f64);
        }
        let family = "gauntlet_response_seconds";
        for (count, bound) in tally.within.iter().zip(BUCKETS) {
            let labels = format!("stream=\"{stream}\",le=\"{bound}\"");
            say(family, "gauntlet_response_seconds_bucket", &labels, *count as f64);
        }
        let labels = format!("stream=\"{stream}\"");
        say(family, "gauntlet_response_seconds_bucket", &format!("{labels},le=\"+Inf\""), tally.answered as f64);
        say(family, "gauntlet_response_seconds_sum", &labels, tally.seconds);
        say(family, "gauntlet_response_seconds_count", &labels, tally.answered as f64);
    }
    if !live.is_over()
        && let Some((taken, unauthorized)) = live.shares(&Subject::Tokens(TokenClass::Valid, None), RECENT)
    {
        say("gauntlet_success_ratio", "gauntlet_success_ratio", "", taken / 100.0);
        say("gauntlet_unauthorized_ratio", "gauntlet_unauthorized_ratio", "", unauthorized / 100.0);
    }
    let (mut ends, mut errors) = (BTreeMap::new(), BTreeMap::new());
    for entry in live.fetches.all() {
        let outcome = match (entry.ended, entry.honest) {
            (Ended::Open, _) => "open",
            (Ended::Answered, true) => "answered",
            (Ended::Answered, false) => "misled",
            (Ended::Broken, _) => "broken",
            (Ended::Abandoned, _) => "abandoned",
        };
        *ends.entry(outcome).or_insert(0u64) += 1;
        if !entry.honest {
            *errors.entry(entry.faults.join(", ")).or_insert(0u64) += 1;
        }
    }
    for (outcome, count) in ends {
        let labels = format!("outcome=\"{outcome}\"");
        say("gauntlet_jwks_fetches_total", "gauntlet_jwks_fetches_total", &labels, count as f64);
    }
    for (fault, count) in errors {
        let labels = format!("fault=\"{}\"", escaped(&fault));
        say("gauntlet_jwks_fetch_errors_total", "gauntlet_jwks_fetch_errors_total", &labels, count as f64);
    }
    for (key, seconds) in propagation(live) {
        let labels = format!("key=\"{}\"", escaped(&key));
        let name = "gauntlet_revocation_propagation_seconds";
        say(name, name, &labels, seconds);
    }
    let (jwks, discovery) = live.faults();
    say("gauntlet_faults_active", "gauntlet_faults_active", "", (jwks.len() + discovery.len()) as f64);
}

/// Keys that are gone, with the time from their removal to their last acceptance.
fn propagation(live: &Live) -> Vec<(String, f64)> {
    let tallies = live.tallies();
    let desk = live.desk.lock().unwrap_or_else(PoisonError::into_inner);
    let gone = desk.lives.iter().filter_map(|(key, spans)| Some((key.clone(), spans.last()?.to?)));
    gone.map(|(key, at)| {
        let by = tallies.iter().filter(|(name, _)| !name.class.is_forged() && name.key.as_ref() == Some(&key));
        let last = by.filter_map(|(_, tally)| tally.last_accepted).max();
        (key, last.map_or(0.0, |last| last.saturating_sub(at).as_secs_f64()))
    })
    .collect()
}

/// A label value as the format wants it.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
