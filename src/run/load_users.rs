//! A load plan that users play: they live in a process of their own, which is told everything through a pipe and dies with
//! us.

use super::{
    error::RunError,
    load::{Settings, begun, closed},
    load_points::Point,
    load_side::{Side, second_of},
    session::Score,
    token_desk::TokenDesk,
    trust::builtin_file,
};
use crate::{
    load::{
        DeskError, Resources, judge,
        users::{Brief, Lot, Played, Word},
    },
    model::{
        Outcome, TargetFile, Verdict,
        chaos::TokenClass,
        load::{LoadPlan, LoadResult},
        provider::Provider,
    },
    suite::Catalog,
    target::{Helper, MemoryGauge, NoWire, Shown, TokenEndpoint},
};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::time::{Instant, interval_at, sleep_until};

/// How long users may take to begin and to end, beyond the traffic and the longest wait for an answer.
const SPARE: Duration = Duration::from_secs(20);
/// How long they may take to end where they are told to stop.
const GOODBYE: Duration = Duration::from_secs(7);
/// Bad tokens that are minted ahead, at most.
const STOCK: usize = 2000;
/// Names of pages are made of these.
const PLAIN: &str = "abcdefghijklmnopqrstuvwxyz0123456789-_";

/// What is needed to have users play.
pub struct Players {
    /// The command that plays them, with its arguments; empty where this program cannot.
    pub command: Vec<String>,
    /// Where pages go, by the id of the run: an existing folder.
    pub folder: Box<dyn Fn(&str) -> PathBuf + Send + Sync>,
}

/// Who plays, who is called, and where the page goes.
pub(super) struct Cast {
    pub(super) command: Vec<String>,
    pub(super) folder: PathBuf,
    /// The target's file and its place, where it has one.
    pub(super) file: Option<(PathBuf, Box<TargetFile>)>,
}

/// Runs such a plan.
pub(super) async fn play(
    plan: &LoadPlan,
    users: u32,
    cast: &Cast,
    side: &mut Side,
    settings: &Settings<'_>,
    catalog: &Catalog,
    score: &mut Score<'_>,
) -> Result<LoadResult, RunError> {
    if cast.command.is_empty() {
        return Err(RunError::NoUsers);
    }
    let mut result = begun(plan);
    let mut plan = plan.clone();
    result.notes.extend(side.leave_out_unmade(&mut plan.text)?);
    let plan = &plan;
    let point = Point::of(plan);
    if let Some(alg) = point.alg_missing(&side.stage.trust.algorithms) {
        result.notes.push(format!("{alg} is left out: the target does not take it"));
        return Ok(closed(result));
    }
    side.begin_window();
    let ready = tokio::select! {
        ready = prepare(plan, users, cast, side, settings, catalog) => ready?,
        () = settings.halt.wanted() => return Ok(closed(result)),
    };
    let lasts = plan.text.warm_up.0 + plan.text.duration.0;
    score.emit(point.begins(&plan.id, lasts));
    let gauge = side.stage.gauge();
    let watched = Watched { warm_up: plan.text.warm_up.0, longest: lasts + ready.patience + SPARE, gauge };
    let played = watch(ready.helper, &ready.brief, &watched, &plan.id, settings, score).await?;
    if let Some(Played { mut window, users, tokenless }) = played {
        window.alg = ready.alg;
        result.gates.extend(judge(&side.gates(plan), &window));
        result.windows.push(window);
        result.users = Some(users);
        let mut result = closed(result);
        remark(&mut result, &tokenless);
        return Ok(result);
    }
    Ok(closed(result))
}

/// What stands ready when the users are about to begin.
struct Ready {
    helper: Helper,
    brief: String,
    alg: String,
    /// The longest wait for an answer of the target or of the token endpoint.
    patience: Duration,
    /// Open for as long as users sign in there.
    _desk: Option<TokenDesk>,
}

async fn prepare(
    plan: &LoadPlan,
    users: u32,
    cast: &Cast,
    side: &mut Side,
    settings: &Settings<'_>,
    catalog: &Catalog,
) -> Result<Ready, RunError> {
    let text = &plan.text;
    let wire = side.wire()?;
    let lasts = text.warm_up.0 + text.duration.0;
    let alg = side.alg(text);
    let lots = lots(plan, side, lasts, settings.seed, catalog).await?;
    let (mut provider, mut folder, mut allowed, mut desk) = (None, PathBuf::from("."), Vec::new(), None);
    if let Some((path, file)) = &cast.file {
        folder = path.parent().unwrap_or(Path::new(".")).to_owned();
        allowed.clone_from(&file.guard.allow_hosts);
        provider.clone_from(&file.provider);
    }
    let is_ours = provider.is_none();
    let provider = match provider {
        Some(provider) => provider,
        None => {
            let good = catalog.access_token(&side.stage.recipes);
            let own = TokenDesk::open(&side.stage.forge, good, alg, side.nonce(settings.seed), lasts).await?;
            desk.insert(own).provider()
        }
    };
    let address = rehearse(&provider, &folder, &allowed, side).await?;
    let file = match &cast.file {
        Some((_, file)) => file.as_ref().clone(),
        None => {
            let server = side.stage.server.as_ref().ok_or(RunError::NoWire(NoWire::NotHttp))?;
            builtin_file(&server.url(), false)
        }
    };
    let target = side.stage.connection.as_ref().ok_or(RunError::NoWire(NoWire::NotHttp))?.reached(&file);
    let patience = wire.timeout.max(provider.timeout.0);
    let brief = Brief {
        target,
        provider,
        folder,
        allowed,
        signed_in_at: if is_ours { "our own token endpoint".into() } else { address },
        users,
        warm_up_ms: milliseconds(text.warm_up.0),
        duration_ms: milliseconds(text.duration.0),
        threads: settings.threads.max(1),
        lots,
        page: cast.folder.join(page_of(&plan.id)),
    };
    let brief = serde_json::to_string(&brief).map_err(|error| RunError::UsersBroke(error.to_string()))?;
    let helper = Helper::start(&cast.command)?;
    Ok(Ready { helper, brief, alg: alg.to_string(), patience, _desk: desk })
}

/// What users show: their own tokens, and bad ones from a stock.
async fn lots(
    plan: &LoadPlan,
    side: &mut Side,
    lasts: Duration,
    seed: u64,
    catalog: &Catalog,
) -> Result<Vec<Lot>, RunError> {
    let mut lots: Vec<Lot> = plan
        .text
        .mix
        .iter()
        .map(|(class, weight)| Lot { class: *class, weight: *weight, tokens: Vec::new() })
        .collect();
    let mut others = plan.text.clone();
    others.mix.retain(|class, weight| *class != TokenClass::Valid && *weight > 0);
    if !others.mix.is_empty() {
        let count = usize::try_from(others.tokens).unwrap_or(usize::MAX).min(STOCK).max(others.mix.len());
        for (class, token) in side.tokens(&others, lasts, count, seed, catalog).await? {
            if let Some(lot) = lots.iter_mut().find(|lot| lot.class == class) {
                lot.tokens.push(token);
            }
        }
    }
    Ok(lots)
}

/// Signs in once and calls once, so that what is misconfigured is said before anybody begins. The address of the token
/// endpoint comes back.
async fn rehearse(provider: &Provider, folder: &Path, allowed: &[String], side: &Side) -> Result<String, RunError> {
    let endpoint = TokenEndpoint::open(provider, folder, allowed).await?;
    let issued = endpoint.begin().await;
    let Some(token) = issued.access_token else { return Err(DeskError::NoToken(issued.because).into()) };
    let now = jiff::Timestamp::now().as_second();
    let seen = side.stage.target().present(&Shown::plain(token.reveal().as_bytes(), now)).await;
    match seen.verdict {
        Verdict::Accept => Ok(endpoint.address()),
        _ => Err(RunError::TokenRefused { endpoint: endpoint.address(), because: seen.because }),
    }
}

/// How a process is watched.
struct Watched {
    warm_up: Duration,
    /// How long it may take in all.
    longest: Duration,
    gauge: Option<MemoryGauge>,
}

/// Has the process play, and tells of its seconds meanwhile; `None` where it was stopped and did not say what it had
/// seen.
async fn watch(
    mut helper: Helper,
    brief: &str,
    watched: &Watched,
    id: &str,
    settings: &Settings<'_>,
    score: &mut Score<'_>,
) -> Result<Option<Played>, RunError> {
    let mut deadline = Instant::now() + watched.longest;
    if helper.tell(brief).await.is_err() {
        return Err(RunError::UsersBroke(helper.last_words().await));
    }
    let mut resources = Resources::default();
    let second = Duration::from_secs(1);
    let mut look = interval_at(deadline, second);
    let mut stopped = false;
    let played = loop {
        tokio::select! {
            line = helper.next_line() => {
                let word = match line {
                    Ok(Some(line)) => serde_json::from_str(&line).map_err(|error| RunError::UsersBroke(error.to_string()))?,
                    Ok(None) if stopped => break None,
                    Ok(None) => return Err(RunError::UsersBroke(helper.last_words().await)),
                    Err(error) => return Err(RunError::UsersBroke(error.to_string())),
                };
                match word {
                    Word::Begun => look = interval_at(Instant::now() + watched.warm_up, second),
                    Word::Second(moment) => score.emit(second_of(id, moment)),
                    Word::Done(played) => break Some(*played),
                    Word::Failed(because) => return Err(RunError::UsersBroke(because)),
                }
            }
            _ = look.tick(), if watched.gauge.is_some() => watched.gauge.iter().for_each(|gauge| resources.look(gauge)),
            () = settings.halt.wanted(), if !stopped => {
                stopped = true;
                helper.hang_up();
                deadline = Instant::now() + GOODBYE;
            }
            () = sleep_until(deadline) => {
                if stopped {
                    break None;
                }
                return Err(RunError::UsersBroke(format!("they did not end within {:.0} s", watched.longest.as_secs_f64())));
            }
        }
    };
    helper.stop().await;
    Ok(played.map(|mut played| {
        resources.settle(&mut played.window);
        played
    }))
}

/// What the figures do not say by themselves.
fn remark(result: &mut LoadResult, tokenless: &[(String, u64)]) {
    let of = |name: &str| {
        let requests = result.users.iter().flat_map(|users| &users.requests);
        requests.filter(|own| own.name == name).map(|own| own.count).sum::<u64>()
    };
    let is_whole = tokenless.is_empty() && result.windows.iter().all(|window| !window.incomplete);
    if is_whole && of("renew") == 0 {
        result.notes.push("no token was renewed: they live longer than the window".into());
    }
    for (because, count) in tokenless {
        result.notes.push(format!("{count} times no token was given: {because}"));
    }
    // Users without a token call nothing, so what did not fail says less than it seems to.
    if !tokenless.is_empty() {
        result.outcome = result.outcome.max(Outcome::Inconclusive);
    }
}

/// The file of a plan's page.
fn page_of(id: &str) -> String {
    let plain = |character: char| if PLAIN.contains(character) { character } else { '-' };
    format!("users-{}.html", id.to_lowercase().chars().map(plain).collect::<String>())
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_a_harmless_name() {
        assert_eq!(page_of("users"), "users-users.html");
        assert_eq!(page_of("My Plan/../\"x"), "users-my-plan-----x.html");
    }
}
