//! The run as SARIF 2.1.0, for code scanning: a rule per case, a result per broken check.
//!
//! Fingerprints are made of what stays the same from run to run: the check and the target's name. Seeds, ports, tokens and
//! times are not part of them.

use super::{
    Conclusion, RenderError,
    exit::exit_sentence,
    issue::{Issue, issues},
    text::{visible, visible_lines},
};
use crate::model::{Level, Outcome, Reference, RunReport, Severity};
use aws_lc_rs::digest::{SHA256, digest};
use serde_json::json;
use serde_sarif::sarif::{
    ArtifactLocation, Invocation, Location, Message, MultiformatMessageString, Notification, PhysicalLocation,
    PropertyBag, Region, ReportingConfiguration, ReportingDescriptor, Result as Finding, ResultLevel, Run,
    RunAutomationDetails, Sarif, Suppression, Tool, ToolComponent,
};
use std::collections::BTreeMap;

/// The published address of the schema.
const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// The most characters of one text.
const TEXT: usize = 2_000;
/// The most tags of a rule that one large consumer takes.
const TAGS: usize = 10;

/// Pretty JSON with a final newline.
pub(super) fn write(report: &RunReport) -> Result<Vec<u8>, RenderError> {
    let all = issues(report);
    let broken: Vec<&Issue<'_>> = all.iter().filter(|issue| issue.outcome != Outcome::Inconclusive).collect();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    let mut rules: Vec<ReportingDescriptor> = Vec::new();
    for issue in &broken {
        if !places.contains_key(issue.rule.as_str()) {
            places.insert(&issue.rule, rules.len());
            rules.push(rule(issue, &broken));
        }
    }
    let results: Vec<Finding> = broken.iter().map(|issue| result(report, issue, places[issue.rule.as_str()])).collect();
    let driver = ToolComponent::builder()
        .name("gauntlet")
        .version(visible(&report.tool.version))
        .full_name("gauntlet: does your JWT validator really hold?")
        .rules(rules)
        .properties(bag([("suite", json!(visible(&report.tool.suite)))]))
        .build();
    let details = RunAutomationDetails::builder()
        .id(format!("gauntlet/{}/{}", visible(&report.target.name), visible(&report.run.id)))
        .build();
    let run = Run::builder()
        .tool(Tool::builder().driver(driver).build())
        .automation_details(details)
        .invocations(vec![invocation(report, &all)])
        .results(results)
        .column_kind(json!("unicodeCodePoints"))
        .build();
    let sarif = Sarif::builder().schema(SCHEMA).version(json!("2.1.0")).runs(vec![run]).build();
    let mut bytes = serde_json::to_vec_pretty(&sarif).map_err(RenderError::Json)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// What was undecided is no result, and is said beside the results: a run that decided nothing must not look clean.
fn invocation(report: &RunReport, all: &[Issue<'_>]) -> Invocation {
    let undecided = all.iter().filter(|issue| issue.outcome == Outcome::Inconclusive && issue.known.is_none());
    let undecided =
        undecided.map(|issue| notification("warning", &format!("undecided: {}: {}", issue.id, issue.because)));
    let alarms = Conclusion::of(report).alarms;
    let alarms = alarms.iter().map(|alarm| notification("error", alarm));
    let stale = report.baseline.iter().flat_map(|baseline| {
        baseline.out_of_date().map(move |entry| {
            let place = format!("{}:{}", baseline.file, entry.line);
            notification("error", &format!("{place}: {} {}: {}", entry.glob, entry.status.means(), baseline.mend()))
        })
    });
    let mut invocation = Invocation::builder()
        .execution_successful(report.complete && report.stopped.is_none())
        .exit_code(i64::from(report.exit_code))
        .exit_code_description(exit_sentence(report))
        .start_time_utc(visible(&report.run.started))
        .tool_execution_notifications(alarms.chain(stale).chain(undecided).collect::<Vec<_>>())
        .build();
    if !report.run.finished.is_empty() {
        invocation.end_time_utc = Some(visible(&report.run.finished));
    }
    invocation
}

fn notification(level: &str, text: &str) -> Notification {
    Notification::builder().level(json!(level)).message(message(text)).build()
}

fn rule(first: &Issue<'_>, all: &[&Issue<'_>]) -> ReportingDescriptor {
    let own = || all.iter().filter(|issue| issue.rule == first.rule);
    let severity = own().map(|issue| issue.severity).max().unwrap_or(first.severity);
    let is_must = own().any(|issue| issue.level == Level::Must);
    let mut rule = ReportingDescriptor::builder()
        .id(visible(&first.rule))
        .name(visible(&first.rule))
        .short_description(text(first.title))
        .full_description(text(if first.why.is_empty() { first.title } else { first.why }))
        .help(help(first))
        .default_configuration(
            ReportingConfiguration::builder().level(json!(if is_must { "error" } else { "warning" })).build(),
        )
        .properties(bag([
            ("security-severity", json!(security_severity(severity))),
            ("precision", json!("very-high")),
            ("problem.severity", json!(if is_must { "error" } else { "warning" })),
            ("tags", json!(tags(first))),
        ]))
        .build();
    rule.help_uri = first.refs.iter().find_map(Reference::url);
    rule
}

/// The middle of what CVSS calls by the same word.
fn security_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "0.0",
        Severity::Low => "3.0",
        Severity::Medium => "5.5",
        Severity::High => "8.0",
        Severity::Critical => "9.5",
    }
}

fn tags(issue: &Issue<'_>) -> Vec<String> {
    let family = issue.rule.split('/').next().unwrap_or_default();
    let weaknesses = issue.refs.iter().filter_map(|reference| {
        let number = reference.0.strip_prefix("CWE-")?;
        Some(format!("external/cwe/cwe-{number}"))
    });
    let mut tags: Vec<String> = ["security", "jwt"].map(str::to_owned).into();
    tags.push(visible(family));
    tags.extend(weaknesses);
    tags.extend(
        issue.refs.iter().filter(|reference| !reference.0.starts_with("CWE-")).map(|it| visible(&it.to_string())),
    );
    tags.dedup();
    tags.truncate(TAGS);
    tags
}

fn help(issue: &Issue<'_>) -> MultiformatMessageString {
    let [library, application] = issue.fix;
    let parts =
        [("Why it matters", issue.why), ("Fix in the library", library), ("Fix in the application", application)];
    let parts: Vec<(&str, String)> =
        parts.into_iter().filter(|(_, text)| !text.is_empty()).map(|(head, text)| (head, short(text))).collect();
    let refs: Vec<(String, Option<String>)> =
        issue.refs.iter().map(|it| (visible(&it.to_string()), it.url().map(|url| visible(&url)))).collect();
    let mut plain: Vec<String> = parts.iter().map(|(head, text)| format!("{head}: {text}")).collect();
    let mut markdown: Vec<String> = parts.iter().map(|(head, text)| format!("**{head}.** {text}")).collect();
    if !refs.is_empty() {
        let names: Vec<&str> = refs.iter().map(|(name, _)| name.as_str()).collect();
        plain.push(format!("See: {}", names.join(", ")));
        let link = |(name, url): &(String, Option<String>)| match url {
            Some(url) => format!("[{name}]({url})"),
            None => name.clone(),
        };
        markdown.push(format!("See {}.", refs.iter().map(link).collect::<Vec<_>>().join(", ")));
    }
    let explain = format!("gauntlet explain {}", visible(&issue.rule));
    if issue.source.is_some() && !["chaos/", "load/"].iter().any(|kind| issue.rule.starts_with(kind)) {
        plain.push(explain.clone());
        markdown.push(format!("`{explain}`"));
    }
    if plain.is_empty() {
        plain.push(short(issue.title));
        markdown.push(short(issue.title));
    }
    MultiformatMessageString::builder().text(plain.join("\n\n")).markdown(markdown.join("\n\n")).build()
}

fn result(report: &RunReport, issue: &Issue<'_>, place: usize) -> Finding {
    let level = if issue.outcome == Outcome::Fail { ResultLevel::Error } else { ResultLevel::Warning };
    let title = if issue.title.is_empty() { &issue.id } else { issue.title };
    let told = match issue.expected.is_empty() {
        true => format!("{title}: {}", issue.observed),
        false => format!("Broken: {title}. Expected {}, seen {} ({})", issue.expected, issue.observed, issue.id),
    };
    let prints = [("checkOfTarget/v1".to_owned(), fingerprint(report, issue))];
    let mut result = Finding::builder()
        .rule_id(visible(&issue.rule))
        .rule_index(i64::try_from(place).unwrap_or(-1))
        .level(level)
        .message(message(&told))
        .locations(vec![location(report, issue)])
        .partial_fingerprints(BTreeMap::from(prints))
        .properties(bag([("finding", json!(visible(&issue.id))), ("severity", json!(issue.severity.to_string()))]))
        .build();
    if let Some(why) = &issue.known {
        let known =
            Suppression::builder().kind(json!("external")).status(json!("accepted")).justification(short(why)).build();
        result.suppressions = Some(vec![known]);
    }
    result
}

/// Of the check and of the target, and of nothing that differs from run to run.
fn fingerprint(report: &RunReport, issue: &Issue<'_>) -> String {
    let text = format!("{}\n{}", report.target.name, issue.id);
    digest(&SHA256, text.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// In the user's target file, since what is wrong is what it names; where there is none, at the case.
fn location(report: &RunReport, issue: &Issue<'_>) -> Location {
    let (file, line) = match (&report.target.file, issue.source) {
        (Some(file), _) => (file.as_str(), 1),
        (None, Some((file, line))) => (file, line),
        (None, None) => ("vectors/README.md", 1),
    };
    let region = Region::builder().start_line(i64::try_from(line.max(1)).unwrap_or(1)).build();
    let artifact = ArtifactLocation::builder().uri(uri(file)).build();
    Location::builder()
        .physical_location(PhysicalLocation::builder().artifact_location(artifact).region(region).build())
        .build()
}

/// A path as a URI reference (RFC 3986 4.1): what is not allowed in a path is percent-encoded.
fn uri(path: &str) -> String {
    let mut uri = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.trim_start_matches("./").bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri
}

fn text(text: &str) -> MultiformatMessageString {
    MultiformatMessageString::builder().text(short(text)).build()
}

fn message(text: &str) -> Message {
    // Braces and brackets would be placeholders and links (SARIF 3.11.5, 3.11.6).
    Message::builder()
        .text(short(text).replace('{', "{{").replace('}', "}}").replace('[', "\\[").replace(']', "\\]"))
        .build()
}

fn short(text: &str) -> String {
    let (shown, more) = visible_lines(text, TEXT);
    if more > 0 { format!("{shown} …") } else { shown }
}

fn bag<const N: usize>(properties: [(&str, serde_json::Value); N]) -> PropertyBag {
    let properties = properties.into_iter().map(|(name, value)| (name.to_owned(), value));
    PropertyBag::builder().additional_properties(properties.collect::<BTreeMap<_, _>>()).build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Format, fixture, render};
    use serde_json::Value;

    fn of(report: &RunReport) -> Value {
        serde_json::from_slice(&render(report, Format::Sarif).unwrap()).unwrap()
    }

    #[test]
    fn the_fixture_as_results_and_rules() {
        insta::assert_json_snapshot!(of(&fixture::report()));
    }

    #[test]
    fn a_fingerprint_knows_no_seed_and_no_address() {
        let prints = |report: &RunReport| {
            let value = of(report);
            let results = value["runs"][0]["results"].as_array().unwrap().clone();
            results.into_iter().map(|result| result["partialFingerprints"].clone()).collect::<Vec<_>>()
        };
        let one = fixture::report();
        let mut other = one.clone();
        (other.run.seed, other.run.id, other.target.address) = (7, "other".into(), "http://127.0.0.1:1/".into());
        for finding in other.cases.iter_mut().flat_map(|case| &mut case.findings) {
            finding.observed.push_str(" by http://127.0.0.1:2/");
        }
        let first = prints(&one);
        assert_eq!(first, prints(&other));
        assert_eq!(first.iter().map(Value::to_string).collect::<std::collections::BTreeSet<_>>().len(), first.len());
        other.target.name = "another".into();
        assert!(prints(&other).iter().all(|print| !first.contains(print)));
    }

    #[test]
    fn paths_become_references() {
        assert_eq!(uri("./a b/ü.toml"), "a%20b/%C3%BC.toml");
        assert_eq!(uri("/etc/x.toml"), "file:///etc/x.toml");
        assert_eq!(uri("a#b?c:d"), "a%23b%3Fc%3Ad");
    }
}
