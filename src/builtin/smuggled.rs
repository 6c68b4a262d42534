//! Keys that come with the token in ways that look checked. Without a flaw none of them is used.

use super::{
    fetch,
    flaw::Flaw,
    forms,
    injected::{element, fitting, key_inside, keys_in},
    key::{Key, KeySet},
    parse::Token,
    rules::Rules,
};
use crate::model::{Alg, KeyFamily};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use std::sync::Arc;
use url::Url;

/// The keys that the flaw takes from the token; `None` where it brings none.
pub(super) fn for_token(rules: &Rules, keys: &KeySet, token: &Token<'_>, alg: Alg) -> Option<Vec<Arc<Key>>> {
    let text = |name: &str| token.header.get(name).and_then(Value::as_str);
    match rules.flaw? {
        Flaw::JwkPrivateUsed => with_private_part(token.header.get("jwk")?, alg),
        Flaw::JwkTrustedNameUsed => {
            let jwk = token.header.get("jwk")?;
            let same = jwk.get("kid").and_then(Value::as_str) == text("kid");
            (same && keys.with_kid(text("kid")?).next().is_some()).then_some(())?;
            fitting(&KeySet::of_one(jwk), alg)
        }
        Flaw::JkuPrefixAllowed => {
            let jku = text("jku").filter(|jku| jku.starts_with(&rules.issuer))?;
            keys_in(&fetch::get(jku)?, alg)
        }
        Flaw::JkuSubstringAllowed => {
            let trusted = format!("{}/jwks.json", rules.issuer);
            let jku = text("jku").filter(|jku| jku.contains(&trusted))?;
            keys_in(&fetch::get(jku)?, alg)
        }
        Flaw::JkuHostMisread => {
            let jku =
                text("jku").filter(|jku| misread_host(jku) == misread_host(&rules.issuer) && jku.contains('@'))?;
            keys_in(&fetch::get(jku)?, alg)
        }
        Flaw::JkuRedirectFollowed => {
            let jku = text("jku").filter(|jku| is_below(jku, &rules.issuer))?;
            keys_in(&fetch::follow(jku)?, alg)
        }
        Flaw::JkuDataUsed => keys_in(&inside_data(text("jku")?)?, alg),
        Flaw::KidDataUsed => {
            let jwk = serde_json::from_slice(&inside_data(text("kid")?)?).ok()?;
            fitting(&KeySet::of_one(&jwk), alg)
        }
        Flaw::X5uUsed => {
            let pem = pem::parse(fetch::get(text("x5u")?)?).ok()?;
            Some(vec![Arc::new(key_inside(pem.contents(), alg.family())?)])
        }
        flaw @ (Flaw::X5cNamesCompared | Flaw::X5cTrustedAnywhere) => chained(flaw, keys, token, alg),
        Flaw::KeySetTemplated => {
            let claims: Value = serde_json::from_slice(&token.payload).ok()?;
            let tenant = ["tid", "tenant", "azp"].iter().find_map(|name| claims.get(*name)?.as_str())?;
            let escapes = tenant.contains(['/', '@', '#', '?', '%']);
            let address = format!("{}/{tenant}/jwks.json", rules.issuer);
            keys_in(&fetch::get(&address).filter(|_| escapes)?, alg)
        }
        _ => None,
    }
}

/// The key that belongs to the private part, whatever the public one says. Curves keep their public part.
fn with_private_part(jwk: &Value, alg: Alg) -> Option<Vec<Arc<Key>>> {
    let private = URL_SAFE_NO_PAD.decode(jwk.get("d")?.as_str()?).ok()?;
    if alg.family() != KeyFamily::Ed25519 {
        return fitting(&KeySet::of_one(jwk), alg);
    }
    let pair = Ed25519KeyPair::from_seed_unchecked(&private).ok()?;
    let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
    fitting(&KeySet::of_one(&json!({ "kty": "OKP", "crv": "Ed25519", "x": x })), alg)
}

/// What stands between the scheme and the first slash, up to an `@`.
fn misread_host(address: &str) -> Option<&str> {
    address.split_once("://")?.1.split(['/', '@', '\\', '%']).next()
}

fn is_below(address: &str, issuer: &str) -> bool {
    let parts = |text: &str| Url::parse(text).ok();
    let (Some(address), Some(issuer)) = (parts(address), parts(issuer)) else { return false };
    address.origin() == issuer.origin() && address.path().starts_with(&format!("{}/", issuer.path()))
}

/// What a `data:` address holds (RFC 2397).
fn inside_data(address: &str) -> Option<Vec<u8>> {
    STANDARD.decode(address.strip_prefix("data:")?.split_once(";base64,")?.1).ok()
}

/// The key of the first certificate, where the chain looks right to the flaw.
fn chained(flaw: Flaw, keys: &KeySet, token: &Token<'_>, alg: Alg) -> Option<Vec<Arc<Key>>> {
    let chain = token.header.get("x5c")?.as_array()?;
    let chain: Vec<Vec<u8>> = chain.iter().filter_map(|text| STANDARD.decode(text.as_str()?).ok()).collect();
    let trusted: Vec<Vec<u8>> = keys.all().filter_map(served_chain).flatten().collect();
    let first = chain.first()?;
    let looks_right = match flaw {
        Flaw::X5cNamesCompared => {
            let genuine = keys.all().filter_map(|key| forms::certificate(key));
            let wanted = names(first)?;
            genuine.filter_map(|der| names(&der)).any(|own| own == wanted)
        }
        _ => chain[1..].iter().any(|der| trusted.contains(der)),
    };
    looks_right.then_some(())?;
    Some(vec![Arc::new(key_inside(first, alg.family())?)])
}

/// All certificates that the key set holds for a key.
fn served_chain(key: &Arc<Key>) -> Option<Vec<Vec<u8>>> {
    let chain = key.jwk.get("x5c")?.as_array()?;
    Some(chain.iter().filter_map(|text| STANDARD.decode(text.as_str()?).ok()).collect())
}

/// Issuer and subject of a certificate (RFC 5280 section 4.1): the second and the fourth sequence behind the serial
/// number.
fn names(certificate: &[u8]) -> Option<[Vec<u8>; 2]> {
    let inside = |der: &[u8]| -> Option<Vec<u8>> {
        let whole = element(der)?;
        let head = if whole.get(1)? & 0x80 == 0 { 2 } else { 2 + usize::from(whole[1] & 0x7f) };
        Some(whole.get(head..)?.to_vec())
    };
    let to_be_signed = inside(&inside(certificate)?)?;
    let mut rest = to_be_signed.as_slice();
    let mut fields = Vec::new();
    while let Some(field) = element(rest) {
        fields.push(field.to_vec());
        rest = &rest[field.len()..];
    }
    // Version and serial number, then algorithm, issuer, validity, subject.
    Some([fields.get(3)?.clone(), fields.get(5)?.clone()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issuer_and_subject_are_found() {
        let certificate = rcgen::generate_simple_self_signed(["a.example".to_owned()]).unwrap();
        let [issuer, subject] = names(certificate.cert.der()).unwrap();
        assert_eq!(issuer, subject);
        assert!(String::from_utf8_lossy(&issuer).contains("rcgen"));
        assert_eq!(names(b"\x30\x00"), None);
    }

    #[test]
    fn addresses_are_read_as_the_flaws_read_them() {
        assert_eq!(misread_host("http://a:1@b/c"), Some("a:1"));
        assert!(is_below("http://a/issuer/x", "http://a/issuer"));
        assert!(
            !is_below("http://a/issuer/../x", "http://a/issuer") && !is_below("http://a/issuerx", "http://a/issuer")
        );
        assert_eq!(inside_data("data:text/plain;base64,YQ==").as_deref(), Some(&b"a"[..]));
    }
}
