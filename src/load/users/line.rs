//! The connection of one user, kept open: a request out, an answer in.
//!
//! It writes the very bytes that the engine writes for this target and reads answers with the engine's reader, so that a
//! user differs from a connection of any other window only in what it does. No header value ever reaches the framework,
//! so none can be logged by it.

use crate::{
    load::engine::{Progress, Reader, Whole},
    model::Verdict,
    target::Wire,
};
use std::{io, sync::Arc};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout_at},
};
use tokio_rustls::TlsConnector;

/// Bytes that are read at a time.
const PIECE: usize = 16 * 1024;

/// What is needed of a connection.
trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for S {}

/// A user's connection.
#[derive(Default)]
pub(super) struct Line {
    stream: Option<Box<dyn Stream>>,
    reader: Reader,
    request: Vec<u8>,
    piece: Vec<u8>,
}

/// What came of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Answer {
    /// What it means.
    pub verdict: Verdict,
    /// Its status, where there was an answer.
    pub status: Option<u16>,
    /// Connections that were opened for it.
    pub opened: u64,
    /// Whether it was sent a second time, because the connection had been closed while it was idle.
    pub resent: bool,
}

impl Line {
    /// Shows a token and waits for the whole answer, for as long as the target file allows.
    pub async fn ask(&mut self, wire: &Wire, token: &[u8]) -> Answer {
        let deadline = Instant::now() + wire.timeout;
        self.request.clear();
        wire.render(token, &mut self.request);
        self.piece.resize(PIECE, 0);
        let mut answer = Answer { verdict: Verdict::Unreachable, status: None, opened: 0, resent: false };
        loop {
            // A call that is given up takes its connection with it: a later answer would be taken for another's.
            let (mut stream, fresh) = match self.stream.take() {
                Some(stream) => (stream, false),
                None => {
                    let Ok(Ok(stream)) = timeout_at(deadline, connect(wire)).await else { return answer };
                    answer.opened += 1;
                    self.reader = Reader::default();
                    (stream, true)
                }
            };
            match timeout_at(deadline, self.exchange(&mut stream, wire)).await {
                Ok(Ok(whole)) => {
                    answer.verdict = wire.judge(whole.status, self.reader.body());
                    answer.status = Some(whole.status);
                    if !whole.closes {
                        self.stream = Some(stream);
                    }
                    return answer;
                }
                // The target may close a connection that is idle just when a request is on its way: any client asks again.
                Ok(Err(Verdict::Reset)) if !fresh && !self.reader.has_begun() => answer.resent = true,
                Ok(Err(verdict)) => return Answer { verdict, ..answer },
                Err(_) => return Answer { verdict: Verdict::Timeout, ..answer },
            }
        }
    }

    async fn exchange(&mut self, stream: &mut Box<dyn Stream>, wire: &Wire) -> Result<Whole, Verdict> {
        // An answer may be there already, which says why it cannot be written; reading shows it.
        if stream.write_all(&self.request).await.is_ok() {
            let _ = stream.flush().await;
        }
        loop {
            let read = stream.read(&mut self.piece).await.map_err(|_| Verdict::Reset)?;
            if read == 0 {
                return self.reader.end().ok_or(Verdict::Reset);
            }
            match self.reader.feed(&self.piece[..read], wire.to_head, wire.reads_body()) {
                Progress::More => {}
                Progress::Malformed => return Err(Verdict::OddAnswer),
                // More than one answer to one request.
                Progress::Done(whole) => return Ok(Whole { closes: whole.closes || whole.used < read, ..whole }),
            }
        }
    }
}

async fn connect(wire: &Wire) -> io::Result<Box<dyn Stream>> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in &wire.addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                // Without it the request is only slower.
                let _ = stream.set_nodelay(true);
                return Ok(match &wire.tls {
                    None => Box::new(stream),
                    Some((config, name)) => {
                        Box::new(TlsConnector::from(Arc::clone(config)).connect(name.clone(), stream).await?)
                    }
                });
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::testing;
    use serde_json::json;
    use std::net::SocketAddr;
    use tokio::{net::TcpListener, sync::mpsc};

    async fn wire(address: SocketAddr) -> Wire {
        let url = format!("http://{address}/");
        testing::bearer(&url, json!({ "timeout": "2s" })).await.wire().unwrap()
    }

    /// Serves one connection after the other; each gets these answers, one for each request, and is closed then. An empty
    /// one is none. The requests come back.
    async fn server(connections: Vec<Vec<&'static str>>) -> (SocketAddr, mpsc::UnboundedReceiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, told) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            let mut open = Vec::new();
            for answers in connections {
                let (mut stream, _) = listener.accept().await.unwrap();
                for answer in answers {
                    let mut head = Vec::new();
                    while !head.ends_with(b"\r\n\r\n") {
                        let Ok(byte) = stream.read_u8().await else { return };
                        head.push(byte);
                    }
                    let _ = tell.send(String::from_utf8(head).unwrap());
                    if answer.is_empty() {
                        open.push(stream);
                        break;
                    }
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            }
            // What is not answered stays open.
            std::future::pending::<()>().await;
        });
        (address, told)
    }

    const YES: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
    const NO: &str = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno";

    #[tokio::test]
    async fn a_connection_is_kept_and_one_that_was_closed_while_idle_is_no_failure() {
        let (address, mut told) = server(vec![vec![YES, NO], vec![YES]]).await;
        let (wire, mut line) = (wire(address).await, Line::default());
        let answer = line.ask(&wire, b"one").await;
        assert_eq!(
            (answer.verdict, answer.status, answer.opened, answer.resent),
            (Verdict::Accept, Some(200), 1, false)
        );
        let answer = line.ask(&wire, b"two").await;
        assert_eq!((answer.verdict, answer.opened, answer.resent), (Verdict::Reject, 0, false));
        let answer = line.ask(&wire, b"three").await;
        assert_eq!((answer.verdict, answer.opened, answer.resent), (Verdict::Accept, 1, true));
        for token in ["one", "two", "three"] {
            assert!(told.recv().await.unwrap().contains(&format!("Authorization: Bearer {token}\r\n")));
        }
    }

    #[tokio::test]
    async fn what_is_no_answer_is_told_apart() {
        let cut = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut";
        let (address, _told) = server(vec![vec![cut], vec!["nonsense\r\n\r\n"], vec![""]]).await;
        let (wire, mut line) = (wire(address).await, Line::default());
        for wanted in [Verdict::Reset, Verdict::OddAnswer, Verdict::Timeout] {
            let answer = line.ask(&wire, b"a").await;
            assert_eq!((answer.verdict, answer.status, answer.opened, answer.resent), (wanted, None, 1, false));
        }
        let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let answer = line.ask(&self::wire(nobody).await, b"a").await;
        assert_eq!((answer.verdict, answer.opened), (Verdict::Unreachable, 0));
    }
}
