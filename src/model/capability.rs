//! What a target can do or allow. Cases *need* capabilities, targets *provide* them.

use super::{
    access::AccessRules,
    alg::Alg,
    jwe::{ContentEncryption, KeyManagement},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, collections::BTreeSet, fmt, str::FromStr};

/// One thing that a target can do or that can be seen of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Capability {
    /// The target trusts a key of ours for this algorithm (`alg:RS256`).
    Alg(Alg),
    /// It fetches its keys from an address that we serve (`jwks:remote`).
    JwksRemote,
    /// Another key set can be brought to it within a run (`jwks:phases`).
    JwksPhases,
    /// Requests that it makes would reach our canary (`observe:outbound`).
    ObserveOutbound,
    /// It reports the claims that it took (`claims:returned`).
    ClaimsReturned,
    /// It judges as if the clock showed what we say (`control:clock`).
    ControlClock,
    /// It is reached over HTTP, so that header lines and paths can be shaped (`transport:http`).
    TransportHttp,
    /// It trusts two issuers of ours, each with keys of its own (`issuers:two`).
    IssuersTwo,
    /// It is a resource server of RFC 9068 (`profile:at+jwt`).
    ProfileAtJwt,
    /// It is a login client that takes ID tokens (`profile:id-token`).
    ProfileIdToken,
    /// It wants a scope that we know (`rule:scope`).
    RuleScope,
    /// It wants a role that we know (`rule:role`).
    RuleRole,
    /// It serves one tenant that we know (`rule:tenant`).
    RuleTenant,
    /// It is a gateway, and we see what it tells the service behind it (`upstream:seen`).
    UpstreamSeen,
    /// We can have it told that a token is revoked (`hook:revoke-token`).
    HookRevokeToken,
    /// It can be asked about the signature of any JWS, under keys that it is handed for the question (`op:verify-jws`).
    OpVerifyJws,
    /// It can be asked what is inside a JWE, under keys that it is handed for the question (`op:decrypt`).
    OpDecrypt,
    /// It decrypts, and holds decryption keys of ours (`jwe:decrypt`).
    JweDecrypt,
    /// It decrypts with this key management (`jwe:RSA-OAEP-256`).
    JweAlg(KeyManagement),
    /// It decrypts this content encryption (`jwe-enc:A256GCM`).
    JweEnc(ContentEncryption),
}

/// The capabilities of one target.
pub type Capabilities = BTreeSet<Capability>;

const PLAIN: &[(Capability, &str)] = &[
    (Capability::JwksRemote, "jwks:remote"),
    (Capability::JwksPhases, "jwks:phases"),
    (Capability::ObserveOutbound, "observe:outbound"),
    (Capability::ClaimsReturned, "claims:returned"),
    (Capability::ControlClock, "control:clock"),
    (Capability::TransportHttp, "transport:http"),
    (Capability::IssuersTwo, "issuers:two"),
    (Capability::ProfileAtJwt, "profile:at+jwt"),
    (Capability::ProfileIdToken, "profile:id-token"),
    (Capability::RuleScope, "rule:scope"),
    (Capability::RuleRole, "rule:role"),
    (Capability::RuleTenant, "rule:tenant"),
    (Capability::UpstreamSeen, "upstream:seen"),
    (Capability::HookRevokeToken, "hook:revoke-token"),
    (Capability::OpVerifyJws, "op:verify-jws"),
    (Capability::OpDecrypt, "op:decrypt"),
    (Capability::JweDecrypt, "jwe:decrypt"),
];

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Capability::Alg(alg) => write!(f, "alg:{alg}"),
            Capability::JweAlg(alg) => write!(f, "jwe:{alg}"),
            Capability::JweEnc(enc) => write!(f, "jwe-enc:{enc}"),
            plain => f.write_str(PLAIN.iter().find(|(capability, _)| capability == plain).map_or("", |(_, name)| name)),
        }
    }
}

impl FromStr for Capability {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(alg) = text.strip_prefix("alg:") {
            return alg.parse().map(Capability::Alg).map_err(|error: super::alg::UnknownAlg| error.to_string());
        }
        if let Some(enc) = text.strip_prefix("jwe-enc:") {
            return enc.parse().map(Capability::JweEnc);
        }
        if let Some(alg) = text.strip_prefix("jwe:").filter(|name| *name != "decrypt") {
            return alg.parse().map(Capability::JweAlg);
        }
        PLAIN.iter().find(|(_, name)| *name == text).map(|(capability, _)| *capability).ok_or_else(|| {
            let known: Vec<&str> = PLAIN.iter().map(|(_, name)| *name).collect();
            format!("unknown capability {text:?}; known: alg:NAME, jwe:NAME, jwe-enc:NAME, {}", known.join(", "))
        })
    }
}

/// What a case needs of a target: a capability, or with `!` in front its absence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Need {
    /// The capability that decides.
    pub capability: Capability,
    /// False where the case is about its absence.
    pub present: bool,
}

/// What the rules of a target make testable.
#[must_use]
pub fn of_rules(rules: &AccessRules) -> Capabilities {
    let known = [
        (rules.scope.is_some(), Capability::RuleScope),
        (rules.role.is_some(), Capability::RuleRole),
        (rules.tenant.is_some(), Capability::RuleTenant),
        (rules.login.is_some(), Capability::ProfileIdToken),
    ];
    known.into_iter().filter_map(|(is_there, capability)| is_there.then_some(capability)).collect()
}

impl Need {
    /// Whether a target with these capabilities meets the need.
    #[must_use]
    pub fn is_met_by(&self, provided: &Capabilities) -> bool {
        provided.contains(&self.capability) == self.present
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.present { "" } else { "!" }, self.capability)
    }
}

impl FromStr for Need {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (present, name) = text.strip_prefix('!').map_or((true, text), |rest| (false, rest));
        Ok(Need { capability: name.parse()?, present })
    }
}

macro_rules! serde_as_text {
    ($($type:ty, $schema_name:literal, $about:literal;)*) => {
        $(impl Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> { $schema_name.into() }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "description": $about })
            }
        })*
    };
}
pub(crate) use serde_as_text;

serde_as_text! {
    Capability, "Capability", "what a target can do: alg:NAME, jwks:remote, jwks:phases, observe:outbound, claims:returned, control:clock, transport:http, profile:at+jwt, profile:id-token, rule:scope, rule:role, rule:tenant, upstream:seen, hook:revoke-token, op:verify-jws, op:decrypt, jwe:decrypt, jwe:NAME, jwe-enc:NAME";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for text in ["alg:RS256", "jwks:remote", "profile:at+jwt", "jwe:decrypt", "jwe:RSA1_5", "jwe-enc:A128CBC-HS256"]
        {
            assert_eq!(text.parse::<Capability>().unwrap().to_string(), text);
        }
        assert_eq!("!alg:RS512".parse::<Need>().unwrap().to_string(), "!alg:RS512");
        assert!("alg:RS257".parse::<Capability>().is_err());
    }
}
