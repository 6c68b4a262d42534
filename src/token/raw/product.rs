//! Products of numbers of megabytes, by a number-theoretic transform.
//!
//! The library's own product is by Toom and Cook, which for 16 MiB takes minutes. Here the digits of 16 bits are the
//! coefficients of polynomials over the field of `2^64 - 2^32 + 1` elements, which has roots of unity of every order
//! that is needed, and whose sums of products do not wrap: `2^23` times `2^32` is below `2^64 - 2^32`.

use num_bigint::{BigInt, BigUint, Sign};

/// The order of the field.
const P: u64 = 0xffff_ffff_0000_0001;
/// `2^64` modulo the order.
const EPSILON: u64 = 0xffff_ffff;
/// A generator of the multiplicative group.
const GENERATOR: u64 = 7;
/// Shorter factors are the library's business, in bits.
const SHORT: u64 = 60_000;

fn reduced(number: u128) -> u64 {
    let (low, high) = (number as u64, (number >> 64) as u64);
    let (mut rest, borrow) = low.overflowing_sub(high >> 32);
    if borrow {
        rest = rest.wrapping_sub(EPSILON);
    }
    let (mut sum, carry) = rest.overflowing_add((high & EPSILON) * EPSILON);
    if carry {
        sum = sum.wrapping_add(EPSILON);
    }
    if sum >= P { sum - P } else { sum }
}

fn times(one: u64, other: u64) -> u64 {
    reduced(u128::from(one) * u128::from(other))
}

fn plus(one: u64, other: u64) -> u64 {
    let (sum, carry) = one.overflowing_add(other);
    if carry || sum >= P { sum.wrapping_sub(P) } else { sum }
}

fn minus(one: u64, other: u64) -> u64 {
    if one >= other { one - other } else { one.wrapping_sub(other).wrapping_add(P) }
}

fn power(mut base: u64, mut exponent: u64) -> u64 {
    let mut result = 1;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = times(result, base);
        }
        base = times(base, base);
        exponent >>= 1;
    }
    result
}

/// The first half of the powers of a root of unity, for this length and for each half of it.
fn roots(mut length: usize) -> Vec<Vec<u64>> {
    let mut levels = Vec::new();
    while length > 1 {
        let root = power(GENERATOR, (P - 1) / length as u64);
        levels.push(std::iter::successors(Some(1), |power| Some(times(*power, root))).take(length / 2).collect());
        length /= 2;
    }
    levels
}

/// From coefficients to values, in the order in which [`backward`] wants them.
fn forward(values: &mut [u64], roots: &[Vec<u64>]) {
    let Some((own, rest)) = roots.split_first() else { return };
    let (low, high) = values.split_at_mut(own.len());
    for ((low, high), root) in low.iter_mut().zip(high.iter_mut()).zip(own) {
        (*low, *high) = (plus(*low, *high), times(minus(*low, *high), *root));
    }
    forward(low, rest);
    forward(high, rest);
}

/// Back to coefficients, each times the length; with the inverse roots.
fn backward(values: &mut [u64], roots: &[Vec<u64>]) {
    let Some((own, rest)) = roots.split_first() else { return };
    let (low, high) = values.split_at_mut(own.len());
    backward(low, rest);
    backward(high, rest);
    for ((low, high), root) in low.iter_mut().zip(high.iter_mut()).zip(own) {
        let turned = times(*high, *root);
        (*low, *high) = (plus(*low, turned), minus(*low, turned));
    }
}

fn digits(number: &BigUint, length: usize) -> Vec<u64> {
    let mut digits: Vec<u64> =
        number.iter_u32_digits().flat_map(|digit| [u64::from(digit & 0xffff), u64::from(digit >> 16)]).collect();
    digits.resize(length, 0);
    digits
}

/// The product.
pub fn product(one: &BigUint, other: &BigUint) -> BigUint {
    if one.bits().min(other.bits()) < SHORT {
        return one * other;
    }
    let length = usize::try_from((one.bits() + other.bits()).div_ceil(16) + 4).unwrap_or(usize::MAX);
    let length = length.next_power_of_two();
    let mut roots = roots(length);
    let mut values = digits(one, length);
    forward(&mut values, &roots);
    if one == other {
        values.iter_mut().for_each(|value| *value = times(*value, *value));
    } else {
        let mut others = digits(other, length);
        forward(&mut others, &roots);
        values.iter_mut().zip(&others).for_each(|(value, other)| *value = times(*value, *other));
    }
    for level in &mut roots {
        // The inverse of the i-th power is minus the one that stands i places before the middle.
        level[1..].reverse();
        level[1..].iter_mut().for_each(|root| *root = P - *root);
    }
    backward(&mut values, &roots);
    let shrink = power(length as u64, P - 2);
    let mut carry = 0_u128;
    let mut next = |value: u64| {
        carry += u128::from(times(value, shrink));
        let digit = (carry & 0xffff) as u32;
        carry >>= 16;
        digit
    };
    BigUint::new(values.chunks_exact(2).map(|pair| next(pair[0]) | next(pair[1]) << 16).collect())
}

/// The product with its sign.
pub fn signed_product(one: &BigInt, other: &BigInt) -> BigInt {
    let sign = if one.sign() == other.sign() { Sign::Plus } else { Sign::Minus };
    BigInt::from_biguint(sign, product(one.magnitude(), other.magnitude()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8))]

        #[test]
        fn it_is_the_librarys_product(
            one in proptest::collection::vec(any::<u8>(), 7_400..9_000),
            other in proptest::collection::vec(any::<u8>(), 7_400..30_000),
        ) {
            let [one, other] = [one, other].map(|bytes| BigUint::from_bytes_le(&bytes));
            prop_assert_eq!(product(&one, &other), &one * &other);
            prop_assert_eq!(product(&one, &one), &one * &one);
        }
    }

    #[test]
    fn the_largest_digits_do_not_wrap() {
        let ones = (BigUint::from(1_u8) << 70_000_u32) - 1_u8;
        assert_eq!(product(&ones, &ones), &ones * &ones);
        assert_eq!(product(&ones, &BigUint::ZERO), BigUint::ZERO);
    }
}
