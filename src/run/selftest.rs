//! The harness tested by broken validators: which case catches which flaw, and does strict pass everything?
//!
//! `vectors/detection.json` says which cases catch each flaw. The ordinary test tries each flaw on those cases; the full
//! one tries every flaw on every case and gives the file anew.

use super::{
    arena::{ARENAS, Arena},
    error::RunError,
    exit::ExitCode,
    ours::OurSide,
};
use crate::{
    builtin::Flaw,
    issuer::Options,
    model::{Case, CaseId, Outcome, RunReport, report::CaseResult},
    suite::{Catalog, Selection},
    token::KeyRing,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use tokio::task::JoinSet;

const DETECTION: &str = include_str!("../../vectors/detection.json");

/// Which cases catch each flaw, as committed beside the suite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetectionFile {
    /// `detection/1`.
    pub format: String,
    /// The cases by flaw.
    pub caught: BTreeMap<String, BTreeSet<String>>,
}

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
    pub named: BTreeSet<String>,
}

impl Detection {
    /// Whether anything caught it: for a specific flaw a case whose good tokens were taken, for a flaw of the whole
    /// target its calibration, or a run that ends undecided.
    #[must_use]
    pub fn is_caught(&self) -> bool {
        !self.caught.is_empty() || (!self.flaw.is_specific() && !self.named.is_empty())
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

    /// What the full test found, as the file that is committed beside the suite.
    #[must_use]
    pub fn detection_file(&self) -> DetectionFile {
        let specific = self.detections.iter().filter(|detection| detection.flaw.is_specific() && detection.is_caught());
        let cases = |detection: &Detection| detection.caught.iter().map(|caught| caught.id.case()).collect();
        DetectionFile {
            format: "detection/1".into(),
            caught: specific.map(|detection| (detection.flaw.name().to_owned(), cases(detection))).collect(),
        }
    }
}

impl DetectionFile {
    /// The committed one.
    #[must_use]
    pub fn committed() -> DetectionFile {
        serde_json::from_str(DETECTION)
            .unwrap_or(DetectionFile { format: "detection/1".into(), caught: BTreeMap::new() })
    }

    /// Whether a selection is about a flaw: it holds a case that is known to catch it, or nothing is known. Flaws of the
    /// whole target are the business of the whole suite: some of them show in the first probes, whatever is selected, and
    /// others after many tokens.
    fn is_about(&self, selection: &Selection, flaw: Flaw, catalog: &Catalog) -> bool {
        if !flaw.is_specific() {
            return selection.is_whole();
        }
        let own = self.caught.get(flaw.name());
        own.is_none_or(|own| catalog.cases.iter().any(|case| own.contains(&case.id.case()) && selection.names(case)))
    }

    /// Whether a case that catches it has the target to itself, to burden or to measure it.
    fn is_slow(&self, flaw: Flaw, catalog: &Catalog) -> bool {
        let own = self.caught.get(flaw.name());
        own.is_none_or(|own| catalog.cases.iter().any(|case| case.runs_alone() && own.contains(&case.id.case())))
    }

    /// The cases to try a flaw on: those that the file says, and those that it does not know yet. Every case for a flaw
    /// that it does not know, and for one of the whole target.
    ///
    /// The full test tries it on every case, but for those that take long, because they burden or measure the target:
    /// they are tried where the file says so or does not know, and on flaws that show under a burden.
    fn cases_for(&self, flaw: Flaw, catalog: &Catalog, full: bool) -> BTreeSet<String> {
        let known: BTreeSet<&String> = self.caught.values().flatten().collect();
        let own = self.caught.get(flaw.name()).filter(|_| flaw.is_specific());
        let wanted = |case: &&Case| {
            let id = case.id.case();
            let named = own.is_none_or(|own| own.contains(&id)) || !known.contains(&id);
            named || full && (!case.runs_alone() || flaw.is_of_burden())
        };
        catalog.cases.iter().map(AsRef::as_ref).filter(wanted).map(|case| case.id.case()).collect()
    }
}

/// Tries the selected cases on strict and on the flaws that they are about; `full` tries every flaw on every one of them.
///
/// # Errors
/// The selection holds no case, or the built-in validator or our side does not come up.
pub async fn selftest(
    catalog: Arc<Catalog>,
    selection: Selection,
    seed: u64,
    jobs: usize,
    full: bool,
) -> Result<Score, RunError> {
    let mut sides = BTreeMap::new();
    let mut rings = BTreeMap::new();
    let mut strict = BTreeMap::new();
    for arena in ARENAS {
        let mut ours = OurSide::raise(arena.algorithms(), &catalog, &Options::default()).await?;
        ours.memory = Some(Arc::default());
        let report = match arena.run(None, Arc::clone(&catalog), selection.clone(), ours.clone(), seed).await {
            // Nothing of the user's selection belongs here.
            Err(RunError::NothingSelected) => None,
            report => Some(report?),
        };
        rings.insert(arena, ours.ring.clone());
        sides.insert(arena, vec![ours]);
        strict.extend(report.map(|report| (arena, report)));
    }
    if strict.is_empty() {
        return Err(RunError::NothingSelected);
    }
    let committed = DetectionFile::committed();
    let mut detections = BTreeMap::new();
    // What shows only while keys change is the business of scenarios, and what shows only among many tokens of load.
    let flaws = || {
        let elsewhere = |flaw: &&Flaw| flaw.is_of_chaos() || flaw.is_of_load();
        let wanted = |flaw: &&Flaw| full || committed.is_about(&selection, **flaw, &catalog);
        Flaw::ALL.iter().filter(move |flaw| !elsewhere(flaw) && wanted(flaw))
    };
    for flaw in flaws() {
        detections.insert(flaw.name(), Detection { flaw: *flaw, caught: Vec::new(), named: BTreeSet::new() });
    }
    let mut waiting: Vec<_> = flaws().flat_map(|flaw| Arena::of(*flaw).iter().map(|arena| (*flaw, *arena))).collect();
    // What takes longest comes first, so that nothing waits for it in the end.
    waiting.sort_by_cached_key(|(flaw, _)| !committed.is_slow(*flaw, &catalog));
    let mut waiting = waiting.into_iter();
    let mut running = JoinSet::new();
    loop {
        while running.len() < jobs.max(1)
            && let Some((flaw, arena)) = waiting.next()
        {
            let selection = selection.clone().within(committed.cases_for(flaw, &catalog, full));
            let ours = idle(&mut sides, arena, &rings[&arena], &catalog).await?;
            let catalog = Arc::clone(&catalog);
            running.spawn(async move {
                let report = arena.run(Some(flaw), catalog, selection, ours.clone(), seed).await;
                (flaw, arena, report, ours)
            });
        }
        let Some(done) = running.join_next().await else { break };
        let (flaw, arena, report, ours) = done.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
        if arena == Arena::Http {
            sides.entry(arena).or_default().push(ours);
        }
        let report = match report {
            // Nothing of the user's selection is about this flaw.
            Err(RunError::NothingSelected) => continue,
            report => report?,
        };
        if let (Some(detection), Some(strict)) = (detections.get_mut(flaw.name()), strict.get(&arena)) {
            detection.caught.extend(caught(&report, strict));
            detection.named.extend(named(&report));
        }
    }
    for ours in sides.into_values().flatten() {
        ours.strike().await;
    }
    detections.retain(|_, detection| detection.is_caught() || committed.is_about(&selection, detection.flaw, &catalog));
    Ok(score(detections.into_values().collect(), strict.values()))
}

/// A side of ours that no other run changes. In process nothing is served, and all share one; over HTTP each run
/// publishes key sets, and a further side with the same keys is raised where none is idle.
async fn idle(
    sides: &mut BTreeMap<Arena, Vec<OurSide>>,
    arena: Arena,
    ring: &KeyRing,
    catalog: &Catalog,
) -> Result<OurSide, RunError> {
    let free = sides.entry(arena).or_default();
    let found = if arena == Arena::Http { free.pop() } else { free.first().cloned() };
    if let Some(ours) = found {
        return Ok(ours);
    }
    let mut ours = OurSide::with_ring(ring.clone(), arena.algorithms(), catalog, &Options::default()).await?;
    ours.memory = Some(Arc::default());
    Ok(ours)
}

fn score<'a>(detections: Vec<Detection>, strict: impl Iterator<Item = &'a RunReport> + Clone) -> Score {
    let sent = |case: &&CaseResult| case.token.is_some();
    let tried: BTreeSet<String> =
        strict.clone().flat_map(|report| &report.cases).filter(sent).map(|case| case.id.case()).collect();
    let specific = detections.iter().filter(|detection| detection.flaw.is_specific());
    let proven: BTreeSet<String> =
        specific.flat_map(|detection| &detection.caught).map(|caught| caught.id.case()).collect();
    Score {
        false_alarms: strict.flat_map(alarms).collect(),
        unproven: tried.difference(&proven).cloned().collect(),
        cases: tried.len(),
        detections,
    }
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
            let value = |case: &CaseResult| case.measured.as_ref().map(|measured| measured.value);
            let measured = |case: &CaseResult| (value(case), case.observation.as_ref().map(|seen| seen.verdict));
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
