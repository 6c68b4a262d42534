//! RSA checked by hand, with the bytes that a flaw does not look at (RFC 8017 sections 8.1.2 and 8.2.2).

use super::super::{flaw::Flaw, key::Key};
use crate::{
    model::{Alg, KeyFamily, mutation::HashName},
    token::raw,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use num_bigint::BigUint;
use serde_json::Value;

/// What a flawed validator thinks of the signature; `None` where the flaw is not about RSA.
pub(super) fn verdict(flaw: Flaw, key: &Key, alg: Alg, message: &[u8], signature: &[u8]) -> Option<bool> {
    if key.family != KeyFamily::Rsa || alg.family() != KeyFamily::Rsa {
        return None;
    }
    let lax = Lax::of(flaw)?;
    let hash = raw::hash_of(alg);
    let Some(block) = lax.opened(key, signature) else { return Some(false) };
    Some(match alg {
        Alg::Ps256 | Alg::Ps384 | Alg::Ps512 => lax.takes_pss(&block, hash, message),
        _ => lax.takes_pkcs1(&block, hash, message),
    })
}

/// Whether a PKCS#1 signature is right with this hash.
pub(super) fn holds(key: &Key, hash: HashName, message: &[u8], signature: &[u8]) -> bool {
    Lax::default().opened(key, signature).is_some_and(|block| Lax::default().takes_pkcs1(&block, hash, message))
}

/// What is not looked at.
#[derive(Clone, Copy, Default)]
struct Lax {
    range: bool,
    padding: bool,
    all_but_end: bool,
    behind: bool,
    inside: bool,
    parameters: bool,
    null_absent: bool,
    identifier: bool,
    lengths: bool,
    info: bool,
    salt: bool,
    mask_hash: bool,
    frame: bool,
}

impl Lax {
    fn of(flaw: Flaw) -> Option<Lax> {
        let strict = Lax::default();
        Some(match flaw {
            Flaw::RsaRange => Lax { range: true, ..strict },
            Flaw::RsaPadding => Lax { padding: true, ..strict },
            Flaw::RsaEndOnly => Lax { all_but_end: true, ..strict },
            Flaw::RsaBehindHash => Lax { behind: true, ..strict },
            Flaw::RsaInsideInfo => Lax { inside: true, ..strict },
            Flaw::RsaParameters => Lax { parameters: true, ..strict },
            Flaw::RsaNullAbsent => Lax { null_absent: true, ..strict },
            Flaw::RsaIdentifier => Lax { identifier: true, ..strict },
            Flaw::RsaLengths => Lax { lengths: true, ..strict },
            Flaw::RsaBareHash => Lax { info: true, ..strict },
            Flaw::PssSalt => Lax { salt: true, ..strict },
            Flaw::PssMaskHash => Lax { mask_hash: true, ..strict },
            Flaw::PssFrame => Lax { frame: true, ..strict },
            Flaw::RsaWeakModulus | Flaw::RsaExponent | Flaw::RsaModulus => strict,
            _ => return None,
        })
    }

    /// The block inside the signature.
    fn opened(self, key: &Key, signature: &[u8]) -> Option<Vec<u8>> {
        let modulus = BigUint::from_bytes_be(&key.raw);
        let exponent = URL_SAFE_NO_PAD.decode(key.jwk.get("e").and_then(Value::as_str)?).ok()?;
        let number = BigUint::from_bytes_be(signature);
        let length = usize::try_from(modulus.bits().div_ceil(8)).ok()?;
        if signature.len() != length || modulus == BigUint::ZERO || (number >= modulus && !self.range) {
            return None;
        }
        raw::fixed(&number.modpow(&BigUint::from_bytes_be(&exponent), &modulus), length)
    }

    fn takes_pkcs1(self, block: &[u8], hash: HashName, message: &[u8]) -> bool {
        if raw::block(None, hash, message, block.len()).is_some_and(|right| right == block) {
            return true;
        }
        let value = raw::digest(hash, message);
        let right = info(hash, &value);
        if self.all_but_end && block.ends_with(&right) {
            return true;
        }
        let Some(rest) = block.strip_prefix(&[0, 1]) else { return false };
        let filler = rest.iter().position(|byte| if self.padding { *byte == 0 } else { *byte != 0xff });
        let Some((filler, [0, info @ ..])) = filler.map(|end| rest.split_at(end)) else { return false };
        if filler.len() < 8 {
            return false;
        }
        (self.padding && info == right)
            || (self.info && info == value)
            || (self.behind && info.starts_with(&right))
            || self.reads(info, hash, &value).unwrap_or(false)
    }

    /// Whether a DigestInfo says what it should, apart from what is not looked at.
    fn reads(self, info: &[u8], hash: HashName, value: &[u8]) -> Option<bool> {
        let (content, behind) = self.element(0x30, info)?;
        let (algorithm, rest) = self.element(0x30, content)?;
        let (found, rest) = self.element(4, rest)?;
        let (identifier, parameters) = self.element(6, algorithm)?;
        let parameters_fit = match parameters {
            [5, 0] => true,
            [] => self.null_absent,
            _ => self.parameters,
        };
        let identifier_fits = self.identifier || identifier == &raw::identifier(hash)[2..];
        let end_fits = behind.is_empty() && (rest.is_empty() || self.inside);
        Some(found == value && parameters_fit && identifier_fits && end_fits)
    }

    /// The content of an element, and what stands behind it.
    fn element(self, tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
        let [found, length, rest @ ..] = der else { return None };
        if *found != tag {
            return None;
        }
        match length {
            0x80 if self.lengths => Some((rest.strip_suffix(&[0, 0])?, &[])),
            0x81 if self.lengths => {
                rest.split_first().and_then(|(length, rest)| rest.split_at_checked(usize::from(*length)))
            }
            0x82 if self.parameters => {
                let (length, rest) = rest.split_first_chunk::<2>()?;
                rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
            }
            0..=0x7f => rest.split_at_checked(usize::from(*length)),
            _ => None,
        }
    }

    fn takes_pss(self, block: &[u8], hash: HashName, message: &[u8]) -> bool {
        let value = raw::digest(hash, message);
        let [masked @ .., trailer] = block else { return false };
        let Some(split) = masked.len().checked_sub(value.len()) else { return false };
        let (masked, seal) = masked.split_at(split);
        let top_bits = masked.first().is_some_and(|first| first & 0x80 != 0);
        if (*trailer != 0xbc || top_bits) && !self.frame {
            return false;
        }
        let others: &[HashName] = match self.mask_hash {
            true => &[hash, HashName::Sha1, HashName::Sha256, HashName::Sha384, HashName::Sha512],
            false => &[hash],
        };
        others.iter().any(|mask_hash| {
            let mask = raw::mask(*mask_hash, seal);
            let mut data: Vec<u8> = masked.iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect();
            data[0] &= 0x7f;
            let Some(one) = data.iter().position(|byte| *byte != 0) else { return false };
            let salt = &data[one + 1..];
            let salt_fits = salt.len() == value.len() || self.salt;
            data[one] == 1 && salt_fits && raw::digest(hash, &[&[0; 8][..], &value, salt].concat()) == seal
        })
    }
}

/// The DigestInfo of a hash value.
fn info(hash: HashName, value: &[u8]) -> Vec<u8> {
    raw::digest_info(None, hash, value)
}
