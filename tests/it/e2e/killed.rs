//! A run that is killed leaves no chance to write anything: what it did until then is in its log, and never looks whole.

use super::{
    files::{read, target_file},
    play::{Playing, command, gauntlet_in},
    scripted::{Scripted, judge},
};
use jwt_gauntlet::model::Event;
use nix::sys::signal::Signal;
use std::{
    fs,
    hash::{BuildHasher, RandomState},
    path::Path,
    thread,
};

/// How often, at other points each time.
const TIMES: u64 = 20;

/// A suite of one family, which is read in no time.
fn suite(folder: &Path) {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    fs::create_dir(folder.join("suite")).unwrap();
    for name in ["recipes.toml", "keysets.toml", "header.toml"] {
        fs::copy(vectors.join(name), folder.join("suite").join(name)).unwrap();
    }
}

fn lines(log: &Path) -> usize {
    fs::read_to_string(log).map_or(0, |text| text.matches('\n').count())
}

const RUN: [&str; 6] = ["run", "t.target.toml", "--suite", "suite", "--jobs", "1"];

#[test]
fn what_a_killed_run_did_is_readable_and_never_green() {
    let target = Scripted::start(judge);
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    suite(here);
    target_file(here, &target.url(), "", "");
    gauntlet_in(here, &[&RUN[..], &["--out", "whole", "--quiet"]].concat());
    let length = lines(&here.join("whole/events.ndjson"));
    assert!(length > 20, "only {length} lines");
    let random = RandomState::new();
    // Two may have the same point, and none the same folder.
    let kills: Vec<(String, usize)> =
        (0..TIMES).map(|time| (time.to_string(), 1 + random.hash_one(time) as usize % (length - 10))).collect();
    thread::scope(|scope| {
        for half in kills.chunks(kills.len() / 2) {
            scope.spawn(|| half.iter().for_each(|(out, point)| kill_at(here, *point, out)));
        }
    });
}

/// Kills a run once its log has so many lines, and reads what is left.
fn kill_at(here: &Path, point: usize, out: &str) {
    let log = here.join(out).join("events.ndjson");
    let mut playing = Playing::start(command(here).args(RUN).args(["--out", out, "--quiet"]));
    // That look takes its pause itself, and gives up in the end.
    while lines(&log) < point && !playing.has_ended() {}
    playing.signal(Signal::SIGKILL);
    let ended = playing.end();
    let text = fs::read_to_string(&log).unwrap();
    let events: Vec<Event> = text.lines().map_while(|line| serde_json::from_str(line).ok()).collect();
    assert!(events.len() >= point, "killed at line {point}, {} are there", events.len());
    if matches!(events.last(), Some(Event::RunFinished { .. })) {
        // Too late: it had come to its end.
        return;
    }
    assert_eq!(ended.code, None, "killed at line {point}");
    let again = format!("{out}-again");
    gauntlet_in(here, &["report", out, "--format", "json,html,junit", "--out", &again]).with_code(0);
    let report = read(&here.join(&again).join("run.json"));
    let judged = events.iter().filter(|event| matches!(event, Event::CaseFinished { .. })).count();
    assert!(!report.complete && report.exit_code == 5 && report.cases.len() <= judged, "killed at line {point}");
    assert!(report.cases.is_empty() == (judged == 0), "what was judged is there, killed at line {point}");
    let junit = fs::read_to_string(here.join(&again).join("junit.xml")).unwrap();
    assert!(junit.contains("run is incomplete") && !junit.contains("errors=\"0\" name=\"gauntlet"), "{junit}");
    assert!(fs::read_to_string(here.join(&again).join("report.html")).unwrap().contains("is incomplete"));
}
