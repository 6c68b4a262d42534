//! What an assertion is about.

use super::class::TokenClass;
use crate::model::capability::serde_as_text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt, str::FromStr};

/// What is looked at: tokens of one kind, requests for a document, or the target itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// Tokens of a class; only those by one key, where it is named.
    Tokens(TokenClass, Option<String>),
    /// Good tokens of every class by one key.
    By(String),
    /// Every class that must be refused at all times.
    Forged,
    /// Requests for the key set.
    Jwks,
    /// Requests for the discovery document.
    Discovery,
    /// Requests at the address to which nobody should be led.
    Sink,
    /// Requests for the key set beyond those that time alone explains, for each token with an unknown `kid`.
    Amplification,
    /// The process behind the target.
    Target,
    /// Tokens that one instance of the target was shown, counted from 1: `valid@3`.
    At(Box<Subject>, u32),
}

impl FromStr for Subject {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some((of, instance)) = text.rsplit_once('@') {
            let instance = instance.parse().ok().filter(|instance| *instance > 0);
            return match (of.parse()?, instance) {
                (of @ (Subject::Tokens(..) | Subject::By(_) | Subject::Forged), Some(instance)) => {
                    Ok(Subject::At(Box::new(of), instance))
                }
                _ => Err(format!("wanted tokens and the number of an instance, such as \"valid@2\", found {text:?}")),
            };
        }
        Ok(match text {
            "forged" => Subject::Forged,
            "fetches jwks" => Subject::Jwks,
            "fetches discovery" => Subject::Discovery,
            "fetches sink" => Subject::Sink,
            "amplification" => Subject::Amplification,
            "target" => Subject::Target,
            _ => {
                let (name, key) = match text.strip_suffix(']').and_then(|text| text.split_once('[')) {
                    Some((name, key)) if !key.is_empty() => (name, Some(key.to_owned())),
                    _ => (text, None),
                };
                match (name, key) {
                    ("good", Some(key)) => Subject::By(key),
                    (name, key) => Subject::Tokens(
                        name.parse().map_err(|_| {
                            format!(
                                "wanted a token class, CLASS[KEY], good[KEY], forged, fetches jwks, fetches discovery, \
                                 fetches sink, amplification or target, found {text:?}"
                            )
                        })?,
                        key,
                    ),
                }
            }
        })
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Tokens(class, None) => write!(f, "{class}"),
            Subject::Tokens(class, Some(key)) => write!(f, "{class}[{key}]"),
            Subject::By(key) => write!(f, "good[{key}]"),
            Subject::Forged => f.write_str("forged"),
            Subject::Jwks => f.write_str("fetches jwks"),
            Subject::Discovery => f.write_str("fetches discovery"),
            Subject::Sink => f.write_str("fetches sink"),
            Subject::Amplification => f.write_str("amplification"),
            Subject::Target => f.write_str("target"),
            Subject::At(of, instance) => write!(f, "{of}@{instance}"),
        }
    }
}

serde_as_text! { Subject, "AssertionSubject", "a token class, CLASS[KEY], good[KEY], forged, fetches jwks, fetches discovery, fetches sink, amplification, target; tokens with @N of one instance"; }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_round_trip() {
        for text in [
            "valid",
            "old[k1]",
            "good[k2]",
            "forged",
            "fetches jwks",
            "amplification",
            "target",
            "fetches sink",
            "good[k2]@3",
        ] {
            assert_eq!(text.parse::<Subject>().unwrap().to_string(), text);
        }
        for text in ["", "good", "valid[]", "valid[k1", "fetches", "valid@0", "target@1", "valid@"] {
            assert!(text.parse::<Subject>().is_err(), "{text:?}");
        }
    }
}
