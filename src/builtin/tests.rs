//! What the validator takes and refuses, strict and flawed.

mod arithmetic;
mod cache;
mod exploits;
mod fetching;
mod handed_on;
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
const FETCHING: &[Flaw] = &[
    Flaw::JkuUsed,
    Flaw::JkuFetched,
    Flaw::X5uFetched,
    Flaw::IssDiscovery,
    Flaw::KidUrlFetched,
    Flaw::JkuPrefixAllowed,
    Flaw::JkuSubstringAllowed,
    Flaw::JkuHostMisread,
    Flaw::JkuRedirectFollowed,
    Flaw::X5uUsed,
    Flaw::KeySetTemplated,
    Flaw::KidCommandRun,
    Flaw::KidTemplateRun,
];

/// Flaws whose exploit needs certificate chains or the claims that come back; the cases of the suite have it.
const CHAINS_AND_CLAIMS: &[Flaw] = &[Flaw::X5cNamesCompared, Flaw::X5cTrustedAnywhere, Flaw::SubjectsPooled];

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
    let elsewhere = |flaw: &Flaw| {
        [FETCHING, KEEPING, CHAINS_AND_CLAIMS].iter().any(|flaws| flaws.contains(flaw)) || flaw.is_of_fetching()
    };
    let missing: Vec<Flaw> = in_process().filter(|flaw| !shown.contains(flaw) && !elsewhere(flaw)).collect();
    assert_eq!(missing, SHOWN_ELSEWHERE);
}

/// Flaws that one token and its verdict do not show: those that fall over (below), those about what is handed on
/// (`handed_on.rs`), those of encrypted tokens (`jwe/tests.rs`), and those of cost, of several tokens or of leeway, which the
/// flaw matrix shows.
const SHOWN_ELSEWHERE: &[Flaw] = &[
    Flaw::KeyAlgExtendsList,
    Flaw::JwkKindGuessed,
    Flaw::DeepNestingCrashes,
    Flaw::ManySegmentsCrash,
    Flaw::ActorUsed,
    Flaw::SubTamed,
    Flaw::RevocationIgnored,
    Flaw::JweRefused,
    Flaw::JwePlainClaims,
    Flaw::JweUnsignedInside,
    Flaw::JweInnerUnchecked,
    Flaw::JweTagUnchecked,
    Flaw::JweTagPrefix,
    Flaw::JweEmptyKeyCrashes,
    Flaw::Rsa15PaddingTold,
    Flaw::Rsa15AnyKey,
    Flaw::CbcPaddingTold,
    Flaw::EcdhZeroSecret,
    Flaw::Pbes2PublicKeyPassword,
    Flaw::Pbes2AnyCount,
    Flaw::Pbes2OddCountCrashes,
    Flaw::ZipUnlimited,
    Flaw::JweJson,
    Flaw::JweSigningKeyShared,
    Flaw::JweSigningKeyCrashes,
    Flaw::JweEncGuessed,
    Flaw::JweAlgGuessed,
    Flaw::ManyDotsCostly,
    Flaw::LongSegmentsCostly,
    Flaw::LongTokenCrashes,
    Flaw::HeavyJwkComputed,
    Flaw::OddPointSpins,
    Flaw::SlowPattern,
    Flaw::StatefulPattern,
    Flaw::OddShapesCrash,
    Flaw::StuckAfterFlood,
    Flaw::ClaimsOfAnother,
    Flaw::NbfTenMinutesEarly,
];

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
