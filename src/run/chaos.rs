//! A run of scenarios: each on an issuer and a target of its own.

use super::{
    baseline::Universe, chaos_target::about, company::Company, error::RunError, exit::FailOn, opening,
    provider::RealProvider, session::Score, stop::Stop, subject::Subject, terms::Terms,
};
use crate::{
    chaos::{Desk, Room, fingerprint_desk},
    issuer::{FaultyDocuments, FaultyIssuer, FaultyOptions},
    model::{
        Alg, Event, RunReport, TrustConfig,
        chaos::{Fingerprint, Scenario},
    },
    suite::{Baseline, Catalog, scenarios},
};
use std::{sync::Arc, time::Duration};
use tokio::{sync::mpsc, task::JoinSet};

/// Which scenarios to play, and how.
pub struct ChaosRequest {
    /// What is tested.
    pub subject: Subject,
    /// The scenarios, in order.
    pub scenarios: Vec<Scenario>,
    /// What drives nonces and shares of requests.
    pub seed: u64,
    /// Scenarios at the same time, where each has a target of its own.
    pub jobs: usize,
    /// From which outcome on the run is red.
    pub fail_on: FailOn,
    /// The list of known failures.
    pub baseline: Option<Baseline>,
    /// Where our side listens.
    pub issuer: FaultyOptions,
    /// The arguments of the command, for the report.
    pub args: Vec<String>,
    /// Where people and their tools stand.
    pub room: Room,
}

/// Plays, and hands every event to `sink` as it happens.
///
/// # Errors
/// Nothing was played: keys cannot be made, the target fetches no keys of ours, or nothing is selected.
pub async fn execute_chaos(
    request: ChaosRequest,
    catalog: Catalog,
    mut stop: Stop,
    sink: &mut (dyn FnMut(&Event) + Send),
) -> Result<RunReport, RunError> {
    let fail_on = request.fail_on;
    let mut score = Score::new(sink, Terms::of_subject(&request.subject));
    if let Some(baseline) = request.baseline.clone() {
        let all = scenarios(None)?;
        let ids = all.iter().chain(&request.scenarios).map(|scenario| scenario.id.as_str());
        score.hold_against(baseline, Universe::new(&catalog, ids));
    }
    let ended = tokio::select! {
        ended = run(request, catalog, &mut score) => ended.map(|()| None),
        reason = stop.wanted() => Ok(Some(reason)),
    };
    let stopped = ended?;
    score.finish(Vec::new(), stopped, fail_on)
}

/// Measures how a target keeps our key set. `watch` is how long it is looked at for any one thing; `said` hears what is
/// being measured.
///
/// # Errors
/// The target fetches no keys of ours, does not come up, or takes no good token.
pub async fn measure_cache(
    subject: Subject,
    catalog: Catalog,
    issuer: FaultyOptions,
    watch: Duration,
    said: &mut (dyn FnMut(&str) + Send),
) -> Result<Fingerprint, RunError> {
    let seed = issuer.seed;
    Company::gather(subject, catalog, seed, issuer, Room::default()).await?.study(watch, said).await
}

/// An issuer that anybody's tests can make misbehave, with one key that is published and signs.
///
/// # Errors
/// Keys cannot be made, or an address cannot be listened on.
pub async fn serve_faulty(
    algorithms: &[Alg],
    audience: &str,
    catalog: Catalog,
    issuer: FaultyOptions,
) -> Result<(Arc<FaultyIssuer>, Desk, TrustConfig), RunError> {
    let seed = issuer.seed;
    let company = Company::alone(algorithms, catalog, issuer.clone())?;
    let served = Arc::new(FaultyIssuer::start(&issuer, company.documents()?).await?);
    let trust =
        TrustConfig { audience: audience.to_owned(), algorithms: algorithms.to_vec(), ..company.trust(&served, &[])? };
    let mint = company.mint(&served, &trust, "c".into());
    let desk = fingerprint_desk(mint, &served, format!("s-{:04x}", seed & 0xffff))
        .map_err(|error| RunError::Unprepared(error.to_string()))?;
    Ok((served, desk, trust))
}

/// A stand-in for a real identity provider that can be made to misbehave, with the provider's keys as they are now.
///
/// # Errors
/// An address cannot be listened on.
pub async fn stand_in(provider: &RealProvider, issuer: FaultyOptions) -> Result<(Arc<FaultyIssuer>, Desk), RunError> {
    let mut served = FaultyIssuer::start(&issuer, FaultyDocuments::without_keys(Vec::new())).await?;
    served.stand_before(&provider.issuer, provider.metadata.clone());
    let desk = Desk::in_front_of(&provider.present().await, None, &served);
    Ok((Arc::new(served), desk))
}

async fn run(request: ChaosRequest, catalog: Catalog, score: &mut Score<'_>) -> Result<(), RunError> {
    let ChaosRequest { subject, scenarios, seed, jobs, issuer, args, room, .. } = request;
    if scenarios.is_empty() {
        return Err(RunError::NoScenario);
    }
    let about = about(&subject);
    let company = Arc::new(Company::gather(subject, catalog.clone(), seed, issuer, room).await?);
    score.emit(opening::of_scenarios(about, &catalog, scenarios.len(), seed, args));
    let jobs = if company.stands_alone() { jobs.max(1) } else { 1 };
    let (alone, together): (Vec<_>, Vec<_>) =
        scenarios.into_iter().enumerate().partition(|(_, scenario)| scenario.alone);
    all(&company, together, jobs, score).await;
    all(&company, alone, 1, score).await;
    Ok(())
}

/// So many scenarios at a time.
async fn all(company: &Arc<Company>, scenarios: Vec<(usize, Scenario)>, jobs: usize, score: &mut Score<'_>) {
    let mut waiting = scenarios.into_iter();
    let mut playing = JoinSet::new();
    let (send, mut events) = mpsc::unbounded_channel();
    loop {
        while playing.len() < jobs
            && let Some((index, scenario)) = waiting.next()
        {
            let (company, send) = (Arc::clone(company), send.clone());
            playing.spawn(async move {
                let result = company.one(index, &scenario, &send).await;
                // The receiver lives as long as this function.
                let _ = send.send(Event::ScenarioFinished { index, result: Box::new(result) });
            });
        }
        tokio::select! {
            Some(event) = events.recv() => score.emit(company.shown(event)),
            done = playing.join_next() => match done {
                Some(Ok(())) => {}
                Some(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Some(Err(_)) => {}
                None => break,
            },
        }
    }
    while let Ok(event) = events.try_recv() {
        score.emit(company.shown(event));
    }
}
