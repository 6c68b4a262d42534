//! What the validator was told to want, and why it refuses.

use super::flaw::Flaw;
use crate::model::{Alg, TrustConfig, access::AccessRules};

/// Issuer, audience, algorithms and so on, and the one thing that is done wrong.
#[derive(Debug, Clone, Default)]
pub(super) struct Rules {
    pub flaw: Option<Flaw>,
    pub issuer: String,
    pub audience: String,
    pub algorithms: Vec<Alg>,
    /// Seconds.
    pub leeway: i64,
    pub typ: String,
    /// What is wanted beyond a valid token.
    pub access: AccessRules,
}

impl Rules {
    pub fn new(flaw: Option<Flaw>, trust: &TrustConfig) -> Rules {
        let mut rules = Rules {
            flaw,
            issuer: trust.issuer.clone(),
            audience: trust.audience.clone(),
            algorithms: trust.algorithms.clone(),
            leeway: trust.leeway.seconds(),
            typ: trust.typ.clone(),
            access: trust.rules.clone(),
        };
        match flaw {
            Some(Flaw::WrongIssuer) => rules.issuer = "https://another-issuer.invalid".into(),
            Some(Flaw::WrongAudience) => rules.audience = "https://another-audience.invalid".into(),
            Some(Flaw::OnlyFirstAlg) => rules.algorithms.truncate(1),
            _ => {}
        }
        rules
    }

    pub fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    /// Whether access tokens of RFC 9068 are wanted.
    pub fn wants_at_jwt(&self) -> bool {
        is_media_type(&self.typ, "at+jwt")
    }
}

/// Compares a `typ` or `cty` with a media type as RFC 7515 section 4.1.9 wants it: without regard to case, and
/// `application/` may be left out.
pub(super) fn is_media_type(value: &str, wanted: &str) -> bool {
    short_media_type(value).eq_ignore_ascii_case(wanted)
}

/// The media type without its `application/`.
pub(super) fn short_media_type(value: &str) -> &str {
    match value.split_at_checked("application/".len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case("application/") => rest,
        _ => value,
    }
}

/// Why a token is refused. The words never hold anything that the token said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    Malformed,
    Header,
    Type,
    Critical,
    Algorithm,
    UnknownKey,
    Signature,
    Payload,
    Issuer,
    Audience,
    Expired,
    NotYetValid,
    Claims,
    /// The token is good, but not for this.
    Scope,
    Access,
    Revoked,
    LockedOut,
    /// An encrypted token does not open; strict says no more.
    Decryption,
    /// A flaw says that it was the content key.
    ContentKey,
    /// A flaw says that it was the padding.
    Padding,
    TooLarge,
    UnknownDecryptionKey,
    /// Nobody can say: the key may be missing only because the key set cannot be had.
    Undecided,
    /// Not a refusal at all: the validator fell over.
    Crash,
}

impl Refusal {
    pub fn phrase(self) -> &'static str {
        match self {
            Refusal::Malformed => "malformed",
            Refusal::Header => "header",
            Refusal::Type => "type",
            Refusal::Critical => "critical header",
            Refusal::Algorithm => "algorithm",
            Refusal::UnknownKey => "unknown key",
            Refusal::Undecided => "no key set",
            Refusal::Signature => "signature",
            Refusal::Payload => "payload",
            Refusal::Issuer => "issuer",
            Refusal::Audience => "audience",
            Refusal::Expired => "expired",
            Refusal::NotYetValid => "not yet valid",
            Refusal::Claims => "claims",
            Refusal::Scope => "scope",
            Refusal::Access => "access",
            Refusal::Revoked => "revoked",
            Refusal::LockedOut => "locked out",
            Refusal::Decryption => "decryption",
            Refusal::ContentKey => "content key",
            Refusal::Padding => "padding",
            Refusal::TooLarge => "too large",
            Refusal::UnknownDecryptionKey => "unknown decryption key",
            Refusal::Crash => "internal error",
        }
    }
}
