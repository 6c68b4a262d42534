//! What is handed over after a drill, in Markdown: what happened, who did what, what it cost, what to mend.

use crate::{
    model::{
        Outcome, RunReport,
        chaos::{AssertionResult, ScenarioResult, StreamResult},
    },
    report::{chaos::card, outcome_word, text::visible},
};
use std::fmt::Write;

/// What good tokens are promised, in percent: must and should of the usual objectives.
const OBJECTIVES: [f64; 2] = [99.9, 99.99];

/// The hand-over of a run of scenarios.
#[must_use]
pub fn handover(report: &RunReport) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "# Drill of {}\n", visible(&report.target.name));
    let _ = writeln!(text, "Run {}, from {} to {}.\n", report.run.id, report.run.started, report.run.finished);
    for sentence in card(&report.scenarios) {
        let _ = writeln!(text, "- {sentence}");
    }
    for scenario in &report.scenarios {
        text.push_str(&one(scenario));
    }
    text
}

fn one(scenario: &ScenarioResult) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "\n## {}\n\n`{}`: **{}**, {}.\n",
        cell(&scenario.title),
        scenario.id,
        outcome_word(scenario.outcome),
        seconds(scenario.length_ms)
    );
    for note in scenario.notes.iter().filter(|note| !note.is_empty()) {
        let _ = writeln!(text, "> {}\n", visible(note));
    }
    text.push_str(&timeline(scenario));
    text.push_str(&impact(scenario));
    text.push_str(&detection(scenario));
    text.push_str(&own_metrics(scenario));
    text.push_str(&to_mend(scenario));
    text
}

/// Steps, orders and alerts in order of time.
fn timeline(scenario: &ScenarioResult) -> String {
    let steps = scenario.timeline.iter().map(|step| {
        let until = step.until_ms.map_or(String::new(), |until| format!(", until {}", seconds(until)));
        (step.at_ms, format!("{}{until}", step.label), "the timeline".to_owned())
    });
    let orders = scenario.operations.iter().map(|order| (order.at_ms, order.order.clone(), order.by.clone()));
    let alerts = scenario.alerts.iter().map(|alert| {
        let what = if alert.firing { "fires" } else { "is resolved" };
        (alert.at_ms, format!("{} {what}", alert.name), "the alert manager".to_owned())
    });
    let mut all: Vec<_> = steps.chain(orders).chain(alerts).collect();
    all.sort_by_key(|(at, ..)| *at);
    let mut text = String::from("### What happened\n\n| at | what | who |\n|---:|---|---|\n");
    for (at, what, who) in all {
        let _ = writeln!(text, "| {} | {} | {} |", seconds(at), cell(&what), cell(&who));
    }
    text
}

/// Whether good tokens of this stream are promised to be taken: replays and tokens by a key that may be gone are not.
fn is_promised(stream: &&StreamResult) -> bool {
    stream.name.starts_with("valid[")
}

fn impact(scenario: &ScenarioResult) -> String {
    let mut text = String::from(
        "\n### What it cost\n\n| tokens | sent | taken | refused | unavailable |\n|---|---:|---:|---:|---:|\n",
    );
    for stream in &scenario.streams {
        let name = cell(&stream.name);
        let _ = writeln!(
            text,
            "| {name} | {} | {} | {} | {} |",
            stream.sent, stream.accepted, stream.rejected, stream.broken
        );
    }
    let (sent, taken) = scenario
        .streams
        .iter()
        .filter(is_promised)
        .fold((0u64, 0u64), |(sent, taken), stream| (sent + stream.sent, taken + stream.accepted));
    if sent == 0 {
        return text;
    }
    let lost = sent - taken.min(sent);
    let share = lost as f64 * 100.0 / sent as f64;
    let _ = writeln!(text, "\n{lost} of {sent} good tokens were not taken ({share:.3} %).");
    for objective in OBJECTIVES {
        let allowed = (100.0 - objective) / 100.0;
        let minutes = share / 100.0 * scenario.length_ms as f64 / 60_000.0;
        let month = allowed * 30.0 * 24.0 * 60.0;
        let _ = writeln!(
            text,
            "- An objective of {objective} % allows {month:.1} minutes in thirty days; this drill burned {minutes:.2} of \
             them ({:.1} %), and while it lasted {:.1} times what is allowed.",
            minutes * 100.0 / month,
            share / 100.0 / allowed
        );
    }
    text
}

fn detection(scenario: &ScenarioResult) -> String {
    let mut text = String::new();
    let first = scenario.alerts.iter().filter(|alert| alert.firing).find_map(|alert| Some((alert, alert.after_ms?)));
    if let Some((alert, after)) = first {
        let _ = writeln!(text, "\n**Time to detect: {}** ({}).", seconds(after), cell(&alert.name));
    } else if !scenario.alerts.is_empty() {
        text.push_str("\nAlerts came, and none after something had gone wrong.\n");
    }
    text
}

fn own_metrics(scenario: &ScenarioResult) -> String {
    if scenario.own_metrics.is_empty() {
        return String::new();
    }
    let mut text = String::from("\n### What the target's own metrics showed\n\n| series | moved during |\n|---|---|\n");
    for metric in &scenario.own_metrics {
        let moved = if metric.moved.is_empty() { "as in calm".to_owned() } else { metric.moved.join(", ") };
        let _ = writeln!(text, "| `{}` | {} |", visible(&metric.name).replace(['`', '|'], " "), cell(&moved));
    }
    text
}

fn to_mend(scenario: &ScenarioResult) -> String {
    let missed: Vec<&AssertionResult> =
        scenario.assertions.iter().filter(|claim| matches!(claim.outcome, Outcome::Fail | Outcome::Warn)).collect();
    if missed.is_empty() {
        return String::new();
    }
    let mut text = String::from("\n### What to mend\n\n");
    for claim in missed {
        let _ = writeln!(text, "- {} ({}): {}", cell(&claim.name), claim.level, cell(&claim.because));
    }
    if !scenario.fix.is_empty() {
        let _ = writeln!(text, "\n{}", cell(&scenario.fix));
    }
    text
}

fn seconds(ms: u64) -> String {
    format!("{:.1} s", ms as f64 / 1000.0)
}

/// Text that cannot leave its cell, nor be taken for markup.
fn cell(text: &str) -> String {
    let mut safe = String::new();
    for character in visible(text).chars() {
        if "|<>*_`[]\\".contains(character) {
            safe.push('\\');
        }
        safe.push(character);
    }
    safe
}
