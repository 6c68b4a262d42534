//! The whole of a fuzzing run: all blocks, then the smallest token of each finding.

use super::{
    case_block::case_block,
    generate::{Forgery, Generator, Palette},
    kind::Kind,
    ledger::{Ledger, Tally},
    send::{Line, present},
};
use crate::{
    conformance::{bench::Bench, judge::judge, result::result_of},
    model::{
        Alg, Event, Finding, Level, Observation, Outcome, Recipe, Verdict,
        outcome::{BaselineStatus, Control},
        recipe::Sign,
        report::{CaseResult, Controls},
    },
    suite::Selection,
    token::evidence,
};
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// The most generated tokens between two rounds of good ones.
const BLOCK: usize = 50;

/// The most presentations that cutting down one token may cost.
const MOST_TRIES: usize = 300;

/// Accepted tokens of a kind that are cut down; the others are counted.
const MOST_SHRUNK: usize = 3;

/// Places in the report for each kind: the refusals, the shrunk tokens, one for each way of not answering.
const PLACES: usize = 1 + MOST_SHRUNK + BROKEN.len();

/// Verdicts that are findings of their own, and whether the token is cut down: not where each try would cost a timeout.
const BROKEN: [(Verdict, bool); 4] =
    [(Verdict::ServerError, true), (Verdict::Reset, true), (Verdict::Timeout, false), (Verdict::OddAnswer, false)];

/// How often the state is told, so that a run that is stopped leaves what it saw.
const TELL: Duration = Duration::from_secs(2);

/// What is to be sent.
#[derive(Debug, Clone)]
pub struct Order {
    /// Tokens to generate.
    pub count: u32,
    /// Which of them are sent, by id.
    pub selection: Selection,
    /// Blocks in flight at the same time.
    pub jobs: usize,
    /// The place of the first result in the report.
    pub first: usize,
}

impl Order {
    /// Whether any token would be sent at all.
    #[must_use]
    pub fn selects_any(&self) -> bool {
        let by_number =
            |number: u32| Kind::ALL.iter().any(|kind| self.selection.names_generated(&kind.id(Some(number))));
        (0..self.count).any(by_number)
    }
}

/// Generates, sends, judges and cuts down. `algorithms` are those that the target is configured for.
pub async fn fuzz(bench: &Arc<Bench>, algorithms: &[Alg], order: &Order, tell: &mut (dyn FnMut(Event) + Send)) {
    let palette = palette(bench, algorithms).await;
    let good = palette.trusted.iter().map(|alg| signed_by(*alg).over(bench.good())).collect();
    let line = Arc::new(Line { generator: Generator::new(bench.forge().setting().seed, palette), good });
    let mut numbers = (0..order.count)
        .filter(|number| order.selection.names_generated(&line.generator.kind(*number).id(Some(*number))));
    let mut waiting = std::iter::from_fn(|| {
        let block: Vec<u32> = numbers.by_ref().take(BLOCK).collect();
        (!block.is_empty()).then_some(block)
    });
    let report = Reporter { bench, line: &line, order };
    let mut ledger = Ledger::default();
    let mut running = JoinSet::new();
    let mut told = Instant::now();
    loop {
        while running.len() < order.jobs.max(1)
            && let Some(block) = waiting.next()
        {
            let (bench, line) = (Arc::clone(bench), Arc::clone(&line));
            running.spawn(async move { line.block(&bench, &block).await });
        }
        let Some(done) = running.join_next().await else { break };
        match done {
            Ok(answers) => answers.into_iter().for_each(|answer| ledger.enter(answer)),
            // A job that panicked is a bug of ours: end the process as one instead of losing its tokens.
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => {}
        }
        let (sent, accepted) = ledger.totals();
        tell(Event::Fuzzed { sent, of: order.count, accepted });
        if told.elapsed() > TELL {
            told = Instant::now();
            report.so_far(&ledger, tell);
        }
    }
    report.so_far(&ledger, tell);
    for (kind, tally) in &ledger.0 {
        report.found(*kind, tally, tell).await;
    }
}

fn signed_by(alg: Alg) -> Recipe {
    Recipe { sign: Some(Sign { key: alg.name().to_lowercase(), alg: None }), ..Recipe::default() }
}

/// The algorithms whose good tokens the target takes.
async fn palette(bench: &Bench, algorithms: &[Alg]) -> Palette {
    let active = bench.forge().ring().active();
    let mut taken = Vec::new();
    for alg in algorithms {
        let good = signed_by(*alg).over(bench.good());
        if *alg == active || bench.control(&good).await.is_ok_and(|seen| seen.verdict == Verdict::Accept) {
            taken.push(*alg);
        }
    }
    if taken.is_empty() {
        taken.push(active);
    }
    Palette::new(&taken)
}

struct Reporter<'a> {
    bench: &'a Bench,
    line: &'a Line,
    order: &'a Order,
}

impl Reporter<'_> {
    /// The refusals of each kind, and the first accepted token as it is.
    fn so_far(&self, ledger: &Ledger, tell: &mut (dyn FnMut(Event) + Send)) {
        for (kind, tally) in &ledger.0 {
            if let Some(result) = self.refusals(*kind, tally) {
                tell(self.finished(*kind, 0, result));
            }
            if let Some(number) = tally.accepted.iter().min()
                && let Some(forgery) = self.line.generator.forgery(*number)
            {
                let seen = Observation::bare(Verdict::Accept, "accepted; not cut down yet");
                tell(self.finished(*kind, 1, self.result(&forgery, *number, seen, Control::NotSent, None)));
            }
        }
    }

    /// The smallest tokens of what was accepted, and of what was not answered.
    async fn found(&self, kind: Kind, tally: &Tally, tell: &mut (dyn FnMut(Event) + Send)) {
        let mut numbers = tally.accepted.clone();
        numbers.sort_unstable();
        let mut known: Vec<Recipe> = Vec::new();
        for number in numbers.into_iter().take(MOST_SHRUNK) {
            let Some((forgery, seen)) = self.smallest(number, Verdict::Accept).await else { continue };
            if known.contains(&forgery.recipe) {
                continue;
            }
            known.push(forgery.recipe.clone());
            let because = match tally.accepted.len() {
                1 => "; cut down to a smallest token".to_owned(),
                more => format!("; a smallest of {more} accepted tokens of this kind"),
            };
            let control = self.control().await;
            let result = self.result(&forgery, number, seen, control, Some(&because));
            tell(self.finished(kind, known.len(), result));
        }
        for (place, (verdict, is_cut_down)) in BROKEN.into_iter().enumerate() {
            let Some((number, count)) = tally.first_broken(verdict) else { continue };
            let found = match is_cut_down {
                true => self.smallest(number, verdict).await,
                false => self.as_it_was(number, verdict).await,
            };
            let Some((forgery, seen)) = found else { continue };
            let because = format!("; so {count} of {} tokens of this kind", tally.sent);
            let control = self.control().await;
            let result = self.result(&forgery, number, seen, control, Some(&because));
            tell(self.finished(kind, 1 + MOST_SHRUNK + place, result));
        }
    }

    /// The smallest token that gets the same verdict, with what the target said to it.
    async fn smallest(&self, number: u32, verdict: Verdict) -> Option<(Forgery, Observation)> {
        let mut smallest = self.as_it_was(number, verdict).await?;
        let mut answers = Vec::new();
        while answers.len() < MOST_TRIES
            && let Some(smaller) = self.line.generator.smaller(number, &answers)
        {
            let seen = present(self.bench, &smaller).await;
            answers.push(seen.verdict == verdict);
            if seen.verdict == verdict {
                smallest = (smaller, seen);
            }
        }
        Some(smallest)
    }

    /// The token once more. A target that answers otherwise this time is believed the first time.
    async fn as_it_was(&self, number: u32, verdict: Verdict) -> Option<(Forgery, Observation)> {
        let forgery = self.line.generator.forgery(number)?;
        let seen = present(self.bench, &forgery).await;
        let seen = if seen.verdict == verdict {
            seen
        } else {
            Observation::bare(verdict, format!("the first time; the second time {} ({})", seen.verdict, seen.because))
        };
        Some((forgery, seen))
    }

    async fn control(&self) -> Control {
        if self.line.good_are_taken(self.bench).await { Control::Accepted } else { Control::Refused }
    }

    /// All refusals of a kind as one result; none where there are none.
    fn refusals(&self, kind: Kind, tally: &Tally) -> Option<CaseResult> {
        if tally.refused + tally.turned_away + tally.undecided == 0 {
            return None;
        }
        let forgery = self.line.generator.forgery(tally.first)?;
        let undecided = tally.undecided > 0;
        let seen = Observation::bare(Verdict::Reject, tally.sentence());
        let control = if undecided { Control::Refused } else { Control::Accepted };
        let mut result = self.result(&forgery, tally.first, seen, control, None);
        result.id = kind.id(None);
        result.observation = None;
        result.findings = vec![Finding {
            id: Finding::id(&result.id, "verdict"),
            outcome: if undecided { Outcome::Inconclusive } else { Outcome::Pass },
            level: Level::Must,
            severity: kind.severity(),
            baseline: BaselineStatus::New,
            expected: "reject, for every token".to_owned(),
            observed: tally.sentence(),
            because: match &tally.because {
                Some(because) => because.clone(),
                None => "refused between accepted good tokens; the token shown is the first of them".to_owned(),
            },
        }];
        result.outcome = result.findings[0].outcome;
        if let Some(reproduce) = &mut result.reproduce {
            reproduce.gauntlet = self.command(&result.id.to_string());
            (reproduce.curl, reproduce.case) = (None, None);
        }
        Some(result)
    }

    fn result(
        &self,
        forgery: &Forgery,
        number: u32,
        seen: Observation,
        control: Control,
        because: Option<&str>,
    ) -> CaseResult {
        let case = forgery.kind.case(Some(number), forgery.recipe.clone());
        let controls = Controls { base: control, feature: control };
        let mut findings = judge(&case, &seen, controls);
        if let (Some(finding), Some(because)) = (findings.first_mut(), because) {
            finding.because.push_str(because);
        }
        let (nonce, none) = (self.bench.nonce(), BTreeMap::new());
        let recipe = forgery.recipe.over(self.bench.good());
        let twin = self.bench.mint(self.bench.good(), &nonce, &none).ok();
        let token = self.bench.mint(&recipe, &nonce, &none).ok();
        let reproduce = token.as_ref().map(|token| {
            let mut reproduce = self.bench.reproduce(&case, token);
            reproduce.gauntlet = self.command(&case.id.to_string());
            reproduce.case = because.and_then(|_| case_block(forgery, number));
            reproduce
        });
        CaseResult {
            token: token.as_ref().map(|token| evidence(token, &recipe, twin.as_ref())),
            observation: Some(seen),
            controls,
            reproduce,
            ..result_of(&case, findings)
        }
    }

    /// The command that sends the same tokens again: the number alone decides a token, so all others can be left out.
    fn command(&self, id: &str) -> String {
        self.bench.command(&format!("--fuzz {} --only '{id}'", self.order.count))
    }

    fn finished(&self, kind: Kind, place: usize, result: CaseResult) -> Event {
        Event::CaseFinished { index: self.order.first + kind as usize * PLACES + place, result: Arc::new(result) }
    }
}
