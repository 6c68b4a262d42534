//! Times in scenario files: sums such as `1T + 0.1T`, `S + 500ms` or `base + 50ms`.

use crate::model::capability::serde_as_text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt, str::FromStr, time::Duration};

/// A length that the target's cache has, by the letter that scenarios use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Symbol {
    /// `T`: the lifetime of a cached key set, or the interval at which it is fetched again.
    Lifetime,
    /// `C`: the pause between two fetches for an unknown `kid`.
    Cooldown,
    /// `H`: the time after which a fetch is given up.
    Timeout,
    /// `S`: how long beyond its lifetime a key set is used while no new one can be had.
    Stale,
    /// `R`: how long after its removal a key may still be accepted.
    Revocation,
    /// `L`: the life of a token.
    Life,
    /// `base`: the value that was measured before the first fault.
    Base,
}

const SYMBOLS: [(&str, Symbol); 7] = [
    ("T", Symbol::Lifetime),
    ("C", Symbol::Cooldown),
    ("H", Symbol::Timeout),
    ("S", Symbol::Stale),
    ("R", Symbol::Revocation),
    ("L", Symbol::Life),
    ("base", Symbol::Base),
];
const UNITS: [(&str, f64); 4] = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];

/// The values of the symbols, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Symbols {
    /// `T`.
    pub lifetime: f64,
    /// `C`.
    pub cooldown: f64,
    /// `H`.
    pub timeout: f64,
    /// `S`.
    pub stale: f64,
    /// `R`.
    pub revocation: f64,
    /// `L`.
    pub life: f64,
    /// `base`; absent while nothing is measured.
    pub base: Option<f64>,
}

impl Symbols {
    fn value(&self, symbol: Symbol) -> Option<f64> {
        Some(match symbol {
            Symbol::Lifetime => self.lifetime,
            Symbol::Cooldown => self.cooldown,
            Symbol::Timeout => self.timeout,
            Symbol::Stale => self.stale,
            Symbol::Revocation => self.revocation,
            Symbol::Life => self.life,
            Symbol::Base => return self.base,
        })
    }
}

/// A sum of lengths of time: symbols with factors, and seconds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Expression {
    seconds: f64,
    terms: Vec<(f64, Symbol)>,
}

impl Expression {
    /// So many seconds.
    #[must_use]
    pub fn of_seconds(seconds: f64) -> Expression {
        Expression { seconds, terms: Vec::new() }
    }

    /// Its value in seconds; `None` where it needs a symbol that has no value. It may be negative.
    #[must_use]
    pub fn seconds(&self, symbols: &Symbols) -> Option<f64> {
        self.terms.iter().try_fold(self.seconds, |sum, (factor, symbol)| Some(sum + factor * symbols.value(*symbol)?))
    }

    /// Its value as a length of time; a negative sum is none at all.
    #[must_use]
    pub fn duration(&self, symbols: &Symbols) -> Option<Duration> {
        self.seconds(symbols).and_then(|seconds| Duration::try_from_secs_f64(seconds.max(0.0)).ok())
    }

    /// Whether it is zero whatever the symbols are.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.seconds == 0.0 && self.terms.iter().all(|(factor, _)| *factor == 0.0)
    }

    /// The symbols in it.
    pub fn symbols(&self) -> impl Iterator<Item = Symbol> {
        self.terms.iter().map(|(_, symbol)| *symbol)
    }
}

impl FromStr for Expression {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut sum = Expression::default();
        let mut rest = text.trim();
        let mut sign = 1.0;
        if rest.is_empty() {
            return Err(wanted(text));
        }
        loop {
            let end = rest.find(['+', '-']).unwrap_or(rest.len());
            sum.add(sign, rest[..end].trim(), text)?;
            if end == rest.len() {
                return Ok(sum);
            }
            sign = if rest[end..].starts_with('-') { -1.0 } else { 1.0 };
            rest = rest[end + 1..].trim_start();
        }
    }
}

fn wanted(text: &str) -> String {
    format!("wanted a time such as \"2.5T\", \"S + 500ms\" or \"0\" in T, C, H, S, R, L or base, found {text:?}")
}

impl Expression {
    fn add(&mut self, sign: f64, term: &str, whole: &str) -> Result<(), String> {
        let digits = term.find(|character: char| !(character.is_ascii_digit() || character == '.'));
        let (number, word) = term.split_at(digits.unwrap_or(term.len()));
        let word = word.trim_start();
        let number: f64 = match number {
            "" if word.is_empty() => return Err(wanted(whole)),
            "" => 1.0,
            number => number.parse().map_err(|_| wanted(whole))?,
        };
        if word.is_empty() {
            return if number == 0.0 {
                Ok(())
            } else {
                Err(format!("{} (which unit does {term:?} have?)", wanted(whole)))
            };
        }
        let factor = sign * number;
        if let Some((_, symbol)) = SYMBOLS.iter().find(|(name, _)| *name == word) {
            self.terms.push((factor, *symbol));
        } else if let Some((_, unit)) = UNITS.iter().find(|(name, _)| *name == word && !term.starts_with(word)) {
            self.seconds += factor * unit;
        } else {
            return Err(wanted(whole));
        }
        Ok(())
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        let mut write = |factor: f64, unit: &str| -> fmt::Result {
            match (std::mem::take(&mut first), factor < 0.0) {
                (true, true) => f.write_str("0 - ")?,
                (true, false) => {}
                (false, true) => f.write_str(" - ")?,
                (false, false) => f.write_str(" + ")?,
            }
            let one = factor.abs() == 1.0 && !unit.starts_with(['s', 'm']);
            if one { f.write_str(unit) } else { write!(f, "{}{unit}", factor.abs()) }
        };
        for (factor, symbol) in &self.terms {
            write(*factor, SYMBOLS.iter().find(|(_, known)| known == symbol).map_or("", |(name, _)| name))?;
        }
        if self.seconds != 0.0 {
            if self.seconds.abs() < 1.0 { write(self.seconds * 1000.0, "ms")? } else { write(self.seconds, "s")? }
        }
        if first { f.write_str("0") } else { Ok(()) }
    }
}

serde_as_text! { Expression, "TimeExpression", "a time in seconds, milliseconds and the cache symbols T, C, H, S, R, L: 2.5T, S + 500ms, 0"; }

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) const SYMBOLS_OF_TESTS: Symbols = Symbols {
        lifetime: 4.0,
        cooldown: 1.0,
        timeout: 0.5,
        stale: 12.0,
        revocation: 5.0,
        life: 300.0,
        base: Some(0.002),
    };

    #[test]
    fn sums_are_read_as_people_write_them() {
        for (text, seconds) in [
            ("0", 0.0),
            ("1T", 4.0),
            ("T", 4.0),
            ("1T+0.1T", 4.4),
            ("S + T", 16.0),
            ("1T+0.2T - 500ms", 4.3),
            ("base + 50ms", 0.052),
            ("2m", 120.0),
            ("1.1R", 5.5),
        ] {
            let sum: Expression = text.parse().unwrap_or_else(|error| panic!("{error}"));
            assert!((sum.seconds(&SYMBOLS_OF_TESTS).unwrap() - seconds).abs() < 1e-9, "{text}");
        }
        assert_eq!("C - 3s".parse::<Expression>().unwrap().duration(&SYMBOLS_OF_TESTS), Some(Duration::ZERO));
        let unmeasured = Symbols { base: None, ..SYMBOLS_OF_TESTS };
        assert_eq!("base".parse::<Expression>().unwrap().seconds(&unmeasured), None);
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", " ", "5", "T +", "+ T", "X", "1 T T", "2q", "s", "ms", "1..2s", "- T"] {
            assert!(text.parse::<Expression>().is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics_and_what_is_shown_reads_the_same(text in "[0-9.TCHSRL+ms base-]{0,16}") {
            if let Ok(sum) = text.parse::<Expression>() {
                let shown = sum.to_string();
                let again: Expression = shown.parse().unwrap_or_else(|error| panic!("{text:?} {shown:?}: {error}"));
                let (one, other) = (sum.seconds(&SYMBOLS_OF_TESTS).unwrap(), again.seconds(&SYMBOLS_OF_TESTS).unwrap());
                prop_assert!((one - other).abs() <= 1e-6 * one.abs().max(1.0), "{text:?} {shown:?}");
            }
        }
    }
}
