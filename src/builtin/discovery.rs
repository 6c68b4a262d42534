//! The way to the key set: its configured address, or where the discovery document says it is (OpenID Connect Discovery
//! section 4, RFC 8414).

use super::{fetch, flaw::Flaw, flawed_cache as wrong, keys::Reach};
use std::time::{Duration, Instant};

/// An issuer, and the client that asks it.
#[derive(Clone)]
pub(super) struct Remote {
    pub client: reqwest::Client,
    uri: String,
    issuer: String,
    discovery: Option<String>,
}

/// Where the key set is, and when that was learned.
pub(super) type Location = (Instant, String);

impl Remote {
    /// The configured address is `uri`. `None` where no HTTP client could be made.
    pub fn new(flaw: Option<Flaw>, uri: &str, issuer: &str, timeout: Duration, reach: &Reach) -> Option<Remote> {
        let mut client = wrong::client(flaw, timeout);
        if let Some(ca) = &reach.ca {
            let pem = std::fs::read(ca).ok()?;
            client = client.tls_certs_only([reqwest::Certificate::from_pem(&pem).ok()?]);
        }
        let (uri, issuer) = (uri.to_owned(), issuer.to_owned());
        Some(Remote { client: client.build().ok()?, uri, issuer, discovery: reach.discovery.clone() })
    }

    /// Where the key set is: as the discovery document says, which is read again once a `lifetime`, and where the key set
    /// could not be had at the place that is `known`.
    pub async fn locate(
        &self,
        flaw: Option<Flaw>,
        known: Option<Location>,
        lifetime: Duration,
        failing: bool,
    ) -> Option<Location> {
        let Some(discovery) = &self.discovery else { return Some((Instant::now(), self.uri.clone())) };
        let once = flaw == Some(Flaw::DiscoveryReadOnce);
        if known.as_ref().is_some_and(|(since, _)| once || since.elapsed() < lifetime && !failing) {
            return known;
        }
        let body = fetch::body(&self.client, discovery).await;
        match body.and_then(|body| self.named(flaw, &body)) {
            Some(uri) => Some((Instant::now(), uri)),
            None => known,
        }
    }

    /// The address of the key set in a discovery document, which must be that of the issuer that was asked.
    fn named(&self, flaw: Option<Flaw>, document: &[u8]) -> Option<String> {
        let metadata: serde_json::Value = serde_json::from_slice(document).ok()?;
        let is_ours = metadata["issuer"] == *self.issuer || flaw == Some(Flaw::DiscoveryIssuerUnchecked);
        metadata["jwks_uri"].as_str().filter(|_| is_ours).map(str::to_owned)
    }
}
