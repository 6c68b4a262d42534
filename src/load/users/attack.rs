//! Has goose play the users, and brings what it counted and what our tally saw together.

use super::{
    brief::{Brief, Played, Word},
    journey::{Deed, Journey},
    scene::Scene,
};
use crate::{
    load::window::collect,
    model::load::{UserRequests, Users},
    target::{NoWire, TargetError, TokenEndpoint},
};
use goose::{
    client::GooseClientBuilder,
    config::GooseConfiguration,
    metrics::{GooseMetrics, GooseRequestMetricAggregate},
    prelude::*,
};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::channel,
    },
    thread,
    time::Duration,
};
use tokio::sync::watch;

/// Who plays.
const BY: &str = "goose 0.19";
/// Within which share of a second all users have begun.
const QUARTERS: u64 = 4;
/// How often seconds that are over are told.
const LOOK: Duration = Duration::from_millis(200);

/// Why no user could begin.
#[derive(Debug, thiserror::Error)]
pub enum UsersError {
    /// Requests to the target cannot be written ahead.
    #[error(transparent)]
    NoWire(#[from] NoWire),
    /// The target has no address.
    #[error("the target's name has no address any more")]
    NoAddress,
    /// The target or the token endpoint cannot be reached any more.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The framework refuses.
    #[error("goose says: {0}")]
    Goose(String),
    /// A thread of ours broke off.
    #[error("the collector of their seconds broke off")]
    BrokenOff,
}

/// Has users play as they are told, until their time is over or `stop` says so. `said` hears when they begin, and of every
/// second.
///
/// # Errors
/// [`UsersError`].
pub async fn play(
    brief: Brief,
    said: &(dyn Fn(Word) + Sync),
    stop: watch::Receiver<bool>,
) -> Result<Played, UsersError> {
    let wire = brief.target.wire().await??;
    let endpoint = TokenEndpoint::open(&brief.provider, &brief.folder, &brief.allowed).await?;
    let address = wire.addresses.first().ok_or(UsersError::NoAddress)?;
    let host = format!("{}://{address}", if wire.tls.is_some() { "https" } else { "http" });
    let (count, signed_in_at) = (brief.users, brief.signed_in_at.clone());
    let page = Page::new(&brief.page);
    let configuration = configuration(host, count, &page);
    let (beats, heard) = channel();
    let scene = Arc::new(Scene::new(brief, wire, endpoint, beats, stop.clone()));
    let (moments, told) = channel();
    let opens = scene.opens();
    let collector = thread::spawn(move || {
        collect(&heard, None, opens, &|moment| {
            // Whoever listens lives until this thread ends.
            let _ = moments.send(moment);
        })
    });
    said(Word::Begun);
    let metrics = {
        let playing = attack(configuration, &scene).map_err(|error| UsersError::Goose(error.to_string()))?.execute();
        tokio::pin!(playing);
        loop {
            tokio::select! {
                done = &mut playing => break done.map_err(|error| UsersError::Goose(error.to_string()))?,
                () = tokio::time::sleep(LOOK) => told.try_iter().for_each(|moment| said(Word::Second(moment))),
            }
        }
    };
    scene.close(*stop.borrow());
    let joined = tokio::task::spawn_blocking(move || collector.join()).await;
    let collected = joined.ok().and_then(Result::ok).ok_or(UsersError::BrokenOff)?;
    told.try_iter().for_each(|moment| said(Word::Second(moment)));
    let users = Users { count, by: BY.into(), signed_in_at, requests: requests(&metrics), page: page.written() };
    Ok(Played { window: scene.window(collected), users, tokenless: scene.tokenless() })
}

/// Where the framework's page goes.
struct Page(Option<PathBuf>);

impl Page {
    /// A page in a folder that is there; an older one must not be taken for this run's.
    fn new(path: &Path) -> Page {
        let _ = fs::remove_file(path);
        Page(path.parent().is_some_and(Path::is_dir).then(|| path.to_owned()))
    }

    /// Its name, where it was written.
    fn written(&self) -> Option<String> {
        let path = self.0.as_ref().filter(|path| path.is_file())?;
        Some(path.file_name()?.to_string_lossy().into_owned())
    }
}

/// Nothing is listened on, nothing is logged and nothing is printed. Each user runs through its journey once: how long
/// that takes is its own business, so that the framework's clock, which counts whole seconds, decides nothing.
fn configuration(host: String, users: u32, page: &Page) -> GooseConfiguration {
    let mut configuration = GooseConfiguration::default();
    configuration.host = Some(host);
    configuration.users = usize::try_from(users).ok();
    configuration.increase_rate = Some((u64::from(users) * QUARTERS).to_string());
    configuration.iterations = Some(1);
    configuration.report_file = page.0.iter().map(|path| path.to_string_lossy().into_owned()).collect();
    configuration.no_telnet = true;
    configuration.no_websocket = true;
    configuration.no_print_metrics = true;
    configuration.no_transaction_metrics = true;
    configuration.no_scenario_metrics = true;
    configuration.no_status_codes = true;
    configuration.no_debug_body = true;
    configuration.quiet = 2;
    configuration
}

fn attack(configuration: GooseConfiguration, scene: &Arc<Scene>) -> Result<GooseAttack, GooseError> {
    let (scene, begun) = (Arc::clone(scene), Arc::new(AtomicUsize::new(0)));
    let journey: TransactionFunction = Arc::new(move |user: &mut GooseUser| {
        let (scene, number) = (Arc::clone(&scene), begun.fetch_add(1, Ordering::Relaxed));
        Box::pin(async move {
            let mut journey = Journey::new(&scene, number);
            while !scene.is_over() {
                for Deed { kind, name, took, failed } in journey.step(&scene).await {
                    user.record_custom_request_duration(kind, name, took, failed.is_none(), None, failed.as_deref())
                        .await?;
                }
            }
            Ok(())
        })
    });
    let scenario = scenario!("Users").register_transaction(Transaction::new(journey).set_name("journey"));
    // One client of the framework for all users: none of them ever uses it.
    let unused = GooseClientBuilder::new().without_cookies();
    let attack = GooseAttack::initialize_with_config(configuration)?.set_client_builder_without_cookies(unused)?;
    Ok(attack.register_scenario(scenario))
}

/// What the framework counted, by name: sign-ins first, then calls.
fn requests(metrics: &GooseMetrics) -> Vec<UserRequests> {
    let mut all: Vec<&GooseRequestMetricAggregate> = metrics.requests.values().collect();
    let place = |own: &GooseRequestMetricAggregate| {
        let first = ["sign in", "renew", "valid"].iter().position(|name| *name == own.path);
        (own.custom_method != "TOKEN", first.unwrap_or(usize::MAX), own.path.clone())
    };
    all.sort_by_key(|own| place(own));
    let row = |own: &GooseRequestMetricAggregate| {
        let times = &own.raw_data;
        let at = |share: f32| times.percentile_us(share) as f64 / 1e3;
        let mean = times.total_time_us as f64 / 1e3 / times.counter.max(1) as f64;
        UserRequests {
            name: if own.custom_method == "TOKEN" { own.path.clone() } else { format!("call {}", own.path) },
            count: (own.success_count + own.fail_count) as u64,
            failures: own.fail_count as u64,
            mean_ms: (mean * 1e3).round() / 1e3,
            p50_ms: at(0.5),
            p95_ms: at(0.95),
            p99_ms: at(0.99),
        }
    };
    all.into_iter().map(row).collect()
}
