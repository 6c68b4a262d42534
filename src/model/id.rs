//! The name of a case: `family/name`, with a variant `family/name:value`.

use super::capability::serde_as_text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt, str::FromStr};

/// The name of one variant of a case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CaseId {
    /// The stem of the file.
    pub family: String,
    /// The name of the case in it.
    pub name: String,
    /// The values of `each`, where the case has any.
    pub variant: Option<String>,
}

impl CaseId {
    /// `family/name`, which all variants share.
    #[must_use]
    pub fn case(&self) -> String {
        format!("{}/{}", self.family, self.name)
    }
}

impl fmt::Display for CaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.family, self.name)?;
        match &self.variant {
            Some(variant) => write!(f, ":{variant}"),
            None => Ok(()),
        }
    }
}

impl FromStr for CaseId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = || format!("{text:?} is no case id; wanted family/name or family/name:variant");
        let (family, rest) = text.split_once('/').ok_or_else(wanted)?;
        let (name, variant) = match rest.split_once(':') {
            Some((name, variant)) => (name, Some(variant)),
            None => (rest, None),
        };
        if !is_slug(family) || !is_slug(name) || variant.is_some_and(|variant| !is_variant(variant)) {
            return Err(wanted());
        }
        Ok(CaseId { family: family.into(), name: name.into(), variant: variant.map(Into::into) })
    }
}

/// Whether a text can be a family or a case name: lower-case letters, digits, hyphens.
#[must_use]
pub fn is_slug(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// Whether a text can stand behind the colon: letters, digits and `. _ + - ,`, so that it needs no quoting in globs.
#[must_use]
pub fn is_variant(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._+-,".contains(&byte))
}

serde_as_text! { CaseId, "CaseId", "family/name or family/name:variant"; }

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn ids_round_trip(family in "[a-z][a-z0-9-]{0,8}", name in "[a-z0-9-]{1,12}", variant in proptest::option::of("[A-Za-z0-9._+,-]{1,9}")) {
            let id = CaseId { family, name, variant };
            assert_eq!(id.to_string().parse::<CaseId>().unwrap(), id);
        }

        #[test]
        fn no_text_panics(text in ".{0,40}") {
            let _ = text.parse::<CaseId>();
        }
    }
}
