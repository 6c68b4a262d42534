use super::{jose, run};
use jwt_gauntlet::{
    builtin::Builtin,
    model::{
        Alg, Capabilities, Capability, Outcome, TrustConfig,
        expect::Expect,
        report::CaseResult,
        vector::{Published, VectorAsk},
    },
    run::check,
    suite::Catalog,
    target::protocol::{Answer, Validator},
};
use serde_json::Value;
use std::collections::BTreeSet;

const OURS: &str = env!("CARGO_BIN_EXE_gauntlet");

fn vectors() -> Vec<Published> {
    Catalog::load(None).unwrap().vectors
}

#[test]
fn every_rfc_is_there() {
    let all = vectors();
    for rfc in ["7515", "7516", "7517", "7518", "7519", "7520", "7638", "7797", "8037", "9449"] {
        let start = format!("vectors/rfc{rfc}-");
        assert!(all.iter().any(|vector| vector.case.id.to_string().starts_with(&start)), "{rfc}");
    }
    for vector in &all {
        let case = &vector.case;
        assert!(case.refs.iter().all(|reference| reference.url().is_some()), "{}", case.id);
        assert!(case.refs.iter().any(jwt_gauntlet::model::Reference::is_clause), "{}", case.id);
        assert!(!case.title.ends_with('.') && case.why.ends_with('.'), "{}", case.id);
    }
}

/// Who would take it, were it not for time, purpose and form.
#[test]
fn every_vector_is_what_it_says_by_cryptography() {
    let mut good = 0;
    for vector in vectors() {
        let (id, owed) = (&vector.case.id, vector.case.expect);
        let group = &vector.group;
        let is_encrypted = vector.header().contains_key("enc");
        if is_encrypted {
            let contents = jose::contents(&vector.token, &group.decryption_keys, &group.algorithms);
            assert!(!contents.is_empty() && contents.iter().all(Option::is_some), "{id} does not open");
            for content in contents.into_iter().flatten() {
                let wanted = vector.payload.as_ref().unwrap_or(&content);
                assert!(*wanted == content, "{id} opens to other bytes");
            }
            assert!(vector.ask != VectorAsk::Decrypt || vector.payload.is_some(), "{id} does not say what is inside");
            good += 1;
            continue;
        }
        let header = vector.header();
        if header.get("alg").is_some_and(|alg| alg == "none") {
            assert!(owed == Expect::Reject && vector.token.ends_with('.'), "{id}");
            continue;
        }
        let (signatures, holds) = jose::signatures_are_good(&vector.token, &group.keys);
        let forbidden = header.contains_key("crit") && header.get("b64").is_none();
        let elsewhere = id.name.ends_with("encryption-key");
        let detached = vector.token.contains("..");
        match (vector.ask, owed) {
            (VectorAsk::VerifyJws, Expect::Reject) => {
                assert!(!holds || forbidden || elsewhere, "{id} has a good signature")
            }
            _ if detached => assert!(!holds && owed == Expect::Reject, "{id}"),
            _ => assert!(holds && signatures > 0, "{id} has a bad signature"),
        }
        if let Some(payload) = &vector.payload {
            let text = if header.get("b64").is_some() {
                String::from_utf8_lossy(payload).into_owned()
            } else {
                encoded(payload)
            };
            assert!(vector.token.contains(&text), "{id}: another payload");
        }
        good += usize::from(holds);
    }
    assert!(good > 100, "only {good}");
}

fn encoded(bytes: &[u8]) -> String {
    jwt_gauntlet::token::encode_segment(bytes)
}

#[test]
fn times_are_where_the_verdicts_say() {
    let mut judged = 0;
    for vector in vectors().into_iter().filter(|vector| vector.ask == VectorAsk::Validate) {
        let (id, now) = (&vector.case.id, vector.now.expect("claims are judged at some time"));
        let payload = vector.token.split('.').nth(1).and_then(jwt_gauntlet::token::decode_segment);
        let claims: Value = payload.and_then(|payload| serde_json::from_slice(&payload).ok()).unwrap_or_default();
        let Some(expiry) = claims.get("exp").and_then(Value::as_i64) else { continue };
        assert_eq!(expiry <= now, id.name.ends_with("-expired"), "{id}");
        judged += 1;
    }
    assert!(judged > 15, "only {judged}");
}

/// RFC 7518 appendix B prints no JOSE object that a target could be shown.
#[test]
fn the_content_encryption_of_rfc_7518_b_is_that_of_the_standard() {
    let aad = b"The second principle of Auguste Kerckhoffs";
    let text =
        b"A cipher system must not be required to be secret, and it must be able to fall into the hands of the enemy \
                 without inconvenience";
    let key = |length: u8| (0..length).collect::<Vec<u8>>();
    let iv = hex("1af38c2dc2b96ffdd86694092341bc04");
    for (length, tag, file) in [
        (32, "652c3fa36b0a7c5b3219fab3a30bc1c4", include_str!("b1.hex")),
        (48, "8490ac0e58949bfe51875d733f93ac2075168039ccc733d7", include_str!("b2.hex")),
        (64, "4dd3b4c088a7f45c216839645b2012bf2e6269a8c56a816dbc1b267761955bc5", include_str!("b3.hex")),
    ] {
        let opened = jose::cbc_hmac(&key(length), &iv, aad, &hex(file.trim()), &hex(tag));
        assert_eq!(opened.as_deref(), Some(&text[..]), "{length}");
        assert_eq!(jose::cbc_hmac(&key(length), &iv, b"", &hex(file.trim()), &hex(tag)), None);
    }
}

fn hex(text: &str) -> Vec<u8> {
    text.as_bytes().chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// What strict makes of all of them, in process beside its server and behind the adapter.
#[test]
fn strict_judges_each_as_its_rfc_says() {
    let folder = tempfile::tempdir().unwrap();
    let only = ["--only", "vectors/rfc*"];
    let beside = run(folder.path(), 0, &only);
    let behind = run(folder.path(), 0, &[&only[..], &["--", OURS, "adapter", "builtin"]].concat());
    for report in [&beside, &behind] {
        assert_eq!(report.cases.len(), vectors().len());
        for case in &report.cases {
            let fits = match case.expected.as_str() {
                "either" => case.outcome == Outcome::Note,
                _ => case.outcome == Outcome::Pass,
            };
            assert!(fits, "{}: {:?} {}", case.id, case.outcome, case.findings[0].because);
            assert!(case.token.is_some() && case.reproduce.is_some(), "{}", case.id);
        }
    }
    let verdicts = |cases: &[CaseResult]| {
        let verdict = |case: &CaseResult| (case.id.clone(), case.observation.as_ref().map(|seen| seen.verdict));
        cases.iter().map(verdict).collect::<Vec<_>>()
    };
    assert_eq!(verdicts(&beside.cases), verdicts(&behind.cases));
}

#[test]
fn a_flaw_fails_the_vectors_that_it_should() {
    let folder = tempfile::tempdir().unwrap();
    for (flaw, wanted) in [
        ("crit-ignored", "vectors/rfc7515-e-signed"),
        ("alg-none", "vectors/rfc7515-a-5"),
        ("exp-ignored", "vectors/rfc7515-a-2-key-expired"),
        ("signature-unchecked", "vectors/rfc7515-f"),
    ] {
        let report = run(folder.path(), 1, &[&format!("builtin:{flaw}"), "--only", "vectors/rfc*"]);
        let failed: BTreeSet<String> =
            report.cases.iter().filter(|case| case.outcome == Outcome::Fail).map(|case| case.id.case()).collect();
        assert!(failed.contains(wanted), "{flaw}: {failed:?}");
    }
}

/// A validator of claims without calls for anything else.
struct ClaimsOnly(Builtin, bool);

impl Validator for ClaimsOnly {
    fn provides(&self) -> Capabilities {
        let own = [Capability::Alg(Alg::Es256)];
        own.into_iter().chain(self.1.then_some(Capability::OpVerifyJws)).collect()
    }

    fn configure(&mut self, trust: &TrustConfig) {
        self.0.configure(trust);
    }

    fn validate(&self, token: &[u8], now: i64) -> Answer {
        self.0.validate(token, now)
    }
}

#[test]
fn who_has_no_call_for_it_skips_them_by_name() {
    for (promises, because) in
        [(false, "needs op:verify-jws"), (true, "the adapter skips it: it has no call for a bare JWS")]
    {
        let report = check(ClaimsOnly(Builtin::new(None), promises)).only("vectors/rfc7515-a-*").run().unwrap();
        let case = report.cases.iter().find(|case| case.id.name == "rfc7515-a-3").unwrap();
        assert_eq!((case.outcome, case.findings[0].because.as_str()), (Outcome::Skip, because));
        let passed = report.cases.iter().find(|case| case.id.name == "rfc7515-a-3-key");
        assert_eq!(passed.map(|case| case.outcome), Some(Outcome::Pass));
    }
}

#[test]
fn the_target_trusts_its_own_keys_again_afterwards() {
    let report =
        check(ClaimsOnly(Builtin::new(None), true)).only("vectors/rfc7515-a-3-key*").only("claims/exp-past").run();
    assert_eq!(report.unwrap().exit_code, 0);
}
