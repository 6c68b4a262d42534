//! The validator itself: its stages in order, and what it remembers.

use super::{
    claims,
    flaw::Flaw,
    flawed_set,
    header::{self, Check},
    injected,
    key::KeySet,
    lookup, parse,
    rules::{Refusal, Rules},
    signature,
};
use crate::{
    model::{Capabilities, Capability, TrustConfig},
    target::protocol::{Answer, Validator},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use std::{
    collections::HashSet,
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::Duration,
};

/// A validator in this process: strict, or strict but for one flaw.
///
/// Strict means what RFC 7515, RFC 7519 and RFC 8725 allow, and nothing that they leave open to be refused: repeated
/// members, `crit`, `b64`, bits and characters that base64url does not have. It wants `exp`, `iss` and `aud`.
#[derive(Default)]
pub struct Builtin {
    rules: Rules,
    keys: KeySet,
    memory: Memory,
}

/// How long a validator that hangs hangs.
pub(super) const HANG: Duration = Duration::from_secs(12);
/// How many tokens a validator looks at before it locks everybody out.
const LOCK_OUT_AFTER: u32 = 40;

impl Builtin {
    /// A validator that trusts nobody yet; [`Validator::configure`] tells it whom to trust.
    #[must_use]
    pub fn new(flaw: Option<Flaw>) -> Builtin {
        Builtin { rules: Rules { flaw, ..Rules::default() }, ..Builtin::default() }
    }

    /// Judges a token by these keys.
    pub(super) fn judge(&self, keys: &KeySet, sent: &[u8], now: i64) -> Result<Value, Refusal> {
        let rules = &self.rules;
        match rules.flaw {
            _ if keys.crashes => return Err(Refusal::Crash),
            Some(Flaw::AcceptsEverything) => return Ok(claims_of(sent).unwrap_or(Value::Null)),
            Some(Flaw::RefusesEverything) => return Err(Refusal::Signature),
            Some(Flaw::Answers500) => return Err(Refusal::Crash),
            Some(Flaw::LocksOut) if self.memory.count() > LOCK_OUT_AFTER => return Err(Refusal::LockedOut),
            Some(Flaw::LongTokenRefused) if sent.len() > 2048 => return Err(Refusal::Malformed),
            Some(flaw) if self.memory.knows(flaw, sent) => return claims_of(sent).ok_or(Refusal::Payload),
            _ => {}
        }
        let claims = self.check(keys, sent, now)?;
        if let Some(flaw) = rules.flaw {
            self.memory.learn(flaw, sent);
        }
        Ok(claims)
    }

    fn check(&self, keys: &KeySet, sent: &[u8], now: i64) -> Result<Value, Refusal> {
        let rules = &self.rules;
        let compact = parse::compact(rules, sent);
        let token = parse::split(rules, &compact)?;
        if injected::visit(rules, &token) {
            return Err(Refusal::Header);
        }
        let check = if token.unchecked { Check::Nothing } else { header::examine(rules, keys, &token)? };
        if let Check::With(alg) = check {
            let found = lookup::find(rules, keys, &token, alg)?;
            signature::check(rules, &found, alg, &token)?;
        }
        claims::check(rules, &token, now)
    }
}

/// The claims of whatever has a readable second segment.
fn claims_of(sent: &[u8]) -> Option<Value> {
    let payload = URL_SAFE_NO_PAD.decode(sent.split(|byte| *byte == b'.').nth(1)?).ok()?;
    serde_json::from_slice(&payload).ok()
}

impl Validator for Builtin {
    fn provides(&self) -> Capabilities {
        let algorithms = self.rules.algorithms.iter().map(|alg| Capability::Alg(*alg));
        let mut provided: Capabilities = algorithms.collect();
        provided.extend([Capability::ClaimsReturned, Capability::ControlClock, Capability::ObserveOutbound]);
        if self.rules.wants_at_jwt() {
            provided.insert(Capability::ProfileAtJwt);
        }
        provided
    }

    fn configure(&mut self, trust: &TrustConfig) {
        self.rules = Rules::new(self.rules.flaw, trust);
        self.memory = Memory::default();
        let flaw = self.rules.flaw;
        let mut keys = match flaw {
            Some(Flaw::NeverFetchesKeys) => KeySet::default(),
            _ => KeySet::read(flaw, &trust.keys),
        };
        if let Some(flaw) = flaw {
            flawed_set::remember(flaw, &self.keys, &mut keys);
        }
        self.keys = keys;
    }

    fn validate(&self, token: &[u8], now: i64) -> Answer {
        if self.rules.has(Flaw::Hangs) {
            thread::sleep(HANG);
        }
        match self.judge(&self.keys, token, now) {
            Ok(claims) => Answer::Accept(claims),
            Err(Refusal::Crash) => Answer::Error(Refusal::Crash.phrase().into()),
            Err(refusal) => Answer::Reject(refusal.phrase().into()),
        }
    }
}

/// What flawed validators keep between tokens.
#[derive(Default)]
struct Memory {
    verdicts: Mutex<HashSet<Vec<u8>>>,
    judged: AtomicU32,
}

impl Memory {
    /// More is forgotten, all at once.
    const MOST: usize = 4096;

    /// How many tokens were judged, this one included.
    fn count(&self) -> u32 {
        self.judged.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn knows(&self, flaw: Flaw, sent: &[u8]) -> bool {
        cache_key(flaw, sent).is_some_and(|key| self.lock().contains(&key))
    }

    fn learn(&self, flaw: Flaw, sent: &[u8]) {
        let Some(key) = cache_key(flaw, sent) else { return };
        let mut verdicts = self.lock();
        if verdicts.len() >= Self::MOST {
            verdicts.clear();
        }
        verdicts.insert(key);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<Vec<u8>>> {
        self.verdicts.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The part of a token under which a flaw caches its verdict.
fn cache_key(flaw: Flaw, sent: &[u8]) -> Option<Vec<u8>> {
    const SUFFIX: usize = 32;
    let mut segments = sent.split(|byte| *byte == b'.');
    let (header, payload, signature) = (segments.next()?, segments.next()?, segments.next()?);
    match flaw {
        Flaw::CachedBySignature => Some([header, b".", signature].concat()),
        Flaw::CachedByContent => Some([header, b".", payload].concat()),
        Flaw::CachedBySuffix => Some(sent[sent.len().saturating_sub(SUFFIX)..].to_vec()),
        _ => None,
    }
}
