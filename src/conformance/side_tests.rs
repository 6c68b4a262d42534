//! The judging of side conditions, check by check.

use super::super::judge::judge;
use crate::{
    model::{
        Case, Observation, Outcome, Verdict,
        outcome::Control,
        report::Controls,
        side::{Health, Leak, LeakKind, MemoryUse, Side, Timing},
    },
    suite::{Catalog, SuiteFile},
};

const HELD: Controls = Controls { base: Control::Accepted, feature: Control::Accepted };

fn case(body: &str) -> Case {
    let text = format!(
        "format = \"cases/1\"\n[family]\ntitle = \"T\"\nabout = \"A\"\nlevel = \"should\"\nseverity = \"high\"\n[[case]]\nname = \"one\"\ntitle = \"It holds\"\nwhy = \"W\"\nfix = {{ library = \"L\", application = \"A\" }}\nrefs = [\"RFC7519#7.2\"]\n{body}\n"
    );
    let file = SuiteFile { name: "demo.toml".into(), stem: "demo".into(), text };
    Case::clone(&Catalog::from_files(&[file]).unwrap().cases[0])
}

fn refused(millis: u64, side: Side) -> Observation {
    Observation { elapsed_us: millis * 1000, side, ..Observation::bare(Verdict::Reject, "status 401") }
}

/// The outcome of one check, where it was made.
fn outcome(case: &Case, seen: &Observation, check: &str) -> Option<Outcome> {
    let id = format!("demo/one#{check}");
    judge(case, seen, HELD).into_iter().find(|finding| finding.id == id).map(|finding| finding.outcome)
}

fn timed(token: &[u64], control: &[u64]) -> Side {
    let micros = |millis: &[u64]| millis.iter().map(|time| time * 1000).collect();
    Side { timing: Some(Timing { token_us: micros(token), control_us: micros(control) }), ..Side::default() }
}

#[test]
fn latency_is_broken_only_beyond_both_bounds_and_by_the_median() {
    let case =
        case("expect = \"reject\"\nalso.latency = { at-most = \"10x\", and-over = \"500ms\", level = \"should\" }");
    let on = |millis, side| outcome(&case, &refused(millis, side), "latency");
    assert_eq!(on(3, Side::default()), Some(Outcome::Pass));
    assert_eq!(on(900, timed(&[900, 800, 950], &[2, 3, 2])), Some(Outcome::Warn));
    // One slow answer on a busy machine, a slow target, and a token below the bound of half a second.
    assert_eq!(on(900, timed(&[900, 3, 4, 3], &[2, 2, 3, 2])), Some(Outcome::Pass));
    assert_eq!(on(900, timed(&[900, 900, 900], &[200, 210, 90])), Some(Outcome::Pass));
    assert_eq!(on(499, Side::default()), Some(Outcome::Pass));
    let reset = Observation { elapsed_us: 9_000_000, ..Observation::bare(Verdict::Reset, "closed") };
    assert_eq!(outcome(&case, &reset, "latency"), None);
}

#[test]
fn a_time_limit_is_broken_by_the_median_too() {
    let case = case("expect = \"reject\"\nwithin = \"2s\"");
    let on = |millis, side| outcome(&case, &refused(millis, side), "within");
    assert_eq!(on(2_100, timed(&[2_100, 2_500, 2_200], &[2])), Some(Outcome::Warn));
    assert_eq!(on(2_100, timed(&[4, 5, 4], &[2])), Some(Outcome::Pass));
}

#[test]
fn memory_is_judged_where_it_can_be_read_and_skipped_by_name_elsewhere() {
    let case = case("expect = \"reject\"\nalso.memory = { at-most = \"64MiB\", level = \"should\" }");
    let grown = |peak: u64| Side {
        memory: Some(MemoryUse { before: 10 << 20, peak: peak << 20, after: 11 << 20 }),
        ..Side::default()
    };
    let on = |side| outcome(&case, &refused(3, side), "memory");
    assert_eq!(on(grown(74)), Some(Outcome::Pass));
    assert_eq!(on(grown(75)), Some(Outcome::Warn));
    assert_eq!(on(Side::default()), Some(Outcome::Skip));
}

#[test]
fn a_service_that_loses_good_tokens_was_harmed() {
    let case = case("expect = \"reject\"\nharm = \"harmful\"");
    let after = |accepted, slowed| Side {
        health: Some(Health { sent: 10, accepted, slowed, first_refusal: None }),
        ..Side::default()
    };
    let on = |side| outcome(&case, &refused(3, side), "health");
    assert_eq!(on(after(10, 0)), Some(Outcome::Pass));
    assert_eq!(on(after(9, 1)), Some(Outcome::Pass));
    assert_eq!(on(after(9, 0)), Some(Outcome::Warn));
    assert!(case.runs_alone() && case.checks_health());
}

#[test]
fn verdicts_that_alternate_are_not_steady() {
    let case = case("expect = \"reject\"\nalso.steady = { times = 2, level = \"should\" }");
    let again = |verdicts: &[Verdict]| Side { again: verdicts.to_vec(), ..Side::default() };
    let on = |side| outcome(&case, &refused(3, side), "steady");
    assert_eq!(on(again(&[Verdict::Reject, Verdict::Reject])), Some(Outcome::Pass));
    assert_eq!(on(again(&[Verdict::Accept, Verdict::Reject])), Some(Outcome::Warn));
    assert_eq!(on(again(&[Verdict::RateLimited])), None);
}

#[test]
fn an_answer_that_gives_something_away_is_found_where_there_is_one() {
    let case = case("expect = \"reject\"\nalso.echo = { level = \"should\" }");
    let leaks = vec![Leak { kind: LeakKind::Internals, text: "Traceback".into() }];
    let answer = |response: &str, leaks| Observation {
        response: response.into(),
        ..refused(3, Side { leaks, ..Side::default() })
    };
    assert_eq!(outcome(&case, &answer("HTTP/1.1 401", Vec::new()), "echo"), Some(Outcome::Pass));
    assert_eq!(outcome(&case, &answer("HTTP/1.1 401", leaks.clone()), "echo"), Some(Outcome::Warn));
    assert_eq!(outcome(&case, &answer("", leaks), "echo"), None);
}

#[test]
fn claims_that_nobody_signed_are_a_must() {
    let side = Side { unsigned: vec!["sub = \"b\" (signed: \"a\")".into()], ..Side::default() };
    let seen = Observation { side, ..Observation::bare(Verdict::Accept, "status 200") };
    assert_eq!(outcome(&case("expect = \"accept\""), &seen, "split"), Some(Outcome::Fail));
    assert_eq!(outcome(&case("expect = \"reject\""), &seen, "split"), None);
}
