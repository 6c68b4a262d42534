//! The validator itself: its stages in order, and what it remembers.

use super::{
    burden, claims,
    flaw::Flaw,
    flawed_set,
    header::{self, Check},
    injected, jwe,
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
    collections::{HashMap, HashSet},
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
    decryptor: jwe::Decryptor,
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
            Some(Flaw::StuckAfterFlood) if self.memory.is_stuck(sent.len()) => return Err(Refusal::Crash),
            Some(Flaw::StatefulPattern) if burden::has_long_subject(sent) && self.memory.is_second_look() => {
                return Err(Refusal::Claims);
            }
            Some(flaw) if self.memory.knows(flaw, sent) => return claims_of(sent).ok_or(Refusal::Payload),
            _ => {}
        }
        burden::bear(rules, sent)?;
        let claims = self.check(keys, sent, now)?;
        if rules.has(Flaw::ClaimsOfAnother) {
            return Ok(self.memory.first_claims(sent, claims));
        }
        if let Some(flaw) = rules.flaw {
            self.memory.learn(flaw, sent);
        }
        Ok(claims)
    }

    fn check(&self, keys: &KeySet, sent: &[u8], now: i64) -> Result<Value, Refusal> {
        let rules = &self.rules;
        let opened = jwe::open(rules, &self.decryptor, keys, sent)?;
        let (sent, inside) = match jwe::signed(opened) {
            Ok(signed) => signed,
            Err(claims) => return Ok(claims),
        };
        let compact = parse::compact(rules, &sent);
        let token = parse::split(rules, &compact)?;
        if injected::visit(rules, &token) {
            return Err(Refusal::Header);
        }
        let unchecked = token.unchecked || inside && jwe::is_unchecked(rules, &token.header);
        let check = if unchecked { Check::Nothing } else { header::examine(rules, keys, &token)? };
        if let Check::With(alg) = check {
            let found = lookup::find(rules, keys, &token, alg)?;
            signature::check(rules, &found, alg, &token)?;
        }
        claims::check(rules, &token, now)
    }
}

/// The claims of whatever has a readable second segment.
pub(super) fn claims_of(sent: &[u8]) -> Option<Value> {
    let payload = URL_SAFE_NO_PAD.decode(sent.split(|byte| *byte == b'.').nth(1)?).ok()?;
    serde_json::from_slice(&payload).ok()
}

impl Validator for Builtin {
    fn provides(&self) -> Capabilities {
        let algorithms = self.rules.algorithms.iter().map(|alg| Capability::Alg(*alg));
        let mut provided: Capabilities = algorithms.collect();
        provided.extend([Capability::ClaimsReturned, Capability::ControlClock, Capability::ObserveOutbound]);
        provided.extend(self.decryptor.algorithms().iter().map(|alg| Capability::JweAlg(*alg)));
        provided.extend(self.decryptor.content().iter().map(|enc| Capability::JweEnc(*enc)));
        if !self.decryptor.algorithms().is_empty() {
            provided.insert(Capability::JweDecrypt);
        }
        if self.rules.wants_at_jwt() {
            provided.insert(Capability::ProfileAtJwt);
        }
        provided
    }

    fn configure(&mut self, trust: &TrustConfig) {
        self.rules = Rules::new(self.rules.flaw, trust);
        self.memory = Memory::default();
        self.decryptor = jwe::Decryptor::new(&trust.decryption);
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
    /// Tokens that a stuck validator still has to answer wrongly.
    stuck: AtomicU32,
    /// The claims of the first token with each header.
    claims: Mutex<HashMap<Vec<u8>, Value>>,
}

impl Memory {
    /// More is forgotten, all at once.
    const MOST: usize = 4096;

    /// How many tokens were judged, this one included.
    fn count(&self) -> u32 {
        self.judged.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Whether an earlier long token still keeps it busy.
    fn is_stuck(&self, length: usize) -> bool {
        const LONG: usize = 40_000;
        const TOKENS: u32 = 8;
        if length > LONG {
            self.stuck.store(TOKENS, Ordering::Relaxed);
            return false;
        }
        self.stuck.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }

    /// Every second call.
    fn is_second_look(&self) -> bool {
        self.judged.fetch_add(1, Ordering::Relaxed) % 2 == 1
    }

    /// The claims of the first token with this one's header.
    fn first_claims(&self, sent: &[u8], own: Value) -> Value {
        let header = sent.split(|byte| *byte == b'.').next().unwrap_or_default().to_vec();
        let mut known = self.claims.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if known.len() >= Self::MOST {
            known.clear();
        }
        known.entry(header).or_insert(own).clone()
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
