//! The third stage: whose key checks the token (RFC 7515 section 4.1.4, RFC 8725 section 3.10).

use super::{
    flaw::Flaw,
    injected,
    json::{self, Repeated},
    key::{Key, KeySet},
    lenient,
    parse::Token,
    rules::{Refusal, Rules},
    secrets,
};
use crate::model::{Alg, KeyFamily};
use serde_json::Value;
use std::sync::Arc;

/// What the lookup came to.
pub(super) enum Found {
    /// A flaw says that no key means no check.
    Nothing,
    /// Keys of which one must verify the signature; without a flaw there is nearly always just one.
    Keys(Vec<Arc<Key>>),
    /// HMAC secrets that a flaw made up.
    Secrets(Vec<Vec<u8>>),
}

/// Finds the key by `kid`. A token without `kid` is taken only where exactly one key fits its algorithm.
pub(super) fn find(rules: &Rules, keys: &KeySet, token: &Token<'_>, alg: Alg) -> Result<Found, Refusal> {
    if let Some(flaw) = rules.flaw {
        if !alg.is_asymmetric()
            && let Some(secrets) = secrets::for_token(flaw, keys, token, alg)
        {
            return Ok(Found::Secrets(secrets));
        }
        if let Some(injected) = injected::for_token(rules, token, alg) {
            return Ok(Found::Keys(injected));
        }
        let nothing_to_check = match flaw {
            Flaw::DuplicateKidUnchecked => has_two_kids(token),
            Flaw::HmacUnchecked => !alg.is_asymmetric() && keys.fitting(alg).next().is_none(),
            Flaw::NoKeysUnchecked => alg.is_asymmetric() && keys.all().all(|key| key.family == KeyFamily::Oct),
            Flaw::EmptyPayloadUnchecked => token.payload.is_empty(),
            _ => false,
        };
        if nothing_to_check {
            return Ok(Found::Nothing);
        }
    }
    let fitting = || keys.all().filter(|key| fits(rules, key, alg)).cloned().collect::<Vec<_>>();
    let Some(kid) = kid(rules, token.header.get("kid"))? else {
        let fitting = fitting();
        return if fitting.len() == 1 { Ok(Found::Keys(fitting)) } else { Err(Refusal::UnknownKey) };
    };
    let mut named: Vec<_> = keys.all().filter(|key| is_named(rules, key, kid)).cloned().collect();
    match rules.flaw {
        Some(Flaw::FirstOfKid) => named.truncate(1),
        Some(Flaw::LastOfKid) => drop(named.drain(..named.len().saturating_sub(1))),
        Some(Flaw::MixedKidCrashes) if named.windows(2).any(|two| two[0].family != two[1].family) => {
            return Err(Refusal::Crash);
        }
        Some(flaw) => named.extend(lenient::keys(flaw, keys, kid)),
        None => {}
    }
    if named.is_empty() {
        return match rules.flaw {
            Some(Flaw::UnknownKidUnchecked) => Ok(Found::Nothing),
            Some(Flaw::UnknownKidAnyKey) => Ok(Found::Keys(fitting())),
            Some(Flaw::UnknownKidEmbedded) => {
                injected::embedded(token, alg).map(Found::Keys).ok_or(Refusal::UnknownKey)
            }
            _ => Err(Refusal::UnknownKey),
        };
    }
    let named: Vec<_> = named.into_iter().filter(|key| fits(rules, key, alg)).collect();
    if named.is_empty() { Err(Refusal::Algorithm) } else { Ok(Found::Keys(named)) }
}

/// The `kid` to look for; `None` where there is none.
fn kid<'t>(rules: &Rules, kid: Option<&'t Value>) -> Result<Option<&'t str>, Refusal> {
    match kid {
        None if rules.has(Flaw::KidRequired) => Err(Refusal::UnknownKey),
        None => Ok(None),
        Some(Value::String(kid)) if kid.is_empty() && rules.has(Flaw::KidEmpty) => Ok(None),
        Some(Value::String(kid)) if rules.has(Flaw::KidCutAtNul) => Ok(kid.split('\0').next()),
        Some(Value::String(kid)) => Ok(Some(kid)),
        Some(_) if rules.has(Flaw::KidNotString) => Ok(None),
        Some(_) => Err(Refusal::Header),
    }
}

fn is_named(rules: &Rules, key: &Key, kid: &str) -> bool {
    match rules.flaw {
        Some(Flaw::KidIgnored) => true,
        Some(Flaw::KidNormalised) => key.kid.as_deref().is_some_and(|own| own.trim().eq_ignore_ascii_case(kid.trim())),
        _ => key.kid.as_deref() == Some(kid),
    }
}

fn fits(rules: &Rules, key: &Key, alg: Alg) -> bool {
    match rules.flaw {
        flaw if lenient::refuses(flaw, key) => false,
        Some(Flaw::EcdsaCurveFromKey) => key.fits(alg) || (is_curve(key.family) && is_curve(alg.family())),
        Some(Flaw::AllowListIgnored | Flaw::JwkAlgIgnored) => key.family == alg.family() && key.is_long_enough(alg),
        Some(Flaw::DuplicateAlgFirstChecked | Flaw::DuplicateAlgLastChecked) => key.family == alg.family(),
        Some(Flaw::LabelIgnored) => key.family != KeyFamily::Oct || key.fits(alg),
        _ => key.fits(alg),
    }
}

fn is_curve(family: KeyFamily) -> bool {
    matches!(family, KeyFamily::P256 | KeyFamily::P384 | KeyFamily::P521 | KeyFamily::Secp256k1)
}

fn has_two_kids(token: &Token<'_>) -> bool {
    let kid = |repeated| Some(json::parse(&token.header_text, repeated).ok()?.get("kid").cloned());
    kid(Repeated::First) != kid(Repeated::Last)
}
