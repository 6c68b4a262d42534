//! Fills the placeholders of a target file.

use super::{error::TargetError, key_file::KeyFile};
use crate::model::{
    TrustConfig, World,
    placeholder::{Unknown, as_text, fill_text},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{cell::RefCell, collections::BTreeMap};
use url::form_urlencoded;

/// What a target file can refer to.
#[derive(Clone)]
pub(super) struct Facts {
    world: World,
    audience: String,
    algorithms: String,
    leeway: i64,
    port: Option<u16>,
    /// The address of the service behind a gateway.
    upstream: Option<String>,
    /// The token that is being revoked.
    jti: Option<String>,
    /// The private keys, for a target that decrypts.
    keys: Option<KeyFile>,
    /// Every value that was taken from the environment.
    secrets: Vec<String>,
}

/// The facts that are no secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Told {
    world: World,
    audience: String,
    algorithms: String,
    leeway: i64,
    port: Option<u16>,
}

impl Facts {
    pub(super) fn new(world: &World, trust: &TrustConfig, port: Option<u16>) -> Self {
        let algorithms: Vec<&str> = trust.algorithms.iter().map(|alg| alg.name()).collect();
        Facts {
            world: world.clone(),
            audience: trust.audience.clone(),
            algorithms: algorithms.join(","),
            leeway: trust.leeway.seconds(),
            port,
            upstream: None,
            jti: None,
            keys: None,
            secrets: Vec::new(),
        }
    }

    /// What of it another process may be told: nothing that came from the environment, and no private key.
    pub(super) fn told(&self) -> Told {
        Told {
            world: self.world.clone(),
            audience: self.audience.clone(),
            algorithms: self.algorithms.clone(),
            leeway: self.leeway,
            port: self.port,
        }
    }

    /// What another process was told; the environment is its own.
    pub(super) fn heard(told: &Told) -> Self {
        let Told { world, audience, algorithms, leeway, port } = told.clone();
        Facts { world, audience, algorithms, leeway, port, upstream: None, jti: None, keys: None, secrets: Vec::new() }
    }

    /// What a file can refer to where nobody is told of an issuer of ours.
    pub(super) fn of_nobody() -> Self {
        Facts {
            world: World::unserved(""),
            audience: String::new(),
            algorithms: String::new(),
            leeway: 0,
            port: None,
            upstream: None,
            jti: None,
            keys: None,
            secrets: Vec::new(),
        }
    }

    /// The same, with us behind a gateway.
    pub(super) fn before(self, upstream: Option<String>) -> Self {
        Facts { upstream, ..self }
    }

    /// The same while a token is being revoked.
    pub(super) fn revoking(self, jti: &str) -> Self {
        Facts { jti: Some(jti.to_owned()), ..self }
    }

    /// The same, with the private keys of a target that decrypts.
    pub(super) fn with_keys(trust: &TrustConfig, facts: Facts) -> Result<Facts, TargetError> {
        let keys = trust.decryption.keys.as_ref().map(KeyFile::write).transpose()?;
        Ok(Facts { keys, ..facts })
    }

    /// Fills one text; `place` says where it is written.
    pub(super) fn fill(&mut self, place: &str, text: &str) -> Result<String, TargetError> {
        let used = RefCell::new(Vec::new());
        let lookup = |name: &str| {
            let value = self.value(name)?;
            if name.starts_with("env:") {
                used.borrow_mut().push(value.clone());
            }
            Some(Value::String(value))
        };
        let filled = fill_text(text, Unknown::Refuse, &lookup)
            .map_err(|source| TargetError::Placeholder { place: place.to_owned(), source })?;
        self.secrets.append(&mut used.into_inner());
        Ok(as_text(&filled))
    }

    /// Fills every word of a command.
    pub(super) fn fill_all(&mut self, place: &str, texts: &[String]) -> Result<Vec<String>, TargetError> {
        texts.iter().map(|text| self.fill(place, text)).collect()
    }

    /// Fills every value of a table.
    pub(super) fn fill_values(
        &mut self,
        place: &str,
        table: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, String>, TargetError> {
        table.iter().map(|(name, text)| Ok((name.clone(), self.fill(&format!("{place}.{name}"), text)?))).collect()
    }

    /// What must not be shown.
    pub(super) fn secrets(&self) -> Vec<String> {
        self.secrets.clone()
    }

    /// The same in the forms in which they are sent: in a form a secret is written in its encoding.
    pub(super) fn secrets_as_sent(&self) -> impl Iterator<Item = String> + use<> {
        let encoded = |secret: String| [form_urlencoded::byte_serialize(secret.as_bytes()).collect(), secret];
        self.secrets().into_iter().flat_map(encoded)
    }

    fn value(&self, name: &str) -> Option<String> {
        match name {
            "jti" => self.jti.clone(),
            "port" => self.port.map(|port| port.to_string()),
            "upstream" => self.upstream.clone(),
            "issuer" => Some(self.world.issuer.clone()),
            "jwks-uri" => Some(self.world.jwks_uri.clone()),
            "issuer2" => Some(self.world.issuer2.clone()),
            "jwks-uri2" => Some(self.world.jwks_uri2.clone()),
            "discovery" => Some(self.world.discovery.clone()),
            "issuer-ca" => self.world.issuer_ca.clone(),
            "decryption-keys" => self.keys.as_ref().map(KeyFile::path),
            "audience" => Some(self.audience.clone()),
            "algorithms" => Some(self.algorithms.clone()),
            "leeway" => Some(self.leeway.to_string()),
            _ => name.strip_prefix("env:").and_then(|variable| std::env::var(variable).ok()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::testing;

    #[test]
    fn facts_and_the_environment_are_known() {
        let mut facts = Facts::new(&testing::world(), &testing::trust(), Some(8080));
        let text = "${port} ${issuer} ${jwks-uri} ${discovery} ${audience} ${algorithms} ${leeway}";
        assert_eq!(
            facts.fill("x", text).unwrap(),
            "8080 http://127.0.0.1:1/issuer http://127.0.0.1:1/issuer/jwks.json \
             http://127.0.0.1:1/issuer/.well-known/openid-configuration https://api.example RS256,ES256 60"
        );
        assert_eq!(facts.secrets(), Vec::<String>::new());
        let path = std::env::var("PATH").unwrap();
        assert_eq!(facts.fill("x", "${env:PATH}").unwrap(), path);
        assert_eq!(facts.secrets(), [path]);
    }

    #[test]
    fn what_is_missing_is_named_with_its_place() {
        let mut facts = Facts::new(&testing::world(), &testing::trust(), None);
        for name in ["port", "issuer-ca", "decryption-keys", "env:GAUNTLET_NO_SUCH_VARIABLE", "jti"] {
            let error = facts.fill("transport.bearer.url", &format!("x${{{name}}}")).unwrap_err();
            let wanted = format!("cannot fill `transport.bearer.url`: nothing is called `${{{name}}}` here");
            assert_eq!(error.to_string(), wanted);
        }
    }
}
