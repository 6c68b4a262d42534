//! An issuer whose documents can misbehave, each behind a listener of its own.

use super::{
    ca_file::CaFile,
    document::{Document, Documents},
    error::IssuerError,
    faulty::{Endpoint, MOVED, Materials, Place, Stock, TlsKit},
    testbed::{Options, Testbed},
    world::Base,
};
use crate::model::{Alg, World};
use serde_json::{Map, Value};
use std::{net::SocketAddr, sync::Arc};

/// What an issuer that can misbehave is made of.
#[derive(Debug, Clone, Default)]
pub struct FaultyDocuments {
    /// The key set of the attacker.
    pub attacker_jwks: Vec<u8>,
    /// The key set of another tenant.
    pub foreign_jwks: Vec<u8>,
    /// The key set of a second issuer, which never misbehaves.
    pub second_jwks: Vec<u8>,
    /// A symmetric JWK that a hostile key set publishes.
    pub oct_jwk: String,
    /// A JWK with its private half.
    pub private_jwk: String,
    /// The algorithms that the metadata names.
    pub algorithms: Vec<Alg>,
    /// `Cache-Control: max-age` of honest answers, in seconds; none is sent where absent.
    pub max_age: Option<u64>,
}

impl FaultyDocuments {
    /// Nothing that anybody could sign with: for a stand-in of an issuer that is real.
    #[must_use]
    pub fn without_keys(algorithms: Vec<Alg>) -> FaultyDocuments {
        let nothing = || b"{\"keys\":[]}".to_vec();
        FaultyDocuments { attacker_jwks: nothing(), foreign_jwks: nothing(), algorithms, ..FaultyDocuments::default() }
    }
}

/// Where it listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultyOptions {
    /// The address and the port of discovery, and the host's name for targets.
    pub base: Options,
    /// The port of the key set; 0 takes a free one.
    pub jwks_port: u16,
    /// What drives shares of requests.
    pub seed: u64,
}

/// Discovery, key set, canary and the attacker's origin, each apart. Dropping it ends it.
#[derive(Debug)]
pub struct FaultyIssuer {
    /// The key set.
    pub jwks: Endpoint,
    /// The discovery document.
    pub discovery: Endpoint,
    /// Another origin, with the attacker's key set; requests there are requests by somebody who was led astray.
    pub elsewhere: Endpoint,
    world: World,
    testbed: Testbed,
    _ca_file: Option<CaFile>,
}

impl FaultyIssuer {
    /// Starts to listen. The key set is empty until something is published.
    ///
    /// # Errors
    /// An address cannot be bound, or no certificate can be made.
    pub async fn start(options: &FaultyOptions, documents: FaultyDocuments) -> Result<FaultyIssuer, IssuerError> {
        let FaultyOptions { base, jwks_port, seed } = options;
        let at = |port| SocketAddr::new(base.bind, port);
        let host = Base::of_listener(at(0), base.https).host;
        let kit = base.https.then(|| TlsKit::make(base.bind, &host)).transpose()?.map(Arc::new);
        let ca_file = kit.as_ref().map(|kit| CaFile::write(kit.ca_pem())).transpose()?;
        let canary = Options { port: 0, public_url: None, https: false, ..base.clone() };
        let rogue = Documents {
            rogue_jwks: documents.attacker_jwks.clone(),
            second_jwks: documents.second_jwks.clone(),
            algorithms: documents.algorithms.clone(),
            ..Documents::default()
        };
        let testbed = Testbed::start(&canary, rogue).await?;

        let plain = |body: &[u8]| Arc::new(Stock::new(body.to_vec(), Materials::default(), None));
        let elsewhere = Endpoint::start(at(0), Place::Anywhere, plain(&documents.attacker_jwks), None, *seed)?;
        let url = |address: SocketAddr, https| Base::of_listener(address, https).url;
        let materials = Materials {
            attacker: documents.attacker_jwks,
            foreign: documents.foreign_jwks,
            oct_jwk: documents.oct_jwk,
            private_jwk: documents.private_jwk,
            elsewhere: url(elsewhere.address(), false),
        };
        let keys = Stock::new(b"{\"keys\":[]}".to_vec(), materials.clone(), documents.max_age);
        let jwks = Endpoint::start(at(*jwks_port), Place::KeySet, Arc::new(keys), kit.clone(), seed.wrapping_add(1))?;
        let jwks_uri = format!("{}/issuer/jwks.json", url(jwks.address(), base.https));

        // The document names its own address, which is only known once it is bound.
        let metadata = |issuer: &str, jwks_uri: &str| Document::metadata(issuer, jwks_uri, &documents.algorithms).body;
        let elsewhere_url = materials.elsewhere.clone();
        let lures = Materials {
            attacker: metadata(&elsewhere_url, &format!("{elsewhere_url}/jwks.json")).to_vec(),
            ..materials
        };
        let stock = Arc::new(Stock::new(Vec::new(), lures, documents.max_age));
        let discovery =
            Endpoint::start(at(base.port), Place::Discovery, Arc::clone(&stock), kit, seed.wrapping_add(2))?;
        let issuer = format!("{}/issuer", url(discovery.address(), base.https));
        stock.publish(metadata(&issuer, &jwks_uri).to_vec());
        let world = World {
            discovery: format!("{issuer}/.well-known/openid-configuration"),
            issuer,
            jwks_uri,
            issuer_ca: ca_file.as_ref().map(CaFile::path),
            ..testbed.world().clone()
        };
        Ok(FaultyIssuer { jwks, discovery, elsewhere, world, testbed, _ca_file: ca_file })
    }

    /// Serves the metadata of another issuer in the place of ours; only the address of the key set stays ours.
    pub fn stand_before(&mut self, issuer: &str, metadata: Option<Map<String, Value>>) {
        let mut metadata = metadata.unwrap_or_default();
        metadata.entry("issuer").or_insert_with(|| issuer.into());
        metadata.insert("jwks_uri".into(), self.world.jwks_uri.clone().into());
        self.discovery.stock().publish(Value::Object(metadata).to_string().into_bytes());
        issuer.clone_into(&mut self.world.issuer);
    }

    /// Names another address of the key set in the discovery document.
    pub fn move_keys(&self) {
        let stock = self.discovery.stock();
        // It is ours, and so it is an object.
        let Ok(Value::Object(mut metadata)) = serde_json::from_slice(&stock.now()) else { return };
        let base = self.world.jwks_uri.strip_suffix("/issuer/jwks.json").unwrap_or(&self.world.jwks_uri);
        metadata.insert("jwks_uri".into(), format!("{base}{MOVED}").into());
        stock.publish(Value::Object(metadata).to_string().into_bytes());
    }

    /// The addresses of our side as one of several instances of a target is told them: the key set has an address of its own
    /// for each.
    #[must_use]
    pub fn world_of(&self, instance: u32) -> World {
        let own = format!("/issuer/instance-{instance}/jwks.json");
        World { jwks_uri: self.world.jwks_uri.replace("/issuer/jwks.json", &own), ..self.world.clone() }
    }

    /// The addresses of our side.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Stops to listen.
    pub async fn stop(self) {
        self.testbed.stop().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn documents_are_apart_and_name_each_other() {
        let options = FaultyOptions { base: Options::default(), jwks_port: 0, seed: 1 };
        let documents = FaultyDocuments { attacker_jwks: b"{\"keys\":[1]}".to_vec(), ..FaultyDocuments::default() };
        let issuer = FaultyIssuer::start(&options, documents).await.unwrap();
        let world = issuer.world().clone();
        let get = |url: String| async move { reqwest::get(url).await.unwrap().text().await.unwrap() };
        let metadata: serde_json::Value = serde_json::from_str(&get(world.discovery.clone()).await).unwrap();
        assert_eq!(
            (&metadata["issuer"], &metadata["jwks_uri"]),
            (&world.issuer.into(), &world.jwks_uri.clone().into())
        );
        issuer.jwks.stock().publish(b"{\"keys\":[2]}".to_vec());
        assert_eq!(get(world.jwks_uri).await, "{\"keys\":[2]}");
        assert_eq!(get(format!("http://{}/sink", issuer.elsewhere.address())).await, "{\"keys\":[1]}");
        assert_eq!(
            (issuer.jwks.log().count(), issuer.discovery.log().count(), issuer.elsewhere.log().count()),
            (1, 1, 1)
        );
        issuer.stop().await;
    }
}
