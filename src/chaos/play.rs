//! Plays one scenario and judges it.

use super::{
    dead_man::DeadMan,
    desk::Desk,
    follow::{Provider, follow},
    guard,
    live::Live,
    observe::{Eyes, Read},
    record::{Fetch, Record},
    result::{left_out, result},
    room::Room,
    safety,
    source::{Orders, Traffic},
    timeline::{Happened, Helm, Player},
};
use crate::{
    issuer::{Endpoint, FaultyIssuer},
    model::{
        Outcome, Verdict,
        chaos::{FaultAt, Layer, Scale, Scenario, ScenarioResult, StepResult, TokenClass},
    },
    target::{Shown, Target},
    traffic::{History, Policy, Sample, Span, drive},
};
use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};

/// Requests that may be open at the same time; more are not sent, and counted.
const OPEN: usize = 2048;
/// The longest wait for the target to take its first good token.
const FIRST: Duration = Duration::from_secs(15);
/// The longest wait for answers after the end; a target's own time limit is shorter.
const LAST: Duration = Duration::from_secs(60);

/// Whoever can start the target again.
pub trait Keeper: Send {
    /// Starts it again, and returns once it takes requests; an error says why it could not.
    fn restart(&mut self) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send + '_>>;
}

/// What a scenario is played on.
pub struct Field {
    /// Our side.
    pub issuer: Arc<FaultyIssuer>,
    /// The target.
    pub target: Arc<Target>,
    /// Further instances of it, side by side with the first one.
    pub others: Vec<Arc<Target>>,
    /// Whoever can start it again.
    pub keeper: Box<dyn Keeper>,
    /// What its cache declares.
    pub scale: Scale,
    /// Whether it reads our discovery document.
    pub reads_discovery: bool,
    /// The real identity provider that our side stands in front of, where it does.
    pub provider: Option<Arc<dyn Provider>>,
    /// Where people and their tools stand.
    pub room: Room,
    /// The target's own eyes.
    pub eyes: Option<Arc<Eyes>>,
}

/// Plays a scenario on a field whose keys the desk has already published; `said` hears each step as it happens.
pub async fn play(
    scenario: &Scenario,
    field: &mut Field,
    mut desk: Desk,
    said: &mut (dyn FnMut(&StepResult) + Send),
) -> ScenarioResult {
    let targets: Vec<Arc<Target>> = std::iter::once(&field.target).chain(&field.others).cloned().collect();
    for target in &targets {
        if let Err(why) = first_token(&mut desk, target).await {
            return left_out(scenario, field.scale, Outcome::Inconclusive, why);
        }
    }
    let desk = Arc::new(Mutex::new(desk));
    let orders = Orders::default();
    let zero = Instant::now();
    let (send, mut receive) = mpsc::unbounded_channel();
    let traffic = Traffic::new(scenario, Arc::clone(&desk), orders.clone());
    let driving = tokio::spawn(drive(traffic, targets.clone(), zero, OPEN, send));
    let (live, people) = Live::new(scenario.id.clone(), &field.issuer, Arc::clone(&desk), zero);
    field.room.enter(&live);
    let counting = {
        let live = Arc::clone(&live);
        tokio::spawn(async move {
            let mut samples = Vec::new();
            while let Some(sample) = receive.recv().await {
                live.add(&sample);
                samples.push(sample);
            }
            samples
        })
    };
    let read = Read::default();
    let switch = DeadMan::default();
    let mut minders: Vec<JoinHandle<()>> = match &field.provider {
        Some(provider) => vec![
            follow(Arc::clone(provider), Arc::clone(&desk), Arc::clone(&field.issuer), zero),
            switch.watch(Arc::clone(&field.issuer), Arc::clone(&desk), zero, || {}),
        ],
        None => Vec::new(),
    };
    minders.extend(guard::watch(&scenario.guard, Arc::clone(&live), field.eyes.clone(), field.scale.symbols()));
    minders.extend(field.eyes.as_ref().and_then(|eyes| eyes.follow(zero, read.clone())));
    let helm = Helm { orders, switch, people, live: Arc::clone(&live) };
    let mut happened = Player::new(scenario, field, Arc::clone(&desk), helm, zero).play(said).await;
    minders.iter().for_each(JoinHandle::abort);
    if timeout(LAST, driving).await.is_err() {
        return left_out(
            scenario,
            field.scale,
            Outcome::Inconclusive,
            "answers were still missing a minute after the end".into(),
        );
    }
    let samples = counting.await.unwrap_or_default();
    let mut alive = true;
    for target in &targets {
        alive &= is_there(target).await;
    }
    let desk = desk.lock().unwrap_or_else(PoisonError::into_inner);
    let record = record(field, &desk, &happened, samples, zero, alive);
    let spans: Vec<_> =
        happened.spans.iter().map(|(name, span)| (name.clone(), span.from, span.to.unwrap_or(record.end))).collect();
    let (known, own_metrics) = read.moved(record.calm(), &spans);
    if known > 0 && !spans.is_empty() && own_metrics.iter().all(|metric| metric.moved.is_empty()) {
        let what = "none of the target's own metrics moved otherwise than in calm: nobody would see it on a dashboard";
        happened.notes.push(format!("{what} ({known} time series were read)"));
    }
    happened.notes.extend(unmet(field, &happened));
    let (operations, alerts) = live.end();
    ScenarioResult { operations, alerts, own_metrics, ..result(scenario, field.scale, &desk, happened, &record) }
}

/// Puts together what is left behind.
fn record(field: &Field, desk: &Desk, happened: &Happened, samples: Vec<Sample>, zero: Instant, alive: bool) -> Record {
    let end = happened.end;
    let fetches = |endpoint: &Endpoint| -> Vec<Fetch> {
        endpoint.log().all().iter().map(|entry| Fetch::of(entry, zero, end)).filter(|fetch| fetch.at <= end).collect()
    };
    let jwks = fetches(&field.issuer.jwks);
    let history = |instance: Option<u32>| {
        let own = |fetch: &&Fetch| fetch.honest && (instance.is_none() || fetch.instance == instance);
        let mut learned: Vec<Duration> = jwks.iter().filter(own).map(|fetch| fetch.until).collect();
        learned.sort_unstable();
        History {
            published: desk.lives.clone(),
            impaired: happened.impaired(field.reads_discovery, instance),
            learned,
            restarts: happened.restarts.clone(),
        }
    };
    let Scale { lifetime, cooldown, timeout, stale, .. } = field.scale;
    let policy =
        Policy { lifetime: lifetime.0, cooldown: cooldown.0, timeout: timeout.0, stale: stale.map(|stale| stale.0) };
    let streams = desk.streams().to_vec();
    let steady = Duration::from_secs_f64(safety::steady_length(&field.scale)).min(end);
    let steady = (safety::STEADY_SPAN.to_owned(), Span { from: end - steady, to: Some(end) });
    Record {
        samples: Record::judged(samples, &streams, &history, &policy),
        history: history(None),
        streams,
        jwks,
        discovery: fetches(&field.issuer.discovery),
        sink: fetches(&field.issuer.elsewhere),
        spans: happened.spans.iter().cloned().chain([steady]).collect(),
        faults: happened.faults.clone(),
        end,
        symbols: field.scale.symbols(),
        alive,
    }
}

/// The faults that no request met: what they would have done is not known. Who finds a door shut leaves no trace with us.
fn unmet(field: &Field, happened: &Happened) -> Option<String> {
    let met = |endpoint: &Endpoint, label: &str| {
        endpoint.log().all().iter().any(|entry| entry.faults.iter().any(|own| own == label))
    };
    let is_unmet = |(fault, _): &&(FaultAt, Span)| {
        let label = fault.rule.fault.label();
        let asked = (fault.jwks && met(&field.issuer.jwks, &label))
            || (fault.discovery && met(&field.issuer.discovery, &label));
        fault.rule.fault.layer() != Layer::Connection && !asked
    };
    let labels: Vec<String> =
        happened.faults.iter().filter(is_unmet).map(|(fault, _)| fault.rule.fault.label()).collect();
    let what = "the target asked for nothing while it lasted, so what it would do is not known";
    (!labels.is_empty()).then(|| format!("{}: {what}", labels.join(", ")))
}

/// Whether anybody is there to refuse a token that is none.
async fn is_there(target: &Target) -> bool {
    let now = jiff::Timestamp::now().as_second();
    target.present(&Shown::plain(b"none", now)).await.verdict != Verdict::Unreachable
}

/// A target that does not take a good token before anything happens can show nothing.
async fn first_token(desk: &mut Desk, target: &Target) -> Result<(), String> {
    let deadline = Instant::now() + FIRST;
    loop {
        let Some((_, token)) = desk.take(TokenClass::Valid, None, None) else {
            return Err("no token could be made".into());
        };
        let now = jiff::Timestamp::now().as_second();
        let seen = target.present(&Shown::plain(token.as_bytes(), now)).await;
        if seen.verdict == Verdict::Accept {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(format!("the target took no good token before the first step: {}", seen.because));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
