//! Globs over the ids of findings.

use globset::{Glob, GlobMatcher};

/// A glob over findings: `claims/exp-past` and all its checks, `key-id/*`, `algorithm/alg-none:nOnE#verdict`.
///
/// What stands before `#` names cases or scenarios (`chaos/NAME`), with or without their variant; what stands behind it
/// names a check or a claim.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    whole: GlobMatcher,
    case: GlobMatcher,
}

impl Pattern {
    /// Reads a glob.
    ///
    /// # Errors
    /// It is none.
    pub fn new(text: &str) -> Result<Pattern, globset::Error> {
        let case = text.split_once('#').map_or(text, |(case, _)| case);
        Ok(Pattern {
            text: text.to_owned(),
            whole: Glob::new(text)?.compile_matcher(),
            case: Glob::new(case)?.compile_matcher(),
        })
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it names a check, and not all of them.
    #[must_use]
    pub fn has_check(&self) -> bool {
        self.text.contains('#')
    }

    /// Whether it names a case or one of its variants, whatever the check.
    #[must_use]
    pub fn names_case(&self, id: &str) -> bool {
        self.case.is_match(id) || self.case.is_match(stem(id))
    }

    /// Whether it names a finding, `case#check`.
    #[must_use]
    pub fn names_finding(&self, id: &str) -> bool {
        let (case, check) = id.split_once('#').unwrap_or((id, ""));
        if !self.has_check() {
            return self.names_case(case);
        }
        self.whole.is_match(id) || self.whole.is_match(format!("{}#{check}", stem(case)))
    }
}

/// An id without its variant.
fn stem(id: &str) -> &str {
    id.split_once(':').map_or(id, |(stem, _)| stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_names_variants_checks_and_claims() {
        let names = |glob: &str, id: &str| Pattern::new(glob).unwrap().names_finding(id);
        for glob in ["key-id/path*", "key-id/path:up", "key-id/path", "*#verdict", "key-id/path#verdict", "*/path:up#*"]
        {
            assert!(names(glob, "key-id/path:up#verdict"), "{glob}");
        }
        for glob in ["key-id/pat", "key-id/path:down", "*#status", "key-id/path:down#verdict", "path"] {
            assert!(!names(glob, "key-id/path:up#verdict"), "{glob}");
        }
        let claim = "chaos/rotate:a,b#during outage, of valid: accepted >= 99.9%";
        assert!(names("chaos/rotate#during outage*", claim) && names("chaos/*", claim) && !names("chaos/r#*", claim));
        assert!(Pattern::new("[").is_err());
    }

    proptest::proptest! {
        #[test]
        fn an_escaped_id_names_itself_and_no_other(id in "[a-z-]{1,6}/[a-z:\\[\\]{},*?]{1,8}#[ -\\[\\]-~]{0,12}", other in "[a-z]{1,6}/[a-z]{1,8}#[a-z]{0,12}") {
            let pattern = Pattern::new(&globset::escape(&id)).unwrap();
            proptest::prop_assert!(pattern.names_finding(&id));
            proptest::prop_assert!(id == other || !pattern.names_finding(&other));
        }
    }
}
