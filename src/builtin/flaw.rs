//! Everything that the built-in validator can do wrong, one flaw at a time.
//!
//! The themes are files. Each is a macro that adds its flaws to those of the themes before it and calls the next one;
//! `define` comes last and makes the enum. So name, meaning and likeness of a flaw stand together, and the compiler
//! sees one closed set.

#[macro_use]
mod algorithm;
#[macro_use]
mod chaos;
#[macro_use]
mod claims;
#[macro_use]
mod confusion;
#[macro_use]
mod ecdsa;
#[macro_use]
mod eddsa;
#[macro_use]
mod gateway;
#[macro_use]
mod http;
#[macro_use]
mod injection;
#[macro_use]
mod issuers;
#[macro_use]
mod json;
#[macro_use]
mod jwe;
#[macro_use]
mod key;
#[macro_use]
mod keyset;
#[macro_use]
mod leaking;
#[macro_use]
mod load;
#[macro_use]
mod mac;
#[macro_use]
mod mldsa;
#[macro_use]
mod parsing;
#[macro_use]
mod positive;
#[macro_use]
mod resource;
#[macro_use]
mod rsa;
#[macro_use]
mod rules;
#[macro_use]
mod serial;
#[macro_use]
mod signature;
#[macro_use]
mod target;
#[macro_use]
mod values;

use std::{fmt, str::FromStr};

macro_rules! define {
    ([] $($(#[doc = $about:literal])+ $flaw:ident $name:literal, $resembles:literal;)*) => {
        /// One thing that the built-in validator does wrong. In all else it is as strict as without a flaw.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Flaw {
            $($(#[doc = $about])+ $flaw,)*
        }

        impl Flaw {
            /// Every flaw, theme by theme.
            pub const ALL: &[Flaw] = &[$(Flaw::$flaw,)*];

            /// The name in commands and reports (`builtin:NAME`).
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Flaw::$flaw => $name,)* }
            }

            /// What is wrong, in a sentence.
            #[must_use]
            pub fn about(self) -> &'static str {
                match self { $(Flaw::$flaw => concat!($($about),+).trim_ascii(),)* }
            }

            /// Where the same behaviour was seen: a published advisory, `library behaviour: …`, or `none known`.
            #[must_use]
            pub fn resembles(self) -> &'static str {
                match self { $(Flaw::$flaw => $resembles,)* }
            }
        }
    };
}

algorithm! {
    [
        confusion key injection issuers keyset signature ecdsa eddsa rsa mldsa mac parsing json serial claims values
        rules positive jwe resource http gateway leaking target chaos load define
    ]
}

impl Flaw {
    /// Whether a validator with this flaw still takes good tokens and refuses garbage, no token and most attacks. The
    /// others are flaws of the whole target and prove no case: calibration names them, or the run ends undecided.
    #[must_use]
    pub fn is_specific(self) -> bool {
        self < Flaw::AcceptsEverything
    }

    /// Whether the flaw shows only while the issuer's keys change or cannot be had: in scenarios, and in no case.
    #[must_use]
    pub fn is_of_chaos(self) -> bool {
        (Flaw::HardExpiry..Flaw::RarelyAccepts).contains(&self)
    }

    /// Whether the flaw shows only among many tokens: under load, and in no case.
    #[must_use]
    pub fn is_of_load(self) -> bool {
        self >= Flaw::RarelyAccepts
    }

    /// Whether the flaw lies in a rule beyond a valid token, and so shows only where the validator has such rules.
    #[must_use]
    pub fn is_about_rules(self) -> bool {
        (Flaw::ScopeUnchecked..=Flaw::RevocationIgnored).contains(&self) || self == Flaw::ScopeRefusedWith401
    }

    /// Whether the flaw lies in what a gateway tells the service behind it, and so shows only where there is one.
    #[must_use]
    pub fn is_of_gateway(self) -> bool {
        (Flaw::IdentityLineKept..=Flaw::SubjectRespelled).contains(&self)
    }

    /// Whether the flaw lies in the HTTP side, so that the validator in process behaves as if it had none.
    #[must_use]
    pub fn is_http_only(self) -> bool {
        (Flaw::NoChallenge..Flaw::AcceptsEverything).contains(&self)
            || matches!(self, Flaw::RefusesWith200 | Flaw::RefusesWith302 | Flaw::AnswersShared | Flaw::RateLimits)
    }
}

impl Flaw {
    /// Whether the flaw lies in how a key set is fetched, so that it shows only where one is.
    #[must_use]
    pub fn is_of_fetching(self) -> bool {
        (Flaw::OctInSetUsed..=Flaw::HugeSetCrashes).contains(&self)
    }
}

impl Flaw {
    /// Whether the flaw lies in what a request may cost, so that it shows under a burden.
    #[must_use]
    pub fn is_of_burden(self) -> bool {
        (Flaw::ManyDotsCostly..=Flaw::NbfTenMinutesEarly).contains(&self)
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Flaw {
    type Err = UnknownFlaw;

    fn from_str(name: &str) -> Result<Self, UnknownFlaw> {
        Flaw::ALL.iter().copied().find(|flaw| flaw.name() == name).ok_or_else(|| UnknownFlaw(name.to_owned()))
    }
}

/// A name that is no flaw.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown flaw {0:?}; `gauntlet list flaws` names them all")]
pub struct UnknownFlaw(pub String);

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_kebab_case_unique_and_found_again() {
        let names: BTreeSet<&str> = Flaw::ALL.iter().map(|flaw| flaw.name()).collect();
        assert_eq!(names.len(), Flaw::ALL.len());
        for flaw in Flaw::ALL {
            assert!(flaw.name().chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "{flaw}");
            assert_eq!(flaw.name().parse::<Flaw>(), Ok(*flaw));
        }
        assert!("no-such-flaw".parse::<Flaw>().is_err());
    }

    #[test]
    fn each_says_what_is_wrong_and_what_it_resembles() {
        for flaw in Flaw::ALL {
            assert!(flaw.about().ends_with('.') && flaw.about().len() > 20, "{flaw}: {:?}", flaw.about());
            assert!(!flaw.about().contains(". "), "{flaw}: more than one sentence");
            let resembles = flaw.resembles();
            let known = resembles.starts_with("CVE-") || resembles.starts_with("library behaviour: ");
            assert!((known && resembles.contains(": ")) || resembles == "none known", "{flaw}: {resembles:?}");
        }
    }
}
