//! The work bench of one run: forge, target, journal, and the state that all jobs share.

use super::{
    memory::{Memory, Part},
    plan::Planned,
    renew::Renewal,
};
use crate::{
    issuer::Journal,
    model::{Capability, Observation, Recipe, Verdict, case::Present},
    target::{MemoryGauge, Revoker, Shown, Target},
    token::{Forge, ForgeError, Token},
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// The longest pause that a target's `Retry-After` can ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// After so many tokens that were rate limited twice in a row, more of them would only take time.
const MOST_RATE_LIMITED: u64 = 3;

/// After so many tokens without an answer, a run would take hours: it stops asking.
const MOST_TIMEOUTS: u64 = 24;

/// What every job works with.
pub struct Bench {
    forge: Arc<Forge>,
    target: Arc<Target>,
    journal: Option<Journal>,
    good: Recipe,
    clock: fn() -> i64,
    tokens: AtomicU64,
    rate_limited: AtomicU64,
    timeouts: AtomicU64,
    halted: Mutex<Option<String>>,
    reproduce: String,
    memory: Option<Arc<Memory>>,
    revoker: Option<Revoker>,
    /// For good tokens whose issuer is not ours.
    renewal: Option<Arc<Renewal>>,
    gauge: Option<MemoryGauge>,
    /// Whether the target may have seen other keys at our address.
    may_be_known: bool,
    /// Twins that were shown before the key set changed, by the place of their case.
    earlier: Mutex<HashMap<usize, Observation>>,
    /// Which bench of this process: two that share a journal must not share a nonce.
    number: u64,
}

static BENCHES: AtomicU64 = AtomicU64::new(0);

impl Bench {
    /// A bench for one target. `good` is the recipe of ordinary tokens; `reproduce` is how the run was started, without
    /// its selection. Without a journal nothing can be said about requests of the target.
    #[must_use]
    pub fn new(
        forge: Arc<Forge>,
        target: Arc<Target>,
        journal: Option<Journal>,
        good: Recipe,
        clock: fn() -> i64,
        reproduce: String,
    ) -> Bench {
        let (tokens, rate_limited, timeouts) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
        Bench {
            forge,
            target,
            journal,
            good,
            clock,
            tokens,
            rate_limited,
            timeouts,
            halted: Mutex::new(None),
            reproduce,
            memory: None,
            revoker: None,
            renewal: None,
            gauge: None,
            may_be_known: false,
            earlier: Mutex::default(),
            number: BENCHES.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// The same, with tokens that other runs on the same keys and addresses can use again.
    #[must_use]
    pub fn with_memory(self, memory: Option<Arc<Memory>>) -> Bench {
        Bench { memory, ..self }
    }

    /// The same, with the hook by which tokens are revoked.
    #[must_use]
    pub fn with_revoker(self, revoker: Option<Revoker>) -> Bench {
        Bench { revoker, ..self }
    }

    /// The same, for a target that may have seen other keys at our address: it ran before we did.
    #[must_use]
    pub fn with_earlier_keys(self, may_be_known: bool) -> Bench {
        Bench { may_be_known, ..self }
    }

    /// Whether the target may have seen other keys at our address.
    pub(super) fn may_be_known(&self) -> bool {
        self.may_be_known
    }

    /// The same, with fresh good tokens where their issuer is not ours.
    #[must_use]
    pub fn with_renewal(self, renewal: Option<Arc<Renewal>>) -> Bench {
        Bench { renewal, ..self }
    }

    /// Sees to it that the good token in use lives on, where its issuer is not ours.
    async fn keep_fresh(&self) {
        if let Some(renewal) = &self.renewal
            && let Err(because) = renewal.when_due(self.now()).await
        {
            self.halt(Some(because));
        }
    }

    /// Whether there is another good token after this one was refused.
    async fn has_another(&self, seen: &Observation) -> bool {
        match &self.renewal {
            Some(renewal) if seen.verdict == Verdict::Reject => renewal.when_refused(self.now()).await,
            _ => false,
        }
    }

    /// Has a token revoked by its `jti`.
    ///
    /// # Errors
    /// It has none, or the hook fails: why, for the report.
    pub(super) async fn revoke(&self, token: &Token) -> Result<(), String> {
        let claims: Option<serde_json::Value> = serde_json::from_slice(&token.payload).ok();
        let jti = claims.as_ref().and_then(|claims| claims.get("jti")?.as_str()).ok_or("it has no jti")?;
        match &self.revoker {
            Some(revoker) => revoker.revoke(jti).await.map_err(|error| error.to_string()),
            None if self.target.revoke(jti) => Ok(()),
            None => Err("the target file has no hook `revoke-token`".into()),
        }
    }

    /// The same, with an eye on the memory of a target that we started.
    #[must_use]
    pub fn with_gauge(self, gauge: Option<MemoryGauge>) -> Bench {
        Bench { gauge, ..self }
    }

    /// Reads the target's memory, where we started it.
    #[must_use]
    pub fn gauge(&self) -> Option<&MemoryGauge> {
        self.gauge.as_ref()
    }

    /// The forge.
    #[must_use]
    pub fn forge(&self) -> &Forge {
        &self.forge
    }

    /// The tested side.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// What reached our side.
    #[must_use]
    pub fn journal(&self) -> Option<&Journal> {
        self.journal.as_ref()
    }

    /// The command that started the run, without its selection.
    pub(super) fn started_by(&self) -> &str {
        &self.reproduce
    }

    /// The recipe of ordinary tokens.
    #[must_use]
    pub fn good(&self) -> &Recipe {
        &self.good
    }

    /// Seconds since the epoch.
    #[must_use]
    pub fn now(&self) -> i64 {
        (self.clock)()
    }

    /// A nonce that no other token of the run has.
    #[must_use]
    pub fn nonce(&self) -> String {
        let count = self.tokens.fetch_add(1, Ordering::Relaxed);
        format!("{:08x}-{:03}-{count:06}", self.forge.setting().seed & 0xffff_ffff, self.number)
    }

    /// Why the target is no longer asked, where it is not.
    #[must_use]
    pub fn halted(&self) -> Option<String> {
        self.halted.lock().map_or(None, |halted| halted.clone())
    }

    /// Stops asking the target, or starts again.
    pub fn halt(&self, because: Option<String>) {
        if let Ok(mut halted) = self.halted.lock() {
            *halted = because;
        }
    }

    /// Mints a token.
    ///
    /// # Errors
    /// As [`Forge::mint`].
    pub fn mint(&self, recipe: &Recipe, nonce: &str, before: &BTreeMap<String, Token>) -> Result<Token, ForgeError> {
        self.forge.mint(recipe, self.now(), nonce, before)
    }

    /// Mints a token of a planned case, or takes it from memory. Tokens with an address in them are always fresh, since
    /// their nonce says who followed it; so are those that turn on a second, and those whose nonce must not come back.
    ///
    /// # Errors
    /// As [`Forge::mint`].
    pub(super) fn mint_planned(
        &self,
        planned: &Planned,
        part: Part,
        nonce: &str,
        before: &BTreeMap<String, Token>,
    ) -> Result<Token, ForgeError> {
        let recipe = match part {
            Part::Token => &planned.token,
            Part::Twin => planned.twin.as_ref(),
        };
        let timeless = !planned.case.needs.iter().any(|need| need.capability == Capability::ControlClock);
        let nameless = planned.case.untouched.is_empty() && planned.case.also.echo.is_none();
        let keeps = before.is_empty() && nameless && timeless;
        let memory = self.memory.as_ref().filter(|_| keeps);
        let Some(memory) = memory else { return self.mint(recipe, nonce, before) };
        memory.token(planned.index, part, self.now(), || self.mint(recipe, nonce, before))
    }

    /// The twin of a case, presented.
    ///
    /// # Errors
    /// The token cannot be minted.
    pub(super) async fn twin(&self, planned: &Planned) -> Result<Observation, ForgeError> {
        let earlier = self.earlier.lock().ok().and_then(|earlier| earlier.get(&planned.index).cloned());
        if let Some(observation) = earlier {
            return Ok(observation);
        }
        self.keep_fresh().await;
        let token = self.mint_planned(planned, Part::Twin, &self.nonce(), &BTreeMap::new())?;
        let seen = self.patiently(&token.bytes, planned.case.given.present.as_ref()).await;
        if !self.has_another(&seen).await {
            return Ok(seen);
        }
        let token = self.mint(&planned.twin, &self.nonce(), &BTreeMap::new())?;
        Ok(self.patiently(&token.bytes, planned.case.given.present.as_ref()).await)
    }

    /// The twin of a case, made afresh and presented; `None` where it cannot be made.
    pub(super) async fn twin_afresh(&self, planned: &Planned) -> Option<Observation> {
        let token = self.mint(&planned.twin, &self.nonce(), &BTreeMap::new()).ok()?;
        Some(self.patiently(&token.bytes, planned.case.given.present.as_ref()).await)
    }

    /// A token made and presented as if our clock showed this second, where the target's own clock is not asked.
    ///
    /// # Errors
    /// The token cannot be minted.
    pub(super) async fn at(&self, recipe: &Recipe, now: i64) -> Result<Observation, ForgeError> {
        let token = self.forge.mint(recipe, now, &self.nonce(), &BTreeMap::new())?;
        let shown = Shown::plain(&token.bytes, now);
        let first = self.target.present(&shown).await;
        Ok(match first.verdict {
            Verdict::Timeout | Verdict::Reset | Verdict::Unreachable => self.target.present(&shown).await,
            _ => first,
        })
    }

    /// Shows the twins of these cases now, for a time at which they need no longer be taken.
    pub async fn show_twins(&self, cases: &[Planned]) {
        for planned in cases.iter().filter(|planned| planned.has_own_twin()) {
            let shown = self.twin(planned).await;
            if let (Ok(observation), Ok(mut earlier)) = (shown, self.earlier.lock()) {
                earlier.insert(planned.index, observation);
            }
        }
    }

    /// A fresh good token of a recipe, presented.
    ///
    /// # Errors
    /// The token cannot be minted.
    pub async fn control(&self, recipe: &Recipe) -> Result<Observation, ForgeError> {
        self.keep_fresh().await;
        let token = self.mint(recipe, &self.nonce(), &BTreeMap::new())?;
        let seen = self.patiently(&token.bytes, None).await;
        if !self.has_another(&seen).await {
            return Ok(seen);
        }
        let token = self.mint(recipe, &self.nonce(), &BTreeMap::new())?;
        Ok(self.patiently(&token.bytes, None).await)
    }

    /// Presents a token. A target that asks to slow down is obeyed and asked once more; an answer that a busy machine
    /// might have spoiled is asked for once more as well.
    pub async fn patiently(&self, token: &[u8], present: Option<&Present>) -> Observation {
        let first = self.once(token, present).await;
        let pause = match first.verdict {
            Verdict::RateLimited => {
                first.retry_after.map_or(Duration::from_secs(1), Duration::from_secs).min(LONGEST_PAUSE)
            }
            Verdict::Timeout | Verdict::Reset | Verdict::Unreachable => Duration::ZERO,
            _ => return first,
        };
        tokio::time::sleep(pause).await;
        let second = self.once(token, present).await;
        self.count_strain(second.verdict);
        Observation { attempts: 2, ..second }
    }

    /// A hostile or overloaded target can slow a run down, but not for ever.
    fn count_strain(&self, verdict: Verdict) {
        let (counter, most, because) = match verdict {
            Verdict::RateLimited => (
                &self.rate_limited,
                MOST_RATE_LIMITED,
                "the target keeps limiting our rate: lift the limit for this address",
            ),
            Verdict::Timeout => (
                &self.timeouts,
                MOST_TIMEOUTS,
                "too many tokens got no answer: mend the target, or lower [transport] timeout",
            ),
            _ => return,
        };
        if counter.fetch_add(1, Ordering::Relaxed) + 1 >= most {
            self.halt(Some(because.to_owned()));
        }
    }

    async fn once(&self, token: &[u8], present: Option<&Present>) -> Observation {
        // `${good}` in a presentation is a second, plain good token.
        let good = if present.is_some_and(Present::shows_good) {
            self.mint(&self.good, &self.nonce(), &BTreeMap::new()).map(|token| token.text()).unwrap_or_default()
        } else {
            String::new()
        };
        self.target.present(&Shown { token, good: &good, present, now: self.now() }).await
    }
}
