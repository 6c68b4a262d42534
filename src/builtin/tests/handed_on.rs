//! Flaws that no single token shows by its verdict: they change the claims that are handed on, or forget what the
//! validator was told, or fall over where strict refuses.

use super::super::{Flaw, testing::*};
use super::exploits::ruled;
use crate::{
    model::{Alg, Capability},
    target::protocol::{Answer, Validator},
};
use serde_json::{Value, json};

fn subject(flaw: Option<Flaw>, payload: &str) -> Value {
    match validator(flaw, &trust(USUAL, "JWT")).validate(claiming(payload).as_bytes(), NOW) {
        Answer::Accept(claims) => claims["sub"].clone(),
        answer => panic!("{flaw:?}: {answer:?}"),
    }
}

#[test]
fn strict_hands_the_subject_on_as_it_was_signed() {
    let acting = claims_with("act", json!({ "sub": "admin" }));
    assert_eq!(subject(None, &acting), "user-1");
    assert_eq!(subject(Some(Flaw::ActorUsed), &acting), "admin");
    let odd = claims_with("sub", json!(" User-1\u{0}x"));
    assert_eq!(subject(None, &odd), " User-1\u{0}x");
    assert_eq!(subject(Some(Flaw::SubTamed), &odd), "user-1");
}

#[test]
fn a_revoked_token_is_refused_by_its_identifier() {
    let [strict, flawed] = [None, Some(Flaw::RevocationIgnored)].map(|flaw| validator(flaw, &trust(USUAL, "JWT")));
    let token = good(Alg::Rs256);
    for validator in [&strict, &flawed] {
        assert!(validator.provides().contains(&Capability::HookRevokeToken));
        assert!(accepts(validator, &token));
        validator.revoke("j-1");
    }
    assert!(!accepts(&strict, &token) && accepts(&flawed, &token));
    assert!(accepts(&strict, claiming(&claims_with("jti", json!("j-2")))));
}

#[test]
fn a_target_with_rules_takes_the_token_that_keeps_them() {
    let (trust, good) = ruled();
    assert!(accepts(&validator(None, &trust), claiming(&good.to_string())));
    assert!(!accepts(&validator(None, &trust), claiming(&claims().to_string())));
}

#[test]
fn many_segments_are_refused_and_crash_only_the_flawed() {
    let token = format!("{}{}", good(Alg::Rs256), ".".repeat(200));
    let judge = |flaw| validator(flaw, &trust(USUAL, "JWT")).validate(token.as_bytes(), NOW);
    assert!(matches!(judge(None), Answer::Reject(_)));
    assert!(matches!(judge(Some(Flaw::ManySegmentsCrash)), Answer::Error(_)));
}
