//! Load plans as lines of a terminal.

use super::{comparison, health, maximum, ms, number, users};
use crate::{
    model::{
        Outcome, RunReport,
        load::{GateResult, LoadResult, LoadWindow, Users},
    },
    report::{Paint, Role, outcome_symbol, outcome_word, text::visible},
};
use std::fmt::Write;

/// Windows that are shown in full.
const SHOWN: usize = 24;

/// One plan: what was measured, and which gates did not hold. Ends with a line end.
#[must_use]
pub fn load_block(result: &LoadResult, paint: Paint<'_>) -> String {
    let mut text = head(result, paint);
    text.push('\n');
    for window in result.windows.iter().take(SHOWN) {
        window_lines(&mut text, window, paint);
    }
    if result.windows.len() > SHOWN {
        let _ = writeln!(text, "    … and {} more windows", result.windows.len() - SHOWN);
    }
    if let Some(found) = &result.maximum {
        let _ = writeln!(text, "    {}", paint(Role::Headline, &maximum(found)));
    }
    if let Some(paired) = &result.paired {
        let _ = writeln!(text, "    {}", paint(Role::Headline, &visible(&comparison(paired))));
    }
    if let Some(own) = &result.users {
        user_lines(&mut text, own, paint);
    }
    for note in &result.notes {
        let _ = writeln!(text, "    {}", visible(note));
    }
    for gate in result.gates.iter().filter(|gate| gate.outcome >= Outcome::Warn) {
        gate_lines(&mut text, gate, paint);
    }
    text
}

fn window_lines(text: &mut String, window: &LoadWindow, paint: Paint<'_>) {
    let times = &window.token_validation_ms;
    let name = if window.name.is_empty() { window.alg.clone() } else { window.name.clone() };
    let _ = writeln!(
        text,
        "    {}  {} tokens/s  p50 {}  p95 {}  p99 {}  max {}  {} bytes",
        paint(Role::Name, &visible(&name)),
        number(window.throughput_rps),
        ms(times.p50),
        ms(times.p95),
        ms(times.p99),
        ms(times.max),
        window.payload_size_bytes,
    );
    let wrong = window.wrong_accepts + window.wrong_refusals;
    let verdicts = format!(
        "{} sent = {} answered + {} failed; {} wrongly accepted, {} wrongly refused",
        window.sent, window.answered, window.failed, window.wrong_accepts, window.wrong_refusals
    );
    let role = if wrong > 0 { Role::Alarm } else { Role::Label };
    let _ = writeln!(text, "      {}", paint(role, &verdicts));
    if let Some(ratio) = window.cache_hit_ratio {
        let _ = writeln!(text, "      repeated tokens answered from a cache: about {:.0}%", ratio * 100.0);
    }
    let _ = writeln!(text, "      generator: {}", health(window));
    if let Some(used) = &window.target {
        let (first, last) = (used.memory_first >> 20, used.memory_last >> 20);
        let _ = writeln!(
            text,
            "      target: {} processor seconds a million tokens, memory {first} MiB to {last} MiB",
            number(used.cpu_s_per_million)
        );
    }
    for line in window.wrong.iter().take(3) {
        let _ = writeln!(text, "      {}", visible(line));
    }
}

fn user_lines(text: &mut String, own: &Users, paint: Paint<'_>) {
    let _ = writeln!(text, "    {}", paint(Role::Name, &users::headline(own)));
    for [name, count, failed, mean, p50, p95, p99] in users::rows(own) {
        let _ = writeln!(
            text,
            "      {name:<20} {count:>9}  {failed} failed  mean {mean}  p50 {p50}  p95 {p95}  p99 {p99}"
        );
    }
    let _ = writeln!(text, "      {}", paint(Role::Label, users::LABEL));
}

fn gate_lines(text: &mut String, gate: &GateResult, paint: Paint<'_>) {
    let sign = format!("{} {}", outcome_symbol(gate.outcome), gate.level);
    let _ = writeln!(text, "    {} {}", paint(Role::Outcome(gate.outcome), &sign), visible(&gate.name));
    let _ = writeln!(text, "      {} (n = {})", visible(&gate.because), gate.n);
}

fn head(result: &LoadResult, paint: Paint<'_>) -> String {
    let word = format!("{} {:<12}", outcome_symbol(result.outcome), outcome_word(result.outcome));
    let decided: Vec<_> =
        result.gates.iter().filter(|gate| !matches!(gate.outcome, Outcome::Skip | Outcome::Inconclusive)).collect();
    let passed = decided.iter().filter(|gate| gate.outcome == Outcome::Pass).count();
    format!(
        "{} {} {}  {}",
        paint(Role::Outcome(result.outcome), &word),
        paint(Role::Name, &format!("{:<18}", visible(&result.id))),
        paint(Role::Label, &format!("gates {passed}/{}", decided.len())),
        visible(&result.title)
    )
}

/// The plans of a run.
pub(in crate::report) fn load_lines(report: &RunReport, paint: Paint<'_>) -> String {
    let mut text = String::new();
    for result in &report.load {
        text.push_str(&head(result, paint));
        text.push('\n');
        if let Some(found) = &result.maximum {
            let _ = writeln!(text, "    {}", maximum(found));
        }
        if let Some(paired) = &result.paired {
            let _ = writeln!(text, "    {}", visible(&comparison(paired)));
        }
    }
    text
}
