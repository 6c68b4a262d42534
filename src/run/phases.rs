//! The cases that need another key set: one set after the other, and the default one again at the end.

use super::{
    refresh::{self, Taken, Way},
    session::{Score, all_blocks, repeat_undecided},
    setup::Stage,
};
use crate::{
    conformance::{Bench, Finished, Pending, Phase, Planned, phases},
    model::{
        Event, Level, Observation, Outcome, Verdict,
        keyset::{ControlPlace, KeySet},
    },
    suite::Catalog,
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

/// After so many sets under which the target did not come up, the others would only take time.
const MOST_DOWN: usize = 3;

/// What a phase came to before its first case.
enum Entered {
    /// The set is in use, and good tokens pass where they should.
    Ready,
    /// A good token does not pass that should.
    Spoilt(Box<Observation>),
    /// Nothing shows that the set is in use.
    Unproven(String),
    /// The target does not come up.
    Down(String),
}

/// Plays the cases that need another key set.
pub(super) async fn play(
    bench: &Arc<Bench>,
    stage: &mut Stage,
    catalog: &Catalog,
    cases: Vec<Planned>,
    jobs: usize,
    score: &mut Score<'_>,
) -> BTreeMap<usize, Finished> {
    let (phases, homeless) = phases(catalog, cases);
    let mut stand =
        Stand { bench, stage, jobs, score, finished: BTreeMap::new(), pending: Vec::new(), down: 0, count: 0 };
    for planned in homeless {
        stand.settle(&planned, Outcome::Inconclusive, "the suite does not describe the key set that it needs");
    }
    if let Some(default) = catalog.keysets.get("default").filter(|_| !phases.is_empty()) {
        stand.play(phases.into(), default).await;
    }
    stand.finished
}

struct Stand<'a, 's> {
    bench: &'a Arc<Bench>,
    stage: &'a mut Stage,
    jobs: usize,
    score: &'a mut Score<'s>,
    finished: BTreeMap<usize, Finished>,
    /// Cases that are judged when good tokens pass again.
    pending: Vec<Pending>,
    /// Sets under which the target did not come up.
    down: usize,
    /// Phases so far.
    count: usize,
}

impl Stand<'_, '_> {
    async fn play(&mut self, mut queue: VecDeque<Phase>, default: &KeySet) {
        let Some(way) = self.stage.ways.any.clone() else { return };
        let changes = queue.iter().filter(|phase| phase.after.is_some()).count();
        if let Some(price) = refresh::price(queue.len(), changes, &self.stage.ways) {
            self.score.emit(Event::Remark { level: Level::May, text: price });
        }
        let held = self.bench.halted().is_none() && self.good().await.verdict == Verdict::Accept;
        while let Some(phase) = queue.pop_front() {
            let given_up = match self.bench.halted() {
                Some(because) => Some(because),
                None if !held => Some("the target did not take a good token before the key set changed".into()),
                None if self.down >= MOST_DOWN => {
                    Some(format!("the target did not come up with {} other key sets", self.down))
                }
                None => None,
            };
            if let Some(because) = given_up {
                self.settle_all(&phase, Outcome::Inconclusive, &because);
                continue;
            }
            self.count += 1;
            match self.enter(&phase, &way).await {
                Entered::Ready if phase.controls() == ControlPlace::Outside => self.send(phase, None).await,
                Entered::Ready => self.run(phase).await,
                // One of several sets spoils the phase: find it, and judge the rest without it.
                trouble => match (phase.split(), trouble) {
                    (Ok(halves), _) => halves.into_iter().rev().for_each(|half| queue.push_front(half)),
                    (Err(phase), Entered::Spoilt(seen)) => self.send(*phase, Some(*seen)).await,
                    (Err(phase), Entered::Down(because)) => self.note_down(*phase, &because),
                    (Err(phase), Entered::Unproven(because)) => self.settle_all(&phase, Outcome::Skip, &because),
                    (Err(_), Entered::Ready) => {}
                },
            }
        }
        self.restore(default, &way, held).await;
    }

    /// Brings the phase's set to the target, the earlier one first where the phase is about the change.
    async fn enter(&mut self, phase: &Phase, way: &Way) -> Entered {
        let mut served = phase.served();
        let mut sentinel = own_sentinel(&served, phase.after.as_ref());
        if !phase.is_alone() {
            let name = format!("spare-public-phase-{}", self.count);
            served.members.push(name.clone());
            sentinel = Some(name);
        }
        if phase.controls() == ControlPlace::Outside {
            sentinel = None;
        }
        let Some(earlier) = &phase.after else { return self.bring(phase, &served, way, sentinel.as_deref()).await };
        let Some(live) = self.stage.ways.live.clone() else {
            return Entered::Unproven(
                "needs a key set that changes while the target runs: say how in [jwks] refresh".into(),
            );
        };
        match self.bring(phase, earlier, way, own_sentinel(earlier, None).as_deref()).await {
            Entered::Ready => {}
            // Nothing was shown of the change yet.
            Entered::Spoilt(seen) => {
                return Entered::Unproven(format!("the key set before it was not taken: {}", seen.because));
            }
            other => return other,
        }
        self.bench.show_twins(&phase.cases).await;
        self.bring(phase, &served, &live, sentinel.as_deref()).await
    }

    async fn bring(&mut self, phase: &Phase, set: &KeySet, way: &Way, sentinel: Option<&str>) -> Entered {
        match refresh::bring(self.stage, self.bench, set, way, sentinel).await {
            Err(because) => Entered::Unproven(format!("the key set cannot be served: {because}")),
            Ok(Taken::Unseen(because)) => Entered::Unproven(because),
            Ok(Taken::Down(because)) => Entered::Down(because),
            Ok(Taken::Ignored(seen)) => Entered::Spoilt(seen),
            Ok(Taken::Yes) if phase.controls() == ControlPlace::Outside => Entered::Ready,
            Ok(Taken::Yes) => match self.good().await {
                seen if seen.verdict == Verdict::Accept => Entered::Ready,
                seen => Entered::Spoilt(Box::new(seen)),
            },
        }
    }

    /// Runs the cases as in any other part of a run.
    async fn run(&mut self, phase: Phase) {
        let mut finished = all_blocks(self.bench, &phase.cases, self.jobs, self.score).await;
        repeat_undecided(self.bench, self.stage, [phase.cases.as_slice()], &mut finished, self.score).await;
        self.finished.append(&mut finished);
    }

    /// Sends cases that can be judged only later.
    async fn send(&mut self, phase: Phase, spoilt: Option<Observation>) {
        for planned in phase.cases {
            self.pending.push(Pending::send(self.bench, planned, spoilt.clone()).await);
        }
    }

    fn note_down(&mut self, phase: Phase, because: &str) {
        self.down += 1;
        let lawful = phase.controls() == ControlPlace::Outside;
        let because = format!("the target does not come up while the key set {} is served: {because}", phase.name());
        let noted = phase.cases.into_iter().map(|planned| Pending::down(planned, because.clone(), lawful));
        self.pending.extend(noted);
    }

    /// The default set again; then good tokens must pass again, and what waited for that is judged.
    async fn restore(&mut self, default: &KeySet, way: &Way, held: bool) {
        let brought = refresh::bring(self.stage, self.bench, default, way, None).await;
        let mut seen = self.good().await;
        let restarts = seen.verdict != Verdict::Accept && !matches!(way, Way::Restart(_));
        if restarts && matches!(self.stage.restart().await, Ok(true)) {
            seen = self.good().await;
        }
        let recovered = seen.verdict == Verdict::Accept;
        if held && !recovered {
            let because = match brought {
                Err(because) | Ok(Taken::Unseen(because) | Taken::Down(because)) => because,
                _ => seen.because,
            };
            let text = format!("with its usual key set served again, the target does not take good tokens: {because}");
            self.score.emit(Event::Remark { level: Level::Must, text });
        }
        for pending in std::mem::take(&mut self.pending) {
            let finished = pending.judged(self.bench, held && recovered);
            self.add(finished);
        }
    }

    async fn good(&mut self) -> Observation {
        match self.bench.control(self.bench.good()).await {
            Ok(observation) => observation,
            Err(error) => Observation::bare(Verdict::Unreachable, format!("the token cannot be made: {error}")),
        }
    }

    fn settle_all(&mut self, phase: &Phase, outcome: Outcome, because: &str) {
        for planned in &phase.cases {
            self.settle(planned, outcome, because);
        }
    }

    fn settle(&mut self, planned: &Planned, outcome: Outcome, because: &str) {
        self.add(Finished::with_outcome(planned, outcome, because));
    }

    fn add(&mut self, finished: Finished) {
        self.score.emit(Event::CaseFinished { index: finished.index, result: Arc::clone(&finished.result) });
        self.finished.insert(finished.index, finished);
    }
}

/// A key of the set whose tokens neither the default set nor the earlier one lets pass.
fn own_sentinel(set: &KeySet, earlier: Option<&KeySet>) -> Option<String> {
    let known = |name: &String| {
        earlier.is_some_and(|set| set.members.contains(name) || set.altered.iter().any(|member| member.key == *name))
    };
    set.members.iter().find(|name| name.starts_with("spare-") && !known(name)).cloned()
}
