//! What a target's key cache was measured to do.

use super::result::Measured;
use crate::model::period::Period;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How a target keeps our key set. What could not be measured is absent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Fingerprint {
    /// The time between two fetches that nothing but time explains, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime: Option<f64>,
    /// The single times that it was measured by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<f64>,
    /// What makes it fetch again.
    pub refresh: Refreshes,
    /// Whether a request waits for the refresh; otherwise it happens beside them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits: Option<bool>,
    /// Whether it fetches the key set before the first token.
    pub eager: bool,
    /// Fetches that a burst of tokens causes before it has keys, and the size of the burst.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cold: Option<(u64, u64)>,
    /// Whether a token with an unknown `kid` makes it fetch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks_for_unknown: Option<bool>,
    /// The least time between two fetches for unknown `kid`s, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cooldown: Option<f64>,
    /// The same while every fetch fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cooldown_in_failure: Option<f64>,
    /// How long it waits for an answer, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Measured>,
    /// How long it waits for a body that comes byte by byte: as long as before where the time limit is a total one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_by_drips: Option<Measured>,
    /// Fetches that one token causes while each fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tries: Option<u64>,
    /// Whether it follows a redirect within the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows_same_host: Option<bool>,
    /// Whether it follows a redirect to another host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows_other_host: Option<bool>,
    /// The largest answer that it read keys from, in bytes, and the smallest from which it did not.
    pub body: (Option<u64>, Option<u64>),
    /// Whether it asks conditionally.
    pub conditional: bool,
    /// Whether a shorter `max-age` made it fetch more often.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub obeys_max_age: Option<bool>,
    /// How long after its last good fetch it still took good tokens while none could be had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub served_without: Option<Measured>,
    /// Header lines of its requests.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sends: Vec<String>,
    /// Parts of tokens that its requests for the key set held.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leaks: Vec<String>,
}

/// What makes a target fetch its key set again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Refreshes {
    /// Nothing did for as long as we watched.
    #[default]
    Never,
    /// Time alone.
    Timer,
    /// A token, once the set is old enough.
    Token,
}

impl Fingerprint {
    /// The `[cache]` table of a target file.
    #[must_use]
    pub fn cache_table(&self) -> String {
        let period = |seconds: f64| {
            // Two digits are all that was measured.
            let step = if seconds < 1.0 {
                0.05
            } else if seconds < 10.0 {
                0.1
            } else {
                1.0
            };
            let rounded = Duration::from_secs_f64(((seconds / step).round() * step).max(0.0));
            Period(Duration::from_millis(u64::try_from(rounded.as_millis()).unwrap_or(u64::MAX)))
        };
        let mut table = String::from("[cache]\n");
        let mut line = |name: &str, seconds: Option<f64>, about: &str| match seconds {
            Some(seconds) => table.push_str(&format!("{name} = \"{}\"{}# {about}\n", period(seconds), " ")),
            None => table.push_str(&format!("# {name} = ?  {about}: not measured\n")),
        };
        line("lifetime", self.lifetime, "T");
        line("cooldown", self.cooldown, "C");
        line("timeout", self.timeout.filter(|timeout| !timeout.at_least).map(|timeout| timeout.seconds), "H");
        let stale = self.served_without.zip(self.lifetime).map(|(served, lifetime)| {
            let beyond = (served.seconds - lifetime).max(0.0);
            // Less than a fifth of the lifetime is what the measurement itself takes.
            if beyond < lifetime / 5.0 { 0.0 } else { beyond }
        });
        line(
            "stale",
            stale,
            if self.served_without.is_some_and(|served| served.at_least) { "S, at least" } else { "S" },
        );
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_one_that_a_target_file_takes() {
        let fingerprint = Fingerprint {
            lifetime: Some(4.02),
            cooldown: Some(0.96),
            served_without: Some(Measured { seconds: 12.1, at_least: false }),
            ..Fingerprint::default()
        };
        let table = fingerprint.cache_table();
        #[derive(Deserialize)]
        struct File {
            cache: crate::model::refresh::Cache,
        }
        let file: File = toml::from_str(&table).unwrap_or_else(|error| panic!("{table}\n{error}"));
        let seconds = |period: Option<Period>| period.map(|period| period.0.as_secs_f64());
        assert_eq!((seconds(file.cache.lifetime), seconds(file.cache.cooldown)), (Some(4.0), Some(0.95)));
        assert_eq!((seconds(file.cache.timeout), seconds(file.cache.stale)), (None, Some(8.1)));
    }
}
