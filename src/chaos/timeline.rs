//! Carries out the steps of a scenario, each when it is due.

use super::{
    dead_man::DeadMan,
    desk::Desk,
    live::{Live, Order},
    play::{Field, Keeper},
    room::Room,
    source::Orders,
};
use crate::{
    issuer::{Endpoint, FaultId, FaultyIssuer},
    model::chaos::{Action, FaultAt, Fetched, Scenario, Step, StepResult, Symbols},
    traffic::Span,
};
use std::{
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::{sync::mpsc, time::sleep};

/// How often we look for a fetch.
const LOOK: Duration = Duration::from_millis(2);
/// How often we say that somebody is there.
const BEAT: Duration = Duration::from_secs(1);

/// What happened, and when. Times count from the beginning of the traffic.
#[derive(Debug, Default)]
pub(super) struct Happened {
    pub(super) steps: Vec<StepResult>,
    pub(super) spans: Vec<(String, Span)>,
    /// What was wrong, and when.
    pub(super) faults: Vec<(FaultAt, Span)>,
    pub(super) restarts: Vec<Duration>,
    pub(super) notes: Vec<String>,
    /// Why it ended before its end.
    pub(super) cut_short: Option<String>,
    pub(super) end: Duration,
}

impl Happened {
    /// When an instance of the target could not learn the truth; without one, when any of them could not.
    pub(super) fn impaired(&self, reads_discovery: bool, instance: Option<u32>) -> Vec<Span> {
        let harmful = |(fault, span): &(FaultAt, Span)| {
            let reaches = fault.jwks || (fault.discovery && reads_discovery);
            let concerns = instance.is_none() || fault.rule.instance.is_none() || fault.rule.instance == instance;
            (reaches && concerns && !fault.rule.fault.is_harmless()).then_some(*span)
        };
        let mut impaired: Vec<Span> = self.faults.iter().filter_map(harmful).collect();
        impaired.sort_by_key(|span| span.from);
        impaired
    }
}

/// A fault that is on.
struct On {
    /// Its place among the faults and the steps that happened.
    fault: usize,
    step: usize,
    jwks: Option<FaultId>,
    discovery: Option<FaultId>,
    ends: Option<Duration>,
    name: Option<usize>,
}

/// What a player holds in his hands besides the field.
pub(super) struct Helm {
    /// What the traffic is told.
    pub(super) orders: Orders,
    /// Says that somebody is there.
    pub(super) switch: DeadMan,
    /// What people and guards order, and who.
    pub(super) people: mpsc::UnboundedReceiver<(Order, String)>,
    /// What they see.
    pub(super) live: Arc<Live>,
}

pub(super) struct Player<'f> {
    scenario: &'f Scenario,
    issuer: Arc<FaultyIssuer>,
    keeper: &'f mut dyn Keeper,
    desk: Arc<Mutex<Desk>>,
    helm: Helm,
    room: Room,
    /// How long people were waited for: later steps come so much later.
    waited: Duration,
    symbols: Symbols,
    zero: Instant,
    on: Vec<On>,
    happened: Happened,
}

impl<'f> Player<'f> {
    pub(super) fn new(
        scenario: &'f Scenario,
        field: &'f mut Field,
        desk: Arc<Mutex<Desk>>,
        helm: Helm,
        zero: Instant,
    ) -> Player<'f> {
        Player {
            scenario,
            issuer: Arc::clone(&field.issuer),
            symbols: field.scale.symbols(),
            keeper: field.keeper.as_mut(),
            desk,
            helm,
            room: field.room.clone(),
            waited: Duration::ZERO,
            zero,
            on: Vec::new(),
            happened: Happened::default(),
        }
    }

    /// Plays to the end; `said` hears each step as it happens.
    pub(super) async fn play(mut self, said: &mut (dyn FnMut(&StepResult) + Send)) -> Happened {
        let mut base = Duration::ZERO;
        for (index, step) in self.scenario.timeline.iter().enumerate() {
            let due = base + self.waited + step.at.duration(&self.symbols).unwrap_or_default();
            self.wait(due).await;
            if self.happened.cut_short.is_some() {
                break;
            }
            let before = self.happened.steps.len();
            self.begin(step, index < self.scenario.opening(), &mut base).await;
            self.happened.steps[before..].iter().for_each(&mut *said);
        }
        self.helm.orders.end();
        self.heal();
        let end = self.now();
        for (_, span) in &mut self.happened.spans {
            span.to = Some(span.to.map_or(end, |to| to.min(end)));
        }
        for (_, span) in &mut self.happened.faults {
            span.to.get_or_insert(end);
        }
        self.happened.end = end;
        self.happened
    }

    fn now(&self) -> Duration {
        self.zero.elapsed()
    }

    /// Waits until a step is due; faults end meanwhile, and people are heard.
    async fn wait(&mut self, due: Duration) {
        while self.happened.cut_short.is_none() {
            let next = self.on.iter().filter_map(|on| on.ends).min().filter(|ends| *ends <= due);
            let until = next.unwrap_or(due);
            let left = until.saturating_sub(self.now());
            self.helm.switch.beat();
            tokio::select! {
                () = sleep(left.min(BEAT)) => {}
                Some((order, by)) = self.helm.people.recv() => {
                    self.heed(order, &by);
                    continue;
                }
            }
            if left > BEAT {
                continue;
            }
            if next.is_none() {
                return;
            }
            self.end_those(until);
        }
    }

    /// Does what somebody orders.
    fn heed(&mut self, order: Order, by: &str) {
        match order {
            // Nobody waits for it here.
            Order::Go => {}
            Order::Heal => self.heal(),
            Order::Abort => {
                self.happened.cut_short.get_or_insert_with(|| format!("ended by {by}"));
            }
        }
    }

    /// Waits for somebody to say go; later steps come so much later.
    async fn cue(&mut self, text: &str) {
        if !self.room.waits() {
            return;
        }
        let since = self.now();
        self.helm.live.cue(Some(text.to_owned()));
        while self.happened.cut_short.is_none() {
            self.helm.switch.beat();
            let now = self.now();
            self.end_those(now);
            tokio::select! {
                () = sleep(BEAT / 4) => {}
                said = self.helm.people.recv() => match said {
                    Some((Order::Go, _)) | None => break,
                    Some((order, by)) => self.heed(order, &by),
                },
            }
        }
        self.helm.live.cue(None);
        self.waited += self.now() - since;
    }

    fn end_those(&mut self, until: Duration) {
        for index in (0..self.on.len()).rev() {
            if self.on[index].ends.is_some_and(|ends| ends <= until) {
                let on = self.on.swap_remove(index);
                self.end(&on);
            }
        }
    }

    fn end(&mut self, on: &On) {
        on.jwks.into_iter().for_each(|id| self.issuer.jwks.end(id));
        on.discovery.into_iter().for_each(|id| self.issuer.discovery.end(id));
        let now = self.now();
        self.happened.faults[on.fault].1.to = Some(now);
        self.happened.steps[on.step].until_ms = Some(ms(now));
        if let Some(name) = on.name {
            self.happened.spans[name].1.to = Some(now);
        }
    }

    fn heal(&mut self) {
        let now = self.now();
        self.desk.lock().unwrap_or_else(PoisonError::into_inner).show_all(&self.issuer, now);
        for on in std::mem::take(&mut self.on) {
            self.end(&on);
        }
    }

    async fn begin(&mut self, step: &Step, opens: bool, base: &mut Duration) {
        // Nothing that a step does takes time but waiting, and that comes first.
        for action in &step.actions {
            if let Action::Sync(document) = action {
                *base = self.sync(*document).await.saturating_sub(self.waited);
            }
        }
        let from = self.now();
        let ends = step.length.as_ref().map(|length| from + length.duration(&self.symbols).unwrap_or_default());
        let faulty = step.actions.iter().any(|action| matches!(action, Action::Fault(_)));
        let name = step.name.as_ref().map(|name| {
            let to = ends.filter(|_| !faulty);
            self.happened.spans.push((name.clone(), Span { from, to }));
            self.happened.spans.len() - 1
        });
        for action in &step.actions {
            let at = self.now();
            self.happened.steps.push(StepResult { at_ms: ms(at), label: action.label(), until_ms: None });
            match action {
                Action::Fault(fault) => self.misbehave(fault, ends, name),
                Action::Heal => self.heal(),
                Action::MoveKeys => self.issuer.move_keys(),
                Action::Restart => self.restart().await,
                Action::Burst(burst) => self.helm.orders.burst(burst.clone()),
                Action::Skew(by) => {
                    let seconds = by.seconds(&self.symbols).unwrap_or(0.0).round() as i64;
                    self.desk.lock().unwrap_or_else(PoisonError::into_inner).skew(seconds);
                    self.issuer.jwks.skew(seconds);
                    self.issuer.discovery.skew(seconds);
                }
                Action::Cue(text) => self.cue(text).await,
                Action::Sync(_) | Action::End => {}
                // These keys are there already: the target began with them.
                _ if opens => {}
                action => {
                    if matches!(action, Action::Unpublish(_) | Action::Revoke(_) | Action::Replace(_)) {
                        self.helm.live.goes_wrong();
                    }
                    let mut desk = self.desk.lock().unwrap_or_else(PoisonError::into_inner);
                    if let Err(error) = desk.apply(action, &self.issuer, at) {
                        self.happened.notes.push(error.to_string());
                    }
                }
            }
        }
    }

    fn misbehave(&mut self, fault: &FaultAt, ends: Option<Duration>, name: Option<usize>) {
        if !fault.rule.fault.is_harmless() {
            self.helm.live.goes_wrong();
        }
        let begin = |endpoint: &Endpoint| endpoint.begin(fault.rule.clone(), self.symbols);
        let (jwks, discovery) =
            (fault.jwks.then(|| begin(&self.issuer.jwks)), fault.discovery.then(|| begin(&self.issuer.discovery)));
        self.happened.faults.push((fault.clone(), Span { from: self.now(), to: None }));
        let (fault, step) = (self.happened.faults.len() - 1, self.happened.steps.len() - 1);
        self.on.push(On { fault, step, jwks, discovery, ends, name });
    }

    async fn restart(&mut self) {
        self.happened.restarts.push(self.now());
        if let Err(error) = alive(&self.helm.switch, self.keeper.restart()).await {
            self.happened.notes.push(format!("the target could not be started again: {error}"));
        }
        self.happened.restarts.push(self.now());
    }

    /// Waits for the next good fetch; the time of it is what later steps count from.
    async fn sync(&mut self, document: Fetched) -> Duration {
        let endpoint = |issuer: &FaultyIssuer| match document {
            Fetched::Jwks => issuer.jwks.log().clone(),
            Fetched::Discovery => issuer.discovery.log().clone(),
        };
        let log = endpoint(&self.issuer);
        let before = log.count();
        // One lifetime and what belongs to it; a target that has not fetched by then does not.
        let patience = Duration::from_secs_f64(1.5 * self.symbols.lifetime + self.symbols.cooldown + 1.0);
        let limit = self.now() + patience;
        while self.now() < limit {
            self.helm.switch.beat();
            let fetched = log.all().into_iter().skip(before).find(|entry| entry.honest && entry.until.is_some());
            if let Some(until) = fetched.and_then(|entry| entry.until) {
                return until.saturating_duration_since(self.zero);
            }
            self.end_those(self.now());
            sleep(LOOK).await;
        }
        self.happened.notes.push(format!(
            "no fetch came within {:.1}s, so the steps behind it began without one",
            patience.as_secs_f64()
        ));
        self.now()
    }
}

/// Waits for something that takes a while, and says meanwhile that somebody is there.
async fn alive<T>(switch: &DeadMan, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    loop {
        switch.beat();
        tokio::select! {
            done = &mut work => return done,
            () = sleep(BEAT) => {}
        }
    }
}

pub(super) fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
