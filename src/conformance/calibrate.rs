//! The first probes: does the target take a good token, does it refuse nonsense, and which algorithms does it know?

use super::{bench::Bench, diagnose};
use crate::{
    model::{
        Alg, Capability, Observation, Outcome, Recipe, Severity, Verdict, case::Present, recipe::Sign,
        report::CalibrationCheck, verdict::Endpoint,
    },
    target::Around,
};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long a target may go on with the keys of an earlier run: jose and PyJWT ask again after 30 s.
const LONGEST_PAUSE_OF_FETCHES: Duration = Duration::from_secs(35);

/// What the first probes came to.
#[derive(Debug, Clone)]
pub struct Calibration {
    /// Each probe.
    pub checks: Vec<CalibrationCheck>,
    /// Whether cases make sense.
    pub standing: Standing,
}

/// Whether cases make sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// A good token is taken, nonsense is not.
    Testable,
    /// Anything is taken: one finding says it all.
    AcceptsEverything,
    /// A good token is not taken: no refusal would mean anything.
    NotTestable,
}

/// Sends the first probes. `told` hears what takes its time.
pub async fn calibrate(bench: &Bench, algorithms: &[Alg], told: &mut (dyn FnMut(String) + Send)) -> Calibration {
    let mut good = observe(bench, bench.good()).await;
    if good.verdict == Verdict::Reject && bench.may_be_known() && never_fetched(bench) {
        told(format!(
            "the target refuses a good token and did not ask for the key set: it may still hold the keys of an earlier run, so it has {} s to ask",
            LONGEST_PAUSE_OF_FETCHES.as_secs()
        ));
        good = once_it_asks(bench, good).await;
    }
    if good.verdict.is_broken() && good.verdict != Verdict::OddAnswer {
        let checks = diagnose::silent(good);
        return Calibration { checks, standing: Standing::NotTestable };
    }
    let garbage = bench.patiently(b"not-a-token", None).await;
    if let Some(status) = garbage.status {
        bench.target().learn_garbage_status(status);
    }
    let nothing = Present { authorization: Some(Vec::new()), ..Present::default() };
    let nothing = bench.patiently(b"", Some(&nothing)).await;
    let open = [&garbage, &nothing].iter().any(|observation| observation.verdict == Verdict::Accept);
    let mut checks = Vec::new();
    if good.verdict != Verdict::Accept {
        checks.extend(diagnose::refused(bench, good, &garbage).await);
        return Calibration { checks, standing: Standing::NotTestable };
    }
    // Without a known way of saying no, no refusal could be told from an accident.
    let unreadable = garbage.verdict == Verdict::OddAnswer;
    checks.push(check(format!("good token, {}", bench.forge().ring().active()), Outcome::Pass, good));
    checks.push(nonsense("garbage instead of a token", garbage, Outcome::Inconclusive));
    checks.push(nonsense("no token at all", nothing, Outcome::Note));
    checks.extend(bench.target().around().await.into_iter().map(around));
    if open {
        return Calibration { checks, standing: Standing::AcceptsEverything };
    }
    if unreadable {
        return Calibration { checks, standing: Standing::NotTestable };
    }
    for alg in algorithms.iter().filter(|alg| **alg != bench.forge().ring().active()) {
        checks.push(algorithm(bench, *alg).await);
    }
    Calibration { checks, standing: Standing::Testable }
}

/// Whether a target that fetches keys did not ask for ours.
pub(super) fn never_fetched(bench: &Bench) -> bool {
    let remote = bench.target().provides().contains(&Capability::JwksRemote);
    remote && bench.journal().is_some_and(|journal| journal.count(Endpoint::Jwks) == 0)
}

/// Shows good tokens until the key set is fetched, or one is not refused.
async fn once_it_asks(bench: &Bench, mut good: Observation) -> Observation {
    let until = Instant::now() + LONGEST_PAUSE_OF_FETCHES;
    while good.verdict == Verdict::Reject && never_fetched(bench) && Instant::now() < until {
        sleep(Duration::from_secs(1)).await;
        good = observe(bench, bench.good()).await;
    }
    good
}

async fn observe(bench: &Bench, recipe: &Recipe) -> Observation {
    match bench.control(recipe).await {
        Ok(observation) => observation,
        Err(error) => Observation::bare(Verdict::Unreachable, format!("the token cannot be made: {error}")),
    }
}

async fn algorithm(bench: &Bench, alg: Alg) -> CalibrationCheck {
    let sign = Some(Sign { key: alg.name().to_lowercase(), alg: None });
    let recipe = Recipe { sign, ..Recipe::default() }.over(bench.good());
    let observation = observe(bench, &recipe).await;
    let taken = observation.verdict == Verdict::Accept;
    let mut check = check(format!("good token, {alg}"), if taken { Outcome::Pass } else { Outcome::Note }, observation);
    if !taken {
        check.hint = Some(format!(
            "the target file lists {alg}, but the target does not take it: take it out of [trust] algorithms, or configure the target for it"
        ));
    }
    check
}

/// A probe that must not be accepted. `odd` is what an answer comes to that is neither yes nor no.
fn nonsense(name: &str, observation: Observation, odd: Outcome) -> CalibrationCheck {
    let (outcome, severity, hint) = match observation.verdict {
        Verdict::Accept => (
            Outcome::Fail,
            Severity::Critical,
            Some(
                "the route may be unprotected, or the answer's status says nothing: check [transport] url and accept"
                    .to_owned(),
            ),
        ),
        Verdict::Reject => (Outcome::Pass, Severity::Info, None),
        Verdict::ServerError => (
            Outcome::Warn,
            Severity::Low,
            Some("nonsense should be refused with 401, not answered with a server error".to_owned()),
        ),
        Verdict::OddAnswer => (
            odd,
            Severity::Info,
            Some(format!(
                "if {} is how this target says no, add it to [transport] reject.status",
                observation.status.map_or_else(|| "this answer".to_owned(), |status| format!("status {status}"))
            )),
        ),
        _ => (Outcome::Note, Severity::Info, None),
    };
    CalibrationCheck { severity, hint, ..check(name.to_owned(), outcome, observation) }
}

/// A service that is asked for without its gateway.
fn around(seen: Around) -> CalibrationCheck {
    let Around { address, reached, observed } = seen;
    let hint = "let the service listen where only the gateway reaches it, or let it check tokens itself";
    CalibrationCheck {
        name: format!("the service without its gateway, {address}"),
        outcome: if reached { Outcome::Fail } else { Outcome::Pass },
        severity: if reached { Severity::Critical } else { Severity::Info },
        observed,
        hint: reached.then(|| hint.to_owned()),
        observation: None,
    }
}

/// A probe with what came of it.
pub(super) fn check(name: String, outcome: Outcome, observation: Observation) -> CalibrationCheck {
    CalibrationCheck {
        name,
        outcome,
        severity: Severity::Info,
        observed: format!("{} ({})", observation.verdict, observation.because),
        hint: None,
        observation: Some(observation),
    }
}
