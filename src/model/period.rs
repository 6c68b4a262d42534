//! A length of time in files: `"5s"`, `"250ms"`, `"2m"`.

use super::capability::serde_as_text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt, str::FromStr, time::Duration};

/// A length of time, written as in `5s`, `250ms` or `1h 30m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period(pub Duration);

impl Period {
    /// A period of whole seconds.
    #[must_use]
    pub const fn from_secs(seconds: u64) -> Self {
        Period(Duration::from_secs(seconds))
    }

    /// The whole seconds in it.
    #[must_use]
    pub fn seconds(self) -> i64 {
        i64::try_from(self.0.as_secs()).unwrap_or(i64::MAX)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.subsec_nanos() == 0 {
            return write!(f, "{}s", self.0.as_secs());
        }
        write!(f, "{}ms", self.0.as_millis())
    }
}

impl FromStr for Period {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = || format!("{text:?} is no length of time; write it as in \"5s\", \"250ms\" or \"2m\"");
        let signed: jiff::SignedDuration = text.parse().map_err(|_| wanted())?;
        Duration::try_from(signed).map(Period).map_err(|_| wanted())
    }
}

serde_as_text! { Period, "Period", "a length of time: 5s, 250ms, 2m"; }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        for (text, millis) in [("5s", 5_000), ("250ms", 250), ("2m", 120_000), ("0s", 0)] {
            assert_eq!(text.parse::<Period>().unwrap().0, Duration::from_millis(millis), "{text}");
        }
        assert!("five".parse::<Period>().is_err());
        assert!("-5s".parse::<Period>().is_err());
    }
}
