//! Sends generated tokens between good ones.

use super::{
    generate::{Forgery, Generator},
    kind::Kind,
};
use crate::{
    conformance::bench::Bench,
    model::{Observation, Recipe, Verdict},
};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// A bracket is closed after this long, however many of its tokens are sent.
const LONGEST_BRACKET: Duration = Duration::from_secs(2);

/// What the target said to one token.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub number: u32,
    pub kind: Kind,
    pub verdict: Verdict,
    pub because: String,
    /// Whether good tokens were taken before and after it.
    pub decided: bool,
}

/// What all blocks work with.
pub(super) struct Line {
    pub generator: Generator,
    /// Good tokens, one per key that signs.
    pub good: Vec<Recipe>,
}

impl Line {
    /// Sends a block; once more what was sent while good tokens were refused. After the second time the target is asked
    /// no more.
    pub async fn block(&self, bench: &Bench, numbers: &[u32]) -> Vec<Answer> {
        let mut answers = Vec::new();
        let mut rest = numbers;
        while !rest.is_empty() {
            if let Some(because) = bench.halted() {
                answers.extend(rest.iter().map(|number| self.unsent(*number, &because)));
                return answers;
            }
            let mut sent = self.bracket(bench, rest).await;
            if sent.iter().any(|answer| !answer.decided) && bench.halted().is_none() {
                sent = self.bracket(bench, &rest[..sent.len()]).await;
                if let Some(lost) = sent.iter().find(|answer| !answer.decided) {
                    let because =
                        format!("the target stopped taking good tokens around {}", lost.kind.id(Some(lost.number)));
                    bench.halt(Some(because));
                }
            }
            rest = &rest[sent.len()..];
            answers.extend(sent);
        }
        answers
    }

    /// Good tokens, generated ones, the same good tokens.
    async fn bracket(&self, bench: &Bench, numbers: &[u32]) -> Vec<Answer> {
        let opened = Instant::now();
        if !self.good_are_taken(bench).await {
            return numbers
                .iter()
                .map(|number| self.unsent(*number, "a good token was not taken just before"))
                .collect();
        }
        let mut answers = Vec::new();
        for number in numbers {
            if !answers.is_empty() && (opened.elapsed() > LONGEST_BRACKET || bench.halted().is_some()) {
                break;
            }
            let Some(forgery) = self.generator.forgery(*number) else { continue };
            let seen = present(bench, &forgery).await;
            let Observation { verdict, because, .. } = seen;
            answers.push(Answer { number: *number, kind: forgery.kind, verdict, because, decided: true });
        }
        if !self.good_are_taken(bench).await {
            answers.iter_mut().for_each(|answer| answer.decided = false);
        }
        answers
    }

    /// Whether a fresh good token of each key is taken.
    pub async fn good_are_taken(&self, bench: &Bench) -> bool {
        for good in &self.good {
            if !bench.control(good).await.is_ok_and(|seen| seen.verdict == Verdict::Accept) {
                return false;
            }
        }
        true
    }

    fn unsent(&self, number: u32, because: &str) -> Answer {
        let kind = self.generator.kind(number);
        Answer { number, kind, verdict: Verdict::Unreachable, because: because.to_owned(), decided: false }
    }
}

/// A fresh token of a forgery, presented.
pub(super) async fn present(bench: &Bench, forgery: &Forgery) -> Observation {
    match bench.mint(&forgery.recipe.over(bench.good()), &bench.nonce(), &BTreeMap::new()) {
        Ok(token) => bench.patiently(&token.bytes, None).await,
        Err(error) => Observation::bare(Verdict::Unreachable, format!("the token cannot be made: {error}")),
    }
}
