//! What is certainly wrong with a fuzzed token: the one thing that no lawful reader may overlook.

use crate::model::{
    Case, CaseId, Harm, Level, Recipe, Reference, Severity,
    case::{Fix, Given, Source},
    expect::{Also, Expect},
    report::{FamilyInfo, Statement},
};
use serde_json::Map;
use std::collections::BTreeMap;

/// The family of all fuzzed tokens: their ids are `fuzz/KIND:NUMBER`.
pub const FAMILY: &str = "fuzz";

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $kind:ident $name:literal $share:literal $severity:ident [$($reference:literal),+]
       $title:literal $why:literal $library:literal $application:literal;)*) => {
        /// What is certainly wrong with a token, whatever else surrounds it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $($(#[doc = $doc])+ $kind,)*
        }

        impl Kind {
            /// Every kind, in the order of reports.
            pub const ALL: &[Kind] = &[$(Kind::$kind,)*];

            /// The name in ids.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Kind::$kind => $name,)* }
            }

            /// How many of the tokens are of this kind, compared with the others.
            pub(super) fn share(self) -> u32 {
                match self { $(Kind::$kind => $share,)* }
            }

            /// How bad it is when one is accepted.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self { $(Kind::$kind => Severity::$severity,)* }
            }

            /// The clauses that forbid it, and what it resembles.
            #[must_use]
            pub fn refs(self) -> Vec<Reference> {
                let names: &[&str] = match self { $(Kind::$kind => &[$($reference),+],)* };
                names.iter().map(|name| Reference((*name).to_owned())).collect()
            }

            /// What a report says about it.
            #[must_use]
            pub fn statement(self) -> Statement {
                let (title, why, library, application) =
                    match self { $(Kind::$kind => ($title, $why, $library, $application),)* };
                let fix = Fix { library: library.to_owned(), application: application.to_owned() };
                Statement { title: title.to_owned(), why: why.to_owned(), fix, asks: String::new() }
            }
        }
    };
}

kinds! {
    /// Signed by a key of the attacker, whatever the header says about keys.
    RogueKey "rogue-key" 6 Critical ["RFC7515#5.2", "RFC8725#3.10", "CWE-347"]
        "A token signed by a key that nobody published is refused, whatever surrounds it"
        "Whoever can have a key of their own accepted can be anybody. Header members that carry or name keys are the usual way in, alone or in an unlucky combination."
        "Take keys from the configuration or from the configured key set only, and never continue after a signature that does not fit."
        "Configure the issuer or its key set, and switch off every option that takes keys from tokens.";
    /// No signature at all.
    Unsigned "unsigned" 2 Critical ["RFC8725#3.2", "RFC7518#3.6", "CWE-347"]
        "A token without a signature is refused, whatever surrounds it"
        "A token that nobody signed can be written by anybody. Spellings of `none` and odd shapes of the rest are tried together."
        "Refuse an empty signature before anything else, and take algorithms from a list."
        "List the algorithms that are allowed; `none` is not one of them.";
    /// An HMAC keyed with a public key.
    PublicKeySecret "public-key-secret" 2 Critical ["RFC8725#2.1", "RFC8725#3.1", "CVE-2015-9235", "CWE-347"]
        "An HMAC keyed with a public key is refused, whatever surrounds it"
        "When the header chooses the check, an HMAC name turns the public key into a shared secret, and everybody has that key."
        "Tie each key to its algorithms, and refuse a public key as an HMAC secret."
        "Allow either public-key algorithms or HMAC for one issuer, never both with the same key.";
    /// An HMAC keyed with a text that anybody would try.
    GuessedSecret "guessed-secret" 1 Critical ["RFC7518#3.2", "RFC8725#3.5", "CWE-521"]
        "An HMAC keyed with a guessable secret is refused, whatever surrounds it"
        "An empty or default secret that was left in place signs for everybody who guesses it."
        "Refuse to start with an HMAC secret that is shorter than the hash."
        "Make the secret from random bytes, as long as the hash at least.";
    /// A trusted key signed, but other bytes than these.
    OtherBytes "other-bytes" 3 Critical ["RFC7515#5.2", "CWE-347"]
        "A token that was changed after signing is refused, whatever surrounds it"
        "The signature covers the bytes as they were sent. A reader that normalises or re-encodes them before checking, or does not check at all, lets anybody edit a token that they once received."
        "Verify over the received text of header and payload, byte for byte, before reading either."
        "Use the library's verification, not its decoding function.";
    /// A trusted key signed, but the signature's bytes are damaged.
    BrokenSignature "broken-signature" 2 Critical ["RFC7515#5.2", "RFC7518#3.4", "CWE-347"]
        "A token whose signature was damaged is refused, whatever surrounds it"
        "A check that compares only a part, or takes zeros for an answer, leaves the rest to the attacker."
        "Compare the whole signature, and check its length and range first."
        "Update the library that verifies signatures.";
    /// Expired long ago.
    Expired "expired" 1 High ["RFC7519#4.1.4", "CWE-613"]
        "A token that expired long ago is refused, whatever surrounds it"
        "The expiry is what makes an old copy worthless. Zero, negative and fractional times are still times."
        "Compare `exp` as a number with the current time; zero is a time and not an absent claim."
        "Check that expiry checking is on and that the leeway is in seconds.";
    /// Not valid for a long time.
    NotYetValid "not-yet-valid" 1 High ["RFC7519#4.1.5", "CWE-613"]
        "A token that is not valid yet is refused, whatever surrounds it"
        "A token issued for later is not a token for now."
        "Compare `nbf` with the current time in every verification."
        "Switch the check of `nbf` on where it is optional.";
    /// Meant for somebody else.
    OtherAudience "other-audience" 2 High ["RFC7519#4.1.3", "RFC8725#3.9", "CWE-345"]
        "A token for another audience is refused, whatever surrounds it"
        "A token for one service must open no other one. Comparing parts of names is as bad as not comparing."
        "Compare audience names whole and exactly."
        "Configure the audience; without one most libraries check nothing.";
    /// From another issuer.
    OtherIssuer "other-issuer" 2 High ["RFC7519#4.1.1", "RFC8725#3.8", "CWE-346"]
        "A token that names another issuer is refused, whatever surrounds it"
        "Keys belong to an issuer. A token that names another one was not written for this relation, even if a known key signed it."
        "Compare the issuer whole and exactly, and use only keys of that issuer."
        "Configure the issuer.";
    /// Demands an extension that nobody knows.
    UnknownCritical "unknown-critical" 1 High ["RFC7515#4.1.11", "CWE-358"]
        "A token that demands an unknown extension is refused, whatever surrounds it"
        "`crit` says: do not read me unless you understand this. Who reads on takes the token for something that it is not."
        "Refuse every name in `crit` that the library or the caller does not implement."
        "Use a library that implements `crit`.";
    /// Properly signed, but the payload is no claims set.
    BrokenClaims "broken-claims" 1 High ["RFC7519#7.2", "CWE-20"]
        "A payload that is not a JSON object is refused, whatever surrounds it"
        "What cannot be read as claims carries none of the claims that were to be checked."
        "Parse the payload as one complete JSON object, and refuse anything else."
        "Use a library that parses strictly.";
    /// Properly signed, but the header is no JSON object.
    BrokenHeader "broken-header" 1 High ["RFC7519#7.2", "RFC7515#5.2", "CWE-20"]
        "A header that is not a JSON object is refused, whatever surrounds it"
        "Two readers of a broken header may see two different algorithms or keys."
        "Parse the header as one complete JSON object, and refuse anything else."
        "Use a library that parses strictly.";
}

impl Kind {
    /// Whether the signature does not hold, so that nothing else in the token can make it lawful.
    pub(super) fn breaks_signature(self) -> bool {
        self <= Kind::BrokenSignature
    }

    /// The id of all tokens of this kind together, or of one.
    #[must_use]
    pub fn id(self, number: Option<u32>) -> CaseId {
        CaseId {
            family: FAMILY.to_owned(),
            name: self.name().to_owned(),
            variant: number.map(|number| number.to_string()),
        }
    }

    /// The statement as a case, so that the judge judges it as any other.
    #[must_use]
    pub fn case(self, number: Option<u32>, token: Recipe) -> Case {
        let Statement { title, why, fix, .. } = self.statement();
        Case {
            id: self.id(number),
            title,
            why,
            fix,
            refs: self.refs(),
            level: Level::Must,
            severity: self.severity(),
            harm: Harm::Safe,
            quick: false,
            draft: false,
            needs: Vec::new(),
            keyset: None,
            one_of_kind: None,
            given: Given::default(),
            token,
            before: Vec::new(),
            present: None,
            measure: None,
            expect: Expect::Reject,
            policy: None,
            also: Also::default(),
            untouched: Vec::new(),
            within: None,
            returns: Map::new(),
            never_returns: Map::new(),
            aliases: Vec::new(),
            source: Source { file: "generated by --fuzz".to_owned(), line: number.unwrap_or(0) as usize },
        }
    }
}

/// What the family is about.
#[must_use]
pub fn family() -> FamilyInfo {
    FamilyInfo {
        title: "Generated tokens are refused".to_owned(),
        about: "Damaged tokens that nobody wrote by hand. Each has one thing that no lawful reader may overlook, and any \
                number of harmless and harmful shapes around it. An accepted one is cut down to a smallest token that is \
                still accepted."
            .to_owned(),
    }
}

/// What reports say about every kind, by `family/name`.
#[must_use]
pub fn statements() -> BTreeMap<String, Statement> {
    Kind::ALL.iter().map(|kind| (kind.id(None).case(), kind.statement())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_a_must_with_a_clause_and_an_id() {
        for kind in Kind::ALL {
            assert!(kind.refs().iter().any(Reference::is_clause), "{kind:?}");
            assert!(kind.severity() >= Severity::High);
            let id = kind.id(Some(7));
            assert_eq!(id.to_string().parse::<CaseId>(), Ok(id));
            let Statement { title, why, fix, .. } = kind.statement();
            assert!(!title.ends_with('.') && why.ends_with('.'), "{kind:?}");
            assert!(fix.library.ends_with('.') && fix.application.ends_with('.'), "{kind:?}");
        }
    }
}
