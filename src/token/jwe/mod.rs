//! Encrypted tokens (RFC 7516), and tokens inside tokens.
//!
//! The compact form is written by hand, because libraries refuse to make the tokens that we need; the ciphers come from
//! the cryptographic library.

mod content;
mod deflate;
mod ephemeral;
mod manage;
mod order;
mod parts;
mod recipient;
mod rsa;

#[cfg(test)]
mod tests;

pub use parts::JweParts;
pub use recipient::{RecipientKey, private_jwks};

use self::{order::Order, recipient::Lock};
use super::{
    draft::Part,
    error::ForgeError,
    forge::{Forge, Token},
    mutate::{self, Anvil},
    public::public_form,
};
use crate::model::{
    ContentEncryption, Encrypt, KeyManagement, Recipe, Slot,
    jwe::{Content, Fit, JweDamage, SharedSecret},
};
use aws_lc_rs::digest;
use serde_json::{Map, json};
use std::collections::BTreeMap;

/// Mints a token of a recipe that says something of encryption, or of a token inside.
pub(super) fn mint(
    forge: &Forge,
    recipe: &Recipe,
    now: i64,
    nonce: &str,
    before: &BTreeMap<String, Token>,
) -> Result<Token, ForgeError> {
    let shell = Recipe { inner: None, encrypt: None, ..recipe.clone() };
    let inner = match &recipe.inner {
        None => None,
        Some(inner) => {
            let base = Recipe { mutate: Vec::new(), then: Vec::new(), ..shell.clone() };
            Some(forge.mint(&inner.over(&base), now, nonce, before)?)
        }
    };
    let Some(encrypt) = &recipe.encrypt else {
        let raw_claims = inner.map(|inner| inner.text());
        return forge.mint(&Recipe { raw_claims, ..shell }, now, nonce, before);
    };
    let token = match inner {
        Some(inner) => inner,
        None => forge.mint(&shell, now, nonce, before)?,
    };
    let encrypt = forge.fill_encrypt(encrypt, recipe, now, nonce, before)?;
    let anvil = Anvil { forge, recipe, now, nonce, before };
    seal(forge, &encrypt, token, |length| mutate::noise(&anvil, length))
}

/// Encrypts a token for its recipient.
fn seal(forge: &Forge, encrypt: &Encrypt, token: Token, noise: impl Fn(usize) -> Vec<u8>) -> Result<Token, ForgeError> {
    let (usual_alg, usual_enc) = forge.setting().encryption;
    let alg = chosen(encrypt.alg.as_ref(), usual_alg)?;
    let enc = chosen(encrypt.enc.as_ref(), usual_enc)?;
    let order = Order { alg, enc, damage: &encrypt.damage };
    let (lock, kid) = recipient(forge, encrypt, alg)?;
    let lock = match &encrypt.secret {
        None => lock,
        Some(secret) => Lock::Octets(shared(forge, secret, alg, enc)?),
    };
    if let (Lock::Octets(key), Some(length)) = (&lock, manage::key_length(alg, enc))
        && key.len() != length
    {
        return Err(ForgeError::CannotEncrypt(format!("{alg} with {enc} needs a key of {length} bytes")));
    }
    let wrapped = manage::wrap(&order, &lock)?;

    let mut members = Map::new();
    members.insert("alg".into(), json!(alg.name()));
    members.insert("enc".into(), json!(enc.name()));
    members.insert("kid".into(), json!(kid));
    if !matches!(encrypt.content, Some(Content::Claims)) {
        members.insert("cty".into(), json!("JWT"));
    }
    let zip = encrypt.zip.as_ref().map(known).transpose()?;
    if zip.is_some() {
        members.insert("zip".into(), json!("DEF"));
    }
    members.extend(wrapped.header.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    members.extend(encrypt.header.clone());
    members.retain(|name, _| !encrypt.drop_header.contains(name));
    let mut header = Part::from_recipe(None, &members);
    for damage in &encrypt.damage {
        if let JweDamage::HeaderText { name, text } = damage {
            header.members("header-text")?.set(name, text);
        }
    }

    let plaintext = match (&encrypt.content, zip) {
        (Some(Content::Letters { mebibytes }), Some(zip)) => deflate::letters(zip, known(mebibytes)?)?,
        (Some(Content::Letters { .. }), None) => {
            return Err(ForgeError::CannotEncrypt("so many letters are sent compressed only: add `zip`".into()));
        }
        (Some(Content::Claims), None) => token.payload.clone(),
        (Some(Content::Claims), Some(zip)) => deflate::compress(zip, &token.payload)?,
        (Some(Content::Token) | None, None) => token.bytes.clone(),
        (Some(Content::Token) | None, Some(zip)) => deflate::compress(zip, &token.bytes)?,
    };
    let header = header.render();
    let aad = super::encode_segment(&header);
    let mut parts = JweParts { header, encrypted_key: wrapped.encrypted_key, ..JweParts::default() };
    let mut key = wrapped.content_key;
    key.resize(enc.key_length(), 0);
    let encrypted = content::encrypt(enc, &key, aad.as_bytes(), &plaintext, order.cbc_padding())?;
    parts.iv = encrypted.iv;
    parts.ciphertext = encrypted.ciphertext;
    parts.tag = encrypted.tag;
    let bytes = parts.damaged(&encrypt.damage, noise)?;
    Ok(Token { bytes, jwe: Some(Box::new(parts)), ..token })
}

/// The recipient's key, and the name under which it finds it.
fn recipient(forge: &Forge, encrypt: &Encrypt, alg: KeyManagement) -> Result<(Lock, String), ForgeError> {
    let name = encrypt.to.as_deref().unwrap_or("k-dec");
    let alg = match name.strip_prefix("k-dec") {
        Some("") => alg,
        Some(other) => {
            let named = |known: &&KeyManagement| {
                other.strip_prefix('-').is_some_and(|name| known.name().eq_ignore_ascii_case(name))
            };
            let unknown = || ForgeError::UnknownKey(name.to_owned());
            *KeyManagement::ALL.iter().find(named).ok_or_else(unknown)?
        }
        None => {
            let (key, _) = forge.ring().key(name)?;
            // With a secret of its own, the encryption only borrows the key's name.
            let lock = if encrypt.secret.is_some() { Lock::Octets(Vec::new()) } else { recipient::lock_of(&key)? };
            return Ok((lock, key.kid().to_owned()));
        }
    };
    let key = forge.ring().decryption_key(alg)?;
    Ok((key.lock()?, key.kid().to_owned()))
}

/// The bytes of a shared key or password that the case states.
fn shared(
    forge: &Forge,
    secret: &SharedSecret,
    alg: KeyManagement,
    enc: ContentEncryption,
) -> Result<Vec<u8>, ForgeError> {
    let (bytes, fit) = match secret {
        SharedSecret::Text(text) => (text.clone().into_bytes(), Fit::Cut),
        SharedSecret::PublicKey { key, form, fit } => {
            (public_form(&*forge.ring().key(key)?.0, forge.ring(), known(form)?)?, known(fit)?)
        }
        SharedSecret::HmacKey { key, fit } => {
            let key = forge.ring().key(key)?.0;
            let secret = key.hmac_secret().ok_or(ForgeError::NoSuchForm(key.alg(), "shared"))?;
            (secret.clone(), known(fit)?)
        }
    };
    // A password is taken as it is.
    let Some(length) = manage::key_length(alg, enc) else { return Ok(bytes) };
    let mut bytes = match fit {
        Fit::Whole => return Ok(bytes),
        Fit::Cut => bytes,
        Fit::Hashed => digest::digest(&digest::SHA512, &bytes).as_ref().to_vec(),
    };
    bytes.resize(length, 0);
    Ok(bytes)
}

fn chosen<T: Copy>(slot: Option<&Slot<T>>, usual: T) -> Result<T, ForgeError> {
    slot.map_or(Ok(usual), known)
}

/// A parameter that must have its value by now.
fn known<T: Copy>(slot: &Slot<T>) -> Result<T, ForgeError> {
    slot.value().copied().ok_or_else(|| ForgeError::Filled("a parameter of `encrypt` is still a placeholder".into()))
}
