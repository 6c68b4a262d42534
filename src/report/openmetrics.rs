//! The figures of a run as OpenMetrics text, for a dashboard that watches runs over time.

use super::{RenderError, group::number, issue::issues, text::visible, words::READING_ORDER};
use crate::model::{
    Outcome, RunReport,
    baseline::EntryStatus,
    chaos::Measured,
    load::{LoadResult, LoadWindow},
    report::{Counts, Measurement},
};
use jiff::Timestamp;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, text::encode},
    metrics::MetricType,
    registry::{Registry, Unit},
};
use std::{collections::BTreeMap, fmt};

type Labels = Vec<(&'static str, String)>;

/// One family of gauges with its samples.
#[derive(Debug)]
struct Gauges {
    name: &'static str,
    help: &'static str,
    unit: Option<Unit>,
    samples: Vec<(Labels, f64)>,
}

/// All of them, and what they are about.
#[derive(Debug)]
struct Figures {
    about: Labels,
    gauges: Vec<Gauges>,
}

/// OpenMetrics text. Every sample names the target, so that files of several runs can lie side by side.
pub(super) fn write(report: &RunReport) -> Result<Vec<u8>, RenderError> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Figures::of(report)));
    let mut text = String::new();
    encode(&mut text, &registry).map_err(RenderError::OpenMetrics)?;
    Ok(text.into_bytes())
}

impl Collector for Figures {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        encoder
            .encode_descriptor("gauntlet_run", "What was run against what", None, MetricType::Info)?
            .encode_info(&self.about)?;
        for gauges in self.gauges.iter().filter(|gauges| !gauges.samples.is_empty()) {
            let mut family =
                encoder.encode_descriptor(gauges.name, gauges.help, gauges.unit.as_ref(), MetricType::Gauge)?;
            for (labels, value) in &gauges.samples {
                family.encode_family(labels)?.encode_gauge(value)?;
            }
        }
        Ok(())
    }
}

impl Figures {
    fn of(report: &RunReport) -> Figures {
        let target = visible(&report.target.name);
        let (run, summary) = (&report.run, &report.summary);
        let about = vec![
            ("target", target.clone()),
            ("run", visible(&run.id)),
            ("tool", visible(&report.tool.version)),
            ("suite", visible(&report.tool.suite)),
            ("seed", run.seed.to_string()),
        ];
        let with = |more: Labels| -> Labels { std::iter::once(("target", target.clone())).chain(more).collect() };
        let one = |value: f64| vec![(with(Vec::new()), value)];
        let by_outcome = |counts: &Counts| -> Vec<(Labels, f64)> {
            let sample =
                |outcome: Outcome| (with(vec![("outcome", outcome.to_string())]), number(counts, outcome) as f64);
            READING_ORDER.map(sample).into()
        };
        let (started, finished) = (run.started.parse::<Timestamp>().ok(), run.finished.parse::<Timestamp>().ok());
        let took = started.zip(finished).map(|(started, finished)| finished.duration_since(started).as_secs_f64());
        let gauge = |name, help, samples| Gauges { name, help, unit: None, samples };
        let seconds = |name, help, samples| Gauges { name, help, unit: Some(Unit::Seconds), samples };
        let fact = |pick: fn(&crate::model::chaos::Facts) -> Option<Measured>| -> Vec<(Labels, f64)> {
            let measured = report.scenarios.iter().filter_map(|scenario| Some((scenario, pick(&scenario.facts)?)));
            let labels = |id: &str, bound: bool| {
                with(vec![("scenario", visible(id)), ("bound", if bound { "at-least" } else { "exact" }.to_owned())])
            };
            measured.map(|(scenario, value)| (labels(&scenario.id, value.at_least), value.seconds)).collect()
        };
        let gauges = vec![
            gauge("gauntlet_complete", "1 where the run came to its end", one(f64::from(u8::from(report.complete)))),
            gauge("gauntlet_exit_code", "What the process answered its caller", one(f64::from(report.exit_code))),
            seconds(
                "gauntlet_started",
                "When the run began, since 1970",
                started.map_or_else(Vec::new, |at| one(at.as_second() as f64)),
            ),
            seconds("gauntlet_duration", "How long the run took", took.map_or_else(Vec::new, one)),
            gauge("gauntlet_cases", "Cases by their gravest outcome", by_outcome(&summary.cases)),
            gauge("gauntlet_variants", "Variants of cases by outcome", by_outcome(&summary.variants)),
            gauge(
                "gauntlet_scenarios",
                "Scenarios by the gravest outcome of their claims",
                by_outcome(&summary.scenarios),
            ),
            gauge(
                "gauntlet_cases_executed",
                "Cases of which at least one token was sent",
                one(summary.executed as f64),
            ),
            gauge("gauntlet_tokens_sent", "Variants that were sent", one(summary.sent as f64)),
            gauge("gauntlet_tokens_decided", "Variants that were sent and decided", one(summary.decided as f64)),
            gauge("gauntlet_findings", "Broken and undecided checks", findings(report, &with)),
            gauge("gauntlet_family_findings", "Broken and undecided checks by family", families(report, &with)),
            gauge(
                "gauntlet_baseline_entries",
                "Entries of the list of known failures by what became of them",
                entries(report, &with),
            ),
            gauge("gauntlet_measured", "Values of the target that were found by trying", measured(report, &with)),
            seconds(
                "gauntlet_chaos_survived",
                "How long good tokens were all taken without the key set",
                fact(|facts| facts.survived),
            ),
            seconds(
                "gauntlet_chaos_trusted_removed",
                "How long after its removal a key was last trusted",
                fact(|facts| facts.trusted_removed),
            ),
            seconds(
                "gauntlet_chaos_took_new",
                "How long after its publication a new key was first taken",
                fact(|facts| facts.took_new),
            ),
            gauge(
                "gauntlet_chaos_forged_accepted",
                "Tokens that must be refused at all times and were taken",
                forged(report, &with),
            ),
            gauge(
                "gauntlet_load_throughput",
                "Answers in a second",
                load(report, &with, |window| window.throughput_rps),
            ),
            seconds(
                "gauntlet_load_p95",
                "From the planned start to the answer, of 95 in 100 tokens",
                load(report, &with, |window| window.token_validation_ms.p95 / 1000.0),
            ),
        ];
        Figures { about, gauges }
    }
}

fn findings(report: &RunReport, with: &dyn Fn(Labels) -> Labels) -> Vec<(Labels, f64)> {
    let mut counted: BTreeMap<[String; 3], f64> = BTreeMap::new();
    for issue in issues(report) {
        let status = if issue.known.is_some() { "known" } else { "new" };
        *counted.entry([issue.outcome.to_string(), issue.severity.to_string(), status.to_owned()]).or_default() += 1.0;
    }
    let labels = |[outcome, severity, status]: [String; 3]| {
        with(vec![("outcome", outcome), ("severity", severity), ("status", status)])
    };
    counted.into_iter().map(|(key, number)| (labels(key), number)).collect()
}

fn families(report: &RunReport, with: &dyn Fn(Labels) -> Labels) -> Vec<(Labels, f64)> {
    let mut counted: BTreeMap<(String, String), f64> = BTreeMap::new();
    for issue in issues(report) {
        let family = issue.rule.split('/').next().unwrap_or_default();
        *counted.entry((visible(family), issue.outcome.to_string())).or_default() += 1.0;
    }
    let labels = |(family, outcome)| with(vec![("family", family), ("outcome", outcome)]);
    counted.into_iter().map(|(key, number)| (labels(key), number)).collect()
}

fn entries(report: &RunReport, with: &dyn Fn(Labels) -> Labels) -> Vec<(Labels, f64)> {
    use EntryStatus::{Expired, Fixed, Known, Stale, Untested};
    let Some(baseline) = &report.baseline else { return Vec::new() };
    let sample = |status: EntryStatus| (with(vec![("status", status.to_string())]), baseline.count(status) as f64);
    [Known, Untested, Fixed, Stale, Expired].map(sample).into()
}

/// Where no limit was found, there is no sample.
fn measured(report: &RunReport, with: &dyn Fn(Labels) -> Labels) -> Vec<(Labels, f64)> {
    let sample = |(id, measured): (String, &Measurement)| {
        let unit = match measured.unit {
            crate::model::report::Unit::Seconds => "seconds",
            crate::model::report::Unit::Bytes => "bytes",
        };
        let labels = vec![("case", id), ("name", measured.name.to_string()), ("unit", unit.to_owned())];
        Some((with(labels), measured.value? as f64))
    };
    let all = report.cases.iter().filter_map(|case| Some((visible(&case.id.to_string()), case.measured.as_ref()?)));
    all.filter_map(sample).collect()
}

fn load(report: &RunReport, with: &dyn Fn(Labels) -> Labels, value: fn(&LoadWindow) -> f64) -> Vec<(Labels, f64)> {
    let windows = report.load.iter().flat_map(|plan| plan.windows.iter().map(move |window| (plan, window)));
    let labels = |plan: &LoadResult, window: &LoadWindow| {
        with(vec![("plan", visible(&plan.id)), ("window", visible(&window.name)), ("alg", visible(&window.alg))])
    };
    windows.map(|(plan, window)| (labels(plan, window), value(window))).collect()
}

fn forged(report: &RunReport, with: &dyn Fn(Labels) -> Labels) -> Vec<(Labels, f64)> {
    let sent = report.scenarios.iter().filter(|scenario| scenario.facts.forged.0 > 0);
    sent.map(|scenario| (with(vec![("scenario", visible(&scenario.id))]), scenario.facts.forged.1 as f64)).collect()
}

#[cfg(test)]
mod tests {
    use crate::report::{Format, fixture, render};

    #[test]
    fn the_figures_of_the_fixture() {
        let text = String::from_utf8(render(&fixture::report(), Format::Openmetrics).unwrap()).unwrap();
        insta::assert_snapshot!(text);
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(32))]
        #[test]
        fn no_text_breaks_a_line(text in "[\"\\\\\\n{}=, a-z\u{202e}]{0,20}") {
            let of = |report| String::from_utf8(render(&report, Format::Openmetrics).unwrap()).unwrap();
            let (plain, hostile) = (of(fixture::report()), of(fixture::hostile(&text)));
            let names = |text: &str| -> Vec<String> {
                text.lines().map(|line| line.split(['{', ' ']).next().unwrap_or_default().to_owned()).collect()
            };
            proptest::prop_assert!(hostile.ends_with("# EOF\n"));
            // A text may give a family of its own, and no more than that.
            let (plain, hostile) = (names(&plain), names(&hostile));
            proptest::prop_assert!(hostile.iter().all(|name| plain.contains(name)), "{:?}", hostile);
        }
    }
}
