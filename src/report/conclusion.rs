//! What a run comes to, in plain words. Every format says the same.

use super::{
    group::{Group, by_case},
    text::visible,
    words::count,
};
use crate::model::{
    Level, Outcome, RunReport, Severity, chaos::Grade, outcome::BaselineStatus, report::CalibrationCheck,
};

/// What a run says about its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// No must was broken and none left undecided.
    Holds,
    /// A must was broken.
    Broken,
    /// Nobody can say: controls failed, or the run did not finish.
    Undecided,
    /// Nothing was tested.
    Empty,
}

/// The conclusion of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conclusion {
    /// The answer.
    pub standing: Standing,
    /// The answer in two or three words: `Does not hold`.
    pub headline: String,
    /// The figures behind it: `3 requirements broken, worst: critical`.
    pub detail: String,
    /// What makes the whole run doubtful, to be said loudly: that it is incomplete, was stopped or executed nothing.
    pub alarms: Vec<String>,
}

impl Conclusion {
    /// Draws it from a run.
    #[must_use]
    pub fn of(report: &RunReport) -> Self {
        let alarms = alarms(report);
        let groups = by_case(report);
        let (standing, headline, detail) = broken(report, &groups)
            .or_else(|| scenarios(report))
            .or_else(|| load(report))
            .or_else(|| empty(report))
            .or_else(|| undecided(report, &groups))
            .unwrap_or_else(|| holds(report));
        Conclusion { standing, headline: headline.into(), detail, alarms }
    }

    /// The whole in one line: `Does not hold: 3 requirements broken, worst: critical`.
    #[must_use]
    pub fn sentence(&self) -> String {
        format!("{}: {}", self.headline, self.detail)
    }
}

type Answer = (Standing, &'static str, String);

fn alarms(report: &RunReport) -> Vec<String> {
    let mut alarms = Vec::new();
    match &report.stopped {
        Some(reason) => alarms.push(format!("This run was stopped before its end: {}.", visible(reason))),
        None if !report.complete => {
            alarms.push("This run is incomplete: its log ends before its end. Do not take it for a result.".into());
        }
        None => {}
    }
    if report.summary.executed == 0 && !was_played(report) {
        let what = if report.calibration.is_empty() {
            "Nothing was sent to the target."
        } else {
            "No case was sent to the target, only the first probes."
        };
        alarms.push(format!("{what} How it judges tokens is not known."));
    }
    alarms
}

fn calibration(report: &RunReport, outcome: Outcome) -> impl Iterator<Item = &CalibrationCheck> {
    report.calibration.iter().filter(move |check| check.outcome == outcome)
}

fn broken(report: &RunReport, groups: &[Group<'_>]) -> Option<Answer> {
    let failed: Vec<_> = groups.iter().filter(|group| group.outcome() == Outcome::Fail).collect();
    let first: Vec<_> = calibration(report, Outcome::Fail).collect();
    let number = failed.len() + first.len();
    if number == 0 {
        return None;
    }
    let severities = failed.iter().map(|group| group.severity()).chain(first.iter().map(|check| check.severity));
    let worst = severities.max().unwrap_or(Severity::Info);
    let mut detail = format!("{} broken, worst: {worst}", count(number, "requirement"));
    if first.is_empty() && failed.iter().all(|group| group.is_known()) {
        detail.push_str("; each is on the list of known failures");
    }
    Some((Standing::Broken, "Does not hold", detail))
}

fn was_played(report: &RunReport) -> bool {
    report.scenarios.iter().any(|scenario| !scenario.assertions.is_empty())
        || report.load.iter().any(|plan| !plan.gates.is_empty())
}

/// A run of load plans; `None` where there are none, or where something else was tested as well and says more.
fn load(report: &RunReport) -> Option<Answer> {
    if report.load.is_empty() || !report.scenarios.is_empty() || report.summary.executed > 0 {
        return None;
    }
    let gates = || report.load.iter().flat_map(|plan| &plan.gates);
    let of = |outcome| gates().filter(|gate| gate.outcome == outcome).count();
    let wrong: u64 = report.load.iter().flat_map(|plan| &plan.windows).map(|window| window.wrong_accepts).sum();
    let plans = count(report.load.len(), "load plan");
    if of(Outcome::Fail) > 0 {
        let mut detail = format!("{} broken in {plans}", count(of(Outcome::Fail), "gate"));
        if wrong > 0 {
            detail.push_str(&format!(
                ", {} wrongly accepted",
                count(usize::try_from(wrong).unwrap_or(usize::MAX), "token")
            ));
        }
        return Some((Standing::Broken, "Does not hold", detail));
    }
    let mut detail =
        format!("{} of {} held in {plans}", of(Outcome::Pass), count(gates().count() - of(Outcome::Skip), "gate"));
    if of(Outcome::Warn) > 0 {
        detail.push_str(&format!(", {} missed", count(of(Outcome::Warn), "objective")));
    }
    let open = of(Outcome::Inconclusive);
    // An objective that is open leaves a plan decided whose musts hold.
    let undecided = report.load.iter().any(|plan| plan.outcome == Outcome::Inconclusive)
        || gates().any(|gate| gate.outcome == Outcome::Inconclusive && gate.level == Grade::Must);
    if !undecided && open > 0 {
        detail.push_str(&format!(", {} undecided", count(open, "objective")));
    }
    if undecided || !report.complete || report.stopped.is_some() {
        return Some((Standing::Undecided, "Undecided", format!("{} undecided; {detail}", count(open, "gate"))));
    }
    Some((Standing::Holds, "Holds", detail))
}

/// A run of scenarios; `None` where there are none, or where cases were sent as well and say more.
fn scenarios(report: &RunReport) -> Option<Answer> {
    let claims = || report.scenarios.iter().flat_map(|scenario| &scenario.assertions);
    let broken = claims().filter(|claim| claim.outcome == Outcome::Fail).count();
    if broken > 0 {
        let failed: Vec<_> = report.scenarios.iter().filter(|scenario| scenario.outcome == Outcome::Fail).collect();
        let worst = failed.iter().map(|scenario| scenario.severity).max().unwrap_or(Severity::Info);
        let detail = format!("{} broken in {}, worst: {worst}", count(broken, "must"), count(failed.len(), "scenario"));
        return Some((Standing::Broken, "Does not hold", detail));
    }
    if report.scenarios.is_empty() || !was_played(report) || report.summary.executed > 0 {
        return None;
    }
    let counts = &report.summary.scenarios;
    let judged = counts.total() - counts.skip;
    let missed = claims().filter(|claim| claim.outcome == Outcome::Warn).count();
    let mut detail = format!("no must broken in {}", count(judged, "scenario"));
    if missed > 0 {
        detail.push_str(&format!(", {} missed", count(missed, "objective")));
    }
    if counts.inconclusive > 0 || !report.complete || report.stopped.is_some() {
        let open = count(counts.inconclusive, "scenario");
        return Some((Standing::Undecided, "Undecided", format!("{open} could not be played; otherwise {detail}")));
    }
    Some((Standing::Holds, "Holds", detail))
}

fn empty(report: &RunReport) -> Option<Answer> {
    if report.summary.executed > 0 {
        return None;
    }
    let detail = match calibration(report, Outcome::Inconclusive).next() {
        Some(check) => format!("{}: {}", visible(&check.name), visible(&check.observed)),
        None => "no case was sent to the target".into(),
    };
    Some((Standing::Empty, "Nothing was tested", detail))
}

fn undecided(report: &RunReport, groups: &[Group<'_>]) -> Option<Answer> {
    if let Some(check) = calibration(report, Outcome::Inconclusive).next() {
        let detail = format!("{}: {}", visible(&check.name), visible(&check.observed));
        return Some((Standing::Undecided, "Undecided", detail));
    }
    let open = groups.iter().filter(|group| {
        group.findings().any(|finding| {
            let open = finding.outcome == Outcome::Inconclusive && finding.level == Level::Must;
            open && finding.baseline != BaselineStatus::Known
        })
    });
    match open.count() {
        0 if report.complete && report.stopped.is_none() => None,
        0 => Some((Standing::Undecided, "Undecided", format!("the run did not finish; until then {}", passed(report)))),
        number => Some((
            Standing::Undecided,
            "Undecided",
            format!("{} could not be decided; {}", count(number, "requirement"), passed(report)),
        )),
    }
}

fn holds(report: &RunReport) -> Answer {
    let counts = &report.summary.cases;
    if judged(report) == 0 {
        return (Standing::Holds, "Nothing broken", format!("none to be judged, {} noted", count(counts.note, "case")));
    }
    let mut detail = passed(report);
    if counts.warn > 0 {
        detail.push_str(&format!(", {} with a warning", counts.warn));
    }
    if counts.inconclusive > 0 {
        detail.push_str(&format!(", {} undecided", counts.inconclusive));
    }
    (Standing::Holds, "Holds", detail)
}

/// Notes are measurements and skips do not apply: neither counts among the judged.
fn judged(report: &RunReport) -> usize {
    let counts = &report.summary.cases;
    counts.pass + counts.fail + counts.warn + counts.inconclusive
}

fn passed(report: &RunReport) -> String {
    format!("{} of {} passed", report.summary.cases.pass, count(judged(report), "applicable case"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    fn of(change: impl FnOnce(&mut RunReport)) -> (Standing, String, usize) {
        let mut report = fixture::report();
        change(&mut report);
        let conclusion = Conclusion::of(&report);
        (conclusion.standing, conclusion.sentence(), conclusion.alarms.len())
    }

    #[test]
    fn a_broken_must_is_said_with_the_worst_severity() {
        assert_eq!(
            of(|_| ()),
            (Standing::Broken, "Does not hold: 3 requirements broken, worst: critical".to_owned(), 0)
        );
        let known = of(|report| {
            report.cases.iter_mut().flat_map(|case| &mut case.findings).for_each(|finding| {
                finding.baseline = crate::model::outcome::BaselineStatus::Known;
            });
        });
        assert!(known.1.ends_with("; each is on the list of known failures"), "{}", known.1);
    }

    #[test]
    fn a_green_run_counts_what_was_judged() {
        let green = of(|report| fixture::keep(report, |outcome| matches!(outcome, Outcome::Pass | Outcome::Skip)));
        assert_eq!(green, (Standing::Holds, "Holds: 6 of 6 applicable cases passed".to_owned(), 0));
        let warned = of(|report| fixture::keep(report, |outcome| matches!(outcome, Outcome::Pass | Outcome::Warn)));
        assert_eq!(warned.1, "Holds: 6 of 8 applicable cases passed, 2 with a warning");
        let noted = of(|report| fixture::keep(report, |outcome| outcome == Outcome::Note));
        assert_eq!(noted.1, "Nothing broken: none to be judged, 1 case noted");
    }

    #[test]
    fn no_run_is_green_that_did_not_finish_or_sent_nothing() {
        let keep = |report: &mut RunReport| fixture::keep(report, |outcome| outcome == Outcome::Pass);
        let stopped = of(|report| {
            keep(report);
            report.complete = false;
            report.stopped = Some("the time limit of 60s".into());
        });
        assert_eq!((stopped.0, stopped.2), (Standing::Undecided, 1));
        let nothing = of(|report| fixture::keep(report, |outcome| outcome == Outcome::Skip));
        assert_eq!((nothing.0, nothing.2), (Standing::Empty, 1));
        let open =
            of(|report| fixture::keep(report, |outcome| matches!(outcome, Outcome::Pass | Outcome::Inconclusive)));
        assert_eq!(open.0, Standing::Undecided);
        assert!(open.1.starts_with("Undecided: 1 requirement could not be decided"), "{}", open.1);
    }
}
