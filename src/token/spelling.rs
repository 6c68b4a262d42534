//! Placeholders that write something known in another way: addresses, key names, keys as addresses.

use super::{compact::encode_segment, forge::Setting, key::Key, keyring::KeyRing, reshape::hex};
use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use std::net::Ipv4Addr;
use url::{Host, Url};

/// Every visible ASCII character in its full-width form.
pub(super) fn in_full_width(text: &str) -> String {
    text.chars().map(full_width).collect()
}

/// Every byte as a percent escape (RFC 3986 section 2.1).
pub(super) fn percent_encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{}", hex(&[byte]))).collect()
}

/// The full-width form of a visible ASCII character.
fn full_width(character: char) -> char {
    match character {
        '!'..='~' => char::from_u32(u32::from(character) + 0xfee0).unwrap_or(character),
        other => other,
    }
}

/// Values that a key gives: `x5t:KEY` and `x5t-s256:KEY` (RFC 7515 sections 4.1.7 and 4.1.8), `jwk-data:KEY` and
/// `jwks-data:KEY` (the key, or a set of it, as a `data:` address, RFC 2397).
pub(super) fn of_key(name: &str, ring: &KeyRing) -> Option<Value> {
    let (what, key) = name.split_once(':')?;
    let thumbprint = |algorithm, key: &Key| {
        let certificate = ring.certificate(key).ok()?;
        Some(encode_segment(digest::digest(algorithm, &certificate)))
    };
    let key = || ring.key(key).ok().map(|(key, _)| key);
    let data = |json: &str| format!("data:application/json;base64,{}", STANDARD.encode(json));
    Some(Value::from(match what {
        "x5t" => thumbprint(&digest::SHA1_FOR_LEGACY_USE_ONLY, key()?.as_ref())?,
        "x5t-s256" => thumbprint(&digest::SHA256, key()?.as_ref())?,
        "jwk-data" => data(key()?.jwk()),
        "jwks-data" => data(&format!("{{\"keys\":[{}]}}", key()?.jwk())),
        _ => return None,
    }))
}

/// `canary:SPELLING`: the planted address with its host, or what stands before the host, written differently. All of
/// them lead to the canary; `None` where this address has no such spelling.
pub(super) fn canary(spelling: &str, nonce: &str, setting: &Setting) -> Option<String> {
    let url = Url::parse(&setting.world.canary).ok()?;
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let rest = format!("{port}{}/{nonce}", url.path().trim_end_matches('/'));
    let host = url.host_str()?;
    let loopback = matches!(url.host(), Some(Host::Ipv4(Ipv4Addr::LOCALHOST)));
    let trusted = Url::parse(&setting.world.jwks_uri).ok()?;
    let authority = format!("{}{}", trusted.host_str()?, trusted.port().map(|p| format!(":{p}")).unwrap_or_default());
    let host = match spelling {
        "localhost" if loopback => "localhost".to_owned(),
        "trailing-dot" if loopback => "localhost.".to_owned(),
        "upper-case" if loopback => "LOCALHOST".to_owned(),
        "decimal" if loopback => u32::from(Ipv4Addr::LOCALHOST).to_string(),
        "short" if loopback => "127.1".to_owned(),
        "hexadecimal" if loopback => "0x7f.0.0.1".to_owned(),
        "full-width" if loopback => host.chars().map(full_width).collect(),
        "user" => format!("{authority}@{host}"),
        "user-with-path" => format!("{authority}{}@{host}", trusted.path().replace('/', "%2f")),
        "backslash" => format!("{authority}\\@{host}"),
        _ => return None,
    };
    Some(format!("{}://{host}{rest}", url.scheme()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::tests::FORGE;

    fn spelled(spelling: &str) -> Option<String> {
        let mut setting = FORGE.setting().clone();
        setting.world.canary = "http://127.0.0.1:80/canary".into();
        setting.world.canary = setting.world.canary.replace(":80", ":8080");
        setting.world.jwks_uri = "http://127.0.0.1:8080/issuer/jwks.json".into();
        canary(spelling, "n1", &setting)
    }

    #[test]
    fn every_spelling_leads_to_the_canary() {
        for spelling in
            ["localhost", "upper-case", "decimal", "short", "hexadecimal", "full-width", "user", "user-with-path"]
        {
            let url = Url::parse(&spelled(spelling).unwrap()).unwrap();
            let host = url.host_str().unwrap();
            assert!(["127.0.0.1", "localhost"].contains(&host), "{spelling}: {host}");
            assert_eq!((url.port(), url.path()), (Some(8080), "/canary/n1"), "{spelling}");
        }
        assert!(Url::parse(&spelled("backslash").unwrap()).unwrap().path().ends_with("/canary/n1"));
        assert_eq!(spelled("octal"), None);
    }

    #[test]
    fn keys_give_thumbprints_and_addresses() {
        let of = |name: &str| of_key(name, FORGE.ring()).and_then(|value| value.as_str().map(str::to_owned));
        assert_eq!(of("x5t:rs256").unwrap().len(), 27);
        assert_eq!(of("x5t-s256:rogue").unwrap().len(), 43);
        assert!(of("jwks-data:rogue-es256").unwrap().starts_with("data:application/json;base64,eyJrZXlzIjpb"));
        assert_eq!((of("x5t:nobody"), of("x5t")), (None, None));
    }
}
