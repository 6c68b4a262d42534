//! HTTP/2 for load, by hyper: requests of an arena as streams over a few connections (RFC 9113).

use super::engine::KEPT;
use crate::{model::Verdict, target::Wire};
use http_body_util::{BodyExt as _, Full};
use hyper::{
    Method, Request, Uri,
    body::{Bytes, Incoming},
    client::conn::http2::{self, SendRequest},
    header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, COOKIE, HOST, HeaderName, HeaderValue, TRANSFER_ENCODING},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::Mutex,
    time::timeout,
};
use tokio_rustls::TlsConnector;

/// Header fields of a request as the engine renders it.
const FIELDS: usize = 64;
/// The name of the protocol in a TLS handshake.
const ALPN: &[u8] = b"h2";

type Sender = SendRequest<Full<Bytes>>;

/// A target over HTTP/2: what is sent goes over so many connections in turns, each of which comes back when it is lost.
pub struct Streams {
    wire: Wire,
    places: Vec<Mutex<Option<Sender>>>,
    turn: AtomicUsize,
    opened: AtomicU64,
}

/// Why a request got no answer.
struct Lost {
    verdict: Verdict,
    because: String,
}

impl Lost {
    fn new(verdict: Verdict, because: impl ToString) -> Lost {
        Lost { verdict, because: because.to_string() }
    }
}

impl Streams {
    /// A target whose requests are rendered for HTTP/1.1; nothing is connected yet.
    #[must_use]
    pub fn new(mut wire: Wire, connections: usize) -> Streams {
        if let Some((config, _)) = &mut wire.tls {
            Arc::make_mut(config).alpn_protocols = vec![ALPN.to_vec()];
        }
        let places = (0..connections.max(1)).map(|_| Mutex::new(None)).collect();
        Streams { wire, places, turn: AtomicUsize::new(0), opened: AtomicU64::new(0) }
    }

    /// What requests are rendered for.
    #[must_use]
    pub fn wire(&self) -> &Wire {
        &self.wire
    }

    /// Connections that were opened since the last call.
    pub(super) fn opened(&self) -> u64 {
        self.opened.swap(0, Ordering::Relaxed)
    }

    /// Sees by one request whether the target speaks HTTP/2.
    ///
    /// # Errors
    /// It does not, or nobody answers; the text says what came instead.
    pub async fn try_out(&self, token: &[u8]) -> Result<(), String> {
        let mut rendered = Vec::new();
        self.wire.render(token, &mut rendered);
        match self.ask(&rendered).await {
            (Verdict::Unreachable | Verdict::Timeout | Verdict::Reset | Verdict::OddAnswer, because) => Err(because),
            _ => Ok(()),
        }
    }

    /// Sends a rendered request; what came of it, and why.
    pub(super) async fn ask(&self, rendered: &[u8]) -> (Verdict, String) {
        match timeout(self.wire.timeout, self.exchange(rendered)).await {
            Ok(Ok((status, body))) => (self.wire.judge(status, &body), format!("status {status}")),
            Ok(Err(lost)) => (lost.verdict, lost.because),
            Err(_) => (Verdict::Timeout, "no whole answer in time".into()),
        }
    }

    async fn exchange(&self, rendered: &[u8]) -> Result<(u16, Vec<u8>), Lost> {
        let scheme = if self.wire.tls.is_some() { "https" } else { "http" };
        let place = self.turn.fetch_add(1, Ordering::Relaxed) % self.places.len();
        let mut again = true;
        loop {
            let mut sender = self.sender(place).await?;
            let request = request(scheme, rendered).map_err(|because| Lost::new(Verdict::OddAnswer, because))?;
            match sender.send_request(request).await {
                Ok(answer) => return whole(answer, self.wire.reads_body()).await,
                // A connection may end just when a request is on its way to it: any client asks again.
                Err(error) if again && (error.is_canceled() || error.is_closed()) => {
                    again = false;
                    *self.places[place].lock().await = None;
                }
                Err(error) => return Err(Lost::new(Verdict::Reset, cause(&error))),
            }
        }
    }

    /// The connection of a place, opened where there is none.
    async fn sender(&self, place: usize) -> Result<Sender, Lost> {
        let mut held = self.places[place].lock().await;
        if let Some(sender) = held.as_ref().filter(|sender| !sender.is_closed()) {
            return Ok(sender.clone());
        }
        let opened = self.open(place).await?;
        *held = Some(opened.clone());
        Ok(opened)
    }

    async fn open(&self, place: usize) -> Result<Sender, Lost> {
        let unreachable = |error: io::Error| Lost::new(Verdict::Unreachable, error);
        let address = self.wire.addresses[place % self.wire.addresses.len()];
        self.opened.fetch_add(1, Ordering::Relaxed);
        let socket = TcpStream::connect(address).await.map_err(unreachable)?;
        socket.set_nodelay(true).map_err(unreachable)?;
        let Some((config, name)) = &self.wire.tls else { return handshake(socket).await };
        let session =
            TlsConnector::from(Arc::clone(config)).connect(name.clone(), socket).await.map_err(unreachable)?;
        if session.get_ref().1.alpn_protocol() != Some(ALPN) {
            let because = "the target does not choose HTTP/2 in the TLS handshake (ALPN, RFC 9113 section 3.3)";
            return Err(Lost::new(Verdict::OddAnswer, because));
        }
        handshake(session).await
    }
}

/// Begins HTTP/2; without TLS by knowing beforehand that it is spoken (RFC 9113 section 3.3).
async fn handshake(io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Result<Sender, Lost> {
    let odd = |error: hyper::Error| Lost::new(Verdict::OddAnswer, cause(&error));
    let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(io)).await.map_err(odd)?;
    // It ends with its last sender, or says to each request on it why it broke.
    tokio::spawn(connection);
    Ok(sender)
}

/// The status and as much of the body as is looked at.
async fn whole(mut answer: hyper::Response<Incoming>, keeps: bool) -> Result<(u16, Vec<u8>), Lost> {
    let status = answer.status().as_u16();
    let mut body = Vec::new();
    while let Some(frame) = answer.body_mut().frame().await {
        let frame = frame.map_err(|error| Lost::new(Verdict::Reset, cause(&error)))?;
        if let Some(data) = frame.data_ref().filter(|_| keeps) {
            body.extend(&data[..data.len().min(KEPT - body.len())]);
        }
    }
    Ok((status, body))
}

/// A request that was rendered for HTTP/1.1, without what HTTP/2 says by other means (RFC 9113 section 8.2.2).
fn request(scheme: &str, rendered: &[u8]) -> Result<Request<Full<Bytes>>, String> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut head = httparse::Request::new(&mut fields);
    let length = match head.parse(rendered) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Err("the request has no end".into()),
        Err(error) => return Err(error.to_string()),
    };
    let host = head.headers.iter().find(|field| HOST.as_str().eq_ignore_ascii_case(field.name));
    let host = host.and_then(|field| std::str::from_utf8(field.value).ok()).ok_or("the request names no host")?;
    let uri = format!("{scheme}://{host}{}", head.path.unwrap_or("/"));
    let method = Method::from_bytes(head.method.unwrap_or("GET").as_bytes()).map_err(|error| error.to_string())?;
    let uri: Uri = uri.parse().map_err(|_| "the address of the target is none for HTTP/2")?;
    let body = Bytes::copy_from_slice(&rendered[length..]);
    let mut request = Request::builder().method(method).uri(uri).body(Full::new(body)).map_err(|e| e.to_string())?;
    for field in head.headers.iter() {
        let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(|error| error.to_string())?;
        if [HOST, CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING].contains(&name) {
            continue;
        }
        let mut value = HeaderValue::from_bytes(field.value).map_err(|error| error.to_string())?;
        value.set_sensitive(name == AUTHORIZATION || name == COOKIE);
        request.headers_mut().append(name, value);
    }
    Ok(request)
}

/// What an error says, with what it says was beneath.
fn cause(error: &hyper::Error) -> String {
    let beneath = std::error::Error::source(error).map_or(String::new(), |beneath| format!(": {beneath}"));
    format!("{error}{beneath}")
}
