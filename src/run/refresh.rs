//! How another key set is brought to the target, and how we see that it is in use.

use super::setup::Stage;
use crate::{
    builtin,
    conformance::Bench,
    issuer::{Journal, ServedSet},
    model::{
        Observation, Period, Recipe, TargetFile, TrustConfig, Verdict, keyset::KeySet, recipe::Sign, refresh::Refresh,
        verdict::Endpoint,
    },
    target::Target,
};
use serde_json::json;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

/// Added to every wait for a cache, whose clock need not be ours.
const SLACK: Duration = Duration::from_millis(200);
/// How long a fetch in the background may take to reach us.
const BEHIND: Duration = Duration::from_secs(1);
/// How often we look for it.
const LOOK: Duration = Duration::from_millis(20);
/// Less than this nobody needs to be told.
const WORTH_A_WORD: Duration = Duration::from_secs(1);
/// How often a target is asked to take a set.
const TRIES: usize = 3;

/// How another key set reaches the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Way {
    /// The validator in this process, or the adapter, is configured again.
    Configure,
    /// The built-in server forgets everything.
    Forget,
    /// The built-in server fetches again.
    Expire,
    /// The target is restarted, which takes about so long.
    Restart(Duration),
    /// A token with an unknown `kid`, so long after the fetch before it.
    UnknownKid(Duration),
    /// Waiting so long.
    Lifetime(Duration),
    /// The user's command.
    Command(Vec<String>),
}

impl Way {
    /// What one change costs, where it is worth a word.
    pub fn cost(&self) -> Option<Duration> {
        match self {
            Way::Configure | Way::Forget | Way::Expire | Way::Command(_) => None,
            Way::Restart(cost) | Way::UnknownKid(cost) | Way::Lifetime(cost) => Some(*cost),
        }
    }

    /// In a few words.
    pub fn sentence(&self) -> &'static str {
        match self {
            Way::Configure => "configured again",
            Way::Forget | Way::Restart(_) => "restarted",
            Way::Expire | Way::Lifetime(_) => "left alone until its cache ends",
            Way::UnknownKid(_) => "shown an unknown `kid`",
            Way::Command(_) => "told by [jwks] refresh.command",
        }
    }
}

/// The two ways to a target.
#[derive(Debug, Clone, Default)]
pub(super) struct Ways {
    /// The cheapest.
    pub any: Option<Way>,
    /// The cheapest that does not restart it.
    pub live: Option<Way>,
}

impl Ways {
    /// What a target file offers; `up` is how long the target took to come up.
    pub fn of_file(file: &TargetFile, up: Duration) -> Ways {
        let restart = || Some(Way::Restart(up));
        let wait = match file.jwks.as_ref().map(|jwks| &jwks.refresh) {
            None => return Ways { any: file.start.as_ref().and_then(|_| restart()), live: None },
            Some(Refresh::Never) => return Ways::default(),
            Some(Refresh::Restart) => return Ways { any: restart(), live: None },
            Some(Refresh::Command(command)) => Way::Command(command.clone()),
            Some(Refresh::UnknownKid) => Way::UnknownKid(file.cache.cooldown().0),
            Some(Refresh::Ttl) => Way::Lifetime(file.cache.lifetime().0),
        };
        let restarts = file.start.is_some() && wait.cost().is_some_and(|cost| cost > up);
        Ways { any: if restarts { restart() } else { Some(wait.clone()) }, live: Some(wait) }
    }
}

/// What became of a set.
pub(super) enum Taken {
    /// It is in use.
    Yes,
    /// It was fetched, and then a good token of it was refused.
    Ignored(Box<Observation>),
    /// Nothing shows that it was fetched.
    Unseen(String),
    /// The target did not come up with it.
    Down(String),
}

/// Publishes a set and brings it to the target.
///
/// # Errors
/// The set cannot be served: a mistake in its file.
pub(super) async fn bring(
    stage: &mut Stage,
    bench: &Bench,
    set: &KeySet,
    way: &Way,
    sentinel: Option<&str>,
) -> Result<Taken, String> {
    let body = stage.ours.ring.serve(set).map_err(|error| error.to_string())?;
    let journal = stage.ours.testbed.journal().clone();
    let before = journal.count(Endpoint::Jwks);
    if *way == Way::Configure {
        // A set that stands alone is handed over as it is, unless ordinary tokens need the secret.
        let by_secret = stage.trust.algorithms.first().is_some_and(|alg| !alg.is_asymmetric());
        let Some(keys) = stage.ours.ring.handed_over_with(&body, by_secret || !set.is_alone()) else {
            return Ok(Taken::Unseen("it is no JSON object with a list of keys, and cannot be handed over".into()));
        };
        let trust = TrustConfig { keys, ..stage.trust.clone() };
        let configured = match stage.target.as_ref() {
            Target::InProcess(target) => target.configure(&trust),
            Target::Stdio(target) => target.configure(&trust).await.map_err(|error| error.to_string()),
            Target::Http(_) => Ok(()),
        };
        if let Err(because) = configured {
            return Ok(Taken::Down(because));
        }
        return Ok(taken(bench, sentinel, None, before, way).await);
    }
    let headers = set.headers.clone();
    let served = ServedSet { body, headers, status: set.status, chunked: set.chunked };
    stage.ours.testbed.publish(&served).map_err(|error| error.to_string())?;
    match stage.refresh(way).await {
        Ok(()) => Ok(taken(bench, sentinel, Some(&journal), before, way).await),
        Err(because) => Ok(Taken::Down(because)),
    }
}

/// Presents tokens until a fetch is seen and a token that only this set lets pass is taken.
async fn taken(bench: &Bench, sentinel: Option<&str>, journal: Option<&Journal>, before: usize, way: &Way) -> Taken {
    let mut last = None;
    for turn in 0..TRIES {
        if let (Way::UnknownKid(wait) | Way::Lifetime(wait), true) = (way, turn > 0) {
            sleep(*wait + SLACK).await;
        }
        let shown = match sentinel {
            Some(key) => bench.control(&signed_by(key).over(bench.good())).await,
            None if matches!(way, Way::UnknownKid(_)) => bench.control(&unknown_kid(bench)).await,
            None => bench.control(bench.good()).await,
        };
        let shown = match shown {
            Ok(observation) => observation,
            Err(error) => return Taken::Unseen(format!("the token that should prove it cannot be made: {error}")),
        };
        let fetched = match journal {
            None => true,
            Some(journal) => fetched_since(journal, before).await,
        };
        // A target that takes the token of a key which it never fetched proves nothing.
        if fetched && (sentinel.is_none() || shown.verdict == Verdict::Accept) {
            return Taken::Yes;
        }
        // The first token may only have set the fetch off.
        if fetched && (turn > 0 || journal.is_none()) {
            return Taken::Ignored(Box::new(shown));
        }
        last = Some(shown);
    }
    let seen = last.map_or_else(String::new, |seen| format!(" (the last token got: {})", seen.because));
    Taken::Unseen(format!("the target was {}, but did not fetch the key set{seen}", way.sentence()))
}

async fn fetched_since(journal: &Journal, before: usize) -> bool {
    let deadline = Instant::now() + BEHIND;
    while journal.count(Endpoint::Jwks) <= before {
        if Instant::now() >= deadline {
            return false;
        }
        sleep(LOOK).await;
    }
    true
}

fn signed_by(key: &str) -> Recipe {
    Recipe { sign: Some(Sign { key: key.to_owned(), alg: None }), ..Recipe::default() }
}

/// A token whose `kid` nobody has, and whose algorithm has public keys.
fn unknown_kid(bench: &Bench) -> Recipe {
    let key =
        bench.forge().ring().public().map_or("rogue".into(), |alg| format!("rogue-{}", alg.name().to_lowercase()));
    let header = [("kid".to_owned(), json!("unknown-${nonce}"))].into_iter().collect();
    Recipe { header, ..signed_by(&key) }.over(bench.good())
}

impl Stage {
    /// Makes the target fetch the key set again, or get ready to.
    async fn refresh(&mut self, way: &Way) -> Result<(), String> {
        match way {
            Way::Configure => {}
            Way::Forget => self.server.iter().for_each(|server| server.restart(&self.trust)),
            Way::Expire => self.server.iter().for_each(builtin::Server::expire_keys),
            Way::Restart(_) => match self.restart().await {
                Ok(true) => {}
                Ok(false) => return Err("nothing says how it is restarted".into()),
                Err(error) => return Err(error.to_string()),
            },
            Way::UnknownKid(wait) | Way::Lifetime(wait) => sleep_until(Instant::now() + *wait + SLACK).await,
            Way::Command(command) => {
                if let Some(connection) = &mut self.connection {
                    connection.refresh(command).await.map_err(|error| error.to_string())?;
                }
            }
        }
        Ok(())
    }
}

/// What the phases of a run will cost, for people who wait; `changes` of them change a set that is in use.
pub(super) fn price(phases: usize, changes: usize, ways: &Ways) -> Option<String> {
    let any = ways.any.as_ref()?;
    let live = ways.live.as_ref().filter(|_| changes > 0);
    let times = |way: Option<&Way>, number: usize| {
        let cost = way.and_then(Way::cost).unwrap_or_default();
        cost.saturating_mul(u32::try_from(number).unwrap_or(u32::MAX))
    };
    // One more for the default set at the end.
    let total = times(Some(any), phases + 1).saturating_add(times(live, changes));
    if total < WORTH_A_WORD {
        return None;
    }
    let then = match live {
        Some(live) if live != any => format!(", and {} {changes} times", live.sentence()),
        _ => String::new(),
    };
    let total = Period::from_secs(total.as_secs());
    Some(format!("{phases} other key sets, the target {} for each{then}: about {total}", any.sentence()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ways(tables: &str, up: u64) -> Ways {
        let text = format!(
            "format = \"target/1\"\ntarget.name = \"t\"\ntransport.bearer.url = \"http://127.0.0.1:1/\"\n\
             trust = {{ keys = \"jwks-uri\", audience = \"a\", algorithms = [\"RS256\"] }}\n{tables}"
        );
        Ways::of_file(&toml::from_str(&text).unwrap(), Duration::from_secs(up))
    }

    #[test]
    fn a_restart_is_taken_where_it_is_cheaper_than_the_wait() {
        let start = "start = { command = [\"x\"], ready = { url = \"http://127.0.0.1:1/\", within = \"1s\" } }\n";
        let kid = "jwks.refresh = \"unknown-kid\"\ncache.cooldown = \"5s\"\n";
        let [brief, long] = [1, 9].map(|up| ways(&format!("{start}{kid}"), up));
        let wait = Some(Way::UnknownKid(Duration::from_secs(5)));
        assert_eq!((brief.any, brief.live), (Some(Way::Restart(Duration::from_secs(1))), wait.clone()));
        assert_eq!((long.any, long.live), (wait.clone(), wait.clone()));
        assert_eq!(ways(kid, 0).any, wait);
        assert_eq!(ways(start, 2).any, Some(Way::Restart(Duration::from_secs(2))));
        assert_eq!((ways("", 0).any, ways(start, 0).live), (None, None));
        assert_eq!(ways(&format!("{start}jwks.refresh = \"never\""), 0).any, None);
        assert_eq!(ways("jwks.refresh = \"ttl\"", 0).any, Some(Way::Lifetime(Duration::from_secs(300))));
        let command = ways("jwks.refresh = { command = [\"reload\"] }", 0);
        assert_eq!((command.any.clone(), command.any), (command.live, Some(Way::Command(vec!["reload".into()]))));
    }

    #[test]
    fn only_waiting_has_a_price() {
        let [restart, wait] = [Way::Restart(Duration::from_millis(500)), Way::UnknownKid(Duration::from_secs(30))];
        let said = |any: &Way, live: &Way, changes| {
            price(3, changes, &Ways { any: Some(any.clone()), live: Some(live.clone()) })
        };
        assert_eq!(said(&Way::Forget, &Way::Expire, 1), None);
        assert_eq!(said(&restart, &wait, 0).unwrap(), "3 other key sets, the target restarted for each: about 2s");
        let both = said(&restart, &wait, 2).unwrap();
        assert!(both.ends_with("restarted for each, and shown an unknown `kid` 2 times: about 62s"), "{both}");
        assert!(said(&wait, &wait, 1).unwrap().ends_with("shown an unknown `kid` for each: about 150s"));
    }
}
