//! A block of cases between good tokens. What was refused while a good token was refused too is undecided.

use super::{
    bench::Bench,
    judge::judge,
    measure::{self, Measured},
    memory::Part,
    plan::Planned,
    result::{gravest, result_of},
    same_answer::same_answer,
    signed::demanding,
    trim::trim,
    watch,
};
use crate::{
    model::{
        Case, Finding, Observation, Outcome, Verdict,
        case::{Before, WorldPart},
        outcome::Control,
        report::{CaseResult, Controls, Reproduce, TokenEvidence},
        side::Health,
    },
    token::evidence,
};
use std::{
    borrow::Cow,
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

/// A bracket is closed after this long, however many of its cases are done.
const LONGEST_BLOCK: Duration = Duration::from_secs(2);

/// A variant that was sent and judged, with what a later sweep needs.
#[derive(Debug, Clone)]
pub struct Finished {
    /// Its place in the order of the suite.
    pub index: usize,
    /// What the report says about it.
    pub result: Arc<CaseResult>,
    /// What is judged again when requests come late: only of cases with planted addresses, for a suite is large.
    late: Option<Box<Late>>,
}

/// A case with planted addresses.
#[derive(Debug, Clone)]
struct Late {
    /// The nonce in the addresses.
    nonce: String,
    case: Case,
}

impl Late {
    fn of(case: &Case, nonce: String) -> Option<Box<Late>> {
        case.untouched.contains(&WorldPart::Canary).then(|| Box::new(Late { nonce, case: case.clone() }))
    }
}

impl Finished {
    /// Whether good tokens were lost right after it.
    #[must_use]
    pub fn did_harm(&self) -> bool {
        let seen = self.result.observation.as_ref();
        seen.and_then(|seen| seen.side.health.as_ref()).is_some_and(Health::is_harmed)
    }

    /// Whether a must is undecided here.
    #[must_use]
    pub fn is_undecided(&self) -> bool {
        self.result.outcome == Outcome::Inconclusive
    }

    /// A variant whose outcome follows from what happened before it could be sent.
    #[must_use]
    pub fn with_outcome(planned: &Planned, outcome: Outcome, because: &str) -> Finished {
        let mut finished = not_sent(planned, because);
        let result = Arc::make_mut(&mut finished.result);
        for finding in &mut result.findings {
            finding.outcome = outcome;
        }
        result.outcome = outcome;
        finished
    }
}

/// Runs a block, and once more those of its cases around which a good token was refused.
pub async fn run_block(bench: &Bench, block: &[Planned]) -> Vec<Finished> {
    let mut finished = Vec::new();
    let mut rest = block;
    while !rest.is_empty() {
        let (done, count) = bracket(bench, rest).await;
        let (bracketed, later) = rest.split_at(count);
        rest = later;
        let turned = done.iter().any(|case| case.result.controls.base == Control::Refused);
        finished.extend(if turned && bench.halted().is_none() { again(bench, bracketed).await } else { done });
    }
    finished
}

/// The one repetition of a bracket whose good token turned. If it turns again, the target is asked no more.
async fn again(bench: &Bench, block: &[Planned]) -> Vec<Finished> {
    let mut finished = Vec::new();
    let mut rest = block;
    while !rest.is_empty() {
        let (done, count) = bracket(bench, rest).await;
        if let Some(lost) = done.iter().find(|case| case.result.controls.base == Control::Refused) {
            let because = format!("the target stopped taking good tokens around {}", lost.result.id);
            bench.halt(Some(because));
        }
        finished.extend(done);
        rest = &rest[count..];
    }
    finished
}

/// Good tokens, cases, the same good tokens. Returns how many cases of the block it took in.
async fn bracket(bench: &Bench, block: &[Planned]) -> (Vec<Finished>, usize) {
    if let Some(because) = bench.halted() {
        return (block.iter().map(|planned| not_sent(planned, &because)).collect(), block.len());
    }
    let opened = Instant::now();
    let base_before = good_is_taken(bench).await;
    let mut twins: Vec<Twin<'_>> = Vec::new();
    let mut sent = Vec::new();
    for planned in block {
        if !sent.is_empty() && (opened.elapsed() > LONGEST_BLOCK || bench.halted().is_some()) {
            break;
        }
        let twin = match planned.has_own_twin() {
            true => Some(Twin::of(bench, planned, &mut twins).await),
            false => None,
        };
        sent.push(send(bench, planned, twin, base_before).await);
    }
    // The bracket closes: twins first, so that the base control has the last word. Where the case did harm, its good tokens afterwards are a finding, and say nothing about its verdict.
    let harmed = sent.iter().any(Sent::is_harmed);
    for twin in &mut twins {
        if twin.holds && !harmed {
            twin.holds = bench.twin(twin.planned).await.is_ok_and(|seen| seen.verdict == Verdict::Accept);
        }
    }
    let base = base_before && (harmed || good_is_taken(bench).await);
    let count = sent.len();
    (sent.into_iter().map(|sent| sent.judged(bench, base, &twins)).collect(), count)
}

/// A good token with a feature, shared by the cases of a block that have the same one.
struct Twin<'a> {
    planned: &'a Planned,
    first: Observation,
    holds: bool,
}

impl<'a> Twin<'a> {
    async fn of(bench: &Bench, planned: &'a Planned, twins: &mut Vec<Twin<'a>>) -> usize {
        let same = |twin: &Twin<'_>| {
            twin.planned.twin == planned.twin && twin.planned.case.given.present == planned.case.given.present
        };
        if let Some(known) = twins.iter().position(same) {
            return known;
        }
        let first = match bench.twin(planned).await {
            Ok(observation) => observation,
            Err(error) => Observation::bare(Verdict::Unreachable, format!("the twin cannot be made: {error}")),
        };
        let holds = first.verdict == Verdict::Accept;
        twins.push(Twin { planned, first, holds });
        twins.len() - 1
    }
}

async fn good_is_taken(bench: &Bench) -> bool {
    bench.control(bench.good()).await.is_ok_and(|observation| observation.verdict == Verdict::Accept)
}

/// A case whose token was sent, not judged yet.
#[derive(Debug)]
pub(super) struct Sent<'a> {
    planned: Cow<'a, Planned>,
    twin: Option<usize>,
    nonce: String,
    before: BTreeMap<String, String>,
    /// What the tokens presented first got.
    earlier: BTreeMap<String, Observation>,
    /// A token that had to be accepted first and was not.
    missed: Option<String>,
    /// A token that had to be refused first and was not: the case does not apply.
    moot: Option<String>,
    /// The token and how to send it again, as the report shows them: the bytes may be megabytes.
    token: Option<(TokenEvidence, Reproduce)>,
    pub(super) observation: Observation,
    measured: Option<Measured>,
}

pub(super) async fn send<'a>(bench: &Bench, planned: &'a Planned, twin: Option<usize>, base_holds: bool) -> Sent<'a> {
    let nonce = bench.nonce();
    let mut sent = Sent {
        planned: Cow::Borrowed(planned),
        twin,
        nonce: nonce.clone(),
        before: BTreeMap::new(),
        earlier: BTreeMap::new(),
        missed: None,
        moot: None,
        token: None,
        observation: Observation::bare(Verdict::Unreachable, "not sent: a good token was not taken just before"),
        measured: None,
    };
    if !base_holds {
        return sent;
    }
    let mut earlier = BTreeMap::new();
    for before in &planned.case.before {
        let recipe = before.token.over(&planned.twin);
        match bench.mint(&recipe, &bench.nonce(), &earlier) {
            Ok(token) => {
                let observation = bench.patiently(&token.bytes, None).await;
                if before.refused {
                    sent.moot = sent.moot.or_else(|| moot(before, &observation));
                } else if before.accepted && observation.verdict != Verdict::Accept {
                    sent.missed = Some(format!("the token {:?} was not taken: {}", before.name, observation.because));
                }
                sent.before.insert(before.name.clone(), observation.verdict.to_string());
                if before.revoked
                    && let Err(because) = bench.revoke(&token).await
                {
                    sent.missed = Some(format!("the token {:?} cannot be revoked: {because}", before.name));
                }
                sent.earlier.insert(before.name.clone(), observation);
                earlier.insert(before.name.clone(), token);
            }
            Err(error) => sent.missed = Some(format!("the token {:?} cannot be made: {error}", before.name)),
        }
    }
    let present = planned.case.present.as_ref().or(planned.case.given.present.as_ref());
    match bench.mint_planned(planned, Part::Token, &nonce, &earlier) {
        Ok(token) => {
            // Minted in the same second, so that the two differ in nothing but the defect.
            let good = bench.mint_planned(planned, Part::Twin, &nonce, &earlier).ok();
            sent.observation = watch::present(bench, planned, &token, present).await;
            if let Some(measure) = planned.case.measure {
                sent.measured = Some(measure::measure(bench, measure, planned).await);
            }
            watch::gather(bench, planned, &token, &nonce, &earlier, &mut sent.observation).await;
            let shown = evidence(&token, &planned.token, good.as_ref());
            sent.token = Some((shown, bench.reproduce(&planned.case, &token)));
        }
        Err(error) => sent.missed = Some(format!("the token cannot be made: {error}")),
    }
    sent
}

/// Why the case says nothing here, where a harmless token of its kind was not refused.
fn moot(before: &Before, seen: &Observation) -> Option<String> {
    (seen.verdict == Verdict::Accept).then(|| format!("the target takes the harmless token {:?} as well", before.name))
}

impl Sent<'_> {
    fn is_harmed(&self) -> bool {
        self.observation.side.health.as_ref().is_some_and(Health::is_harmed)
    }

    /// The same without the borrow.
    pub(super) fn into_owned(self) -> Sent<'static> {
        Sent { planned: Cow::Owned(self.planned.into_owned()), ..self }
    }

    fn judged(self, bench: &Bench, base: bool, twins: &[Twin<'_>]) -> Finished {
        let control = |holds: bool| if holds { Control::Accepted } else { Control::Refused };
        let twin = self.twin.and_then(|at| twins.get(at));
        let controls = Controls { base: control(base), feature: control(twin.map_or(base, |twin| twin.holds)) };
        self.judged_between(bench, controls, twin.map(|twin| twin.first.clone()))
    }

    /// Judges it by good tokens of which only the outcome is known.
    pub(super) fn judged_between(self, bench: &Bench, controls: Controls, twin: Option<Observation>) -> Finished {
        let mut observation = self.observation;
        observation.outbound = bench.journal().map(|journal| journal.by_nonce(&self.nonce)).unwrap_or_default();
        let target = bench.target();
        let told = target.told_claims();
        let case = &*demanding(&self.planned.case, &observation, target.transport_name(), told.as_ref());
        let mut findings = judge(case, &observation, controls);
        findings.extend(same_answer(case, &observation, &self.earlier, controls));
        if let (Some(missed), Some(first)) = (self.missed, findings.first_mut())
            && first.outcome != Outcome::Fail
        {
            first.outcome = Outcome::Inconclusive;
            first.because = missed;
        }
        let held = controls.base == Control::Accepted;
        if let Some(measured) = self.measured.as_ref().filter(|_| held) {
            findings.splice(..1, measured.findings(case));
        }
        if let (Some(moot), Some(first)) = (self.moot, findings.first_mut()) {
            first.outcome = Outcome::Skip;
            first.because = moot;
        }
        let mut result = result_of(case, findings);
        result.measured = self.measured.filter(|_| held).and_then(|measured| measured.value);
        (result.token, result.reproduce) = self.token.unzip();
        result.observation = Some(observation);
        result.twin = twin;
        result.before = self.before;
        result.controls = controls;
        trim(&mut result);
        Finished { index: self.planned.index, result: Arc::new(result), late: Late::of(case, self.nonce) }
    }
}

pub(super) fn not_sent(planned: &Planned, because: &str) -> Finished {
    let mut findings = judge(
        &planned.case,
        &Observation::bare(Verdict::Unreachable, "not sent"),
        Controls { base: Control::NotSent, feature: Control::NotSent },
    );
    for finding in &mut findings {
        because.clone_into(&mut finding.because);
    }
    Finished { index: planned.index, result: Arc::new(result_of(&planned.case, findings)), late: None }
}

/// Requests that came after a case was judged: judges it again. Returns whether anything changed.
pub fn sweep(bench: &Bench, finished: &mut Finished) -> bool {
    let (Some(journal), Some(case)) = (bench.journal(), &finished.late) else { return false };
    let late = journal.by_nonce(&case.nonce);
    let seen = finished.result.observation.as_ref().map(|observation| observation.outbound.len());
    if seen.is_none_or(|seen| late.len() <= seen) {
        return false;
    }
    let result = Arc::make_mut(&mut finished.result);
    let Some(observation) = &mut result.observation else { return false };
    observation.outbound = late;
    result.findings = judge(&case.case, observation, result.controls);
    result.outcome = gravest(&result.findings);
    true
}

/// The result of a variant that does not apply.
#[must_use]
pub fn skipped(skipped: &super::plan::Skipped) -> CaseResult {
    let case = &skipped.case;
    let finding = Finding {
        id: Finding::id(&case.id, "verdict"),
        outcome: Outcome::Skip,
        level: case.level,
        severity: case.severity,
        baseline: crate::model::outcome::BaselineStatus::New,
        expected: case.expect.to_string(),
        observed: "not sent".into(),
        because: skipped.because.clone(),
    };
    result_of(case, vec![finding])
}
