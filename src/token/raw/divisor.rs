//! The greatest common divisor of numbers of megabytes, by halves (Möller, On Schönhage's algorithm and subquadratic
//! integer gcd computation, 2008).
//!
//! The quotients of Euclid's algorithm are decided by the leading digits. So they are found for the upper half of both
//! numbers, gathered in a matrix, and applied to the whole at once. Every matrix has a determinant of 1 or -1, so that
//! the divisor stays what it is even where the leading digits misled us by a little.

use super::product::{product, signed_product};
use num_bigint::{BigInt, BigUint, Sign};
use std::mem::{replace, swap};

/// Below so many bits plain division is as good.
const SHORT: u64 = 4_096;
/// Numbers of so many bits are reduced in registers.
const WORD: u64 = 62;

type Matrix = [BigInt; 4];

/// Two numbers that were reduced to about half of their length: the numbers before are the matrix times those after.
struct Half {
    matrix: Matrix,
    /// Whether the determinant is 1 and not -1.
    keeps: bool,
    greater: BigUint,
    lesser: BigUint,
}

fn identity() -> Matrix {
    [1, 0, 0, 1].map(BigInt::from)
}

fn times(one: &Matrix, other: &Matrix) -> Matrix {
    let cell = |row: usize, column: usize| {
        signed_product(&one[row], &other[column]) + signed_product(&one[row + 1], &other[column + 2])
    };
    [cell(0, 0), cell(0, 1), cell(2, 0), cell(2, 1)]
}

/// The last bits of a number.
fn low(number: &BigUint, bits: u64) -> BigInt {
    let high = number >> bits;
    BigInt::from(number - (high << bits))
}

impl Half {
    fn of(greater: BigUint, lesser: BigUint) -> Half {
        let bits = greater.bits();
        let goal = bits / 2 + 1;
        let mut half = Half { matrix: identity(), keeps: true, greater, lesser };
        if half.lesser.bits() <= goal {
            return half;
        }
        if bits <= WORD {
            return half.in_registers(goal);
        }
        half.reduce(bits / 2);
        if half.lesser.bits() > goal {
            half.divide();
            let behind = (2 * goal).saturating_sub(half.greater.bits());
            if half.lesser.bits() > goal && behind < half.lesser.bits() {
                half.reduce(behind);
            }
        }
        half
    }

    fn in_registers(mut self, goal: u64) -> Half {
        let word = |number: &BigUint| number.iter_u64_digits().next().unwrap_or(0);
        let (mut greater, mut lesser) = (word(&self.greater), word(&self.lesser));
        let mut matrix = [1_i128, 0, 0, 1];
        while lesser != 0 && u64::from(u64::BITS - lesser.leading_zeros()) > goal {
            let quotient = i128::from(greater / lesser);
            (greater, lesser) = (lesser, greater % lesser);
            let [a, b, c, d] = matrix;
            matrix = [a * quotient + b, a, c * quotient + d, c];
            self.keeps = !self.keeps;
        }
        Half { matrix: matrix.map(BigInt::from), greater: greater.into(), lesser: lesser.into(), ..self }
    }

    /// One step of Euclid's.
    fn divide(&mut self) {
        let quotient = &self.greater / &self.lesser;
        let rest = &self.greater - &quotient * &self.lesser;
        self.greater = replace(&mut self.lesser, rest);
        let quotient = BigInt::from(quotient);
        let [a, b, c, d] = replace(&mut self.matrix, identity());
        self.matrix = [&a * &quotient + b, a, &c * &quotient + d, c];
        self.keeps = !self.keeps;
    }

    /// All steps that the digits before the last `behind` bits decide.
    fn reduce(&mut self, behind: u64) {
        let upper = Half::of(&self.greater >> behind, &self.lesser >> behind);
        let (greater, lesser) = upper.applied(&self.greater, &self.lesser, behind);
        self.matrix = times(&self.matrix, &upper.matrix);
        self.keeps = self.keeps == upper.keeps;
        for (column, number) in [&greater, &lesser].into_iter().enumerate() {
            if number.sign() == Sign::Minus {
                for row in [0, 2] {
                    self.matrix[row + column] = -&self.matrix[row + column];
                }
                self.keeps = !self.keeps;
            }
        }
        (self.greater, self.lesser) = (greater.into_parts().1, lesser.into_parts().1);
        if self.greater < self.lesser {
            swap(&mut self.greater, &mut self.lesser);
            self.matrix.swap(0, 1);
            self.matrix.swap(2, 3);
            self.keeps = !self.keeps;
        }
    }

    /// What the steps for the upper digits make of the whole numbers.
    fn applied(&self, greater: &BigUint, lesser: &BigUint, behind: u64) -> (BigInt, BigInt) {
        let [a, b, c, d] = &self.matrix;
        let (one, other) = (low(greater, behind), low(lesser, behind));
        let (x, y) =
            (signed_product(d, &one) - signed_product(b, &other), signed_product(a, &other) - signed_product(c, &one));
        let (x, y) = if self.keeps { (x, y) } else { (-x, -y) };
        let upper = |number: &BigUint| BigInt::from(number.clone()) << behind;
        (upper(&self.greater) + x, upper(&self.lesser) + y)
    }
}

/// The greatest common divisor.
pub fn common_divisor(mut one: BigUint, mut other: BigUint) -> BigUint {
    if one < other {
        swap(&mut one, &mut other);
    }
    while other.bits() > SHORT {
        let behind = one.bits() / 3;
        let upper = Half::of(&one >> behind, &other >> behind);
        let (greater, lesser) = upper.applied(&one, &other, behind);
        (one, other) = (greater.into_parts().1, lesser.into_parts().1);
        if one < other {
            swap(&mut one, &mut other);
        }
        if other != BigUint::ZERO {
            let rest = &one % &other;
            one = replace(&mut other, rest);
        }
    }
    while other != BigUint::ZERO {
        let rest = &one % &other;
        one = replace(&mut other, rest);
    }
    one
}

/// A power with a small exponent, by squaring.
pub fn power(base: &BigUint, exponent: u32) -> BigUint {
    let mut result = BigUint::from(1_u8);
    for bit in (0..u32::BITS - exponent.leading_zeros()).rev() {
        result = product(&result, &result);
        if exponent >> bit & 1 == 1 {
            result = product(&result, base);
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(mut one: BigUint, mut other: BigUint) -> BigUint {
        while other != BigUint::ZERO {
            let rest = &one % &other;
            one = replace(&mut other, rest);
        }
        one
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn it_is_euclids_divisor(
            shared in proptest::collection::vec(any::<u8>(), 1..300),
            one in proptest::collection::vec(any::<u8>(), 1..3_000),
            other in proptest::collection::vec(any::<u8>(), 1..3_000),
        ) {
            let [shared, one, other] = [shared, one, other].map(|bytes| BigUint::from_bytes_le(&bytes));
            let (one, other) = (one * &shared, other * &shared);
            prop_assert_eq!(common_divisor(one.clone(), other.clone()), plain(one, other));
        }

        #[test]
        fn powers_are_powers(base in any::<u64>(), exponent in 0_u32..300) {
            let base = BigUint::from(base);
            prop_assert_eq!(power(&base, exponent), base.pow(exponent));
        }
    }

    #[test]
    fn nothing_and_the_same_have_divisors_too() {
        let number = BigUint::from(3_u8).pow(9_000);
        assert_eq!(common_divisor(number.clone(), BigUint::ZERO), number);
        assert_eq!(common_divisor(BigUint::ZERO, number.clone()), number);
        assert_eq!(common_divisor(number.clone(), number.clone()), number);
        assert_eq!(common_divisor(&number * 2_u8, &number * 3_u8), number);
    }
}
