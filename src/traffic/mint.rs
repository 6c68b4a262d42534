//! How the tokens of each class are made.

use crate::{
    model::{Alg, Mutation, Recipe, Tampering, chaos::TokenClass, recipe::Sign},
    token::{Forge, ForgeError, Template},
};
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, sync::Arc};

/// A key that a scenario names: its name in the ring, which changes when the key is made anew, and the `kid` under which
/// it is published, which stays.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SigningKey {
    /// The name in the key ring.
    pub ring: String,
    /// The `kid`.
    pub kid: String,
}

/// Makes tokens of every class for one target.
#[derive(Clone)]
pub struct Mint {
    forge: Arc<Forge>,
    good: Recipe,
    alg: Alg,
    /// Tells the keys of several scenarios apart.
    label: String,
}

/// A class that is ready to be minted.
pub enum Press {
    /// What does not change is rendered.
    Template(Box<Template>),
    /// Everything is made anew for each token.
    Recipe(Box<Recipe>),
}

impl Mint {
    /// `good` is the recipe of a token that the target takes; `alg` signs; `label` tells its keys from those of another
    /// mint on the same ring.
    #[must_use]
    pub fn new(forge: Arc<Forge>, good: Recipe, alg: Alg, label: String) -> Mint {
        Mint { forge, good, alg, label }
    }

    /// The key of the attacker in the key ring: of the same kind as those that sign.
    #[must_use]
    pub fn attacker(&self) -> String {
        format!("rogue-{}", self.alg.name().to_lowercase())
    }

    /// The symmetric key that a hostile key set publishes, in the key ring.
    #[must_use]
    pub fn symmetric() -> &'static str {
        "spare-hs256-published"
    }

    /// The recipe of a class by a key.
    #[must_use]
    pub fn recipe(&self, class: TokenClass, key: &SigningKey) -> Recipe {
        let header = |members: Value| members.as_object().cloned().unwrap_or_default();
        let sign = |name: &str| Some(Sign { key: name.to_owned(), alg: None });
        let genuine = Recipe { header: header(json!({ "kid": key.kid })), sign: sign(&key.ring), ..Recipe::default() };
        let by_attacker =
            |members: Value| Recipe { header: header(members), sign: sign(&self.attacker()), ..Recipe::default() };
        let claims = |claims: Value| Recipe { claims: header(claims), ..genuine.clone() };
        let own = match class {
            TokenClass::Valid | TokenClass::Replay | TokenClass::Old => genuine,
            TokenClass::BadSig => by_attacker(json!({ "kid": key.kid })),
            TokenClass::UnknownKid => by_attacker(json!({ "kid": "unknown-${nonce}" })),
            TokenClass::FixedKid => by_attacker(json!({ "kid": "unknown-for-ever" })),
            TokenClass::LongKid => by_attacker(json!({ "kid": format!("{}-${{nonce}}", "k".repeat(4096)) })),
            TokenClass::PathKid => by_attacker(json!({ "kid": "../../${nonce}\r\n/jwks?kid=" })),
            TokenClass::AlgNone => {
                let mut unsigned = genuine;
                unsigned.header.insert("alg".into(), json!("none"));
                Recipe { then: vec![Tampering::StripSignature], ..unsigned }
            }
            TokenClass::HsConfusion => {
                let confused = json!({ "hmac-with-public-key": { "alg": "HS256", "encoding": "spki-pem" } });
                let mutate: Vec<Mutation> = serde_json::from_value(confused).into_iter().collect();
                Recipe { mutate, ..genuine }
            }
            TokenClass::JkuLure => by_attacker(json!({ "jku": "${canary}/jwks.json" })),
            TokenClass::JwkEmbed => {
                let mutate = serde_json::from_value(json!("embed-jwk")).into_iter().collect();
                Recipe { mutate, ..by_attacker(json!({ "kid": key.kid })) }
            }
            TokenClass::Attacker => by_attacker(json!({})),
            TokenClass::OctKey => Recipe { sign: sign(Mint::symmetric()), ..Recipe::default() },
            TokenClass::Expired => claims(json!({
                "iat": "${now - leeway - 600s}", "nbf": "${now - leeway - 600s}", "exp": "${now - leeway - 60s}"
            })),
            TokenClass::Future => claims(json!({ "nbf": "${now + leeway + 600s}", "exp": "${now + leeway + 900s}" })),
            TokenClass::WrongIss => claims(json!({ "iss": "${rogue-issuer}" })),
            TokenClass::Second => Recipe {
                claims: header(json!({ "iss": "${issuer2}" })),
                sign: sign(&format!("issuer2-{}", self.alg.name().to_lowercase())),
                ..Recipe::default()
            },
            TokenClass::CrossIssuer => claims(json!({ "iss": "${issuer2}" })),
            TokenClass::WrongAud => claims(json!({ "aud": "https://another-audience.example" })),
        };
        own.over(&self.good)
    }

    /// Prepares a class: what is the same for all its tokens is rendered once.
    #[must_use]
    pub fn press(&self, class: TokenClass, key: &SigningKey) -> Press {
        let recipe = self.recipe(class, key);
        // What is made of somebody else's token changes when that token does.
        if self.forge.samples().is_some() {
            return Press::Recipe(Box::new(recipe));
        }
        match self.forge.template(&recipe) {
            Ok(template) => Press::Template(Box::new(template)),
            // Damaged tokens, and headers that change, cannot be compiled.
            Err(_) => Press::Recipe(Box::new(recipe)),
        }
    }

    /// Mints one token as of `now`, in seconds since the epoch.
    ///
    /// # Errors
    /// The key ring or the cryptographic library refuses.
    pub fn mint(&self, press: &Press, now: i64, nonce: &str) -> Result<Arc<str>, ForgeError> {
        Ok(match press {
            Press::Template(template) => template.mint(now, nonce)?.into(),
            Press::Recipe(recipe) => self.forge.mint(recipe, now, nonce, &BTreeMap::new())?.text().into(),
        })
    }

    /// The JWK of a key under the `kid` that it is published by.
    ///
    /// # Errors
    /// The ring cannot make such a key.
    pub fn jwk(&self, key: &SigningKey) -> Result<Map<String, Value>, ForgeError> {
        let (made, _) = self.forge.ring().key(&key.ring)?;
        let mut jwk: Map<String, Value> =
            serde_json::from_str(made.jwk()).map_err(|error| ForgeError::Filled(error.to_string()))?;
        jwk.insert("kid".into(), json!(key.kid));
        Ok(jwk)
    }

    /// A fresh key by this name, of the algorithm that signs or that the name ends with (`k2-es256`). `version` makes it anew under the same `kid`.
    ///
    /// # Errors
    /// The ring cannot make such a key.
    pub fn key(&self, name: &str, version: u32) -> Result<SigningKey, ForgeError> {
        // A name may say the algorithm at its end: `k2-es256`.
        let own = name.rsplit('-').next().and_then(|word| word.to_uppercase().parse().ok());
        let alg: Alg = own.unwrap_or(self.alg);
        let ring = |version: u32| format!("spare-{}-{}-{name}-{version}", alg.name().to_lowercase(), self.label);
        let (first, _) = self.forge.ring().key(&ring(1))?;
        self.forge.ring().key(&ring(version))?;
        Ok(SigningKey { ring: ring(version), kid: first.kid().to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::Period,
        token::{KeyRing, Setting, decode_segment, testing},
    };

    fn mint() -> Mint {
        let setting = Setting { leeway: Period::from_secs(60), ..testing::setting() };
        let ring = KeyRing::generate(&[Alg::Es256]).unwrap();
        Mint::new(Arc::new(Forge::new(ring, setting)), testing::good(), Alg::Es256, "t".into())
    }

    fn part(token: &str, index: usize) -> Value {
        serde_json::from_slice(&decode_segment(token.split('.').nth(index).unwrap()).unwrap()).unwrap()
    }

    #[test]
    fn every_class_can_be_minted_and_is_what_it_says() {
        let mint = mint();
        let key = mint.key("k1", 1).unwrap();
        let make = |class| mint.mint(&mint.press(class, &key), 1_000_000, "n-7").unwrap();
        for class in TokenClass::ALL {
            let token = make(*class);
            assert_eq!(token.split('.').count(), 3, "{class}");
            assert_eq!(part(&token, 1)["jti"], "n-7", "{class}");
        }
        let header = |class| part(&make(class), 0);
        assert_eq!(
            (&header(TokenClass::Valid)["kid"], &header(TokenClass::Valid)["alg"]),
            (&json!(key.kid), &json!("ES256"))
        );
        assert_eq!(header(TokenClass::BadSig)["kid"], key.kid);
        assert_eq!(header(TokenClass::UnknownKid)["kid"], "unknown-n-7");
        assert_eq!(
            (&header(TokenClass::AlgNone)["alg"], make(TokenClass::AlgNone).ends_with('.')),
            (&json!("none"), true)
        );
        assert_eq!(
            (&header(TokenClass::HsConfusion)["alg"], &header(TokenClass::OctKey)["alg"]),
            (&json!("HS256"), &json!("HS256"))
        );
        assert!(header(TokenClass::JwkEmbed)["jwk"].is_object() && header(TokenClass::JkuLure)["jku"].is_string());
        assert!(header(TokenClass::Attacker)["kid"].as_str().unwrap().starts_with("rogue"));
        assert!(part(&make(TokenClass::Expired), 1)["exp"].as_i64().unwrap() < 1_000_000 - 60);
        assert!(part(&make(TokenClass::Future), 1)["nbf"].as_i64().unwrap() > 1_000_000 + 60);
    }

    #[test]
    fn a_key_that_is_made_anew_keeps_its_kid() {
        let mint = mint();
        let (first, second) = (mint.key("k1", 1).unwrap(), mint.key("k1", 2).unwrap());
        let (one, other) = (mint.jwk(&first).unwrap(), mint.jwk(&second).unwrap());
        assert_eq!((&one["kid"], one["x"] == other["x"]), (&other["kid"], false));
        assert_ne!(mint.key("k2", 1).unwrap().kid, first.kid);
    }
}
