//! Flaws in keeping a key set, and in the answer that brings it.

use super::{
    super::{
        Flaw, Server,
        fetch::Answer as Fetched,
        flawed_answer::{self, Verdict},
        jwks::KeySet,
        testing::*,
    },
    http::{live, live_token, show},
};
use crate::{
    model::{Alg, TrustConfig},
    target::protocol::Validator,
};
use axum::{Router, response::IntoResponse};
use reqwest::{
    StatusCode,
    header::{HeaderMap, HeaderName},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// What the strict validator and a flawed one say to a token, after one key set and then another.
fn after(flaw: Flaw, before: &Value, then: &Value, token: &str) -> [bool; 2] {
    [None, Some(flaw)].map(|flaw| {
        let trusting = |member: &Value| TrustConfig { keys: json!({ "keys": [member] }), ..trust(USUAL, "JWT") };
        let mut validator = validator(flaw, &trusting(before));
        validator.configure(&trusting(then));
        accepts(&validator, token)
    })
}

#[test]
fn only_flaws_keep_what_a_newer_set_no_longer_says() {
    let mine = jwk(Alg::Rs256);
    let mut theirs = rogue(Alg::Rs256).jwk.clone();
    assert_eq!(after(Flaw::RemovedKeyKept, &mine, &jwk(Alg::Es256), &good(Alg::Rs256)), [false, true]);
    theirs["kid"] = json!(kid(Alg::Rs256));
    assert_eq!(after(Flaw::RemovedKeyKept, &mine, &theirs, &good(Alg::Rs256)), [false, false]);
    assert_eq!(after(Flaw::SwappedKeyKept, &mine, &theirs, &good(Alg::Rs256)), [false, true]);
    let forged = rogue(Alg::Rs256).token(Alg::Rs256, &header(Alg::Rs256).to_string(), &claims().to_string());
    assert_eq!(after(Flaw::SwappedKeyKept, &mine, &theirs, &forged), [true, false]);
}

fn fetched(fields: &[(&str, &str)], body: &str) -> Fetched {
    let field = |(name, value): &(&str, &str)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
    let headers: HeaderMap = fields.iter().map(field).collect();
    Fetched { status: StatusCode::OK, headers, measured: true, body: body.into(), is_whole: true }
}

#[test]
fn each_flaw_stumbles_over_its_own_kind_of_answer() {
    const SET: &str = r#"{"keys":[]}"#;
    let kinds = [
        (Flaw::JsonLabelRequired, fetched(&[("content-type", "application/jwk-set+json")], SET)),
        (Flaw::NoStoreUnusable, fetched(&[("content-type", "application/json"), ("cache-control", "no-store")], SET)),
        (Flaw::LengthRequired, Fetched { measured: false, ..fetched(&[("content-type", "application/json")], SET) }),
        (Flaw::BrokenSetCrashes, fetched(&[("content-type", "application/json")], "<html>")),
        (
            Flaw::HugeSetCrashes,
            fetched(&[("content-type", "application/json")], &format!("{SET}{}", " ".repeat(1 << 19))),
        ),
        (
            Flaw::NotModifiedCrashes,
            Fetched { status: StatusCode::NOT_MODIFIED, ..fetched(&[("content-type", "application/json")], SET) },
        ),
    ];
    for (flaw, answer) in &kinds {
        for (other, _) in &kinds {
            let usual = matches!(flawed_answer::read(*other, answer, true), Verdict::Usual);
            assert_eq!(usual, flaw != other, "{other}, shown what is for {flaw}");
        }
    }
    let marked = fetched(&[], &format!("\u{feff}{SET}"));
    assert!(
        matches!(flawed_answer::read(Flaw::SetBomTolerated, &marked, true), Verdict::Body(body) if body == SET.as_bytes())
    );
}

#[test]
fn symmetric_keys_of_a_fetched_set_are_no_keys() {
    let body = json!({ "keys": [jwk(Alg::Hs256), jwk(Alg::Rs256)] }).to_string();
    let count = |flaw| KeySet::from_body(flaw, body.as_bytes()).unwrap().all().count();
    assert_eq!((count(None), count(Some(Flaw::OctInSetUsed))), (1, 2));
    let single = jwk(Alg::Rs256).to_string();
    let count = |flaw| KeySet::from_body(flaw, single.as_bytes()).unwrap().all().count();
    assert_eq!((count(None), count(Some(Flaw::SingleJwkTaken))), (0, 1));
}

/// The address of an issuer that says this.
async fn issuer(body: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}/jwks", listener.local_addr().unwrap());
    let router = Router::new().fallback(move || async move { body.into_response() });
    tokio::spawn(async move { axum::serve(listener, router).await });
    uri
}

#[tokio::test]
async fn without_keys_everything_is_refused_but_for_flaws() {
    let forged = rogue(Alg::Rs256).token(Alg::Rs256, &header(Alg::Rs256).to_string(), &live().to_string());
    for (flaw, body, status) in [
        (None, r#"{"keys":[]}"#, 401),
        (None, "<html>", 401),
        (Some(Flaw::NoKeysUnchecked), r#"{"keys":[]}"#, 200),
        (Some(Flaw::NoKeysUnchecked), "<html>", 200),
        (Some(Flaw::BrokenSetCrashes), "<html>", 500),
    ] {
        let server = Server::start(flaw, &super::http::fetching(&issuer(body.into()).await)).await.unwrap();
        assert_eq!(show(&server, &forged).await.status, status, "{flaw:?}: {body}");
        server.stop().await;
    }
}

#[tokio::test]
async fn a_restarted_server_knows_only_the_new_set_and_an_expired_one_fetches_again() {
    let set = |alg| json!({ "keys": [jwk(alg)] }).to_string();
    let served = std::sync::Arc::new(std::sync::Mutex::new(set(Alg::Rs256)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}/jwks", listener.local_addr().unwrap());
    let says = std::sync::Arc::clone(&served);
    let router = Router::new().fallback(move || async move { says.lock().unwrap().clone() });
    tokio::spawn(async move { axum::serve(listener, router).await });
    let trust = super::http::fetching(&uri);
    let server = Server::start(None, &trust).await.unwrap();
    let token = live_token(Alg::Rs256);
    assert_eq!(show(&server, &token).await.status, 200);
    *served.lock().unwrap() = set(Alg::Es256);
    assert_eq!(show(&server, &token).await.status, 200, "the set that it holds is fresh");
    server.expire_keys();
    assert_eq!(show(&server, &token).await.status, 401);
    *served.lock().unwrap() = set(Alg::Rs256);
    server.restart(&trust);
    assert_eq!(show(&server, &token).await.status, 200);
    server.stop().await;
}
