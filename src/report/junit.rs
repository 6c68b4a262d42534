//! The run as JUnit XML, for build servers: a suite per family, a test case per variant.

use super::{
    Conclusion, RenderError,
    text::{visible, visible_lines},
    words::{between, outcome_word},
};
use crate::model::{
    Finding, Outcome, RunReport,
    baseline::{BaselineReport, EntryStatus},
    chaos::{AssertionResult, ScenarioResult},
    load::LoadResult,
    outcome::BaselineStatus,
    report::{CalibrationCheck, CaseResult, Statement},
};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use std::time::Duration;

/// The most characters of one description.
const TEXT: usize = 8_000;

/// JUnit XML 1.0. Characters that XML forbids are shown by name, as everywhere.
pub(super) fn write(report: &RunReport) -> Result<Vec<u8>, RenderError> {
    let mut xml = Report::new(visible(&format!("gauntlet: {}", report.target.name)));
    if between(&report.run.started, &report.run.finished).is_some() {
        xml.time = elapsed(report);
    }
    if let Some(suite) = whole_run(report) {
        xml.add_test_suite(suite);
    }
    let mut calibration = TestSuite::new("calibration");
    calibration.timestamp = report.run.started.parse().ok();
    calibration.add_test_cases(report.calibration.iter().map(check));
    xml.add_test_suite(calibration);
    xml.add_test_suites(families(report));
    xml.add_test_suites(report.scenarios.iter().map(|played| scenario(played, report.baseline.as_ref())));
    xml.add_test_suites(report.baseline.as_ref().and_then(baseline));
    xml.add_test_suites(report.load.iter().map(load));
    Ok(without_total_of_skips(&xml.to_string()?).into_bytes())
}

/// The schema that build servers publish knows no `skipped` at the root element, only at the suites.
fn without_total_of_skips(xml: &str) -> String {
    let Some((head, rest)) = xml.find("<testsuites").and_then(|root| {
        let end = root + xml[root..].find('>')?;
        Some(xml.split_at(end))
    }) else {
        return xml.to_owned();
    };
    let Some((before, after)) = head.split_once(" skipped=\"") else { return xml.to_owned() };
    let after = after.split_once('"').map_or("", |(_, after)| after);
    format!("{before}{after}{rest}")
}

fn elapsed(report: &RunReport) -> Option<Duration> {
    let (started, finished): (jiff::Timestamp, jiff::Timestamp) =
        (report.run.started.parse().ok()?, report.run.finished.parse().ok()?);
    finished.duration_since(started).try_into().ok()
}

/// A run that tested nothing, or only a part, must not look green to a build server.
fn whole_run(report: &RunReport) -> Option<TestSuite> {
    let alarms = Conclusion::of(report).alarms;
    if alarms.is_empty() {
        return None;
    }
    let name = match report.complete && report.stopped.is_none() {
        true => "nothing was tested",
        false => "run is incomplete",
    };
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_message(alarms.join(" "));
    let mut suite = TestSuite::new("run");
    suite.add_test_case(case(name, "run", status));
    Some(suite)
}

fn check(check: &CalibrationCheck) -> TestCase {
    let message = visible(&check.observed);
    let mut status = match check.outcome {
        Outcome::Fail => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Outcome::Inconclusive => TestCaseStatus::non_success(NonSuccessKind::Error),
        Outcome::Skip => TestCaseStatus::skipped(),
        Outcome::Pass | Outcome::Note | Outcome::Warn => TestCaseStatus::success(),
    };
    let said = matches!(status, TestCaseStatus::Success { .. });
    status.set_message(message.as_str());
    if let Some(hint) = &check.hint {
        status.set_description(visible_lines(hint, TEXT).0);
    }
    let mut case = case(&visible(&check.name), "calibration", status);
    if said {
        case.set_system_out(format!("{}: {message}", outcome_word(check.outcome)));
    }
    case
}

fn families(report: &RunReport) -> Vec<TestSuite> {
    let mut suites: Vec<(&str, TestSuite)> = Vec::new();
    for result in &report.cases {
        let family = result.id.family.as_str();
        let place = suites.iter().position(|(name, _)| *name == family).unwrap_or_else(|| {
            suites.push((family, TestSuite::new(visible(family))));
            suites.len() - 1
        });
        suites[place].1.add_test_case(variant(
            result,
            report.statements.get(&result.id.case()),
            report.baseline.as_ref(),
        ));
    }
    suites.into_iter().map(|(_, suite)| suite).collect()
}

/// What the list of known failures says in vain: each such entry is a failure.
fn baseline(baseline: &BaselineReport) -> Option<TestSuite> {
    let mut suite = TestSuite::new("known failures");
    for entry in &baseline.entries {
        let says = visible(&format!("{}:{}: {}", baseline.file, entry.line, entry.status.means()));
        let status = match entry.status {
            EntryStatus::Known => continue,
            EntryStatus::Untested => {
                let mut status = TestCaseStatus::skipped();
                status.set_message(says);
                status
            }
            EntryStatus::Fixed | EntryStatus::Stale | EntryStatus::Expired => {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                status.set_message(says);
                status.set_type(entry.status.to_string());
                status.set_description(visible_lines(&format!("mend: {}", baseline.mend()), TEXT).0);
                status
            }
        };
        suite.add_test_case(case(&visible(&entry.glob), "known failures", status));
    }
    (!suite.test_cases.is_empty()).then_some(suite)
}

/// Why a finding is known, where it is.
fn known_by(baseline: Option<&BaselineReport>, finding: &str) -> Option<String> {
    Some(visible(&format!("known failure: {}", baseline?.entry_for(finding)?.reason())))
}

/// A suite per scenario, a test case per claim. A missed objective is no failure.
fn scenario(result: &ScenarioResult, baseline: Option<&BaselineReport>) -> TestSuite {
    let name = visible(&result.id);
    let mut suite = TestSuite::new(format!("chaos: {name}"));
    if result.assertions.is_empty() {
        let known = known_by(baseline, &format!("chaos/{}#played", result.id));
        let mut status = match result.outcome {
            Outcome::Skip => TestCaseStatus::skipped(),
            _ if known.is_some() => TestCaseStatus::skipped(),
            _ => TestCaseStatus::non_success(NonSuccessKind::Error),
        };
        status.set_message(known.unwrap_or_else(|| visible(&result.notes.join("; "))));
        suite.add_test_case(case(&visible(&result.title), &name, status));
    }
    for claim in &result.assertions {
        let known = known_by(baseline, &format!("chaos/{}#{}", result.id, claim.name));
        let mut status = match claim.outcome {
            Outcome::Fail if known.is_some() => TestCaseStatus::skipped(),
            Outcome::Fail => TestCaseStatus::non_success(NonSuccessKind::Failure),
            Outcome::Skip | Outcome::Inconclusive => TestCaseStatus::skipped(),
            Outcome::Pass | Outcome::Note | Outcome::Warn => TestCaseStatus::success(),
        };
        let seen = visible(&format!("limit {}, seen {} (n = {})", claim.expected, claim.observed, claim.n));
        match &status {
            TestCaseStatus::Success { .. } => {}
            _ => drop(status.set_message(known.clone().unwrap_or_else(|| visible(&claim.because)))),
        }
        if claim.outcome == Outcome::Fail {
            if known.is_none() {
                status.set_type(result.severity.to_string());
            }
            status.set_description(claim_description(result, claim, &seen));
        }
        let mut own = case(&visible(&format!("{} ({})", claim.name, claim.level)), &name, status);
        own.set_system_out(match claim.outcome {
            Outcome::Warn | Outcome::Note => format!("{}, not a failure: {seen}", outcome_word(claim.outcome)),
            _ => seen,
        });
        suite.add_test_case(own);
    }
    suite
}

/// A suite per load plan, a test case per gate. A missed objective is no failure.
fn load(result: &LoadResult) -> TestSuite {
    let name = visible(&result.id);
    let mut suite = TestSuite::new(format!("load: {name}"));
    if result.gates.is_empty() {
        let mut status = TestCaseStatus::skipped();
        status.set_message(visible(&result.notes.join("; ")));
        suite.add_test_case(case(&visible(&result.title), &name, status));
    }
    for gate in &result.gates {
        let seen = visible(&format!("limit {}, seen {} (n = {})", gate.expected, gate.observed, gate.n));
        let mut status = match gate.outcome {
            Outcome::Fail => TestCaseStatus::non_success(NonSuccessKind::Failure),
            Outcome::Inconclusive => TestCaseStatus::non_success(NonSuccessKind::Error),
            Outcome::Skip => TestCaseStatus::skipped(),
            Outcome::Pass | Outcome::Note | Outcome::Warn => TestCaseStatus::success(),
        };
        if !matches!(status, TestCaseStatus::Success { .. }) {
            status.set_message(visible(&gate.because));
        }
        if gate.outcome == Outcome::Fail {
            status.set_type(result.severity.to_string());
            let lines = [&seen, "why:", &visible(&result.why), "fix:", &visible(&result.fix)].join("\n");
            status.set_description(visible_lines(&lines, TEXT).0);
        }
        let mut own = case(&visible(&format!("{} ({})", gate.name, gate.level)), &name, status);
        own.set_system_out(match gate.outcome {
            Outcome::Warn | Outcome::Note => format!("{}, not a failure: {seen}", outcome_word(gate.outcome)),
            _ => seen,
        });
        suite.add_test_case(own);
    }
    suite
}

fn claim_description(result: &ScenarioResult, claim: &AssertionResult, seen: &str) -> String {
    let mut lines = vec![seen.to_owned()];
    lines.extend(
        claim
            .offending
            .iter()
            .map(|own| visible(&format!("{:.2}s {}: {}", own.at_ms as f64 / 1000.0, own.stream, own.seen))),
    );
    lines.push(format!("why: {}", visible(&result.why)));
    lines.push(format!("fix: {}", visible(&result.fix)));
    visible_lines(&lines.join("\n"), TEXT).0
}

fn variant(result: &CaseResult, statement: Option<&Statement>, baseline: Option<&BaselineReport>) -> TestCase {
    let grave: Vec<&Finding> = result.findings.iter().filter(|finding| finding.outcome == result.outcome).collect();
    let because = grave.first().map_or_else(String::new, |finding| visible(&finding.because));
    let known = !grave.is_empty() && grave.iter().all(|finding| finding.baseline == BaselineStatus::Known);
    let mut status = match result.outcome {
        Outcome::Fail | Outcome::Inconclusive if known => TestCaseStatus::skipped(),
        Outcome::Fail => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Outcome::Inconclusive => TestCaseStatus::non_success(NonSuccessKind::Error),
        Outcome::Skip => TestCaseStatus::skipped(),
        Outcome::Pass | Outcome::Note | Outcome::Warn => TestCaseStatus::success(),
    };
    match &status {
        TestCaseStatus::Success { .. } => {}
        TestCaseStatus::Skipped { .. } if result.outcome == Outcome::Skip => {
            status.set_message(because.as_str());
        }
        TestCaseStatus::Skipped { .. } => {
            let listed = grave.first().and_then(|finding| known_by(baseline, &finding.id));
            status.set_message(listed.unwrap_or_else(|| format!("known failure: {because}")));
            status.set_description(description(result, &grave, statement));
        }
        TestCaseStatus::NonSuccess { .. } => {
            status.set_message(because.as_str());
            status.set_type(result.severity.to_string());
            status.set_description(description(result, &grave, statement));
        }
    }
    let mut case = case(&visible(&result.id.to_string()), &visible(&result.id.family), status);
    case.time = result.observation.as_ref().map(|observation| Duration::from_micros(observation.elapsed_us));
    match result.outcome {
        Outcome::Note => case.set_system_out(format!("note: {because}")),
        Outcome::Warn => case
            .set_system_out(format!("warning, not a failure: {because}\n{}", description(result, &grave, statement))),
        _ => &mut case,
    };
    case
}

fn case(name: &str, class: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname(class);
    case
}

fn description(result: &CaseResult, grave: &[&Finding], statement: Option<&Statement>) -> String {
    let mut lines = Vec::new();
    if let Some(statement) = statement {
        lines.push(format!("requirement: {} ({})", visible(&statement.title), result.level));
    }
    for finding in grave {
        lines.push(format!("expected: {}", visible(&finding.expected)));
        lines.push(format!("actual: {}: {}", visible(&finding.observed), visible(&finding.because)));
    }
    if let Some(statement) = statement {
        lines.push(format!("why: {}", visible(&statement.why)));
    }
    for reference in &result.refs {
        let url = reference.url().map_or_else(String::new, |url| format!(" {url}"));
        lines.push(visible(&format!("reference: {reference}{url}")));
    }
    if let Some(reproduce) = &result.reproduce {
        lines.push(format!("reproduce: {}", visible(&reproduce.gauntlet)));
    }
    visible_lines(&lines.join("\n"), TEXT).0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Format, fixture, render};

    fn read(report: &RunReport) -> (String, Report) {
        let text = String::from_utf8(render(report, Format::Junit).unwrap()).unwrap();
        let read = Report::deserialize_from_str(&text).unwrap();
        (text, read)
    }

    /// XML 1.0 section 2.2.
    fn is_xml(character: char) -> bool {
        matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
    }

    #[test]
    fn one_suite_a_family_and_one_case_a_variant() {
        let report = fixture::report();
        let (text, read) = read(&report);
        insta::assert_snapshot!(text);
        assert_eq!(read.tests, report.cases.len() + report.calibration.len());
        assert_eq!(read.errors, report.summary.variants.inconclusive);
        assert_eq!(read.failures + report.summary.baseline_status.known, report.summary.variants.fail);
    }

    #[test]
    fn a_run_that_is_no_result_is_never_green() {
        let mut report = fixture::report();
        fixture::keep(&mut report, |outcome| outcome == Outcome::Pass);
        assert_eq!(read(&report).1.errors, 0);
        report.complete = false;
        let (text, stopped) = read(&report);
        assert_eq!(stopped.errors, 1);
        assert!(text.contains("name=\"run is incomplete\""));
        fixture::keep(&mut report, |outcome| outcome == Outcome::Skip);
        report.complete = true;
        assert!(read(&report).0.contains("name=\"nothing was tested\""));
    }

    #[test]
    fn a_failed_calibration_is_a_failure() {
        let mut report = fixture::report();
        let before = read(&report).1.failures;
        report.calibration[0].outcome = Outcome::Fail;
        assert_eq!(read(&report).1.failures, before + 1);
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn no_text_breaks_the_file(text in ".{0,20}|[\u{0}-\u{9f}<>&\"'\\]\u{fff0}-\u{ffff}]{0,40}") {
            let report = fixture::hostile(&text);
            let (xml, read) = read(&report);
            proptest::prop_assert!(xml.chars().all(is_xml));
            proptest::prop_assert_eq!(read.tests, report.cases.len() + report.calibration.len());
        }
    }
}
