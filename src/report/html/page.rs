//! The whole page.

use super::{
    chaos::ChaosView,
    evidence::{Mark, SeenView, Shown},
    family::{CountView, FamilyView, SkipView, counts, families, reasons},
    finding::FindingView,
    known::BaselineView,
    load::{LoadView, views},
    measured::MeasuredView,
};
use crate::{
    model::{Outcome, RunReport, report::CalibrationCheck, target::Term},
    report::{
        Conclusion, Standing, exit_sentence,
        group::{Group, findings, is_finding},
        statement::profile_sentence,
        text::visible,
        words::{between, count, grouped, moment},
    },
};
use serde::Serialize;

/// What the template shows, from top to bottom.
#[derive(Serialize)]
pub(super) struct Page {
    target: TargetView,
    conclusion: ConclusionView,
    tiles: Vec<CountView>,
    facts: Vec<Fact>,
    sent: String,
    families: Vec<FamilyView>,
    findings: Vec<FindingView>,
    /// Calibration that failed or decided nothing: it is about all cases, so it stands above them.
    alarms: Vec<ProbeView>,
    leaks: Vec<Shown>,
    calibration: Vec<ProbeView>,
    measured: Vec<MeasuredView>,
    baseline: Option<BaselineView>,
    chaos: Option<ChaosView>,
    load: Vec<LoadView>,
    /// Whether the run was about cases, and not about scenarios alone.
    cases: bool,
    skips: Vec<SkipView>,
    tool: String,
    run: String,
}

#[derive(Serialize)]
struct TargetView {
    name: String,
    about: String,
    reached: String,
    provides: Vec<String>,
    lacks: Vec<String>,
    policy: Vec<(String, String)>,
    promoted: Vec<(String, String)>,
    waived: Vec<(String, String)>,
}

#[derive(Serialize)]
struct ConclusionView {
    class: &'static str,
    symbol: &'static str,
    headline: String,
    detail: String,
    alarms: Vec<String>,
}

/// A word with its value.
#[derive(Serialize)]
struct Fact {
    name: &'static str,
    value: String,
    code: bool,
}

/// One of the first probes.
#[derive(Serialize)]
struct ProbeView {
    name: String,
    mark: Mark,
    severity: Option<String>,
    observed: String,
    hint: Option<String>,
    seen: Option<SeenView>,
}

fn terms(terms: &[Term]) -> Vec<(String, String)> {
    terms.iter().map(|term| (visible(&term.finding), visible(&term.because))).collect()
}

impl Page {
    pub fn of(report: &RunReport, groups: &[Group<'_>]) -> Self {
        let target = &report.target;
        let cases = (report.scenarios.is_empty() && report.load.is_empty()) || !report.cases.is_empty();
        let all = |texts: &[String]| texts.iter().map(|text| visible(text)).collect();
        Page {
            target: TargetView {
                name: visible(&target.name),
                about: visible(&target.about),
                reached: visible(&[target.transport.as_str(), target.address.as_str()].join(" ")),
                provides: all(&target.provides),
                lacks: all(&target.lacks),
                policy: target.policy.iter().map(|(name, word)| (visible(name), visible(word))).collect(),
                promoted: terms(&target.promoted),
                waived: terms(&target.waived),
            },
            conclusion: conclusion(report),
            tiles: match (cases, report.load.is_empty()) {
                (true, _) => counts(&report.summary.cases),
                (false, true) => counts(&report.summary.scenarios),
                (false, false) => counts(&report.summary.load),
            },
            facts: facts(report),
            sent: sent(report),
            families: families(groups).into_iter().map(|family| FamilyView::of(report, family, groups)).collect(),
            findings: findings(groups).into_iter().map(FindingView::of).collect(),
            alarms: report.calibration.iter().filter(|check| is_finding(check.outcome)).map(probe).collect(),
            leaks: report.log_leaks.iter().take(20).map(|leak| Shown::of(leak, 600)).collect(),
            calibration: report.calibration.iter().map(probe).collect(),
            baseline: report.baseline.as_ref().map(BaselineView::of),
            chaos: ChaosView::of(report),
            load: views(report),
            cases,
            measured: report.cases.iter().filter_map(MeasuredView::of).collect(),
            skips: reasons(&report.cases),
            tool: visible(&format!("{} {}", report.tool.name, report.tool.version)),
            run: visible(&report.run.id),
        }
    }
}

fn conclusion(report: &RunReport) -> ConclusionView {
    let conclusion = Conclusion::of(report);
    let (class, symbol) = match conclusion.standing {
        Standing::Holds => ("pass", "✓"),
        Standing::Broken => ("fail", "✗"),
        Standing::Undecided => ("undecided", "?"),
        Standing::Empty => ("undecided", "∅"),
    };
    let Conclusion { headline, detail, alarms, .. } = conclusion;
    ConclusionView { class, symbol, headline, detail, alarms }
}

fn facts(report: &RunReport) -> Vec<Fact> {
    let fact = |name, value: String, code| Fact { name, value: visible(&value), code };
    let (run, status) = (&report.run, &report.summary.baseline_status);
    let mut facts = vec![fact("Date", moment(&run.started), false)];
    facts.extend(between(&run.started, &run.finished).map(|time| fact("Duration", time, false)));
    facts.push(fact("Exit code", format!("{}: {}", report.exit_code, exit_sentence(report)), false));
    facts.extend(report.summary.profile.as_ref().map(|profile| fact("Profile", profile_sentence(profile), false)));
    if status.known + status.fixed + status.stale > 0 {
        let words =
            format!("{} new, {} known, {} fixed, {} stale", status.new, status.known, status.fixed, status.stale);
        facts.push(fact("Known failures", words, false));
    }
    facts.push(fact("Command", format!("{} {}", report.tool.name, run.args.join(" ")), true));
    facts.push(fact("Seed", run.seed.to_string(), true));
    facts.push(fact("Suite", report.tool.suite.clone(), true));
    facts
}

/// How much of the suite spoke.
fn sent(report: &RunReport) -> String {
    let summary = &report.summary;
    format!(
        "{} executed with {}, {} decided",
        count(summary.executed, "case"),
        count(summary.sent, "token"),
        grouped(summary.decided)
    )
}

fn probe(check: &CalibrationCheck) -> ProbeView {
    ProbeView {
        name: visible(&check.name),
        mark: check.outcome.into(),
        severity: (check.outcome == Outcome::Fail).then(|| check.severity.to_string()),
        observed: visible(&check.observed),
        hint: check.hint.as_deref().map(visible),
        seen: check
            .observation
            .as_ref()
            .filter(|_| is_finding(check.outcome))
            .map(|seen| SeenView::of(seen, None, true)),
    }
}
