//! AES key wrap (RFC 3394).
//!
//! The cryptographic library has it for keys of 128 and 256 bits. JOSE also names 192 (RFC 7518 section 4.4), for which
//! the six rounds are written out over its block cipher.

use aws_lc_rs::{
    cipher::{AES_192, DecryptingKey, DecryptionContext, EncryptingKey, UnboundCipherKey},
    constant_time,
    key_wrap::{AES_128, AES_256, AesKek, KeyWrap},
};

const BLOCK: usize = 16;
/// Half a block: what is wrapped comes in units of it.
const UNIT: usize = 8;
/// The initial value of section 2.2.3.1.
const CHECK: [u8; UNIT] = [0xa6; UNIT];

/// Wraps a key of at least 16 bytes, in units of 8. `None` where lengths do not fit.
#[must_use]
pub fn wrap(kek: &[u8], key: &[u8]) -> Option<Vec<u8>> {
    if kek.len() != 24 {
        let mut out = vec![0; key.len() + UNIT];
        return Some(by_library(kek)?.wrap(key, &mut out).ok()?.to_vec());
    }
    let cipher = EncryptingKey::ecb(UnboundCipherKey::new(&AES_192, kek).ok()?).ok()?;
    let mut units = units(key).filter(|units| units.len() >= 2)?;
    let mut check = CHECK;
    for step in 1..=6 * units.len() as u64 {
        let place = (step as usize - 1) % units.len();
        let mut block = [check, units[place]].concat();
        cipher.encrypt(&mut block).ok()?;
        (check, units[place]) = halves(&block)?;
        check = (u64::from_be_bytes(check) ^ step).to_be_bytes();
    }
    Some([&check[..], &units.concat()].concat())
}

/// Unwraps a key; `None` where it was not wrapped with this one.
#[must_use]
pub fn unwrap(kek: &[u8], wrapped: &[u8]) -> Option<Vec<u8>> {
    if kek.len() != 24 {
        let mut out = vec![0; wrapped.len()];
        return Some(by_library(kek)?.unwrap(wrapped, &mut out).ok()?.to_vec());
    }
    let cipher = DecryptingKey::ecb(UnboundCipherKey::new(&AES_192, kek).ok()?).ok()?;
    let mut units = units(wrapped).filter(|units| units.len() >= 3)?;
    let mut check = units.remove(0);
    for step in (1..=6 * units.len() as u64).rev() {
        let place = (step as usize - 1) % units.len();
        let mut block = [(u64::from_be_bytes(check) ^ step).to_be_bytes(), units[place]].concat();
        cipher.decrypt(&mut block, DecryptionContext::None).ok()?;
        (check, units[place]) = halves(&block)?;
    }
    constant_time::verify_slices_are_equal(&check, &CHECK).is_ok().then(|| units.concat())
}

fn by_library(kek: &[u8]) -> Option<AesKek> {
    let cipher = match kek.len() {
        16 => &AES_128,
        32 => &AES_256,
        _ => return None,
    };
    AesKek::new(cipher, kek).ok()
}

fn units(bytes: &[u8]) -> Option<Vec<[u8; UNIT]>> {
    bytes.chunks(UNIT).map(|unit| unit.try_into().ok()).collect()
}

fn halves(block: &[u8]) -> Option<([u8; UNIT], [u8; UNIT])> {
    let (front, back) = block.split_at_checked(BLOCK / 2)?;
    Some((front.try_into().ok()?, back.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hex(text: &str) -> Vec<u8> {
        text.as_bytes().chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
    }

    /// RFC 3394 sections 4.2 and 4.4.
    #[test]
    fn wrapping_with_192_bits_is_that_of_the_standard() {
        let kek = hex("000102030405060708090a0b0c0d0e0f1011121314151617");
        let key = hex("00112233445566778899aabbccddeeff");
        assert_eq!(wrap(&kek, &key).unwrap(), hex("96778b25ae6ca435f92b5b97c050aed2468ab8a17ad84e5d"));
        let key = hex("00112233445566778899aabbccddeeff0001020304050607");
        assert_eq!(wrap(&kek, &key).unwrap(), hex("031d33264e15d33268f24ec260743edce1c6c7ddee725a936ba814915c6762d2"));
    }

    proptest! {
        #[test]
        fn what_was_wrapped_comes_back_and_nothing_else(
            length in prop::sample::select(vec![16_usize, 24, 32]),
            seed in any::<u8>(),
            units in 2..9_usize,
            broken in 0..24_usize,
        ) {
            let kek: Vec<u8> = (0..length).map(|place| seed.wrapping_add(place as u8)).collect();
            let key: Vec<u8> = (0..units * UNIT).map(|place| seed.wrapping_mul(place as u8)).collect();
            let mut wrapped = wrap(&kek, &key).unwrap();
            prop_assert_eq!(unwrap(&kek, &wrapped), Some(key));
            wrapped[broken] ^= 1;
            prop_assert_eq!(unwrap(&kek, &wrapped), None);
        }

        #[test]
        fn no_lengths_panic(kek in 0..40_usize, key in 0..70_usize) {
            let (kek, key) = (vec![1; kek], vec![2; key]);
            let _ = (wrap(&kek, &key), unwrap(&kek, &key));
        }
    }
}
