//! Spare keys whose names ask for a shape: sizes, exponents and moduli that issuers should not use, and coordinates that
//! begin with a zero byte.

use super::{
    error::ForgeError,
    key::{Key, RsaBits},
    raw::{Modulus, RsaSecret, RsaShape},
};
use crate::model::{Alg, KeyFamily};

/// Keys that are made until a coordinate begins with a zero byte: one in 256 does.
const MOST: usize = 16_384;

/// Makes the key that a name asks for (`spare-rs256-e3-2056bit`).
///
/// # Errors
/// The random source or the key generator fails.
pub(super) fn make(name: &str, alg: Alg) -> Result<Key, ForgeError> {
    let words: Vec<&str> = name.split('-').collect();
    match alg.family() {
        KeyFamily::Rsa => rsa(name, alg, &words),
        KeyFamily::Oct => match words.iter().find_map(|word| word.strip_suffix("byte")?.parse().ok()) {
            Some(length) => Key::of_length(name, alg, length),
            None => Key::generate(name, alg, RsaBits::default()),
        },
        KeyFamily::Ed25519 if words.contains(&"x0") => with_zero_at(name, alg, 0),
        _ if words.contains(&"x0") => with_zero_at(name, alg, 1),
        family if words.contains(&"y0") => {
            let width = super::raw::Curve::of(family).map_or(0, |curve| curve.width);
            with_zero_at(name, alg, 1 + width)
        }
        _ => Key::generate(name, alg, RsaBits::default()),
    }
}

fn rsa(name: &str, alg: Alg, words: &[&str]) -> Result<Key, ForgeError> {
    let number = |word: Option<&str>| word.and_then(|digits| digits.parse::<u64>().ok());
    let bits = words.iter().find_map(|word| number(word.strip_suffix("bit"))).unwrap_or(2048);
    let exponent = words.iter().find_map(|word| number(word.strip_prefix('e'))).unwrap_or(65537);
    let modulus = match words {
        words if words.contains(&"even") => Modulus::Even,
        words if words.contains(&"prime") => Modulus::Prime,
        _ => Modulus::TwoPrimes,
    };
    let usual = match bits {
        _ if exponent != 65537 || modulus != Modulus::TwoPrimes => None,
        2048 => Some(RsaBits::B2048),
        3072 => Some(RsaBits::B3072),
        4096 => Some(RsaBits::B4096),
        _ => None,
    };
    match usual {
        Some(size) => Key::generate(name, alg, size),
        None => Key::from_odd_rsa(name, alg, RsaSecret::generate(RsaShape { bits, exponent, modulus })?),
    }
}

fn with_zero_at(name: &str, alg: Alg, place: usize) -> Result<Key, ForgeError> {
    for _ in 0..MOST {
        let key = Key::generate(name, alg, RsaBits::default())?;
        if key.raw_public()?.get(place) == Some(&0) {
            return Ok(key);
        }
    }
    Err(ForgeError::Crypto("looking for a coordinate that begins with zero"))
}
