//! The addresses of our side.

use super::error::IssuerError;
use crate::model::World;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use url::Url;

/// Where targets reach us: a base address without a slash at its end, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Base {
    /// The whole of it.
    pub(super) url: String,
    /// Its host, without brackets.
    pub(super) host: String,
    /// Its path: empty, or starting with a slash.
    pub(super) path: String,
}

impl Base {
    /// The base of a listener that nobody stands in front of. One that listens everywhere is named by loopback.
    pub(super) fn of_listener(local: SocketAddr, https: bool) -> Self {
        let ip = match local.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
            ip => ip,
        };
        let scheme = if https { "https" } else { "http" };
        let url = format!("{scheme}://{}", SocketAddr::new(ip, local.port()));
        Base { url, host: ip.to_string(), path: String::new() }
    }

    /// The base that the user names, where a tunnel or another machine stands between us and the target.
    pub(super) fn public(text: &str) -> Result<Self, IssuerError> {
        let refuse = |because: &str| IssuerError::PublicUrl { url: text.to_owned(), because: because.to_owned() };
        let url = Url::parse(text).map_err(|error| refuse(&error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refuse("the scheme is neither http nor https"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refuse("an issuer has no query and no fragment (RFC 8414 section 2)"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse("an issuer carries no user name and no password"));
        }
        let host = url.host_str().ok_or_else(|| refuse("the host is missing"))?;
        Ok(Base {
            url: url.as_str().trim_end_matches('/').to_owned(),
            host: host.trim_matches(['[', ']']).to_owned(),
            path: url.path().trim_end_matches('/').to_owned(),
        })
    }

    /// Every address that follows from the base.
    pub(super) fn world(&self, issuer_ca: Option<String>) -> World {
        let base = &self.url;
        World {
            issuer: format!("{base}/issuer"),
            discovery: format!("{base}/issuer/.well-known/openid-configuration"),
            jwks_uri: format!("{base}/issuer/jwks.json"),
            issuer2: format!("{base}/issuer2"),
            jwks_uri2: format!("{base}/issuer2/jwks.json"),
            rogue_issuer: format!("{base}/rogue"),
            canary: format!("{base}/canary"),
            issuer_ca,
        }
    }
}

/// The address to plant into a token: requests to it, or to anything below it, are found by this nonce.
#[must_use]
pub fn canary_url(world: &World, nonce: &str) -> String {
    format!("{}/{nonce}", world.canary)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_follows_the_public_url() {
        let world = Base::public("https://Tunnel.example/t1/").unwrap().world(None);
        assert_eq!(world.issuer, "https://tunnel.example/t1/issuer");
        assert_eq!(world.discovery, "https://tunnel.example/t1/issuer/.well-known/openid-configuration");
        assert_eq!(world.jwks_uri, "https://tunnel.example/t1/issuer/jwks.json");
        assert_eq!(world.rogue_issuer, "https://tunnel.example/t1/rogue");
        assert_eq!(canary_url(&world, "n1"), "https://tunnel.example/t1/canary/n1");
    }

    #[test]
    fn a_listener_is_named_by_an_address_that_reaches_it() {
        let base = |text: &str| Base::of_listener(text.parse().unwrap(), false).url;
        assert_eq!(base("127.0.0.1:80"), "http://127.0.0.1:80");
        assert_eq!(base("0.0.0.0:8080"), "http://127.0.0.1:8080");
        assert_eq!(base("[::]:8080"), "http://[::1]:8080");
    }

    #[test]
    fn an_unusable_public_url_is_refused() {
        for text in ["", "issuer.example", "ftp://a", "http://a/?q", "http://a/#f", "http://u:p@a/", "http://"] {
            assert!(matches!(Base::public(text), Err(IssuerError::PublicUrl { .. })), "{text}");
        }
    }
}
