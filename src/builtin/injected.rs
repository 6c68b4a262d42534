//! Keys that the token itself brings. Without a flaw none of them is used (RFC 8725 section 3.10).

use super::{
    fetch,
    flaw::Flaw,
    key::{Key, KeySet},
    parse::Token,
    rules::Rules,
};
use crate::model::{Alg, KeyFamily};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use std::sync::Arc;

/// The keys that the flaw takes from the token; `None` where it brings none.
pub(super) fn for_token(rules: &Rules, token: &Token<'_>, alg: Alg) -> Option<Vec<Arc<Key>>> {
    match rules.flaw? {
        Flaw::JwkHeaderUsed => embedded(token, alg),
        Flaw::JkuUsed => fetched_keys(token.header.get("jku")?.as_str()?, alg),
        Flaw::X5cUsed => {
            let certificate = STANDARD.decode(token.header.get("x5c")?.get(0)?.as_str()?).ok()?;
            Some(vec![Arc::new(key_inside(&certificate, alg.family())?)])
        }
        Flaw::IssDiscovery => discovered(rules, token, alg),
        _ => None,
    }
}

/// The public key in the header's `jwk`.
pub(super) fn embedded(token: &Token<'_>, alg: Alg) -> Option<Vec<Arc<Key>>> {
    fitting(&KeySet::of_one(token.header.get("jwk")?), alg)
}

fn fetched_keys(url: &str, alg: Alg) -> Option<Vec<Arc<Key>>> {
    fitting(&KeySet::from_body(None, &fetch::get(url)?)?, alg)
}

fn fitting(keys: &KeySet, alg: Alg) -> Option<Vec<Arc<Key>>> {
    let found: Vec<_> = keys.fitting(alg).filter(|key| key.family != KeyFamily::Oct).cloned().collect();
    (!found.is_empty()).then_some(found)
}

/// The keys of the issuer that the token names, where it is not ours (OpenID Connect Discovery section 4).
fn discovered(rules: &Rules, token: &Token<'_>, alg: Alg) -> Option<Vec<Arc<Key>>> {
    let claims: Value = serde_json::from_slice(&token.payload).ok()?;
    let issuer = claims.get("iss")?.as_str().filter(|issuer| *issuer != rules.issuer)?;
    let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let document: Value = serde_json::from_slice(&fetch::get(&address)?).ok()?;
    fetched_keys(document.get("jwks_uri")?.as_str()?, alg)
}

/// The public key of a certificate, found without reading the rest of it: the first sequence inside that is a
/// SubjectPublicKeyInfo of the wanted kind.
pub(super) fn key_inside(certificate: &[u8], family: KeyFamily) -> Option<Key> {
    const SEQUENCE: u8 = 0x30;
    (0..certificate.len())
        .filter(|start| certificate[*start] == SEQUENCE)
        .filter_map(|start| element(&certificate[start..]))
        .find_map(|candidate| Key::from_spki(candidate, family))
}

/// The DER element at the start: tag, length and content.
fn element(der: &[u8]) -> Option<&[u8]> {
    let first = usize::from(*der.get(1)?);
    let (head, length) = match first {
        0..=0x7f => (2, first),
        0x81 => (3, usize::from(*der.get(2)?)),
        0x82 => (4, usize::from(*der.get(2)?) << 8 | usize::from(*der.get(3)?)),
        _ => return None,
    };
    der.get(..head + length)
}

/// Requests that a flaw makes without using what comes back, and whether it then refuses the token.
pub(super) fn visit(rules: &Rules, token: &Token<'_>) -> bool {
    let (name, refuse) = match rules.flaw {
        Some(Flaw::JkuFetched) => ("jku", true),
        Some(Flaw::X5uFetched) => ("x5u", false),
        Some(Flaw::KidUrlFetched) => ("kid", false),
        _ => return false,
    };
    let Some(url) = token.header.get(name).and_then(Value::as_str) else { return false };
    if url.starts_with("http://") || url.starts_with("https://") {
        fetch::get(url);
    }
    refuse
}
