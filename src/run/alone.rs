//! Cases that have to be the only thing that happens: those that burden the target, and those that measure it.

use super::{session::Score, setup::Stage};
use crate::{
    conformance::{Bench, Finished, Planned, run_block},
    model::{Event, Level, Verdict},
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// How often, and after how long each time, a harmed target is looked at.
const LOOKS: u32 = 10;
const MOMENT: Duration = Duration::from_millis(200);

/// Runs them one after the other. A target that one of them brought down is started again where that is possible; where
/// it is not, the others stay undecided.
pub(super) async fn run(
    bench: &Bench,
    stage: &mut Stage,
    cases: &[Planned],
    score: &mut Score<'_>,
) -> BTreeMap<usize, Finished> {
    let mut finished = BTreeMap::new();
    for planned in cases {
        let was_halted = bench.halted().is_some();
        for case in run_block(bench, std::slice::from_ref(planned)).await {
            score.emit(Event::CaseFinished { index: case.index, result: Arc::clone(&case.result) });
            finished.insert(case.index, case);
        }
        let harmed = finished.get(&planned.index).is_some_and(Finished::did_harm);
        if harmed || bench.halted().is_some() && !was_halted {
            recover(bench, stage, planned, score).await;
        }
    }
    finished
}

/// Brings the target back, where it does not take good tokens by itself again.
async fn recover(bench: &Bench, stage: &mut Stage, planned: &Planned, score: &mut Score<'_>) {
    let id = &planned.case.id;
    if is_well(bench).await {
        bench.halt(None);
        return;
    }
    let remark = |level, text| Event::Remark { level, text };
    match stage.restart().await {
        Ok(true) if is_well(bench).await => {
            bench.halt(None);
            score.emit(remark(Level::May, format!("the target was restarted after {id}")));
        }
        Ok(_) => bench.halt(Some(format!("the target no longer takes good tokens since {id}"))),
        Err(error) => {
            score.emit(remark(Level::Must, error.to_string()));
            bench.halt(Some(format!("the target did not come back after {id}")));
        }
    }
}

/// Whether good tokens are taken; a target that is still busy gets a moment.
async fn is_well(bench: &Bench) -> bool {
    for _ in 0..LOOKS {
        if bench.control(bench.good()).await.is_ok_and(|seen| seen.verdict == Verdict::Accept) {
            return true;
        }
        tokio::time::sleep(MOMENT).await;
    }
    false
}
