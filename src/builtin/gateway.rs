//! The built-in validator as a gateway: it hands requests with a good token on to a service.

use super::{flaw::Flaw, respond};
use axum::{
    http::{HeaderName, HeaderValue, StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use serde_json::Value;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// The field by which the service is told the subject.
pub const IDENTITY: &str = "X-User";
/// The longest wait for the service.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes of its answer that are read.
const ANSWER: u64 = 64 * 1024;

/// Hands a request on; `claims` are those of its token, where it had a good one. Written line by line, since a flaw puts
/// into a line what no client would send.
pub(super) async fn forward(flaw: Option<Flaw>, service: &str, parts: &Parts, claims: Option<&Value>) -> Response {
    let mut head = format!("{} / HTTP/1.1\r\nHost: {service}\r\nConnection: close\r\n", parts.method).into_bytes();
    for (name, value) in parts.headers.iter().filter(|(name, _)| passes(flaw, name, claims)) {
        head.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    let subject = claims.and_then(|claims| claims.get("sub")).and_then(Value::as_str);
    if let Some(subject) = subject {
        let subject = if flaw == Some(Flaw::SubjectRespelled) { subject.to_lowercase() } else { subject.to_owned() };
        // What cannot stand in a line is nobody the service could know.
        if flaw != Some(Flaw::ClaimLineInjected) && HeaderValue::from_bytes(subject.as_bytes()).is_err() {
            return respond::malformed(None);
        }
        head.extend_from_slice(format!("{IDENTITY}: {subject}\r\n").as_bytes());
    }
    head.extend_from_slice(b"\r\n");
    match timeout(PATIENCE, ask(service, &head)).await {
        Ok(Ok(status)) => StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY).into_response(),
        _ => StatusCode::BAD_GATEWAY.into_response(),
    }
}

/// Whether a field of the client's reaches the service. Hop-by-hop fields, credentials and whatever names a user do not,
/// whichever way it is spelled (RFC 9110 section 7.6.1).
fn passes(flaw: Option<Flaw>, name: &HeaderName, claims: Option<&Value>) -> bool {
    let name = name.as_str();
    if ["host", "connection", "content-length", "transfer-encoding", "authorization"].contains(&name) {
        return false;
    }
    let is_identity = name.replace('_', "-").eq_ignore_ascii_case(IDENTITY);
    let kept = match flaw {
        Some(Flaw::IdentityLineKept) => !name.contains('_'),
        Some(Flaw::UnderscoredLineKept) => name.contains('_'),
        Some(Flaw::IdentityLineForToken) => claims.is_none(),
        _ => false,
    };
    !is_identity || kept
}

async fn ask(service: &str, head: &[u8]) -> std::io::Result<u16> {
    let mut stream = TcpStream::connect(service).await?;
    stream.write_all(head).await?;
    let mut answer = Vec::new();
    stream.take(ANSWER).read_to_end(&mut answer).await?;
    let line = String::from_utf8_lossy(&answer[..answer.len().min(64)]).into_owned();
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
    status.ok_or_else(|| std::io::ErrorKind::InvalidData.into())
}
