//! A run that is told to stop: the started target is gone, and what is known so far can be read.

use super::{
    files::{read, target_file},
    play::{Ended, Playing, command, eventually, gauntlet_in, is_running},
    scripted::{Scripted, hang, judge},
};
use nix::sys::signal::Signal;
use std::fs;
use tempfile::TempDir;

/// What the harness starts: two processes that would outlive it.
const START: &str = "[start]\ncommand = [\"sh\", \"-c\", \"sleep 600 & echo $$ $! > pids; wait\"]\nready = { url = \"${READY}\", within = \"30s\" }\n";

/// Lets a run reach its middle, where a target hangs, and sends it a signal.
fn stopped_by(signal: Signal) -> (Ended, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let target = Scripted::start(|ask, stream| match ask.number {
        0..60 => judge(ask, stream),
        _ => hang(stream),
    });
    let start = START.replace("${READY}", &target.url());
    target_file(folder.path(), &target.url(), "timeout = \"60s\"", &start);
    let args = ["run", "t.target.toml", "--out", "out", "--jobs", "1", "--only", "{claims,algorithm}/*"];
    let playing = Playing::start(command(folder.path()).args(args));
    eventually("the run is in its middle", || target.asked() >= 60);
    eventually("the shell has written its process ids", || pids(&folder).len() == 2);
    assert!(pids(&folder).into_iter().all(is_running));
    playing.signal(signal);
    (playing.end(), folder)
}

fn pids(folder: &TempDir) -> Vec<i32> {
    let text = fs::read_to_string(folder.path().join("pids")).unwrap_or_default();
    text.split_whitespace().map(|pid| pid.parse().unwrap()).collect()
}

fn check(signal: Signal, code: u8, words: &str) {
    let (ended, folder) = stopped_by(signal);
    ended.with_code(i32::from(code));
    for pid in pids(&folder) {
        eventually("the started processes are gone", || !is_running(pid));
    }
    let report = read(&folder.path().join("out/run.json"));
    assert!(!report.complete && report.exit_code == code && report.stopped.as_deref() == Some(words));
    assert!(!report.cases.is_empty(), "results so far are written");
    let log = fs::read_to_string(folder.path().join("out/events.ndjson")).unwrap();
    assert!(log.lines().all(|line| serde_json::from_str::<jwt_gauntlet::model::Event>(line).is_ok()));
    again_from_the_log(&folder, &log, report.cases.len());
}

/// A log that was cut in the middle of a line, as by a crash, still gives a report, marked incomplete.
fn again_from_the_log(folder: &TempDir, log: &str, cases: usize) {
    fs::create_dir(folder.path().join("killed")).unwrap();
    let cut = log.rfind("\"run-finished\"").unwrap();
    fs::write(folder.path().join("killed/events.ndjson"), &log[..cut]).unwrap();
    gauntlet_in(folder.path(), &["report", "killed", "--format", "json,html", "--out", "again"]).with_code(0);
    let again = read(&folder.path().join("again/run.json"));
    assert_eq!((again.complete, again.cases.len()), (false, cases));
    let html = fs::read_to_string(folder.path().join("again/report.html")).unwrap();
    assert!(html.contains("not complete") || html.contains("incomplete"), "the page says that the run is not whole");
}

#[test]
fn ctrl_c_is_130() {
    check(Signal::SIGINT, 130, "stopped by Ctrl-C");
}

#[test]
fn sigterm_is_143() {
    check(Signal::SIGTERM, 143, "stopped by SIGTERM");
}
