//! Writes a planned answer.

use super::{
    answer::{Answer, Body, End, Framing, Pace, date},
    board::FaultId,
    stream::Stream,
};
use axum::body::Bytes;
use flate2::{Compression, write::GzEncoder};
use std::{
    io::{self, Write},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::sleep,
};

/// One piece of a body that is made while it is sent.
const PIECE: usize = 64 * 1024;

/// Counts what goes out, and stops where a fault wants it.
pub(super) struct Pen<'s> {
    pub(super) stream: &'s mut Stream,
    pub(super) written: u64,
    /// After so many bytes nothing more is written.
    limit: u64,
}

/// Why writing ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stopped {
    /// The limit of a fault is reached.
    Limit,
    /// The client is gone.
    Gone,
}

impl<'s> Pen<'s> {
    pub(super) fn new(stream: &'s mut Stream, end: End) -> Pen<'s> {
        let limit = if let End::Reset(bytes) = end { bytes } else { u64::MAX };
        Pen { stream, written: 0, limit }
    }

    /// Waits, unless the client leaves.
    pub(super) async fn pause(&mut self, pause: Duration) -> Result<(), Stopped> {
        if client_leaves(self.stream, sleep(pause)).await { Err(Stopped::Gone) } else { Ok(()) }
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), Stopped> {
        let room = usize::try_from(self.limit - self.written).unwrap_or(usize::MAX);
        let cut = &bytes[..bytes.len().min(room)];
        let sent = async {
            self.stream.write_all(cut).await?;
            self.stream.flush().await
        };
        sent.await.map_err(|_| Stopped::Gone)?;
        self.written += cut.len() as u64;
        if cut.len() < bytes.len() { Err(Stopped::Limit) } else { Ok(()) }
    }
}

/// Waits; true where the client closes its side meanwhile. What it sends is nothing that we would read.
pub(super) async fn client_leaves(stream: &mut Stream, work: impl Future<Output = ()>) -> bool {
    let mut byte = [0; 1];
    tokio::select! {
        read = stream.read(&mut byte) => !matches!(read, Ok(read) if read > 0),
        () = work => false,
    }
}

/// Status line and header fields, with the empty line.
pub(super) async fn head(pen: &mut Pen<'_>, answer: &Answer, keeps: bool) -> Result<(), Stopped> {
    let mut text = format!("HTTP/1.1 {} {}\r\nDate: {}\r\n", answer.status, phrase(answer.status), date(answer.clock));
    for (name, value) in &answer.fields {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if !answer.is_bare() {
        match (answer.framing, answer.body.length()) {
            (Framing::Length, Some(length)) => text.push_str(&format!("Content-Length: {length}\r\n")),
            (Framing::Close, _) => {}
            _ => text.push_str("Transfer-Encoding: chunked\r\n"),
        }
    }
    if !keeps {
        text.push_str("Connection: close\r\n");
    }
    pen.write(text.as_bytes()).await?;
    if answer.long_field > 0 {
        pen.write(b"X-Filler: ").await?;
        let mut left = answer.long_field;
        let piece = [b'x'; 8192];
        while left > 0 {
            let length = left.min(piece.len() as u64);
            pen.write(&piece[..usize::try_from(length).unwrap_or(piece.len())]).await?;
            left -= length;
        }
        pen.write(b"\r\n").await?;
    }
    pen.write(b"\r\n").await
}

/// The body in its framing; `is_on` knows whether the fault that slows it lasts.
pub(super) async fn body(
    pen: &mut Pen<'_>,
    answer: &Answer,
    is_on: &(dyn Fn(FaultId) -> bool + Sync),
) -> Result<(), Stopped> {
    let chunked =
        answer.framing == Framing::Chunked || (answer.framing == Framing::Length && answer.body.length().is_none());
    let mut left = if let End::Cut(bytes) = answer.end { bytes } else { u64::MAX };
    let mut pieces = Pieces::new(&answer.body);
    while let Some(piece) = pieces.next().map_err(|_| Stopped::Gone)? {
        let cut = &piece[..piece.len().min(usize::try_from(left).unwrap_or(usize::MAX))];
        send(pen, cut, chunked, answer.pace, is_on).await?;
        left -= cut.len() as u64;
        if cut.len() < piece.len() {
            return Err(Stopped::Limit);
        }
    }
    if chunked { pen.write(b"0\r\n\r\n").await } else { Ok(()) }
}

async fn send(
    pen: &mut Pen<'_>,
    mut bytes: &[u8],
    chunked: bool,
    pace: Pace,
    is_on: &(dyn Fn(FaultId) -> bool + Sync),
) -> Result<(), Stopped> {
    while !bytes.is_empty() {
        let slow = match pace {
            Pace::Pieces(size, pause, fault) if is_on(fault) => Some((size, pause)),
            _ => None,
        };
        let (piece, rest) = bytes.split_at(slow.map_or(bytes.len(), |(size, _)| size.clamp(1, bytes.len())));
        bytes = rest;
        if chunked {
            let head = format!("{:x}\r\n", piece.len());
            pen.write(&[head.as_bytes(), piece, b"\r\n"].concat()).await?;
        } else {
            pen.write(piece).await?;
        }
        // Behind its last byte the client may well leave.
        if let Some((_, pause)) = slow.filter(|_| !bytes.is_empty()) {
            pen.pause(pause).await?;
        }
    }
    Ok(())
}

/// A body piece by piece; what is large is made on the way.
enum Pieces {
    Bytes(Option<Bytes>),
    Padded(Option<Bytes>, u64),
    Endless,
    Bomb(Box<GzEncoder<Vec<u8>>>, u64, bool),
}

impl Pieces {
    fn new(body: &Body) -> Pieces {
        match body {
            Body::Bytes(bytes) => Pieces::Bytes(Some(bytes.clone())),
            Body::Padded(bytes, pad) => Pieces::Padded(Some(bytes.clone()), *pad),
            Body::Endless => Pieces::Endless,
            Body::Bomb(size) => Pieces::Bomb(Box::new(GzEncoder::new(Vec::new(), Compression::best())), *size, false),
        }
    }

    fn next(&mut self) -> io::Result<Option<Bytes>> {
        static SPACES: [u8; PIECE] = [b' '; PIECE];
        Ok(match self {
            Pieces::Bytes(bytes) => bytes.take().filter(|bytes| !bytes.is_empty()),
            Pieces::Padded(bytes, pad) => match bytes.take().filter(|bytes| !bytes.is_empty()) {
                Some(bytes) => Some(bytes),
                None if *pad == 0 => None,
                None => {
                    let length = (*pad).min(PIECE as u64);
                    *pad -= length;
                    Some(Bytes::from_static(&SPACES[..usize::try_from(length).unwrap_or(PIECE)]))
                }
            },
            Pieces::Endless => Some(Bytes::from_static(&SPACES)),
            Pieces::Bomb(_, _, true) => None,
            Pieces::Bomb(encoder, left, done) => {
                while *left > 0 && encoder.get_ref().len() < PIECE {
                    let length = (*left).min(PIECE as u64);
                    encoder.write_all(&SPACES[..usize::try_from(length).unwrap_or(PIECE)])?;
                    *left -= length;
                }
                if *left == 0 {
                    encoder.try_finish()?;
                    *done = true;
                }
                Some(std::mem::take(encoder.get_mut()).into()).filter(|bytes: &Bytes| !bytes.is_empty())
            }
        })
    }
}

fn phrase(status: u16) -> &'static str {
    axum::http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Unknown")
}
