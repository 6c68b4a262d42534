//! RSA with its private numbers in the open (RFC 8017 sections 3 and 5.2).

use super::{der, fixed, prime::prime};
use crate::token::error::ForgeError;
use num_bigint::BigUint;

/// The shape of an RSA key that is to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RsaShape {
    /// Bits of the modulus.
    pub bits: u64,
    /// The public exponent, odd or 1 or 2.
    pub exponent: u64,
    /// How the modulus is composed.
    pub modulus: Modulus,
}

/// What an RSA modulus is composed of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Modulus {
    /// Two primes, as it should be.
    TwoPrimes,
    /// 2 and a prime.
    Even,
    /// One prime.
    Prime,
}

/// An RSA key with its private numbers.
pub(crate) struct RsaSecret {
    pub modulus: BigUint,
    pub exponent: BigUint,
    /// For a modulus of one prime the second is 1.
    primes: (BigUint, BigUint),
    /// The power that is a root, modulo each prime.
    powers: (BigUint, BigUint),
    /// The inverse of the second prime modulo the first.
    inverse: BigUint,
}

impl RsaSecret {
    /// Makes a key.
    ///
    /// # Errors
    /// No primes are found.
    pub fn generate(shape: RsaShape) -> Result<RsaSecret, ForgeError> {
        let exponent = BigUint::from(shape.exponent);
        let one = BigUint::from(1u8);
        // The exponent has an inverse, or, for 2, square roots are easy.
        let fits = |prime: &BigUint| match shape.exponent {
            2 => prime.bit(0) && prime.bit(1),
            _ => exponent == one || exponent.modinv(&(prime - &one)).is_some(),
        };
        loop {
            let (p, q) = match shape.modulus {
                Modulus::TwoPrimes => {
                    let half = shape.bits.div_ceil(2);
                    (prime(half, fits)?, prime(shape.bits - half, fits)?)
                }
                Modulus::Even => (prime(shape.bits - 1, fits)?, BigUint::from(2u8)),
                Modulus::Prime => (prime(shape.bits, fits)?, one.clone()),
            };
            let modulus = &p * &q;
            if p != q && modulus.bits() == shape.bits {
                return RsaSecret::of(modulus, exponent, p, q).ok_or(ForgeError::Crypto("working out an RSA key"));
            }
        }
    }

    /// Reads the numbers of a PKCS#8 key (RFC 5958, RFC 8017 appendix A.1.2).
    pub fn from_pkcs8(key: &[u8]) -> Option<RsaSecret> {
        let (info, _) = der::open(0x30, key)?;
        let (_, rest) = der::open(0x02, info)?;
        let (_, rest) = der::open(0x30, rest)?;
        let (inner, _) = der::open(0x04, rest)?;
        let (mut rest, _) = der::open(0x30, inner)?;
        let mut next = || {
            let (number, behind) = der::open(0x02, rest)?;
            rest = behind;
            Some(BigUint::from_bytes_be(number))
        };
        let [_version, modulus, exponent, _private, p, q] = [next()?, next()?, next()?, next()?, next()?, next()?];
        let [first, second, inverse] = [next()?, next()?, next()?];
        Some(RsaSecret { modulus, exponent, primes: (p, q), powers: (first, second), inverse })
    }

    fn of(modulus: BigUint, exponent: BigUint, p: BigUint, q: BigUint) -> Option<RsaSecret> {
        let one = BigUint::from(1u8);
        let power = |prime: &BigUint| {
            let less = prime - &one;
            match exponent == BigUint::from(2u8) {
                true => Some((prime + &one) >> 2),
                false if less <= one => Some(one.clone()),
                false => exponent.modinv(&less),
            }
        };
        let powers = (power(&p)?, power(&q)?);
        let inverse = q.modinv(&p)?;
        Some(RsaSecret { modulus, exponent, primes: (p, q), powers, inverse })
    }

    /// Bytes of the modulus.
    pub fn length(&self) -> usize {
        usize::try_from(self.modulus.bits().div_ceil(8)).unwrap_or(0)
    }

    /// The number whose power the block is (RSASP1), at the key's length. `None` where the block is not below the
    /// modulus, or, for the exponent 2, is no square.
    pub fn sign_block(&self, block: &[u8]) -> Option<Vec<u8>> {
        let block = BigUint::from_bytes_be(block);
        if block >= self.modulus {
            return None;
        }
        let root = self.root(&block);
        (root.modpow(&self.exponent, &self.modulus) == block).then(|| fixed(&root, self.length()))?
    }

    /// By the Chinese remainder theorem: one root for each prime.
    fn root(&self, block: &BigUint) -> BigUint {
        let (p, q) = &self.primes;
        let first = block.modpow(&self.powers.0, p);
        if *q == BigUint::from(1u8) {
            return first;
        }
        let second = block.modpow(&self.powers.1, q);
        let step = (first + p - &second % p) * &self.inverse % p;
        second + step * q
    }
}
