//! The keys of a real identity provider that we stand in front of, and its tokens.
//!
//! The key that signs when we begin is `k1` in scenarios, the next one that signs `k2`; others are called by their `kid`.
//! Nothing is signed here: good tokens are the provider's own, and forged ones are made of them without its key.

use crate::{
    model::chaos::TokenClass,
    token::SampleToken,
    traffic::{Kind, Pool, SigningKey},
};
use serde_json::Value;
use std::{collections::BTreeSet, sync::Arc};

/// A token is not sent any more in its last seconds.
const EARLY: i64 = 2;

/// What a provider publishes and signs at one moment.
#[derive(Debug, Clone, Default)]
pub struct News {
    /// Its key set; absent where it could not be had.
    pub set: Option<Vec<u8>>,
    /// Good tokens, the newest first.
    pub tokens: Vec<Arc<SampleToken>>,
    /// What went wrong.
    pub trouble: Option<String>,
}

/// The provider's keys.
pub(super) struct TheirKeys {
    set: Vec<u8>,
    hidden: BTreeSet<String>,
    /// `kid`s of keys that sign, in the order in which they were seen: `k1`, `k2`.
    signing: Vec<String>,
    /// Tokens by the `kid` of their key, with their last second, the newest first.
    held: Vec<(String, i64, Arc<str>)>,
    turn: usize,
    forged: Option<Pool>,
}

impl TheirKeys {
    /// `forged` makes the tokens of an attacker.
    pub(super) fn new(forged: Option<Pool>) -> TheirKeys {
        TheirKeys { set: Vec::new(), hidden: BTreeSet::new(), signing: Vec::new(), held: Vec::new(), turn: 0, forged }
    }

    /// Takes in what is new; a key set that could not be had stays the old one.
    pub(super) fn learn(&mut self, news: &News, now: i64) {
        if let Some(set) = &news.set {
            self.set.clone_from(set);
        }
        for token in news.tokens.iter().rev() {
            let kid = token.header("kid").unwrap_or_default().to_owned();
            if !self.signing.contains(&kid) {
                self.signing.push(kid.clone());
            }
            let text: Arc<str> = token.segments().collect::<Vec<_>>().join(".").into();
            if !self.held.iter().any(|(_, _, own)| *own == text) {
                self.held.insert(0, (kid, token.expires().unwrap_or(i64::MAX), text));
            }
        }
        self.held.retain(|(_, expires, _)| *expires > now + EARLY);
    }

    /// What a key is called.
    pub(super) fn name(&self, kid: &str) -> String {
        let place = self.signing.iter().position(|own| own == kid);
        place.map_or_else(|| kid.to_owned(), |place| format!("k{}", place + 1))
    }

    /// The `kid` behind a name.
    pub(super) fn kid(&self, name: &str) -> String {
        let named = self.signing.iter().find(|kid| self.name(kid) == name);
        named.cloned().unwrap_or_else(|| name.to_owned())
    }

    /// The key that signs the newest token.
    pub(super) fn signer(&self) -> Option<String> {
        self.held.first().map(|(kid, _, _)| self.name(kid))
    }

    /// The names of the keys that are served.
    pub(super) fn published(&self) -> Vec<String> {
        kids(&self.set).into_iter().filter(|kid| !self.hidden.contains(kid)).map(|kid| self.name(&kid)).collect()
    }

    /// Leaves a key out, or shows it again.
    pub(super) fn hide(&mut self, name: &str, hidden: bool) {
        let kid = self.kid(name);
        if hidden {
            self.hidden.insert(kid);
        } else {
            self.hidden.remove(&kid);
        }
    }

    /// Shows every key again; whether one was hidden.
    pub(super) fn show_all(&mut self) -> bool {
        let hid = !self.hidden.is_empty();
        self.hidden.clear();
        hid
    }

    /// The key set as it is served: the provider's own bytes, unless a key is hidden.
    pub(super) fn jwks(&self) -> Vec<u8> {
        let read = serde_json::from_slice::<Value>(&self.set);
        let Ok(mut set) = read else { return self.set.clone() };
        let is_hidden = |key: &Value| key["kid"].as_str().is_some_and(|kid| self.hidden.contains(kid));
        match set.get_mut("keys").and_then(Value::as_array_mut) {
            Some(keys) if keys.iter().any(is_hidden) => {
                keys.retain(|key| !is_hidden(key));
                set.to_string().into_bytes()
            }
            _ => self.set.clone(),
        }
    }

    /// Whether tokens of a class can be had without the provider's key. What a planted key would sign cannot: none is
    /// planted.
    pub(super) fn makes(class: TokenClass) -> bool {
        !matches!(
            class,
            TokenClass::Expired
                | TokenClass::Future
                | TokenClass::WrongIss
                | TokenClass::WrongAud
                | TokenClass::Attacker
                | TokenClass::OctKey
                | TokenClass::Second
                | TokenClass::CrossIssuer
        )
    }

    /// The next token of a class; good ones by this key in turn. `None` where there is none.
    pub(super) fn take(&mut self, class: TokenClass, name: &str, now: i64) -> Option<Arc<str>> {
        let kid = self.kid(name);
        if class.is_forged() {
            let key = SigningKey { ring: "active".into(), kid: self.signing.first()?.clone() };
            return self.forged.as_mut()?.take(&Kind { class, key }).ok();
        }
        let good: Vec<_> = self.held.iter().filter(|(own, exp, _)| *own == kid && *exp > now + EARLY).collect();
        let newest = good.first()?;
        // Only what replays is sent again while there is something newer.
        self.turn += 1;
        let chosen = if class == TokenClass::Replay { good.get(self.turn % good.len())? } else { newest };
        Some(Arc::clone(&chosen.2))
    }
}

/// The names of the keys in a set.
fn kids(set: &[u8]) -> Vec<String> {
    let set: Value = serde_json::from_slice(set).unwrap_or_default();
    let keys = set["keys"].as_array().into_iter().flatten();
    keys.filter_map(|key| key["kid"].as_str()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use serde_json::json;

    fn token(kid: &str, exp: i64) -> Arc<SampleToken> {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}.c2ln", part(json!({ "alg": "ES256", "kid": kid })), part(json!({ "exp": exp })));
        Arc::new(SampleToken::read(&text).unwrap())
    }

    fn news(kids: &[&str], tokens: Vec<Arc<SampleToken>>) -> News {
        let keys: Vec<Value> = kids.iter().map(|kid| json!({ "kty": "EC", "kid": kid })).collect();
        News { set: Some(json!({ "keys": keys }).to_string().into_bytes()), tokens, trouble: None }
    }

    #[test]
    fn keys_are_called_by_the_order_in_which_they_sign() {
        let mut keys = TheirKeys::new(None);
        keys.learn(&news(&["spare", "first"], vec![token("first", 100)]), 0);
        assert_eq!((keys.published(), keys.signer()), (vec!["spare".into(), "k1".into()], Some("k1".into())));
        keys.learn(&news(&["spare", "first", "second"], vec![token("second", 200), token("first", 100)]), 10);
        assert_eq!((keys.signer(), keys.kid("k2")), (Some("k2".into()), "second".into()));
        let of = |keys: &mut TheirKeys, name| keys.take(TokenClass::Valid, name, 10).is_some();
        assert!(of(&mut keys, "k1") && of(&mut keys, "k2") && !of(&mut keys, "spare"));
        keys.learn(&News::default(), 99);
        assert!(!of(&mut keys, "k1"), "its token has run out");
        assert_eq!(keys.published().len(), 3, "a set that could not be had stays");
    }

    #[test]
    fn a_hidden_key_is_left_out_and_nothing_else_is_touched() {
        let mut keys = TheirKeys::new(None);
        let first = news(&["a", "b"], vec![token("a", 100)]);
        keys.learn(&first, 0);
        assert_eq!(keys.jwks(), first.set.clone().unwrap());
        keys.hide("k1", true);
        assert_eq!((keys.published(), kids(&keys.jwks())), (vec!["b".to_owned()], vec!["b".to_owned()]));
        assert!(keys.show_all() && !keys.show_all());
        assert_eq!(keys.jwks(), first.set.unwrap());
    }
}
