//! The key cache: when it fetches, and what it keeps.

use super::{
    super::{
        Flaw, Server,
        keys::{KeyCache, Reach, Times},
        testing::*,
    },
    http::{fetching, live_token, show},
};
use crate::model::Alg;
use axum::{Router, extract::State, response::IntoResponse};
use serde_json::{Value, json};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::net::TcpListener;

/// An issuer's key set whose body the test changes and whose requests it counts.
#[derive(Clone, Default)]
struct Issuer {
    body: Arc<Mutex<(u16, String)>>,
    fetched: Arc<AtomicUsize>,
}

impl Issuer {
    async fn start(keys: &[Value]) -> (Issuer, String) {
        let issuer = Issuer::default();
        issuer.serve(keys);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://{}/jwks", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(issuer.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (issuer, uri)
    }

    fn serve(&self, keys: &[Value]) {
        self.say(200, &json!({ "keys": keys }).to_string());
    }

    fn say(&self, status: u16, body: &str) {
        *self.body.lock().unwrap() = (status, body.to_owned());
    }

    fn fetched(&self) -> usize {
        self.fetched.load(Ordering::SeqCst)
    }
}

async fn answer(State(issuer): State<Issuer>) -> impl IntoResponse {
    issuer.fetched.fetch_add(1, Ordering::SeqCst);
    let (status, body) = issuer.body.lock().unwrap().clone();
    (axum::http::StatusCode::from_u16(status).unwrap(), body)
}

const SLOW: Times = Times {
    lifetime: Duration::from_secs(300),
    cooldown: Duration::from_secs(300),
    timeout: Duration::from_secs(5),
    stale: None,
    careful: false,
};
const QUICK: Times = Times { lifetime: Duration::ZERO, cooldown: Duration::ZERO, ..SLOW };

fn cache(uri: &str, times: Times) -> KeyCache {
    KeyCache::new(None, &fetching(uri), times, &Reach::default()).unwrap()
}

#[tokio::test]
async fn keys_are_fetched_with_the_first_token_and_once_more_for_an_unknown_kid() {
    let (issuer, uri) = Issuer::start(&[jwk(Alg::Rs256)]).await;
    let server = Server::start(None, &fetching(&uri)).await.unwrap();
    assert_eq!(issuer.fetched(), 0);
    for _ in 0..3 {
        assert_eq!(show(&server, &live_token(Alg::Rs256)).await.status, 200);
    }
    assert_eq!(issuer.fetched(), 1);
    issuer.serve(&[jwk(Alg::Rs256), jwk(Alg::Es256)]);
    assert_eq!(show(&server, &live_token(Alg::Es256)).await.status, 200);
    for _ in 0..5 {
        assert_eq!(show(&server, &live_token(Alg::EdDsa)).await.status, 401);
    }
    assert_eq!(issuer.fetched(), 2, "the pause holds");
    server.stop().await;
}

#[tokio::test]
async fn many_tokens_at_once_cause_one_fetch() {
    let (issuer, uri) = Issuer::start(&[jwk(Alg::Rs256)]).await;
    let server = Arc::new(Server::start(None, &fetching(&uri)).await.unwrap());
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let server = server.clone();
        tasks.spawn(async move { show(&server, &live_token(Alg::Rs256)).await.status });
    }
    assert!(tasks.join_all().await.iter().all(|status| *status == 200));
    assert_eq!(issuer.fetched(), 1);
}

#[tokio::test]
async fn a_broken_or_empty_set_never_replaces_a_good_one() {
    let (issuer, uri) = Issuer::start(&[jwk(Alg::Rs256)]).await;
    let cache = cache(&uri, QUICK);
    assert_eq!(cache.current().await.all().count(), 1);
    let long = format!("{{\"keys\":[],\"x\":\"{}\"}}", "x".repeat(1 << 20));
    for (status, body) in [
        (200, ""),
        (200, "{}"),
        (200, "[]"),
        (200, r#"{"keys":[]}"#),
        (200, r#"{"keys":[{"kty":"AKP"}]}"#),
        (200, "<html>"),
        (500, r#"{"keys":[]}"#),
        (302, ""),
        (200, &long),
    ] {
        issuer.say(status, body);
        assert_eq!(cache.current().await.all().count(), 1, "{status} {:.20}", body);
    }
    assert_eq!(issuer.fetched(), 10);
    issuer.serve(&[jwk(Alg::Rs256), json!(null), json!({ "kty": "RSA" }), jwk(Alg::Es256)]);
    assert_eq!(cache.current().await.all().count(), 2, "malformed members are skipped");
}

#[tokio::test]
async fn failures_count_for_the_pause_too() {
    let (issuer, uri) = Issuer::start(&[]).await;
    let cache = cache(&uri, SLOW);
    for _ in 0..5 {
        let keys = cache.current().await;
        assert!(keys.is_empty());
        assert!(cache.newer_than(&keys).await.is_none());
    }
    assert_eq!(issuer.fetched(), 1);
}

#[tokio::test]
async fn an_issuer_that_hangs_costs_the_time_limit_and_not_the_keys() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}/", silent.local_addr().unwrap());
    let hurried = Times { timeout: Duration::from_millis(200), ..SLOW };
    let mut trust = fetching(&uri);
    trust.algorithms.push(Alg::Hs256);
    trust.keys = json!({ "keys": [jwk(Alg::Hs256)] });
    let server = Server::start_with(None, &trust, hurried, &Reach::default()).await.unwrap();
    assert_eq!(show(&server, &live_token(Alg::Hs256)).await.status, 200, "its own secret needs no fetch to succeed");
    assert_eq!(show(&server, &live_token(Alg::Rs256)).await.status, 401);
    server.stop().await;
}

#[tokio::test]
async fn a_symmetric_key_in_the_fetched_set_is_never_used() {
    let (_issuer, uri) = Issuer::start(&[jwk(Alg::Rs256), jwk(Alg::Hs256)]).await;
    let mut trust = fetching(&uri);
    trust.algorithms.push(Alg::Hs256);
    let server = Server::start(None, &trust).await.unwrap();
    assert_eq!(show(&server, &live_token(Alg::Hs256)).await.status, 401, "not even where HMAC is allowed");
    assert_eq!(show(&server, &live_token(Alg::Rs256)).await.status, 200);
    server.stop().await;
}

#[tokio::test]
async fn one_that_never_fetches_refuses_all() {
    let (issuer, uri) = Issuer::start(&[jwk(Alg::Rs256)]).await;
    let server = Server::start(Some(Flaw::NeverFetchesKeys), &fetching(&uri)).await.unwrap();
    assert_eq!(show(&server, &live_token(Alg::Rs256)).await.status, 401);
    assert_eq!(issuer.fetched(), 0);
    server.stop().await;
}
