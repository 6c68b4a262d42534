//! A claim about what was seen within a window, and how binding it is.

use super::{bound::Bound, subject::Subject};
use crate::model::{capability::serde_as_text, spec::display_as_word};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt, str::FromStr};

/// How binding an assertion is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Grade {
    /// Safety, recovery, and what the target declares: it fails the run.
    Must,
    /// An objective that most should meet.
    Should,
    /// An objective for the best.
    Excellent,
}

display_as_word! { Grade { Must => "must", Should => "should", Excellent => "excellent" } }

/// The time that an assertion looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Window {
    /// The whole scenario.
    Always,
    /// Up to the beginning of a named span.
    Before(String),
    /// A named span.
    During(String),
    /// From the end of a named span.
    After(String),
    /// From the beginning of a named span.
    Since(String),
}

impl Window {
    /// The span that it refers to.
    #[must_use]
    pub fn span(&self) -> Option<&str> {
        match self {
            Window::Always => None,
            Window::Before(name) | Window::During(name) | Window::After(name) | Window::Since(name) => Some(name),
        }
    }
}

impl FromStr for Window {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named =
            |make: fn(String) -> Window, name: &str| (!name.trim().is_empty()).then(|| make(name.trim().into()));
        let window = match text.split_once(' ') {
            None if text == "always" => Some(Window::Always),
            Some(("before", name)) => named(Window::Before, name),
            Some(("during", name)) => named(Window::During, name),
            Some(("after", name)) => named(Window::After, name),
            Some(("since", name)) => named(Window::Since, name),
            _ => None,
        };
        window.ok_or_else(|| {
            format!("wanted a window (always, before NAME, during NAME, after NAME, since NAME), found {text:?}")
        })
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Window::Always => f.write_str("always"),
            Window::Before(name) => write!(f, "before {name}"),
            Window::During(name) => write!(f, "during {name}"),
            Window::After(name) => write!(f, "after {name}"),
            Window::Since(name) => write!(f, "since {name}"),
        }
    }
}

serde_as_text! { Window, "Window", "always, before NAME, during NAME, after NAME or since NAME, where a step has that name (as)"; }

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Metric {
    /// Tokens taken. As a share: of those that the target owes an acceptance. As a number: of those that it owes a
    /// refusal, or of all where it is about good tokens without such a debt.
    Accepted,
    /// Tokens refused as bad (401, 403).
    Rejected,
    /// Tokens that got a server error, no answer, or no connection.
    Unavailable,
    /// Tokens taken, as a share of all that were sent, whatever was owed: users do not know about grace.
    Availability,
    /// Answers that are neither yes nor no by the words of the target file.
    Odd,
    /// The median of the time from the planned start to the answer.
    P50,
    /// The 99th percentile of it.
    P99,
    /// The longest of it; for requests to the issuer the longest that one was open.
    Longest,
    /// Events in a second.
    Rate,
    /// Events.
    Count,
    /// The most requests that were open at the same time.
    AtOnce,
    /// The factor of amplification.
    Factor,
    /// From the beginning of the window to the first token taken.
    TimeToAccept,
    /// From the beginning of the window to the last token that was not taken.
    Recovery,
    /// From the beginning of the window to the last token taken.
    LastAccept,
    /// How often the verdict on the same kind of token changed.
    Flips,
}

display_as_word! {
    Metric {
        Accepted => "accepted", Rejected => "rejected", Unavailable => "unavailable", Availability => "availability",
        Odd => "odd", P50 => "p50", P99 => "p99", Longest => "longest", Rate => "rate", Count => "count",
        AtOnce => "at-once", Factor => "factor", TimeToAccept => "time-to-accept", Recovery => "recovery",
        LastAccept => "last-accept", Flips => "flips",
    }
}

impl Metric {
    /// Whether its value is a time that the speed of the machine decides. Such an assertion is never a must.
    #[must_use]
    pub fn is_latency(self) -> bool {
        matches!(self, Metric::P50 | Metric::P99 | Metric::Longest)
    }
}

/// A graded claim over a window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "AssertionText", into = "AssertionText")]
pub struct Assertion {
    /// When.
    pub window: Window,
    /// About what.
    pub of: Subject,
    /// What is measured.
    pub metric: Metric,
    /// Its limit.
    pub bound: Bound,
    /// How binding it is.
    pub level: Grade,
}

macro_rules! assertion_text {
    ($($(#[doc = $about:literal])+ $field:ident $metric:ident;)*) => {
        /// One assertion as files write it: exactly one measure.
        #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "kebab-case", deny_unknown_fields)]
        struct AssertionText {
            /// When: `always`, `before NAME`, `during NAME`, `after NAME`, `since NAME`.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            window: Option<Window>,
            /// About what.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            of: Option<Subject>,
            $($(#[doc = $about])+ #[serde(default, skip_serializing_if = "Option::is_none")] $field: Option<Bound>,)*
            /// How binding it is.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            level: Option<Grade>,
        }

        impl AssertionText {
            fn measures(&self) -> Vec<(Metric, Bound)> {
                [$((Metric::$metric, &self.$field),)*]
                    .into_iter()
                    .filter_map(|(metric, bound)| Some((metric, bound.clone()?)))
                    .collect()
            }
        }

        impl From<Assertion> for AssertionText {
            fn from(assertion: Assertion) -> AssertionText {
                let Assertion { window, of, metric, bound, level } = assertion;
                let mut text = AssertionText {
                    window: Some(window),
                    of: Some(of),
                    level: Some(level),
                    ..AssertionText::default()
                };
                match metric { $(Metric::$metric => text.$field = Some(bound),)* }
                text
            }
        }
    };
}

assertion_text! {
    /// Tokens taken, of those that are owed an acceptance or, as a number, a refusal.
    accepted Accepted;
    /// Tokens refused as bad.
    rejected Rejected;
    /// Tokens that got a server error, no answer, or no connection.
    unavailable Unavailable;
    /// Tokens taken, as a share of all.
    availability Availability;
    /// Answers that are neither yes nor no.
    odd Odd;
    /// The median time to the answer.
    p50 P50;
    /// The 99th percentile of the time to the answer.
    p99 P99;
    /// The longest time to the answer, or that a request to the issuer was open.
    longest Longest;
    /// Events in a second.
    rate Rate;
    /// Events.
    count Count;
    /// The most requests that were open at the same time.
    at_once AtOnce;
    /// The factor of amplification.
    factor Factor;
    /// The time to the first token taken.
    time_to_accept TimeToAccept;
    /// The time to the last token that was not taken.
    recovery Recovery;
    /// The time to the last token taken.
    last_accept LastAccept;
    /// Changes of the verdict.
    flips Flips;
}

impl TryFrom<AssertionText> for Assertion {
    type Error = String;

    fn try_from(text: AssertionText) -> Result<Self, String> {
        let mut measures = text.measures();
        let (Some((metric, bound)), true) = (measures.pop(), measures.is_empty()) else {
            return Err("wanted exactly one measure in an assertion, such as accepted = \">= 99.9%\"".into());
        };
        let window = text.window.unwrap_or(Window::Always);
        let of = text.of.ok_or("wanted `of` in an assertion: a token class, forged, fetches jwks")?;
        let level = text.level.ok_or("wanted `level` in an assertion: must, should or excellent")?;
        if level == Grade::Must && metric.is_latency() {
            return Err(format!(
                "wanted an objective (should, excellent) for {metric}, found must: the speed of the machine decides it"
            ));
        }
        Ok(Assertion { window, of, metric, bound, level })
    }
}

impl JsonSchema for Assertion {
    fn schema_name() -> Cow<'static, str> {
        "Assertion".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        AssertionText::json_schema(generator)
    }
}

impl fmt::Display for Assertion {
    /// `during outage, of valid: accepted >= 99.9%`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, of {}: {} {}", self.window, self.of, self.metric, self.bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Line {
        assert: Assertion,
    }

    fn read(text: &str) -> Result<Assertion, String> {
        toml::from_str::<Line>(text).map(|line| line.assert).map_err(|error| error.to_string())
    }

    #[test]
    fn one_line_is_one_claim() {
        let claim =
            read(r#"assert = { window = "during outage", of = "valid", availability = ">= 99.9%", level = "should" }"#);
        assert_eq!(claim.unwrap().to_string(), "during outage, of valid: availability >= 99.9%");
        let claim = read(r#"assert = { of = "forged", accepted = "= 0", level = "must" }"#).unwrap();
        assert_eq!((claim.window, claim.level), (Window::Always, Grade::Must));
    }

    #[test]
    fn what_is_no_claim_is_refused() {
        for (text, part) in [
            (r#"assert = { of = "valid", level = "must" }"#, "exactly one measure"),
            (r#"assert = { of = "valid", accepted = "= 0", p99 = "<= 1s", level = "should" }"#, "exactly one measure"),
            (r#"assert = { accepted = "= 0", level = "must" }"#, "wanted `of`"),
            (r#"assert = { of = "valid", accepted = "= 0" }"#, "wanted `level`"),
            (r#"assert = { of = "valid", p99 = "<= 1s", level = "must" }"#, "the speed of the machine"),
            (r#"assert = { of = "valid", window = "while x", accepted = "= 0", level = "must" }"#, "wanted a window"),
            (r#"assert = { of = "valid", acepted = "= 0", level = "must" }"#, "unknown field"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
