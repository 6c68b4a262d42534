//! Flaws that fetch: what they ask for, and what they do with it.

use super::super::{Flaw, testing::*};
use crate::model::Alg;
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

/// Serves discovery and keys of the attacker on loopback, and tells which paths were asked for.
fn attacker() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (asked, paths) = channel();
    let document = json!({ "issuer": base, "jwks_uri": format!("{base}/keys") }).to_string();
    let keys = json!({ "keys": [rogue(Alg::Rs256).jwk] }).to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut request = String::new();
            reader.read_line(&mut request).unwrap();
            let mut line = String::new();
            while reader.read_line(&mut line).unwrap() > 2 {
                line.clear();
            }
            let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
            let body = if path.contains("well-known") { &document } else { &keys };
            let answer =
                format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
            // The client may have gone, and so may the test.
            let _ = stream.write_all(answer.as_bytes());
            if asked.send(path).is_err() {
                return;
            }
        }
    });
    (base, paths)
}

fn next(paths: &Receiver<String>) -> Option<String> {
    paths.recv_timeout(Duration::from_secs(5)).ok()
}

fn forged(header: String, payload: &str) -> String {
    rogue(Alg::Rs256).token(Alg::Rs256, &header, payload)
}

#[test]
fn addresses_in_the_header_are_followed_only_by_flaws() {
    let (base, paths) = attacker();
    let jku = forged(header_with("jku", json!(format!("{base}/jku"))), &claims().to_string());
    let x5u = signed(&header_with("x5u", json!(format!("{base}/x5u"))), &claims().to_string());
    let kid = forged(header_with("kid", json!(format!("{base}/kid"))), &claims().to_string());
    let strict = validator(None, &trust(USUAL, "JWT"));
    for (flaw, token, by_flaw, by_strict, path) in [
        (Flaw::JkuUsed, jku.clone(), true, false, "/jku"),
        (Flaw::JkuFetched, jku, false, false, "/jku"),
        (Flaw::X5uFetched, x5u, true, true, "/x5u"),
        (Flaw::KidUrlFetched, kid, false, false, "/kid"),
    ] {
        assert_eq!(accepts(&strict, &token), by_strict, "{flaw}");
        assert!(paths.try_recv().is_err(), "strict fetches nothing");
        assert_eq!(accepts(&validator(Some(flaw), &trust(USUAL, "JWT")), &token), by_flaw, "{flaw}");
        assert_eq!(next(&paths).as_deref(), Some(path), "{flaw}");
    }
}

#[test]
fn addresses_that_only_resemble_trusted_ones_are_followed_only_by_flaws() {
    let (base, paths) = attacker();
    let host = base.trim_start_matches("http://");
    let mut trust = trust(USUAL, "JWT");
    trust.issuer = format!("{base}/issuer");
    let claims = claims_with("iss", json!(trust.issuer));
    let jku = |address: String| forged(header_with("jku", json!(address)), &claims);
    let kid = |name: String| forged(header_with("kid", json!(name)), &claims);
    let mut tenant: Value = serde_json::from_str(&claims).unwrap();
    tenant["tid"] = "../other".into();
    let strict = validator(None, &trust);
    for (flaw, token, taken, path) in [
        (Flaw::JkuPrefixAllowed, jku(format!("{base}/issuer/../other")), true, "/other"),
        (Flaw::JkuSubstringAllowed, jku(format!("{base}/other?{base}/issuer/jwks.json")), true, "/other?"),
        (Flaw::JkuHostMisread, jku(format!("http://{host}@{host}/other")), true, "/other"),
        (Flaw::JkuRedirectFollowed, jku(format!("{base}/issuer/other")), true, "/issuer/other"),
        (Flaw::KeySetTemplated, forged(header_with("x", json!(1)), &tenant.to_string()), true, "/other/jwks.json"),
        (Flaw::KidCommandRun, kid(format!("x; curl {base}/ran")), false, "/ran"),
        (Flaw::KidTemplateRun, kid(format!("${{url:UTF-8:{base}/ran}}")), false, "/ran"),
    ] {
        assert!(!accepts(&strict, &token), "{flaw}");
        assert!(paths.try_recv().is_err(), "strict fetches nothing");
        assert_eq!(accepts(&validator(Some(flaw), &trust), &token), taken, "{flaw}");
        assert!(next(&paths).is_some_and(|asked| asked.starts_with(path)), "{flaw}");
    }
}

#[test]
fn keys_of_an_unlisted_issuer_are_fetched_only_by_the_flaw() {
    let (base, paths) = attacker();
    let token = forged(header_with("kid", Value::Null), &claims_with("iss", json!(base)));
    assert!(!accepts(&validator(None, &trust(USUAL, "JWT")), &token));
    assert!(paths.try_recv().is_err());
    assert!(accepts(&validator(Some(Flaw::IssDiscovery), &trust(USUAL, "JWT")), &token));
    assert_eq!(next(&paths).as_deref(), Some("/.well-known/openid-configuration"));
    assert_eq!(next(&paths).as_deref(), Some("/keys"));
    let ours = claiming(&claims_with("iss", json!(base)));
    assert!(!accepts(&validator(Some(Flaw::IssDiscovery), &trust(USUAL, "JWT")), ours), "our key is not theirs");
}

#[test]
fn an_address_that_never_answers_costs_two_seconds_at_most() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let jku = format!("http://{}/", silent.local_addr().unwrap());
    let token = forged(header_with("jku", json!(jku)), &claims().to_string());
    let started = std::time::Instant::now();
    assert!(!accepts(&validator(Some(Flaw::JkuUsed), &trust(USUAL, "JWT")), token));
    assert!(started.elapsed() < Duration::from_secs(10));
}
