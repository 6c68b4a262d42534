//! A run of load plans against one target, or two in turns.

use super::{
    error::RunError,
    exit::FailOn,
    load_notes::remark,
    load_points::{Point, points},
    load_provider, load_search,
    load_side::Side,
    load_users::{self, Cast, Players},
    opening,
    session::Score,
    setup::{Stage, Struck},
    stop::Stop,
    subject::Subject,
    terms::Terms,
};
use crate::{
    builtin::Yardstick,
    issuer::Options,
    load::{Pair, Thresholds, judge, outcome_of, paired},
    model::{
        Event, Level, Outcome, RunReport,
        chaos::TokenClass,
        load::{Drive, GateResult, LoadPlan, LoadResult, LoadWindow, Sweep},
    },
    suite::Catalog,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// How long a run that is told to stop may take to close its window and to put everything away.
const GOODBYE: Duration = Duration::from_secs(10);
/// How often somebody looks whether the run is to end.
const LOOK: Duration = Duration::from_millis(20);
/// What a plan says that was stopped.
const STOPPED: &str = "stopped before its end: what was sent until then is shown, and nothing of it counts as held";

/// Which plans to run, and how.
pub struct LoadRequest {
    /// What is tested.
    pub subject: Subject,
    /// Another target for the same load, in turns.
    pub versus: Option<Subject>,
    /// The plans, in order.
    pub plans: Vec<LoadPlan>,
    /// What must hold while the highest rate is looked for, where it is.
    pub find_max: Option<Thresholds>,
    /// How often two targets take turns.
    pub rounds: u32,
    /// Threads of the engine.
    pub threads: u32,
    /// What drives nonces and arrivals at random.
    pub seed: u64,
    /// From which outcome on the run is red.
    pub fail_on: FailOn,
    /// How our side is reached.
    pub issuer: Options,
    /// Servers of known speed that the subjects' files are about, kept up while the run lasts.
    pub yardsticks: Vec<Yardstick>,
    /// Who plays users, where a plan has them.
    pub players: Players,
    /// The arguments of the command, for the report.
    pub args: Vec<String>,
}

/// Runs, and hands every event to `sink` as it happens.
///
/// # Errors
/// Nothing was run: our side or the target did not come up, or nothing is selected.
pub async fn execute_load(
    request: LoadRequest,
    catalog: &Catalog,
    mut stop: Stop,
    sink: &mut (dyn FnMut(&Event) + Send),
) -> Result<RunReport, RunError> {
    let fail_on = request.fail_on;
    let mut score = Score::new(sink, Terms::of_subject(&request.subject));
    let halt = Halt::default();
    let mut stopped = None;
    let leaks = {
        let mut running = Box::pin(run(request, catalog, &mut score, &halt));
        tokio::select! {
            ended = &mut running => ended?,
            reason = stop.wanted() => {
                // A window that is under way ends at once and tells what was sent so far.
                stopped = Some(reason);
                halt.0.store(true, Ordering::Relaxed);
                tokio::time::timeout(GOODBYE, running).await.unwrap_or(Ok(Vec::new()))?
            }
        }
    };
    drop(halt);
    score.finish(leaks, stopped, fail_on)
}

/// Ends the threads of the engine when the run is given up.
#[derive(Default)]
pub(super) struct Halt(pub(super) Arc<AtomicBool>);

impl Halt {
    /// Whether the run is to end.
    pub(super) fn is_wanted(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// A plan's result, which says so where the run was to end meanwhile.
    pub(super) fn told(&self, mut result: LoadResult) -> LoadResult {
        if self.is_wanted() {
            result.notes.insert(0, STOPPED.into());
            result.outcome = result.outcome.max(Outcome::Inconclusive);
        }
        result
    }

    /// Ends when the run is to end.
    pub(super) async fn wanted(&self) {
        while !self.is_wanted() {
            tokio::time::sleep(LOOK).await;
        }
    }
}

impl Drop for Halt {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

async fn run(
    request: LoadRequest,
    catalog: &Catalog,
    score: &mut Score<'_>,
    halt: &Halt,
) -> Result<Vec<String>, RunError> {
    match request.plans.iter().filter(|plan| load_provider::is_about_provider(plan)).count() {
        0 => {}
        all if all == request.plans.len() => {
            let settings = Settings { threads: request.threads, seed: request.seed, rounds: request.rounds, halt };
            return load_provider::run(request, catalog, score, &settings).await;
        }
        _ => return Err(RunError::MixedPlans),
    }
    let LoadRequest {
        subject, versus, plans, find_max, rounds, threads, seed, issuer, yardsticks, players, args, ..
    } = request;
    if plans.is_empty() {
        return Err(RunError::NothingSelected);
    }
    if versus.is_some() && plans.iter().any(|plan| matches!(plan.text.drive, Drive::Users(_))) {
        return Err(RunError::UsersAlone);
    }
    let file = if let Subject::File(path, file) = &subject { Some((path.clone(), file.clone())) } else { None };
    let stage = Stage::set(subject, catalog, &issuer, None, seed).await?;
    let mut first = Side::new(stage, catalog);
    let opening = opening::of_load(first.stage.about().clone(), catalog, plans.len(), seed, args);
    let run = if let Event::RunStarted { run, .. } = &opening { run.id.clone() } else { String::new() };
    score.emit(opening);
    let cast = Cast { command: players.command, folder: (players.folder)(&run), file };
    let mut second = match versus {
        None => None,
        Some(subject) => {
            let stage = Stage::set(subject, catalog, &Options { port: 0, ..issuer }, None, seed).await?;
            Some(Side::new(stage, catalog))
        }
    };
    let mut ready = true;
    for side in std::iter::once(&mut first).chain(&mut second) {
        ready &= side.calibrate(score).await;
    }
    if ready {
        let settings = Settings { threads, seed, rounds, halt };
        for (index, plan) in plans.iter().enumerate() {
            if halt.is_wanted() {
                break;
            }
            let result = match (&find_max, &mut second, &plan.text.drive) {
                (Some(thresholds), ..) => {
                    load_search::run(plan, &mut first, thresholds, &settings, catalog, score).await?
                }
                (None, Some(second), _) => versus_plan(plan, &mut first, second, &settings, catalog, score).await?,
                (None, None, Drive::Users(users)) => {
                    load_users::play(plan, *users, &cast, &mut first, &settings, catalog, score).await?
                }
                (None, None, _) => alone(plan, &mut first, &settings, catalog, score).await?,
            };
            score.emit(Event::LoadFinished { index, result: Box::new(halt.told(result)) });
        }
    }
    let mut all = Vec::new();
    for side in std::iter::once(first).chain(second) {
        let Struck { leaks, trouble } = side.stage.strike().await;
        all.extend(leaks);
        if let Some(text) = trouble {
            score.emit(Event::Remark { level: Level::Should, text });
        }
    }
    drop(yardsticks);
    Ok(all)
}

/// What all windows of a run share.
pub(super) struct Settings<'r> {
    pub(super) threads: u32,
    pub(super) seed: u64,
    pub(super) rounds: u32,
    pub(super) halt: &'r Halt,
}

/// One plan on one target.
async fn alone(
    plan: &LoadPlan,
    side: &mut Side,
    settings: &Settings<'_>,
    catalog: &Catalog,
    score: &mut Score<'_>,
) -> Result<LoadResult, RunError> {
    let gates = side.gates(plan);
    let mut result = begun(plan);
    for mut point in points(plan) {
        if let Some(alg) = point.alg_missing(&side.stage.trust.algorithms) {
            result.notes.push(format!("{alg} is left out: the target does not take it"));
            continue;
        }
        let unmade = side.leave_out_unmade(&mut point.text)?;
        let is_the_point = unmade.is_some() && matches!(plan.text.sweep, Some(Sweep::Class(_)));
        result.notes.extend(unmade);
        if is_the_point {
            continue;
        }
        let Some(window) = side.window(&plan.id, &point, settings, catalog, score).await? else { break };
        result.gates.extend(judge(&gates, &window));
        result.notes.extend(remark(plan, &point, &window, result.windows.first()));
        result.windows.push(window);
    }
    Ok(closed(result))
}

/// The same plan on two targets in turns: one after the other, then the other way round.
async fn versus_plan(
    plan: &LoadPlan,
    first: &mut Side,
    second: &mut Side,
    settings: &Settings<'_>,
    catalog: &Catalog,
    score: &mut Score<'_>,
) -> Result<LoadResult, RunError> {
    let names = [first.stage.about().name.clone(), second.stage.about().name.clone()];
    let names = match names {
        [one, other] if one == other => [format!("{one} (first)"), format!("{one} (second)")],
        names => names,
    };
    let gates = [first.gates(plan), second.gates(plan)];
    let mut result = begun(plan);
    let mut pairs = Vec::new();
    let closed_loop = matches!(plan.text.drive, Drive::Connections(_));
    let mut point = points(plan).into_iter().next().unwrap_or_else(|| Point::of(plan));
    // Both get the same load.
    for side in [&*first, &*second] {
        result.notes.extend(side.leave_out_unmade(&mut point.text)?);
    }
    // The windows of all rounds together are as long as the plan says.
    point.text.duration.0 = (plan.text.duration.0 / settings.rounds.max(1)).max(Duration::from_millis(200));
    'rounds: for round in 0..settings.rounds {
        let mut costs = [0.0; 2];
        for turn in 0..2 {
            let which = (turn + round as usize) % 2;
            let side = if which == 0 { &mut *first } else { &mut *second };
            let own = Point { name: format!("{} {}", names[which], round + 1), ..point.clone() };
            let Some(window) = side.window(&plan.id, &own, settings, catalog, score).await? else { break 'rounds };
            costs[which] = if closed_loop { 1.0 / window.throughput_rps } else { service_mean(&window) };
            result.gates.extend(judge(&gates[which], &window));
            result.windows.push(window);
        }
        if settings.halt.is_wanted() {
            break;
        }
        pairs.push(Pair { first: costs[0], second: costs[1] });
    }
    let measure = if closed_loop { "throughput" } else { "service time" };
    result.paired = paired(&names[0], &names[1], measure, &pairs);
    if result.paired.is_none() {
        result.notes.push("with fewer than six rounds nothing can be said about the difference".into());
    }
    Ok(closed(result))
}

/// The mean time from the real start to the answer, over all tokens.
fn service_mean(window: &LoadWindow) -> f64 {
    let all: u64 = window.classes.iter().map(|class| class.sent).sum();
    window.classes.iter().map(|class| class.service_mean_us * class.sent as f64).sum::<f64>() / all.max(1) as f64
}

pub(super) fn begun(plan: &LoadPlan) -> LoadResult {
    let text = &plan.text;
    let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    LoadResult {
        id: plan.id.clone(),
        title: line(&text.title),
        why: line(&text.why),
        fix: line(&text.fix),
        severity: text.severity,
        refs: text.refs.clone(),
        source: plan.source.clone(),
        outcome: Outcome::Inconclusive,
        notes: Vec::new(),
        drive: if text.http2 { format!("{}, HTTP/2", text.drive) } else { text.drive.to_string() },
        windows: Vec::new(),
        maximum: None,
        paired: None,
        users: None,
        gates: Vec::new(),
    }
}

pub(super) fn closed(mut result: LoadResult) -> LoadResult {
    let decided = |gate: &&GateResult| gate.outcome != Outcome::Skip;
    let judged: Vec<GateResult> = result.gates.iter().filter(decided).cloned().collect();
    result.outcome =
        if result.windows.is_empty() && result.maximum.is_none() { Outcome::Skip } else { outcome_of(&judged) };
    for window in &result.windows {
        let again = window.planned.saturating_sub(window.distinct);
        let repeats = window.classes.iter().any(|class| class.name == TokenClass::Replay.name());
        if again > 0 && !repeats && window.cache_hit_ratio.is_none() {
            let name = if window.name.is_empty() { String::new() } else { format!("{}: ", window.name) };
            result.notes.push(format!("{name}{} different tokens were sent {} times", window.distinct, window.planned));
        }
    }
    if let Some(window) = result.windows.iter().find(|window| window.classes.iter().any(|own| own.turned_away > 0)) {
        let bytes = window.payload_size_bytes;
        result
            .notes
            .push(format!("from {bytes} bytes on tokens are turned away before they are judged (413, 431, 400)"));
    }
    result.notes.dedup();
    result
}
