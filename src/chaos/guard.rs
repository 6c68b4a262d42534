//! Guards: conditions that heal or end a scenario when they last too long.

use super::{
    live::{Live, Order},
    observe::Eyes,
};
use crate::model::chaos::{Guard, GuardAction, Symbols};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    task::JoinHandle,
    time::{MissedTickBehavior, interval},
};

/// How often conditions are looked at.
const LOOK: Duration = Duration::from_millis(250);
/// How often a Prometheus is asked.
const ASK: Duration = Duration::from_secs(2);

/// Watches until the task is aborted. A guard acts once.
pub(super) fn watch(
    guards: &[Guard],
    live: Arc<Live>,
    eyes: Option<Arc<Eyes>>,
    symbols: Symbols,
) -> Vec<JoinHandle<()>> {
    let one = |guard: Guard| {
        let (live, eyes) = (Arc::clone(&live), eyes.clone());
        tokio::spawn(async move {
            let length = guard.when.length.duration(&symbols).unwrap_or_default();
            let mut looks = interval(if guard.when.query.is_some() { ASK } else { LOOK });
            looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut since: Option<Instant> = None;
            loop {
                looks.tick().await;
                let holds = match (&guard.when.of, &guard.when.accepted, &guard.when.query, &guard.when.is) {
                    // The share is that of the whole time, so it need not last beyond it.
                    (Some(of), Some(bound), ..) if live.zero.elapsed() >= length => {
                        live.shares(of, length).is_some_and(|(taken, _)| bound.holds(taken, &symbols) == Some(true))
                    }
                    (.., Some(query), Some(bound)) => {
                        let value = match &eyes {
                            Some(eyes) => eyes.ask(query).await,
                            None => None,
                        };
                        let holds = value.is_some_and(|value| bound.holds(value, &symbols) == Some(true));
                        since = if holds { since.or_else(|| Some(Instant::now())) } else { None };
                        since.is_some_and(|since| since.elapsed() >= length)
                    }
                    _ => false,
                };
                if holds {
                    act(&guard, &live);
                    return;
                }
            }
        })
    };
    guards.iter().cloned().map(one).collect()
}

fn act(guard: &Guard, live: &Live) {
    let by = format!("the guard \"{}\"", guard.when);
    for action in &guard.actions {
        live.give(
            match action {
                GuardAction::Heal => Order::Heal,
                GuardAction::Abort => Order::Abort,
            },
            &by,
        );
    }
}
