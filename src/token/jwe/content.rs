//! The encryption of the content (RFC 7518 section 5), with paddings that the standard does not know.

use super::recipient::random;
use crate::{
    model::{ContentEncryption, jwe::CbcPadding},
    token::error::ForgeError,
};
use aws_lc_rs::{
    aead::{AES_128_GCM, AES_192_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    cipher::{AES_128, AES_192, AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey},
    hmac,
    iv::FixedLength,
};

/// What the content became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Encrypted {
    pub iv: Vec<u8>,
    pub ciphertext: Vec<u8>,
    pub tag: Vec<u8>,
}

/// Encrypts under a fresh initialization vector; `aad` is the protected header as it is sent.
pub(super) fn encrypt(
    enc: ContentEncryption,
    key: &[u8],
    aad: &[u8],
    content: &[u8],
    padding: Option<CbcPadding>,
) -> Result<Encrypted, ForgeError> {
    let iv = random(if enc.is_cbc() { 16 } else { 12 })?;
    encrypt_with(enc, key, &iv, aad, content, padding)
}

fn encrypt_with(
    enc: ContentEncryption,
    key: &[u8],
    iv: &[u8],
    aad: &[u8],
    content: &[u8],
    padding: Option<CbcPadding>,
) -> Result<Encrypted, ForgeError> {
    if !enc.is_cbc() {
        if padding.is_some() {
            return Err(ForgeError::CannotMutate { mutation: "cbc-padding", needs: "content encryption with AES-CBC" });
        }
        let (ciphertext, tag) = gcm(key, iv, aad, content)?;
        return Ok(Encrypted { iv: iv.to_vec(), ciphertext, tag });
    }
    // RFC 7518 section 5.2.2.1: the first half of the key makes the MAC, the second half encrypts.
    let (mac_key, cipher_key) = key.split_at(key.len() / 2);
    let ciphertext = cbc(cipher_key, iv, padded(content, padding))?;
    let bits = (aad.len() as u64 * 8).to_be_bytes();
    let hash = match enc {
        ContentEncryption::A128CbcHs256 => hmac::HMAC_SHA256,
        ContentEncryption::A192CbcHs384 => hmac::HMAC_SHA384,
        _ => hmac::HMAC_SHA512,
    };
    let mut mac = hmac::Context::with_key(&hmac::Key::new(hash, mac_key));
    for part in [aad, iv, &ciphertext, &bits] {
        mac.update(part);
    }
    let mac = mac.sign();
    Ok(Encrypted { iv: iv.to_vec(), ciphertext, tag: mac.as_ref()[..key.len() / 2].to_vec() })
}

/// AES-GCM by the length of the key: ciphertext and tag.
pub(super) fn gcm(key: &[u8], iv: &[u8], aad: &[u8], content: &[u8]) -> Result<(Vec<u8>, Vec<u8>), ForgeError> {
    let failed = |_| ForgeError::Crypto("AES-GCM");
    let algorithm = match key.len() {
        16 => &AES_128_GCM,
        24 => &AES_192_GCM,
        _ => &AES_256_GCM,
    };
    let key = LessSafeKey::new(UnboundKey::new(algorithm, key).map_err(failed)?);
    let nonce = Nonce::try_assume_unique_for_key(iv).map_err(failed)?;
    let mut text = content.to_vec();
    let tag = key.seal_in_place_separate_tag(nonce, Aad::from(aad), &mut text).map_err(failed)?;
    Ok((text, tag.as_ref().to_vec()))
}

/// AES-CBC of whole blocks.
fn cbc(key: &[u8], iv: &[u8], mut text: Vec<u8>) -> Result<Vec<u8>, ForgeError> {
    let failed = |_| ForgeError::Crypto("AES-CBC");
    let algorithm = match key.len() {
        16 => &AES_128,
        24 => &AES_192,
        _ => &AES_256,
    };
    let key = UnboundCipherKey::new(algorithm, key).and_then(EncryptingKey::cbc).map_err(failed)?;
    let iv: [u8; 16] = iv.try_into().map_err(|_| ForgeError::Crypto("AES-CBC"))?;
    key.less_safe_encrypt(&mut text, EncryptionContext::Iv128(FixedLength::from(iv))).map_err(failed)?;
    Ok(text)
}

/// PKCS#7 padding (RFC 5652 section 6.3), or something that looks like it.
fn padded(content: &[u8], padding: Option<CbcPadding>) -> Vec<u8> {
    const BLOCK: usize = 16;
    let missing = BLOCK - content.len() % BLOCK;
    let byte = u8::try_from(missing).unwrap_or(16);
    let mut text = content.to_vec();
    text.resize(content.len() + missing, byte);
    let last = text.len() - 1;
    match padding {
        None => {}
        Some(CbcPadding::Zero) => text[last] = 0,
        Some(CbcPadding::TooLong) => text[last] = 0xff,
        Some(CbcPadding::Uneven) => {
            // At least two bytes of padding are needed for two that differ.
            text[last] = byte.max(2);
            text[last - 1] = 0xaa;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    }

    /// RFC 7518 appendix B.
    #[test]
    fn aes_cbc_with_hmac_is_that_of_the_standard() {
        let text = b"A cipher system must not be required to be secret, and it must be able to fall into the hands of \
                     the enemy without inconvenience";
        let iv = hex("1af38c2dc2b96ffdd86694092341bc04");
        let aad = b"The second principle of Auguste Kerckhoffs";
        for (enc, starts, tag) in [
            (ContentEncryption::A128CbcHs256, "c80edfa32ddf39d5", "652c3fa36b0a7c5b3219fab3a30bc1c4"),
            (ContentEncryption::A192CbcHs384, "ea65da6b59e61edb", "8490ac0e58949bfe51875d733f93ac2075168039ccc733d7"),
            (
                ContentEncryption::A256CbcHs512,
                "4affaaadb78c31c5",
                "4dd3b4c088a7f45c216839645b2012bf2e6269a8c56a816dbc1b267761955bc5",
            ),
        ] {
            let key: Vec<u8> = (0..64).take(enc.key_length()).collect();
            let made = encrypt_with(enc, &key, &iv, aad, text, None).unwrap();
            assert!(made.ciphertext.starts_with(&hex(starts)), "{enc}");
            assert_eq!(made.tag, hex(tag), "{enc}");
        }
    }

    #[test]
    fn wrong_padding_is_whole_blocks_and_never_right() {
        for length in 0..33 {
            let content = vec![7; length];
            let right = padded(&content, None);
            for padding in [CbcPadding::Zero, CbcPadding::TooLong, CbcPadding::Uneven] {
                let wrong = padded(&content, Some(padding));
                assert_eq!((wrong.len() % 16, wrong.len()), (0, right.len()));
                let last = usize::from(wrong[wrong.len() - 1]);
                let holds = (1..=16).contains(&last)
                    && wrong[wrong.len() - last..].iter().all(|byte| usize::from(*byte) == last);
                assert!(!holds, "{padding:?} of {length} bytes");
            }
        }
    }
}
