//! Measures how a target keeps our key set: with single tokens, answers that are late or odd, and a clock.

use super::{
    desk::{Desk, DeskError},
    play::Field,
    probe::{Probe, Shot},
};
use crate::{
    issuer::{Ended, FetchEntry},
    model::chaos::{
        Action, BodyFault, Expression, Fault, Fingerprint, HeaderFault, Measured, Redirect, Refreshes, StatusFault,
        TokenClass,
    },
};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// Tokens sent at once before the target has keys.
const BURST: usize = 20;
/// How much later an answer comes, to see who waits for it.
const LATE: Duration = Duration::from_millis(300);
/// Tokens a second while we watch.
const RATE: f64 = 20.0;
/// Sizes of answers that are tried, in bytes.
const SIZES: [u64; 6] = [32 << 10, 128 << 10, 512 << 10, 2 << 20, 8 << 20, 32 << 20];

/// Measures the target of a field. `watch` is how long it is looked at, at most, for any one thing; `said` hears what is
/// being measured.
///
/// # Errors
/// The target takes no good token, or a key cannot be made.
pub async fn fingerprint(
    field: &mut Field,
    desk: Desk,
    watch: Duration,
    said: &mut (dyn FnMut(&str) + Send),
) -> Result<Fingerprint, String> {
    let mut study = Study { probe: Probe::new(field, desk), watch, found: Fingerprint::default() };
    said("cold start");
    study.cold().await?;
    said("lifetime");
    study.lifetime().await;
    said("unknown kids");
    study.unknown().await;
    said("failures");
    study.failures().await;
    said("time limits");
    study.time_limits().await;
    said("redirects");
    study.redirects().await;
    said("sizes");
    study.sizes().await.map_err(|error| error.to_string())?;
    said("Cache-Control");
    study.max_age().await;
    said("an outage");
    study.outage().await;
    study.sent();
    Ok(study.found)
}

/// The desk of a measurement: one key is published and signs, others are ready.
///
/// # Errors
/// A key cannot be made.
pub fn fingerprint_desk(
    mint: crate::traffic::Mint,
    issuer: &crate::issuer::FaultyIssuer,
    nonce: String,
) -> Result<Desk, DeskError> {
    let names: Vec<String> = (0..=SIZES.len() + 2).map(|number| format!("k{number}")).collect();
    let mut desk = Desk::new(&names, mint, nonce)?;
    for action in [Action::Publish("k0".into()), Action::Sign("k0".into())] {
        desk.apply(&action, issuer, Duration::ZERO)?;
    }
    Ok(desk)
}

struct Study<'f> {
    probe: Probe<'f>,
    watch: Duration,
    found: Fingerprint,
}

impl Study<'_> {
    async fn cold(&mut self) -> Result<(), String> {
        self.found.eager = self.probe.fetched() > 0;
        if !self.found.eager {
            let late = Expression::of_seconds(LATE.as_secs_f64());
            self.probe.misbehave(Fault::Latency(late));
            let before = self.probe.fetched();
            self.probe.burst(BURST).await;
            self.found.cold = Some(((self.probe.fetched() - before) as u64, BURST as u64));
            self.probe.heal();
        }
        let deadline = Instant::now() + Duration::from_secs(15);
        while !self.probe.show(TokenClass::Valid, None).await.accepted {
            if Instant::now() > deadline {
                return Err("the target took no good token, so nothing can be measured".into());
            }
            sleep(Duration::from_millis(200)).await;
        }
        Ok(())
    }

    /// First nothing is sent, to see a timer; then good tokens are.
    async fn lifetime(&mut self) {
        let before = self.probe.fetched();
        let idle = self.probe.fetch(before, self.watch).await.is_some();
        if idle {
            self.found.refresh = Refreshes::Timer;
            self.probe.fetch(before + 2, self.watch * 2).await;
        } else {
            let enough = |probe: &Probe<'_>, _: Shot| probe.fetched() >= before + 3;
            self.probe.flow(TokenClass::Valid, RATE, self.watch * 3, enough).await;
            if self.probe.fetched() > before {
                self.found.refresh = Refreshes::Token;
            }
        }
        self.found.gaps = gaps(&self.probe.fetches(before));
        self.found.lifetime = median(&self.found.gaps);
        let Some(lifetime) = self.found.lifetime else { return };
        // Once more, with an answer that is late.
        let late = Expression::of_seconds(LATE.as_secs_f64());
        self.probe.misbehave(Fault::Latency(late));
        let before = self.probe.fetched();
        let mut waited = false;
        let within = Duration::from_secs_f64(lifetime * 1.5 + 1.0);
        let over = |probe: &Probe<'_>, shot: Shot| {
            waited |= shot.took >= LATE - LATE / 5;
            probe.fetches(before).first().is_some_and(|entry| entry.until.is_some())
        };
        self.probe.flow(TokenClass::Valid, RATE, within, over).await;
        self.probe.heal();
        self.found.waits = (self.probe.fetched() > before).then_some(waited);
    }

    /// How long one kind of fetch is worth watching.
    fn while_watching(&self) -> Duration {
        let lifetime = self.found.lifetime.unwrap_or(self.watch.as_secs_f64());
        Duration::from_secs_f64((lifetime * 2.5).max(6.0)).min(self.watch)
    }

    async fn unknown(&mut self) {
        let before = self.probe.fetched();
        let within = self.while_watching();
        self.probe.flow(TokenClass::UnknownKid, RATE, within, |_, _| false).await;
        let gaps = gaps(&self.probe.fetches(before));
        let least = gaps.iter().copied().min_by(f64::total_cmp);
        let by_time = |gap: f64| self.found.lifetime.is_some_and(|lifetime| gap > lifetime * 0.7);
        self.found.asks_for_unknown = Some(match least {
            Some(gap) => !by_time(gap),
            // One fetch alone came because of the tokens where time does not explain it.
            None => self.probe.fetched() > before && self.found.lifetime.is_none(),
        });
        if self.found.asks_for_unknown == Some(true) {
            self.found.cooldown = median(&gaps);
        }
    }

    /// Makes it fetch; the number of the request, where one came.
    async fn trigger(&mut self) -> Option<usize> {
        let asks = self.found.asks_for_unknown == Some(true);
        let wait = match (asks, self.found.lifetime) {
            (true, _) => {
                sleep(Duration::from_secs_f64(self.found.cooldown.unwrap_or(0.0) * 1.2)).await;
                self.watch
            }
            (false, Some(lifetime)) => Duration::from_secs_f64(lifetime * 1.5 + 1.0),
            (false, None) => return None,
        };
        let before = self.probe.fetched();
        let deadline = Instant::now() + wait;
        while Instant::now() < deadline {
            // Whoever asks for a key may be held for as long as the request is.
            self.probe.show_aside(if asks { TokenClass::UnknownKid } else { TokenClass::Valid });
            if self.probe.fetch(before, Duration::from_millis(150)).await.is_some() {
                return Some(before);
            }
        }
        None
    }

    async fn failures(&mut self) {
        let failing =
            || Fault::Status(StatusFault { code: 500, retry_after: None, retry_after_as_date: false, body: None });
        self.probe.misbehave(failing());
        if let Some(number) = self.trigger().await {
            let pause = self.found.cooldown.or(self.found.lifetime).unwrap_or(1.0);
            sleep(Duration::from_secs_f64((pause * 0.5).clamp(0.2, 3.0))).await;
            self.found.tries = Some((self.probe.fetched() - number) as u64);
        }
        if self.found.asks_for_unknown == Some(true) {
            let before = self.probe.fetched();
            let within = self.while_watching();
            self.probe.flow(TokenClass::UnknownKid, RATE, within, |_, _| false).await;
            self.found.cooldown_in_failure = median(&gaps(&self.probe.fetches(before)));
        }
        self.probe.heal();
        self.settle().await;
    }

    async fn time_limits(&mut self) {
        for (number, drips) in [false, true].into_iter().enumerate() {
            // A body that was never there before: whoever asks conditionally would get none.
            if self.probe.key(&Action::Publish(format!("k{}", SIZES.len() + 1 + number))).is_err() {
                return;
            }
            self.probe.misbehave(if drips { Fault::Drip(2) } else { Fault::Hang });
            let patience = match self.found.timeout {
                Some(Measured { seconds, at_least: false }) if drips => {
                    Duration::from_secs_f64(seconds * 2.5 + 1.0).min(self.watch)
                }
                _ => self.watch,
            };
            let measured = match self.trigger().await {
                None => None,
                Some(number) => {
                    let ended = self.probe.ended(number, patience).await;
                    let own = |entry: &FetchEntry| {
                        entry.until.map_or(patience, |until| until.saturating_duration_since(entry.at))
                    };
                    match ended {
                        Some(entry) if entry.ended == Ended::Abandoned => {
                            Some(Measured { seconds: own(&entry).as_secs_f64(), at_least: false })
                        }
                        // It had the patience to read to the end.
                        Some(entry) => Some(Measured { seconds: own(&entry).as_secs_f64(), at_least: true }),
                        None => Some(Measured { seconds: patience.as_secs_f64(), at_least: true }),
                    }
                }
            };
            self.probe.heal();
            self.settle().await;
            if drips { self.found.timeout_by_drips = measured } else { self.found.timeout = measured }
        }
    }

    async fn redirects(&mut self) {
        self.probe.misbehave(Fault::Redirect(Redirect::Same));
        if let Some(number) = self.trigger().await {
            sleep(LATE).await;
            let moved = self.probe.fetches(number).iter().any(|entry| entry.path.starts_with("/moved/"));
            self.found.follows_same_host = Some(moved);
        }
        self.probe.heal();
        self.settle().await;
        let before = self.probe.field.issuer.elsewhere.log().count();
        self.probe.misbehave(Fault::Redirect(Redirect::OtherHost));
        if self.trigger().await.is_some() {
            sleep(LATE).await;
            self.found.follows_other_host = Some(self.probe.field.issuer.elsewhere.log().count() > before);
        }
        self.probe.heal();
        self.settle().await;
    }

    /// A new key in a padded answer is taken where the answer was read.
    async fn sizes(&mut self) -> Result<(), DeskError> {
        let wait = match (self.found.asks_for_unknown, self.found.lifetime) {
            (Some(true), _) => self.found.cooldown.unwrap_or(0.0) * 1.5 + 2.0,
            (_, Some(lifetime)) => lifetime * 1.3 + 2.0,
            _ => return Ok(()),
        };
        let wait = Duration::from_secs_f64(wait).min(self.watch);
        for (place, size) in SIZES.into_iter().enumerate() {
            self.probe.misbehave(Fault::Body(BodyFault::Pad(size)));
            let key = format!("k{}", place + 1);
            self.probe.key(&Action::Publish(key.clone()))?;
            self.probe.key(&Action::Sign(key))?;
            let mut taken = false;
            let over = |_: &Probe<'_>, shot: Shot| {
                taken |= shot.accepted;
                taken
            };
            self.probe.flow(TokenClass::Valid, RATE / 4.0, wait, over).await;
            self.probe.heal();
            if taken {
                self.found.body.0 = Some(size);
            } else {
                self.found.body.1 = Some(size);
                break;
            }
        }
        self.probe.key(&Action::Sign("k0".into()))?;
        self.settle().await;
        Ok(())
    }

    async fn max_age(&mut self) {
        let Some(lifetime) = self.found.lifetime.filter(|lifetime| *lifetime >= 2.0) else { return };
        let half = Expression::of_seconds((lifetime / 2.0).floor().max(1.0));
        self.probe.misbehave(Fault::Header(HeaderFault::MaxAge(half)));
        let before = self.probe.fetched();
        let within = Duration::from_secs_f64(lifetime * 3.0);
        let enough = |probe: &Probe<'_>, _: Shot| probe.fetched() >= before + 3;
        self.probe.flow(TokenClass::Valid, RATE, within, enough).await;
        self.probe.heal();
        // The first gap may still be of the old age.
        let gaps = gaps(&self.probe.fetches(before));
        self.found.obeys_max_age = gaps.last().map(|gap| *gap < lifetime * 0.75);
    }

    async fn outage(&mut self) {
        let before = self.probe.fetched();
        let enough = |probe: &Probe<'_>, _: Shot| probe.fetched() > before;
        let within = Duration::from_secs_f64(self.found.lifetime.unwrap_or(0.0) * 1.5 + 1.0).min(self.watch);
        self.probe.flow(TokenClass::Valid, RATE, within, enough).await;
        let entries = self.probe.fetches(0);
        let Some(last) = entries.iter().rev().filter(|entry| entry.honest).find_map(|entry| entry.until) else {
            return;
        };
        self.probe.misbehave(Fault::Refuse);
        let mut stopped = None;
        let over = |_: &Probe<'_>, shot: Shot| {
            if !shot.accepted {
                stopped = Some(last.elapsed());
            }
            stopped.is_some()
        };
        let within = Duration::from_secs_f64(self.found.lifetime.unwrap_or(0.0) * 6.0).max(self.watch);
        self.probe.flow(TokenClass::Valid, RATE, within, over).await;
        self.found.served_without = Some(match stopped {
            Some(after) => Measured { seconds: after.as_secs_f64(), at_least: false },
            None => Measured { seconds: last.elapsed().as_secs_f64(), at_least: true },
        });
        self.probe.heal();
    }

    /// Waits until good tokens are taken again, so that one measurement does not spoil the next one.
    async fn settle(&mut self) {
        let within = Duration::from_secs_f64(self.found.lifetime.unwrap_or(0.0) + 5.0).min(self.watch);
        self.probe.flow(TokenClass::Valid, RATE, within, |_, shot| shot.accepted).await;
    }

    /// What its requests say.
    fn sent(&mut self) {
        let mut all = self.probe.fetches(0);
        all.extend(self.probe.field.issuer.discovery.log().all());
        self.found.conditional = all.iter().any(|entry| has(entry, "if-none-match") || has(entry, "if-modified-since"));
        for entry in &all {
            for line in &entry.headers {
                if !line.starts_with("if-none-match") && !self.found.sends.contains(line) && self.found.sends.len() < 12
                {
                    self.found.sends.push(line.clone());
                }
            }
            let query = entry.path.split_once('?').map_or("", |(_, query)| query);
            let tells = has(entry, "authorization") || query.contains("unknown-") || query.contains("eyJ");
            if tells && self.found.leaks.len() < 5 && !self.found.leaks.contains(&entry.path) {
                self.found.leaks.push(entry.path.clone());
            }
        }
    }
}

fn has(entry: &FetchEntry, name: &str) -> bool {
    entry.headers.iter().any(|line| line.starts_with(name))
}

/// The times between requests, in seconds.
fn gaps(fetches: &[FetchEntry]) -> Vec<f64> {
    fetches.windows(2).map(|two| two[1].at.saturating_duration_since(two[0].at).as_secs_f64()).collect()
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}
