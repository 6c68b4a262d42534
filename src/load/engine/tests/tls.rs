//! The engine against servers that speak TLS.

use super::*;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::aws_lc_rs,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use std::fs;

type Secure = StreamOwned<ServerConnection, TcpStream>;

/// An authority as a PEM file's text, and a server's configuration that it vouches for.
pub(super) fn authority() -> (String, Arc<ServerConfig>) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    let own = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let leaf = leaf.signed_by(&own, &Issuer::new(params, key)).unwrap();
    let own = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(own.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], own)
        .unwrap();
    (pem, Arc::new(config))
}

/// A server as over plain TCP, over TLS.
fn server(
    config: Arc<ServerConfig>,
    rule: impl Fn(usize, &str, &mut Secure) -> bool + Send + Sync + 'static,
) -> SocketAddr {
    let wrap = move |stream| StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream);
    serving(wrap, rule, |stream| {
        stream.conn.send_close_notify();
        let _ = stream.flush();
    })
}

fn verdict(head: &str) -> &'static str {
    if head.contains("Bearer good-") { YES } else { "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n" }
}

fn trusting(address: SocketAddr, ca: &str) -> (Wire, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    fs::write(&path, ca).unwrap();
    (wire_to(&format!("https://{address}/who"), "20s", json!({ "tls": { "ca": path } })), folder)
}

#[test]
fn every_token_is_judged_over_tls_whatever_becomes_of_connections() {
    let (ca, config) = authority();
    let address = server(config, |number, head, stream| {
        // In pieces, each of them a record of its own, and every fifth answer is the last one on its connection.
        let text = verdict(head).as_bytes();
        let said = text.chunks(9).all(|piece| stream.write_all(piece).and_then(|()| stream.flush()).is_ok());
        said && number % 5 != 4
    });
    let (wire, _folder) = trusting(address, &ca);
    let arena = arena(&wire, 50, 0);
    let (tally, _) = play(&wire, &arena, &order(Drive::Rate(Rate(100.0)), 1000));
    let [good, forged] = &tally.classes[..] else { panic!("two classes") };
    assert_eq!(good.accepted + forged.rejected + tally.unsent, 100);
    let (tally, _) = play(&wire, &arena, &order(Drive::Connections(4), 400));
    let all = tally.classes.iter().map(super::super::super::tally::ClassTally::sent).sum::<u64>();
    assert!(all > 8, "{all}");
    assert_eq!(
        tally.classes.iter().map(|class| class.broken + class.wrong_accepts + class.wrong_refusals).sum::<u64>(),
        0
    );
    assert!(tally.connections > 4, "it opens another one after each close");
}

#[test]
fn long_requests_and_long_answers_pass_through_records() {
    let (ca, config) = authority();
    let address = server(config, |_, head, stream| {
        let body = "x".repeat(300_000);
        let status = if head.contains("Bearer good-") { "200 OK" } else { "401 Unauthorized" };
        let text = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        head.len() > 400_000 && stream.write_all(text.as_bytes()).and_then(|()| stream.flush()).is_ok()
    });
    let (wire, _folder) = trusting(address, &ca);
    let arena = arena(&wire, 2, 400_000);
    let (tally, _) = play(&wire, &arena, &order(Drive::Rate(Rate(20.0)), 200));
    assert_eq!((tally.classes[0].accepted, tally.classes[1].rejected), (2, 2));
}

#[test]
fn a_server_that_the_authority_does_not_vouch_for_gets_no_token() {
    let (_, config) = authority();
    let (other, _) = authority();
    let address = server(config, |_, head, stream| {
        let _ = stream.write_all(verdict(head).as_bytes());
        true
    });
    let (wire, _folder) = trusting(address, &other);
    let arena = arena(&wire, 2, 0);
    let (tally, _) = play(&wire, &arena, &order(Drive::Rate(Rate(20.0)), 200));
    let answered: u64 = tally.classes.iter().map(|class| class.accepted + class.rejected).sum();
    let failed: u64 = tally.classes.iter().map(|class| class.failed).sum();
    assert_eq!((answered, failed + tally.unsent), (0, 4));
}
