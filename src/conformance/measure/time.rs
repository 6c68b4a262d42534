//! The clock leeway, to a second: tokens that expired or start so many seconds away from now.

use super::{Measured, measurement};
use crate::{
    conformance::{bench::Bench, plan::Planned},
    model::{Capability, Observation, Recipe, Verdict, expect::Measure, report::Unit},
    token::LIFETIME,
};
use jiff::Timestamp;
use serde_json::json;
use std::time::Duration;

/// Seconds that are searched; whoever forgives a day forgives everything.
const FARTHEST: i64 = 86_400;
/// A token that is valid for so many more seconds must be accepted.
const SAFE: i64 = -60;
/// Good tokens whose answers tell the target's clock.
const CLOCK_READINGS: usize = 4;
/// A probe sent later in a second might be judged in the next one.
const LATEST: f64 = 0.7;
/// How often each side of the boundary is tried.
const TRIES: u32 = 3;

/// Which end of a token's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    /// `exp`: seconds in the past.
    Expiry,
    /// `nbf`: seconds in the future.
    Start,
}

impl Edge {
    /// A token whose edge lies so many seconds on the wrong side of now. The other times keep their usual distance, so
    /// that no rule about them speaks first.
    fn token(self, good: &Recipe, now: i64, distance: i64) -> Recipe {
        let mut recipe = good.clone();
        let (exp, nbf, iat) = match self {
            Edge::Expiry => {
                let exp = now - distance;
                let start = (exp - LIFETIME.seconds()).min(now - 1);
                (exp, start, start)
            }
            Edge::Start => (now + distance.max(0) + LIFETIME.seconds(), now + distance, now - 1),
        };
        for (name, time) in [("exp", exp), ("nbf", nbf), ("iat", iat)] {
            recipe.claims.insert(name.to_owned(), json!(time));
        }
        recipe
    }

    /// The leeway where this was the largest distance that was accepted. A token is dead in the second of its expiry
    /// (RFC 7519 section 4.1.4), and alive in the second of its start (section 4.1.5).
    fn leeway(self, accepted: i64) -> u64 {
        let leeway = if self == Edge::Expiry { accepted + 1 } else { accepted };
        u64::try_from(leeway).unwrap_or(0)
    }
}

/// Halves the range of distances until two neighbouring seconds differ, then tries both again.
pub(super) async fn leeway(bench: &Bench, what: Measure, planned: &Planned, edge: Edge) -> Measured {
    let obeys_our_clock = bench.target().provides().contains(&Capability::ControlClock);
    let offset = if obeys_our_clock { 0 } else { clock_offset(bench).await };
    let mut probes = 0;
    let mut probe = async |distance: i64| -> Result<bool, String> {
        probes += 1;
        if !obeys_our_clock {
            early_in_the_second().await;
        }
        let now = bench.now();
        let seen = bench.at(&edge.token(&planned.twin, now + offset, distance), now).await;
        let seen = seen.map_err(|error| format!("the token cannot be made: {error}"))?;
        match seen.verdict {
            Verdict::Accept => Ok(true),
            Verdict::Reject | Verdict::Refused => Ok(false),
            _ => Err(format!("at {distance} s: {}", seen.because)),
        }
    };
    let found: Result<Option<i64>, String> = async {
        if !probe(SAFE).await? {
            return Err(format!("a token that is valid by {} s is refused", -SAFE));
        }
        if probe(FARTHEST).await? {
            return Ok(None);
        }
        let (mut low, mut high) = (SAFE, FARTHEST);
        while high - low > 1 {
            let middle = low.midpoint(high);
            if probe(middle).await? { low = middle } else { high = middle }
        }
        let mut votes = async |distance| -> Result<bool, String> {
            let mut accepted = 0;
            for _ in 0..TRIES {
                accepted += u32::from(probe(distance).await?);
            }
            Ok(accepted * 2 > TRIES)
        };
        if votes(high).await? {
            return Ok(Some(high));
        }
        Ok(Some(if votes(low).await? { low } else { low - 1 }))
    }
    .await;
    let accepted = match found {
        Ok(accepted) => accepted,
        Err(trouble) => return Measured::failed(trouble),
    };
    let value = accepted.map(|accepted| edge.leeway(accepted));
    let mut measurement = measurement(what, Unit::Seconds, value, FARTHEST.unsigned_abs(), probes);
    measurement.declared = u64::try_from(bench.forge().setting().leeway.seconds()).ok();
    measurement.about = match offset {
        0 => "to a second".to_owned(),
        seconds => format!("to a second; its clock shows {seconds} s more than ours, and that is allowed for"),
    };
    Measured { value: Some(measurement), ..Measured::default() }
}

/// Waits for the next second where this one is nearly over: between minting and judging it might end.
async fn early_in_the_second() {
    let part = seconds_now().fract();
    if part > LATEST {
        tokio::time::sleep(Duration::from_secs_f64(1.02 - part)).await;
    }
}

/// Seconds by which the target's clock is ahead of ours, by the `Date` of its answers; 0 where it cannot be told from
/// the time that an answer takes.
async fn clock_offset(bench: &Bench) -> i64 {
    let (mut least, mut most) = (f64::NEG_INFINITY, f64::INFINITY);
    for _ in 0..CLOCK_READINGS {
        let asked = seconds_now();
        let Ok(seen) = bench.control(bench.good()).await else { return 0 };
        let answered = seconds_now();
        let Some(date) = date_of(&seen) else { return 0 };
        // `Date` is cut to whole seconds: the clock showed it, or up to a second more, at some moment in between.
        (least, most) = (least.max(date - answered), most.min(date + 1.0 - asked));
    }
    offset_within(least, most)
}

fn offset_within(least: f64, most: f64) -> i64 {
    let middle = f64::midpoint(least, most);
    if least > most || (least <= 0.0 && most >= 0.0) || middle.abs() > 1e9 { 0 } else { middle.round() as i64 }
}

/// Seconds since the epoch in the answer's `Date` (RFC 9110 section 6.6.1).
fn date_of(seen: &Observation) -> Option<f64> {
    let line = seen.response.lines().take_while(|line| !line.is_empty()).find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("date").then(|| value.trim())
    })?;
    let date = jiff::fmt::rfc2822::parse(line).ok()?;
    Some(date.timestamp().as_second() as f64)
}

fn seconds_now() -> f64 {
    Timestamp::now().as_millisecond() as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_tells_the_targets_clock() {
        let response =
            "HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\ndate: Fri, 27 Nov 2026 02:14:21 GMT\r\n\r\nDate: x";
        let seen = Observation { response: response.into(), ..Observation::bare(Verdict::Reject, "status 401") };
        assert_eq!(date_of(&seen), Some(1_795_745_661.0));
        assert_eq!(date_of(&Observation::bare(Verdict::Reject, "no date")), None);
    }

    #[test]
    fn an_offset_counts_only_where_it_is_certain() {
        assert_eq!(offset_within(-0.4, 0.6), 0);
        assert_eq!(offset_within(29.5, 30.4), 30);
        assert_eq!(offset_within(-120.3, -119.6), -120);
        assert_eq!(offset_within(2.0, 1.0), 0);
        assert_eq!(offset_within(f64::NEG_INFINITY, f64::INFINITY), 0);
    }

    #[test]
    fn an_edge_lies_where_it_is_asked_for() {
        let claim =
            |edge: Edge, distance, name: &str| edge.token(&Recipe::default(), 1000, distance).claims[name].as_i64();
        assert_eq!(claim(Edge::Expiry, 5, "exp"), Some(995));
        assert_eq!(claim(Edge::Expiry, 5, "nbf"), Some(695));
        assert_eq!(claim(Edge::Expiry, -600, "nbf"), Some(999));
        assert_eq!((claim(Edge::Start, 5, "nbf"), claim(Edge::Start, 5, "exp")), (Some(1005), Some(1305)));
        assert_eq!((Edge::Expiry.leeway(-1), Edge::Expiry.leeway(59), Edge::Start.leeway(60)), (0, 60, 60));
    }
}
