//! What the validator takes and refuses, strict and flawed.

mod arithmetic;
mod cache;
mod exploits;
mod fetching;
mod http;
mod keyset;
mod strict;

use super::{Flaw, testing::*};
use crate::{
    model::Alg,
    target::protocol::{Answer, Validator},
};
use exploits::{Exploit, Kind, exploits};
use proptest::prelude::*;
use std::{collections::BTreeSet, sync::OnceLock};

fn in_process() -> impl Iterator<Item = Flaw> {
    Flaw::ALL.iter().copied().filter(|flaw| flaw.is_specific() && !flaw.is_http_only())
}

/// Flaws whose exploit needs a server on the other side; `fetching.rs` has it.
const FETCHING: &[Flaw] = &[Flaw::JkuUsed, Flaw::JkuFetched, Flaw::X5uFetched, Flaw::IssDiscovery, Flaw::KidUrlFetched];

/// Flaws that show after a change of the key set; `keyset.rs` has it, and those of the answer that brings one.
const KEEPING: &[Flaw] = &[Flaw::RemovedKeyKept, Flaw::SwappedKeyKept];

#[test]
fn each_flaw_shows_and_strict_does_not_have_it() {
    for Exploit { flaw, trust, kind, first, token } in exploits() {
        let (strict, flawed) = (validator(None, &trust), validator(Some(flaw), &trust));
        for token in &first {
            assert!(accepts(&flawed, token) && accepts(&strict, token), "{flaw}: {token}");
        }
        let text = String::from_utf8_lossy(&token);
        assert_eq!(accepts(&strict, &token), kind != Kind::Attack, "{flaw}, strict: {text}");
        match (kind, flawed.validate(&token, NOW)) {
            (Kind::Attack, Answer::Accept(_)) | (Kind::Good, Answer::Reject(_)) | (Kind::Crash, Answer::Error(_)) => {}
            (_, answer) => panic!("{flaw}: {answer:?} to {text}"),
        }
    }
    let shown: BTreeSet<Flaw> = exploits().into_iter().map(|exploit| exploit.flaw).chain(arithmetic::shown()).collect();
    let elsewhere = |flaw: &Flaw| FETCHING.contains(flaw) || KEEPING.contains(flaw) || flaw.is_of_fetching();
    let missing: Vec<Flaw> = in_process().filter(|flaw| !shown.contains(flaw) && !elsewhere(flaw)).collect();
    assert_eq!(missing, CRASHES_ON_ATTACKS);
}

/// Flaws that fall over where strict refuses; a table of its own, since no good token shows them.
const CRASHES_ON_ATTACKS: &[Flaw] = &[Flaw::DeepNestingCrashes];

#[test]
fn deep_nesting_is_refused_and_crashes_only_the_flawed() {
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(5_000), "]".repeat(5_000));
    for token in [claiming(&deep), signed(&deep, "{}")] {
        let flawed = validator(Some(Flaw::DeepNestingCrashes), &trust(USUAL, "JWT"));
        assert!(matches!(flawed.validate(token.as_bytes(), NOW), Answer::Error(_)));
        assert!(matches!(validator(None, &trust(USUAL, "JWT")).validate(token.as_bytes(), NOW), Answer::Reject(_)));
    }
}

const GARBAGE: &[&[u8]] =
    &[b"", b".", b"..", b"...", b"garbage", b"a.b.c", b"e30.e30.e30", b"{}", b"\xff\xfe.\x00.", b"null"];

#[test]
fn each_specific_flaw_takes_good_tokens_and_refuses_garbage_and_most_attacks() {
    let attacks: Vec<Exploit> = exploits()
        .into_iter()
        .filter(|exploit| {
            exploit.kind == Kind::Attack && exploit.first.is_empty() && exploit.trust == trust(USUAL, "JWT")
        })
        .collect();
    assert!(attacks.len() > 100);
    for flaw in in_process() {
        let validator = validator(Some(flaw), &trust(USUAL, "JWT"));
        assert!(accepts(&validator, good(Alg::Rs256)), "{flaw}");
        for garbage in GARBAGE {
            assert!(!accepts(&validator, garbage), "{flaw}: {garbage:?}");
        }
        let taken = attacks.iter().filter(|attack| accepts(&validator, &attack.token)).count();
        assert!(taken * 3 < attacks.len(), "{flaw} takes {taken} of {}", attacks.len());
    }
}

#[test]
fn whole_target_flaws_are_as_wrong_as_they_say() {
    let verdicts = |flaw| {
        let validator = validator(Some(flaw), &trust(USUAL, "JWT"));
        [good(Alg::Rs256), "garbage".into()].map(|token| validator.validate(token.as_bytes(), NOW))
    };
    assert!(verdicts(Flaw::AcceptsEverything).iter().all(|answer| matches!(answer, Answer::Accept(_))));
    assert!(verdicts(Flaw::Answers500).iter().all(|answer| matches!(answer, Answer::Error(_))));
    for flaw in [Flaw::RefusesEverything, Flaw::WrongIssuer, Flaw::WrongAudience, Flaw::NeverFetchesKeys] {
        assert!(verdicts(flaw).iter().all(|answer| matches!(answer, Answer::Reject(_))), "{flaw}");
    }
    let locking = validator(Some(Flaw::LocksOut), &trust(USUAL, "JWT"));
    let taken: Vec<bool> = (0..60).map(|_| accepts(&locking, good(Alg::EdDsa))).collect();
    assert!(taken[..40].iter().all(|taken| *taken) && !taken[40..].iter().any(|taken| *taken));
}

fn all_validators() -> &'static [(Option<Flaw>, super::Builtin)] {
    static ALL: OnceLock<Vec<(Option<Flaw>, super::Builtin)>> = OnceLock::new();
    ALL.get_or_init(|| {
        let flaws = in_process().map(Some).chain([None]);
        flaws.map(|flaw| (flaw, validator(flaw, &trust(USUAL, "JWT")))).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_bytes_are_accepted_or_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for (flaw, validator) in all_validators() {
            prop_assert!(!accepts(validator, &bytes), "{:?}", flaw);
        }
    }

    #[test]
    fn no_text_of_the_right_shape_is_accepted_or_makes_it_panic(
        header in "\\{\"alg\":\"[A-Z]{2}[0-9]{3}\",\"kid\":\"[a-z0-9/-]{0,8}\"\\}",
        payload in "[ -~]{0,60}",
        signature in prop::collection::vec(any::<u8>(), 1..80),
    ) {
        let token = format!("{}.{}.{}", b64(&header), b64(&payload), b64(signature));
        for (flaw, validator) in all_validators() {
            prop_assert!(!accepts(validator, &token), "{:?}", flaw);
        }
    }

    #[test]
    fn a_changed_byte_is_never_accepted_by_strict(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut token = good(Alg::Es256).into_bytes();
        let at = at.index(token.len());
        prop_assume!(token[at] != byte);
        token[at] = byte;
        let strict = &all_validators().last().unwrap().1;
        prop_assert!(!accepts(strict, &token));
        token.remove(at);
        prop_assert!(!accepts(strict, &token));
    }
}
