//! Targets that misbehave. Whatever they do, the run ends in time, with little memory, and never takes a refusal for a
//! pass that a good token does not vouch for.

use super::{
    files::Run,
    scripted::{Ask, Scripted, answer, flood, hang, judge, no, yes},
};
use jwt_gauntlet::model::{Outcome, Verdict, outcome::Control};
use std::{io::Write, net::TcpStream, time::Duration};

/// Cases that a scripted target can be right about.
const FEW: &str = "{algorithm/alg-none,claims/aud-wrong,claims/exp-past}*";
/// More of them, in several blocks.
const MANY: &str = "algorithm/alg-{none,missing,empty,type,unknown,case}*";

/// What no run may exceed, in a debug build on a busy machine.
const LONGEST: Duration = Duration::from_secs(180);
const MEMORY_KIB: u64 = 100 * 1024;

fn run(only: &str, transport: &str, rule: impl Fn(&Ask, &mut TcpStream) + Send + Sync + 'static) -> Run {
    let run = Run::of(&Scripted::start(rule), only, transport, &["--jobs", "1"]);
    assert!(run.ended.took < LONGEST, "took {:?}", run.ended.took);
    assert!(run.ended.peak_kib < MEMORY_KIB, "held {} KiB", run.ended.peak_kib);
    assert!(!run.ended.stderr.contains("bug in gauntlet"), "{}", run.ended.stderr);
    run
}

/// A target of which nothing can be said: exit 3, no case sent, and the reason is named.
#[track_caller]
fn not_testable(run: Run, words: &str) {
    assert_eq!((run.report.exit_code, run.report.summary.sent), (3, 0));
    assert!(run.probes().contains(&format!("inconclusive: good token: {words}")), "{}", run.probes());
    run.ended.with_code(3).says(words).says("help: ");
}

#[test]
fn a_sound_target_passes() {
    let run = run(FEW, "", judge);
    assert!(run.count(Outcome::Pass) >= 3 && run.count(Outcome::Fail) == 0, "{:?}", run.report.summary);
    run.ended.with_code(0);
}

#[test]
fn it_accepts_everything() {
    let run = run(FEW, "", |_, stream| yes(stream));
    assert!(run.probes().contains("fail: garbage instead of a token"), "{}", run.probes());
    assert_eq!(run.report.summary.sent, 0, "one finding says it all");
    run.ended.with_code(1).says("the route may be unprotected");
}

#[test]
fn it_refuses_everything() {
    not_testable(run(FEW, "", |_, stream| no(stream)), "key set never fetched");
}

#[test]
fn it_answers_500_to_everything() {
    not_testable(run(FEW, "", |_, stream| answer(stream, "500 Oops", "", "")), "server error");
}

#[test]
fn it_never_answers() {
    not_testable(run(FEW, "timeout = \"300ms\"", |_, stream| hang(stream)), "no answer");
}

#[test]
fn it_closes_at_once() {
    not_testable(run(FEW, "", |_, _| {}), "connection closed");
}

#[test]
fn it_limits_the_rate_from_the_start() {
    not_testable(run(FEW, "", |_, stream| answer(stream, "429 Slow Down", "Retry-After: 1\r\n", "")), "rate-limited");
}

#[test]
fn it_speaks_no_http() {
    for nonsense in
        ["SSH-2.0-OpenSSH_9.9\r\n", "HTTP/1.1 abc\r\n\r\n", "\0\0\0\0", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n"]
    {
        let run = run(FEW, "", move |_, stream| {
            let _ = stream.write_all(nonsense.as_bytes());
        });
        not_testable(run, "odd answer");
    }
}

#[test]
fn its_header_fields_never_end() {
    let rule = |_: &Ask, stream: &mut TcpStream| flood(stream, "HTTP/1.1 200 OK\r\n", "X-More: and more of it\r\n");
    not_testable(run(FEW, "timeout = \"2s\"", rule), "odd answer");
}

/// An answer whose body has no end.
fn endless(stream: &mut TcpStream, status: &str) {
    flood(stream, &format!("HTTP/1.1 {status}\r\nTransfer-Encoding: chunked\r\n\r\n"), "4\r\nmore\r\n");
}

#[test]
fn its_bodies_never_end() {
    let run = run(FEW, "timeout = \"3s\"", |ask, stream| {
        endless(stream, if ask.is_good() { "200 OK" } else { "401 Unauthorized" });
    });
    assert!(run.count(Outcome::Pass) >= 3, "status says it all: {:?}", run.report.summary);
    run.ended.with_code(0);
}

#[test]
fn bad_tokens_make_it_fall_over_hang_or_hang_up() {
    let fall =
        run(FEW, "", |ask, stream| match ask.is_good() || ask.token().is_none_or(|token| !token.contains('.')) {
            true => judge(ask, stream),
            false => answer(stream, "500 Oops", "", ""),
        });
    let case = fall.case("claims/aud-wrong");
    assert_eq!((case.outcome, case.observation.as_ref().unwrap().verdict), (Outcome::Warn, Verdict::ServerError));
    fall.ended.with_code(0);
    for hangs in [true, false] {
        let run = run("claims/aud-wrong*", "timeout = \"1s\"", move |ask, stream| {
            if ask.is_good() || ask.token().is_none_or(|token| !token.contains('.')) {
                judge(ask, stream);
            } else if hangs {
                hang(stream);
            }
        });
        let case = run.case("claims/aud-wrong");
        assert_eq!(case.outcome, Outcome::Fail, "{:?}", case.findings);
        assert_eq!(case.controls.base, Control::Accepted);
        run.ended.with_code(1);
    }
}

#[test]
fn bad_tokens_are_sent_to_a_login_page() {
    let rule = |ask: &Ask, stream: &mut TcpStream| match ask.is_good() {
        true => yes(stream),
        false => answer(stream, "302 Found", "Location: /login\r\n", "please log in"),
    };
    let undecided = run(FEW, "", rule);
    assert_eq!(undecided.count(Outcome::Pass), 0);
    assert!(undecided.probes().contains("inconclusive: garbage instead of a token"), "{}", undecided.probes());
    undecided.ended.with_code(3).says("if status 302 is how this target says no, add it to [transport] reject.status");
    let told = run(FEW, "reject.status = [302]", rule);
    assert!(told.count(Outcome::Pass) >= 3 && told.count(Outcome::Inconclusive) == 0, "{:?}", told.report.summary);
    told.ended.with_code(0);
}

/// After the turn nothing is a pass: only results between two good tokens that were taken are.
#[track_caller]
fn nothing_passes_after_the_turn(run: Run) {
    let passed = run.report.cases.iter().filter(|case| case.outcome == Outcome::Pass);
    let unvouched: Vec<String> =
        passed.filter(|case| case.controls.base != Control::Accepted).map(|case| case.id.to_string()).collect();
    assert!(unvouched.is_empty(), "{unvouched:?}");
    let last = run.report.cases.iter().rev().find(|case| case.outcome != Outcome::Skip).unwrap();
    assert_eq!(last.outcome, Outcome::Inconclusive, "{}", last.id);
    assert!(run.count(Outcome::Inconclusive) > 20, "{:?}", run.report.summary);
    assert_eq!(run.count(Outcome::Fail), 0, "{:?}", run.report.summary);
    run.ended.with_code(3);
}

/// The number of requests before it turns: past the first block of 20 cases and in the second one.
const TURN: usize = 40;

#[test]
fn it_locks_us_out_in_the_middle() {
    let run = run(MANY, "", |ask, stream| if ask.number > TURN { no(stream) } else { judge(ask, stream) });
    assert!(run.count(Outcome::Pass) > 0, "before the turn all was well");
    nothing_passes_after_the_turn(run);
}

#[test]
fn it_limits_the_rate_in_the_middle() {
    let run = run(MANY, "", |ask, stream| match ask.number > TURN {
        true => answer(stream, "429 Too Many Requests", "Retry-After: 1\r\n", ""),
        false => judge(ask, stream),
    });
    assert!(run.count(Outcome::Pass) > 0, "before the turn all was well");
    nothing_passes_after_the_turn(run);
}

#[test]
fn it_dies_in_the_middle() {
    let run = run(MANY, "timeout = \"300ms\"", |ask, stream| {
        if ask.number <= TURN {
            judge(ask, stream)
        }
    });
    nothing_passes_after_the_turn(run);
}
