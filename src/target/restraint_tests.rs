//! How a target that is not on this machine is treated, and one that is reached over HTTPS.

use super::{
    Shown, TargetError,
    carry::Carry,
    compose::{Blueprint, Draft},
    fields,
    guard::Aim,
    http::{self, HttpTarget, Parts},
    raw::Door,
    redact::Redactor,
    testing::{Server, answer, read_head},
    tls,
};
use crate::model::{Capabilities, Period, Verdict, transport::Words};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use std::{collections::BTreeMap, net::SocketAddr, path::Path, sync::Arc, time::Instant};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

const TOKEN: &[u8] = b"a.b.c";

/// A target on loopback that is treated as this aim says.
fn target(scheme: &str, address: SocketAddr, loopback: bool, ca: Option<&Path>) -> Result<HttpTarget, TargetError> {
    let aim = Aim { host: "127.0.0.1".into(), addresses: vec![address], loopback };
    let https = scheme == "https";
    let config = tls::client(https, ca, None)?;
    let headers = BTreeMap::new();
    let words = |status: &[u16]| Words { status: status.to_vec(), body: None };
    let draft = Draft {
        method: http::method("GET")?,
        url: format!("{scheme}://{address}/").parse().unwrap(),
        headers: &headers,
        public: fields::public(&headers),
        carry: Carry::Authorization,
        assertion: None,
        redactor: Redactor::default(),
    };
    HttpTarget::new(Parts {
        name: "bearer",
        accept: words(&[200]),
        reject: words(&[401, 403]),
        claims: None,
        timeout: Period::from_secs(2),
        aim: &aim,
        blueprint: Blueprint::new(draft)?,
        door: Door::new(&aim, http::door_tls(https, &config)).unwrap(),
        tls: config,
        redactor: Redactor::default(),
        rate: Some("200/s"),
        provides: Capabilities::new(),
    })
}

#[tokio::test]
async fn strangers_are_spared() {
    let server = Server::answering(answer("500 Oops", "", "")).await;
    let target = target("http", server.address, false, None).unwrap();
    let start = Instant::now();
    for _ in 0..20 {
        assert_eq!(target.present(&Shown::plain(TOKEN, 0)).await.verdict, Verdict::ServerError);
    }
    assert!(start.elapsed().as_millis() >= 95, "{:?}", start.elapsed());
    let stopped = target.present(&Shown::plain(TOKEN, 0)).await;
    assert_eq!(stopped.verdict, Verdict::Unreachable);
    assert_eq!(stopped.because, "stopped after 20 broken answers in a row");
    target.start_over();
    assert_eq!(target.present(&Shown::plain(TOKEN, 0)).await.verdict, Verdict::ServerError);
}

#[tokio::test]
async fn our_own_machine_is_not() {
    let server = Server::answering(answer("500 Oops", "", "")).await;
    let target = target("http", server.address, true, None).unwrap();
    for _ in 0..25 {
        assert_eq!(target.present(&Shown::plain(TOKEN, 0)).await.verdict, Verdict::ServerError);
    }
}

/// A server over TLS, and the certificate of its authority.
async fn secure_server() -> (SocketAddr, String) {
    let (key, leaf_key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pem = authority.self_signed(&key).unwrap().pem();
    let leaf = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let leaf = leaf.signed_by(&leaf_key, &Issuer::new(authority, key)).unwrap();
    let key = PrivatePkcs8KeyDer::from(leaf_key.serialize_der()).into();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            tokio::spawn(async move {
                let mut head = Vec::new();
                while let Ok(byte) = stream.read_u8().await {
                    head.push(byte);
                    if head.ends_with(b"\r\n\r\n") {
                        stream.write_all(&answer("200 OK", "", "")).await.unwrap();
                    }
                }
            });
        }
    });
    (address, pem)
}

#[tokio::test]
async fn https_trusts_the_named_authority_and_no_other() {
    let ((address, pem), (_, other_pem)) = (secure_server().await, secure_server().await);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    for (pem, verdict) in [(pem, Verdict::Accept), (other_pem, Verdict::Unreachable)] {
        std::fs::write(&path, pem).unwrap();
        let target = target("https", address, true, Some(&path)).unwrap();
        for token in [TOKEN, b"raw \x01"] {
            let observation = target.present(&Shown::plain(token, 0)).await;
            assert_eq!(observation.verdict, verdict, "{}", observation.because);
        }
    }
    for text in [None, Some("no certificate")] {
        let _ = std::fs::remove_file(&path);
        if let Some(text) = text {
            std::fs::write(&path, text).unwrap();
        }
        assert!(matches!(target("https", address, true, Some(&path)), Err(TargetError::Ca { .. })), "{text:?}");
    }
}

#[tokio::test]
async fn a_stalled_handshake_is_no_connection() {
    let server = Server::new(|mut stream| async move { drop(read_head(&mut stream).await) }).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    std::fs::write(&path, secure_server().await.1).unwrap();
    let target = target("https", server.address, true, Some(&path)).unwrap();
    for token in [TOKEN, b"raw \x01"] {
        let observation = target.present(&Shown::plain(token, 0)).await;
        assert_eq!(observation.verdict, Verdict::Unreachable, "{}", observation.because);
    }
}
