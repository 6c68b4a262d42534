//! Bounds in files: `10x`, `64MiB`.

use super::capability::serde_as_text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt, str::FromStr};

/// So many times something else, written as in `10x`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Multiple(pub u32);

impl fmt::Display for Multiple {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x", self.0)
    }
}

impl FromStr for Multiple {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.strip_suffix('x').and_then(|digits| digits.parse().ok()).filter(|number| *number > 0);
        number.map(Multiple).ok_or_else(|| format!("{text:?} is no multiple; write it as in \"10x\""))
    }
}

/// A number of bytes, written as in `64MiB`, `16KiB` or `512B`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

const UNITS: [(&str, u64); 3] = [("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = UNITS.iter().find(|(_, unit)| self.0 >= *unit && self.0.is_multiple_of(*unit));
        let (name, unit) = whole.copied().unwrap_or(("B", 1));
        write!(f, "{}{name}", self.0 / unit)
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = || format!("{text:?} is no size; write it as in \"64MiB\", \"16KiB\" or \"512B\"");
        let (digits, unit) =
            UNITS.iter().find_map(|(name, unit)| Some((text.strip_suffix(name)?, *unit))).ok_or_else(wanted)?;
        let number: u64 = digits.trim_end().parse().map_err(|_| wanted())?;
        number.checked_mul(unit).map(Size).ok_or_else(wanted)
    }
}

serde_as_text! {
    Multiple, "Multiple", "so many times something else: 10x";
    Size, "Size", "a number of bytes: 64MiB, 16KiB, 512B";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_read_and_written_alike() {
        for text in ["64MiB", "16KiB", "512B", "0B", "1025B"] {
            assert_eq!(text.parse::<Size>().unwrap().to_string(), text);
        }
        assert_eq!("10x".parse::<Multiple>().unwrap().to_string(), "10x");
        for text in ["64", "MiB", "-1B", "1.5KiB", "99999999999999999999B", "18446744073709551615MiB"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
        assert!(
            "x".parse::<Multiple>().is_err() && "0x".parse::<Multiple>().is_err() && "10".parse::<Multiple>().is_err()
        );
    }
}
