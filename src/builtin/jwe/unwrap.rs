//! The content key (RFC 7516 section 5.2, steps 6 to 10; RFC 7518 section 4).

use super::{
    super::{flaw::Flaw, rules::Refusal},
    Letter, agreement,
    key::{Material, PrivateKey, RsaPair},
    shared,
};
use crate::{model::KeyManagement, token::keywrap};
use aws_lc_rs::{
    aead::{self, Aad, LessSafeKey, Nonce, UnboundKey},
    rand,
    rsa::{OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// The content keys to try: without a flaw just one.
pub(super) fn content_keys(letter: &Letter<'_>) -> Result<Vec<Vec<u8>>, Refusal> {
    let alg: KeyManagement =
        letter.text("alg").and_then(|alg| alg.parse().ok()).or_else(|| guessed(letter)).ok_or(Refusal::Algorithm)?;
    if let Some(keys) = shared::content_keys(letter, alg)? {
        return Ok(keys);
    }
    if !letter.decryptor.algorithms.contains(&alg) {
        return Err(Refusal::Algorithm);
    }
    let key = find(letter, alg)?;
    if letter.has(Flaw::JweEmptyKeyCrashes) && is_wrapping(alg) && letter.form.encrypted_key.len() < 16 {
        return Err(Refusal::Crash);
    }
    let content_key = match &key.material {
        Material::Rsa(pair) => rsa(letter, alg, pair)?,
        Material::Ec(own) => agreement::agreed(letter, alg, own)?,
        Material::Octets(kek) => by_shared(letter, alg, kek)?,
    };
    if content_key.len() == letter.enc.key_length() { Ok(vec![content_key]) } else { Err(Refusal::Decryption) }
}

/// What a flaw makes of an `alg` that says nothing.
fn guessed(letter: &Letter<'_>) -> Option<KeyManagement> {
    let named = letter.decryptor.keys.iter().find(|key| key.kid.is_some() && letter.text("kid") == key.kid.as_deref());
    named.filter(|_| letter.has(Flaw::JweAlgGuessed)).map(|key| key.alg)
}

/// The key of this `kid`, or without one the only key of the algorithm. It must be meant for the algorithm (RFC 8725
/// section 3.1).
fn find<'l>(letter: &'l Letter<'_>, alg: KeyManagement) -> Result<&'l PrivateKey, Refusal> {
    let is_named = |key: &&PrivateKey| letter.header.get("kid").is_none_or(|kid| kid.as_str() == key.kid.as_deref());
    let fits = |key: &&PrivateKey| {
        let any_rsa = letter.has(Flaw::Rsa15AnyKey) && alg == KeyManagement::Rsa15;
        key.alg == alg && key.enc.is_none_or(|enc| enc == letter.enc)
            || (any_rsa && matches!(key.material, Material::Rsa(_)))
    };
    let keys = &letter.decryptor.keys;
    if let Some(key) = keys.iter().filter(is_named).find(fits) {
        return Ok(key);
    }
    let of_a_signer = letter.text("kid").is_some_and(|kid| letter.signers.with_kid(kid).next().is_some());
    if of_a_signer && letter.has(Flaw::JweSigningKeyCrashes) {
        return Err(Refusal::Crash);
    }
    Err(Refusal::UnknownDecryptionKey)
}

fn is_wrapping(alg: KeyManagement) -> bool {
    !matches!(alg, KeyManagement::Dir | KeyManagement::EcdhEs)
}

fn rsa(letter: &Letter<'_>, alg: KeyManagement, pair: &RsaPair) -> Result<Vec<u8>, Refusal> {
    let sent = &letter.form.encrypted_key;
    let mut out = vec![0; pair.oaep.key_size_bytes()];
    if alg != KeyManagement::Rsa15 {
        let hash = if alg == KeyManagement::RsaOaep { &OAEP_SHA1_MGF1SHA1 } else { &OAEP_SHA256_MGF1SHA256 };
        let key = pair.oaep.decrypt(hash, sent, &mut out, None).map_err(|_| Refusal::Decryption)?;
        return Ok(key.to_vec());
    }
    // RFC 7516 section 11.5: a bad block gets a random key, so that it fails where a wrong tag does.
    let key = pair.pkcs1.decrypt(sent, &mut out).ok().filter(|key| key.len() == letter.enc.key_length());
    match key {
        Some(key) => Ok(key.to_vec()),
        None if letter.has(Flaw::Rsa15PaddingTold) => Err(Refusal::ContentKey),
        None => random(letter.enc.key_length()),
    }
}

fn random(length: usize) -> Result<Vec<u8>, Refusal> {
    let mut key = vec![0; length];
    rand::fill(&mut key).map_err(|_| Refusal::Crash)?;
    Ok(key)
}

/// With a shared key: wrapped in one of two ways, or itself the content key.
pub(super) fn by_shared(letter: &Letter<'_>, alg: KeyManagement, kek: &[u8]) -> Result<Vec<u8>, Refusal> {
    match alg {
        KeyManagement::Dir if letter.form.encrypted_key.is_empty() => Ok(kek.to_vec()),
        KeyManagement::A128Kw | KeyManagement::A192Kw | KeyManagement::A256Kw => {
            aes_unwrap(kek, &letter.form.encrypted_key)
        }
        KeyManagement::A128GcmKw | KeyManagement::A192GcmKw | KeyManagement::A256GcmKw => gcm_unwrap(letter, kek),
        KeyManagement::Pbes2Hs256A128Kw | KeyManagement::Pbes2Hs512A256Kw => {
            shared::by_derived(letter, alg, kek).ok_or(Refusal::Decryption)
        }
        _ => Err(Refusal::Decryption),
    }
}

/// AES key wrap (RFC 3394).
pub(super) fn aes_unwrap(kek: &[u8], wrapped: &[u8]) -> Result<Vec<u8>, Refusal> {
    keywrap::unwrap(kek, wrapped).ok_or(Refusal::Decryption)
}

/// RFC 7518 section 4.7.
fn gcm_unwrap(letter: &Letter<'_>, kek: &[u8]) -> Result<Vec<u8>, Refusal> {
    let member = |name| URL_SAFE_NO_PAD.decode(letter.text(name)?).ok();
    let (Some(iv), Some(tag)) = (member("iv"), member("tag")) else { return Err(Refusal::Header) };
    let algorithm = match kek.len() {
        16 => &aead::AES_128_GCM,
        24 => &aead::AES_192_GCM,
        _ => &aead::AES_256_GCM,
    };
    let failed = |_| Refusal::Decryption;
    let key = LessSafeKey::new(UnboundKey::new(algorithm, kek).map_err(failed)?);
    let nonce = Nonce::try_assume_unique_for_key(&iv).map_err(failed)?;
    let mut text = [&letter.form.encrypted_key[..], &tag].concat();
    if tag.len() != algorithm.tag_len() {
        return Err(Refusal::Decryption);
    }
    Ok(key.open_in_place(nonce, Aad::empty(), &mut text).map_err(failed)?.to_vec())
}
