//! Cases that have to be the only thing that happens: those that burden the target, and those that measure it.

use super::{session::Score, setup::Stage};
use crate::{
    conformance::{Bench, Finished, Planned, run_block},
    model::{Event, Level, Verdict},
};
use std::collections::BTreeMap;

/// Takes out of a plan's cases those that run alone, in their order.
pub(super) fn split_off(cases: Vec<Planned>) -> (Vec<Planned>, Vec<Planned>) {
    cases.into_iter().partition(|planned| !planned.case.runs_alone())
}

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
        for case in run_block(bench, std::slice::from_ref(planned)).await {
            score.emit(Event::CaseFinished { index: case.index, result: Box::new(case.result.clone()) });
            if case.did_harm() {
                recover(bench, stage, &case, score).await;
            }
            finished.insert(case.index, case);
        }
    }
    finished
}

/// Brings the target back, where it does not take good tokens by itself again.
async fn recover(bench: &Bench, stage: &mut Stage, case: &Finished, score: &mut Score<'_>) {
    let id = &case.result.id;
    if is_well(bench).await {
        return;
    }
    let remark = |level, text| Event::Remark { level, text };
    match stage.restart().await {
        Ok(true) if is_well(bench).await => {
            score.emit(remark(Level::May, format!("the target was restarted after {id}")));
        }
        Ok(_) => bench.halt(Some(format!("the target no longer takes good tokens since {id}"))),
        Err(error) => {
            score.emit(remark(Level::Must, error.to_string()));
            bench.halt(Some(format!("the target did not come back after {id}")));
        }
    }
}

async fn is_well(bench: &Bench) -> bool {
    bench.control(bench.good()).await.is_ok_and(|seen| seen.verdict == Verdict::Accept)
}
