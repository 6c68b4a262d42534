//! What is sent, and how often.

use super::class::TokenClass;
use crate::model::capability::serde_as_text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt, str::FromStr};

/// Events in a second: `50/s`, `6/min`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate(pub f64);

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = || format!("wanted a rate such as \"50/s\" or \"6/min\", found {text:?}");
        let (count, unit) = text.split_once('/').ok_or_else(wanted)?;
        let count: f64 = count.trim().parse().map_err(|_| wanted())?;
        let seconds = match unit.trim() {
            "s" => 1.0,
            "min" => 60.0,
            _ => return Err(wanted()),
        };
        // More is the business of load plans; a rate that is no number would never end.
        if !(count > 0.0 && count <= 100_000.0) {
            return Err(wanted());
        }
        Ok(Rate(count / seconds))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 1.0 { write!(f, "{}/min", self.0 * 60.0) } else { write!(f, "{}/s", self.0) }
    }
}

serde_as_text! { Rate, "Rate", "events in a time: 50/s, 6/min"; }

/// A composition of token classes that has a name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Mix {
    /// Mostly good tokens, some forged, and no unknown `kid`: nothing but time makes the validator fetch.
    Quiet,
    /// A bit of everything.
    #[default]
    Base,
    /// The same with many unknown `kid`s, as a scanner causes them.
    Noisy,
    /// Nearly nothing but unknown `kid`s.
    Flood,
    /// Good tokens only.
    Plain,
    /// Nothing by itself: only what steps send.
    Silent,
}

impl Mix {
    /// The classes with their weights.
    #[must_use]
    pub fn portions(self) -> &'static [(TokenClass, u32)] {
        use TokenClass::{
            AlgNone, BadSig, Expired, HsConfusion, JwkEmbed, Replay, UnknownKid, Valid, WrongAud, WrongIss,
        };
        match self {
            Mix::Quiet => &[(Valid, 90), (Replay, 5), (BadSig, 2), (AlgNone, 1), (HsConfusion, 1), (Expired, 1)],
            Mix::Base => &[
                (Valid, 70),
                (Replay, 10),
                (BadSig, 6),
                (UnknownKid, 4),
                (AlgNone, 1),
                (HsConfusion, 2),
                (JwkEmbed, 1),
                (Expired, 3),
                (WrongIss, 2),
                (WrongAud, 1),
            ],
            Mix::Noisy => &[
                (Valid, 57),
                (Replay, 7),
                (BadSig, 5),
                (UnknownKid, 20),
                (AlgNone, 1),
                (HsConfusion, 2),
                (JwkEmbed, 1),
                (Expired, 3),
                (WrongIss, 2),
                (WrongAud, 2),
            ],
            Mix::Flood => &[(Valid, 10), (UnknownKid, 90)],
            Mix::Plain => &[(Valid, 1)],
            Mix::Silent => &[],
        }
    }
}

/// Whether good tokens are new or repeated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Tokens {
    /// As the mix says.
    #[default]
    Mixed,
    /// Each good token is sent once.
    Fresh,
    /// Good tokens are sent again and again.
    Replayed,
}

/// A class beside those of the mix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Portion {
    /// The class.
    pub class: TokenClass,
    /// The key that signs it; the signing one where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Its weight beside the mix, which weighs 100.
    pub weight: u32,
}

/// What is sent all the time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Traffic {
    /// The composition.
    #[serde(default)]
    pub mix: Mix,
    /// How often a token is sent; arrival times are fixed before the first one.
    #[serde(default = "usual_rate")]
    pub rate: Rate,
    /// Whether good tokens are new or repeated.
    #[serde(default)]
    pub tokens: Tokens,
    /// Classes beside those of the mix.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Portion>,
}

impl Default for Traffic {
    fn default() -> Self {
        Traffic { mix: Mix::default(), rate: usual_rate(), tokens: Tokens::default(), also: Vec::new() }
    }
}

fn usual_rate() -> Rate {
    Rate(50.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mix_weighs_a_hundred_or_is_one_class() {
        for mix in [Mix::Quiet, Mix::Base, Mix::Noisy, Mix::Flood] {
            assert_eq!(mix.portions().iter().map(|(_, weight)| weight).sum::<u32>(), 100, "{mix:?}");
        }
        assert!(Mix::Quiet.portions().iter().all(|(class, _)| *class != TokenClass::UnknownKid));
    }

    #[test]
    fn rates_are_read() {
        assert_eq!("50/s".parse::<Rate>(), Ok(Rate(50.0)));
        assert_eq!("6/min".parse::<Rate>().unwrap().to_string(), "6/min");
        for text in ["", "50", "0/s", "-1/s", "inf/s", "1/h", "nan/s"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }
}
