//! Results as text for a terminal: pure, and plain unless the caller paints.

use super::{
    Conclusion, Standing,
    chaos::scenario_lines,
    exit_sentence,
    group::{Group, by_case, findings, number, skips, tally},
    load::load_lines,
    statement::profile_sentence,
    text::visible,
    words::{READING_ORDER, count, outcome_symbol, outcome_word},
};
use crate::model::{
    Outcome, Reference, RunReport,
    report::{CalibrationCheck, CaseResult, Measurement, Statement},
    verdict::Fetch,
};
use std::fmt::Write;

/// What a piece of text is, so that the caller can colour it. Colour repeats what words and signs say already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Sign and word of an outcome.
    Outcome(Outcome),
    /// The name of a case or of a target.
    Name,
    /// The conclusion.
    Headline,
    /// A word in front of a value, a heading of a table.
    Label,
    /// A command to type.
    Command,
    /// Something loud: the run is no result.
    Alarm,
}

/// Gives a text its colour; [`plain`] gives it none. The text is safe for a terminal already.
pub type Paint<'a> = &'a dyn Fn(Role, &str) -> String;

/// Leaves a text as it is.
#[must_use]
pub fn plain(_: Role, text: &str) -> String {
    text.to_owned()
}

/// The widest line that this file wraps to.
const WIDTH: usize = 100;
/// Where values start.
const INDENT: usize = 15;
/// How many requests that a token caused a finding names.
const FETCHES: usize = 3;
/// How many findings the summary names.
const NAMED: usize = 10;

/// One variant that needs a reader: id and title, then requirement, expected and actual on a line each, then why it
/// matters, what to do and how to see it again. Ends with a line end.
#[must_use]
pub fn finding_block(result: &CaseResult, statement: &Statement, paint: Paint<'_>) -> String {
    let mut block = format!(
        "{} {} {}\n",
        paint(
            Role::Outcome(result.outcome),
            &format!("{} {}", outcome_symbol(result.outcome), outcome_word(result.outcome))
        ),
        paint(Role::Outcome(result.outcome), &result.severity.to_string()),
        paint(Role::Name, &visible(&result.id.to_string())),
    );
    let _ = writeln!(block, "  {}", paint(Role::Headline, &visible(&statement.title)));
    let (clauses, others): (Vec<_>, Vec<_>) = result.refs.iter().partition(|reference| reference.is_clause());
    let names = |references: &[&Reference]| {
        references.iter().map(|reference| visible(&reference.to_string())).collect::<Vec<_>>().join(", ")
    };
    let by = if clauses.is_empty() { "" } else { " by " };
    line(&mut block, paint, "requirement", &format!("{}{by}{}", result.level, names(&clauses)));
    for finding in result.findings.iter().filter(|finding| finding.outcome == result.outcome) {
        line(&mut block, paint, "expected", &visible(&finding.expected));
        line(&mut block, paint, "actual", &format!("{}: {}", visible(&finding.observed), visible(&finding.because)));
    }
    for fetch in result.observation.iter().flat_map(|seen| &seen.outbound).take(FETCHES) {
        line(&mut block, paint, "fetched", &fetched(fetch));
    }
    line(&mut block, paint, "why", &wrap(&visible(&statement.why)));
    line(&mut block, paint, "fix, library", &wrap(&visible(&statement.fix.library)));
    line(&mut block, paint, "fix, app", &wrap(&visible(&statement.fix.application)));
    line(&mut block, paint, "see also", &names(&others));
    if let Some(reproduce) = &result.reproduce {
        line(&mut block, paint, "reproduce", &paint(Role::Command, &visible(&reproduce.gauntlet)));
    }
    block
}

/// A request that the token caused, with the lines of its head that say who asked.
fn fetched(fetch: &Fetch) -> String {
    let agent = fetch.user_agent.iter().map(|agent| format!("user-agent: {agent}"));
    let lines: Vec<String> = agent.chain(fetch.headers.iter().cloned()).map(|line| visible(&line)).collect();
    let head = if lines.is_empty() { String::new() } else { format!(" ({})", lines.join(", ")) };
    format!("{} {}{head}", visible(&fetch.method), visible(&fetch.path))
}

fn line(block: &mut String, paint: Paint<'_>, label: &str, value: &str) {
    if !value.is_empty() {
        let padded = format!("{label:<width$}", width = INDENT - 2);
        let _ = writeln!(block, "  {}{value}", paint(Role::Label, &padded));
    }
}

/// Breaks prose between words, further lines under the first one's value.
fn wrap(text: &str) -> String {
    let mut wrapped = String::new();
    let mut column = INDENT;
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > INDENT && column + 1 + length > WIDTH {
            let _ = write!(wrapped, "\n{:INDENT$}", "");
            column = INDENT;
        } else if column > INDENT {
            wrapped.push(' ');
            column += 1;
        }
        wrapped.push_str(word);
        column += length;
    }
    wrapped
}

/// The end of a run: families and counts, the worst findings, what was not tested and why, what stayed undecided, the
/// conclusion, the next step, and what the exit code means.
#[must_use]
pub fn summary(report: &RunReport, paint: Paint<'_>) -> String {
    let groups = by_case(report);
    let grave = findings(&groups);
    let conclusion = Conclusion::of(report);
    let mut text = if groups.is_empty() { String::new() } else { table(&groups, paint) };
    text.push_str(&scenario_lines(report, paint));
    text.push_str(&load_lines(report, paint));
    section(
        &mut text,
        paint,
        "calibration",
        report.calibration.iter().filter_map(|check| probe_line(check, paint)).collect(),
    );
    section(&mut text, paint, "worst first", named(&grave, paint, |outcome| outcome != Outcome::Inconclusive));
    section(&mut text, paint, "undecided", named(&grave, paint, |outcome| outcome == Outcome::Inconclusive));
    section(&mut text, paint, "measured", measured_lines(report, paint));
    section(&mut text, paint, "not tested", skip_lines(report));
    section(&mut text, paint, "known failures", baseline_lines(report, paint));
    text.push('\n');
    for alarm in &conclusion.alarms {
        let _ = writeln!(text, "{}", paint(Role::Alarm, &format!("!! {alarm}")));
    }
    let name = paint(Role::Name, &visible(&report.target.name));
    let outcome = match conclusion.standing {
        Standing::Holds => Outcome::Pass,
        Standing::Broken => Outcome::Fail,
        Standing::Undecided | Standing::Empty => Outcome::Inconclusive,
    };
    let headline = paint(Role::Outcome(outcome), &format!("{} {}", outcome_symbol(outcome), conclusion.headline));
    let _ = writeln!(text, "{name}  {headline}: {}", conclusion.detail);
    if let Some(profile) = &report.summary.profile {
        let _ = writeln!(text, "{}  {}", paint(Role::Label, "profile"), visible(&profile_sentence(profile)));
    }
    if let Some((words, command)) = next_step(report, &grave) {
        let _ = writeln!(text, "{}  {words} {}", paint(Role::Label, "next"), paint(Role::Command, &command));
    }
    let exit = paint(Role::Label, "exit");
    let _ = writeln!(text, "{exit}  {}: {}", report.exit_code, exit_sentence(report));
    text
}

/// What became of the list of known failures: what has to go first, then how many there are.
fn baseline_lines(report: &RunReport, paint: Paint<'_>) -> Vec<String> {
    let Some(baseline) = &report.baseline else { return Vec::new() };
    let file = visible(&baseline.file);
    let mut lines: Vec<String> = baseline
        .out_of_date()
        .map(|entry| {
            let status = paint(Role::Outcome(Outcome::Fail), &format!("✗ {:<8}", entry.status.to_string()));
            let glob = paint(Role::Name, &visible(&entry.glob));
            format!("{status} {glob}  {} ({file}:{})", entry.status.means(), entry.line)
        })
        .collect();
    if !lines.is_empty() {
        lines.push(format!("mend       {}", paint(Role::Command, &visible(&baseline.mend()))));
    }
    let skips = &baseline.unexpected_skips;
    if let Some(first) = skips.first() {
        let many = count(skips.len(), "variant");
        lines.push(format!(
            "! skipped  {many} sent and not judged, such as {}; no [[skip]] of {file} expects it",
            visible(first)
        ));
    }
    let known = report.summary.baseline_status.known;
    let entries = count(baseline.entries.len(), "entry").replace("entrys", "entries");
    lines.push(format!("{known} known, by {entries} of {file}"));
    lines
}

fn table(groups: &[Group<'_>], paint: Paint<'_>) -> String {
    let mut families: Vec<&str> = Vec::new();
    for group in groups {
        if !families.contains(&group.family) {
            families.push(group.family);
        }
    }
    let width = families.iter().map(|name| visible(name).chars().count()).max().unwrap_or(0).max("all cases".len());
    let mut text = paint(Role::Label, &format!("{:<width$}", "family"));
    for outcome in READING_ORDER {
        text.push_str(&paint(Role::Label, &format!("{:>11}", outcome_word(outcome))));
    }
    text.push('\n');
    let rows = families.iter().map(|family| (*family, Some(*family))).chain([("all cases", None)]);
    for (name, family) in rows {
        let inside = groups.iter().filter(|group| family.is_none_or(|family| group.family == family));
        let counts = tally(inside.map(Group::outcome));
        let _ = write!(text, "{:<width$}", visible(name));
        for outcome in READING_ORDER {
            match number(&counts, outcome) {
                0 => text.push_str("          ·"),
                some => text.push_str(&paint(Role::Outcome(outcome), &format!("{some:>11}"))),
            }
        }
        text.push('\n');
    }
    text
}

fn section(text: &mut String, paint: Paint<'_>, heading: &str, lines: Vec<String>) {
    if !lines.is_empty() {
        let _ = writeln!(text, "\n{}", paint(Role::Label, heading));
        for line in lines {
            let _ = writeln!(text, "  {line}");
        }
    }
}

fn named(grave: &[&Group<'_>], paint: Paint<'_>, wanted: fn(Outcome) -> bool) -> Vec<String> {
    let fitting: Vec<_> = grave.iter().filter(|group| wanted(group.outcome())).collect();
    let mut lines: Vec<_> = fitting.iter().take(NAMED).map(|group| finding_line(group, paint)).collect();
    if fitting.len() > NAMED {
        lines.push(format!("… and {} more", fitting.len() - NAMED));
    }
    lines
}

fn finding_line(group: &Group<'_>, paint: Paint<'_>) -> String {
    let outcome = group.outcome();
    let hit = number(&group.counts(), outcome);
    let sign =
        paint(Role::Outcome(outcome), &format!("{} {:<8}", outcome_symbol(outcome), group.severity().to_string()));
    let of = match group.variants.len() {
        1 => String::new(),
        all => format!(" ({hit} of {})", count(all, "variant")),
    };
    let known = if group.is_known() { " (known)" } else { "" };
    format!("{sign} {}  {}{of}{known}", paint(Role::Name, &visible(&group.id)), visible(group.title()))
}

/// Each measured value, with what the target file declares where it does.
fn measured_lines(report: &RunReport, paint: Paint<'_>) -> Vec<String> {
    let measured = report.cases.iter().filter_map(|case| Some((case, case.measured.as_ref()?)));
    let line = |(case, value): (&CaseResult, &Measurement)| {
        let declared =
            value.declared.map_or_else(String::new, |declared| format!(", declared {}", value.unit.say(declared)));
        let name = format!("{:<14}", value.name.to_string());
        format!("{name} {}{declared}  {}", value.say(), paint(Role::Name, &visible(&case.id.to_string())))
    };
    measured.map(line).collect()
}

/// A probe that makes the whole run doubtful.
fn probe_line(check: &CalibrationCheck, paint: Paint<'_>) -> Option<String> {
    let severity = match check.outcome {
        Outcome::Fail | Outcome::Warn => check.severity.to_string(),
        Outcome::Inconclusive => String::new(),
        Outcome::Pass | Outcome::Note | Outcome::Skip => return None,
    };
    let sign = paint(Role::Outcome(check.outcome), &format!("{} {severity:<8}", outcome_symbol(check.outcome)));
    Some(format!("{sign} {}: {}", paint(Role::Name, &visible(&check.name)), visible(&check.observed)))
}

fn skip_lines(report: &RunReport) -> Vec<String> {
    let reasons = skips(&report.cases);
    let line =
        |(reason, results): &(&str, Vec<_>)| format!("{:<13} {}", count(results.len(), "variant"), visible(reason));
    let mut lines: Vec<_> = reasons.iter().take(NAMED).map(line).collect();
    if reasons.len() > NAMED {
        lines.push(format!("… and {} more", count(reasons.len() - NAMED, "reason")));
    }
    lines
}

fn next_step(report: &RunReport, grave: &[&Group<'_>]) -> Option<(&'static str, String)> {
    let of = |outcome| report.calibration.iter().filter(move |check| check.outcome == outcome);
    if let Some(hint) = of(Outcome::Fail).chain(of(Outcome::Inconclusive)).find_map(|check| check.hint.as_deref()) {
        return Some(("look at the target first:", visible(hint)));
    }
    let Some(worst) = grave.iter().find(|group| !group.is_known()) else {
        let baseline = report.baseline.as_ref().filter(|baseline| baseline.out_of_date().next().is_some())?;
        return Some(("take what is out of date off the list:", visible(&baseline.mend())));
    };
    Some(("see what it means and how to mend it:", format!("gauntlet explain {}", visible(&worst.id))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn a_finding_reads_from_requirement_to_reproduction() {
        let report = fixture::report();
        let blocks: Vec<_> = report
            .cases
            .iter()
            .filter(|case| {
                ["algorithm/none-any-case:nOnE", "key-id/foreign-jku:jku"].contains(&case.id.to_string().as_str())
            })
            .map(|case| finding_block(case, &report.statements[&case.id.case()], &plain))
            .collect();
        insta::assert_snapshot!(blocks.join("\n"));
    }

    #[test]
    fn the_summary_ends_with_conclusion_next_step_and_exit_code() {
        insta::assert_snapshot!(summary(&fixture::report(), &plain));
    }

    #[test]
    fn an_incomplete_run_is_loud() {
        let mut report = fixture::report();
        fixture::keep(&mut report, |outcome| outcome == Outcome::Pass);
        (report.complete, report.stopped, report.exit_code) = (false, Some("Ctrl-C".into()), 130);
        insta::assert_snapshot!(summary(&report, &plain));
    }

    #[test]
    fn a_target_that_cannot_be_tested_says_what_to_look_at() {
        let mut report = fixture::report();
        fixture::keep(&mut report, |_| false);
        report.calibration[0].outcome = Outcome::Inconclusive;
        report.calibration[0].hint = Some("look at the audience".into());
        report.exit_code = 3;
        insta::assert_snapshot!(summary(&report, &plain));
    }

    #[test]
    fn paint_meets_only_visible_text() {
        let report = fixture::hostile("\u{1b}]0;owned\u{7}\u{202e}\r");
        let paint = |_: Role, text: &str| {
            assert!(!text.chars().any(|c| c.is_control() || c == '\u{202e}'), "{text:?}");
            text.to_owned()
        };
        let mut text = summary(&report, &paint);
        for case in &report.cases {
            text.push_str(&finding_block(case, &report.statements[&case.id.case()], &paint));
        }
        assert!(!text.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'));
        assert!(text.contains("\\u{1b}") && text.contains("\\u{202e}"));
    }
}
