//! The suite inside a Rust team's own tests.

use jwt_gauntlet::{
    builtin::{Builtin, Flaw},
    model::{Alg, Capabilities, Capability, Outcome, TrustConfig},
    run::check,
    target::protocol::{Answer, Validator},
};

/// A validator as a user would wrap it: it names what it can do before it is configured.
struct Wrapped(Builtin);

impl Validator for Wrapped {
    fn provides(&self) -> Capabilities {
        [Alg::Es256, Alg::Rs256].map(Capability::Alg).into_iter().chain([Capability::ClaimsReturned]).collect()
    }

    fn configure(&mut self, trust: &TrustConfig) {
        self.0.configure(trust);
    }

    fn validate(&self, token: &[u8], now: i64) -> Answer {
        self.0.validate(token, now)
    }
}

#[test]
fn a_good_validator_holds() {
    check(Wrapped(Builtin::new(None))).only("claims/*").only("algorithm/alg-*").seed(7).assert();
}

#[test]
fn a_validator_is_configured_again_for_other_key_sets() {
    let only = |flaw| check(Wrapped(Builtin::new(flaw))).only("jwks/*");
    let report = only(None).run().unwrap();
    let count = |outcome| report.cases.iter().filter(|case| case.outcome == outcome).count();
    assert_eq!((report.exit_code, count(Outcome::Fail), count(Outcome::Inconclusive)), (0, 0, 0));
    assert!(count(Outcome::Pass) > 30);
    // A key set over HTTP can be odd in more ways than one that is handed over.
    assert!(report.cases.iter().any(|case| case.findings[0].because == "needs jwks:remote"));
    let report = only(Some(Flaw::RemovedKeyKept)).run().unwrap();
    let removed = report.cases.iter().find(|case| case.id.to_string() == "jwks/jwks-removed-key").unwrap();
    assert_eq!(removed.outcome, Outcome::Warn, "{}", removed.findings[0].because);
}

#[tokio::test]
async fn a_flaw_is_found_also_from_within_a_runtime() {
    let report = check(Wrapped(Builtin::new(Some(Flaw::ExpIgnored)))).only("claims/exp-past").run().unwrap();
    assert_eq!(report.exit_code, 1);
    assert!(report.cases.iter().any(|case| case.outcome == Outcome::Fail));
}

#[test]
#[should_panic(expected = "claims/exp-past")]
fn an_assertion_names_the_case() {
    check(Wrapped(Builtin::new(Some(Flaw::ExpIgnored)))).only("claims/exp-past").assert();
}

#[test]
fn a_validator_without_algorithms_is_told_so() {
    struct Silent;
    impl Validator for Silent {
        fn provides(&self) -> Capabilities {
            Capabilities::new()
        }
        fn configure(&mut self, _: &TrustConfig) {}
        fn validate(&self, _: &[u8], _: i64) -> Answer {
            Answer::Reject("never".into())
        }
    }
    assert!(check(Silent).run().unwrap_err().to_string().contains("names no algorithm"));
}
