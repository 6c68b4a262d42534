//! Encoded message blocks of RSASSA-PSS (RFC 8017 section 9.1.1), right ones and others.

use super::{hash::digest, random_bytes};
use crate::{
    model::mutation::{HashName, PssShape},
    token::error::ForgeError,
};

/// The block of a text for a modulus of `bits` bits, with one thing other than it should be, or none. `None` where the
/// modulus is too short.
///
/// # Errors
/// The random source fails.
pub(crate) fn pss_block(
    shape: Option<PssShape>,
    hash: HashName,
    text: &[u8],
    bits: u64,
) -> Result<Option<Vec<u8>>, ForgeError> {
    let length = usize::try_from((bits - 1).div_ceil(8)).unwrap_or(0);
    let value = digest(hash, text);
    let Some(longest) = length.checked_sub(value.len() + 2) else { return Ok(None) };
    let salt = match shape {
        Some(PssShape::Salt0) => 0,
        Some(PssShape::Salt20) => 20,
        Some(PssShape::SaltOneLess) => value.len() - 1,
        Some(PssShape::SaltOneMore) => value.len() + 1,
        Some(PssShape::SaltMax) => longest,
        _ => value.len(),
    };
    let Some(padding) = longest.checked_sub(salt) else { return Ok(None) };
    let salt = random_bytes(salt)?;
    let mask_hash = match shape {
        Some(PssShape::MgfSha1) => HashName::Sha1,
        Some(PssShape::MgfOther) if hash == HashName::Sha384 => HashName::Sha256,
        Some(PssShape::MgfOther) => HashName::Sha384,
        _ => hash,
    };
    let seal = digest(hash, &[&[0; 8][..], &value, &salt].concat());
    let mut masked = [&vec![0; padding][..], &[1], &salt].concat();
    for (byte, mask) in masked.iter_mut().zip(mask(mask_hash, &seal)) {
        *byte ^= mask;
    }
    let unused = 8 * length as u64 - (bits - 1);
    let top = 0xffu8.checked_shr(u32::try_from(unused).unwrap_or(8)).unwrap_or(0);
    masked[0] &= top;
    if shape == Some(PssShape::TopBits) {
        masked[0] |= !top;
    }
    let trailer = if shape == Some(PssShape::Trailer) { 0xcc } else { 0xbc };
    Ok(Some([&masked[..], &seal, &[trailer]].concat()))
}

/// MGF1 without an end (RFC 8017 appendix B.2.1).
pub(crate) fn mask(hash: HashName, seed: &[u8]) -> impl Iterator<Item = u8> {
    (0u32..).flat_map(move |counter| digest(hash, &[seed, &counter.to_be_bytes()].concat()))
}
