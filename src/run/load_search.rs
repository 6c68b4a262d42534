//! The search for the highest rate at which a target holds.

use super::{
    error::RunError,
    load::{Settings, begun, closed},
    load_points::Point,
    load_side::Side,
    session::Score,
};
use crate::{
    load::{Search, Thresholds, judge, maximum_gate, safety},
    model::{
        Event,
        chaos::Rate,
        load::{Drive, LoadPlan, LoadResult},
    },
    suite::Catalog,
};
use std::time::Duration;

/// Connections of the closed loop that it begins with.
const PROBE: u32 = 64;
/// How long that closed loop lasts.
const PROBED: Duration = Duration::from_millis(1500);
/// Different tokens of a search.
const SEARCHED: u32 = 20_000;

/// The highest rate that holds.
pub(super) async fn run(
    plan: &LoadPlan,
    side: &mut Side,
    thresholds: &Thresholds,
    settings: &Settings<'_>,
    catalog: &Catalog,
    score: &mut Score<'_>,
) -> Result<LoadResult, RunError> {
    let mut result = begun(plan);
    let mut point = Point::of(plan);
    result.notes.extend(side.leave_out_unmade(&mut point.text)?);
    point.text.sweep = None;
    point.text.tokens = SEARCHED;
    point.text.drive = Drive::Connections(PROBE);
    point.text.duration.0 = PROBED;
    point.name = format!("{PROBE} connections");
    let Some(probe) = side.window(&plan.id, &point, settings, catalog, score).await? else {
        return Ok(closed(result));
    };
    let mut search = Search::new(probe.throughput_rps, thresholds.clone());
    let mut held = None;
    while let Some(trial) = search.next() {
        point.text.drive = Drive::Rate(Rate(trial.rate));
        point.text.duration.0 = trial.window;
        point.name = format!("{:.0}/s", trial.rate);
        let Some(window) = side.window(&plan.id, &point, settings, catalog, score).await? else { break };
        if window.incomplete {
            result.gates.extend(judge(&safety(), &window));
            result.windows.push(window);
            break;
        }
        search.tell(&window);
        if let Some(step) = search.last() {
            score.emit(Event::LoadTried { id: plan.id.clone(), step: step.clone() });
            if step.held {
                held = Some(window);
            }
        }
    }
    if settings.halt.is_wanted() {
        return Ok(closed(result));
    }
    let maximum = search.found();
    result.gates.push(maximum_gate(&maximum));
    if let Some(window) = held.filter(|_| maximum.rate > 0.0) {
        result.gates.extend(judge(&safety(), &window));
        result.windows.push(window);
    }
    if !maximum.is_target_s {
        result.notes.push(format!("no limit of the target is named: {}", maximum.because));
    }
    result.drive = "open loop, searched".into();
    result.maximum = Some(maximum);
    Ok(closed(result))
}
