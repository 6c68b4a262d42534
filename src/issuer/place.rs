//! Which part of our world a path names.

use super::hostile::Hostile;
use crate::model::verdict::Endpoint;

/// Well-known names: OpenID Connect Discovery 1.0 section 4, RFC 8414 section 3.
const METADATA: [&str; 2] = ["openid-configuration", "oauth-authorization-server"];

/// What a path asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place<'a> {
    /// Metadata of the issuer.
    Discovery,
    /// The issuer's key set.
    Jwks,
    /// Metadata of the second issuer.
    SecondDiscovery,
    /// The second issuer's key set.
    SecondJwks,
    /// Metadata of the rogue issuer.
    RogueDiscovery,
    /// The rogue issuer's key set.
    RogueJwks,
    /// An address that a case planted.
    Canary {
        /// The case's nonce; empty where the path ends before it.
        nonce: &'a str,
        /// What is asked for there.
        wants: Planted,
    },
    /// Nothing that we serve.
    Other,
}

/// What is asked for at a planted address.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Planted {
    /// Metadata of the issuer with this path below the nonce (empty, or starting with a slash).
    Discovery(String),
    /// A key set.
    Jwks,
    /// The certificate of the rogue key for this algorithm, in lower case.
    Certificate(String),
    /// A redirect with this status to the planted key set.
    Moved(u16),
    /// An answer that wants to hurt whoever waits for it.
    Hostile(Hostile),
    /// Anything else.
    Anything,
}

/// The last segments of paths that answer with a redirect to the planted key set.
const MOVED: [(&str, u16); 2] = [("moved-302", 302), ("moved-307", 307)];

impl Place<'_> {
    /// What the journal calls it.
    pub(super) fn endpoint(&self) -> Endpoint {
        match self {
            Place::Discovery => Endpoint::Discovery,
            Place::Jwks => Endpoint::Jwks,
            Place::SecondDiscovery => Endpoint::SecondDiscovery,
            Place::SecondJwks => Endpoint::SecondJwks,
            Place::RogueDiscovery => Endpoint::RogueDiscovery,
            Place::RogueJwks => Endpoint::RogueJwks,
            Place::Canary { .. } => Endpoint::Canary,
            Place::Other => Endpoint::Other,
        }
    }
}

/// Finds the place of a request path; `prefix` is the path of the public URL, which a proxy in front may or may not
/// have taken off.
pub(super) fn find<'a>(path: &'a str, prefix: &str) -> Place<'a> {
    let (base, metadata) = split_metadata(path);
    let base = base.strip_prefix(prefix).filter(|rest| rest.starts_with('/')).unwrap_or(base);
    match (base, metadata) {
        ("/issuer", true) => Place::Discovery,
        ("/issuer2", true) => Place::SecondDiscovery,
        ("/issuer2/jwks.json", false) => Place::SecondJwks,
        ("/rogue", true) => Place::RogueDiscovery,
        ("/issuer/jwks.json", false) => Place::Jwks,
        ("/rogue/jwks.json", false) => Place::RogueJwks,
        _ => canary(base, metadata),
    }
}

/// Takes the well-known part off, at the end (OpenID Connect) or at the front (RFC 8414 section 3.1).
fn split_metadata(path: &str) -> (&str, bool) {
    for name in METADATA {
        let front = path.strip_prefix("/.well-known/").and_then(|rest| rest.strip_prefix(name));
        if let Some(rest) = front.filter(|rest| rest.starts_with('/')) {
            return (rest, true);
        }
        let end = path.strip_suffix(name).and_then(|rest| rest.strip_suffix("/.well-known/"));
        if let Some(rest) = end {
            return (rest, true);
        }
    }
    (path, false)
}

/// Doubled slashes are overlooked, and so is whatever comes before the word `canary`: a target that joins or cuts
/// addresses carelessly is still attributed.
fn canary(base: &str, metadata: bool) -> Place<'_> {
    let segments: Vec<&str> = base.split('/').filter(|segment| !segment.is_empty()).collect();
    let Some(at) = segments.iter().position(|segment| *segment == "canary") else { return Place::Other };
    let nonce = segments.get(at + 1).copied().unwrap_or_default();
    let below = segments.get(at + 2..).unwrap_or_default();
    let last = below.last().copied().unwrap_or_default();
    let moved = MOVED.into_iter().find(|(name, _)| segments.contains(name));
    let wants = if metadata {
        Planted::Discovery(below.iter().flat_map(|segment| ["/", segment]).collect())
    } else if METADATA.iter().any(|name| last.ends_with(name)) {
        Planted::Discovery(String::new())
    } else if let Some((_, status)) = moved {
        Planted::Moved(status)
    } else if let Some(hostile) = below.iter().find_map(|segment| Hostile::named(segment)) {
        Planted::Hostile(hostile)
    } else if let Some(name) = last.strip_suffix(".pem") {
        Planted::Certificate(name.to_owned())
    } else if last.ends_with("jwks.json") {
        Planted::Jwks
    } else {
        Planted::Anything
    };
    Place::Canary { nonce, wants }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planted(path: &str) -> (&str, Planted) {
        match find(path, "") {
            Place::Canary { nonce, wants } => (nonce, wants),
            other => panic!("wanted the canary, found {other:?}"),
        }
    }

    #[test]
    fn documents_have_one_address_per_standard() {
        assert_eq!(find("/issuer/.well-known/openid-configuration", ""), Place::Discovery);
        assert_eq!(find("/.well-known/openid-configuration/issuer", ""), Place::Discovery);
        assert_eq!(find("/.well-known/oauth-authorization-server/issuer", ""), Place::Discovery);
        assert_eq!(find("/.well-known/oauth-authorization-server/rogue", ""), Place::RogueDiscovery);
        assert_eq!(find("/issuer/jwks.json", ""), Place::Jwks);
        assert_eq!(find("/rogue/jwks.json", ""), Place::RogueJwks);
        assert_eq!(find("/issuer2/jwks.json", ""), Place::SecondJwks);
        assert_eq!(find("/issuer2/.well-known/openid-configuration", ""), Place::SecondDiscovery);
        for path in ["/", "", "/issuer", "/issuer/jwks.json/", "/issuer/.well-known/jwks.json", "/canaryx/a"] {
            assert_eq!(find(path, ""), Place::Other, "{path}");
        }
    }

    #[test]
    fn a_prefix_may_be_there_or_not() {
        assert_eq!(find("/t1/issuer/jwks.json", "/t1"), Place::Jwks);
        assert_eq!(find("/issuer/jwks.json", "/t1"), Place::Jwks);
        assert_eq!(find("/.well-known/oauth-authorization-server/t1/issuer", "/t1"), Place::Discovery);
        assert_eq!(find("/t12/issuer/jwks.json", "/t1"), Place::Other);
    }

    #[test]
    fn planted_addresses_keep_their_nonce() {
        assert_eq!(planted("/canary/n1"), ("n1", Planted::Anything));
        assert_eq!(planted("/canary/n1/a/b?c"), ("n1", Planted::Anything));
        assert_eq!(planted("//canary//n1/jwks.json"), ("n1", Planted::Jwks));
        assert_eq!(planted("/canary/n1/.well-known/openid-configuration"), ("n1", Planted::Discovery(String::new())));
        assert_eq!(planted("/canary/n1/a/.well-known/openid-configuration"), ("n1", Planted::Discovery("/a".into())));
        assert_eq!(
            planted("/.well-known/oauth-authorization-server/canary/n1"),
            ("n1", Planted::Discovery(String::new()))
        );
        assert_eq!(planted("/canary/n1/openid-configuration"), ("n1", Planted::Discovery(String::new())));
        assert_eq!(planted("/canary"), ("", Planted::Anything));
        assert_eq!(planted("/@127.0.0.1:80/canary/n1/jwks.json"), ("n1", Planted::Jwks));
        assert_eq!(planted("/issuer/jwks.json/../../canary/n1/jwks.json"), ("n1", Planted::Jwks));
    }

    #[test]
    fn planted_documents_are_told_by_their_names() {
        assert_eq!(planted("/canary/n1/ps256.pem"), ("n1", Planted::Certificate("ps256".into())));
        assert_eq!(planted("/canary/n1/moved-302/jwks.json"), ("n1", Planted::Moved(302)));
        assert_eq!(planted("/issuer/moved-307/canary/n1/jwks.json"), ("n1", Planted::Moved(307)));
        assert_eq!(planted("/canary/n1/drip/jwks.json"), ("n1", Planted::Hostile(Hostile::Drip)));
    }
}
