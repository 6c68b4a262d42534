//! The public key behind sample tokens: from the key set that their issuer publishes, or worked out from two of them.

use super::{
    error::ForgeError,
    key::Key,
    keyring::KeyRing,
    raw,
    recover::{self, SMALL_EXPONENTS, USUAL_EXPONENT, recover},
    sample::SampleToken,
    verifying::VerifyingKey,
};
use crate::model::Alg;
use serde_json::{Map, Value};
use std::sync::Arc;

/// How the issuer's public key is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownBy {
    /// Its key set says it.
    KeySet,
    /// It was worked out from two tokens.
    TwoTokens,
    /// It is not known, or the tokens carry a MAC, whose key is secret.
    Nothing,
}

/// A key ring in which the issuer of these tokens has the part that we hold, and how its key is known. `published` is the
/// key set that it serves. `patient` says whether minutes may be spent on working a key out of two tokens.
///
/// # Errors
/// There is no token, the key set is none, or no key of it made the signature.
pub fn ring_of_issuer(
    tokens: &[Arc<SampleToken>],
    published: Option<&[u8]>,
    patient: bool,
) -> Result<(KeyRing, KnownBy), ForgeError> {
    let first = tokens.first().ok_or_else(|| ForgeError::Lent("a sample token is wanted, and there is none".into()))?;
    let (alg, kid) = (first.alg(), first.header("kid").unwrap_or_default().to_owned());
    let (jwk, known) = match published {
        Some(set) => (Some(member(set, first)?), KnownBy::KeySet),
        None => match worked_out(tokens, patient) {
            Some(jwk) => (Some(jwk), KnownBy::TwoTokens),
            None => (None, KnownBy::Nothing),
        },
    };
    let jwk = jwk.as_ref().map(|jwk| (jwk, Value::from(jwk.clone()).to_string()));
    let ring = KeyRing::of_lent(vec![(alg, Key::of_issuer(kid, alg, jwk))], published.map(<[u8]>::to_vec))?;
    Ok((ring, known))
}

/// The member of a key set that made the signature of a token.
fn member(set: &[u8], token: &SampleToken) -> Result<Map<String, Value>, ForgeError> {
    let set: Value = serde_json::from_slice(set).unwrap_or_default();
    let keys = set.get("keys").and_then(Value::as_array);
    let keys = keys.ok_or_else(|| ForgeError::Lent("a key set is wanted: a JSON object with a list `keys`".into()))?;
    let made = |jwk: &&Map<String, Value>| {
        let key = VerifyingKey::from_jwk(jwk, token.alg());
        key.is_some_and(|key| key.verifies(token.alg(), token.signing_input(), token.signature()))
    };
    let found = keys.iter().filter_map(Value::as_object).find(made).cloned();
    found.ok_or_else(|| ForgeError::Lent("no key of the key set made the signature of the sample token".into()))
}

/// The key behind two RS tokens; `None` where they do not give one.
fn worked_out(tokens: &[Arc<SampleToken>], patient: bool) -> Option<Map<String, Value>> {
    let [one, other, ..] = tokens else { return None };
    let is_rs = |token: &SampleToken| matches!(token.alg(), Alg::Rs256 | Alg::Rs384 | Alg::Rs512);
    let sample = |token: &SampleToken| {
        is_rs(token)
            .then(|| recover::Sample::new(token.signing_input(), token.signature(), raw::hash_of(token.alg())))?
    };
    let usual = [USUAL_EXPONENT];
    let exponents = SMALL_EXPONENTS.iter().chain(usual.iter().filter(|_| patient)).copied().collect::<Vec<_>>();
    recover(&sample(one)?, &sample(other)?, &exponents).map(|key| key.jwk())
}
