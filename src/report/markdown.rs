//! The run as Markdown, for the summary of a job and for a comment on a pull request: short enough to be read.

use super::{
    Conclusion, RenderError, Standing,
    chaos::card,
    exit_sentence,
    group::number,
    issue::{Issue, issues},
    load::users,
    text::visible,
    words::{READING_ORDER, count, outcome_symbol, outcome_word},
};
use crate::model::{Outcome, RunReport, load::Users};
use std::{cmp::Reverse, collections::BTreeMap, fmt::Write};

/// The most rows of a table.
const ROWS: usize = 20;
/// The most characters of a cell.
const CELL: usize = 160;

/// GitHub-flavoured Markdown. Text of the target reaches it escaped, as in every format.
pub(super) fn write(report: &RunReport) -> Result<Vec<u8>, RenderError> {
    let conclusion = Conclusion::of(report);
    let sign = match conclusion.standing {
        Standing::Holds => outcome_symbol(Outcome::Pass),
        Standing::Broken => outcome_symbol(Outcome::Fail),
        Standing::Undecided | Standing::Empty => outcome_symbol(Outcome::Inconclusive),
    };
    let mut text = format!("## {sign} {}: {}\n\n", escaped(&report.target.name), conclusion.headline);
    for alarm in &conclusion.alarms {
        let _ = writeln!(text, "> ⚠ **{}**\n", escaped(alarm));
    }
    let _ = writeln!(
        text,
        "{}. Exit code {}: {}.\n",
        escaped(&conclusion.detail),
        report.exit_code,
        escaped(&exit_sentence(report))
    );
    counts(&mut text, report);
    let all = issues(report);
    let (known, new): (Vec<_>, Vec<_>) = all.iter().partition(|issue| issue.known.is_some());
    table(&mut text, "Findings", &new);
    baseline(&mut text, report, &known);
    let sentences = card(&report.scenarios);
    if !sentences.is_empty() {
        let _ = writeln!(text, "### When keys change\n");
        for sentence in sentences {
            let _ = writeln!(text, "- {}", escaped(&sentence));
        }
        text.push('\n');
    }
    for plan in &report.load {
        if let Some(own) = &plan.users {
            played(&mut text, &plan.id, own);
        }
    }
    let tool = &report.tool;
    let _ = writeln!(
        text,
        "<sub>{} {}, suite <code>{}</code>, seed {}, run <code>{}</code></sub>",
        escaped(&tool.name),
        escaped(&tool.version),
        escaped(&tool.suite.chars().take("sha256:".len() + 12).collect::<String>()),
        report.run.seed,
        escaped(&report.run.id)
    );
    Ok(text.into_bytes())
}

fn counts(text: &mut String, report: &RunReport) {
    let summary = &report.summary;
    for (what, counts) in [("cases", &summary.cases), ("scenarios", &summary.scenarios)] {
        if counts.is_empty() {
            continue;
        }
        let heads: Vec<String> = READING_ORDER
            .iter()
            .map(|outcome| format!("{} {}", outcome_symbol(*outcome), outcome_word(*outcome)))
            .collect();
        let cells: Vec<String> = READING_ORDER.iter().map(|outcome| number(counts, *outcome).to_string()).collect();
        let _ = writeln!(
            text,
            "| {what} | {} |\n|---|{}\n| {} | {} |\n",
            heads.join(" | "),
            "--:|".repeat(heads.len()),
            counts.total(),
            cells.join(" | ")
        );
    }
}

/// The findings, worst first, the variants of a case in one row.
fn table(text: &mut String, heading: &str, all: &[&Issue<'_>]) {
    if all.is_empty() {
        return;
    }
    let rows = rows(all);
    let _ = writeln!(
        text,
        "### {heading} ({})\n\n| | severity | case | requirement | seen |\n|---|---|---|---|---|",
        rows.len()
    );
    for (first, variants) in rows.iter().take(ROWS) {
        let times = if *variants > 1 { format!(" ({variants}×)") } else { String::new() };
        let mark = format!("{} {}", outcome_symbol(first.outcome), outcome_word(first.outcome));
        let case = format!("<code>{}</code>{times}", escaped(&first.rule));
        let _ = writeln!(
            text,
            "| {mark} | {} | {case} | {} | {} |",
            first.severity,
            cell(first.title),
            cell(first.observed)
        );
    }
    if rows.len() > ROWS {
        let _ = writeln!(text, "\n… and {} more; the whole is in `report.html`.", rows.len() - ROWS);
    }
    text.push('\n');
}

/// Cases and scenarios with how many of their findings came to the same, the worst first.
pub(super) fn rows<'a, 'b>(all: &[&'a Issue<'b>]) -> Vec<(&'a Issue<'b>, usize)> {
    let mut gathered: BTreeMap<(&str, Outcome), (&Issue<'_>, usize)> = BTreeMap::new();
    for issue in all {
        gathered.entry((&issue.rule, issue.outcome)).or_insert((issue, 0)).1 += 1;
    }
    let mut rows: Vec<_> = gathered.into_values().collect();
    let place = |outcome: Outcome| READING_ORDER.iter().position(|each| *each == outcome);
    rows.sort_by_key(|(issue, _)| (place(issue.outcome), Reverse(issue.severity)));
    rows
}

/// What is known, folded up, and what the list says in vain.
fn baseline(text: &mut String, report: &RunReport, known: &[&Issue<'_>]) {
    let Some(baseline) = &report.baseline else { return };
    let stale: Vec<_> = baseline.out_of_date().collect();
    if !stale.is_empty() {
        let _ = writeln!(text, "### Known failures that are out of date ({})\n", stale.len());
        for entry in stale.iter().take(ROWS) {
            let place = format!("{}:{}", baseline.file, entry.line);
            let _ = writeln!(
                text,
                "- <code>{}</code> {} ({})",
                escaped(&entry.glob),
                entry.status.means(),
                escaped(&place)
            );
        }
        let _ = writeln!(text, "\n<code>{}</code>\n", escaped(&baseline.mend()));
    }
    if !known.is_empty() {
        let rows = rows(known);
        let _ = writeln!(text, "<details><summary>{}</summary>\n", count(rows.len(), "known failure"));
        for (issue, _) in rows.iter().take(ROWS) {
            let why = issue.known.as_deref().unwrap_or_default();
            let _ = writeln!(text, "- <code>{}</code>: {}", escaped(&issue.rule), cell(why));
        }
        if rows.len() > ROWS {
            let _ = writeln!(text, "- … and {} more", rows.len() - ROWS);
        }
        text.push_str("\n</details>\n\n");
    }
}

/// What users did.
fn played(text: &mut String, plan: &str, own: &Users) {
    let _ = writeln!(text, "### Users: {}\n\n{}\n", escaped(plan), escaped(&users::headline(own)));
    let _ = writeln!(text, "| {} |\n|---{}|", users::HEADS.join(" | "), "|--:".repeat(users::HEADS.len() - 1));
    for row in users::rows(own).iter().take(ROWS) {
        let _ = writeln!(text, "| {} |", row.each_ref().map(|cell| escaped(cell)).join(" | "));
    }
    let _ = writeln!(text, "\n{}\n", escaped(users::LABEL));
}

fn cell(text: &str) -> String {
    let short: String = text.chars().take(CELL).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    format!("{}{more}", escaped(&short))
}

/// One line that is nothing but text to a reader of Markdown or HTML: no markup, no table, no mention, no reference.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::new();
    for character in visible(text).chars() {
        match character {
            '&' | '<' | '>' | '"' | '\'' | '|' | '`' | '*' | '_' | '~' | '[' | ']' | '(' | ')' | '!' | '#' | '@'
            | '\\' | '$' | '^' | '{' | '}' => {
                let _ = write!(safe, "&#{};", u32::from(character));
            }
            // A web address by itself becomes a link.
            ':' => safe.push_str("&#58;"),
            plain => safe.push(plain),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Format, fixture, render};

    fn of(report: &RunReport) -> String {
        String::from_utf8(render(report, Format::Markdown).unwrap()).unwrap()
    }

    #[test]
    fn what_a_reviewer_reads() {
        insta::assert_snapshot!(of(&fixture::report()));
    }

    #[test]
    fn it_stays_short_and_says_what_is_left_out() {
        let text = of(&fixture::large(20_000));
        assert!(text.len() < 30_000, "{}", text.len());
        assert!(text.contains("more; the whole is in `report.html`"));
    }

    #[test]
    fn what_users_did_is_a_table_that_says_closed_loop() {
        let mut report = fixture::report();
        let own: crate::model::load::LoadResult = serde_json::from_value(serde_json::json!({
            "id": "mine", "title": "", "why": "", "severity": "high", "source": { "file": "a", "line": 1 },
            "outcome": "pass", "drive": "1200 users (closed loop)", "windows": [], "gates": [],
            "users": users::fixture(),
        }))
        .unwrap();
        report.load.push(own);
        let text = of(&report);
        assert!(
            text.contains("### Users: mine") && text.contains("Closed loop&#58; latency says how users felt"),
            "{text}"
        );
        assert!(text.contains("| sign in | 1200 | 0 | 1.50 ms | 1.25 ms | 3.00 ms | 12.0 ms |"), "{text}");
        let page = String::from_utf8(render(&report, Format::Html).unwrap()).unwrap();
        assert!(page.contains("href=\"users-mine.html\"") && page.contains(users::LABEL), "the page has it too");
    }

    #[test]
    fn a_run_that_did_not_finish_is_loud() {
        let mut report = fixture::report();
        (report.complete, report.exit_code) = (false, 5);
        let text = of(&report);
        assert!(text.contains("> ⚠ **This run is incomplete") && text.contains("Exit code 5"), "{text}");
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(32))]
        #[test]
        fn no_text_of_the_target_becomes_markup(text in "[<>|`*_\\[\\]()#@!:/a-z\\n\u{202e}-]{0,30}") {
            let (plain, hostile) = (of(&fixture::report()), of(&fixture::hostile(&text)));
            for markup in ["<", ">", "|", "`", "](", "**", "\n"] {
                proptest::prop_assert_eq!(plain.matches(markup).count(), hostile.matches(markup).count(), "{}: {}", markup, hostile);
            }
            let left = hostile.contains(['@', '\u{202e}']);
            proptest::prop_assert!(!left);
        }
    }
}
