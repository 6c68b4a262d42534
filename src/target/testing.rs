//! Servers that answer as a test wants, and the values that tests share.

use super::{Target, connect};
use crate::model::{Alg, Period, TargetFile, TrustConfig, World, access::AccessRules};
use serde_json::{Value, json};
use std::{
    future::Future,
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::timeout,
};

/// A server on loopback that handles every connection by a function; it ends with the test.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Server {
    pub(super) async fn new<F, Fut>(handle: F) -> Self
    where
        F: Fn(TcpStream) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connections);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(handle(stream));
            }
        });
        Server { address, connections, task }
    }

    /// A server that reads each request and gives the same answer, for as long as the connection lasts.
    pub(super) async fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer: Arc<[u8]> = answer.into().into();
        Server::new(move |mut stream| {
            let answer = Arc::clone(&answer);
            async move {
                while !read_head(&mut stream).await.is_empty() {
                    if stream.write_all(&answer).await.is_err() {
                        return;
                    }
                }
            }
        })
        .await
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/whoami", self.address)
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An answer with a body of a known length.
pub(super) fn answer(status: &str, fields: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// Reads up to the empty line; empty once the peer is gone.
pub(super) async fn read_head(stream: &mut TcpStream) -> Vec<u8> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return Vec::new(),
        }
    }
    head
}

/// A target file with this bearer table, and further tables on top.
pub(super) fn file(bearer: Value, more: Value) -> TargetFile {
    let mut file = json!({
        "format": "target/1",
        "target": { "name": "t" },
        "transport": { "bearer": bearer },
        "trust": { "keys": "discovery", "audience": "https://api.example", "algorithms": ["RS256", "ES256"] },
    });
    if let (Value::Object(file), Value::Object(more)) = (&mut file, more) {
        file.extend(more);
    }
    serde_json::from_value(file).unwrap()
}

pub(super) fn world() -> World {
    World {
        issuer: "http://127.0.0.1:1/issuer".into(),
        discovery: "http://127.0.0.1:1/issuer/.well-known/openid-configuration".into(),
        jwks_uri: "http://127.0.0.1:1/issuer/jwks.json".into(),
        issuer2: "https://issuer2.example".into(),
        jwks_uri2: "https://issuer2.example/jwks.json".into(),
        rogue_issuer: "http://127.0.0.1:1/rogue".into(),
        canary: "http://127.0.0.1:1/canary".into(),
        issuer_ca: None,
    }
}

pub(super) fn trust() -> TrustConfig {
    TrustConfig {
        decryption: Default::default(),
        issuer: "http://127.0.0.1:1/issuer".into(),
        audience: "https://api.example".into(),
        algorithms: vec![Alg::Rs256, Alg::Es256],
        leeway: Period::from_secs(60),
        typ: "JWT".into(),
        jwks_uri: None,
        keys: Value::Null,
        rules: AccessRules::default(),
        second: None,
    }
}

/// A target with a bearer route at this address, and more members of its table.
pub(crate) async fn bearer(url: &str, more: Value) -> Arc<Target> {
    let mut bearer = json!({ "url": url });
    if let (Value::Object(bearer), Value::Object(more)) = (&mut bearer, more) {
        bearer.extend(more);
    }
    let file = file(bearer, json!({}));
    connect(&file, Path::new("."), &world(), &trust()).await.unwrap().target()
}

/// Waits until no process of this id runs any more; one that is dead but not yet buried does not run.
pub(super) async fn is_gone(id: u32) {
    let gone = async {
        while let Ok(stat) = std::fs::read_to_string(format!("/proc/{id}/stat")) {
            let state = stat.rsplit(')').next().unwrap_or_default().trim_start();
            if state.starts_with(['Z', 'X']) {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(5), gone).await.expect("the process ends");
}
