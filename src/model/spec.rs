//! What a case says about itself: how binding it is, how bad a failure is, and where it is written.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How binding a statement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Noted only.
    May,
    /// The standards leave the choice to the deployment; judged once the target file declares it.
    Policy,
    /// SHOULD, or best practice; breaking it is a warning.
    Should,
    /// An exact clause binds the validator, or a forged identity would be accepted; breaking it is a failure.
    Must,
}

/// How much harm a broken statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// A measurement.
    Info,
    /// A strictness gap with little direct effect.
    Low,
    /// A conditional bypass.
    Medium,
    /// A security check is bypassed, or service is denied cheaply.
    High,
    /// A forged or substituted identity.
    Critical,
}

/// What sending a case may do to a target beyond refusing one token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Harm {
    /// Nothing.
    #[default]
    Safe,
    /// A careless service might execute the payload (SQL, path, template, address).
    Intrusive,
    /// Resources may run out.
    Harmful,
}

macro_rules! display_as_word {
    ($($type:ty { $($variant:ident => $word:literal),* $(,)? })*) => {
        $(impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(match self { $(Self::$variant => $word,)* })
            }
        })*
    };
}
pub(crate) use display_as_word;

display_as_word! {
    Level { May => "may", Policy => "policy", Should => "should", Must => "must" }
    Severity { Info => "info", Low => "low", Medium => "medium", High => "high", Critical => "critical" }
    Harm { Safe => "safe", Intrusive => "intrusive", Harmful => "harmful" }
}

/// Where a statement comes from: `RFC7519#4.1.4`, `CVE-2015-9235`, `CWE-347`, `OIDC-Core#3.1.3.7`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Reference(pub String);

impl Reference {
    /// The page that holds the clause, where the reference names a public series.
    #[must_use]
    pub fn url(&self) -> Option<String> {
        let (document, section) = self.0.split_once('#').unwrap_or((&self.0, ""));
        if let Some(number) = document.strip_prefix("RFC") {
            let anchor = match section.chars().next() {
                None => String::new(),
                Some(first) if first.is_ascii_digit() => format!("#section-{section}"),
                Some(_) => format!("#appendix-{section}"),
            };
            return Some(format!("https://www.rfc-editor.org/rfc/rfc{number}.html{anchor}"));
        }
        if document.starts_with("CVE-") {
            return Some(format!("https://www.cve.org/CVERecord?id={document}"));
        }
        if document.starts_with("GHSA-") {
            return Some(format!("https://github.com/advisories/{document}"));
        }
        if let Some(number) = document.strip_prefix("CWE-") {
            return Some(format!("https://cwe.mitre.org/data/definitions/{number}.html"));
        }
        match document {
            "8725bis" => Some("https://datatracker.ietf.org/doc/draft-ietf-oauth-rfc8725bis/".into()),
            "OIDC-Core" => Some("https://openid.net/specs/openid-connect-core-1_0.html".into()),
            "OIDC-Discovery" => Some("https://openid.net/specs/openid-connect-discovery-1_0.html".into()),
            _ => None,
        }
    }

    /// Whether the reference is an exact clause: a document together with a section.
    #[must_use]
    pub fn is_clause(&self) -> bool {
        self.0.split_once('#').is_some_and(|(document, section)| !document.is_empty() && !section.is_empty())
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.split_once('#') {
            Some((document, section)) => write!(f, "{} {section}", document.replacen("RFC", "RFC ", 1)),
            None => f.write_str(&self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_opens_at_its_clause() {
        let url = |text: &str| Reference(text.into()).url();
        assert_eq!(url("RFC7519#4.1.4").unwrap(), "https://www.rfc-editor.org/rfc/rfc7519.html#section-4.1.4");
        assert_eq!(url("RFC7515#A.5").unwrap(), "https://www.rfc-editor.org/rfc/rfc7515.html#appendix-A.5");
        assert_eq!(url("CWE-347").unwrap(), "https://cwe.mitre.org/data/definitions/347.html");
        assert_eq!(url("a house rule"), None);
    }

    #[test]
    fn only_a_document_with_a_section_is_a_clause() {
        assert!(Reference("RFC7519#4.1.4".into()).is_clause());
        assert!(!Reference("RFC7519".into()).is_clause());
        assert!(!Reference("CVE-2015-9235".into()).is_clause());
    }
}
