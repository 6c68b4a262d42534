//! The flaw matrix: every case is caught on at least one specific flaw, every flaw by at least one case, and strict
//! passes all. Each flaw meets the cases that `vectors/detection.json` claims; the full grid is `selftest --full`.

use jwt_gauntlet::{
    run::{DetectionFile, selftest},
    suite::{Catalog, Selection},
};
use std::{collections::BTreeSet, sync::Arc};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_case_can_fail_and_every_flaw_is_caught() {
    let catalog = Arc::new(Catalog::load(None).unwrap());
    let score = selftest(catalog, Selection::all(), 1, 8, false).await.unwrap();
    let missed: Vec<&str> = score
        .detections
        .iter()
        .filter(|detection| !detection.is_caught())
        .map(|detection| detection.flaw.name())
        .collect();
    assert!(missed.is_empty(), "flaws that no case catches: {missed:?}");
    // An unoptimised build is no measure of time.
    let timed = |alarm: &&String| ["#within", "#latency"].iter().any(|check| alarm.contains(check));
    let alarms: Vec<&String> = score.false_alarms.iter().filter(|alarm| !timed(alarm)).collect();
    assert!(alarms.is_empty(), "strict fails: {alarms:?}");
    assert!(score.unproven.is_empty(), "cases that no flaw fails: {:?}", score.unproven);
    assert!(score.cases >= 400, "only {} cases were tried", score.cases);
}

#[test]
fn the_detection_file_names_cases_that_exist() {
    let catalog = Catalog::load(None).unwrap();
    let cases: BTreeSet<String> = catalog.cases.iter().map(|case| case.id.case()).collect();
    let file = DetectionFile::committed();
    let gone: BTreeSet<&String> = file.caught.values().flatten().filter(|case| !cases.contains(*case)).collect();
    assert!(gone.is_empty(), "selftest --full --write vectors/detection.json: {gone:?} are gone");
    assert!(file.caught.len() > 350);
}
