//! `gauntlet load` against a target that is reached over HTTPS, by the authority that its file names.

use super::{
    play::gauntlet_in,
    scripted::{AUDIENCE, Ask},
};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::aws_lc_rs,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use serde_json::Value;
use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
    sync::Arc,
    thread,
};

const PLAN: &str = r#"format = "load-plan/1"
[load]
title = "Tokens are judged right over TLS"
why = "Speed without that is worth nothing."
drive = { rate = "60/s" }
duration = "2s"
warm-up = "200ms"
tokens = 100
mix = { valid = 8, wrong-aud = 1, expired = 1 }
assert = [{ of = "all", broken = "= 0", level = "must" }]
"#;

/// A target that looks at its tokens, over TLS; the PEM text is that of its authority.
fn target() -> (SocketAddr, String) {
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
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (Ok(stream), config) = (stream, Arc::clone(&config)) else { return };
            thread::spawn(move || {
                let connection = ServerConnection::new(config).unwrap();
                serve(StreamOwned::new(connection, stream));
            });
        }
    });
    (address, pem)
}

fn serve(mut stream: impl Read + Write) {
    let (mut text, mut buffer) = (Vec::new(), vec![0; 16_384]);
    loop {
        while let Some(end) = text.windows(4).position(|four| four == b"\r\n\r\n") {
            let head: Vec<u8> = text.drain(..end + 4).collect();
            let ask = Ask { number: 0, head: String::from_utf8_lossy(&head).into_owned() };
            let answer = if ask.is_good() { "200 OK" } else { "401 Unauthorized\r\nWWW-Authenticate: Bearer" };
            let written = write!(stream, "HTTP/1.1 {answer}\r\nContent-Length: 2\r\n\r\n{{}}");
            if written.and_then(|()| stream.flush()).is_err() {
                return;
            }
        }
        match stream.read(&mut buffer) {
            Ok(read) if read > 0 => text.extend_from_slice(&buffer[..read]),
            _ => return,
        }
    }
}

#[test]
fn a_target_over_https_is_measured_by_the_authority_of_its_file() {
    let (address, pem) = target();
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(here.join("ca.pem"), pem).unwrap();
    fs::write(here.join("mine.toml"), PLAN).unwrap();
    let file = |tls: &str| {
        let text = format!(
            "format = \"target/1\"\n[target]\nname = \"secure\"\n[transport.bearer]\nurl = \"https://{address}/\"\n{tls}\
             [trust]\nkeys = \"jwks-uri\"\naudience = \"{AUDIENCE}\"\nalgorithms = [\"RS256\"]\n"
        );
        fs::write(here.join("t.target.toml"), text).unwrap();
    };
    file("tls = { ca = \"ca.pem\" }\n");
    let args = ["load", "t.target.toml", "mine.toml", "--out", "out"];
    gauntlet_in(here, &args).with_code(0).says("120 sent = 120 answered + 0 failed");
    let run: Value = serde_json::from_slice(&fs::read(here.join("out/run.json")).unwrap()).unwrap();
    let window = &run["load"][0]["windows"][0];
    assert_eq!((&window["wrong-accepts"], &window["wrong-refusals"]), (&0.into(), &0.into()));
    // So are users, each over a connection of its own.
    gauntlet_in(here, &[&args[..], &["--users", "2", "--duration", "2s"]].concat())
        .with_code(0)
        .says("2 users, played by");
    let run: Value = serde_json::from_slice(&fs::read(here.join("out/run.json")).unwrap()).unwrap();
    let window = &run["load"][0]["windows"][0];
    assert!(window["answered"].as_u64().unwrap() > 0 && window["wrong-refusals"] == 0, "{window}");
    // Without that authority it is nobody whom a token may be shown to.
    file("");
    gauntlet_in(here, &args).with_code(3);
}
