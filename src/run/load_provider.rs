//! Load plans that ask an identity provider's token endpoint. No validator is started, and no key of ours is used.

use super::{
    error::RunError,
    load::{LoadRequest, Settings, begun, closed},
    load_points::points,
    load_side::watch,
    opening,
    session::Score,
    subject::Subject,
};
use crate::{
    load::{Arena, Desk, Kind, Order, Owed, Reach, judge, length_of, usual_of_providers},
    model::{
        Event, TargetFile,
        chaos::TokenClass,
        load::{Drive, LoadPlan, LoadResult, LoadWindow},
        report::TargetInfo,
    },
    suite::Catalog,
    target::TokenEndpoint,
};
use std::{path::Path, sync::Arc};

/// Requests under way in an open loop, and sessions of one, at most.
const MOST_OPEN: u32 = 256;

/// Whether a plan asks a token endpoint.
pub(super) fn is_about_provider(plan: &LoadPlan) -> bool {
    plan.text.ask.is_of_provider()
}

/// Runs such plans.
pub(super) async fn run(
    request: LoadRequest,
    catalog: &Catalog,
    score: &mut Score<'_>,
    settings: &Settings<'_>,
) -> Result<Vec<String>, RunError> {
    let LoadRequest { subject, plans, seed, args, .. } = request;
    let Subject::File(path, file) = subject else { return Err(RunError::NoProvider) };
    let folder = path.parent().unwrap_or(Path::new("."));
    let endpoint = open(&file, folder).await?;
    score.emit(opening::of_load(about(&file, &path, &endpoint), catalog, plans.len(), seed, args));
    for (index, plan) in plans.iter().enumerate() {
        if settings.halt.is_wanted() {
            break;
        }
        let result = one(plan, &file, folder, settings, score).await?;
        score.emit(Event::LoadFinished { index, result: Box::new(settings.halt.told(result)) });
    }
    Ok(Vec::new())
}

async fn open(file: &TargetFile, folder: &Path) -> Result<TokenEndpoint, RunError> {
    let provider = file.provider.as_ref().ok_or(RunError::NoProvider)?;
    Ok(TokenEndpoint::open(provider, folder, &file.guard.allow_hosts).await?)
}

fn about(file: &TargetFile, path: &Path, endpoint: &TokenEndpoint) -> TargetInfo {
    TargetInfo {
        name: file.target.name.clone(),
        about: file.target.about.clone(),
        transport: "token-endpoint".into(),
        address: endpoint.address(),
        file: Some(path.display().to_string()),
        provides: Vec::new(),
        lacks: Vec::new(),
        policy: Default::default(),
        promoted: Vec::new(),
        waived: Vec::new(),
    }
}

async fn one(
    plan: &LoadPlan,
    file: &TargetFile,
    folder: &Path,
    settings: &Settings<'_>,
    score: &mut Score<'_>,
) -> Result<LoadResult, RunError> {
    let gates = if plan.text.assert.is_empty() { usual_of_providers() } else { plan.text.assert.clone() };
    let mut result = begun(plan);
    for point in points(plan) {
        let sessions = match point.text.drive {
            Drive::Connections(count) => count,
            _ => MOST_OPEN.min(point.text.tokens),
        };
        let endpoint = open(file, folder).await?;
        let ready = tokio::select! {
            ready = Desk::open(endpoint, point.text.ask, sessions as usize) => ready,
            () = settings.halt.wanted() => break,
        };
        let desk = Arc::new(ready?);
        let order = Order {
            drive: point.text.drive.clone(),
            warm_up: point.text.warm_up.0,
            duration: point.text.duration.0,
            threads: 1,
            most: MOST_OPEN,
            seed: settings.seed,
            first: 0,
            stop: Arc::clone(&settings.halt.0),
            users: None,
        };
        let lasts = point.text.warm_up.0 + length_of(&point.text.drive, point.text.duration.0);
        let reach = Reach::Desk(Arc::clone(&desk));
        score.emit(point.begins(&plan.id, lasts));
        let window = watch(&reach, &questions(), &order, None, None, &plan.id, score).await?;
        let window = LoadWindow {
            name: point.name.clone(),
            alg: desk.alg().to_owned(),
            payload_size_bytes: desk.median_token(),
            // Whether it gave one twice is not looked at; none was sent twice.
            distinct: window.sent,
            ..window
        };
        if desk.begun_again() > 0 {
            result.notes.push(format!("{} sessions ended and were begun anew", desk.begun_again()));
        }
        result.gates.extend(judge(&gates, &window));
        result.windows.push(window);
    }
    Ok(closed(result))
}

/// What stands for every request: a token is owed.
fn questions() -> Arc<Arena> {
    let mut arena = Arena::new(vec![Kind { class: TokenClass::Valid, owed: Owed::Accept }]);
    let shots = arena.add(vec![0], [(0, 0, 1)]);
    arena.order(shots);
    Arc::new(arena)
}
