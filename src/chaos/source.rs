//! The traffic of a scenario: its mix at its rate, and what steps send at once.

use super::{
    desk::Desk,
    portions::{Part, portions},
};
use crate::{
    model::chaos::{Burst, Rate, Scenario, TokenClass},
    traffic::{Deal, Schedule, Shot, Source},
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// How often a scenario without traffic of its own looks for what steps send.
const LOOK: Rate = Rate(200.0);

/// What the timeline tells the traffic.
#[derive(Debug, Clone, Default)]
pub(super) struct Orders(Arc<Mutex<Standing>>);

#[derive(Debug, Default)]
struct Standing {
    bursts: VecDeque<Burst>,
    over: bool,
}

impl Orders {
    pub(super) fn burst(&self, burst: Burst) {
        self.lock().bursts.push_back(burst);
    }

    pub(super) fn end(&self) {
        self.lock().over = true;
    }

    fn lock(&self) -> MutexGuard<'_, Standing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives out the tokens of a scenario.
pub(super) struct Traffic {
    schedule: Schedule,
    parts: Vec<Part>,
    deal: Deal,
    next: u64,
    number: u64,
    /// How many instances of the target there are, and which one is next for each kind of token.
    instances: u32,
    turns: BTreeMap<(TokenClass, Option<String>), u32>,
    desk: Arc<Mutex<Desk>>,
    orders: Orders,
}

impl Traffic {
    pub(super) fn new(scenario: &Scenario, desk: Arc<Mutex<Desk>>, orders: Orders) -> Traffic {
        let makes = |part: &Part| desk.lock().unwrap_or_else(PoisonError::into_inner).makes(part.class);
        let parts: Vec<Part> = portions(scenario).into_iter().filter(makes).collect();
        let rate = if parts.is_empty() { LOOK } else { scenario.traffic.rate };
        let deal = Deal::new(&parts.iter().map(|part| part.weight).collect::<Vec<_>>());
        Traffic {
            schedule: Schedule::constant(rate),
            parts,
            deal,
            next: 0,
            number: 0,
            instances: scenario.instances,
            turns: BTreeMap::new(),
            desk,
            orders,
        }
    }

    /// The next token of a kind, for the instance whose turn it is.
    fn load(&mut self, class: TokenClass, key: Option<&str>) -> Option<Shot> {
        let turn = self.turns.entry((class, key.map(str::to_owned))).or_default();
        let target = *turn;
        *turn = (target + 1) % self.instances;
        let instance = (self.instances > 1).then_some(target + 1);
        let taken = self.desk.lock().unwrap_or_else(PoisonError::into_inner).take(class, key, instance);
        taken.map(|(stream, token)| {
            self.number += 1;
            Shot { stream, number: self.number, token, target: target as usize }
        })
    }
}

impl Source for Traffic {
    fn due(&mut self) -> Option<Duration> {
        (!self.orders.lock().over).then(|| self.schedule.start(self.next))
    }

    fn shots(&mut self, _: Duration) -> Vec<Shot> {
        self.next += 1;
        let mut shots = Vec::new();
        if let Some(part) = self.deal.draw().map(|index| self.parts[index].clone()) {
            shots.extend(self.load(part.class, part.key.as_deref()));
        }
        while let Some(burst) = { self.orders.lock().bursts.pop_front() } {
            for _ in 0..burst.count {
                shots.extend(self.load(burst.class, burst.key.as_deref()));
            }
        }
        shots
    }
}
