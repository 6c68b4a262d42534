//! Reads the head of a request; a body is not read, for no document takes one.

use super::stream::Stream;
use std::time::Duration;
use tokio::{io::AsyncReadExt, time::timeout};

/// The longest head that is read.
const LONGEST: usize = 16 * 1024;
/// The longest wait for the rest of a head that has begun, and for the next one on an open connection.
const PATIENCE: Duration = Duration::from_secs(120);

/// A head as it was sent.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) fields: Vec<(String, Vec<u8>)>,
    /// Whether the client keeps the connection open.
    pub(super) keeps: bool,
}

impl Head {
    pub(super) fn field(&self, name: &str) -> Option<&[u8]> {
        self.fields.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_slice())
    }
}

/// Reads the next head; `None` once the client is gone, talks something else, or takes too long.
pub(super) async fn read(stream: &mut Stream, rest: &mut Vec<u8>) -> Option<Head> {
    timeout(PATIENCE, read_head(stream, rest)).await.ok().flatten()
}

async fn read_head(stream: &mut Stream, rest: &mut Vec<u8>) -> Option<Head> {
    loop {
        if let Some((head, length)) = parse(rest)? {
            rest.drain(..length);
            return Some(head);
        }
        if rest.len() > LONGEST {
            return None;
        }
        let mut piece = [0; 4096];
        let read = stream.read(&mut piece).await.ok()?;
        if read == 0 {
            return None;
        }
        rest.extend_from_slice(&piece[..read]);
    }
}

/// `None`: this is no head. `Some(None)`: not all of it is there.
#[expect(clippy::option_option, reason = "no head, half a head and a head are three things")]
fn parse(bytes: &[u8]) -> Option<Option<(Head, usize)>> {
    let mut fields = [httparse::EMPTY_HEADER; 64];
    let mut request = httparse::Request::new(&mut fields);
    let httparse::Status::Complete(length) = request.parse(bytes).ok()? else { return Some(None) };
    let mut head = Head {
        method: request.method.unwrap_or_default().to_owned(),
        path: request.path.unwrap_or_default().to_owned(),
        keeps: request.version == Some(1),
        fields: request.headers.iter().map(|field| (field.name.to_lowercase(), field.value.to_vec())).collect(),
    };
    if let Some(wish) = head.field("connection").map(|wish| String::from_utf8_lossy(wish).to_lowercase()) {
        head.keeps = if wish.contains("close") { false } else { head.keeps || wish.contains("keep-alive") };
    }
    // A body would be taken for the next request.
    head.keeps &= head.field("content-length").is_none_or(|length| length == b"0");
    head.keeps &= head.field("transfer-encoding").is_none();
    Some(Some((head, length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read_and_nonsense_is_not() {
        let (head, length) =
            parse(b"GET /a?b HTTP/1.1\r\nHost: x\r\nIf-None-Match: \"1\"\r\n\r\nGET").unwrap().unwrap();
        assert_eq!((head.method.as_str(), head.path.as_str(), length), ("GET", "/a?b", 50));
        assert_eq!((head.field("if-none-match"), head.keeps), (Some(&b"\"1\""[..]), true));
        let keeps = |text: &[u8]| parse(text).unwrap().unwrap().0.keeps;
        assert!(!keeps(b"GET / HTTP/1.0\r\n\r\n") && !keeps(b"GET / HTTP/1.1\r\nConnection: Close\r\n\r\n"));
        assert!(!keeps(b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\n"));
        assert!(parse(b"GET / HTT").unwrap().is_none());
        assert!(parse(b"\x16\x03\x01\x02").is_none());
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..80)) {
            let _ = parse(&bytes);
        }
    }
}
