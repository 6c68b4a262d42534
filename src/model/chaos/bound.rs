//! The limit that an assertion sets: `>= 99.9%`, `= 0`, `<= 1/s`, `<= base + 50ms`.

use super::expression::{Expression, Symbols};
use crate::model::capability::serde_as_text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt, str::FromStr};

/// How a value is compared with its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `<=`.
    AtMost,
    /// `<`.
    Below,
    /// `>=`.
    AtLeast,
    /// `>`.
    Above,
    /// `=`.
    Exactly,
}

const SIGNS: [(&str, Comparison); 5] = [
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("<", Comparison::Below),
    (">", Comparison::Above),
    ("=", Comparison::Exactly),
];

/// What is compared.
#[derive(Debug, Clone, PartialEq)]
pub enum Quantity {
    /// A share of samples, in percent.
    Percent(f64),
    /// A number: samples, requests, a factor.
    Number(f64),
    /// Events in a second.
    Rate(f64),
    /// A length of time.
    Time(Expression),
}

/// A comparison with a limit.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound {
    /// How it is compared.
    pub comparison: Comparison,
    /// The limit.
    pub limit: Quantity,
}

impl Bound {
    /// The limit as a plain number in its unit: percent, a number, per second, seconds. `None` where it needs a symbol
    /// that has no value.
    #[must_use]
    pub fn value(&self, symbols: &Symbols) -> Option<f64> {
        match &self.limit {
            Quantity::Percent(value) | Quantity::Number(value) | Quantity::Rate(value) => Some(*value),
            Quantity::Time(time) => time.seconds(symbols),
        }
    }

    /// Whether a value, in the unit of the limit, keeps to it. A value that differs by rounding alone does.
    #[must_use]
    pub fn holds(&self, value: f64, symbols: &Symbols) -> Option<bool> {
        let limit = self.value(symbols)?;
        let slack = 1e-9 * limit.abs().max(1.0);
        Some(match self.comparison {
            Comparison::AtMost => value <= limit + slack,
            Comparison::Below => value < limit,
            Comparison::AtLeast => value >= limit - slack,
            Comparison::Above => value > limit,
            Comparison::Exactly => (value - limit).abs() <= slack,
        })
    }
}

impl FromStr for Bound {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = || {
            format!("wanted a limit such as \">= 99.9%\", \"= 0\", \"<= 1/s\" or \"<= base + 50ms\", found {text:?}")
        };
        let trimmed = text.trim();
        let (sign, comparison) = SIGNS.iter().find(|(sign, _)| trimmed.starts_with(sign)).ok_or_else(wanted)?;
        let rest = trimmed[sign.len()..].trim();
        let number = |text: &str| -> Result<f64, String> {
            let value: f64 = text.trim().parse().map_err(|_| wanted())?;
            if value.is_finite() && value >= 0.0 { Ok(value) } else { Err(wanted()) }
        };
        let limit = if let Some(percent) = rest.strip_suffix('%') {
            Quantity::Percent(number(percent)?)
        } else if let Some((count, unit)) = rest.split_once('/') {
            let seconds = match unit.trim() {
                "s" => 1.0,
                "min" => 60.0,
                _ => return Err(wanted()),
            };
            Quantity::Rate(number(count)? / seconds)
        } else if rest.starts_with(|first: char| first.is_ascii_digit()) && number(rest).is_ok() {
            Quantity::Number(number(rest)?)
        } else {
            Quantity::Time(rest.parse().map_err(|_| wanted())?)
        };
        Ok(Bound { comparison: *comparison, limit })
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = SIGNS.iter().find(|(_, known)| *known == self.comparison).map_or("", |(sign, _)| sign);
        match &self.limit {
            Quantity::Percent(value) => write!(f, "{sign} {value}%"),
            Quantity::Number(value) => write!(f, "{sign} {value}"),
            Quantity::Rate(value) if *value < 1.0 => write!(f, "{sign} {}/min", thousandths(value * 60.0)),
            Quantity::Rate(value) => write!(f, "{sign} {}/s", thousandths(*value)),
            Quantity::Time(time) => write!(f, "{sign} {time}"),
        }
    }
}

/// A rate that was scaled has more digits than anybody reads.
fn thousandths(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

serde_as_text! { Bound, "Bound", "a comparison with a share, a number, a rate or a time: >= 99.9%, = 0, <= 1/s, <= base + 50ms"; }

#[cfg(test)]
mod tests {
    use super::{super::expression::tests::SYMBOLS_OF_TESTS, *};
    use proptest::prelude::*;

    fn bound(text: &str) -> Bound {
        text.parse().unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn limits_are_read_and_compared() {
        let holds = |text: &str, value: f64| bound(text).holds(value, &SYMBOLS_OF_TESTS).unwrap();
        assert!(holds(">= 99.9%", 99.9) && !holds(">= 99.9%", 99.89));
        assert!(holds("= 0", 0.0) && !holds("= 0", 1.0));
        assert!(holds("<= 6/min", 0.1) && !holds("<= 6/min", 0.11));
        assert!(holds("<= base + 50ms", 0.052) && !holds("<= base + 50ms", 0.0521));
        assert!(holds("<= 0.1", 0.1) && holds("< T", 3.9) && !holds("< T", 4.0) && holds("> 1", 2.0));
        assert_eq!(bound("<= base").holds(1.0, &Symbols { base: None, ..SYMBOLS_OF_TESTS }), None);
    }

    #[test]
    fn what_is_no_limit_is_refused() {
        for text in ["", "99%", ">= ", "<= 5/h", "== 1", ">= -1", "<= 1 2", "<= nan", "<= T/s"] {
            assert!(text.parse::<Bound>().is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics_and_what_is_shown_reads_the_same(text in "(<=|>=|=|<|>) ?[0-9.%/sminTS+base ]{0,12}") {
            if let Ok(read) = text.parse::<Bound>() {
                let again = bound(&read.to_string());
                prop_assert_eq!(again.comparison, read.comparison);
                let (one, other) = (read.value(&SYMBOLS_OF_TESTS).unwrap(), again.value(&SYMBOLS_OF_TESTS).unwrap());
                prop_assert!((one - other).abs() <= 1e-3 * one.abs().max(1.0), "{} {}", one, other);
            }
        }
    }
}
