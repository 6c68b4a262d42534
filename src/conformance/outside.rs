//! Cases sent while their key set lets no ordinary good token pass, or was not taken. What they show is known only when
//! good tokens pass again.

use super::{
    bench::Bench,
    block::{Finished, Sent, not_sent, send},
    plan::Planned,
};
use crate::model::{Observation, Outcome, Verdict, outcome::Control, report::Controls};
use std::sync::Arc;

/// A case that is not judged yet.
#[derive(Debug)]
pub struct Pending {
    planned: Planned,
    shown: Shown,
}

#[derive(Debug)]
enum Shown {
    /// Its token was presented. The observation is of a good token that should have passed meanwhile and did not.
    Sent(Box<(Sent<'static>, Option<Observation>)>),
    /// The target did not come up while the set was served.
    Down(String),
    /// As before, where not to come up is lawful.
    StaysDown(String),
}

impl Pending {
    /// Presents the token of a case. `spoilt` is what a good token got that should have passed under this set; without
    /// it none need pass.
    pub async fn send(bench: &Bench, planned: Planned, spoilt: Option<Observation>) -> Pending {
        let mut sent = send(bench, &planned, None, true).await.into_owned();
        // Good tokens need not pass here; whether they do when the set is gone decides the case itself.
        sent.observation.side.health = None;
        Pending { planned, shown: Shown::Sent(Box::new((sent, spoilt))) }
    }

    /// Notes that the target did not come up while the set was served. `lawful`: nothing says that it must.
    #[must_use]
    pub fn down(planned: Planned, because: String, lawful: bool) -> Pending {
        let shown = if lawful { Shown::StaysDown(because) } else { Shown::Down(because) };
        Pending { planned, shown }
    }

    /// Judges it. `held`: ordinary good tokens were taken before the set was served, and are taken again.
    #[must_use]
    pub fn judged(self, bench: &Bench, held: bool) -> Finished {
        let because = match self.shown {
            Shown::Sent(sent) => {
                let (sent, spoilt) = *sent;
                let base = if held { Control::Accepted } else { Control::Refused };
                let feature = if spoilt.is_some() { Control::Refused } else { base };
                let mut finished = sent.judged_between(bench, Controls { base, feature }, None);
                Arc::make_mut(&mut finished.result).twin = spoilt;
                return finished;
            }
            Shown::Down(because) | Shown::StaysDown(because) if !held => return not_sent(&self.planned, &because),
            Shown::StaysDown(because) => return Finished::with_outcome(&self.planned, Outcome::Skip, &because),
            Shown::Down(because) => because,
        };
        // A target that a good key set keeps from starting does not take the good tokens of that set.
        let seen = Observation::bare(Verdict::Reset, because.clone());
        let controls = Controls { base: Control::Accepted, feature: Control::Refused };
        let outcome = super::judge::judge(&self.planned.case, &seen, controls).first().map(|finding| finding.outcome);
        match (self.planned.case.expect, outcome) {
            (crate::model::expect::Expect::Accept, Some(outcome)) => {
                Finished::with_outcome(&self.planned, outcome, &because)
            }
            _ => Finished::with_outcome(&self.planned, Outcome::Skip, &because),
        }
    }
}
