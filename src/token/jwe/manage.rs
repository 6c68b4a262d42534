//! How the content key reaches the recipient (RFC 7518 section 4).

use super::{
    content::gcm,
    ephemeral,
    order::Order,
    recipient::{Lock, random},
    rsa,
};
use crate::{
    model::{ContentEncryption, KeyManagement},
    token::{compact::encode_segment, error::ForgeError, keywrap},
};
use aws_lc_rs::{digest, pbkdf2};
use serde_json::{Value, json};
use std::num::NonZeroU32;

/// A content key on its way.
pub(super) struct Wrapped {
    pub content_key: Vec<u8>,
    pub encrypted_key: Vec<u8>,
    /// Header members that the recipient needs.
    pub header: Vec<(&'static str, Value)>,
}

/// The rounds of PBES2, whatever a changed header says: the least that RFC 7518 section 4.8.1.2 recommends.
const ROUNDS: NonZeroU32 = NonZeroU32::new(1000).expect("a constant that is not zero");

/// Makes a content key, or agrees on one, and wraps it for the recipient.
pub(super) fn wrap(order: &Order<'_>, lock: &Lock) -> Result<Wrapped, ForgeError> {
    let Order { alg, enc, .. } = *order;
    match (alg, lock) {
        (KeyManagement::Dir, Lock::Octets(key)) => {
            Ok(Wrapped { content_key: key.clone(), encrypted_key: Vec::new(), header: Vec::new() })
        }
        (KeyManagement::RsaOaep | KeyManagement::RsaOaep256 | KeyManagement::Rsa15, Lock::Rsa { .. }) => {
            let content_key = random(enc.key_length())?;
            let encrypted_key = rsa::encrypt(order, lock, &sent_key(order, &content_key)?)?;
            Ok(Wrapped { content_key, encrypted_key, header: Vec::new() })
        }
        (
            KeyManagement::EcdhEs
            | KeyManagement::EcdhEsA128Kw
            | KeyManagement::EcdhEsA192Kw
            | KeyManagement::EcdhEsA256Kw,
            Lock::Ec(curve, point),
        ) => {
            let agreed = ephemeral::agree(order.ephemeral_key(), *curve, point)?;
            let header = agreed.header.into_iter().map(|epk| ("epk", epk)).collect();
            if alg == KeyManagement::EcdhEs {
                let content_key = concat_kdf(&agreed.secret, enc.name(), enc.key_length(), &[], &[]);
                return Ok(Wrapped { content_key, encrypted_key: Vec::new(), header });
            }
            let length = match alg {
                KeyManagement::EcdhEsA128Kw => 16,
                KeyManagement::EcdhEsA192Kw => 24,
                _ => 32,
            };
            let kek = concat_kdf(&agreed.secret, alg.name(), length, &[], &[]);
            wrapped_by(order, &kek, header)
        }
        (KeyManagement::A128Kw | KeyManagement::A192Kw | KeyManagement::A256Kw, Lock::Octets(kek)) => {
            wrapped_by(order, kek, Vec::new())
        }
        (KeyManagement::A128GcmKw | KeyManagement::A192GcmKw | KeyManagement::A256GcmKw, Lock::Octets(kek)) => {
            let content_key = random(enc.key_length())?;
            let iv = random(12)?;
            let (encrypted_key, tag) = gcm(kek, &iv, &[], &sent_key(order, &content_key)?)?;
            let header = vec![("iv", json!(encode_segment(&iv))), ("tag", json!(encode_segment(tag)))];
            Ok(Wrapped { content_key, encrypted_key, header })
        }
        (KeyManagement::Pbes2Hs256A128Kw | KeyManagement::Pbes2Hs512A256Kw, Lock::Octets(password)) => {
            let salt = random(order.salt_bytes().unwrap_or(16))?;
            let kek = derived(alg, password, &salt);
            let header = vec![("p2s", json!(encode_segment(&salt))), ("p2c", json!(ROUNDS.get()))];
            wrapped_by(order, &kek, header)
        }
        _ => Err(ForgeError::CannotEncrypt(format!("the recipient's key does not fit {alg}"))),
    }
}

/// A fresh content key, wrapped with AES key wrap (RFC 3394).
fn wrapped_by(order: &Order<'_>, kek: &[u8], header: Vec<(&'static str, Value)>) -> Result<Wrapped, ForgeError> {
    let content_key = random(order.enc.key_length())?;
    let sent = sent_key(order, &content_key)?;
    let encrypted_key = keywrap::wrap(kek, &sent).ok_or(ForgeError::Crypto("AES key wrap"))?;
    Ok(Wrapped { content_key, encrypted_key, header })
}

/// The content key as it is wrapped: of another length where the damage says so.
fn sent_key(order: &Order<'_>, content_key: &[u8]) -> Result<Vec<u8>, ForgeError> {
    let mut sent = content_key.to_vec();
    if let Some(length) = order.content_key_bytes() {
        let missing = length.saturating_sub(sent.len());
        sent.truncate(length);
        sent.extend(random(missing)?);
    }
    Ok(sent)
}

/// The Concat KDF of NIST SP 800-56A with SHA-256, as RFC 7518 section 4.6.2 fills it in.
fn concat_kdf(secret: &[u8], algorithm: &str, length: usize, apu: &[u8], apv: &[u8]) -> Vec<u8> {
    let number = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
    let mut info = Vec::new();
    for part in [algorithm.as_bytes(), apu, apv] {
        info.extend(number(part.len()));
        info.extend(part);
    }
    info.extend(number(length * 8));
    let mut key = Vec::new();
    for round in 1_u32.. {
        if key.len() >= length {
            break;
        }
        let input = [&round.to_be_bytes()[..], secret, &info].concat();
        key.extend(digest::digest(&digest::SHA256, &input).as_ref());
    }
    key.truncate(length);
    key
}

/// The key that a password gives (RFC 7518 section 4.8.1.1).
fn derived(alg: KeyManagement, password: &[u8], salt: &[u8]) -> Vec<u8> {
    let (algorithm, length) = match alg {
        KeyManagement::Pbes2Hs256A128Kw => (pbkdf2::PBKDF2_HMAC_SHA256, 16),
        _ => (pbkdf2::PBKDF2_HMAC_SHA512, 32),
    };
    let salt = [alg.name().as_bytes(), &[0], salt].concat();
    let mut key = vec![0; length];
    pbkdf2::derive(algorithm, ROUNDS, &salt, password, &mut key);
    key
}

/// The length of the shared key that an algorithm needs here, in bytes; `None` where any will do.
pub(super) fn key_length(alg: KeyManagement, enc: ContentEncryption) -> Option<usize> {
    match alg {
        KeyManagement::Dir => Some(enc.key_length()),
        KeyManagement::A128Kw | KeyManagement::A128GcmKw => Some(16),
        KeyManagement::A192Kw | KeyManagement::A192GcmKw => Some(24),
        KeyManagement::A256Kw | KeyManagement::A256GcmKw => Some(32),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7518 appendix C.
    #[test]
    fn the_agreed_key_is_that_of_the_standard() {
        let secret = [
            0x9e, 0x56, 0xd9, 0x1d, 0x81, 0x71, 0x35, 0xd3, 0x72, 0x83, 0x42, 0x83, 0xbf, 0x84, 0x26, 0x9c, 0xfb, 0x31,
            0x6e, 0xa3, 0xda, 0x80, 0x6a, 0x48, 0xf6, 0xda, 0xa7, 0x79, 0x8c, 0xfe, 0x90, 0xc4,
        ];
        let key = concat_kdf(&secret, "A128GCM", 16, b"Alice", b"Bob");
        assert_eq!(encode_segment(key), "VqqN6vgjbSBcIijNcacQGg");
    }
}
