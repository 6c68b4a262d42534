//! The judging table, row by row.

use super::*;
use crate::{conformance::signed::demanding, model::verdict::Fetch, suite::Catalog, suite::SuiteFile};

fn case(body: &str) -> Case {
    let text = format!(
        "format = \"cases/1\"\n[family]\ntitle = \"T\"\nabout = \"A\"\nlevel = \"must\"\nseverity = \"high\"\n[[case]]\nname = \"one\"\ntitle = \"It holds\"\nwhy = \"W\"\nfix = {{ library = \"L\", application = \"A\" }}\nrefs = [\"RFC7519#7.2\"]\n{body}\n"
    );
    let file = SuiteFile { name: "demo.toml".into(), stem: "demo".into(), text };
    Case::clone(&Catalog::from_files(&[file]).unwrap().cases[0])
}

fn seen(verdict: Verdict) -> Observation {
    Observation::bare(verdict, "status 000")
}

const HELD: Controls = Controls { base: Control::Accepted, feature: Control::Accepted };
const NO_FEATURE: Controls = Controls { base: Control::Accepted, feature: Control::Refused };
const LOST: Controls = Controls { base: Control::Refused, feature: Control::Refused };

fn outcome(body: &str, verdict: Verdict, controls: Controls) -> Outcome {
    judge(&case(body), &seen(verdict), controls)[0].outcome
}

#[test]
fn a_token_that_must_be_refused() {
    let on = |verdict, controls| outcome("expect = \"reject\"", verdict, controls);
    assert_eq!(on(Verdict::Reject, HELD), Outcome::Pass);
    assert_eq!(on(Verdict::Accept, HELD), Outcome::Fail);
    assert_eq!(on(Verdict::Accept, LOST), Outcome::Fail);
    assert_eq!(on(Verdict::Reject, NO_FEATURE), Outcome::Skip);
    assert_eq!(on(Verdict::Reject, LOST), Outcome::Inconclusive);
    assert_eq!(on(Verdict::Refused, HELD), Outcome::Note);
    assert_eq!(on(Verdict::ServerError, HELD), Outcome::Warn);
    assert_eq!(on(Verdict::ServerError, LOST), Outcome::Inconclusive);
    assert_eq!(on(Verdict::Timeout, HELD), Outcome::Fail);
    assert_eq!(on(Verdict::Reset, HELD), Outcome::Fail);
    assert_eq!(on(Verdict::Timeout, LOST), Outcome::Inconclusive);
    assert_eq!(on(Verdict::RateLimited, HELD), Outcome::Inconclusive);
    assert_eq!(on(Verdict::Unreachable, HELD), Outcome::Inconclusive);
    assert_eq!(on(Verdict::OddAnswer, HELD), Outcome::Inconclusive);
}

#[test]
fn a_token_that_must_be_accepted() {
    let on = |verdict, controls| outcome("expect = \"accept\"", verdict, controls);
    assert_eq!(on(Verdict::Accept, HELD), Outcome::Pass);
    assert_eq!(on(Verdict::Reject, HELD), Outcome::Fail);
    assert_eq!(on(Verdict::Refused, HELD), Outcome::Fail);
    assert_eq!(on(Verdict::ServerError, HELD), Outcome::Fail);
    assert_eq!(on(Verdict::Timeout, HELD), Outcome::Fail);
    assert_eq!(on(Verdict::Reject, LOST), Outcome::Inconclusive);
}

#[test]
fn what_the_standards_leave_open_is_noted() {
    let on = |verdict, controls| outcome("expect = \"either\"\nlevel = \"policy\"", verdict, controls);
    assert_eq!(on(Verdict::Accept, HELD), Outcome::Note);
    assert_eq!(on(Verdict::Reject, HELD), Outcome::Note);
    assert_eq!(on(Verdict::Reject, NO_FEATURE), Outcome::Skip);
    assert_eq!(on(Verdict::ServerError, HELD), Outcome::Warn);
}

#[test]
fn a_declared_policy_is_judged() {
    let open = case(
        "expect = \"either\"\nlevel = \"policy\"\npolicy = { name = \"padding\", when = { refuse = \"reject\", accept = \"accept\" } }",
    );
    let policy = BTreeMap::from([("padding".to_owned(), "refuse".to_owned())]);
    let strict = declared(&open, &policy).unwrap();
    assert_eq!(judge(&strict, &seen(Verdict::Accept), HELD)[0].outcome, Outcome::Warn);
    assert_eq!(judge(&strict, &seen(Verdict::Reject), HELD)[0].outcome, Outcome::Pass);
    assert_eq!(declared(&open, &BTreeMap::new()), None);
}

#[test]
fn a_broken_should_is_a_warning() {
    assert_eq!(outcome("expect = \"reject\"\nlevel = \"should\"", Verdict::Accept, HELD), Outcome::Warn);
    assert_eq!(outcome("expect = \"reject\"\nlevel = \"may\"", Verdict::Accept, HELD), Outcome::Note);
}

#[test]
fn side_conditions_are_judged_by_themselves() {
    let case = case(
        "expect = \"reject\"\nalso.status = { is = [401], level = \"must\" }\nalso.challenge = { level = \"must\" }\nalso.challenge-error = { is = \"invalid_token\", level = \"should\" }",
    );
    let answer = |status, challenge: &str| {
        let challenges = if challenge.is_empty() { Vec::new() } else { vec![challenge.to_owned()] };
        Observation { status: Some(status), challenges, ..seen(Verdict::Reject) }
    };
    let outcomes =
        |seen: &Observation| judge(&case, seen, HELD).iter().map(|finding| finding.outcome).collect::<Vec<_>>();
    use Outcome::{Fail, Pass, Warn};
    assert_eq!(outcomes(&answer(401, "Bearer realm=\"x\", error=\"invalid_token\"")), [Pass, Pass, Pass, Pass]);
    assert_eq!(outcomes(&answer(403, "Bearer error=invalid_token")), [Pass, Fail, Pass, Pass]);
    assert_eq!(outcomes(&answer(401, "bearer my_error=\"invalid_token\"")), [Pass, Pass, Pass, Warn]);
    assert_eq!(outcomes(&answer(401, "Basic realm=\"x\"")), [Pass, Pass, Fail]);
    let accepted = Observation { status: Some(200), ..seen(Verdict::Accept) };
    assert_eq!(outcomes(&accepted), [Fail]);
}

#[test]
fn a_planted_address_must_stay_untouched_whatever_the_verdict() {
    let case = case("expect = \"reject\"\nuntouched = [\"canary\"]");
    let fetch = Fetch {
        at_ms: 1,
        endpoint: Endpoint::Canary,
        method: "GET".into(),
        path: "/canary/x/jwks.json".into(),
        user_agent: None,
        headers: Vec::new(),
    };
    let findings = judge(&case, &Observation { outbound: vec![fetch], ..seen(Verdict::Reject) }, HELD);
    assert_eq!(findings[0].outcome, Outcome::Pass);
    assert_eq!((findings[1].id.as_str(), findings[1].outcome), ("demo/one#untouched", Outcome::Fail));
    assert_eq!(judge(&case, &seen(Verdict::Reject), HELD)[1].outcome, Outcome::Pass);
}

#[test]
fn claims_that_come_back_must_be_the_signed_ones() {
    let case = case("expect = \"either\"\nlevel = \"policy\"\nreturns = { sub = \"last\" }");
    let took = |sub: &str| Observation { claims: Some(serde_json::json!({ "sub": sub })), ..seen(Verdict::Accept) };
    assert_eq!(judge(&case, &took("last"), HELD)[1].outcome, Outcome::Pass);
    assert_eq!(judge(&case, &took("first"), HELD)[1].outcome, Outcome::Fail);
    assert_eq!(judge(&case, &seen(Verdict::Accept), HELD).len(), 1);
}

#[test]
fn an_attribute_is_found_as_a_whole_word() {
    let value = |challenge| attribute(challenge, "error");
    assert_eq!(value("Bearer error=\"a\"").as_deref(), Some("a"));
    assert_eq!(value("Bearer error_description=\"error=b\", error=c").as_deref(), Some("c"));
    assert_eq!(value("Bearer realm=\"x\""), None);
}

#[test]
fn an_introspection_endpoint_need_not_hand_on_a_claim() {
    let case = case("expect = \"accept\"\nreturns = { sub = \"user-1\", name = \"Zoë\" }");
    let told = |claims| Observation { claims: Some(claims), ..seen(Verdict::Accept) };
    let returns = |transport, claims| {
        let seen = told(claims);
        let findings = judge(&demanding(&case, &seen, transport, None), &seen, HELD);
        findings.get(1).map(|finding| finding.outcome)
    };
    assert_eq!(returns("bearer", serde_json::json!({ "sub": "user-1" })), Some(Outcome::Fail));
    assert_eq!(returns("introspection", serde_json::json!({ "sub": "user-1" })), Some(Outcome::Pass));
    assert_eq!(returns("introspection", serde_json::json!({ "sub": "user-2" })), Some(Outcome::Fail));
    assert_eq!(returns("introspection", serde_json::json!({ "active": true })), None);
}
