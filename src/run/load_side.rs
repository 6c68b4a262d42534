//! One target with our side of it: tokens are minted for it, and windows run.

use super::{
    error::RunError,
    load::Settings,
    load_points::{Point, leave_out_unmade},
    session::Score,
    setup::Stage,
};
use crate::{
    conformance::{Bench, Calibration, Standing, calibrate},
    load::{
        Arena, Arrivals, Moment, Order, Reach, Streams, length_of, measure, safety,
        stock::{self, Stock},
        usual,
    },
    model::{
        Alg, Event, Level,
        chaos::TokenClass,
        load::{Drive, Gate, LoadMetric, LoadPlan, LoadText, LoadWindow},
    },
    suite::Catalog,
    target::{MemoryGauge, Wire},
};
use std::{
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};

/// Connections of an open loop, at most; over HTTP/2, streams.
const MOST_OPEN: u32 = 1024;
/// Connections over which an open loop spreads its streams in HTTP/2, as a proxy before a service does.
const SPREAD: usize = 8;

/// One target with our side of it.
pub(super) struct Side {
    pub(super) stage: Stage,
    pub(super) bench: Arc<Bench>,
    reach: Option<Reach>,
    windows: u64,
}

impl Side {
    pub(super) fn new(stage: Stage, catalog: &Catalog) -> Side {
        let bench = Arc::new(stage.bench(catalog, "gauntlet load".into()));
        Side { stage, bench, reach: None, windows: 0 }
    }

    /// The first probes; false where the target cannot be tested.
    pub(super) async fn calibrate(&mut self, score: &mut Score<'_>) -> bool {
        let Calibration { checks, standing } = {
            let mut told = |text| score.emit(Event::Remark { level: Level::May, text });
            calibrate(&self.bench, &self.stage.trust.algorithms, &mut told).await
        };
        for check in checks {
            score.emit(Event::Calibrated { check: Box::new(check) });
        }
        // Only now: what plain garbage gets says what some statuses mean.
        self.reach = Some(Reach::of(&self.stage.shared_target()));
        standing == Standing::Testable
    }

    /// The gates of a plan at this target.
    pub(super) fn gates(&self, plan: &LoadPlan) -> Vec<Gate> {
        let mut gates = safety();
        // A plan may know better how much of its good tokens must be taken.
        let says = |gate: &Gate| plan.text.assert.iter().any(|own| (own.of, own.metric) == (gate.of, gate.metric));
        gates.retain(|gate| gate.metric == LoadMetric::WrongAccepts || !says(gate));
        if plan.text.assert.is_empty() {
            let target = self.stage.target();
            gates.extend(usual(target.transport_name(), target.is_on_this_machine()));
        } else {
            gates.extend(plan.text.assert.iter().cloned());
        }
        gates
    }

    /// The algorithm that signs where a plan is run here.
    pub(super) fn alg(&self, text: &LoadText) -> Alg {
        text.alg.unwrap_or(self.stage.trust.algorithms[0])
    }

    /// Takes out of a plan what cannot be made for this target, and says so.
    ///
    /// # Errors
    /// Nothing is left to send.
    pub(super) fn leave_out_unmade(&self, text: &mut LoadText) -> Result<Option<String>, RunError> {
        let alg = self.alg(text);
        let said = leave_out_unmade(&mut text.mix, alg);
        if text.mix.values().all(|weight| *weight == 0) {
            return Err(RunError::Unprepared(format!("nothing that the plan would send can be made under {alg}")));
        }
        Ok(said)
    }

    /// What a plan wants to be minted.
    fn wanted(&self, text: &LoadText, lasts: Duration, count: usize, seed: u64) -> stock::Wanted {
        stock::Wanted {
            mix: text.mix.clone(),
            alg: self.alg(text),
            count,
            bytes: text.token_bytes,
            replay: text.replay.unwrap_or(0),
            lasts,
            expires: text.expire_after.map(|after| text.warm_up.0 + after.0),
            nonce: self.nonce(seed),
        }
    }

    /// Another window begins, whose tokens are told from those of all others.
    pub(super) fn begin_window(&mut self) {
        self.windows += 1;
    }

    /// What begins the `jti` of every token of this window.
    pub(super) fn nonce(&self, seed: u64) -> String {
        format!("l{}-{:04x}", self.windows, seed & 0xffff)
    }

    /// How an engine of its own reaches the target.
    pub(super) fn wire(&self) -> Result<Wire, RunError> {
        self.stage.shared_target().wire().map_err(RunError::NoWire)
    }

    /// Bare tokens of a plan's mix with their classes, for somebody else who says when they are shown.
    pub(super) async fn tokens(
        &self,
        text: &LoadText,
        lasts: Duration,
        count: usize,
        seed: u64,
        catalog: &Catalog,
    ) -> Result<Vec<(TokenClass, String)>, RunError> {
        let Stock { arena, .. } = self.mint(self.wanted(text, lasts, count, seed), None, catalog).await?;
        let token = |place| {
            let shot = arena.shot(place);
            let text = String::from_utf8_lossy(arena.bytes(shot)).into_owned();
            (arena.kinds()[shot.kind()].class, text)
        };
        Ok((0..arena.len()).map(token).collect())
    }

    async fn mint(&self, wanted: stock::Wanted, wire: Option<Wire>, catalog: &Catalog) -> Result<Stock, RunError> {
        let (forge, good) = (Arc::clone(&self.stage.forge), catalog.access_token(&self.stage.recipes));
        let minted = tokio::task::spawn_blocking(move || stock::mint(&forge, &good, &wanted, wire.as_ref())).await;
        Ok(minted.map_err(|error| RunError::Unprepared(error.to_string()))??)
    }

    /// Requests for somebody else who says how they arrive, and the algorithm that signs.
    pub(super) async fn stocked(
        &self,
        plan: &LoadPlan,
        lasts: Duration,
        seed: u64,
        catalog: &Catalog,
    ) -> Result<(Arc<Arena>, Wire, String), RunError> {
        if plan.text.http2 {
            return Err(RunError::Unprepared("a worker speaks HTTP/1.1 only; take `http2` out of the plan".into()));
        }
        let wire = self.wire()?;
        let count = usize::try_from(plan.text.tokens).unwrap_or(usize::MAX);
        let wanted = stock::Wanted { expires: None, ..self.wanted(&plan.text, lasts, count, seed) };
        let alg = wanted.alg.to_string();
        let stock = self.mint(wanted, Some(wire.clone()), catalog).await?;
        Ok((stock.arena, wire, alg))
    }

    /// The target over HTTP/2, which it is seen to speak.
    async fn streams(&self, drive: &Drive) -> Result<Reach, RunError> {
        let wire = self.wire()?;
        let connections = match drive {
            Drive::Connections(count) => usize::try_from(*count).unwrap_or(SPREAD),
            _ => SPREAD,
        };
        let streams = Streams::new(wire, connections);
        streams.try_out(b"a.b.c").await.map_err(RunError::NotHttp2)?;
        Ok(Reach::Streams(Arc::new(streams)))
    }

    /// What must be ready before a window opens: keys where the target finds them, tokens, and a target that is cold
    /// where that is asked.
    async fn prepare(
        &mut self,
        point: &Point,
        lasts: Duration,
        seed: u64,
        catalog: &Catalog,
    ) -> Result<(Reach, Stock), RunError> {
        let text = &point.text;
        let reach = match &self.reach {
            _ if text.http2 => self.streams(&text.drive).await?,
            Some(reach) => reach.clone(),
            None => Reach::of(&self.stage.shared_target()),
        };
        if let Some(more) = text.more_keys {
            self.publish(more).await.map_err(RunError::Unprepared)?;
        }
        let wanted = self.wanted(text, lasts, count(point, lasts), seed);
        let stock = self.mint(wanted, reach.wire().cloned(), catalog).await?;
        if text.cold {
            self.stage.start_over().await?;
        }
        Ok((reach, stock))
    }

    /// Runs one window; `None` where the run was stopped before it opened.
    pub(super) async fn window(
        &mut self,
        id: &str,
        point: &Point,
        settings: &Settings<'_>,
        catalog: &Catalog,
        score: &mut Score<'_>,
    ) -> Result<Option<LoadWindow>, RunError> {
        self.begin_window();
        let text = &point.text;
        let lasts = text.warm_up.0 + length_of(&text.drive, text.duration.0);
        let alg = self.alg(text).to_string();
        let (reach, stock) = tokio::select! {
            ready = self.prepare(point, lasts, settings.seed, catalog) => ready?,
            () = settings.halt.wanted() => return Ok(None),
        };
        score.emit(point.begins(id, lasts));
        let order = Order {
            drive: text.drive.clone(),
            warm_up: text.warm_up.0,
            duration: text.duration.0,
            threads: settings.threads,
            most: MOST_OPEN,
            seed: settings.seed.wrapping_add(self.windows),
            first: 0,
            stop: Arc::clone(&settings.halt.0),
            users: None,
        };
        let gauge = self.stage.gauge();
        let mut window = watch(&reach, &stock.arena, &order, stock.begins, gauge, id, score).await?;
        window.name.clone_from(&point.name);
        window.alg = alg;
        Ok(Some(window))
    }
}

/// Runs a window, and tells of its seconds meanwhile.
pub(super) async fn watch(
    reach: &Reach,
    arena: &Arc<Arena>,
    order: &Order,
    begins: Option<i64>,
    gauge: Option<MemoryGauge>,
    id: &str,
    score: &mut Score<'_>,
) -> Result<LoadWindow, RunError> {
    let (send, heard) = mpsc::channel::<Moment>();
    let said = Mutex::new(send);
    let tell = move |moment: Moment| {
        if let Ok(send) = said.lock() {
            // Whoever listens lives as long as this window.
            let _ = send.send(moment);
        }
    };
    let measuring = measure(reach, arena, order, begins, gauge, &tell);
    tokio::pin!(measuring);
    let window = loop {
        tokio::select! {
            done = &mut measuring => break done,
            () = tokio::time::sleep(Duration::from_millis(200)) => {
                heard.try_iter().for_each(|moment| score.emit(second_of(id, moment)));
            }
        }
    };
    heard.try_iter().for_each(|moment| score.emit(second_of(id, moment)));
    window.map_err(|error| RunError::Unprepared(error.to_string()))
}

/// The event that a second is over.
pub(super) fn second_of(id: &str, moment: Moment) -> Event {
    Event::LoadSecond {
        id: id.to_owned(),
        second: moment.second,
        count: moment.count,
        wrong: moment.wrong,
        broken: moment.broken,
        p99_us: moment.p99_us,
    }
}

/// How many requests to render: one for each token that is due, or as many as the plan allows.
fn count(point: &Point, lasts: Duration) -> usize {
    let due = Arrivals::total(&point.text.drive, lasts);
    let most = u64::from(point.text.tokens);
    usize::try_from(due.map_or(most, |due| due.min(most)).max(1)).unwrap_or(usize::MAX)
}
