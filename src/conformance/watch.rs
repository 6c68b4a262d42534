//! Gathers the evidence for side conditions: times beside good tokens, memory, the service afterwards, what came back.

use super::{bench::Bench, echo, plan::Planned, signed};
use crate::{
    model::{
        Observation, Verdict,
        case::Present,
        side::{Health, MemoryUse, Timing},
    },
    token::Token,
};
use std::{collections::BTreeMap, time::Duration};

/// Good tokens that are sent after a case that may do harm.
const BURST: u32 = 10;
/// So many lost good tokens say enough.
const ENOUGH_LOST: u32 = 3;
/// Tries of which the median counts, and how many of them decide on which side of a bound it lies.
const TRIES: usize = 5;
const MAJORITY: usize = TRIES / 2 + 1;
/// Good tokens that warm a target up before its memory is read.
const WARM_UP: usize = 3;
/// How often memory is read while a token is on its way.
const LOOK: Duration = Duration::from_millis(20);

/// Presents the token under test, with an eye on the target's memory where the case asks for it and it can be seen.
pub(super) async fn present(bench: &Bench, planned: &Planned, token: &Token, present: Option<&Present>) -> Observation {
    let gauge = bench.gauge().filter(|_| planned.case.also.memory.is_some());
    let Some(gauge) = gauge else { return bench.patiently(&token.bytes, present).await };
    for _ in 0..WARM_UP {
        // Only to have the target's own caches filled; whether it takes them is the controls' business.
        let _ = bench.twin(planned).await;
    }
    let Some(before) = gauge.read() else { return bench.patiently(&token.bytes, present).await };
    let mut peak = before.resident;
    let watching = async {
        loop {
            tokio::time::sleep(LOOK).await;
            peak = peak.max(gauge.read().map_or(0, |now| now.resident));
        }
    };
    let mut seen = tokio::select! {
        seen = bench.patiently(&token.bytes, present) => seen,
        () = watching => unreachable_watch(),
    };
    if let Some(after) = gauge.read() {
        // The system's own high-water mark sees what lies between two looks, but never falls: only a new mark counts.
        let marked = if after.highest > before.highest { after.highest } else { 0 };
        let peak = peak.max(marked).max(after.resident);
        seen.side.memory = Some(MemoryUse { before: before.resident, peak, after: after.resident });
    }
    seen
}

/// The watch never ends by itself.
fn unreachable_watch() -> Observation {
    Observation::bare(Verdict::Unreachable, "the watch over the memory ended")
}

/// Gathers all that the case asks for beside its verdict. `earlier` are the tokens presented before.
pub(super) async fn gather(
    bench: &Bench,
    planned: &Planned,
    token: &Token,
    nonce: &str,
    earlier: &BTreeMap<String, Token>,
    seen: &mut Observation,
) {
    let case = &planned.case;
    if let Some(check) = &case.also.echo {
        let marker = check.marker.as_ref().map(|marker| marker.replace("${nonce}", nonce));
        seen.side.leaks = echo::leaks(seen, marker.as_deref());
    }
    seen.side.unsigned = signed::differences(bench, planned, token, nonce, earlier, seen);
    if is_slow(planned, seen) {
        seen.side.timing = Some(time_again(bench, planned, earlier, seen).await);
    }
    if let Some(check) = &case.also.steady {
        for _ in 0..check.times {
            let again = try_again(bench, planned, earlier).await;
            seen.side.again.extend(again.map(|again| again.verdict));
        }
    }
    if case.checks_health() && seen.verdict != Verdict::Unreachable {
        seen.side.health = Some(burst(bench).await);
    }
}

/// The shortest time that one of the case's limits could find too long.
fn limit(planned: &Planned) -> Option<u128> {
    let latency = planned.case.also.latency.as_ref().map(|check| check.and_over);
    [latency, planned.case.within].into_iter().flatten().map(|limit| limit.0.as_micros()).min()
}

fn is_slow(planned: &Planned, seen: &Observation) -> bool {
    limit(planned).is_some_and(|limit| u128::from(seen.elapsed_us) > limit)
}

/// One slow answer shows nothing on a busy machine. Good tokens and tokens under test in turns, until the median of five
/// is known to be on one side. A token that timed out twice in a row has said it already.
async fn time_again(
    bench: &Bench,
    planned: &Planned,
    earlier: &BTreeMap<String, Token>,
    first: &Observation,
) -> Timing {
    let mut timing = Timing::default();
    if first.verdict == Verdict::Timeout {
        timing.token_us.push(first.elapsed_us);
        timing.control_us.extend(bench.twin_afresh(planned).await.map(|seen| seen.elapsed_us));
        return timing;
    }
    let limit = limit(planned).unwrap_or(0);
    while timing.token_us.len() < TRIES {
        timing.control_us.extend(bench.twin_afresh(planned).await.map(|seen| seen.elapsed_us));
        let Some(seen) = try_again(bench, planned, earlier).await else { break };
        timing.token_us.push(seen.elapsed_us);
        let slow = timing.token_us.iter().filter(|time| u128::from(**time) > limit).count();
        if slow >= MAJORITY || timing.token_us.len() - slow >= MAJORITY {
            break;
        }
    }
    timing
}

/// The token under test, made and presented once more.
async fn try_again(bench: &Bench, planned: &Planned, earlier: &BTreeMap<String, Token>) -> Option<Observation> {
    let token = bench.mint(&planned.token, &bench.nonce(), earlier).ok()?;
    let present = planned.case.present.as_ref().or(planned.case.given.present.as_ref());
    Some(bench.patiently(&token.bytes, present).await)
}

/// Good tokens one after the other: does the service still serve?
async fn burst(bench: &Bench) -> Health {
    let mut health = Health { sent: 0, accepted: 0, slowed: 0, first_refusal: None };
    while health.sent < BURST && health.sent - health.accepted - health.slowed < ENOUGH_LOST {
        // A good token that cannot be made is no fault of the target.
        let Ok(seen) = bench.control(bench.good()).await else { break };
        health.sent += 1;
        match seen.verdict {
            Verdict::Accept => health.accepted += 1,
            Verdict::RateLimited => health.slowed += 1,
            _ => {
                let first = || format!("{} ({})", seen.verdict, seen.because);
                health.first_refusal.get_or_insert_with(first);
            }
        }
    }
    health
}
