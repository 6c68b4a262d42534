//! A target that answers by a rule of the test, over plain sockets, so that it can also answer what no server would.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// No connection is kept longer, whatever a test forgets.
const LONGEST: Duration = Duration::from_secs(180);
/// The longest request head that is read.
const HEAD: usize = 512 * 1024;

/// The audience of all scripted targets.
pub const AUDIENCE: &str = "https://orders.example";

/// A listening target. Dropping it stops it.
pub struct Scripted {
    address: SocketAddr,
    over: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
}

/// One request.
pub struct Ask {
    /// Counted from 1.
    pub number: usize,
    /// Request line and header fields.
    pub head: String,
}

impl Scripted {
    /// Starts one. Each connection carries one request and is answered by the rule in a thread of its own.
    pub fn start(rule: impl Fn(&Ask, &mut TcpStream) + Send + Sync + 'static) -> Scripted {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (over, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (rule, ended, count) = (Arc::new(rule), Arc::clone(&over), Arc::clone(&asked));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                let (Ok(stream), rule, count) = (stream, Arc::clone(&rule), Arc::clone(&count)) else { continue };
                thread::spawn(move || serve(stream, &*rule, &count));
            }
        });
        Scripted { address, over, asked }
    }

    pub fn url(&self) -> String {
        format!("http://{}/whoami", self.address)
    }

    /// Requests so far.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // Wakes the thread that listens.
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(mut stream: TcpStream, rule: &dyn Fn(&Ask, &mut TcpStream), count: &AtomicUsize) {
    stream.set_read_timeout(Some(LONGEST)).unwrap();
    stream.set_write_timeout(Some(LONGEST)).unwrap();
    let mut head = Vec::new();
    let mut piece = [0; 8192];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") && head.len() < HEAD {
        match stream.read(&mut piece) {
            Ok(length) if length > 0 => head.extend_from_slice(&piece[..length]),
            _ => return,
        }
    }
    let number = count.fetch_add(1, Ordering::SeqCst) + 1;
    rule(&Ask { number, head: String::from_utf8_lossy(&head).into_owned() }, &mut stream);
}

impl Ask {
    /// What stands behind `Authorization: Bearer`, where that field is there once.
    pub fn token(&self) -> Option<&str> {
        let mut values = self.head.lines().filter_map(|line| line.split_once(':')).filter_map(|(name, value)| {
            name.eq_ignore_ascii_case("authorization").then(|| value.trim().strip_prefix("Bearer ")).flatten()
        });
        values.next().filter(|_| values.next().is_none())
    }

    /// Whether the token looks like a good one. The signature is only measured: enough for controls to be taken and
    /// for the cases that these tests select to be refused.
    pub fn is_good(&self) -> bool {
        self.token().and_then(looks_good).unwrap_or(false)
    }
}

fn looks_good(token: &str) -> Option<bool> {
    let [header, payload, signature] = token.split('.').collect::<Vec<_>>().try_into().ok()?;
    let part = |text: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(text).ok()?).ok();
    let (header, claims) = (part(header)?, part(payload)?);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    let issuer = claims["iss"].as_str()?;
    Some(
        header["alg"] == "RS256"
            && signature.len() == 342
            && claims["aud"] == AUDIENCE
            && issuer.starts_with("http://127.0.0.1:")
            && issuer.ends_with("/issuer")
            && claims["exp"].as_f64()? > now
            && claims.get("nbf").and_then(Value::as_f64).is_none_or(|begin| begin <= now),
    )
}

/// Writes a whole answer. A peer that is gone is no concern of ours.
pub fn answer(stream: &mut TcpStream, status: &str, fields: &str, body: &str) {
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\n{fields}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
}

pub fn yes(stream: &mut TcpStream) {
    answer(stream, "200 OK", "", "{}");
}

pub fn no(stream: &mut TcpStream) {
    answer(stream, "401 Unauthorized", "WWW-Authenticate: Bearer error=\"invalid_token\"\r\n", "");
}

pub fn judge(ask: &Ask, stream: &mut TcpStream) {
    if ask.is_good() { yes(stream) } else { no(stream) }
}

/// Says nothing until the other side gives up.
pub fn hang(stream: &mut TcpStream) {
    let _ = stream.read(&mut [0; 64]);
}

/// Writes the same again and again until the other side has had enough.
pub fn flood(stream: &mut TcpStream, opening: &str, piece: &str) {
    let mut written = stream.write_all(opening.as_bytes());
    let many = piece.repeat(1 + 16_384 / piece.len());
    while written.is_ok() {
        written = stream.write_all(many.as_bytes());
    }
}
