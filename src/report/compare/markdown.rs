//! A comparison as Markdown, short enough for a reviewer.

use super::{Change, Comparison, Side, Verdict};
use crate::report::{
    markdown::escaped,
    words::{outcome_symbol, outcome_word},
};
use std::{collections::BTreeMap, fmt::Write};

/// The most rows of a list.
const ROWS: usize = 15;

/// A comment for a pull request. Never longer than a reviewer reads, whatever changed.
#[must_use]
pub fn comparison_markdown(comparison: &Comparison) -> String {
    let sign = match comparison.verdict() {
        Verdict::Worse => "✗",
        Verdict::Weaker => "!",
        Verdict::Incomplete | Verdict::Undecided => "?",
        Verdict::Same => "✓",
    };
    let mut text = format!("## {sign} {}\n\n{}\n\n", escaped(&comparison.new.target), escaped(&comparison.headline()));
    for warning in warnings(comparison) {
        let _ = writeln!(text, "> ⚠ {}\n", escaped(&warning));
    }
    section(&mut text, "Newly broken", &comparison.broken);
    section(&mut text, "No longer decided", &comparison.lost);
    section(&mut text, "Broken in new cases", &comparison.broken_in_new_cases);
    section(&mut text, "Fixed", &comparison.fixed);
    section(&mut text, "Newly broken and on the list of known failures", &comparison.known);
    if !comparison.moved.is_empty() {
        let _ = writeln!(
            text,
            "### Measured values that moved ({})\n\n| | value | of | before | now |\n|---|---|---|---|---|",
            comparison.moved.len()
        );
        for moved in comparison.moved.iter().take(ROWS) {
            let sign = if moved.worse { "! worse" } else { "better" };
            let [name, of, before, now] = [&moved.name, &moved.of, &moved.before, &moved.now].map(|text| escaped(text));
            let _ = writeln!(text, "| {sign} | {name} | <code>{of}</code> | {before} | {now} |");
        }
        more(&mut text, comparison.moved.len());
    }
    if comparison.new_cases + comparison.removed_cases.len() > 0 {
        let names: Vec<String> =
            comparison.removed_cases.iter().take(ROWS).map(|case| format!("<code>{}</code>", escaped(case))).collect();
        let _ = write!(text, "{}", comparison.apart());
        let _ = writeln!(text, "{}{}.\n", if names.is_empty() { "" } else { ": " }, names.join(", "));
    }
    let side = |side: &Side| {
        format!(
            "{} ({}, gauntlet {}, suite <code>{}</code>)",
            escaped(&side.target),
            escaped(&side.run),
            escaped(&side.tool),
            escaped(&short(&side.suite))
        )
    };
    let _ = writeln!(text, "<sub>old: {}; new: {}</sub>", side(&comparison.old), side(&comparison.new));
    text
}

/// What makes a comparison doubtful.
pub(super) fn warnings(comparison: &Comparison) -> Vec<String> {
    let mut warnings = Vec::new();
    for (name, side) in [("old", &comparison.old), ("new", &comparison.new)] {
        if !side.complete {
            warnings.push(format!("The {name} run did not finish: what is missing in it says nothing."));
        } else if side.executed == 0 {
            warnings.push(format!("The {name} run tested nothing."));
        }
    }
    if comparison.old.suite != comparison.new.suite {
        warnings.push("The runs asked different questions: their suites have different digests.".into());
    }
    warnings
}

pub(super) fn short(suite: &str) -> String {
    suite.chars().take("sha256:".len() + 12).collect()
}

/// Changes with the variants of a case in one row: id, how many, first change.
pub(super) fn rows(changes: &[Change]) -> Vec<(String, usize, &Change)> {
    let mut gathered: BTreeMap<(String, crate::model::Outcome), (usize, usize, &Change)> = BTreeMap::new();
    for (place, change) in changes.iter().enumerate() {
        let (case, check) = change.finding.split_once('#').unwrap_or((&change.finding, ""));
        let case = if case.starts_with("chaos/") { case } else { case.split(':').next().unwrap_or(case) };
        let id = if matches!(check, "verdict" | "") { case.to_owned() } else { format!("{case}#{check}") };
        gathered.entry((id, change.now)).or_insert((place, 0, change)).1 += 1;
    }
    let mut rows: Vec<_> =
        gathered.into_iter().map(|((id, _), (place, count, change))| (place, (id, count, change))).collect();
    rows.sort_by_key(|(place, _)| *place);
    rows.into_iter().map(|(_, row)| row).collect()
}

fn section(text: &mut String, heading: &str, changes: &[Change]) {
    if changes.is_empty() {
        return;
    }
    let rows = rows(changes);
    let _ = writeln!(
        text,
        "### {heading} ({})\n\n| before | now | severity | case | requirement |\n|---|---|---|---|---|",
        rows.len()
    );
    for (id, count, change) in rows.iter().take(ROWS) {
        let before = change.before.map_or("not asked", outcome_word);
        let now = format!("{} {}", outcome_symbol(change.now), outcome_word(change.now));
        let times = if *count > 1 { format!(" ({count}×)") } else { String::new() };
        let _ = writeln!(
            text,
            "| {before} | {now} | {} | <code>{}</code>{times} | {} |",
            change.severity,
            escaped(id),
            escaped(&change.title)
        );
    }
    more(text, rows.len());
}

fn more(text: &mut String, all: usize) {
    if all > ROWS {
        let _ = writeln!(text, "\n… and {} more; `--format json` has them all.", all - ROWS);
    }
    text.push('\n');
}
