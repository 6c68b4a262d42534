//! Targets that the harness starts itself.

use super::{
    files::{Run, target_file},
    play::{Playing, command, eventually, gauntlet_in, is_running},
    scripted::{Scripted, answer, judge},
};
use jwt_gauntlet::model::Outcome;
use nix::sys::signal::Signal;
use std::fs;

#[test]
fn a_whole_token_in_the_targets_log_is_a_finding() {
    let folder = tempfile::tempdir().unwrap();
    let marker = folder.path().join("printed");
    let seen = marker.clone();
    let target = Scripted::start(move |ask, stream| match ask.head.starts_with("GET /ready") {
        true if !seen.exists() => answer(stream, "503 Service Unavailable", "", ""),
        true => answer(stream, "204 No Content", "", ""),
        false => judge(ask, stream),
    });
    let ready = target.url().replace("/whoami", "/ready");
    let start = format!(
        "[start]\ncommand = [\"sh\", \"-c\", \"sleep 600 & echo got eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJlLW9mLWFsaWNl; echo $$ $! > {0}.new; mv {0}.new {0}; wait\"]\nready = {{ url = \"{ready}\", within = \"30s\" }}\n",
        marker.display()
    );
    let run = Run::with(&target, "claims/aud-wrong*", "", &start, &[]);
    assert_eq!(run.report.log_leaks.len(), 1, "{:?}", run.report.log_leaks);
    assert!(run.probes().contains("warn: the target's own log"), "{}", run.probes());
    assert!(!super::files::everything_in(&run.folder.path().join("out")).contains("c2lnbmF0dXJlLW9mLWFsaWNl"));
    assert!(run.count(Outcome::Pass) > 0);
    run.ended.with_code(0);
    for pid in fs::read_to_string(&marker).unwrap().split_whitespace().map(|pid| pid.parse().unwrap()) {
        eventually("the started processes are gone", || !is_running(pid));
    }
}

/// A started process that takes a hundred megabytes when it is told to, as a target would that reads a token carelessly.
const GREEDY: &str =
    "while [ ! -e grow ]; do sleep 0.02; done; x=$(head -c 100000000 /dev/zero | tr '\\\\0' x); touch grown; sleep 600";

#[test]
fn the_memory_of_a_started_target_is_watched_and_a_masked_token_in_its_log_is_no_finding() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().to_owned();
    let target = Scripted::start(move |ask, stream| {
        if ask.token().is_some_and(|token| token.starts_with("....")) {
            fs::write(here.join("grow"), "").unwrap();
            eventually("the process has grown", || here.join("grown").exists());
        }
        match ask.head.starts_with("GET /ready") {
            true => answer(stream, "204 No Content", "", ""),
            false => judge(ask, stream),
        }
    });
    let ready = target.url().replace("/whoami", "/ready");
    let start = format!(
        "[start]\ncommand = [\"sh\", \"-c\", \"cd {}; echo got eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.[redacted]; {GREEDY}\"]\nready = {{ url = \"{ready}\", within = \"30s\" }}\n",
        folder.path().display()
    );
    let run = Run::with(&target, "dos/dos-dots:dots-7000", "timeout = \"40s\"", &start, &[]);
    let result = run.case("dos/dos-dots:dots-7000");
    let memory = result.findings.iter().find(|finding| finding.id.ends_with("#memory")).unwrap();
    let used = result.observation.as_ref().unwrap().side.memory;
    match cfg!(target_os = "linux") {
        true => {
            assert_eq!(memory.outcome, Outcome::Warn, "{memory:?}");
            assert!(used.unwrap().growth() > 90_000_000, "{used:?}");
        }
        false => assert_eq!((memory.outcome, used), (Outcome::Skip, None)),
    }
    assert!(run.report.log_leaks.is_empty(), "{:?}", run.report.log_leaks);
    run.ended.with_code(0);
}

#[test]
fn a_target_that_never_becomes_ready_is_3_with_its_last_words() {
    let target = Scripted::start(|_, stream| answer(stream, "503 Service Unavailable", "", ""));
    let folder = tempfile::tempdir().unwrap();
    let start = format!(
        "[start]\ncommand = [\"sh\", \"-c\", \"echo cannot reach the database; echo $$ > pid; sleep 600\"]\nready = {{ url = \"{}\", within = \"2s\" }}\n",
        target.url()
    );
    target_file(folder.path(), &target.url(), "", &start);
    let ended = gauntlet_in(folder.path(), &["run", "t.target.toml"]).with_code(3);
    ended.says("was not ready within 2s").says("status 503").says("cannot reach the database").says("ready.within");
    let pid = fs::read_to_string(folder.path().join("pid")).unwrap().trim().parse().unwrap();
    eventually("the started process is gone", || !is_running(pid));
}

#[test]
fn a_target_that_ends_at_once_is_3_and_one_that_is_no_program_is_2() {
    let folder = tempfile::tempdir().unwrap();
    let start = |command: &str| {
        format!("[start]\ncommand = {command}\nready = {{ url = \"http://127.0.0.1:${{port}}/\", within = \"30s\" }}\n")
    };
    target_file(
        folder.path(),
        "http://127.0.0.1:${port}/",
        "",
        &start("[\"sh\", \"-c\", \"echo no such option >&2; exit 7\"]"),
    );
    let ended = gauntlet_in(folder.path(), &["run", "t.target.toml"]).with_code(3);
    ended.says("ended before it was ready: exit status: 7").says("no such option");
    target_file(folder.path(), "http://127.0.0.1:${port}/", "", &start("[\"./no-such-program\"]"));
    gauntlet_in(folder.path(), &["run", "t.target.toml"]).with_code(2).says("no-such-program");
}

#[test]
fn whoever_stops_waiting_for_a_target_leaves_no_process_behind() {
    let target = Scripted::start(|_, stream| answer(stream, "503 Service Unavailable", "", ""));
    for (subcommand, signal, code, words) in [
        ("run", Signal::SIGINT, 130, "stopped by Ctrl-C before anything was judged"),
        ("run", Signal::SIGTERM, 143, "stopped by SIGTERM before anything was judged"),
        ("doctor", Signal::SIGINT, 130, "stopped by Ctrl-C before anything was judged"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let start = format!(
            "[start]\ncommand = [\"sh\", \"-c\", \"echo $$ > new; mv new pid; sleep 600\"]\n\
             ready = {{ url = \"{}\", within = \"100s\" }}\n",
            target.url()
        );
        target_file(folder.path(), &target.url(), "", &start);
        let playing = Playing::start(command(folder.path()).args([subcommand, "t.target.toml"]));
        eventually("the target is started", || folder.path().join("pid").exists());
        let pid = fs::read_to_string(folder.path().join("pid")).unwrap().trim().parse().unwrap();
        playing.signal(signal);
        playing.end().with_code(code).says(words);
        eventually("the started process is gone", || !is_running(pid));
    }
}
