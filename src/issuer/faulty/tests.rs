//! Each fault on real sockets, as a client sees it.

mod answers;

use super::*;
use crate::model::chaos::{Fault, FaultRule, Scale};
use reqwest::{Client, StatusCode, redirect::Policy};
use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

const SET: &str = r#"{"keys":[{"kty":"EC","kid":"k1","crv":"P-256","x":"AQ","y":"AQ"}]}"#;
const ATTACKER: &str = r#"{"keys":[{"kty":"EC","kid":"evil","crv":"P-256","x":"Ag","y":"Ag"}]}"#;
/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

fn stock(elsewhere: &str) -> Arc<Stock> {
    let materials = Materials {
        attacker: ATTACKER.into(),
        foreign: br#"{"keys":[]}"#.to_vec(),
        oct_jwk: r#"{"kty":"oct","kid":"o","k":"AQ"}"#.into(),
        private_jwk: r#"{"kty":"EC","kid":"p","d":"AQ"}"#.into(),
        elsewhere: elsewhere.into(),
    };
    Arc::new(Stock::new(SET.into(), materials, Some(300)))
}

fn endpoint() -> Endpoint {
    endpoint_with(stock("http://elsewhere.invalid"), None)
}

fn endpoint_with(stock: Arc<Stock>, tls: Option<Arc<TlsKit>>) -> Endpoint {
    Endpoint::start(SocketAddr::from(([127, 0, 0, 1], 0)), Place::KeySet, stock, tls, 7).unwrap()
}

fn begin(endpoint: &Endpoint, fault: &str) -> FaultId {
    begin_rule(endpoint, FaultRule::always(read(fault)))
}

fn begin_rule(endpoint: &Endpoint, rule: FaultRule) -> FaultId {
    endpoint.begin(rule, Scale::SHORT.symbols())
}

fn read(fault: &str) -> Fault {
    serde_json::from_str(fault).unwrap_or_else(|error| panic!("{fault}: {error}"))
}

fn url(endpoint: &Endpoint) -> String {
    format!("http://{}/issuer/jwks.json", endpoint.address())
}

/// It shows bodies as they were sent.
fn client() -> Client {
    Client::builder().no_proxy().no_gzip().timeout(PATIENCE).redirect(Policy::none()).build().unwrap()
}

/// Status and body, or what went wrong.
async fn get(endpoint: &Endpoint) -> Result<(u16, String), String> {
    get_at(&client(), &url(endpoint)).await
}

async fn get_at(client: &Client, url: &str) -> Result<(u16, String), String> {
    let answer = client.get(url).send().await.map_err(|error| format!("{error:?}"))?;
    let status = answer.status().as_u16();
    Ok((status, answer.text().await.map_err(|error| format!("{error:?}"))?))
}

/// Everything that comes back on a connection of its own, up to its end.
async fn raw(endpoint: &Endpoint) -> (Vec<u8>, Option<std::io::ErrorKind>) {
    let mut tcp = TcpStream::connect(endpoint.address()).await.unwrap();
    let request = "GET /issuer/jwks.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let mut all = Vec::new();
    if let Err(error) = tcp.write_all(request.as_bytes()).await {
        return (all, Some(error.kind()));
    }
    let end = timeout(PATIENCE, tcp.read_to_end(&mut all)).await.unwrap();
    (all, end.err().map(|error| error.kind()))
}

fn good() -> Result<(u16, String), String> {
    Ok((200, SET.into()))
}

#[tokio::test]
async fn in_good_health_it_answers_conditional_requests_and_says_how_long_to_keep() {
    let endpoint = endpoint();
    let answer = client().get(url(&endpoint)).send().await.unwrap();
    assert_eq!(answer.headers()["cache-control"], "public, max-age=300");
    let tag = answer.headers()["etag"].clone();
    assert_eq!(answer.text().await.unwrap(), SET);
    let ask = |tag: reqwest::header::HeaderValue| client().get(url(&endpoint)).header("If-None-Match", tag).send();
    let known = ask(tag.clone()).await.unwrap();
    assert_eq!((known.status(), known.headers()["etag"].clone()), (StatusCode::NOT_MODIFIED, tag.clone()));
    endpoint.stock().publish(ATTACKER.into());
    assert_eq!(ask(tag).await.unwrap().status(), StatusCode::OK);
    assert_eq!(client().get(format!("http://{}/other", endpoint.address())).send().await.unwrap().status(), 404);
    assert_eq!(client().post(url(&endpoint)).send().await.unwrap().status(), 405);
    let log = endpoint.log().all();
    assert_eq!(log.len(), 4, "what is not there is no fetch");
    assert!(log[0].honest && log[1].honest && log[1].headers.iter().any(|line| line.starts_with("if-none-match")));
    assert!(log.iter().all(|entry| entry.ended == Ended::Answered && entry.until.is_some()));
}

#[tokio::test]
async fn refused_means_that_nobody_listens_and_the_port_stays_ours() {
    let endpoint = endpoint();
    let pooled = client();
    assert_eq!(get_at(&pooled, &url(&endpoint)).await, good());
    let fault = begin(&endpoint, r#""refuse""#);
    let refused = async {
        while TcpStream::connect(endpoint.address()).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, refused).await.expect("connections are refused");
    assert!(get_at(&pooled, &url(&endpoint)).await.is_err(), "the pooled connection is gone as well");
    assert!(std::net::TcpListener::bind(endpoint.address()).is_err(), "nobody can take the port");
    endpoint.end(fault);
    let back = async { while get(&endpoint).await != good() {} };
    timeout(PATIENCE, back).await.expect("it listens again at the same address");
}

#[tokio::test]
async fn a_black_hole_swallows_connections() {
    let endpoint = endpoint();
    begin(&endpoint, r#""blackhole""#);
    // A listener that takes nobody from its queue still lets some connections in; then packets vanish.
    let mut kept = Vec::new();
    let vanished = async {
        loop {
            match timeout(Duration::from_millis(300), TcpStream::connect(endpoint.address())).await {
                Ok(Ok(tcp)) => kept.push(tcp),
                Ok(Err(_)) => tokio::task::yield_now().await,
                Err(_) => return,
            }
        }
    };
    timeout(PATIENCE, vanished).await.expect("a connection attempt gets no answer");
    assert_eq!(endpoint.log().count(), 0);
    endpoint.heal();
    timeout(PATIENCE, async { while get(&endpoint).await != good() {} }).await.expect("it comes back");
}

#[tokio::test]
async fn connections_are_reset_at_once_or_within_the_answer_or_closed_without_one() {
    let endpoint = endpoint();
    let fault = begin(&endpoint, r#""reset""#);
    let (bytes, _) = raw(&endpoint).await;
    assert!(bytes.is_empty());
    assert_eq!(endpoint.log().all()[0].ended, Ended::Broken);
    endpoint.end(fault);
    let fault = begin(&endpoint, r#"{"reset-after":40}"#);
    let (bytes, error) = raw(&endpoint).await;
    assert!(bytes.len() <= 40 && error.is_some(), "{bytes:?} {error:?}");
    endpoint.end(fault);
    begin(&endpoint, r#""half-close""#);
    assert_eq!(raw(&endpoint).await, (Vec::new(), None));
    assert!(endpoint.log().all().iter().all(|entry| !entry.honest));
}

#[tokio::test]
async fn a_connection_that_is_used_again_is_killed() {
    let endpoint = endpoint();
    begin(&endpoint, r#""idle-kill""#);
    let mut tcp = TcpStream::connect(endpoint.address()).await.unwrap();
    let request = b"GET /issuer/jwks.json HTTP/1.1\r\nHost: x\r\n\r\n";
    tcp.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(SET.as_bytes()) {
        answer.push(timeout(PATIENCE, tcp.read_u8()).await.unwrap().unwrap());
    }
    tcp.write_all(request).await.unwrap();
    let mut rest = Vec::new();
    let end = timeout(PATIENCE, tcp.read_to_end(&mut rest)).await.unwrap();
    assert!(end.is_err() && rest.is_empty());
}

#[tokio::test]
async fn connections_beyond_a_number_are_reset() {
    let endpoint = endpoint();
    begin(&endpoint, r#"{"connections":1}"#);
    let _first = TcpStream::connect(endpoint.address()).await.unwrap();
    timeout(PATIENCE, async {
        while endpoint.open() == 0 {
            tokio::task::yield_now().await
        }
    })
    .await
    .unwrap();
    assert!(raw(&endpoint).await.0.is_empty());
}

#[tokio::test]
async fn a_flapping_door_opens_and_closes_by_itself() {
    let endpoint = endpoint();
    begin(&endpoint, r#"{"flap":{"up":"150ms","down":"150ms"}}"#);
    let mut seen = [false; 2];
    let both = async {
        while seen != [true, true] {
            seen[usize::from(get(&endpoint).await == good())] = true;
        }
    };
    timeout(PATIENCE, both).await.expect("it works and fails by turns");
}

#[tokio::test]
async fn a_request_hangs_until_the_fault_ends_or_the_client_goes() {
    let endpoint = endpoint();
    for fault in [r#""hang""#, r#""hang-after-headers""#, r#""drip-headers""#] {
        let before = endpoint.log().count();
        let fault = begin(&endpoint, fault);
        let asking = tokio::spawn({
            let (client, url) = (client(), url(&endpoint));
            async move { get_at(&client, &url).await }
        });
        let arrived = async {
            while endpoint.log().count() == before {
                tokio::task::yield_now().await
            }
        };
        timeout(PATIENCE, arrived).await.unwrap();
        assert_eq!(endpoint.log().all()[before].ended, Ended::Open);
        endpoint.end(fault);
        assert!(timeout(PATIENCE, asking).await.unwrap().unwrap().is_err());
        assert_eq!(endpoint.log().all()[before].ended, Ended::Broken);
    }
    begin(&endpoint, r#""hang""#);
    let before = endpoint.log().count();
    let impatient = Client::builder().no_proxy().timeout(Duration::from_millis(200)).build().unwrap();
    assert!(get_at(&impatient, &url(&endpoint)).await.is_err());
    let noticed = async {
        while endpoint.log().all()[before].ended != Ended::Abandoned {
            tokio::task::yield_now().await
        }
    };
    timeout(PATIENCE, noticed).await.expect("the log says that the client left");
}

#[tokio::test]
async fn answers_come_late_or_slowly() {
    let endpoint = endpoint();
    for (fault, least) in [
        (r#"{"latency":"150ms"}"#, 150),
        (r#"{"latency-between":{"from":"120ms","to":"180ms"}}"#, 120),
        (r#"{"latency-ramp":{"from":"150ms","to":"0","over":"1h"}}"#, 140),
        (r#"{"drip":400}"#, 1000 * SET.len() as u64 / 400 - 50),
        (r#"{"bandwidth":400}"#, 100),
    ] {
        let fault_id = begin(&endpoint, fault);
        let start = Instant::now();
        assert_eq!(get(&endpoint).await, good(), "{fault}");
        assert!(start.elapsed() >= Duration::from_millis(least), "{fault}: {:?}", start.elapsed());
        endpoint.end(fault_id);
    }
    assert!(endpoint.log().all().iter().all(|entry| entry.honest), "late is not wrong");
}

#[tokio::test]
async fn a_client_that_checks_its_peer_takes_nothing_from_a_bad_one() {
    let kit = Arc::new(TlsKit::make([127, 0, 0, 1].into(), "127.0.0.1").unwrap());
    let endpoint = endpoint_with(stock(""), Some(Arc::clone(&kit)));
    let url = format!("https://{}/issuer/jwks.json", endpoint.address());
    let ca = reqwest::Certificate::from_pem(kit.ca_pem().as_bytes()).unwrap();
    let careful = || Client::builder().no_proxy().timeout(PATIENCE).tls_certs_only([ca.clone()]).build().unwrap();
    let careless =
        || Client::builder().no_proxy().timeout(PATIENCE).tls_danger_accept_invalid_certs(true).build().unwrap();
    assert_eq!(get_at(&careful(), &url).await, good());
    for fault in ["expired", "wrong-host", "unknown-ca", "incomplete-chain"] {
        let fault_id = begin(&endpoint, &format!(r#"{{"tls":"{fault}"}}"#));
        assert!(get_at(&careful(), &url).await.is_err(), "{fault}");
        assert_eq!(get_at(&careless(), &url).await, Ok((200, ATTACKER.into())), "{fault}");
        endpoint.end(fault_id);
    }
    for fault in ["alert", "plaintext", "old-version"] {
        let fault_id = begin(&endpoint, &format!(r#"{{"tls":"{fault}"}}"#));
        assert!(get_at(&careful(), &url).await.is_err() && get_at(&careless(), &url).await.is_err(), "{fault}");
        endpoint.end(fault_id);
    }
    begin(&endpoint, r#"{"tls":"stall"}"#);
    let impatient =
        Client::builder().no_proxy().timeout(Duration::from_millis(300)).tls_certs_only([ca.clone()]).build().unwrap();
    assert!(get_at(&impatient, &url).await.is_err());
    endpoint.heal();
    assert_eq!(get_at(&careful(), &url).await, good());
}

#[tokio::test]
async fn a_connection_that_is_kept_does_not_hide_what_only_a_handshake_meets() {
    let kit = Arc::new(TlsKit::make([127, 0, 0, 1].into(), "127.0.0.1").unwrap());
    let endpoint = endpoint_with(stock(""), Some(Arc::clone(&kit)));
    let url = format!("https://{}/issuer/jwks.json", endpoint.address());
    let ca = reqwest::Certificate::from_pem(kit.ca_pem().as_bytes()).unwrap();
    let client = Client::builder().no_proxy().timeout(PATIENCE).tls_certs_only([ca]).build().unwrap();
    assert_eq!(get_at(&client, &url).await, good());
    let fault_id = begin(&endpoint, r#"{"tls":"expired"}"#);
    assert!(get_at(&client, &url).await.is_err());
    endpoint.end(fault_id);
    assert_eq!(get_at(&client, &url).await, good());
}

#[tokio::test]
async fn the_old_address_of_a_key_set_that_was_moved_goes_its_own_way() {
    let endpoint = endpoint();
    let moved = format!("http://{}/moved/jwks.json", endpoint.address());
    let fault_id = begin(&endpoint, r#"{"old-address":"frozen"}"#);
    endpoint.stock().publish(b"{}".to_vec());
    assert_eq!(get(&endpoint).await, good());
    assert_eq!(get_at(&client(), &moved).await, Ok((200, "{}".into())));
    endpoint.end(fault_id);
    begin(&endpoint, r#"{"old-address":"gone"}"#);
    assert_eq!(get(&endpoint).await.map(|(status, _)| status), Ok(410));
    assert_eq!(get_at(&client(), &moved).await, Ok((200, "{}".into())));
}

#[tokio::test]
async fn a_fault_of_one_instance_leaves_the_others_alone() {
    let endpoint = endpoint();
    begin_rule(&endpoint, FaultRule { instance: Some(2), ..FaultRule::always(read(r#""half-close""#)) });
    let of = |instance: u32| format!("http://{}/issuer/instance-{instance}/jwks.json", endpoint.address());
    assert_eq!(get_at(&client(), &of(1)).await, good());
    assert!(get_at(&client(), &of(2)).await.is_err());
    assert_eq!(get(&endpoint).await, good());
    let seen: Vec<_> = endpoint.log().all().iter().map(FetchEntry::instance).collect();
    assert_eq!(seen, [Some(1), Some(2), None]);
}
