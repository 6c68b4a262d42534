//! The flaw matrix, as far as `vectors/detection.json` has it: every flaw that it names is caught by one of its cases, every
//! case that it names can fail, and strict passes all. What it does not name yet is for `selftest --full`.

use jwt_gauntlet::{
    run::{DetectionFile, selftest},
    suite::{Catalog, Selection},
};
use std::{collections::BTreeSet, sync::Arc};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_named_case_can_fail_and_every_named_flaw_is_caught() {
    let catalog = Arc::new(Catalog::load(None).unwrap());
    let score = selftest(catalog, Selection::all(), 1, 2, false).await.unwrap();
    let file = DetectionFile::committed();
    let named: BTreeSet<&String> = file.caught.values().flatten().collect();
    let missed: Vec<&str> = score
        .detections
        .iter()
        .filter(|detection| !detection.is_caught())
        .filter(|detection| !detection.flaw.is_specific() || file.caught.contains_key(detection.flaw.name()))
        .map(|detection| detection.flaw.name())
        .collect();
    // The file was put together from parts of the grid: one name in twenty may be out of date until the full test has
    // written it anew.
    assert!(missed.len() * 20 <= file.caught.len(), "flaws that no case catches: {missed:?}");
    // An unoptimised build is no measure of time.
    let timed = |alarm: &&String| ["#within", "#latency"].iter().any(|check| alarm.contains(check));
    let alarms: Vec<&String> = score.false_alarms.iter().filter(|alarm| !timed(alarm)).collect();
    assert!(alarms.is_empty(), "strict fails: {alarms:?}");
    let unproven: Vec<&String> = score.unproven.iter().filter(|case| named.contains(case)).collect();
    assert!(unproven.len() * 20 <= named.len(), "cases that no flaw fails: {unproven:?}");
    assert!(score.cases >= 380, "only {} cases were tried", score.cases);
    assert!(file.caught.len() >= 290 && named.len() >= 310, "{} flaws, {} cases", file.caught.len(), named.len());
}

#[test]
fn the_detection_file_names_cases_that_exist() {
    let catalog = Catalog::load(None).unwrap();
    let cases: BTreeSet<String> = catalog.cases.iter().map(|case| case.id.case()).collect();
    let file = DetectionFile::committed();
    let gone: BTreeSet<&String> = file.caught.values().flatten().filter(|case| !cases.contains(*case)).collect();
    assert!(gone.is_empty(), "selftest --full --write vectors/detection.json: {gone:?} are gone");
    assert!(file.caught.len() > 150);
}
