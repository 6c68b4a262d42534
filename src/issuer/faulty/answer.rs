//! The plan of an answer: what will be written, how fast, and how it ends.

use super::{board::FaultId, request::Head, stock::Stock};
use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Bytes;
use std::time::Duration;

/// What will be written.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) fields: Vec<(&'static str, String)>,
    pub(super) body: Body,
    pub(super) framing: Framing,
    /// Silence before the first byte.
    pub(super) delay: Duration,
    /// How fast the body goes out.
    pub(super) pace: Pace,
    /// Bytes of a header field that only makes the head long.
    pub(super) long_field: u64,
    pub(super) end: End,
    /// Whether the document is the true one.
    pub(super) honest: bool,
    /// How far ahead the clock of `Date` and `Expires` is, in seconds.
    pub(super) clock: i64,
}

/// What the body is.
#[derive(Debug, Clone)]
pub(super) enum Body {
    Bytes(Bytes),
    /// These bytes, and so many spaces behind them.
    Padded(Bytes, u64),
    /// Spaces without end.
    Endless,
    /// So many spaces, compressed.
    Bomb(u64),
}

/// How the end of the body is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// By its length.
    Length,
    /// By the last chunk.
    Chunked,
    /// By the end of the connection.
    Close,
}

/// How fast a body goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    AtOnce,
    /// Pieces of so many bytes, with a pause behind each, until the fault ends.
    Pieces(usize, Duration, FaultId),
}

/// How an answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Usual,
    /// No byte, until the fault ends.
    Hang(FaultId),
    /// The head, and then nothing until the fault ends.
    HangAfterHead(FaultId),
    /// Header lines without end, one a second, until the fault ends.
    DripHead(FaultId),
    /// The connection is closed without an answer.
    Nothing,
    /// The connection is reset after so many bytes of the whole.
    Reset(u64),
    /// The body stops after so many of its bytes, and the connection is closed.
    Cut(u64),
}

impl Answer {
    /// What an issuer in good health says (RFC 9110 section 13.1.2, RFC 9111 section 5.2.2.1).
    pub(super) fn honest(stock: &Stock, body: Bytes, head: &Head) -> Answer {
        let tag = entity_tag(&body);
        let mut fields = vec![("Content-Type", "application/json".to_owned()), ("ETag", tag.clone())];
        fields.extend(stock.max_age.map(|age| ("Cache-Control", format!("public, max-age={age}"))));
        let known = head.field("if-none-match").is_some_and(|known| is_known(known, &tag));
        let (status, body) = if known { (304, Bytes::new()) } else { (200, body) };
        if known {
            fields.remove(0);
        }
        Answer {
            status,
            fields,
            body: Body::Bytes(body),
            framing: Framing::Length,
            delay: Duration::ZERO,
            pace: Pace::AtOnce,
            long_field: 0,
            end: End::Usual,
            honest: true,
            clock: 0,
        }
    }

    /// Another document instead.
    pub(super) fn lie(&mut self, status: u16, content_type: &str, body: Bytes) {
        self.status = status;
        self.body = Body::Bytes(body);
        self.honest = false;
        self.fields.retain(|(name, _)| !matches!(*name, "ETag" | "Content-Type"));
        self.fields.push(("Content-Type", content_type.to_owned()));
    }

    /// Sets a field in place of another one of that name.
    pub(super) fn set(&mut self, name: &'static str, value: String) {
        self.remove(name);
        self.fields.push((name, value));
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.fields.retain(|(own, _)| *own != name);
    }

    /// Whether such an answer has no body at all (RFC 9110 sections 15.3.5 and 15.4.5).
    pub(super) fn is_bare(&self) -> bool {
        matches!(self.status, 204 | 304)
    }
}

impl Body {
    /// The length, where it ends and is known before.
    pub(super) fn length(&self) -> Option<u64> {
        match self {
            Body::Bytes(bytes) => Some(bytes.len() as u64),
            Body::Padded(bytes, pad) => Some(bytes.len() as u64 + pad),
            Body::Endless | Body::Bomb(_) => None,
        }
    }
}

pub(super) fn entity_tag(body: &[u8]) -> String {
    let digest = digest(&SHA256, body);
    let hex: String = digest.as_ref()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("\"{hex}\"")
}

fn is_known(if_none_match: &[u8], tag: &str) -> bool {
    let opaque = |tag: &[u8]| tag.strip_prefix(b"W/").unwrap_or(tag).to_vec();
    if_none_match
        .split(|byte| *byte == b',')
        .map(<[u8]>::trim_ascii)
        .any(|known| known == b"*" || opaque(known) == opaque(tag.as_bytes()))
}

/// A date as HTTP writes it (RFC 9110 section 5.6.7), so many seconds from now.
pub(super) fn date(seconds: i64) -> String {
    let now = jiff::Timestamp::now();
    let then = jiff::Timestamp::from_second(now.as_second().saturating_add(seconds)).unwrap_or(now);
    then.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
