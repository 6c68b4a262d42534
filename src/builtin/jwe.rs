//! Encrypted tokens (RFC 7516): opened where decryption keys are configured, and then judged as the signed token that
//! must be inside. Encrypting takes only a public key, so what was encrypted says nothing about who wrote it.
//!
//! Strict takes the compact form alone, one algorithm for each key, no passwords, and at most 250 KB of inflated
//! content. Whatever goes wrong with keys, padding or tags is one and the same refusal.

mod agreement;
mod content;
mod form;
mod inflate;
mod key;
mod shared;
mod unwrap;

#[cfg(test)]
mod tests;

use super::{
    flaw::Flaw,
    json::{self, Repeated},
    key::KeySet,
    rules::{self, Refusal, Rules},
};
use crate::model::{Alg, ContentEncryption, KeyManagement, target::Decryption};
use form::Form;
use key::PrivateKey;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// What the validator decrypts, and with which keys.
#[derive(Default)]
pub(super) struct Decryptor {
    algorithms: Vec<KeyManagement>,
    content: Vec<ContentEncryption>,
    keys: Vec<PrivateKey>,
}

/// What there is to judge.
#[derive(Debug, PartialEq)]
pub(super) enum Opened<'t> {
    /// What was sent: it is not encrypted.
    AsSent(&'t [u8]),
    /// The token that was inside.
    Inside(Vec<u8>),
    /// A flaw decided that these are good claims.
    Claims(Value),
}

/// One encrypted token on its way to being opened.
struct Letter<'l> {
    rules: &'l Rules,
    decryptor: &'l Decryptor,
    signers: &'l KeySet,
    form: &'l Form,
    header: &'l Map<String, Value>,
    enc: ContentEncryption,
}

impl Decryptor {
    pub fn new(decryption: &Decryption) -> Decryptor {
        let keys = decryption.keys.as_ref().and_then(|keys| serde_json::from_str::<Value>(keys.reveal()).ok());
        let members = keys.as_ref().and_then(|set| set.get("keys")?.as_array());
        Decryptor {
            algorithms: decryption.algorithms.clone(),
            content: decryption.content.clone(),
            keys: members.into_iter().flatten().filter_map(PrivateKey::from_jwk).collect(),
        }
    }

    pub fn algorithms(&self) -> &[KeyManagement] {
        &self.algorithms
    }

    pub fn content(&self) -> &[ContentEncryption] {
        &self.content
    }
}

/// Opens an encrypted token; anything else stays as it was sent.
pub(super) fn open<'t>(
    rules: &Rules,
    decryptor: &Decryptor,
    signers: &KeySet,
    sent: &'t [u8],
) -> Result<Opened<'t>, Refusal> {
    if decryptor.algorithms.is_empty() || rules.has(Flaw::JweRefused) {
        return Ok(Opened::AsSent(sent));
    }
    let Some(forms) = form::read(rules, sent)? else { return Ok(Opened::AsSent(sent)) };
    let mut last = Err(Refusal::Malformed);
    for form in &forms {
        let header = json::parse(&form.header, Repeated::Refuse).map_err(|_| Refusal::Header)?;
        let Value::Object(header) = header else { return Err(Refusal::Header) };
        // Five segments under the name of a signature algorithm are no encrypted token (RFC 7516 section 9).
        let name = header.get("alg").and_then(Value::as_str);
        let guessed = rules.has(Flaw::JweAlgGuessed);
        if !guessed && name.is_some_and(|name| name.eq_ignore_ascii_case("none") || name.parse::<Alg>().is_ok()) {
            return Ok(Opened::AsSent(sent));
        }
        last = open_form(rules, decryptor, signers, form, header);
        if last.is_ok() {
            break;
        }
    }
    last
}

/// What is inside a JWE, whatever it is.
pub(super) fn contents(
    rules: &Rules,
    decryptor: &Decryptor,
    signers: &KeySet,
    sent: &[u8],
) -> Result<Vec<u8>, Refusal> {
    let forms = form::read(rules, sent)?.ok_or(Refusal::Malformed)?;
    let mut last = Err(Refusal::Malformed);
    for form in &forms {
        let header = json::parse(&form.header, Repeated::Refuse).map_err(|_| Refusal::Header)?;
        let Value::Object(header) = header else { return Err(Refusal::Header) };
        last = unsealed(rules, decryptor, signers, form, &header);
        if last.is_ok() {
            break;
        }
    }
    last
}

fn open_form(
    rules: &Rules,
    decryptor: &Decryptor,
    signers: &KeySet,
    form: &Form,
    header: Map<String, Value>,
) -> Result<Opened<'static>, Refusal> {
    let content = unsealed(rules, decryptor, signers, form, &header)?;
    let cty = header.get("cty").and_then(Value::as_str);
    if cty.is_some_and(|cty| rules::is_media_type(cty, "JWT")) {
        return Ok(Opened::Inside(content));
    }
    // RFC 7519 section 7.2: without `cty` the content is a claims set. Nobody signed it.
    match json::parse(&content, Repeated::Refuse) {
        Ok(claims @ Value::Object(_)) if rules.has(Flaw::JwePlainClaims) || rules.has(Flaw::JweSigningKeyShared) => {
            Ok(Opened::Claims(claims))
        }
        _ => Err(Refusal::Type),
    }
}

/// Decrypts one form, and inflates it where the header says so.
fn unsealed(
    rules: &Rules,
    decryptor: &Decryptor,
    signers: &KeySet,
    form: &Form,
    header: &Map<String, Value>,
) -> Result<Vec<u8>, Refusal> {
    if header.contains_key("crit") {
        return Err(Refusal::Critical);
    }
    let enc = content_encryption(rules, decryptor, header)?;
    let letter = Letter { rules, decryptor, signers, form, header, enc };
    let zipped = match letter.header.get("zip") {
        None => false,
        Some(Value::String(zip)) if zip == "DEF" => true,
        Some(_) => return Err(Refusal::Header),
    };
    let keys = unwrap::content_keys(&letter)?;
    let content = keys.iter().map(|key| content::open(&letter, key)).reduce(Result::or);
    let mut content = content.unwrap_or(Err(Refusal::Decryption))?;
    if zipped {
        content = inflate::inflate(rules, &content)?;
    }
    Ok(content)
}

fn content_encryption(
    rules: &Rules,
    decryptor: &Decryptor,
    header: &Map<String, Value>,
) -> Result<ContentEncryption, Refusal> {
    let enc = header.get("enc").and_then(Value::as_str).and_then(|name| name.parse().ok());
    match enc {
        Some(enc) if decryptor.content.contains(&enc) => Ok(enc),
        None if rules.has(Flaw::JweEncGuessed) => Ok(ContentEncryption::A256Gcm),
        _ => Err(Refusal::Algorithm),
    }
}

impl Letter<'_> {
    /// A member's text.
    fn text(&self, name: &str) -> Option<&str> {
        self.header.get(name)?.as_str()
    }

    fn has(&self, flaw: Flaw) -> bool {
        self.rules.has(flaw)
    }
}

/// Whether a flaw takes the token inside for good without a look at its signature.
pub(super) fn is_unchecked(rules: &Rules, header: &Map<String, Value>) -> bool {
    rules.has(Flaw::JweInnerUnchecked)
        || rules.has(Flaw::JweUnsignedInside) && header.get("alg").is_some_and(|alg| alg == "none")
}

/// The signed token to judge, and whether it was inside an encrypted one.
pub(super) fn signed<'t>(opened: Opened<'t>) -> Result<(Cow<'t, [u8]>, bool), Value> {
    match opened {
        Opened::AsSent(sent) => Ok((Cow::Borrowed(sent), false)),
        Opened::Inside(token) => Ok((Cow::Owned(token), true)),
        Opened::Claims(claims) => Err(claims),
    }
}
