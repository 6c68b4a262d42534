//! Published vectors, shown to a target that takes keys for them.
//!
//! Nothing can be minted beside them under most of their keys, so their controls are each other: a refusal counts where
//! the target took a good vector under the same keys, or else of the same algorithm.

mod evidence;
mod judge;
mod trust;

use super::{result::result_of, trim::trim};
use crate::{
    model::{
        Capabilities, Observation, TrustConfig, Verdict,
        report::{CaseResult, Reproduce},
        vector::{Published, VectorAsk},
    },
    target::{Bare, Opened, Shown, Target},
};
use judge::Answer;

/// A vector with its place in the order of the suite.
#[derive(Debug, Clone)]
pub struct Exhibit {
    /// Its place.
    pub index: usize,
    /// What is shown.
    pub vector: Published,
}

/// Where vectors are shown.
pub struct Gallery<'a> {
    /// The target.
    pub target: &'a Target,
    /// What it trusts for the rest of the run; it is told so again in the end.
    pub trust: &'a TrustConfig,
    /// What the library behind it says it can do.
    pub declares: &'a Capabilities,
    /// The command that shows one vector again.
    pub command: &'a (dyn Fn(&Published) -> String + Send + Sync),
}

/// After so many answers that did not come in time, more questions would only take time.
const MOST_TIMEOUTS: usize = 12;

/// Shows vectors and judges the answers, in their order. The target must be asked nothing else meanwhile. In the end it
/// is told to trust what it trusted before; the second value says why it does not.
pub async fn exhibit(gallery: &Gallery<'_>, exhibits: &[Exhibit]) -> (Vec<(usize, CaseResult)>, Result<(), String>) {
    let mut answers = Vec::with_capacity(exhibits.len());
    let mut told: Option<TrustConfig> = None;
    let mut taken = Ok(());
    let mut timeouts = 0;
    for exhibit in exhibits {
        let trust = trust::of(gallery.trust, &exhibit.vector);
        if timeouts >= MOST_TIMEOUTS {
            let because = "not sent: too many of these questions got no answer";
            let seen = Opened { observation: Observation::bare(Verdict::Unreachable, because), payload: None };
            answers.push(Answer::new(&exhibit.vector, seen, &trust));
            continue;
        }
        if told.as_ref() != Some(&trust) {
            taken = gallery.target.trust(&trust).await;
        }
        let seen = match &taken {
            Ok(()) => ask(gallery.target, &exhibit.vector).await,
            Err(because) => {
                let because = format!("it did not take the keys: {because}");
                Opened { observation: Observation::bare(Verdict::ServerError, because), payload: None }
            }
        };
        timeouts += usize::from(seen.observation.verdict == Verdict::Timeout);
        answers.push(Answer::new(&exhibit.vector, seen, &trust));
        told = Some(trust);
    }
    let back = match told {
        Some(_) => gallery.target.trust(gallery.trust).await,
        None => Ok(()),
    };
    let results = judge::all(&answers, gallery.declares);
    let finished = exhibits.iter().zip(answers).zip(results).map(|((exhibit, answer), (controls, findings))| {
        let vector = &exhibit.vector;
        let mut result = CaseResult {
            token: Some(evidence::of(vector)),
            observation: Some(answer.seen.observation),
            controls,
            reproduce: Some(Reproduce { gauntlet: (gallery.command)(vector), curl: None, case: None }),
            ..result_of(&vector.case, findings)
        };
        trim(&mut result);
        (exhibit.index, result)
    });
    (finished.collect(), back)
}

/// Asks what the vector wants asked.
async fn ask(target: &Target, vector: &Published) -> Opened {
    let token = vector.token.as_bytes();
    match vector.ask {
        VectorAsk::VerifyJws => target.open(Bare::VerifyJws, token).await,
        VectorAsk::Decrypt => target.open(Bare::Decrypt, token).await,
        VectorAsk::Validate => {
            let shown = Shown::plain(token, vector.now.unwrap_or_default());
            Opened { observation: target.present(&shown).await, payload: None }
        }
    }
}
