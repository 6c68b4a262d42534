//! The content (RFC 7518 section 5): the tag first, and nothing is read before it holds.

use super::{
    super::{flaw::Flaw, rules::Refusal},
    Letter,
};
use crate::model::ContentEncryption;
use aws_lc_rs::{
    aead::{AES_128_GCM, AES_192_GCM, AES_256_GCM, Aad, Algorithm, LessSafeKey, Nonce, UnboundKey},
    cipher::{self, AES_128, AES_192, AES_256, DecryptingKey, DecryptionContext, UnboundCipherKey},
    constant_time, hmac,
    iv::FixedLength,
};

const BLOCK: usize = 16;

pub(super) fn open(letter: &Letter<'_>, key: &[u8]) -> Result<Vec<u8>, Refusal> {
    if key.len() != letter.enc.key_length() {
        return Err(Refusal::Decryption);
    }
    if letter.enc.is_cbc() { cbc(letter, key) } else { gcm(letter, key) }
}

fn gcm(letter: &Letter<'_>, key: &[u8]) -> Result<Vec<u8>, Refusal> {
    let form = letter.form;
    let failed = |_| Refusal::Decryption;
    let algorithm: &Algorithm = match key.len() {
        16 => &AES_128_GCM,
        24 => &AES_192_GCM,
        _ => &AES_256_GCM,
    };
    let nonce = || Nonce::try_assume_unique_for_key(&form.iv).map_err(failed);
    let bound = LessSafeKey::new(UnboundKey::new(algorithm, key).map_err(failed)?);
    if letter.has(Flaw::JweTagUnchecked) || letter.has(Flaw::JweTagPrefix) {
        let text = counted(key, &form.iv, &form.ciphertext)?;
        let tag =
            bound.seal_in_place_separate_tag(nonce()?, Aad::from(&form.aad), &mut text.clone()).map_err(failed)?;
        let holds = letter.has(Flaw::JweTagUnchecked) || tag.as_ref().starts_with(&form.tag);
        return if holds { Ok(text) } else { Err(Refusal::Decryption) };
    }
    if form.tag.len() != algorithm.tag_len() {
        return Err(Refusal::Decryption);
    }
    let mut text = [&form.ciphertext[..], &form.tag].concat();
    Ok(bound.open_in_place(nonce()?, Aad::from(&form.aad), &mut text).map_err(failed)?.to_vec())
}

/// The cipher inside AES-GCM without its tag (NIST SP 800-38D section 7.1): counting from 2.
fn counted(key: &[u8], iv: &[u8], ciphertext: &[u8]) -> Result<Vec<u8>, Refusal> {
    let iv: [u8; 12] = iv.try_into().map_err(|_| Refusal::Decryption)?;
    let mut counter = [0; BLOCK];
    counter[..12].copy_from_slice(&iv);
    counter[15] = 2;
    deciphered(DecryptingKey::ctr, key, counter, ciphertext)
}

fn cbc(letter: &Letter<'_>, key: &[u8]) -> Result<Vec<u8>, Refusal> {
    let form = letter.form;
    let (mac_key, cipher_key) = key.split_at(key.len() / 2);
    let iv: [u8; BLOCK] = form.iv.as_slice().try_into().map_err(|_| Refusal::Decryption)?;
    if form.ciphertext.is_empty() || !form.ciphertext.len().is_multiple_of(BLOCK) {
        return Err(Refusal::Decryption);
    }
    let padded = || deciphered(DecryptingKey::cbc, cipher_key, iv, &form.ciphertext);
    if letter.has(Flaw::CbcPaddingTold) && unpadded(&padded()?).is_none() {
        return Err(Refusal::Padding);
    }
    let hash = match letter.enc {
        ContentEncryption::A128CbcHs256 => hmac::HMAC_SHA256,
        ContentEncryption::A192CbcHs384 => hmac::HMAC_SHA384,
        _ => hmac::HMAC_SHA512,
    };
    let bits = (form.aad.len() as u64 * 8).to_be_bytes();
    let covered = [&form.aad[..], &form.iv, &form.ciphertext, &bits].concat();
    let tag = hmac::sign(&hmac::Key::new(hash, mac_key), &covered);
    let tag = &tag.as_ref()[..key.len() / 2];
    let holds = match letter.rules.flaw {
        Some(Flaw::JweTagUnchecked) => true,
        Some(Flaw::JweTagPrefix) => tag.starts_with(&form.tag),
        _ => constant_time::verify_slices_are_equal(tag, &form.tag).is_ok(),
    };
    if !holds {
        return Err(Refusal::Decryption);
    }
    unpadded(&padded()?).map(<[u8]>::to_vec).ok_or(Refusal::Decryption)
}

fn deciphered(
    mode: fn(UnboundCipherKey) -> Result<DecryptingKey, aws_lc_rs::error::Unspecified>,
    key: &[u8],
    iv: [u8; BLOCK],
    ciphertext: &[u8],
) -> Result<Vec<u8>, Refusal> {
    let failed = |_| Refusal::Decryption;
    let algorithm: &cipher::Algorithm = match key.len() {
        16 => &AES_128,
        24 => &AES_192,
        _ => &AES_256,
    };
    let key = UnboundCipherKey::new(algorithm, key).and_then(mode).map_err(failed)?;
    let mut text = ciphertext.to_vec();
    let context = DecryptionContext::Iv128(FixedLength::from(iv));
    Ok(key.decrypt(&mut text, context).map_err(failed)?.to_vec())
}

/// Without its PKCS#7 padding (RFC 5652 section 6.3).
fn unpadded(text: &[u8]) -> Option<&[u8]> {
    let length = usize::from(*text.last()?);
    let padding = text.len().checked_sub(length).filter(|_| (1..=BLOCK).contains(&length))?;
    text[padding..].iter().all(|byte| usize::from(*byte) == length).then_some(&text[..padding])
}
