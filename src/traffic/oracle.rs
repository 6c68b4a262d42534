//! What the target owes a token at a moment: an acceptance, a refusal, or nothing that anybody could claim.

use crate::model::chaos::TokenClass;
use std::{collections::BTreeMap, time::Duration};

/// Estimates of a cache are right to a tenth.
const TENTH: u32 = 10;

/// What is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owed {
    /// The token must be taken.
    Accept,
    /// It must not be taken.
    Reject,
    /// Either will do: the target cannot know yet, or need not know any more.
    Grace,
}

/// A span of time; without an end it lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Its beginning, which belongs to it.
    pub from: Duration,
    /// Its end, which does not.
    pub to: Option<Duration>,
}

impl Span {
    /// Whether a moment lies in it.
    #[must_use]
    pub fn contains(&self, at: Duration) -> bool {
        self.from <= at && self.to.is_none_or(|to| at < to)
    }

    /// Whether any moment from `from` up to and with `to` lies in it.
    fn meets(&self, from: Duration, to: Duration) -> bool {
        self.from <= to && self.to.is_none_or(|end| from < end)
    }
}

/// What happened on the issuer's side, and how much of it the target could see. Times count from one beginning.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// When each key was in the key set, oldest span first. A span that begins at zero is of a key that the target knew by
    /// then.
    pub published: BTreeMap<String, Vec<Span>>,
    /// When the target could not learn the truth, because of a fault.
    pub impaired: Vec<Span>,
    /// When the target had fetched the true key set, in order.
    pub learned: Vec<Duration>,
    /// When the target was started again.
    pub restarts: Vec<Duration>,
}

/// What the target declares of its cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// How long a key set is used before it is fetched again.
    pub lifetime: Duration,
    /// The pause between two fetches for an unknown `kid`.
    pub cooldown: Duration,
    /// After this long a fetch is given up.
    pub timeout: Duration,
    /// How long beyond its lifetime an old key set is used while no new one can be had; `None`: nothing is declared.
    pub stale: Option<Duration>,
}

impl Policy {
    /// The time within which a target in good health has learned of a change, with a tenth to spare.
    #[must_use]
    pub fn lag(&self) -> Duration {
        self.lifetime + self.lifetime / TENTH + self.cooldown + self.timeout
    }

    /// The time within which a removed key is forgotten while the issuer answers, with a tenth to spare.
    fn revocation(&self) -> Duration {
        let bound = self.lifetime + self.cooldown;
        bound + bound / TENTH + self.timeout
    }

    /// How long after a good fetch a key set is surely still used.
    fn surely(&self) -> Duration {
        self.lifetime - self.lifetime / TENTH + self.stale.unwrap_or_default()
    }
}

/// What is owed to a token of this class by this key that was under way from `from` to `to`. The verdict fell somewhere
/// within, so what changes meanwhile is owed by nobody.
#[must_use]
pub fn owed(
    class: TokenClass,
    key: Option<&str>,
    from: Duration,
    to: Duration,
    history: &History,
    policy: &Policy,
) -> Owed {
    if class.is_forged() {
        return Owed::Reject;
    }
    // Nothing ever happens to the second issuer, and no fault of the first one is an excuse.
    if class == TokenClass::Second {
        return Owed::Accept;
    }
    let spans = key.and_then(|key| history.published.get(key)).map_or(&[][..], Vec::as_slice);
    let at = |moment| owed_at(spans, moment, history, policy);
    let first = at(from);
    if first == at(to) { first } else { Owed::Grace }
}

fn owed_at(spans: &[Span], at: Duration, history: &History, policy: &Policy) -> Owed {
    match spans.iter().rev().find(|span| span.from <= at) {
        // Nobody can know a key that was never published.
        None => Owed::Reject,
        Some(span) if span.contains(at) => published(span.from, at, history, policy),
        Some(Span { to: Some(removed), .. }) if at >= forgotten(*removed, history, policy) => Owed::Reject,
        Some(_) => Owed::Grace,
    }
}

/// A key that is in the key set since `since`.
fn published(since: Duration, at: Duration, history: &History, policy: &Policy) -> Owed {
    let restarted = history.restarts.iter().rev().find(|restart| **restart <= at).copied();
    // A key that is new to the target, because it was just published or because the target was just started. What was there
    // from the beginning is known: nothing is played before the target has taken a token.
    let known = since.is_zero() && restarted.is_none();
    let since = restarted.map_or(since, |restart| restart.max(since));
    if !known && at < seen_by(since, history, policy) {
        return Owed::Grace;
    }
    let learned = history.learned.iter().rev().find(|moment| **moment <= at && **moment >= since).copied();
    let disturbed = |from: Duration| history.impaired.iter().any(|span| span.meets(from, at));
    match learned {
        Some(moment) if !disturbed(moment) || at < moment + policy.surely() => Owed::Accept,
        None if !disturbed(since) => Owed::Accept,
        // After a fault the target has as long as it needs to learn anything.
        _ if !history.impaired.iter().any(|span| span.meets(at.saturating_sub(policy.lag()), at)) => Owed::Accept,
        _ => Owed::Grace,
    }
}

/// When a target in good health has seen a change that happened at `changed`: it needs that long without a fault.
fn seen_by(changed: Duration, history: &History, policy: &Policy) -> Duration {
    let mut from = changed;
    for span in &history.impaired {
        if span.meets(from, from + policy.lag()) {
            match span.to {
                Some(end) => from = from.max(end),
                None => return Duration::MAX,
            }
        }
    }
    from + policy.lag()
}

/// When a key that was removed must be forgotten.
fn forgotten(removed: Duration, history: &History, policy: &Policy) -> Duration {
    let mut deadline = removed + policy.revocation();
    // Without a fault it is gone by then; a declared bound on old key sets holds whatever the issuer does.
    let bound = policy.stale.map(|stale| removed + policy.revocation() + stale + stale / TENTH);
    for span in &history.impaired {
        if span.meets(removed, deadline) {
            deadline = match span.to {
                Some(end) => deadline.max(end + policy.revocation()),
                None => Duration::MAX,
            };
        }
    }
    bound.map_or(deadline, |bound| deadline.min(bound))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const POLICY: Policy = Policy {
        lifetime: Duration::from_secs(4),
        cooldown: Duration::from_secs(1),
        timeout: Duration::from_secs(1),
        stale: Some(Duration::from_secs(8)),
    };

    fn span(from: u64, to: impl Into<Option<u64>>) -> Span {
        Span { from: Duration::from_secs(from), to: to.into().map(Duration::from_secs) }
    }

    fn history(published: Vec<Span>, impaired: Vec<Span>, learned: &[u64]) -> History {
        History {
            published: BTreeMap::from([("k1".to_owned(), published)]),
            impaired,
            learned: learned.iter().map(|second| Duration::from_secs(*second)).collect(),
            restarts: Vec::new(),
        }
    }

    fn ask(history: &History, policy: &Policy, second: f64) -> Owed {
        let at = Duration::from_secs_f64(second);
        owed(TokenClass::Valid, Some("k1"), at, at, history, policy)
    }

    #[test]
    fn a_new_key_is_owed_nothing_until_everybody_can_know_it() {
        let new = history(vec![span(10, None)], Vec::new(), &[0, 4, 8, 12]);
        let ask = |second| ask(&new, &POLICY, second);
        assert_eq!([ask(9.9), ask(10.0), ask(16.3), ask(16.5)], [Owed::Reject, Owed::Grace, Owed::Grace, Owed::Accept]);
    }

    #[test]
    fn a_removed_key_must_be_forgotten_within_its_bound() {
        let gone = history(vec![span(0, 20)], Vec::new(), &[0, 4, 8, 12, 16]);
        let ask = |second| ask(&gone, &POLICY, second);
        assert_eq!(
            [ask(19.9), ask(20.0), ask(26.4), ask(26.6)],
            [Owed::Accept, Owed::Grace, Owed::Grace, Owed::Reject]
        );
    }

    #[test]
    fn in_an_outage_a_known_key_is_owed_as_long_as_is_declared() {
        let out = history(vec![span(0, None)], vec![span(9, 29)], &[0, 4, 8, 30]);
        let ask_with = |policy: &Policy, second| ask(&out, policy, second);
        // The last good fetch was at 8: 3.6 s of lifetime and 8 s beyond it.
        assert_eq!(ask_with(&POLICY, 19.5), Owed::Accept);
        assert_eq!(ask_with(&POLICY, 19.7), Owed::Grace);
        assert_eq!(ask_with(&POLICY, 29.5), Owed::Grace);
        assert_eq!(ask_with(&POLICY, 30.0), Owed::Accept, "it has fetched again");
        let undeclared = Policy { stale: None, ..POLICY };
        assert_eq!([ask_with(&undeclared, 11.5), ask_with(&undeclared, 11.7)], [Owed::Accept, Owed::Grace]);
        let never = History { learned: out.learned[..3].to_vec(), ..out };
        assert_eq!(ask(&never, &POLICY, 36.0), Owed::Accept, "it has had the time to");
    }

    #[test]
    fn a_key_that_is_removed_in_an_outage_is_bounded_by_what_is_declared() {
        let gone = history(vec![span(0, 12)], vec![span(9, 60)], &[0, 4, 8]);
        assert_eq!(ask(&gone, &POLICY, 27.0), Owed::Grace);
        assert_eq!(ask(&gone, &POLICY, 27.5), Owed::Reject);
        let undeclared = Policy { stale: None, ..POLICY };
        assert_eq!([ask(&gone, &undeclared, 66.4), ask(&gone, &undeclared, 66.6)], [Owed::Grace, Owed::Reject]);
    }

    #[test]
    fn a_restart_makes_every_key_new() {
        let mut known = history(vec![span(0, None)], Vec::new(), &[0, 4]);
        known.restarts = vec![Duration::from_secs(20)];
        assert_eq!(
            [ask(&known, &POLICY, 19.0), ask(&known, &POLICY, 21.0), ask(&known, &POLICY, 27.0)],
            [Owed::Accept, Owed::Grace, Owed::Accept]
        );
    }

    #[test]
    fn what_changes_while_a_token_is_under_way_is_owed_by_nobody() {
        let new = history(vec![span(10, None)], Vec::new(), &[]);
        let under_way = |from, to| {
            let (from, to) = (Duration::from_secs(from), Duration::from_secs(to));
            owed(TokenClass::Valid, Some("k1"), from, to, &new, &POLICY)
        };
        assert_eq!(under_way(9, 11), Owed::Grace);
        assert_eq!(under_way(8, 9), Owed::Reject);
    }

    fn spans() -> impl Strategy<Value = Vec<Span>> {
        proptest::collection::vec((1u64..20, 1u64..20), 0..4).prop_map(|lengths| {
            let mut at = 0;
            lengths
                .into_iter()
                .map(|(gap, length)| {
                    let from = at + gap;
                    at = from + length;
                    span(from, at)
                })
                .collect()
        })
    }

    prop_compose! {
        fn histories()(
            published in spans(), lasts in any::<bool>(), impaired in spans(),
            mut learned in proptest::collection::vec(0u64..120, 0..12),
            restarts in proptest::collection::vec(0u64..120, 0..2),
        ) -> History {
            learned.sort_unstable();
            let mut history = history(published, impaired, &learned);
            if lasts && let Some(last) = history.published.get_mut("k1").and_then(|spans| spans.last_mut()) {
                last.to = None;
            }
            history.restarts = restarts.into_iter().map(Duration::from_secs).collect();
            history
        }
    }

    fn policies() -> impl Strategy<Value = Policy> {
        (1u64..10, 0u64..3, 0u64..3, proptest::option::of(0u64..20)).prop_map(|(lifetime, cooldown, timeout, stale)| {
            Policy {
                lifetime: Duration::from_secs(lifetime),
                cooldown: Duration::from_secs(cooldown),
                timeout: Duration::from_secs(timeout),
                stale: stale.map(Duration::from_secs),
            }
        })
    }

    proptest! {
        #[test]
        fn forged_tokens_are_owed_a_refusal_at_every_moment(
            history in histories(), policy in policies(), at in 0u64..200, index in 0usize..TokenClass::ALL.len()
        ) {
            let class = TokenClass::ALL[index];
            let at = Duration::from_secs(at);
            if class.is_forged() {
                prop_assert_eq!(owed(class, Some("k1"), at, at, &history, &policy), Owed::Reject);
            }
            prop_assert_eq!(owed(TokenClass::Valid, Some("k9"), at, at, &history, &policy), Owed::Reject);
        }

        #[test]
        fn a_published_key_is_never_owed_a_refusal_and_an_unpublished_one_never_an_acceptance(
            history in histories(), policy in policies(), at in 0u64..200
        ) {
            let moment = Duration::from_secs(at);
            let is_published = history.published["k1"].iter().any(|span| span.contains(moment));
            match ask(&history, &policy, at as f64) {
                Owed::Reject => prop_assert!(!is_published),
                Owed::Accept => prop_assert!(is_published),
                Owed::Grace => {}
            }
        }

        #[test]
        fn without_faults_everything_is_owed_in_the_end(history in histories(), policy in policies()) {
            let calm = History { impaired: Vec::new(), restarts: Vec::new(), ..history };
            let Some(last) = calm.published["k1"].last().copied() else { return Ok(()) };
            let settled = last.to.unwrap_or(last.from) + policy.lag() * 2;
            let wanted = if last.to.is_none() { Owed::Accept } else { Owed::Reject };
            prop_assert_eq!(ask(&calm, &policy, settled.as_secs_f64()), wanted);
        }

        #[test]
        fn a_longer_declared_bound_never_takes_an_acceptance_away(
            history in histories(), policy in policies(), at in 0u64..200, more in 1u64..20
        ) {
            let stale = policy.stale.unwrap_or_default() + Duration::from_secs(more);
            let patient = Policy { stale: Some(stale), ..policy };
            if ask(&history, &policy, at as f64) == Owed::Accept {
                prop_assert_eq!(ask(&history, &patient, at as f64), Owed::Accept);
            }
        }
    }
}
