//! From a recipe to a token.

use super::{
    compact::encode_segment,
    draft::{Draft, Signer},
    error::ForgeError,
    jwe::{self, JweParts},
    keyring::KeyRing,
    mutate::{self, Sealed},
    respell,
    sample::Samples,
    spelling,
    template::Template,
};
use crate::model::{
    Alg, ContentEncryption, Encrypt, KeyManagement, Period, Recipe, Tampering, World,
    access::{AccessRules, ClaimRule, Login},
    placeholder::{self, Times, Unknown},
};
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, sync::Arc};

/// The life of an ordinary token: `lifetime` in placeholders.
pub const LIFETIME: Period = Period::from_secs(300);

/// The longest text that a placeholder makes.
const LONGEST_TEXT: usize = 1 << 20;

/// Writes a text in another way.
type Respell = fn(&str) -> String;

/// Placeholders that take another one's text and spell it differently.
const RESPELLINGS: [(&str, Respell); 11] = [
    ("upper:", str::to_uppercase),
    ("undotted:", |text| text.replace('.', "x")),
    ("shortened:", respell::shortened),
    ("percent:", respell::percent_encoded),
    ("percent-all:", spelling::percent_encoded),
    ("full-width:", spelling::in_full_width),
    ("homoglyph:", respell::with_look_alikes),
    ("scheme:", respell::with_other_scheme),
    ("userinfo:", respell::with_userinfo),
    ("port:", respell::with_default_port),
    ("upper-path:", respell::with_upper_case_path),
];

/// What the tokens of one target have in common.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The addresses of our side.
    pub world: World,
    /// The `iss` that the target wants.
    pub issuer: String,
    /// The `aud` that it wants.
    pub audience: String,
    /// The `typ` that it wants.
    pub typ: String,
    /// The clock leeway that it declares.
    pub leeway: Period,
    /// How tokens are encrypted for it, where a case says no more.
    pub encryption: (KeyManagement, ContentEncryption),
    /// What drives random bytes.
    pub seed: u64,
    /// What the target wants beyond a valid token.
    pub rules: AccessRules,
}

/// Mints tokens. Pure: what it returns depends on its arguments and keys alone, but for the salts and nonces inside
/// PSS and ECDSA signatures and the keys of encrypted tokens.
#[derive(Clone)]
pub struct Forge {
    ring: KeyRing,
    setting: Setting,
    /// Good tokens of an issuer that is not ours, and the recipe that they stand for.
    samples: Option<(Arc<Samples>, Arc<Recipe>)>,
}

/// A token as it is sent, with what it was made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The bytes to send.
    pub bytes: Vec<u8>,
    /// The decoded header.
    pub header: Vec<u8>,
    /// The decoded payload.
    pub payload: Vec<u8>,
    /// The decoded signature.
    pub signature: Vec<u8>,
    /// The encrypted token around all that, where there is one.
    pub jwe: Option<Box<JweParts>>,
}

impl Token {
    /// The token as text, lossy where an attack is not text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

impl Forge {
    /// A forge with these keys for one target.
    #[must_use]
    pub fn new(ring: KeyRing, setting: Setting) -> Forge {
        Forge { ring, setting, samples: None }
    }

    /// The same, on the grounds of good tokens whose issuer is not ours. `ordinary` is the recipe that they stand for.
    #[must_use]
    pub fn with_samples(self, samples: Arc<Samples>, ordinary: Recipe) -> Forge {
        Forge { samples: Some((samples, Arc::new(ordinary))), ..self }
    }

    /// The good tokens in use, where their issuer is not ours.
    #[must_use]
    pub fn samples(&self) -> Option<&Arc<Samples>> {
        self.samples.as_ref().map(|(samples, _)| samples)
    }

    /// These tokens, with the recipe that they stand for.
    pub(super) fn grounds(&self) -> Option<&(Arc<Samples>, Arc<Recipe>)> {
        self.samples.as_ref()
    }

    /// The keys.
    #[must_use]
    pub fn ring(&self) -> &KeyRing {
        &self.ring
    }

    /// What the tokens have in common.
    #[must_use]
    pub fn setting(&self) -> &Setting {
        &self.setting
    }

    /// Mints one token as of `now` (seconds since the epoch). `before` holds the tokens presented earlier, by name.
    ///
    /// # Errors
    /// The recipe names a key or a placeholder that does not exist, or its damage does not fit together.
    pub fn mint(
        &self,
        recipe: &Recipe,
        now: i64,
        nonce: &str,
        before: &BTreeMap<String, Token>,
    ) -> Result<Token, ForgeError> {
        if recipe.encrypt.is_some() || recipe.inner.is_some() {
            return jwe::mint(self, recipe, now, nonce, before);
        }
        let anvil = mutate::Anvil { forge: self, recipe, now, nonce, before };
        let (draft, then) = self.draft(&anvil)?;
        let mut sealed = Sealed::sign(draft)?;
        for tampering in &then {
            mutate::after_signing(tampering, &mut sealed, &anvil)?;
        }
        sealed.into_token()
    }

    /// Whether a token can be made: its decoded header and payload, without the cost of a signature where nothing
    /// builds on one.
    ///
    /// # Errors
    /// As [`Forge::mint`], but for what shows only in a signature.
    pub fn rehearse(
        &self,
        recipe: &Recipe,
        before: &BTreeMap<String, Token>,
    ) -> Result<(Vec<u8>, Vec<u8>), ForgeError> {
        const NONCE: &str = "rehearsal";
        if recipe.encrypt.is_some() || recipe.inner.is_some() || !recipe.then.is_empty() {
            return self.mint(recipe, 0, NONCE, before).map(|token| (token.header, token.payload));
        }
        let (draft, _) = self.draft(&mutate::Anvil { forge: self, recipe, now: 0, nonce: NONCE, before })?;
        Sealed::rehearse(&draft)
    }

    /// What is to be signed, and what happens to it then.
    fn draft(&self, anvil: &mutate::Anvil<'_>) -> Result<(Draft, Vec<Tampering>), ForgeError> {
        let signer = self.signer(anvil.recipe)?;
        let filled = self.fill(anvil.recipe, &signer, anvil.now, anvil.nonce, anvil.before)?;
        let mut draft = self.ground(&filled, signer, anvil)?;
        for mutation in &filled.mutate {
            mutate::before_signing(mutation, &mut draft, anvil)?;
        }
        Ok((draft, filled.then))
    }

    /// The encryption of a recipe without placeholders.
    pub(super) fn fill_encrypt(
        &self,
        encrypt: &Encrypt,
        recipe: &Recipe,
        now: i64,
        nonce: &str,
        before: &BTreeMap<String, Token>,
    ) -> Result<Encrypt, ForgeError> {
        let alone = Recipe { encrypt: Some(encrypt.clone()), ..Recipe::default() };
        let filled = self.fill(&alone, &self.signer(recipe)?, now, nonce, before)?;
        filled.encrypt.ok_or_else(|| ForgeError::Filled("the encryption is gone".into()))
    }

    /// Compiles a recipe of good tokens, so that each further one costs little more than its signature.
    ///
    /// # Errors
    /// As [`Forge::mint`].
    pub fn template(&self, recipe: &Recipe) -> Result<Template, ForgeError> {
        Template::new(self, recipe)
    }

    /// Who signs by this recipe.
    pub(super) fn signer(&self, recipe: &Recipe) -> Result<Signer, ForgeError> {
        let Some(sign) = &recipe.sign else {
            let (key, alg) = self.ring.key("active")?;
            return Ok(Signer { key, alg });
        };
        let (key, named) = self.ring.key(&sign.key)?;
        let alg = match &sign.alg {
            None => named,
            Some(slot) => *slot.value().ok_or_else(|| ForgeError::Filled("sign.alg is still a placeholder".into()))?,
        };
        Ok(Signer { key, alg })
    }

    pub(super) fn fill(
        &self,
        recipe: &Recipe,
        signer: &Signer,
        now: i64,
        nonce: &str,
        before: &BTreeMap<String, Token>,
    ) -> Result<Recipe, ForgeError> {
        let times = Times { now, leeway: self.setting.leeway, lifetime: LIFETIME };
        let bad_time = std::cell::RefCell::new(None);
        let lookup = |name: &str| -> Option<Value> {
            match placeholder::time(name, &times) {
                Ok(Some(time)) => return Some(json!(time)),
                Ok(None) => {}
                Err(error) => {
                    *bad_time.borrow_mut() = Some(error);
                    return Some(Value::Null);
                }
            }
            self.constant(name, signer).or_else(|| per_token(name, nonce, &self.setting, before))
        };
        let value = serde_json::to_value(recipe).map_err(|error| ForgeError::Filled(error.to_string()))?;
        let value = placeholder::fill_value(&value, Unknown::Refuse, &lookup)?;
        if let Some(error) = bad_time.take() {
            return Err(error.into());
        }
        let mut filled: Recipe =
            serde_json::from_value(value).map_err(|error| ForgeError::Filled(error.to_string()))?;
        for name in &filled.drop_header {
            filled.header.shift_remove(name);
        }
        for name in &filled.drop {
            filled.claims.shift_remove(name);
        }
        Ok(filled)
    }

    /// Fills the placeholders that are the same for all tokens of this target, such as `${subject}`; others stay.
    ///
    /// # Errors
    /// A placeholder that is not closed, or keys that are missing.
    pub fn settle(&self, values: &Map<String, Value>) -> Result<Map<String, Value>, ForgeError> {
        let signer = self.signer(&Recipe::default())?;
        let known = |name: &str| self.constant(name, &signer);
        let filled = placeholder::fill_value(&Value::Object(values.clone()), Unknown::Keep, &known)?;
        Ok(filled.as_object().cloned().unwrap_or_default())
    }

    /// Placeholders that are the same for every token of a recipe. `upper:NAME` is another one in upper case, and so on
    /// for all of [`RESPELLINGS`]; they are unknown where that changes nothing, since a token that is not damaged must
    /// not be judged as a damaged one. `letters:N`, `digits:N`
    /// and `dots:N` are texts of so many, and `words:N` are so many JSON strings with commas between them.
    pub(super) fn constant(&self, name: &str, signer: &Signer) -> Option<Value> {
        let setting = &self.setting;
        if let Some(key) = name.strip_prefix("kid:") {
            return self.ring.key(key).ok().map(|(key, _)| json!(key.kid()));
        }
        if let Some(key) = name.strip_prefix("alg:") {
            return self.ring.key(key).ok().map(|(_, alg)| json!(alg.name()));
        }
        if let Some(value) = spelling::of_key(name, &self.ring) {
            return Some(value);
        }
        for (prefix, respell) in RESPELLINGS {
            if let Some(inner) = name.strip_prefix(prefix) {
                let value = self.constant(inner, signer)?;
                let plain = value.as_str()?;
                return Some(respell(plain)).filter(|spelled| spelled != plain).map(Value::from);
            }
        }
        for (prefix, unit) in [("letters:", "x"), ("digits:", "9"), ("dots:", ".")] {
            if let Some(count) = name.strip_prefix(prefix) {
                return count
                    .parse()
                    .ok()
                    .filter(|count| *count <= LONGEST_TEXT)
                    .map(|count| json!(unit.repeat(count)));
            }
        }
        if let Some(count) = name.strip_prefix("words:") {
            let count: usize = count.parse().ok().filter(|count| *count <= LONGEST_TEXT / 8)?;
            let words: Vec<String> = (0..count).map(|number| format!("\"w{number}\"")).collect();
            return Some(json!(words.join(",")));
        }
        if let Some(rule) = rule(&setting.rules, name) {
            return Some(rule);
        }
        Some(json!(match name {
            "issuer" => &setting.issuer,
            "audience" => &setting.audience,
            "subject" => "user-1",
            "typ" => &setting.typ,
            "alg" => signer.alg.name(),
            "kid" => signer.key.kid(),
            "issuer2" => &setting.world.issuer2,
            "jwks-uri2" => &setting.world.jwks_uri2,
            "rogue-issuer" => &setting.world.rogue_issuer,
            "jwks-uri" => &setting.world.jwks_uri,
            "discovery" => &setting.world.discovery,
            _ => return None,
        }))
    }

    /// Whether the ring has a key for an algorithm.
    #[must_use]
    pub fn signs(&self, alg: Alg) -> bool {
        self.ring.key(&alg.name().to_lowercase()).is_ok()
    }
}

/// What the target wants beyond a valid token; where it wants nothing, what cases need to be written at all.
fn rule(rules: &AccessRules, name: &str) -> Option<Value> {
    let claim = |rule: &Option<ClaimRule>, otherwise: &str| {
        rule.as_ref().map_or(otherwise.to_owned(), |rule| rule.claim.clone())
    };
    let wanted =
        |rule: &Option<ClaimRule>, otherwise: &str| rule.as_ref().map_or(otherwise.to_owned(), |rule| rule.is.clone());
    let login = |pick: fn(&Login) -> &str| rules.login.as_ref().map_or("gauntlet", pick).to_owned();
    Some(match name {
        "scope" => json!(rules.scope.as_deref().unwrap_or("read")),
        "role-claim" => json!(claim(&rules.role, "roles")),
        "role" => json!(wanted(&rules.role, "reader")),
        "tenant-claim" => json!(claim(&rules.tenant, "tenant")),
        "tenant" => json!(wanted(&rules.tenant, "acme")),
        "login-client" => json!(login(|login| &login.client)),
        "login-nonce" => json!(login(|login| &login.nonce)),
        "login-acr" => json!(login(|login| &login.acr)),
        "login-max-age" => json!(rules.login.as_ref().map_or(0, |login| login.max_age.seconds())),
        _ => return None,
    })
}

/// Placeholders that differ from token to token.
fn per_token(name: &str, nonce: &str, setting: &Setting, before: &BTreeMap<String, Token>) -> Option<Value> {
    match name {
        "nonce" => return Some(json!(nonce)),
        "canary" => return Some(json!(format!("{}/{nonce}", setting.world.canary))),
        _ => {}
    }
    if let Some(spelling) = name.strip_prefix("canary:") {
        return spelling::canary(spelling, nonce, setting).map(Value::from);
    }
    let (earlier, part) = name.strip_prefix("before.")?.rsplit_once('.')?;
    let token = before.get(earlier)?;
    Some(json!(match part {
        "token" => token.text(),
        "header" => encode_segment(&token.header),
        "payload" => encode_segment(&token.payload),
        "signature" => encode_segment(&token.signature),
        "jti" => return serde_json::from_slice::<Value>(&token.payload).ok()?.get("jti").cloned(),
        _ => return None,
    }))
}
