//! One user, step by step: a token where none is held or the one held grows old, then a call.

use super::{
    held::Held,
    line::{Answer, Line},
    scene::Scene,
};
use crate::{
    load::{Debt, tally::Seen},
    model::{Verdict, chaos::TokenClass},
    traffic::Deal,
};
use std::time::{Duration, Instant};

/// The pause of a user who got no token before the next try.
const AGAIN: Duration = Duration::from_millis(200);
/// The pause of one whom nobody answers.
const COOL: Duration = Duration::from_millis(20);

/// What a user did, as it is counted by name.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Deed {
    /// `TOKEN` or `CALL`.
    pub kind: &'static str,
    /// `sign in`, `renew`, or the class of the token.
    pub name: &'static str,
    /// From the question to the end of the answer.
    pub took: Duration,
    /// Why it failed, where it did. Never a token, and no text of a target.
    pub failed: Option<String>,
}

/// A user.
pub(super) struct Journey {
    line: Line,
    held: Option<Held>,
    /// Before this nobody asks for a token again.
    not_before: Option<Instant>,
    deal: Deal,
}

impl Journey {
    /// A user by number: each begins at another place of the mix.
    pub fn new(scene: &Scene, number: usize) -> Journey {
        let weights: Vec<u32> = scene.lots.iter().map(|lot| lot.weight).collect();
        let mut deal = Deal::new(&weights);
        let all: usize = weights.iter().map(|weight| *weight as usize).sum();
        for _ in 0..(number * 7) % all.max(1) {
            deal.draw();
        }
        Journey { line: Line::default(), held: None, not_before: None, deal }
    }

    /// Takes the next step.
    pub async fn step(&mut self, scene: &Scene) -> Vec<Deed> {
        let mut deeds = Vec::new();
        let now = Instant::now();
        self.held.take_if(|held| held.is_over(now));
        let wants = self.held.as_ref().is_none_or(|held| held.is_due(now));
        if wants && self.not_before.is_none_or(|not_before| now >= not_before) {
            deeds.extend(self.fetch(scene).await);
        }
        let Some(lot) = self.deal.draw() else { return deeds };
        let class = scene.lots[lot].class;
        let token = match (class, &self.held) {
            (TokenClass::Valid, held) => held.as_ref().map(|held| held.access.reveal().as_str()),
            _ => scene.token(lot),
        };
        let Some(token) = token else {
            tokio::time::sleep(COOL).await;
            return deeds;
        };
        let calling = scene.calling();
        let asked = Instant::now();
        let answered = scene.unless_stopped(self.line.ask(&scene.wire, token.as_bytes())).await;
        let Some(answer) = answered else { return deeds };
        let (started, ended, took) = (calling.started, calling.over(), asked.elapsed());
        let debt = match (class, &self.held) {
            (TokenClass::Valid, Some(held)) => held.debt(asked + took),
            _ if class.is_forged() => Debt::Reject,
            _ => Debt::Accept,
        };
        {
            let mut tally = scene.tally();
            tally.connections += answer.opened;
            tally.resent += u64::from(answer.resent);
            let seen = Seen { kind: lot, planned: started, started, ended, verdict: answer.verdict };
            tally.ended_owing(&seen, debt, || status(&answer));
        }
        deeds.push(Deed { kind: "CALL", name: class.name(), took, failed: trouble(&answer, debt) });
        if answer.verdict == Verdict::Unreachable || answer.opened > 0 && answer.status.is_none() {
            tokio::time::sleep(COOL).await;
        }
        deeds
    }

    /// Signs in, or renews the token that is held.
    async fn fetch(&mut self, scene: &Scene) -> Option<Deed> {
        let asked = Instant::now();
        let name = if self.held.is_some() { "renew" } else { "sign in" };
        let refresh = self.held.as_ref().and_then(|held| held.refresh.clone());
        let issued = match &refresh {
            Some(token) => scene.unless_stopped(scene.endpoint.refresh(token)).await?,
            None => scene.unless_stopped(scene.endpoint.begin()).await?,
        };
        let took = asked.elapsed();
        let (verdict, because) = (issued.verdict, issued.because.clone());
        let failed = match Held::of(issued, asked) {
            Some(mut fresh) => {
                scene.given(fresh.access.reveal());
                // RFC 6749 section 6: the old refresh token goes on where no new one comes.
                fresh.refresh = fresh.refresh.or(refresh);
                (self.held, self.not_before) = (Some(fresh), None);
                None
            }
            None => {
                scene.denied(&because);
                self.not_before = Some(Instant::now() + AGAIN);
                // A session that is over is begun anew.
                if let Some(held) = self.held.as_mut().filter(|_| verdict == Verdict::Reject) {
                    held.refresh = None;
                }
                Some(because)
            }
        };
        Some(Deed { kind: "TOKEN", name, took, failed })
    }
}

fn status(answer: &Answer) -> String {
    answer.status.map(|status| format!("status {status}")).unwrap_or_default()
}

/// What is wrong with an answer.
fn trouble(answer: &Answer, debt: Debt) -> Option<String> {
    match (answer.verdict, debt) {
        (Verdict::Accept, Debt::Reject) => Some(format!("accepted, and a refusal was owed ({})", status(answer))),
        (Verdict::Reject | Verdict::Refused, Debt::Accept) => {
            Some(format!("refused, and an acceptance was owed ({})", status(answer)))
        }
        (Verdict::Accept | Verdict::Reject | Verdict::Refused, _) => None,
        (verdict, _) => Some(format!("{verdict} {}", status(answer)).trim_end().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_trouble_where_it_is_not_what_was_owed() {
        let answer = |verdict, status| Answer { verdict, status: Some(status), opened: 0, resent: false };
        for (verdict, status, debt, wanted) in [
            (Verdict::Accept, 200, Debt::Accept, None),
            (Verdict::Reject, 401, Debt::Reject, None),
            (Verdict::Reject, 401, Debt::Grace, None),
            (Verdict::Accept, 200, Debt::Reject, Some("accepted, and a refusal was owed (status 200)")),
            (Verdict::Reject, 401, Debt::Accept, Some("refused, and an acceptance was owed (status 401)")),
            (Verdict::ServerError, 503, Debt::Reject, Some("server-error status 503")),
        ] {
            assert_eq!(trouble(&answer(verdict, status), debt).as_deref(), wanted, "{verdict} {debt:?}");
        }
        let silent = Answer { verdict: Verdict::Timeout, status: None, opened: 1, resent: false };
        assert_eq!(trouble(&silent, Debt::Accept).as_deref(), Some("timeout"));
    }
}
