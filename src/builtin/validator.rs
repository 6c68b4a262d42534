//! The validator itself: its stages in order, and what it remembers.

use super::{
    bare::told,
    burden, claims,
    flaw::Flaw,
    flawed_set,
    header::{self, Check},
    injected,
    issuers::{Acquaintances, Sides},
    jwe,
    key::KeySet,
    lookup, parse,
    rules::{Refusal, Rules},
    serial, signature,
};
use crate::{
    model::{Capabilities, Capability, TrustConfig},
    target::protocol::{Answer, Contents, Validator},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};
use std::{
    collections::{HashMap, HashSet},
    sync::{
        Mutex, MutexGuard, PoisonError,
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
    /// What holds for tokens of a second issuer, where there is one.
    second: Option<(Rules, KeySet)>,
    memory: Memory,
    acquaintances: Acquaintances,
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

    /// Whether a token says that it is from the second issuer. Nothing is checked yet.
    pub(super) fn names_second(&self, sent: &[u8]) -> bool {
        let Some((rules, _)) = &self.second else { return false };
        !rules.has(Flaw::SecondIssuerRefused) && claims_of(sent).is_some_and(|claims| claims["iss"] == rules.issuer)
    }

    pub(super) fn rules(&self) -> &Rules {
        &self.rules
    }

    pub(super) fn keys(&self) -> &KeySet {
        &self.keys
    }

    pub(super) fn decryptor(&self) -> &jwe::Decryptor {
        &self.decryptor
    }

    /// Judges a token by these keys.
    pub(super) fn judge(&self, keys: &Sides<'_>, sent: &[u8], now: i64) -> Result<Value, Refusal> {
        let rules = match &self.second {
            Some((rules, _)) if self.names_second(sent) => rules,
            _ => &self.rules,
        };
        match rules.flaw {
            _ if keys.named.crashes => return Err(Refusal::Crash),
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
        let claims = self.check(rules, keys, sent, now)?;
        if let Some(jti) = claims.get("jti").and_then(Value::as_str) {
            if self.memory.is_revoked(jti) && !rules.has(Flaw::RevocationIgnored) {
                return Err(Refusal::Revoked);
            }
            if rules.has(Flaw::JtiOnce) && !self.memory.is_new(jti) {
                return Err(Refusal::Claims);
            }
        }
        if rules.has(Flaw::ClaimsOfAnother) {
            return Ok(self.memory.first_claims(sent, claims));
        }
        if let Some(flaw) = rules.flaw {
            self.memory.learn(flaw, sent);
        }
        Ok(self.acquaintances.meet_subject(rules, claims))
    }

    fn check(&self, rules: &Rules, sides: &Sides<'_>, sent: &[u8], now: i64) -> Result<Value, Refusal> {
        if rules.has(Flaw::GeneralJsonAnySignature)
            && let Some(texts) = serial::all_signatures(sent)
        {
            let good = texts.iter().find_map(|text| self.check_one(rules, sides, text, now).ok());
            return good.ok_or(Refusal::Signature);
        }
        self.check_one(rules, sides, sent, now)
    }

    fn check_one(&self, rules: &Rules, sides: &Sides<'_>, sent: &[u8], now: i64) -> Result<Value, Refusal> {
        let opened = jwe::open(rules, &self.decryptor, sides.named, sent)?;
        let (sent, inside) = match jwe::signed(opened) {
            Ok(signed) => signed,
            Err(claims) => return Ok(claims),
        };
        let compact = parse::compact(rules, &sent);
        let mut token = parse::split(rules, &compact)?;
        if rules.has(Flaw::PrototypePollution) {
            self.memory.pollute(&mut token.payload);
        }
        if rules.has(Flaw::LongTokenUnchecked) && sent.len() > 6000 {
            token.unchecked = true;
        }
        if injected::visit(rules, &token) {
            return Err(Refusal::Header);
        }
        let keys = self.acquaintances.keys(rules, sides, &token);
        let unchecked = token.unchecked || inside && jwe::is_unchecked(rules, &token.header);
        let check = if unchecked { Check::Nothing } else { header::examine(rules, &keys, &token)? };
        if let Check::With(alg) = check {
            let found = lookup::find(rules, &keys, &token, alg)?;
            signature::check(rules, &found, alg, &token)?;
            let claims = claims::check(rules, &token, now)?;
            self.acquaintances.meet_key(rules, &found);
            return Ok(claims);
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
        provided.insert(Capability::HookRevokeToken);
        provided.extend(self.decryptor.algorithms().iter().map(|alg| Capability::JweAlg(*alg)));
        provided.extend(self.decryptor.content().iter().map(|enc| Capability::JweEnc(*enc)));
        if !self.decryptor.algorithms().is_empty() {
            provided.insert(Capability::JweDecrypt);
        }
        provided.extend([Capability::OpVerifyJws, Capability::OpDecrypt]);
        provided.insert(Capability::IssuersTwo);
        if self.rules.wants_at_jwt() {
            provided.insert(Capability::ProfileAtJwt);
        }
        provided
    }

    fn configure(&mut self, trust: &TrustConfig) {
        self.rules = Rules::new(self.rules.flaw, trust);
        self.memory = Memory::default();
        self.decryptor = jwe::Decryptor::new(&trust.decryption);
        self.acquaintances = Acquaintances::default();
        let second = trust.of_second();
        self.second = second.map(|trust| (Rules::new(self.rules.flaw, &trust), KeySet::from_value(&trust.keys)));
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
        let none = KeySet::default();
        let second = self.second.as_ref().map_or(&none, |(_, keys)| keys);
        let sides = match self.names_second(token) {
            true => Sides { named: second, other: &self.keys },
            false => Sides { named: &self.keys, other: second },
        };
        match self.judge(&sides, token, now) {
            Ok(claims) => Answer::Accept(claims),
            Err(Refusal::Crash) => Answer::Error(Refusal::Crash.phrase().into()),
            Err(refusal) => Answer::Reject(refusal.phrase().into()),
        }
    }

    fn verify_jws(&self, jws: &[u8]) -> Contents {
        told(self.verified(jws))
    }

    fn decrypt(&self, jwe: &[u8]) -> Contents {
        told(self.decrypted(jwe))
    }

    fn revoke(&self, jti: &str) {
        locked(&self.memory.revoked).insert(jti.to_owned());
    }
}

/// What is kept between tokens: the list of revoked ones, and what only flawed validators keep.
#[derive(Default)]
struct Memory {
    verdicts: Mutex<HashSet<Vec<u8>>>,
    judged: AtomicU32,
    revoked: Mutex<HashSet<String>>,
    seen: Mutex<HashSet<String>>,
    /// Claims that a polluted prototype gives to every token.
    inherited: Mutex<Map<String, Value>>,
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

    fn lock(&self) -> MutexGuard<'_, HashSet<Vec<u8>>> {
        locked(&self.verdicts)
    }

    fn is_revoked(&self, jti: &str) -> bool {
        locked(&self.revoked).contains(jti)
    }

    /// Whether the `jti` is seen for the first time.
    fn is_new(&self, jti: &str) -> bool {
        let mut seen = locked(&self.seen);
        if seen.len() >= Self::MOST {
            seen.clear();
        }
        seen.insert(jti.to_owned())
    }

    /// Keeps the members of `__proto__`, and gives those that were kept to the payload.
    fn pollute(&self, payload: &mut Vec<u8>) {
        let Ok(Value::Object(mut claims)) = serde_json::from_slice(payload) else { return };
        let mut inherited = locked(&self.inherited);
        if let Some(Value::Object(members)) = claims.get("__proto__") {
            inherited.extend(members.clone().into_iter().take(Self::MOST));
        }
        if inherited.is_empty() {
            return;
        }
        for (name, value) in inherited.iter() {
            claims.entry(name.clone()).or_insert_with(|| value.clone());
        }
        *payload = Value::Object(claims).to_string().into_bytes();
    }
}

fn locked<T>(kept: &Mutex<T>) -> MutexGuard<'_, T> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
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
