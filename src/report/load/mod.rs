//! Load as people read it: the lines of a terminal, and what they and the page have in common.

mod console;
pub(super) mod users;

pub use console::load_block;
pub(super) use console::load_lines;

use crate::model::load::{LoadWindow, Maximum, Paired};

/// A number with as many digits as matter.
pub(super) fn number(value: f64) -> String {
    match value {
        _ if value >= 1000.0 => super::words::grouped(value.round() as usize),
        _ if value >= 100.0 => format!("{value:.0}"),
        _ if value >= 10.0 => format!("{value:.1}"),
        _ if value == 0.0 => "0".into(),
        _ => format!("{value:.2}"),
    }
}

/// Milliseconds as people read them.
pub(super) fn ms(value: f64) -> String {
    format!("{} ms", number(value))
}

/// What to know about ourselves before believing a window.
pub(super) fn health(window: &LoadWindow) -> String {
    let generator = &window.generator;
    let late = if window.generator.lateness_us == Default::default() {
        "closed loop".to_owned()
    } else {
        format!("starts p99 {} late", ms(generator.lateness_us.p99 as f64 / 1e3))
    };
    let saturated = if generator.saturated { ", SATURATED: no gate about speed passes" } else { "" };
    let incomplete = if window.incomplete {
        let seconds = number(window.length_ms as f64 / 1e3);
        format!(", INCOMPLETE: stopped after {seconds} s with {} tokens under way, no gate passes", window.cut_off)
    } else {
        String::new()
    };
    format!(
        "{} of its processor, {late}, {} late by us, {} held up, {} never sent{saturated}{incomplete}",
        format_args!("{:.0}%", generator.cpu_percent),
        generator.late,
        generator.held_up,
        generator.unsent
    )
}

/// The sentence about the highest rate.
pub(super) fn maximum(found: &Maximum) -> String {
    let rate = super::words::grouped(found.rate.round() as usize);
    match (found.rate > 0.0, found.is_target_s) {
        (false, _) => format!("no rate was found at which {} holds: {}", found.thresholds, found.because),
        (true, true) => format!("holds {rate} tokens/s ({}): {}", found.thresholds, found.because),
        (true, false) => {
            format!("holds at least {rate} tokens/s; the target's own limit is not known: {}", found.because)
        }
    }
}

/// The sentence about a comparison.
pub(super) fn comparison(paired: &Paired) -> String {
    let (low, high) = paired.between_percent;
    format!(
        "{}: {} against {}, {} per token {:+.1}% ({:+.1}% to {:+.1}% with 95 % confidence, {} pairs)",
        paired.conclusion,
        paired.second,
        paired.first,
        if paired.measure == "throughput" { "time" } else { paired.measure.as_str() },
        paired.slower_percent,
        low,
        high,
        paired.pairs
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_as_many_digits_as_matter() {
        let texts = [12_345.4, 123.4, 12.34, 1.234, 0.0].map(number);
        assert_eq!(texts, ["12\u{202f}345", "123", "12.3", "1.23", "0"]);
    }
}
