//! RSA encryption of the content key, and blocks that no library would build (RFC 8017 section 7.2.1).

use super::{
    order::Order,
    recipient::{Lock, random},
};
use crate::{
    model::{KeyManagement, jwe::RsaBlock},
    token::error::ForgeError,
};
use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, Pkcs1PublicEncryptingKey, PublicEncryptingKey,
};
use num_bigint::BigUint;

const FAILED: ForgeError = ForgeError::Crypto("RSA encryption");

/// Encrypts a content key.
pub(super) fn encrypt(order: &Order<'_>, lock: &Lock, content_key: &[u8]) -> Result<Vec<u8>, ForgeError> {
    let Lock::Rsa { spki, modulus, exponent } = lock else { return Err(FAILED) };
    if let Some(block) = order.rsa_block() {
        if order.alg != KeyManagement::Rsa15 {
            return Err(ForgeError::CannotMutate { mutation: "rsa-block", needs: "the key management RSA1_5" });
        }
        let block = BigUint::from_bytes_be(&written(block, content_key, modulus.len())?);
        let (modulus_number, exponent) = (BigUint::from_bytes_be(modulus), BigUint::from_bytes_be(exponent));
        let mut out = block.modpow(&exponent, &modulus_number).to_bytes_be();
        let missing = modulus.len().saturating_sub(out.len());
        out.splice(0..0, vec![0; missing]);
        return Ok(out);
    }
    let public = PublicEncryptingKey::from_der(spki).map_err(|_| FAILED)?;
    let mut out = vec![0; modulus.len()];
    let oaep = |public| OaepPublicEncryptingKey::new(public).map_err(|_| FAILED);
    let encrypted = match order.alg {
        KeyManagement::RsaOaep => oaep(public)?.encrypt(&OAEP_SHA1_MGF1SHA1, content_key, &mut out, None),
        KeyManagement::RsaOaep256 => oaep(public)?.encrypt(&OAEP_SHA256_MGF1SHA256, content_key, &mut out, None),
        _ => Pkcs1PublicEncryptingKey::new(public).map_err(|_| FAILED)?.encrypt(content_key, &mut out),
    };
    Ok(encrypted.map_err(|_| FAILED)?.to_vec())
}

/// The block before encryption, as long as the modulus.
fn written(block: RsaBlock, content_key: &[u8], length: usize) -> Result<Vec<u8>, ForgeError> {
    let key = match block {
        RsaBlock::EmptyKey => Vec::new(),
        RsaBlock::ShortKey => content_key[..content_key.len().saturating_sub(1)].to_vec(),
        RsaBlock::LongKey => [content_key, &[1]].concat(),
        _ => content_key.to_vec(),
    };
    if block == RsaBlock::Zeros {
        return Ok(vec![0; length]);
    }
    // Padding must not hold a zero byte; nor may the key where no separator is meant to be found.
    let without_zeros = |bytes: Vec<u8>| bytes.into_iter().map(|byte| byte.max(1)).collect::<Vec<u8>>();
    let mut text = vec![0, 2];
    text.extend(without_zeros(random(length.saturating_sub(3 + key.len()))?));
    text.push(0);
    text.extend(key);
    match block {
        RsaBlock::SignatureType => text[1] = 1,
        RsaBlock::NoLeadingZero => text[0] = 1,
        RsaBlock::ShortPadding => text[5] = 0,
        RsaBlock::NoSeparator => {
            let tail = without_zeros(text.split_off(2));
            text.extend(tail);
        }
        _ => {}
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_block_has_its_one_defect() {
        let key = [0; 32];
        let of = |block| written(block, &key, 256).unwrap();
        for block in [RsaBlock::EmptyKey, RsaBlock::ShortKey, RsaBlock::LongKey] {
            let text = of(block);
            let length = text.len() - 1 - text[2..].iter().position(|byte| *byte == 0).unwrap() - 2;
            let wanted = match block {
                RsaBlock::EmptyKey => 0,
                RsaBlock::ShortKey => 31,
                _ => 33,
            };
            assert_eq!((text.len(), &text[..2], length), (256, &[0, 2][..], wanted), "{block:?}");
        }
        assert_eq!(of(RsaBlock::SignatureType)[..2], [0, 1]);
        assert_eq!(of(RsaBlock::NoLeadingZero)[..2], [1, 2]);
        assert!(of(RsaBlock::NoSeparator)[2..].iter().all(|byte| *byte != 0));
        assert_eq!(of(RsaBlock::ShortPadding)[5], 0);
        assert!(of(RsaBlock::Zeros).iter().all(|byte| *byte == 0));
    }
}
