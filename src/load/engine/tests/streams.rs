//! HTTP/2 against servers of hyper, on real sockets.

use super::{tls::authority, *};
use crate::{
    load::{
        probe::{self, Asked},
        streams::Streams,
    },
    model::Verdict,
};
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Response, Version, body::Bytes, body::Incoming, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ServerConfig;
use std::{
    convert::Infallible,
    sync::atomic::{AtomicU64, AtomicUsize},
};
use tokio::{
    runtime::{Builder, Runtime},
    sync::Notify,
};

/// What a server says to a request: its number on this connection, and its parts.
type Rule = fn(usize, &Request<()>, &str) -> Say;

/// An answer, or none.
enum Say {
    Status(u16),
    Nothing,
}

/// A server over HTTP/2, which ends each connection in an orderly way after so many answers.
struct Host {
    runtime: Runtime,
    address: SocketAddr,
    connections: Arc<AtomicU64>,
}

fn host(tls: Option<Arc<ServerConfig>>, last: usize, rule: Rule) -> Host {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    let connections = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&connections);
    runtime.spawn(async move {
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        while let Ok((socket, _)) = listener.accept().await {
            let tls = tls.clone();
            counted.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(async move {
                match tls {
                    None => serve(socket, last, rule).await,
                    Some(config) => {
                        if let Ok(session) = tokio_rustls::TlsAcceptor::from(config).accept(socket).await {
                            serve(session, last, rule).await;
                        }
                    }
                }
            });
        }
    });
    Host { runtime, address, connections }
}

async fn serve(
    io: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    last: usize,
    rule: Rule,
) {
    let (count, full) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let enough = Arc::clone(&full);
    let service = service_fn(move |request: Request<Incoming>| {
        let number = count.fetch_add(1, Ordering::Relaxed);
        if number + 1 == last {
            enough.notify_one();
        }
        async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
            match rule(number, &Request::from_parts(parts, ()), &String::from_utf8_lossy(&body)) {
                Say::Nothing => std::future::pending().await,
                Say::Status(status) => {
                    let answer = Response::builder().status(status).body(Full::new(Bytes::from("ok"))).unwrap();
                    Ok::<_, Infallible>(answer)
                }
            }
        }
    });
    let connection = http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(io), service);
    tokio::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        () = full.notified() => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

fn judge(request: &Request<()>) -> Say {
    let token = request.headers().get("authorization").map_or(&b""[..], |value| value.as_bytes());
    Say::Status(if token.starts_with(b"Bearer good-") { 200 } else { 401 })
}

impl Host {
    fn play(&self, streams: Streams, arena: &Arc<Arena>, order: &Order) -> Tally {
        let (send, _receive) = channel();
        let asked = Asked::Streams(Arc::new(streams));
        self.runtime.block_on(probe::run(asked, arena, order, Instant::now(), &send))
    }
}

fn all_right(tally: &Tally) {
    let wrong = |class: &crate::load::tally::ClassTally| class.wrong_accepts + class.wrong_refusals + class.broken;
    assert_eq!(tally.classes.iter().map(wrong).sum::<u64>(), 0, "{:?}", tally.wrong);
}

#[test]
fn every_token_is_judged_as_a_stream_of_few_connections() {
    let host = host(None, usize::MAX, |_, request, _| {
        let kept = ["connection", "host", "transfer-encoding"].iter().any(|name| request.headers().contains_key(*name));
        let is_so = request.version() == Version::HTTP_2 && request.uri().path() == "/who" && !kept;
        if is_so { judge(request) } else { Say::Status(500) }
    });
    let wire = wire(host.address, "5s");
    let arena = arena(&wire, 50, 0);
    let tally = host.play(Streams::new(wire.clone(), 3), &arena, &order(Drive::Rate(Rate(200.0)), 1500));
    let [good, forged] = &tally.classes[..] else { panic!("two classes") };
    assert_eq!(good.accepted + forged.rejected + tally.unsent, 300);
    assert!(good.accepted > 0 && forged.rejected > 0, "{} were never sent", tally.unsent);
    assert_eq!((tally.connections, host.connections.load(Ordering::Relaxed)), (3, 3));
    all_right(&tally);
    let tally = host.play(Streams::new(wire, 4), &arena, &order(Drive::Connections(4), 300));
    assert!(tally.classes.iter().all(|class| class.sent() > 0));
    all_right(&tally);
}

#[test]
fn a_connection_that_the_server_ends_is_opened_again_and_costs_no_token() {
    let host = host(None, 10, |_, request, _| judge(request));
    let wire = wire(host.address, "20s");
    let arena = arena(&wire, 50, 0);
    let tally = host.play(Streams::new(wire, 1), &arena, &order(Drive::Rate(Rate(100.0)), 1000));
    assert_eq!(tally.classes[0].accepted + tally.classes[1].rejected + tally.unsent, 100);
    assert!(tally.classes[0].accepted > 0 && tally.connections > 1, "{} connections", tally.connections);
    all_right(&tally);
}

#[test]
fn over_tls_the_handshake_chooses_it() {
    let (ca, config) = authority();
    let mut chosen = Arc::clone(&config);
    Arc::make_mut(&mut chosen).alpn_protocols = vec![b"h2".to_vec()];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    std::fs::write(&path, ca).unwrap();
    let ca = json!({ "tls": { "ca": path } });
    let host_two = host(Some(chosen), usize::MAX, |_, request, _| judge(request));
    let wire = wire_to(&format!("https://{}/who", host_two.address), "20s", ca.clone());
    let arena = arena(&wire, 10, 0);
    let tally = host_two.play(Streams::new(wire, 2), &arena, &order(Drive::Rate(Rate(50.0)), 400));
    assert_eq!(tally.classes[0].accepted + tally.classes[1].rejected + tally.unsent, 20);
    assert!(tally.classes[0].accepted > 0);
    all_right(&tally);

    // One that chooses nothing, as servers without HTTP/2 do.
    let older = host(Some(config), usize::MAX, |_, request, _| judge(request));
    let wire = wire_to(&format!("https://{}/who", older.address), "20s", ca);
    let why = older.runtime.block_on(Streams::new(wire, 1).try_out(b"t")).unwrap_err();
    assert!(why.contains("ALPN"), "{why}");
}

#[test]
fn what_does_not_speak_it_is_told_before_the_window() {
    let address = server(|_, head, stream| judged(head, stream));
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let why = runtime.block_on(Streams::new(wire(address, "5s"), 1).try_out(b"t")).unwrap_err();
    assert!(why.contains("http2"), "{why}");
}

#[test]
fn silence_is_a_timeout_and_a_body_goes_out_whole() {
    let host = host(None, usize::MAX, |_, request, body| match request.uri().path() {
        "/form" if body == "access_token=good-0" => Say::Status(200),
        "/form" => Say::Status(401),
        _ => Say::Nothing,
    });
    let silent = wire(host.address, "100ms");
    let mut rendered = Vec::new();
    silent.render(b"good-0", &mut rendered);
    let (verdict, _) = host.runtime.block_on(Streams::new(silent, 1).ask(&rendered));
    assert_eq!(verdict, Verdict::Timeout);

    let more = json!({ "method": "POST", "place": { "form": "access_token" } });
    let form = wire_to(&format!("http://{}/form", host.address), "20s", more);
    let mut rendered = Vec::new();
    form.render(b"good-0", &mut rendered);
    let (verdict, because) = host.runtime.block_on(Streams::new(form, 1).ask(&rendered));
    assert_eq!(verdict, Verdict::Accept, "{because}");
}
