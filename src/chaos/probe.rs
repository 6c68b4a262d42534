//! Shows single tokens and watches what is fetched because of them.

use super::{
    desk::{Desk, DeskError},
    play::Field,
};
use crate::{
    issuer::FetchEntry,
    model::{
        Verdict,
        chaos::{Action, Fault, FaultRule, TokenClass},
    },
    target::{Shown, Target},
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{task::JoinSet, time::sleep};

/// How often we look for a fetch.
const LOOK: Duration = Duration::from_millis(5);

/// A field with its desk.
pub(super) struct Probe<'f> {
    pub(super) field: &'f mut Field,
    pub(super) desk: Desk,
    zero: Instant,
}

/// What came of one token.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Shot {
    pub(super) accepted: bool,
    pub(super) took: Duration,
}

impl<'f> Probe<'f> {
    pub(super) fn new(field: &'f mut Field, desk: Desk) -> Probe<'f> {
        Probe { field, desk, zero: Instant::now() }
    }

    /// A step about keys.
    pub(super) fn key(&mut self, action: &Action) -> Result<(), DeskError> {
        self.desk.apply(action, &self.field.issuer, self.zero.elapsed()).map(drop)
    }

    /// Shows a token; one that cannot be made counts as not accepted.
    pub(super) async fn show(&mut self, class: TokenClass, key: Option<&str>) -> Shot {
        let Some((_, token)) = self.desk.take(class, key, None) else {
            return Shot { accepted: false, took: Duration::ZERO };
        };
        present(&self.field.target, &token).await
    }

    /// Shows so many good tokens at once.
    pub(super) async fn burst(&mut self, count: usize) -> Vec<Shot> {
        let mut showing = JoinSet::new();
        for _ in 0..count {
            let Some((_, token)) = self.desk.take(TokenClass::Valid, None, None) else { continue };
            let target = Arc::clone(&self.field.target);
            showing.spawn(async move { present(&target, &token).await });
        }
        showing.join_all().await
    }

    /// Shows a token beside us; nobody waits for its answer.
    pub(super) fn show_aside(&mut self, class: TokenClass) {
        let Some((_, token)) = self.desk.take(class, None, None) else { return };
        let target = Arc::clone(&self.field.target);
        tokio::spawn(async move { present(&target, &token).await });
    }

    /// How many requests for the key set there were.
    pub(super) fn fetched(&self) -> usize {
        self.field.issuer.jwks.log().count()
    }

    /// The requests for the key set behind the first so many.
    pub(super) fn fetches(&self, behind: usize) -> Vec<FetchEntry> {
        self.field.issuer.jwks.log().all().into_iter().skip(behind).collect()
    }

    /// Waits for a request behind the first so many.
    pub(super) async fn fetch(&self, behind: usize, within: Duration) -> Option<FetchEntry> {
        let deadline = Instant::now() + within;
        loop {
            if let Some(entry) = self.fetches(behind).into_iter().next() {
                return Some(entry);
            }
            if Instant::now() >= deadline {
                return None;
            }
            sleep(LOOK).await;
        }
    }

    /// Waits until the request of this number is over.
    pub(super) async fn ended(&self, number: usize, within: Duration) -> Option<FetchEntry> {
        let deadline = Instant::now() + within;
        loop {
            let entry = self.fetches(number).into_iter().next()?;
            if entry.until.is_some() {
                return Some(entry);
            }
            if Instant::now() >= deadline {
                return None;
            }
            sleep(LOOK).await;
        }
    }

    /// Shows good tokens, so many in a second, until `over` says so or the time is over.
    pub(super) async fn flow(
        &mut self,
        class: TokenClass,
        rate: f64,
        within: Duration,
        mut over: impl FnMut(&Probe<'_>, Shot) -> bool,
    ) {
        let deadline = Instant::now() + within;
        let mut due = Instant::now();
        while Instant::now() < deadline {
            let shot = self.show(class, None).await;
            if over(self, shot) {
                return;
            }
            due = (due + Duration::from_secs_f64(1.0 / rate)).max(Instant::now());
            sleep(due - Instant::now()).await;
        }
    }

    /// The key set misbehaves until it is healed.
    pub(super) fn misbehave(&self, fault: Fault) {
        self.field.issuer.jwks.begin(FaultRule::always(fault), self.field.scale.symbols());
    }

    pub(super) fn heal(&self) {
        self.field.issuer.jwks.heal();
    }
}

async fn present(target: &Target, token: &str) -> Shot {
    let now = jiff::Timestamp::now().as_second();
    let start = Instant::now();
    let seen = target.present(&Shown::plain(token.as_bytes(), now)).await;
    Shot { accepted: seen.verdict == Verdict::Accept, took: start.elapsed() }
}
