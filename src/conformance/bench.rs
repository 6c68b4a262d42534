//! The work bench of one run: forge, target, journal, and the state that all jobs share.

use crate::{
    issuer::Journal,
    model::{Case, Observation, Recipe, Verdict, case::Present},
    target::{Shown, Target},
    token::{Forge, ForgeError, Token},
};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// The longest pause that a target's `Retry-After` can ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What every job works with.
pub struct Bench {
    forge: Arc<Forge>,
    target: Arc<Target>,
    journal: Option<Journal>,
    good: Recipe,
    clock: fn() -> i64,
    tokens: AtomicU64,
    halted: Mutex<Option<String>>,
    reproduce: String,
}

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
        let tokens = AtomicU64::new(0);
        Bench { forge, target, journal, good, clock, tokens, halted: Mutex::new(None), reproduce }
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
        format!("{:08x}-{count:06}", self.forge.setting().seed & 0xffff_ffff)
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

    /// A fresh good token of a recipe, presented.
    ///
    /// # Errors
    /// The token cannot be minted.
    pub async fn control(&self, recipe: &Recipe, present: Option<&Present>) -> Result<Observation, ForgeError> {
        let token = self.mint(recipe, &self.nonce(), &BTreeMap::new())?;
        Ok(self.patiently(&token.bytes, present).await)
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
        Observation { attempts: 2, ..second }
    }

    async fn once(&self, token: &[u8], present: Option<&Present>) -> Observation {
        // `${good}` in a presentation is a second, plain good token.
        let good = match present.and_then(|present| present.authorization.as_ref()) {
            Some(values) if values.iter().any(|value| value.contains("${good}")) => {
                self.mint(&self.good, &self.nonce(), &BTreeMap::new()).map(|token| token.text()).unwrap_or_default()
            }
            _ => String::new(),
        };
        self.target.present(&Shown { token, good: &good, present, now: self.now() }).await
    }

    /// How to see a result again: with the harness, and with `curl` where a plain header says it all.
    #[must_use]
    pub fn reproduce(&self, case: &Case, token: &Token) -> crate::model::report::Reproduce {
        let curl = match (case.present.as_ref().or(case.given.present.as_ref()), std::str::from_utf8(&token.bytes)) {
            (None, Ok(text)) if !text.chars().any(char::is_control) && self.target.address().starts_with("http") => {
                let header = shell_quoted(&format!("Authorization: Bearer {text}"));
                Some(format!("curl -i -H {header} {}", shell_quoted(&self.target.address())))
            }
            _ => None,
        };
        let seed = self.forge.setting().seed;
        let gauntlet = format!("{} --only {} --seed {seed}", self.reproduce, shell_quoted(&case.id.to_string()));
        crate::model::report::Reproduce { gauntlet, curl }
    }
}

fn shell_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
