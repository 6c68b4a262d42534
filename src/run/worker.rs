//! A worker of a Locust master: our side and the target up, tokens in stock, then whatever the master says.

use super::{
    error::RunError,
    exit::FailOn,
    load::{Halt, begun, closed},
    load_side::Side,
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
    load::{
        judge,
        locust::{Join, News, work},
    },
    model::{Event, Level, RunReport, load::LoadPlan},
    suite::Catalog,
};
use std::{sync::Arc, time::Duration};

/// Tokens live so long: a test that a person runs from a web page has no length that we could know.
const LASTS: Duration = Duration::from_secs(12 * 3600);

/// Which master to join, and with what.
pub struct WorkerRequest {
    /// What is tested.
    pub subject: Subject,
    /// What is sent; how it arrives is the master's business.
    pub plan: LoadPlan,
    /// `HOST:PORT` of the master.
    pub master: String,
    /// Threads of the engine.
    pub threads: u32,
    /// What drives nonces.
    pub seed: u64,
    /// From which outcome on the run is red.
    pub fail_on: FailOn,
    /// How our side is reached.
    pub issuer: Options,
    /// A server of known behaviour that the subject's file is about, kept up while the run lasts.
    pub yardstick: Option<Yardstick>,
    /// The arguments of the command, for the report.
    pub args: Vec<String>,
}

/// Works until the master quits, or until somebody stops it, and hands every event to `sink`.
///
/// # Errors
/// Nothing was run: our side or the target did not come up, or the target cannot be loaded by the engine.
pub async fn execute_worker(
    request: WorkerRequest,
    catalog: &Catalog,
    stop: Stop,
    sink: &mut (dyn FnMut(&Event) + Send),
) -> Result<RunReport, RunError> {
    let fail_on = request.fail_on;
    let mut score = Score::new(sink, Terms::of_subject(&request.subject));
    let halt = Halt::default();
    let leaks = Box::pin(run(request, catalog, stop, &mut score, &halt)).await?;
    score.finish(leaks, None, fail_on)
}

async fn run(
    request: WorkerRequest,
    catalog: &Catalog,
    mut stop: Stop,
    score: &mut Score<'_>,
    halt: &Halt,
) -> Result<Vec<String>, RunError> {
    let WorkerRequest { subject, mut plan, master, threads, seed, issuer, yardstick, args, .. } = request;
    let stage = Stage::set(subject, catalog, &issuer, None, seed).await?;
    let mut side = Side::new(stage, catalog);
    score.emit(opening::of_load(side.stage.about().clone(), catalog, 1, seed, args));
    if side.calibrate(score).await {
        let left_out = side.leave_out_unmade(&mut plan.text)?;
        let (arena, wire, alg) = side.stocked(&plan, LASTS, seed, catalog).await?;
        let name = format!("gauntlet-{}-{:08x}", std::process::id(), seed & 0xffff_ffff);
        let join = Join { master, name, wire, arena, threads, stop: Arc::clone(&halt.0) };
        let (send, mut heard) = tokio::sync::mpsc::unbounded_channel();
        let said = move |news: News| {
            // Whoever listens lives as long as the work.
            let _ = send.send(news);
        };
        let working = work(&join, &said);
        tokio::pin!(working);
        let tests = loop {
            tokio::select! {
                done = &mut working => break done.map_err(|error| RunError::Unprepared(error.to_string()))?,
                Some(news) = heard.recv() => score.emit(Event::Remark { level: Level::May, text: text(&news) }),
                // A wish to stop ends the work in an orderly way: the master is told, and what was measured is kept.
                _ = stop.wanted(), if !join.stop.load(std::sync::atomic::Ordering::Relaxed) => {
                    join.stop.store(true, std::sync::atomic::Ordering::Relaxed);
                }
            }
        };
        while let Ok(news) = heard.try_recv() {
            score.emit(Event::Remark { level: Level::May, text: text(&news) });
        }
        let gates = side.gates(&plan);
        let mut result = begun(&plan);
        result.drive = "closed loop, by a Locust master".into();
        result.notes.extend(left_out);
        for (number, (mut window, told)) in tests.into_iter().enumerate() {
            window.name = format!("test {}", number + 1);
            window.alg.clone_from(&alg);
            result.notes.push(format!("{}: {} tokens sent, {told} told to the master", window.name, window.sent));
            result.gates.extend(judge(&gates, &window));
            result.windows.push(window);
        }
        score.emit(Event::LoadFinished { index: 0, result: Box::new(closed(result)) });
    }
    let Struck { leaks, trouble } = side.stage.strike().await;
    if let Some(text) = trouble {
        score.emit(Event::Remark { level: Level::Should, text });
    }
    drop(yardstick);
    Ok(leaks)
}

fn text(news: &News) -> String {
    match news {
        News::Waiting(because) => format!("waiting for the master: {because}"),
        News::Joined => "the master knows us".into(),
        News::Users(count) => format!("{count} users"),
        News::Over(told) => format!("the test is over; the master was told of {told} tokens"),
        News::Lost => "the master is gone; looking for it again".into(),
    }
}
