//! A claim about a window of load, and how binding it is.

use crate::model::{
    capability::serde_as_text,
    chaos::{Bound, Grade, Quantity, TokenClass},
    spec::display_as_word,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt, str::FromStr};

/// Which tokens a gate is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Of {
    /// All of them.
    All,
    /// Those that are good.
    Good,
    /// Those that must be refused at all times.
    Forged,
    /// One class.
    Class(TokenClass),
}

impl FromStr for Of {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "all" => Of::All,
            "good" => Of::Good,
            "forged" => Of::Forged,
            name => Of::Class(
                name.parse().map_err(|_| format!("wanted all, good, forged or a token class, found {text:?}"))?,
            ),
        })
    }
}

impl fmt::Display for Of {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Of::All => f.write_str("all"),
            Of::Good => f.write_str("good"),
            Of::Forged => f.write_str("forged"),
            Of::Class(class) => class.fmt(f),
        }
    }
}

serde_as_text! { Of, "Of", "all, good, forged, or a token class"; }

macro_rules! metrics {
    ($($(#[doc = $about:literal])+ $field:ident $metric:ident $name:literal;)*) => {
        /// What a gate measures.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "kebab-case", deny_unknown_fields)]
        pub enum LoadMetric {
            $($(#[doc = $about])+ $metric,)*
        }

        display_as_word! { LoadMetric { $($metric => $name),* } }

        /// One gate as files write it: exactly one measure.
        #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "kebab-case", deny_unknown_fields)]
        struct GateText {
            /// About which tokens: all, good, forged, or a class.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            of: Option<Of>,
            $($(#[doc = $about])+ #[serde(default, skip_serializing_if = "Option::is_none")] $field: Option<Bound>,)*
            /// How binding it is.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            level: Option<Grade>,
        }

        impl GateText {
            fn measures(&self) -> Vec<(LoadMetric, Bound)> {
                [$((LoadMetric::$metric, &self.$field),)*]
                    .into_iter()
                    .filter_map(|(metric, bound)| Some((metric, bound.clone()?)))
                    .collect()
            }
        }

        impl From<Gate> for GateText {
            fn from(gate: Gate) -> GateText {
                let Gate { of, metric, bound, level } = gate;
                let mut text = GateText { of: Some(of), level: Some(level), ..GateText::default() };
                match metric { $(LoadMetric::$metric => text.$field = Some(bound),)* }
                text
            }
        }
    };
}

metrics! {
    /// Tokens taken, as a share of those sent and answered or given up.
    accepted Accepted "accepted";
    /// Tokens refused as bad, as a share or a number.
    rejected Rejected "rejected";
    /// Tokens that got a server error, no answer, no connection or an odd answer.
    broken Broken "broken";
    /// Tokens that were taken although a refusal was owed.
    wrong_accepts WrongAccepts "wrong-accepts";
    /// Good tokens whose refusal speaks of their expiry, as a share.
    expiry_refusals ExpiryRefusals "expiry-refusals";
    /// Good tokens whose refusal speaks of their signature, as a share.
    signature_refusals SignatureRefusals "signature-refusals";
    /// How fast the error budget of an objective of 99.95 % is spent: 1 spends it exactly.
    burn_rate BurnRate "burn-rate";
    /// The median time from the planned start to the answer.
    p50 P50 "p50";
    /// The 90th percentile of it.
    p90 P90 "p90";
    /// The 95th percentile of it.
    p95 P95 "p95";
    /// The 99th percentile of it.
    p99 P99 "p99";
    /// The 99.9th percentile of it.
    p999 P999 "p999";
    /// The longest of it.
    longest Longest "longest";
    /// Answers in a second.
    rate Rate "rate";
    /// The median length of the tokens, in bytes.
    token_bytes TokenBytes "token-bytes";
    /// How much the memory of a started target grew from the first second to the last, in percent.
    memory_growth MemoryGrowth "memory-growth";
}

impl LoadMetric {
    /// Whether the speed of the machine decides its value. Such a gate passes on no window in which we were late.
    #[must_use]
    pub fn is_speed(self) -> bool {
        use LoadMetric::{Longest, P50, P90, P95, P99, P999, Rate};
        matches!(self, P50 | P90 | P95 | P99 | P999 | Longest | Rate)
    }

    /// What a limit of it looks like, where this one does not: a share or a number for counts, a time for percentiles.
    fn wanted_limit(self, bound: &Bound) -> Option<&'static str> {
        let (fits, wanted) = match self {
            metric if metric.quantile().is_some() => (matches!(bound.limit, Quantity::Time(_)), "a time such as 5ms"),
            LoadMetric::Rate => (matches!(bound.limit, Quantity::Rate(_)), "a rate such as 100/s"),
            LoadMetric::MemoryGrowth => (matches!(bound.limit, Quantity::Percent(_)), "a share such as 10%"),
            LoadMetric::BurnRate | LoadMetric::TokenBytes => {
                (matches!(bound.limit, Quantity::Number(_)), "a number such as 1")
            }
            _ => (
                matches!(bound.limit, Quantity::Percent(_) | Quantity::Number(_)),
                "a share such as 99.9% or a number such as 0",
            ),
        };
        (!fits).then_some(wanted)
    }

    /// The share of samples that a percentile is about.
    #[must_use]
    pub fn quantile(self) -> Option<f64> {
        Some(match self {
            LoadMetric::P50 => 0.5,
            LoadMetric::P90 => 0.9,
            LoadMetric::P95 => 0.95,
            LoadMetric::P99 => 0.99,
            LoadMetric::P999 => 0.999,
            LoadMetric::Longest => 1.0,
            _ => return None,
        })
    }
}

/// A graded claim over a window of load.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "GateText", into = "GateText")]
pub struct Gate {
    /// About which tokens.
    pub of: Of,
    /// What is measured.
    pub metric: LoadMetric,
    /// Its limit.
    pub bound: Bound,
    /// How binding it is.
    pub level: Grade,
}

impl TryFrom<GateText> for Gate {
    type Error = String;

    fn try_from(text: GateText) -> Result<Self, String> {
        let mut measures = text.measures();
        let (Some((metric, bound)), true) = (measures.pop(), measures.is_empty()) else {
            return Err("wanted exactly one measure in a gate, such as p95 = \"< 5ms\"".into());
        };
        let level = text.level.ok_or("wanted `level` in a gate: must, should or excellent")?;
        if let Some(wanted) = metric.wanted_limit(&bound) {
            return Err(format!("wanted {wanted} as the limit of {metric}, found {bound}"));
        }
        let of = text.of.unwrap_or(Of::All);
        Ok(Gate { of, metric, bound, level })
    }
}

impl JsonSchema for Gate {
    fn schema_name() -> Cow<'static, str> {
        "Gate".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        GateText::json_schema(generator)
    }
}

impl fmt::Display for Gate {
    /// `of good: p95 < 5ms`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "of {}: {} {}", self.of, self.metric, self.bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Line {
        assert: Gate,
    }

    fn read(text: &str) -> Result<String, String> {
        toml::from_str::<Line>(text).map(|line| line.assert.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn one_line_is_one_gate() {
        assert_eq!(read(r#"assert = { of = "good", p95 = "< 5ms", level = "should" }"#).unwrap(), "of good: p95 < 5ms");
        assert_eq!(read(r#"assert = { wrong-accepts = "= 0", level = "must" }"#).unwrap(), "of all: wrong-accepts = 0");
        for (text, part) in [
            (r#"assert = { of = "good", level = "must" }"#, "exactly one measure"),
            (r#"assert = { of = "good", p95 = "< 5ms" }"#, "wanted `level`"),
            (r#"assert = { of = "goods", p95 = "< 5ms", level = "must" }"#, "a token class"),
            (r#"assert = { of = "good", p95 = "< 5%", level = "must" }"#, "wanted a time"),
            (r#"assert = { of = "good", accepted = "< 5ms", level = "must" }"#, "wanted a share"),
            (r#"assert = { of = "good", p94 = "< 5ms", level = "must" }"#, "unknown field"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
