//! Reads one HTTP/1.1 answer from a peer that may be hostile: everything is bounded.

use super::chunked::Chunked;
use reqwest::header::{CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING};
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt};

/// Bytes of a body that are read; what comes after them is left unread.
pub(super) const BODY: usize = 64 * 1024;
/// Bytes of status line and header fields that are read, interim answers included.
const HEAD: usize = 64 * 1024;
/// Header fields that are read.
const FIELDS: usize = 128;
/// Bytes of a chunked body as sent, so that tiny chunks cannot keep us busy.
const CHUNKED: usize = 1024 * 1024;

/// An answer, its body cut to [`BODY`].
#[derive(Debug)]
pub(super) struct Reply {
    /// `HTTP/1.1 401 Unauthorized`.
    pub(super) status_line: String,
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// It did not end in time; its status, where so much had come.
    Timeout(Option<u16>),
    /// The connection ended before an answer.
    Closed,
    /// The connection ended while the request was still being written, or with part of it unread.
    ClosedWhileWriting,
    /// The connection ended in the middle of the answer.
    Cut(u16),
    /// The answer is no HTTP.
    Malformed(String),
    /// No connection came about.
    Unreachable(String),
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// In good order.
    Eof,
    /// By a reset: a peer that closes without having read everything causes one (RFC 2525 section 2.17).
    Reset,
}

/// What stopped the reader before there was an answer.
#[derive(Debug)]
pub(super) enum Stop {
    /// Not one byte came.
    Silent(End),
    /// Something else, for good.
    Failed(Failure),
}

/// Bytes as they come in.
struct Incoming<R> {
    stream: R,
    buffer: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Incoming<R> {
    /// Waits for more bytes and appends them.
    async fn more(&mut self) -> Result<Result<(), End>, Failure> {
        let mut piece = [0; 8192];
        match self.stream.read(&mut piece).await {
            Ok(0) => Ok(Err(End::Eof)),
            Ok(length) => {
                self.buffer.extend_from_slice(&piece[..length]);
                Ok(Ok(()))
            }
            // Over TLS: a peer that leaves without a word.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(Err(End::Eof)),
            Err(error) if is_gone(&error) => Ok(Err(End::Reset)),
            Err(error) => Err(Failure::Malformed(error.to_string())),
        }
    }
}

fn is_gone(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    matches!(error.kind(), ConnectionReset | ConnectionAborted | BrokenPipe)
}

/// Reads one answer. `to_head` says that the request was HEAD, whose answer has no body; `seen` is set once the status
/// is known, for a caller that gives up later.
pub(super) async fn read<R: AsyncRead + Unpin>(
    stream: R,
    to_head: bool,
    seen: &mut Option<u16>,
) -> Result<Reply, Stop> {
    let mut incoming = Incoming { stream, buffer: Vec::new() };
    let mut reply = read_head(&mut incoming).await?;
    *seen = Some(reply.status);
    reply.body = read_body(incoming, &reply, to_head).await.map_err(Stop::Failed)?;
    Ok(reply)
}

async fn read_head<R: AsyncRead + Unpin>(incoming: &mut Incoming<R>) -> Result<Reply, Stop> {
    let (mut total, mut parsed_to) = (0, 0);
    loop {
        let fresh = &incoming.buffer[parsed_to..];
        // Parsing again is only worth it after a whole line; and at once, so that garbage need not end in one.
        if (parsed_to == 0 && !fresh.is_empty()) || fresh.contains(&b'\n') {
            match parse_head(&incoming.buffer).map_err(|why| Stop::Failed(Failure::Malformed(why)))? {
                Some((reply, length)) => {
                    total += length;
                    incoming.buffer.drain(..length);
                    parsed_to = 0;
                    // Interim answers only announce the real one (RFC 9110 section 15.2).
                    if !matches!(reply.status, 100 | 102..=199) {
                        return Ok(reply);
                    }
                    continue;
                }
                None => parsed_to = incoming.buffer.len(),
            }
        }
        if total + incoming.buffer.len() >= HEAD {
            return Err(Stop::Failed(Failure::Malformed("more than 64 KiB of header fields".into())));
        }
        let nothing_yet = total == 0 && incoming.buffer.is_empty();
        match incoming.more().await.map_err(Stop::Failed)? {
            Ok(()) => {}
            Err(end) if nothing_yet => return Err(Stop::Silent(end)),
            Err(_) => return Err(Stop::Failed(Failure::Malformed("it ends within its header fields".into()))),
        }
    }
}

/// The head, once it is complete, and its length.
fn parse_head(bytes: &[u8]) -> Result<Option<(Reply, usize)>, String> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut response = httparse::Response::new(&mut fields);
    let httparse::Status::Complete(length) = response.parse(bytes).map_err(|error| error.to_string())? else {
        return Ok(None);
    };
    let status = response.code.unwrap_or_default();
    let mut headers = HeaderMap::with_capacity(response.headers.len());
    for field in response.headers.iter() {
        let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(|error| error.to_string())?;
        headers.append(name, HeaderValue::from_bytes(field.value).map_err(|error| error.to_string())?);
    }
    let (minor, reason) = (response.version.unwrap_or(1), response.reason.unwrap_or_default());
    let status_line = format!("HTTP/1.{minor} {status} {reason}").trim_end().to_owned();
    Ok(Some((Reply { status_line, status, headers, body: Vec::new() }, length)))
}

async fn read_body<R: AsyncRead + Unpin>(
    incoming: Incoming<R>,
    reply: &Reply,
    to_head: bool,
) -> Result<Vec<u8>, Failure> {
    if to_head || matches!(reply.status, 101 | 204 | 304) {
        return Ok(Vec::new());
    }
    if reply.headers.contains_key(TRANSFER_ENCODING) {
        return read_chunked(incoming, reply).await;
    }
    let mut lengths = reply.headers.get_all(CONTENT_LENGTH).iter();
    let wanted = match (lengths.next(), lengths.next()) {
        (None, _) => None,
        (Some(length), None) => Some(parse_length(length)?),
        (Some(_), Some(_)) => return Err(Failure::Malformed("more than one Content-Length".into())),
    };
    read_plain(incoming, reply.status, wanted).await
}

fn parse_length(value: &HeaderValue) -> Result<usize, Failure> {
    let text = value.to_str().unwrap_or_default();
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|_| digits)
        .ok_or_else(|| Failure::Malformed("a Content-Length that is no number".to_owned()))
}

/// A body of a known length, or one that ends with the connection.
async fn read_plain<R: AsyncRead + Unpin>(
    mut incoming: Incoming<R>,
    status: u16,
    wanted: Option<usize>,
) -> Result<Vec<u8>, Failure> {
    let until = wanted.unwrap_or(BODY).min(BODY);
    while incoming.buffer.len() < until {
        match incoming.more().await? {
            Ok(()) => {}
            Err(_) if wanted.is_none() => break,
            Err(_) => return Err(Failure::Cut(status)),
        }
    }
    incoming.buffer.truncate(until);
    Ok(incoming.buffer)
}

async fn read_chunked<R: AsyncRead + Unpin>(mut incoming: Incoming<R>, reply: &Reply) -> Result<Vec<u8>, Failure> {
    let codings = reply.headers.get_all(TRANSFER_ENCODING);
    if !codings.iter().any(|coding| coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked")) {
        return Err(Failure::Malformed("a transfer coding other than chunked".into()));
    }
    let (mut chunked, mut body, mut total) = (Chunked::new(), Vec::new(), 0);
    loop {
        total += incoming.buffer.len();
        chunked.push(&incoming.buffer, &mut body).map_err(|why| Failure::Malformed(why.to_owned()))?;
        incoming.buffer.clear();
        if chunked.is_done() || body.len() >= BODY || total >= CHUNKED {
            body.truncate(BODY);
            return Ok(body);
        }
        if incoming.more().await?.is_err() {
            return Err(Failure::Cut(reply.status));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn of(bytes: &[u8]) -> Result<Reply, Stop> {
        read(bytes, false, &mut None).await
    }

    async fn failure(bytes: &[u8]) -> Failure {
        match of(bytes).await {
            Err(Stop::Failed(failure)) => failure,
            other => panic!("wanted a failure, found {other:?}"),
        }
    }

    #[tokio::test]
    async fn bodies_end_as_the_head_says() {
        for (text, body) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokmore", "ok"),
            ("HTTP/1.1 200 OK\r\n\r\nuntil the end", "until the end"),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nContent-Length: 9\r\n\r\n2\r\nok\r\n0\r\n\r\n", "ok"),
            ("HTTP/1.0 204\r\nContent-Length: 2\r\n\r\n", ""),
            ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", ""),
        ] {
            assert_eq!(String::from_utf8_lossy(&of(text.as_bytes()).await.unwrap().body), body, "{text}");
        }
        let mut seen = None;
        let head = read(&b"HTTP/1.1 401 No\r\nContent-Length: 9\r\n\r\n"[..], true, &mut seen).await.unwrap();
        assert_eq!((head.status, head.status_line.as_str(), seen), (401, "HTTP/1.1 401 No", Some(401)));
    }

    #[tokio::test]
    async fn what_is_no_answer_is_named() {
        assert!(matches!(of(b"").await, Err(Stop::Silent(End::Eof))));
        assert_eq!(failure(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok").await, Failure::Cut(200));
        assert_eq!(failure(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nok").await, Failure::Cut(200));
        for garbage in [
            "SSH-2.0-x",
            "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n1",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n1",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
            "HTTP/1.1 200 OK\r\nX: y",
        ] {
            assert!(matches!(failure(garbage.as_bytes()).await, Failure::Malformed(_)), "{garbage}");
        }
    }

    #[tokio::test]
    async fn nothing_is_read_without_bound() {
        let body = [&b"HTTP/1.1 200 OK\r\n\r\n"[..], &vec![b'x'; 10 * BODY]].concat();
        assert_eq!(of(&body).await.unwrap().body.len(), BODY);
        let fields = [&b"HTTP/1.1 200 OK\r\n"[..], &b"a: b\r\n".repeat(1000)].concat();
        assert_eq!(failure(&fields).await, Failure::Malformed("too many headers".into()));
        let field = [&b"HTTP/1.1 200 OK\r\na: "[..], &vec![b'x'; 2 * HEAD]].concat();
        assert_eq!(failure(&field).await, Failure::Malformed("more than 64 KiB of header fields".into()));
        let interim = b"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(10_000);
        assert_eq!(failure(&interim).await, Failure::Malformed("more than 64 KiB of header fields".into()));
    }
}
