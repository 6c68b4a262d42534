//! One run from its first event to its last.

use super::{
    alone,
    baseline::{self, Universe},
    error::RunError,
    exit::{self, Exit, FailOn},
    generated::Generated,
    opening,
    ours::OurSide,
    phases,
    published::{Vectors, beside},
    recorder::{self, Recorder},
    setup::{Stage, Struck},
    stop::{Stop, StopReason},
    subject::Subject,
    terms::Terms,
    withheld::Withheld,
};
use crate::{
    certify::assess,
    conformance::{
        Bench, Calibration, Finished, Planned, Standing, build, calibrate, declared, run_block, skipped, sweep,
    },
    issuer::Options,
    model::{
        Event, Harm, Level, Outcome, Profile, RunReport, Verdict, chaos::Scenario, report::CalibrationCheck,
        spec::Severity,
    },
    suite::{Baseline, Catalog, Demand, Selection, complaints, scenarios},
};
use jiff::{Timestamp, tz::TimeZone};
use std::{collections::BTreeMap, sync::Arc};
use tokio::task::JoinSet;

/// The most cases between two good tokens.
const BLOCK: usize = 20;

/// What to run, and how.
pub struct Request {
    /// What is tested.
    pub subject: Subject,
    /// Which cases.
    pub selection: Selection,
    /// What drives nonces and random bytes.
    pub seed: u64,
    /// Blocks in flight at the same time.
    pub jobs: usize,
    /// Generated tokens to send beside the cases.
    pub fuzz: u32,
    /// From which outcome on the run is red.
    pub fail_on: FailOn,
    /// The list of known failures.
    pub baseline: Option<Baseline>,
    /// How our side is reached.
    pub issuer: Options,
    /// The arguments of the command, for the report.
    pub args: Vec<String>,
    /// The command without its selection, for reproductions.
    pub reproduce: String,
    /// The profile that the run is for.
    pub profile: Option<Asked>,
}

/// A profile that a run is for. Only the cases that it names are sent.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Which one.
    pub profile: Profile,
    /// What it demands of the suite.
    pub demand: Demand,
    /// How many scenarios it asks for beside the cases.
    pub scenarios: usize,
}

impl Asked {
    /// Works out what a profile of a suite asks for.
    #[must_use]
    pub fn of(profile: &Profile, catalog: &Catalog, scenarios: &[Scenario]) -> Asked {
        Asked {
            demand: Demand::of(profile, catalog),
            scenarios: profile.scenarios_of(scenarios).len(),
            profile: profile.clone(),
        }
    }
}

/// Runs, and hands every event to `sink` as it happens.
///
/// # Errors
/// Nothing was judged: our side or the target did not come up, or nothing is selected.
pub async fn execute(
    request: Request,
    catalog: &Catalog,
    stop: Stop,
    sink: &mut (dyn FnMut(&Event) + Send),
) -> Result<RunReport, RunError> {
    execute_with(request, catalog, None, stop, sink).await
}

/// The same, on our side of an earlier run.
pub(super) async fn execute_with(
    request: Request,
    catalog: &Catalog,
    ours: Option<OurSide>,
    mut stop: Stop,
    sink: &mut (dyn FnMut(&Event) + Send),
) -> Result<RunReport, RunError> {
    let fail_on = request.fail_on;
    let mut score = Score::new(sink, Terms::of_subject(&request.subject));
    score.asked.clone_from(&request.profile);
    if let Some(baseline) = request.baseline.clone() {
        let scenarios = scenarios(None)?;
        score.hold_against(baseline, Universe::new(catalog, scenarios.iter().map(|scenario| scenario.id.as_str())));
    }
    let ended = tokio::select! {
        // On the heap: a whole run is more than the stack of a test's thread holds.
        ended = Box::pin(play(request, catalog, ours, &mut score)) => ended.map(|leaks| (leaks, None)),
        reason = stop.wanted() => Ok((Vec::new(), Some(reason))),
    };
    let (leaks, stopped) = ended?;
    score.finish(leaks, stopped, fail_on)
}

/// The recorder and everybody who listens.
pub(super) struct Score<'a> {
    recorder: Recorder,
    /// What must not be shown.
    withheld: Option<Withheld>,
    /// The profile by which the run is judged in the end.
    asked: Option<Asked>,
    /// What the target's file asks.
    terms: Terms,
    /// What is known already, and all that can be.
    baseline: Option<(Baseline, Universe)>,
    sink: &'a mut (dyn FnMut(&Event) + Send),
}

impl<'a> Score<'a> {
    pub(super) fn new(sink: &'a mut (dyn FnMut(&Event) + Send), terms: Terms) -> Score<'a> {
        Score { recorder: Recorder::default(), withheld: None, terms, asked: None, baseline: None, sink }
    }

    pub(super) fn hold_against(&mut self, baseline: Baseline, universe: Universe) {
        self.baseline = Some((baseline, universe));
    }
}

impl Score<'_> {
    pub(super) fn emit(&mut self, event: Event) {
        let event = self.terms.event(event);
        let event = match &self.withheld {
            Some(withheld) => withheld.event(event),
            None => event,
        };
        self.recorder.record(&event);
        (self.sink)(&event);
    }

    pub(super) fn finish(
        self,
        log_leaks: Vec<String>,
        stopped: Option<StopReason>,
        fail_on: FailOn,
    ) -> Result<RunReport, RunError> {
        let log_leaks = match &self.withheld {
            Some(withheld) => withheld.leaks(&log_leaks),
            None => log_leaks,
        };
        // A wish to stop before the first event: nothing ran, and there is nothing to write.
        let Some(mut report) = self.recorder.into_report() else {
            return Err(stopped.map_or(RunError::NeverBegan, RunError::StoppedEarly));
        };
        let now = Timestamp::now();
        report.complete = stopped.is_none();
        if let Some((baseline, universe)) = &self.baseline {
            baseline::apply(&mut report, baseline, universe, now.to_zoned(TimeZone::UTC).date());
        }
        if let Some(Asked { profile, demand, scenarios }) = &self.asked {
            report.summary.profile = Some(assess(profile, demand, *scenarios, &report).summary);
        }
        let exit = match stopped {
            None => exit::of_finished(&report, fail_on),
            Some(reason) => Exit { code: reason.exit_code(), because: reason.sentence().to_owned() },
        };
        let event = Event::RunFinished {
            finished: now.to_string(),
            stopped: stopped.map(|reason| reason.sentence().to_owned()),
            summary: Box::new(report.summary.clone()),
            log_leaks,
            baseline: report.baseline.clone().map(Box::new),
            exit_code: exit.code as u8,
            exit_because: exit.because,
        };
        let event = match &self.withheld {
            Some(withheld) => withheld.event(event),
            None => event,
        };
        recorder::close(&mut report, &event);
        (self.sink)(&event);
        Ok(report)
    }
}

async fn play(
    request: Request,
    catalog: &Catalog,
    ours: Option<OurSide>,
    score: &mut Score<'_>,
) -> Result<Vec<String>, RunError> {
    let Request { subject, selection, seed, jobs, fuzz, issuer, args, reproduce, profile, .. } = request;
    let mut selection = selection.allowing(subject.allows());
    if let Some(asked) = &profile {
        selection = selection.within(asked.demand.cases.clone());
    }
    if subject.is_in_production() {
        selection = selection.never(Harm::Harmful);
    }
    let generated = Generated::new(fuzz, &selection, jobs, catalog)?;
    let named = catalog.cases.iter().any(|case| selection.names(case));
    if generated.is_none() && !named && !catalog.vectors.iter().any(|vector| selection.names_vector(vector)) {
        return Err(RunError::NothingSelected);
    }
    let asked = match &subject {
        Subject::File(_, file) => complaints(file, catalog)?,
        _ => Vec::new(),
    };
    let beside = beside(&subject);
    let mut stage = Stage::set(subject, catalog, &issuer, ours, seed).await?;
    score.withheld = stage.withheld().cloned();
    if let Some(asked) = &profile {
        stage.choose(&asked.profile.policy);
    }
    let mut plan = build(catalog, &stage.provides, &selection, &stage.recipes, Some(&stage.forge), stage.memory());
    for planned in &mut plan.cases {
        if let Some(case) = declared(&planned.case, &stage.policy) {
            planned.case = Arc::new(case);
        }
    }
    let vectors = Vectors::plan(catalog, &selection, &stage, beside);
    let mut opening = opening::of_cases(&stage, &plan, catalog, seed, args);
    vectors.announce(catalog, &mut opening);
    if let Some(generated) = &generated {
        generated.announce(&mut opening);
    }
    score.emit(opening);
    for text in asked {
        score.emit(Event::Remark { level: Level::Should, text });
    }
    if let Some(mode) = stage.mode() {
        for text in plan.said(mode) {
            score.emit(Event::Remark { level: Level::May, text });
        }
    }
    let bench = Arc::new(stage.bench(catalog, reproduce));
    let Calibration { checks, standing } = {
        let mut told = |text| score.emit(Event::Remark { level: Level::May, text });
        calibrate(&bench, &stage.trust.algorithms, &mut told).await
    };
    for check in checks {
        score.emit(Event::Calibrated { check: Box::new(check) });
    }
    for left_out in &plan.skipped {
        let result = Arc::new(skipped(left_out));
        score.emit(Event::CaseFinished { index: left_out.index, result });
    }
    vectors.skip(score);
    if standing == Standing::Testable {
        let mut together = plan.cases;
        // In place: a plan takes megabytes.
        let phased = together.extract_if(.., |planned| planned.case.keyset.is_some()).collect();
        let apart: Vec<Planned> = together.extract_if(.., |planned| planned.case.runs_alone()).collect();
        let mut finished = all_blocks(&bench, &together, jobs, score).await;
        finished.append(&mut Box::pin(alone::run(&bench, &mut stage, &apart, score)).await);
        Box::pin(repeat_undecided(&bench, &mut stage, [together.as_slice(), apart.as_slice()], &mut finished, score))
            .await;
        finished.append(&mut Box::pin(phases::play(&bench, &mut stage, catalog, phased, jobs, score)).await);
        for case in finished.values_mut() {
            if sweep(&bench, case) {
                score.emit(Event::CaseFinished { index: case.index, result: Arc::clone(&case.result) });
            }
        }
        Box::pin(vectors.show(&bench, &stage.trust, score)).await;
        if let Some(generated) = &generated {
            generated.send(&bench, &stage.trust.algorithms, &mut |event| score.emit(event)).await;
        }
    }
    let Struck { leaks, trouble } = stage.strike().await;
    if let Some(text) = trouble {
        score.emit(Event::Remark { level: Level::Should, text });
    }
    if !leaks.is_empty() {
        score.emit(Event::Calibrated { check: Box::new(leak_check(&leaks)) });
    }
    Ok(leaks)
}

/// All blocks, `jobs` at a time.
pub(super) async fn all_blocks(
    bench: &Arc<Bench>,
    cases: &[Planned],
    jobs: usize,
    score: &mut Score<'_>,
) -> BTreeMap<usize, Finished> {
    let mut waiting = cases.chunks(BLOCK);
    let mut running = JoinSet::new();
    let mut finished = BTreeMap::new();
    loop {
        while running.len() < jobs.max(1)
            && let Some(block) = waiting.next()
        {
            let (bench, block) = (Arc::clone(bench), block.to_vec());
            running.spawn(async move { run_block(&bench, &block).await });
        }
        let Some(done) = running.join_next().await else { return finished };
        match done {
            Ok(cases) => {
                for case in cases {
                    score.emit(Event::CaseFinished { index: case.index, result: Arc::clone(&case.result) });
                    finished.insert(case.index, case);
                }
            }
            // A job that panicked is a bug of ours: end the process as one instead of losing its cases.
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => {}
        }
    }
}

/// Each undecided case once more, alone. A target that no longer takes good tokens is restarted where that is
/// possible; where it is not, one good token decides whether trying makes sense.
pub(super) async fn repeat_undecided(
    bench: &Bench,
    stage: &mut Stage,
    cases: impl IntoIterator<Item = &[Planned]>,
    finished: &mut BTreeMap<usize, Finished>,
    score: &mut Score<'_>,
) {
    let is_undecided = |planned: &&Planned| finished.get(&planned.index).is_some_and(Finished::is_undecided);
    let mut undecided: Vec<&Planned> = cases.into_iter().flatten().filter(is_undecided).collect();
    undecided.sort_by_key(|planned| planned.index);
    if undecided.is_empty() {
        return;
    }
    if let Some(because) = bench.halted() {
        score.emit(Event::Remark { level: Level::Should, text: because });
        let good = bench.control(bench.good()).await;
        match good.map(|seen| seen.verdict) {
            Ok(Verdict::Accept) => bench.halt(None),
            Ok(Verdict::Unreachable | Verdict::Reset | Verdict::Timeout) => match stage.restart().await {
                Ok(true) => {
                    score.emit(Event::Remark { level: Level::May, text: "the target was restarted".into() });
                    bench.halt(None);
                }
                Ok(false) => {}
                Err(error) => score.emit(Event::Remark { level: Level::Must, text: error.to_string() }),
            },
            _ => {}
        }
    }
    for planned in undecided {
        if bench.halted().is_some() {
            return;
        }
        for case in run_block(bench, std::slice::from_ref(planned)).await {
            score.emit(Event::CaseFinished { index: case.index, result: Arc::clone(&case.result) });
            finished.insert(case.index, case);
        }
    }
}

/// Tokens are passwords: whoever reads the log can use them until they expire.
fn leak_check(leaks: &[String]) -> CalibrationCheck {
    CalibrationCheck {
        name: "the target's own log".into(),
        outcome: Outcome::Warn,
        severity: Severity::Medium,
        observed: format!("{} texts that look like whole tokens, such as {}", leaks.len(), leaks[0]),
        hint: Some("log the token's jti, or its header and claims, but never its signature".into()),
        observation: None,
    }
}
