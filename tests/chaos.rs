//! The key cache of the built-in validator against the scenarios: right, and wrong in every way that we know.
//!
//! Scenarios take their time. One pair is tried always; `GAUNTLET_CHAOS=1` tries every flaw on the claim that is its
//! proof, and strict on every scenario.

use jwt_gauntlet::{
    builtin::Flaw,
    issuer::{FaultyOptions, Options},
    model::{
        Outcome, RunReport,
        chaos::{Grade, Needed, Scenario, ScenarioResult},
    },
    run::{ChaosRequest, FailOn, PROOFS, Proof, Stop, Subject, execute_chaos},
    suite::{Catalog, scenarios},
};
use std::collections::BTreeSet;

/// Scenarios of one test at a time: those of another would only disturb them.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

fn all_wanted() -> bool {
    let wanted = std::env::var_os("GAUNTLET_CHAOS").is_some();
    if !wanted {
        eprintln!("skipped without GAUNTLET_CHAOS=1: every scenario on strict, every flaw on its proof");
    }
    wanted
}

async fn play(flaw: Option<Flaw>, wanted: impl Fn(&Scenario) -> bool, jobs: usize) -> RunReport {
    let mut scenarios = scenarios(None).unwrap();
    scenarios.retain(wanted);
    let request = ChaosRequest {
        subject: Subject::Builtin(flaw),
        scenarios,
        seed: 7,
        jobs,
        fail_on: FailOn::Must,
        baseline: None,
        issuer: FaultyOptions { base: Options::default(), jwks_port: 0, seed: 7 },
        args: Vec::new(),
        room: Default::default(),
    };
    execute_chaos(request, Catalog::load(None).unwrap(), Stop::never(), &mut |_| {}).await.unwrap()
}

/// What strict did not do, and how the sender was: a machine that is too busy to keep a schedule proves nothing.
fn missed(result: &ScenarioResult) -> Vec<String> {
    let claims = result.assertions.iter().filter(|claim| claim.level != Grade::Excellent);
    claims
        .filter(|claim| matches!(claim.outcome, Outcome::Fail | Outcome::Warn))
        .map(|claim| format!("{}: {} {}: {}", result.id, claim.level, claim.name, claim.because))
        .collect()
}

/// How the claim of a proof went.
fn outcome(report: &RunReport, proof: &Proof) -> Outcome {
    let scenario = report.scenarios.first().unwrap_or_else(|| panic!("no scenario is called {}", proof.scenario));
    let claim = scenario.assertions.iter().find(|claim| {
        proof.is_about(&claim.name, claim.metric, claim.level)
            && (proof.grade != Grade::Must || claim.outcome != Outcome::Skip)
    });
    claim.unwrap_or_else(|| panic!("{} claims nothing like it: {:?}", proof.scenario, scenario.notes)).outcome
}

/// Whether nothing that is built in can be played on: the scenario's own reason says why.
fn never_on_ours(scenario: &Scenario) -> bool {
    let never = [Needed::Provider, Needed::AsksIntrospection, Needed::Resolver];
    scenario.needs.iter().any(|needed| never.contains(needed))
}

const fn broken(grade: Grade) -> Outcome {
    match grade {
        Grade::Must => Outcome::Fail,
        Grade::Should => Outcome::Warn,
        Grade::Excellent => Outcome::Note,
    }
}

#[test]
fn every_flaw_and_every_scenario_has_a_proof_that_is_written_somewhere() {
    let flaws: BTreeSet<Flaw> = Flaw::ALL.iter().copied().filter(|flaw| flaw.is_of_chaos()).collect();
    let proven: BTreeSet<Flaw> = PROOFS.iter().map(|proof| proof.flaw).collect();
    assert_eq!(flaws.difference(&proven).collect::<Vec<_>>(), Vec::<&Flaw>::new());
    let all = scenarios(None).unwrap();
    let file = |id: &str| id.split(':').next().unwrap_or_default().to_owned();
    let shown: BTreeSet<String> = PROOFS.iter().map(|proof| file(proof.scenario)).collect();
    let unproven: BTreeSet<String> =
        all.iter().filter(|scenario| !never_on_ours(scenario)).map(|scenario| file(&scenario.id)).collect();
    assert_eq!(unproven.difference(&shown).collect::<Vec<_>>(), Vec::<&String>::new());
    for proof in PROOFS {
        let scenario = all.iter().find(|scenario| scenario.id == proof.scenario);
        let scenario = scenario.unwrap_or_else(|| panic!("no scenario is called {}", proof.scenario));
        let claims = |claim: &&jwt_gauntlet::model::chaos::Assertion| {
            proof.is_about(&claim.to_string(), claim.metric, claim.level)
        };
        assert!(scenario.assert.iter().any(|claim| claims(&claim)), "{proof:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_nobody_may_trust_any_more_is_trusted_only_by_the_flaw() {
    let _turn = TURN.lock().await;
    let proof = PROOFS.iter().find(|proof| proof.flaw == Flaw::AgeNeverEvicts).unwrap();
    let (strict, flawed) = tokio::join!(
        play(None, |scenario| scenario.id == proof.scenario, 1),
        play(Some(proof.flaw), |scenario| scenario.id == proof.scenario, 1)
    );
    assert_eq!(outcome(&strict, proof), Outcome::Pass);
    assert_eq!((outcome(&flawed, proof), flawed.exit_code), (Outcome::Fail, 1));
    assert_eq!(strict.exit_code, 0, "{:?}", strict.scenarios.iter().map(missed).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn strict_meets_every_must_and_should() {
    if !all_wanted() {
        return;
    }
    let _turn = TURN.lock().await;
    let report = play(None, |_| true, 4).await;
    let missed: Vec<String> = report.scenarios.iter().flat_map(missed).collect();
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    assert_eq!(report.exit_code, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_flaw_breaks_the_claim_that_is_its_proof() {
    if !all_wanted() {
        return;
    }
    let _turn = TURN.lock().await;
    // One row, or a few: GAUNTLET_CHAOS=1 GAUNTLET_PROOFS=redirects,huge-set.
    let named = std::env::var("GAUNTLET_PROOFS").unwrap_or_default();
    let is_named = |proof: &&Proof| named.is_empty() || named.split(',').any(|name| name == proof.scenario);
    let mut wrong = BTreeSet::new();
    // A latency is only worth something where nothing else runs, and where the sender kept its schedule.
    let (latencies, others): (Vec<Proof>, Vec<Proof>) =
        PROOFS.iter().filter(is_named).copied().partition(|proof| proof.metric.is_latency());
    for proof in latencies {
        let mut seen = Outcome::Inconclusive;
        for _ in 0..3 {
            let report = play(Some(proof.flaw), |scenario| scenario.id == proof.scenario, 1).await;
            seen = outcome(&report, &proof);
            if seen != Outcome::Inconclusive {
                break;
            }
        }
        if seen != broken(proof.grade) {
            wrong.insert(format!("{}: {} is {seen}", proof.flaw, proof.scenario));
        }
    }
    for proofs in others.chunks(4) {
        let reports = proofs.iter().map(|proof| play(Some(proof.flaw), |scenario| scenario.id == proof.scenario, 1));
        for (proof, report) in proofs.iter().zip(futures_util::future::join_all(reports).await) {
            let outcome = outcome(&report, proof);
            if outcome != broken(proof.grade) {
                wrong.insert(format!("{}: {} is {outcome}", proof.flaw, proof.scenario));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
