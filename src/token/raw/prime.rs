//! Primes for keys of sizes and shapes that the cryptographic library does not make.

use super::random_bytes;
use crate::token::error::ForgeError;
use num_bigint::BigUint;
use std::sync::LazyLock;

/// Candidates are divided by all primes below this first.
const SIEVE: u32 = 4000;
/// Rounds of Miller and Rabin: a composite passes one in four at most, a random one far less.
const ROUNDS: usize = 12;
/// Candidates that are looked at; a prime of 2048 bits is found after about 700 odd ones.
const MOST: usize = 200_000;

static SMALL: LazyLock<Vec<u32>> = LazyLock::new(|| {
    (3..SIEVE)
        .step_by(2)
        .filter(|number| (3..=number.isqrt()).step_by(2).all(|divisor| number % divisor != 0))
        .collect()
});

/// A random prime of exactly so many bits with the two topmost set, for which `fits` holds.
///
/// # Errors
/// The random source fails, or nothing fits.
pub(super) fn prime(bits: u64, fits: impl Fn(&BigUint) -> bool) -> Result<BigUint, ForgeError> {
    for _ in 0..MOST {
        let mut candidate = random_below(bits)?;
        candidate.set_bit(bits - 1, true);
        candidate.set_bit(bits - 2, true);
        candidate.set_bit(0, true);
        if fits(&candidate) && is_prime(&candidate)? {
            return Ok(candidate);
        }
    }
    Err(ForgeError::Crypto("looking for a prime"))
}

/// Whether a number above the sieve is prime (FIPS 186-5 appendix B.3.1).
fn is_prime(number: &BigUint) -> Result<bool, ForgeError> {
    if SMALL.iter().any(|prime| number % prime == BigUint::ZERO) || !number.bit(0) {
        return Ok(false);
    }
    let one = BigUint::from(1u8);
    let less = number - &one;
    let twos = less.trailing_zeros().unwrap_or(0);
    let odd = &less >> twos;
    for _ in 0..ROUNDS {
        let base = random_below(number.bits() - 1)? + 2u8;
        let mut power = base.modpow(&odd, number);
        if power == one || power == less {
            continue;
        }
        let mut squares = 1;
        while power != less {
            if squares >= twos {
                return Ok(false);
            }
            power = &power * &power % number;
            squares += 1;
        }
    }
    Ok(true)
}

/// A random number below 2 to the power of `bits`.
fn random_below(bits: u64) -> Result<BigUint, ForgeError> {
    let bytes = usize::try_from(bits.div_ceil(8)).unwrap_or(0);
    let number = BigUint::from_bytes_be(&random_bytes(bytes)?);
    Ok(number >> (bytes as u64 * 8 - bits))
}
