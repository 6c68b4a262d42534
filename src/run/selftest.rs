//! The harness tested by broken validators: which case catches which flaw, and does strict pass everything?

use super::{
    error::RunError,
    exit::{ExitCode, FailOn},
    ours::OurSide,
    policy::builtin_policy,
    session::{Request, execute_with},
    setup::{BUILTIN_ALGORITHMS, Subject},
    stop::Stop,
};
use crate::{
    builtin::{Builtin, Flaw},
    issuer::Options,
    model::{CaseId, Outcome, RunReport, report::CaseResult},
    suite::{Catalog, Selection},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use tokio::task::JoinSet;

/// What the whole test came to.
#[derive(Debug, Clone)]
pub struct Score {
    /// Each flaw with what caught it.
    pub detections: Vec<Detection>,
    /// Findings against the strict validator: each is a bug of ours.
    pub false_alarms: Vec<String>,
    /// Cases that no flaw fails, so that nobody knows whether they can fail.
    pub unproven: BTreeSet<String>,
    /// Cases that were tried.
    pub cases: usize,
}

/// One flaw and what caught it.
#[derive(Debug, Clone)]
pub struct Detection {
    /// The flaw.
    pub flaw: Flaw,
    /// The variants that caught it, in the order of the suite.
    pub caught: Vec<Caught>,
    /// What calibration named, and `undecided` where the run ended so: what catches flaws of the whole target.
    pub named: Vec<String>,
}

impl Detection {
    /// Whether anything caught it: for a specific flaw a case whose good tokens were taken, for a flaw of the whole
    /// target its calibration, or a run that ends undecided.
    #[must_use]
    pub fn is_caught(&self) -> bool {
        if self.flaw.is_specific() {
            !self.caught.is_empty()
        } else {
            !self.named.is_empty() || !self.caught.is_empty()
        }
    }
}

/// A variant that catches a flaw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caught {
    /// Which variant.
    pub id: CaseId,
    /// Its outcome against the flawed validator.
    pub outcome: Outcome,
}

impl Score {
    /// Flaws that at least one case catches.
    #[must_use]
    pub fn detected(&self) -> usize {
        self.detections.iter().filter(|detection| detection.is_caught()).count()
    }

    /// Whether nothing is left to mend.
    #[must_use]
    pub fn is_perfect(&self) -> bool {
        self.detected() == self.detections.len() && self.false_alarms.is_empty() && self.unproven.is_empty()
    }
}

/// Runs the selected cases against strict and against every flaw, each where it shows: in process, or over HTTP.
///
/// # Errors
/// The built-in validator or our side does not come up.
pub async fn selftest(catalog: Arc<Catalog>, selection: Selection, seed: u64, jobs: usize) -> Result<Score, RunError> {
    let mut ours = OurSide::raise(BUILTIN_ALGORITHMS, &catalog, &Options::default()).await?;
    ours.memory = Some(Arc::default());
    let strict_http = one(Arc::clone(&catalog), selection.clone(), ours.clone(), None, true, seed).await?;
    let strict_here = one(Arc::clone(&catalog), selection.clone(), ours.clone(), None, false, seed).await?;
    let false_alarms = [&strict_here, &strict_http].into_iter().flat_map(|report| alarms(report)).collect();
    let mut waiting = Flaw::ALL.iter().copied();
    let mut running = JoinSet::new();
    let mut detections = Vec::new();
    loop {
        while running.len() < jobs.max(1)
            && let Some(flaw) = waiting.next()
        {
            let (catalog, selection, ours) = (Arc::clone(&catalog), selection.clone(), ours.clone());
            running.spawn(async move {
                let report = one(catalog, selection, ours, Some(flaw), over_http(flaw), seed).await?;
                Ok::<_, RunError>((flaw, report))
            });
        }
        let Some(done) = running.join_next().await else { break };
        let (flaw, report) = match done {
            Ok(result) => result?,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => continue,
        };
        let strict = if over_http(flaw) { &strict_http } else { &strict_here };
        let caught = if flaw.is_specific() || report.exit_code != 0 { caught(&report, strict) } else { Vec::new() };
        let named = named(&report);
        detections.push(Detection { flaw, caught, named });
    }
    ours.strike().await;
    detections.sort_by_key(|detection| detection.flaw.name());
    let tried: BTreeSet<String> = [&strict_here, &strict_http]
        .into_iter()
        .flat_map(|report| &report.cases)
        .filter(|case| case.token.is_some())
        .map(|case| case.id.case())
        .collect();
    let proven: BTreeSet<String> = detections
        .iter()
        .filter(|detection| detection.flaw.is_specific())
        .flat_map(|detection| &detection.caught)
        .map(|caught| caught.id.case())
        .collect();
    Ok(Score { detections, false_alarms, unproven: tried.difference(&proven).cloned().collect(), cases: tried.len() })
}

async fn one(
    catalog: Arc<Catalog>,
    selection: Selection,
    ours: OurSide,
    flaw: Option<Flaw>,
    http: bool,
    seed: u64,
) -> Result<RunReport, RunError> {
    let subject = match (http, flaw) {
        (true, flaw) => Subject::Builtin(flaw),
        (false, flaw) => Subject::InProcess(
            "builtin".into(),
            Box::new(Builtin::new(flaw)),
            BUILTIN_ALGORITHMS.to_vec(),
            builtin_policy(),
        ),
    };
    let request = Request {
        subject,
        selection,
        seed,
        jobs: 1,
        fail_on: FailOn::Should,
        issuer: Options::default(),
        args: Vec::new(),
        reproduce: String::new(),
    };
    execute_with(request, &catalog, Some(ours), Stop::never(), &mut |_| {}).await
}

/// What is wrong with strict, by our own cases.
fn alarms(report: &RunReport) -> Vec<String> {
    let cases = report.cases.iter().flat_map(|case| &case.findings);
    let found = cases
        .filter(|finding| finding.outcome >= Outcome::Inconclusive)
        .map(|finding| format!("{}: {}: {}", finding.id, finding.outcome, finding.because));
    let checks = report
        .calibration
        .iter()
        .filter(|check| check.outcome >= Outcome::Inconclusive)
        .map(|check| format!("{}: {}", check.name, check.observed));
    found.chain(checks).collect()
}

/// Variants whose good tokens were taken and whose outcome, or measured answer, is not strict's.
fn caught(flawed: &RunReport, strict: &RunReport) -> Vec<Caught> {
    let by_id: BTreeMap<&CaseId, &CaseResult> = strict.cases.iter().map(|case| (&case.id, case)).collect();
    flawed
        .cases
        .iter()
        .filter(|case| case.token.is_some() && case.outcome != Outcome::Inconclusive)
        .filter(|case| {
            let measured = |case: &CaseResult| case.observation.as_ref().map(|seen| seen.verdict);
            let differs = by_id.get(&case.id).is_some_and(|strict| measured(strict) != measured(case));
            case.outcome >= Outcome::Warn || (case.outcome == Outcome::Note && differs)
        })
        .map(|case| Caught { id: case.id.clone(), outcome: case.outcome })
        .collect()
}

/// What calibration says against the target, and whether the run could not decide.
fn named(report: &RunReport) -> Vec<String> {
    let checks = report.calibration.iter().filter(|check| check.outcome >= Outcome::Inconclusive);
    let undecided = (report.exit_code == ExitCode::NotTestable as u8).then(|| "undecided".to_owned());
    checks.map(|check| check.name.clone()).chain(undecided).collect()
}

/// In process is faster; what only a server can do, and what would block a thread, goes over HTTP.
fn over_http(flaw: Flaw) -> bool {
    flaw.is_http_only() || !flaw.is_specific()
}
