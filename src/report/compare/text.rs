//! A comparison as lines of a terminal.

use super::{
    Change, Comparison, Verdict,
    markdown::{rows, short, warnings},
};
use crate::{
    model::Outcome,
    report::{
        Paint, Role,
        text::visible,
        words::{outcome_symbol, outcome_word},
    },
};
use std::fmt::Write;

/// The most lines of a list.
const LINES: usize = 40;

/// What changed, the worst first. Ends with a line end.
#[must_use]
pub fn comparison_text(comparison: &Comparison, paint: Paint<'_>) -> String {
    let mut text = String::new();
    for (name, side) in [("old", &comparison.old), ("new", &comparison.new)] {
        let suite = visible(&short(&side.suite));
        let label = paint(Role::Label, name);
        let _ = writeln!(
            text,
            "{label}  {}  run {}, suite {suite}",
            paint(Role::Name, &visible(&side.target)),
            visible(&side.run)
        );
    }
    for warning in warnings(comparison) {
        let _ = writeln!(text, "{}", paint(Role::Alarm, &format!("!! {warning}")));
    }
    section(&mut text, paint, "newly broken", &comparison.broken);
    section(&mut text, paint, "no longer decided", &comparison.lost);
    section(&mut text, paint, "broken in new cases (not counted)", &comparison.broken_in_new_cases);
    section(&mut text, paint, "fixed", &comparison.fixed);
    section(&mut text, paint, "newly broken and known", &comparison.known);
    if !comparison.moved.is_empty() {
        let _ = writeln!(text, "\n{}", paint(Role::Label, "measured values that moved"));
        for moved in comparison.moved.iter().take(LINES) {
            let word = if moved.worse { paint(Role::Outcome(Outcome::Warn), "! worse ") } else { "  better".into() };
            let [name, of, before, now] = [&moved.name, &moved.of, &moved.before, &moved.now].map(|text| visible(text));
            let _ = writeln!(text, "  {word} {name}: {before} before, {now} now  {}", paint(Role::Name, &of));
        }
    }
    if comparison.new_cases + comparison.removed_cases.len() > 0 {
        let _ = writeln!(text, "\n{}", comparison.apart());
    }
    let outcome = match comparison.verdict() {
        Verdict::Worse => Outcome::Fail,
        Verdict::Weaker => Outcome::Warn,
        Verdict::Incomplete | Verdict::Undecided => Outcome::Inconclusive,
        Verdict::Same => Outcome::Pass,
    };
    let headline = format!("{} {}", outcome_symbol(outcome), comparison.headline());
    let _ = writeln!(text, "\n{}", paint(Role::Outcome(outcome), &headline));
    text
}

fn section(text: &mut String, paint: Paint<'_>, heading: &str, changes: &[Change]) {
    if changes.is_empty() {
        return;
    }
    let rows = rows(changes);
    let _ = writeln!(text, "\n{}", paint(Role::Label, heading));
    for (id, count, change) in rows.iter().take(LINES) {
        let before = change.before.map_or("not asked", outcome_word);
        let now = format!("{} {}", outcome_symbol(change.now), outcome_word(change.now));
        let times = if *count > 1 { format!(" ({count}×)") } else { String::new() };
        let now = paint(Role::Outcome(change.now), &format!("{now:<11}"));
        let _ = writeln!(
            text,
            "  {before:<9} → {now} {:<8} {}{times}  {}",
            change.severity.to_string(),
            paint(Role::Name, &visible(id)),
            visible(&change.title)
        );
    }
    if rows.len() > LINES {
        let _ = writeln!(text, "  … and {} more", rows.len() - LINES);
    }
}
