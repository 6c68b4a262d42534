//! Our side as a target sees it: over real sockets.

use super::*;
use crate::model::{Alg, verdict::Endpoint};
use reqwest::{Client, Method, Response, StatusCode, header};
use serde_json::Value;
use std::{collections::BTreeMap, net::SocketAddr, time::Duration};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    time::timeout,
};

const KEYS: &[u8] = br#"{"keys":[{"kid":"good"}]}"#;
const ROGUE_KEYS: &[u8] = br#"{"keys":[{"kid":"rogue"}]}"#;

fn documents() -> Documents {
    Documents {
        jwks: KEYS.to_vec(),
        rogue_jwks: ROGUE_KEYS.to_vec(),
        algorithms: vec![Alg::Rs256, Alg::Es256],
        headers: BTreeMap::new(),
    }
}

async fn testbed() -> Testbed {
    Testbed::start(&Options::default(), documents()).await.unwrap()
}

fn client() -> Client {
    Client::builder().no_proxy().timeout(Duration::from_secs(5)).build().unwrap()
}

async fn get(url: &str) -> Response {
    client().get(url).header(header::USER_AGENT, "probe/1").send().await.unwrap()
}

async fn json(url: &str) -> Value {
    get(url).await.json().await.unwrap()
}

fn root(testbed: &Testbed) -> String {
    testbed.world().issuer.trim_end_matches("/issuer").to_owned()
}

fn port(testbed: &Testbed) -> u16 {
    url::Url::parse(&testbed.world().issuer).unwrap().port().unwrap()
}

#[tokio::test]
async fn metadata_names_the_issuer_and_its_keys() {
    let testbed = testbed().await;
    let world = testbed.world().clone();
    let metadata = json(&world.discovery).await;
    assert_eq!(metadata["issuer"], world.issuer);
    assert_eq!(metadata["jwks_uri"], world.jwks_uri);
    assert_eq!(metadata["id_token_signing_alg_values_supported"], serde_json::json!(["RS256", "ES256"]));
    assert_eq!(json(&format!("{}/.well-known/oauth-authorization-server/issuer", root(&testbed))).await, metadata);
    for required in ["authorization_endpoint", "token_endpoint", "response_types_supported", "subject_types_supported"]
    {
        assert!(!metadata[required].is_null(), "{required}");
    }
    assert_eq!(testbed.journal().count(Endpoint::Discovery), 2);
}

#[tokio::test]
async fn the_key_set_is_cacheable_and_confirms_what_a_client_has() {
    let testbed = testbed().await;
    let address = testbed.world().jwks_uri.clone();
    let first = get(&address).await;
    assert_eq!(first.headers()[header::CONTENT_TYPE], "application/json");
    assert!(first.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("max-age="));
    let tag = first.headers()[header::ETAG].clone();
    assert_eq!(first.bytes().await.unwrap(), KEYS);

    let again = || client().get(&address).header(header::IF_NONE_MATCH, tag.clone()).send();
    let second = again().await.unwrap();
    assert_eq!(second.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(second.headers()[header::ETAG], tag);
    assert_eq!(second.bytes().await.unwrap().len(), 0);

    let headers = BTreeMap::from([("Cache-Control".into(), "no-store".into())]);
    testbed.publish(&ServedSet { body: b"{}".to_vec(), headers, ..ServedSet::default() }).unwrap();
    let third = again().await.unwrap();
    assert_eq!(third.status(), StatusCode::OK);
    assert_eq!(third.headers()[header::CACHE_CONTROL], "no-store");
    assert_eq!(third.bytes().await.unwrap(), "{}");
    assert_eq!(testbed.journal().count(Endpoint::Jwks), 3);
}

#[tokio::test]
async fn a_key_set_is_answered_as_its_file_says() {
    let testbed = testbed().await;
    let address = testbed.world().jwks_uri.clone();
    let set = || ServedSet { body: KEYS.to_vec(), ..ServedSet::default() };
    let plain = get(&address).await;
    assert_eq!(plain.headers()[header::CONTENT_LENGTH], KEYS.len().to_string().as_str());

    testbed.publish(&ServedSet { chunked: true, ..set() }).unwrap();
    let chunked = get(&address).await;
    assert_eq!(chunked.headers()[header::TRANSFER_ENCODING], "chunked");
    assert!(!chunked.headers().contains_key(header::CONTENT_LENGTH));
    assert_eq!(chunked.bytes().await.unwrap(), KEYS);

    let headers = BTreeMap::from([("Content-Type".into(), String::new())]);
    testbed.publish(&ServedSet { headers, ..set() }).unwrap();
    assert!(!get(&address).await.headers().contains_key(header::CONTENT_TYPE));

    for status in [204, 304, 404] {
        testbed.publish(&ServedSet { status: Some(status), ..set() }).unwrap();
        let answer = client().get(&address).header(header::IF_NONE_MATCH, "*").send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status);
        assert_eq!(answer.bytes().await.unwrap().is_empty(), status != 404, "{status}");
    }
    for status in [100, 7, 1000] {
        let published = testbed.publish(&ServedSet { status: Some(status), ..set() });
        assert!(matches!(published, Err(IssuerError::Status)), "{status}");
    }
}

#[tokio::test]
async fn a_document_is_only_read() {
    let testbed = testbed().await;
    let address = testbed.world().jwks_uri.clone();
    let posted = client().post(&address).body("x").send().await.unwrap();
    assert_eq!(posted.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(posted.headers()[header::ALLOW], "GET, HEAD");
    let head = client().head(&address).send().await.unwrap();
    assert_eq!(head.headers()[header::CONTENT_LENGTH], KEYS.len().to_string().as_str());
    assert_eq!(testbed.journal().count(Endpoint::Jwks), 2);
}

#[tokio::test]
async fn the_rogue_issuer_serves_keys_of_its_own() {
    let testbed = testbed().await;
    let rogue = testbed.world().rogue_issuer.clone();
    let metadata = json(&format!("{rogue}/.well-known/openid-configuration")).await;
    assert_eq!(metadata["issuer"], rogue);
    assert_eq!(get(metadata["jwks_uri"].as_str().unwrap()).await.bytes().await.unwrap(), ROGUE_KEYS);
    let counts = [Endpoint::RogueDiscovery, Endpoint::RogueJwks].map(|endpoint| testbed.journal().count(endpoint));
    assert_eq!(counts, [1, 1]);
}

#[tokio::test]
async fn a_planted_address_is_attributed_and_leads_to_rogue_keys() {
    let testbed = testbed().await;
    let planted = canary_url(testbed.world(), "n1");
    let metadata = json(&format!("{planted}/tenant/.well-known/openid-configuration")).await;
    assert_eq!(metadata["issuer"], format!("{planted}/tenant"));
    assert_eq!(get(metadata["jwks_uri"].as_str().unwrap()).await.bytes().await.unwrap(), ROGUE_KEYS);
    let anything = client().request(Method::PUT, format!("{planted}/x?y=1")).body("z").send().await.unwrap();
    assert_eq!(anything.status(), StatusCode::OK);
    get(&canary_url(testbed.world(), "n2")).await;

    let seen: Vec<(String, String)> =
        testbed.journal().by_nonce("n1").into_iter().map(|fetch| (fetch.method, fetch.path)).collect();
    let wanted = [
        ("GET", "/canary/n1/tenant/.well-known/openid-configuration"),
        ("GET", "/canary/n1/tenant/jwks.json"),
        ("PUT", "/canary/n1/x?y=1"),
    ];
    assert_eq!(seen, wanted.map(|(method, path)| (method.to_owned(), path.to_owned())));
    assert_eq!(testbed.journal().by_nonce("n2")[0].user_agent.as_deref(), Some("probe/1"));
    assert_eq!(testbed.journal().count(Endpoint::Canary), 4);
}

#[tokio::test]
async fn anything_else_is_not_found_but_noted_without_credentials() {
    let testbed = testbed().await;
    let elsewhere = client().get(format!("{}/admin", root(&testbed))).bearer_auth("s3cret").send().await.unwrap();
    assert_eq!(elsewhere.status(), StatusCode::NOT_FOUND);
    let all = testbed.journal().all();
    assert_eq!((all.len(), all[0].endpoint, all[0].path.as_str()), (1, Endpoint::Other, "/admin"));
    assert!(!format!("{:?}", testbed.journal()).contains("s3cret"));
}

#[tokio::test]
async fn a_public_url_moves_every_address_but_not_the_listener() {
    let probe = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = probe.local_addr().unwrap().port();
    drop(probe);
    let options = Options { port, public_url: Some("https://tunnel.example/t".into()), ..Options::default() };
    let testbed = Testbed::start(&options, documents()).await.unwrap();
    assert_eq!(testbed.world().issuer, "https://tunnel.example/t/issuer");
    for path in ["/t/issuer/jwks.json", "/issuer/jwks.json"] {
        assert_eq!(get(&format!("http://127.0.0.1:{port}{path}")).await.bytes().await.unwrap(), KEYS, "{path}");
    }
    let metadata = json(&format!("http://127.0.0.1:{port}/issuer/.well-known/openid-configuration")).await;
    assert_eq!(metadata["jwks_uri"], "https://tunnel.example/t/issuer/jwks.json");
}

#[tokio::test]
async fn https_needs_our_authority() {
    let options = Options { https: true, public_url: None, ..Options::default() };
    let testbed = Testbed::start(&options, documents()).await.unwrap();
    let address = testbed.world().jwks_uri.clone();
    assert!(address.starts_with("https://127.0.0.1:"), "{address}");
    let ca_path = testbed.world().issuer_ca.clone().unwrap();
    let ca = reqwest::Certificate::from_pem(&std::fs::read(&ca_path).unwrap()).unwrap();
    let trusting = Client::builder().no_proxy().tls_certs_only([ca]).build().unwrap();
    // A client that never says hello holds up nobody.
    let _silent = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port(&testbed)))).await.unwrap();
    assert_eq!(trusting.get(&address).send().await.unwrap().bytes().await.unwrap(), KEYS);
    let by_name = address.replace("127.0.0.1", "localhost");
    assert_eq!(trusting.get(by_name).send().await.unwrap().status(), StatusCode::OK);

    assert!(client().get(&address).send().await.unwrap_err().is_connect());
    assert_eq!(trusting.get(&address).send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(testbed.journal().count(Endpoint::Jwks), 3);
    testbed.stop().await;
    assert!(!std::path::Path::new(&ca_path).exists());
}

#[tokio::test]
async fn a_port_in_use_is_an_error_that_names_it() {
    let holder = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = holder.local_addr().unwrap().port();
    let options = Options { port, ..Options::default() };
    let error = Testbed::start(&options, documents()).await.unwrap_err();
    assert!(error.to_string().starts_with(&format!("cannot listen on 127.0.0.1:{port}: ")), "{error}");
}

#[tokio::test]
async fn stopping_is_bounded_and_frees_the_port() {
    let testbed = testbed().await;
    let address = SocketAddr::from(([127, 0, 0, 1], port(&testbed)));
    let mut stuck = TcpStream::connect(address).await.unwrap();
    stuck.write_all(b"GET /issuer/jwks.json HTTP/1.1\r\nHost: x\r\n").await.unwrap();
    get(&testbed.world().jwks_uri).await;
    timeout(Duration::from_secs(5), testbed.stop()).await.expect("stopping waits a second at most");
    TcpListener::bind(address).await.expect("the port is free again");
}

#[tokio::test]
async fn dropping_frees_the_port_too() {
    let testbed = testbed().await;
    let address = SocketAddr::from(([127, 0, 0, 1], port(&testbed)));
    drop(testbed);
    let freed = async {
        while TcpListener::bind(address).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(5), freed).await.expect("the listener goes away with the testbed");
}
