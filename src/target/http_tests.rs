//! A bearer target against servers that answer as scripted, well or badly.

use super::{
    Shown, Target, TargetError, connect,
    testing::{self, Server, answer, read_head},
};
use crate::model::{Capability, Observation, Verdict, case::Present};
use serde_json::{Value, json};
use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::{Mutex, mpsc},
};

const TOKEN: &[u8] = b"eyJhbGciOiJub25lIn0.e30.c2ln";

async fn target(bearer: Value) -> std::sync::Arc<Target> {
    let file = testing::file(bearer, json!({}));
    connect(&file, Path::new(""), &testing::world(), &testing::trust())
        .await
        .map_err(|e| e.to_string())
        .unwrap()
        .target()
}

async fn present(target: &Target) -> Observation {
    target.present(&Shown::plain(TOKEN, 0)).await
}

/// What a server that always gives these bytes is seen to do.
async fn seen(bytes: impl Into<Vec<u8>>) -> Observation {
    let server = Server::answering(bytes).await;
    present(&*target(json!({ "url": server.url(), "timeout": "5s" })).await).await
}

/// A server that accepts and tells which heads it read.
async fn recording() -> (Server, mpsc::UnboundedReceiver<String>) {
    let (tell, told) = mpsc::unbounded_channel();
    let server = Server::new(move |mut stream| {
        let tell = tell.clone();
        async move {
            loop {
                let head = read_head(&mut stream).await;
                if head.is_empty() || stream.write_all(&answer("200 OK", "", "")).await.is_err() {
                    return;
                }
                let _ = tell.send(head.iter().map(|byte| char::from(*byte)).collect());
            }
        }
    })
    .await;
    (server, told)
}

#[tokio::test]
async fn statuses_are_judged_and_kept_as_evidence() {
    let accepted = seen(answer("200 OK", "X-A: b\r\n", "hello")).await;
    assert_eq!(
        (accepted.verdict, accepted.because.as_str(), accepted.status),
        (Verdict::Accept, "status 200", Some(200))
    );
    assert_eq!(accepted.response, "HTTP/1.1 200 OK\r\nx-a: b\r\ncontent-length: 5\r\n\r\nhello");
    assert_eq!(accepted.attempts, 1);
    assert!(accepted.elapsed_us > 0);

    let fields = "WWW-Authenticate: Bearer error=\"invalid_token\"\r\nWWW-Authenticate: Basic\r\n";
    let rejected = seen(answer("401 Unauthorized", fields, "")).await;
    assert_eq!(rejected.verdict, Verdict::Reject);
    assert_eq!(rejected.challenges, ["Bearer error=\"invalid_token\"", "Basic"]);

    assert_eq!(seen(answer("500 Oops", "", "")).await.verdict, Verdict::ServerError);
    assert_eq!(seen(answer("302 Found", "Location: http://127.0.0.1:1/\r\n", "")).await.verdict, Verdict::OddAnswer);
    let limited = seen(answer("429 Slow", "Retry-After: 7\r\n", "")).await;
    assert_eq!((limited.verdict, limited.retry_after), (Verdict::RateLimited, Some(7)));
}

#[tokio::test]
async fn what_is_shown_is_what_was_sent() {
    for method in ["GET", "POST"] {
        let (server, mut told) = recording().await;
        let target =
            target(json!({ "url": server.url() + "?q=1", "method": method, "headers": { "X-b-C": "d" } })).await;
        let pooled = present(&target).await;
        assert_eq!(told.recv().await.unwrap().replace("X-B-C: d", "X-B-C: [redacted]"), pooled.request);
        assert!(pooled.request.starts_with(&format!("{method} /whoami?q=1 HTTP/1.1\r\nHost: {}", server.address)));
        assert_eq!(pooled.request.contains("Content-Length: 0"), method == "POST");
        // The raw socket sends the same request, but for the connection that it closes.
        let present = Present::default();
        let raw = target.present(&Shown { present: Some(&present), ..Shown::plain(TOKEN, 0) }).await;
        assert_eq!(told.recv().await.unwrap().replace("X-B-C: d", "X-B-C: [redacted]"), raw.request);
        assert_eq!(raw.request.replace("Connection: close\r\n", ""), pooled.request);
    }
}

#[tokio::test]
async fn odd_tokens_arrive_byte_for_byte() {
    let (server, mut told) = recording().await;
    let target = target(json!({ "url": server.url() })).await;
    for token in [&b""[..], b"a b", b"\xff\x00", b"a\tb "] {
        let observation = target.present(&Shown::plain(token, 0)).await;
        assert_eq!(observation.verdict, Verdict::Accept, "{observation:?}");
        let latin: String = token.iter().map(|byte| char::from(*byte)).collect();
        assert!(
            told.recv().await.unwrap().contains(&format!("\r\nAuthorization: Bearer {latin}\r\n\r\n")),
            "{latin:?}"
        );
    }
    let lines = Some(vec!["Bearer ${good}".to_owned(), "Bearer ${token}".to_owned()]);
    let twice = Present { authorization: lines, path: Some("/a/../${path}".into()), ..Present::default() };
    target.present(&Shown { token: b"bad", good: "good", present: Some(&twice), now: 0 }).await;
    let head = told.recv().await.unwrap();
    assert!(head.starts_with("GET /a/../whoami HTTP/1.1\r\n"), "{head}");
    assert!(head.ends_with("\r\nAuthorization: Bearer good\r\nAuthorization: Bearer bad\r\n\r\n"), "{head}");
}

#[tokio::test]
async fn connections_are_used_again() {
    let server = Server::answering(answer("200 OK", "", "x")).await;
    let target = target(json!({ "url": server.url() })).await;
    for _ in 0..10 {
        assert_eq!(present(&target).await.verdict, Verdict::Accept);
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_connection_given_up_by_the_server_is_not_held_against_the_token() {
    let server = Server::new(|mut stream| async move {
        read_head(&mut stream).await;
        let _ = stream.write_all(&answer("200 OK", "", "")).await;
        // Closes without having said so, as servers do when they find a connection idle.
    })
    .await;
    let target = target(json!({ "url": server.url() })).await;
    for round in 0..50 {
        assert_eq!(present(&target).await.verdict, Verdict::Accept, "{round}");
    }
}

#[tokio::test]
async fn silence_ends_with_the_time_limit() {
    let held = Arc::new(Mutex::new(Vec::new()));
    let server = Server::new(move |stream| {
        let held = Arc::clone(&held);
        async move { held.lock().await.push(stream) }
    })
    .await;
    let target = target(json!({ "url": server.url(), "timeout": "300ms" })).await;
    let big = vec![b'x'; 64 * 1024 * 1024];
    for token in [TOKEN, b"raw \x01", &big] {
        let start = Instant::now();
        let observation = target.present(&Shown::plain(token, 0)).await;
        assert_eq!((observation.verdict, observation.because.as_str()), (Verdict::Timeout, "no answer within 300ms"));
        assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    }
}

#[tokio::test]
async fn a_dripping_body_ends_with_the_time_limit() {
    let server = Server::new(|mut stream| async move {
        read_head(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n").await;
        while stream.write_all(b".").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let target = target(json!({ "url": server.url(), "timeout": "300ms" })).await;
    for token in [TOKEN, b"raw \x01"] {
        let observation = target.present(&Shown::plain(token, 0)).await;
        assert_eq!(observation.because, "status 200, but no end of the answer within 300ms");
        assert_eq!((observation.verdict, observation.status), (Verdict::Timeout, Some(200)));
    }
}

#[tokio::test]
async fn endless_answers_cost_neither_time_nor_memory() {
    for (start, piece, verdict) in [
        ("HTTP/1.1 200 OK\r\n\r\n", "x".repeat(1000), Verdict::Accept),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "a\r\n0123456789\r\n".repeat(50), Verdict::Accept),
        ("HTTP/1.1 200 OK\r\n", "a: b\r\n".repeat(50), Verdict::OddAnswer),
        ("HTTP/1.1 200 OK\r\na: ", "x".repeat(1000), Verdict::OddAnswer),
    ] {
        let server = Server::new(move |mut stream| {
            let piece = piece.clone();
            async move {
                read_head(&mut stream).await;
                let _ = stream.write_all(start.as_bytes()).await;
                while stream.write_all(piece.as_bytes()).await.is_ok() {}
            }
        })
        .await;
        let target = target(json!({ "url": server.url(), "timeout": "20s" })).await;
        for token in [TOKEN, b"raw \x01"] {
            let observation = target.present(&Shown::plain(token, 0)).await;
            assert_eq!(observation.verdict, verdict, "{start} {}", observation.because);
            assert!(observation.response.len() <= 4096);
            assert!(observation.elapsed_us < 10_000_000, "{start} {}", observation.elapsed_us);
        }
    }
}

#[tokio::test]
async fn broken_answers_are_told_apart() {
    let garbage = seen("SSH-2.0-OpenSSH_9.9\r\n").await;
    assert_eq!(garbage.verdict, Verdict::OddAnswer);
    assert!(garbage.because.starts_with("malformed reply: "), "{}", garbage.because);

    let server = Server::new(|mut stream| async move { drop(read_head(&mut stream).await) }).await;
    let closed = present(&*target(json!({ "url": server.url() })).await).await;
    assert_eq!((closed.verdict, closed.because.as_str()), (Verdict::Reset, "connection closed before an answer"));
    assert_eq!((closed.attempts, server.connections()), (2, 2));

    let server = Server::new(|mut stream| async move {
        read_head(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf").await;
    })
    .await;
    let cut = present(&*target(json!({ "url": server.url() })).await).await;
    assert_eq!((cut.verdict, cut.status), (Verdict::Reset, Some(200)));

    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", nobody.local_addr().unwrap());
    drop(nobody);
    let target = target(json!({ "url": url })).await;
    for token in [TOKEN, b"raw \x01"] {
        let observation = target.present(&Shown::plain(token, 0)).await;
        assert_eq!(observation.verdict, Verdict::Unreachable);
        assert!(observation.because.starts_with("no connection: Connection refused"), "{}", observation.because);
    }
}

#[tokio::test]
async fn a_target_that_dies_of_a_token_is_reset_not_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        drop(listener);
        read_head(&mut stream).await;
    });
    assert_eq!(present(&*target(json!({ "url": url })).await).await.verdict, Verdict::Reset);
}

#[tokio::test]
async fn an_early_answer_to_a_long_request_is_heard() {
    for (reply, verdict, because) in [
        (&answer("431 Too Large", "Connection: close\r\n", "")[..], Verdict::Refused, "status 431"),
        (b"", Verdict::Refused, "connection closed while the request was still being written"),
    ] {
        let reply = reply.to_vec();
        let server = Server::new(move |mut stream| {
            let reply = reply.clone();
            async move {
                let _ = stream.read_exact(&mut [0; 1024]).await;
                let _ = stream.write_all(&reply).await;
            }
        })
        .await;
        let target = target(json!({ "url": server.url() })).await;
        for size in [20_000, 32 * 1024 * 1024] {
            let observation = target.present(&Shown::plain(&vec![b'x'; size], 0)).await;
            assert_eq!((observation.verdict, observation.because.as_str()), (verdict, because), "{size}");
        }
    }
}

#[tokio::test]
async fn garbage_teaches_what_a_judgement_looks_like() {
    let server = Server::answering(answer("400 Bad Request", "", "")).await;
    let target = target(json!({ "url": server.url() })).await;
    assert_eq!(present(&target).await.verdict, Verdict::Refused);
    target.learn_garbage_status(400);
    assert_eq!(present(&target).await.verdict, Verdict::Reject);
}

#[tokio::test]
async fn claims_are_read_from_chunked_bodies() {
    let server = Server::answering(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{\"claims\r\nc\r\n\":{\"sub\":1}}\r\n0\r\n\r\n",
    )
    .await;
    let target = target(json!({ "url": server.url(), "claims": { "pointer": "/claims" } })).await;
    assert!(target.provides().contains(&Capability::ClaimsReturned));
    for token in [TOKEN, b"raw \x01"] {
        assert_eq!(target.present(&Shown::plain(token, 0)).await.claims, Some(json!({ "sub": 1 })));
    }
}

#[tokio::test]
async fn the_users_secrets_are_never_shown() {
    let body = r#"{"claims":{"key":"k3y-of-the-user"}}"#;
    let server = Server::answering(answer("200 OK", "WWW-Authenticate: k3y-of-the-user\r\n", body)).await;
    let headers =
        json!({ "X-Api-Key": "k3y-of-the-user", "X-Short": "ab", "Accept": "text/x", "X-Env": "${env:PATH}" });
    let target = target(json!({ "url": server.url(), "headers": headers, "claims": { "pointer": "/claims" } })).await;
    for token in [TOKEN, b"raw \x01"] {
        let observation = target.present(&Shown::plain(token, 0)).await;
        let all = format!("{observation:?} {target:?} {}", target.address());
        assert_eq!(observation.claims, Some(json!({ "key": "[redacted]" })));
        assert_eq!(observation.challenges, ["[redacted]"]);
        assert!(observation.request.contains("\r\nX-Short: [redacted]\r\n"), "{}", observation.request);
        assert!(observation.request.contains("\r\nX-Env: [redacted]\r\n"), "{}", observation.request);
        assert!(observation.request.contains("\r\nAccept: text/x\r\n"), "{}", observation.request);
        assert!(!all.contains("k3y-of-the-user"), "{all}");
    }
}

#[tokio::test]
async fn a_target_is_described() {
    let server = Server::answering("").await;
    let target = target(json!({ "url": server.url() })).await;
    assert_eq!((target.address(), target.transport_name()), (server.url(), "bearer"));
    let provides: Vec<String> = target.provides().iter().map(ToString::to_string).collect();
    assert_eq!(provides, ["alg:RS256", "alg:ES256", "jwks:remote", "transport:http"]);
}

#[tokio::test]
async fn nothing_is_aimed_at_strangers() {
    let connect = |bearer, more| async move {
        let file = testing::file(bearer, more);
        connect(&file, Path::new(""), &testing::world(), &testing::trust()).await.map(|connection| connection.target())
    };
    let stranger = json!({ "url": "http://192.0.2.1/" });
    let refused = connect(stranger.clone(), json!({})).await.unwrap_err();
    assert!(matches!(&refused, TargetError::NotAllowed { host, .. } if host == "192.0.2.1"), "{refused}");
    connect(stranger, json!({ "guard": { "allow-hosts": ["192.0.2.0/24"] } })).await.unwrap();
    let rate =
        connect(json!({ "url": "http://127.0.0.1/" }), json!({ "guard": { "rate": "fast" } })).await.unwrap_err();
    assert_eq!(rate.to_string(), "wanted a rate such as `50/s` in `guard.rate`, found \"fast\"");
    let method = connect(json!({ "url": "http://127.0.0.1/", "method": "G E T" }), json!({})).await.unwrap_err();
    assert!(matches!(method, TargetError::Method(_)), "{method}");
}
