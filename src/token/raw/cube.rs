//! RSASSA-PKCS1-v1_5 signatures for the exponent 3 made without a private key (Bleichenbacher 2006, BERserk 2014).

use super::{digest, fixed, hash::identifier, random_bytes};
use crate::{
    model::mutation::{CubeShape, HashName},
    token::error::ForgeError,
};
use num_bigint::BigUint;

/// How often another beginning is tried until no zero byte falls into the padding.
const TRIES: usize = 200;
/// Bytes behind the beginning that are chosen as well.
const SEED: usize = 40;

/// A number whose cube is below a modulus of `length` bytes and looks like a signed block. `None` where the text cannot
/// be forged so (its hash is even) or the modulus leaves too little room.
///
/// # Errors
/// The random source fails.
pub(crate) fn cube_root_forgery(
    shape: CubeShape,
    hash: HashName,
    text: &[u8],
    length: usize,
) -> Result<Option<Vec<u8>>, ForgeError> {
    let value = digest(hash, text);
    let plain = |value: &[u8]| tail(identifier(hash), &[5, 0], value);
    Ok(match shape {
        CubeShape::BehindHash => {
            let start = [&[0, 1][..], &[0xff; 8], &[0], &plain(&value)].concat();
            beginning(&start, length).and_then(|root| fixed(&root, length))
        }
        CubeShape::Padding => joined(&[0, 1], &[&[0][..], &plain(&value)].concat(), length, true)?,
        // The parameters are one element that covers everything up to the hash, so its length depends on the key's.
        CubeShape::Parameters => {
            let Some((start, end)) = hollow(hash, &value, length) else { return Ok(None) };
            joined(&start, &end, length, false)?
        }
    })
}

/// DigestInfo with short lengths.
fn tail(identifier: &[u8], parameters: &[u8], value: &[u8]) -> Vec<u8> {
    use super::der::element;
    element(0x30, &[element(0x30, &[identifier, parameters].concat()), element(4, value)].concat())
}

/// The beginning and the end of a block whose parameters fill all the room between.
fn hollow(hash: HashName, value: &[u8], length: usize) -> Option<(Vec<u8>, Vec<u8>)> {
    let end = super::der::element(4, value);
    // Three long-form heads of four bytes each: DigestInfo, AlgorithmIdentifier, parameters.
    let head =
        |tag: u8, content: usize| Some(vec![tag, 0x82, u8::try_from(content >> 8).ok()?, (content & 0xff) as u8]);
    let frame = 2 + 8 + 1;
    let info = length.checked_sub(frame + 4)?;
    let algorithm = info.checked_sub(4 + end.len())?;
    let parameters = algorithm.checked_sub(identifier(hash).len() + 4)?;
    let heads = [head(0x30, info)?, head(0x30, algorithm)?, identifier(hash).to_vec(), head(4, parameters)?].concat();
    Some(([&[0, 1][..], &[0xff; 8], &[0], &heads].concat(), end))
}

/// The least number whose cube begins with these bytes.
fn beginning(start: &[u8], length: usize) -> Option<BigUint> {
    let room = 8 * length.checked_sub(start.len())? as u64;
    let block = BigUint::from_bytes_be(start) << room;
    let floor = block.cbrt();
    let root = if &floor * &floor * &floor == block { floor } else { floor + 1u8 };
    let cube = &root * &root * &root;
    (cube >> room == BigUint::from_bytes_be(start)).then_some(root)
}

/// A number whose cube begins and ends with these bytes; where `filled`, no zero byte stands between them.
fn joined(start: &[u8], end: &[u8], length: usize, filled: bool) -> Result<Option<Vec<u8>>, ForgeError> {
    let low_bits = 8 * end.len() as u64;
    let Some(low) = cube_root_of_end(&BigUint::from_bytes_be(end), low_bits) else { return Ok(None) };
    for _ in 0..TRIES {
        // Bytes without a zero behind the beginning, down to where the end's root decides: the least number whose cube
        // begins so would have zeros there.
        let free = length.saturating_sub(start.len() + end.len()).min(SEED);
        let seed: Vec<u8> = random_bytes(free)?.into_iter().map(|byte| byte.max(1)).collect();
        let Some(high) = beginning(&[start, &seed].concat(), length) else { continue };
        let root = ((high >> low_bits) + 1u8 << low_bits) + &low;
        let Some(block) = fixed(&(&root * &root * &root), length) else { continue };
        let middle = &block[start.len()..length - end.len()];
        if block.starts_with(start) && block.ends_with(end) && !(filled && middle.contains(&0)) {
            return Ok(fixed(&root, length));
        }
    }
    Ok(None)
}

/// The cube root modulo a power of two, bit by bit; only odd numbers have one for sure.
fn cube_root_of_end(end: &BigUint, bits: u64) -> Option<BigUint> {
    if !end.bit(0) {
        return None;
    }
    let mut root = BigUint::from(1u8);
    for bit in 1..bits {
        let cube = &root * &root * &root;
        if cube.bit(bit) != end.bit(bit) {
            root.set_bit(bit, true);
        }
    }
    Some(root)
}
