//! A server of known behaviour, to measure whoever measures: it takes every token that looks like one, at once, or no
//! faster than it is told, or with a stall in every so many seconds. It verifies nothing.

use super::BuiltinError;
use mio::{
    Events, Interest, Poll, Registry, Token, Waker,
    net::{TcpListener, TcpStream},
};
use std::{
    collections::VecDeque,
    fmt,
    io::{self, ErrorKind, Read, Write},
    net::{Ipv4Addr, SocketAddr},
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

const LISTENER: Token = Token(0);
const WAKER: Token = Token(1);
/// Connections are named from here on.
const FIRST: usize = 2;
/// What is read at once.
const SCRATCH: usize = 64 * 1024;
/// The longest head.
const HEAD: usize = 256 * 1024;
/// A busy server that was not let run for a moment makes up for it, up to this long.
const CREDIT: f64 = 0.02;
const YES: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
const NO: &[u8] = b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nContent-Length: 0\r\n\r\n";

/// How it behaves: `5000/s`, `stall=200ms/1s`, or both with a comma between them; nothing at all for at once.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Pace {
    /// Answers in a second, at most.
    pub capacity: Option<f64>,
    /// It stands still for the first time of every second one.
    pub stall: Option<(Duration, Duration)>,
}

impl FromStr for Pace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted =
            || format!("wanted a pace such as \"5000/s\", \"stall=200ms/1s\" or both with a comma, found {text:?}");
        let mut pace = Pace::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            if let Some(stall) = part.strip_prefix("stall=") {
                let (length, every) = stall.split_once('/').ok_or_else(wanted)?;
                let period = |text: &str| text.parse::<crate::model::Period>().map(|period| period.0);
                let (length, every) = (period(length)?, period(every)?);
                if length >= every {
                    return Err(wanted());
                }
                pace.stall = Some((length, every));
            } else {
                let rate: f64 = part.strip_suffix("/s").and_then(|text| text.parse().ok()).ok_or_else(wanted)?;
                if !(rate > 0.0 && rate.is_finite()) {
                    return Err(wanted());
                }
                pace.capacity = Some(rate);
            }
        }
        Ok(pace)
    }
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let capacity = self.capacity.map(|rate| format!("{rate}/s"));
        let stall = self.stall.map(|(length, every)| format!("stall={}ms/{}ms", length.as_millis(), every.as_millis()));
        f.write_str(&capacity.into_iter().chain(stall).collect::<Vec<_>>().join(","))
    }
}

/// The server, on a thread of its own. It ends with [`Yardstick::stop`], or when it is dropped.
pub struct Yardstick {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    waker: Waker,
    thread: Option<JoinHandle<()>>,
}

impl Yardstick {
    /// Starts it on a port of loopback; 0 lets the system choose.
    ///
    /// # Errors
    /// No port, or no thread.
    pub fn start(pace: Pace, port: u16) -> Result<Yardstick, BuiltinError> {
        let mut listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port).into())?;
        let address = listener.local_addr()?;
        let poll = Poll::new()?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        let waker = Waker::new(poll.registry(), WAKER)?;
        let stop = Arc::new(AtomicBool::new(false));
        let floor = Floor {
            listener,
            pace,
            zero: Instant::now(),
            guests: Vec::new(),
            free: Vec::new(),
            waiting: VecDeque::new(),
            slot: 0.0,
            mark: memchr::memmem::Finder::new(b"\r\nAuthorization: Bearer "),
            end: memchr::memmem::Finder::new(b"\r\n\r\n"),
        };
        let stopped = Arc::clone(&stop);
        let thread = thread::Builder::new().name("yardstick".into()).spawn(move || {
            // A poll that fails leaves nothing to serve with; whoever measures sees that nobody answers.
            let _ = floor.serve(poll, &stopped);
        })?;
        Ok(Yardstick { address, stop, waker, thread: Some(thread) })
    }

    /// The base address, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops it.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // It looks at the flag a few times a second anyway.
        let _ = self.waker.wake();
        if let Some(thread) = self.thread.take() {
            // Had it panicked there would be nothing left to stop.
            let _ = thread.join();
        }
    }
}

impl Drop for Yardstick {
    fn drop(&mut self) {
        self.end();
    }
}

/// One connection.
struct Guest {
    stream: TcpStream,
    /// A head that did not come whole.
    partial: Vec<u8>,
    /// Answers that could not be written whole.
    unwritten: Vec<u8>,
}

struct Floor {
    listener: TcpListener,
    pace: Pace,
    zero: Instant,
    guests: Vec<Option<Guest>>,
    free: Vec<usize>,
    /// Who waits for an answer, and which one.
    waiting: VecDeque<(usize, bool)>,
    /// When the next answer is due, in seconds from the beginning.
    slot: f64,
    mark: memchr::memmem::Finder<'static>,
    end: memchr::memmem::Finder<'static>,
}

impl Floor {
    fn serve(mut self, mut poll: Poll, stop: &AtomicBool) -> io::Result<()> {
        let mut events = Events::with_capacity(1024);
        let mut scratch = vec![0; SCRATCH];
        while !stop.load(Ordering::Relaxed) {
            match poll.poll(&mut events, Some(self.patience())) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                other => other?,
            }
            for event in &events {
                match event.token() {
                    LISTENER => self.welcome(poll.registry()),
                    WAKER => {}
                    Token(name) => self.hear(name - FIRST, event.is_writable(), &mut scratch),
                }
            }
            self.answer();
        }
        Ok(())
    }

    /// How long nothing can happen by itself.
    fn patience(&self) -> Duration {
        const LOOK: Duration = Duration::from_millis(200);
        if self.waiting.is_empty() {
            return LOOK;
        }
        let now = self.zero.elapsed();
        let slot = self.pace.capacity.map_or(0.0, |_| (self.slot - now.as_secs_f64()).max(0.0));
        let stall = self.pace.stall.map_or(Duration::ZERO, |stall| left_of(stall, now));
        Duration::from_secs_f64(slot).max(stall).min(LOOK)
    }

    fn welcome(&mut self, registry: &Registry) {
        while let Ok((mut stream, _)) = self.listener.accept() {
            // Without it an answer is only slower.
            let _ = stream.set_nodelay(true);
            let place = self.free.pop().unwrap_or(self.guests.len());
            let both = Interest::READABLE | Interest::WRITABLE;
            if registry.register(&mut stream, Token(place + FIRST), both).is_err() {
                continue;
            }
            let guest = Some(Guest { stream, partial: Vec::new(), unwritten: Vec::new() });
            match self.guests.get_mut(place) {
                Some(free) => *free = guest,
                None => self.guests.push(guest),
            }
        }
    }

    fn hear(&mut self, place: usize, writable: bool, scratch: &mut [u8]) {
        let Some(guest) = self.guests.get_mut(place).and_then(Option::as_mut) else { return };
        if writable && !guest.unwritten.is_empty() {
            let text = std::mem::take(&mut guest.unwritten);
            guest.write(&text);
        }
        loop {
            let read = match guest.stream.read(scratch) {
                Ok(0) => return self.leave(place),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => return self.leave(place),
            };
            let bytes = &scratch[..read];
            if guest.partial.is_empty() && bytes.ends_with(b"\r\n\r\n") && self.end.find(bytes) == Some(read - 4) {
                let good = looks_like_a_token(&self.mark, bytes);
                if self.pace == Pace::default() {
                    guest.write(if good { YES } else { NO });
                } else {
                    self.waiting.push_back((place, good));
                }
            } else {
                guest.partial.extend_from_slice(bytes);
                let mut used = 0;
                while let Some(end) = self.end.find(&guest.partial[used..]) {
                    let head = &guest.partial[used..used + end + 4];
                    self.waiting.push_back((place, looks_like_a_token(&self.mark, head)));
                    used += end + 4;
                }
                guest.partial.drain(..used);
                if guest.partial.len() > HEAD {
                    return self.leave(place);
                }
            }
            if read < scratch.len() {
                return;
            }
        }
    }

    /// Answers whoever's turn it is.
    fn answer(&mut self) {
        while let Some((place, good)) = self.waiting.front().copied() {
            let now = self.zero.elapsed();
            if self.pace.stall.is_some_and(|stall| !left_of(stall, now).is_zero()) {
                return;
            }
            if let Some(capacity) = self.pace.capacity {
                let now = now.as_secs_f64();
                if self.slot > now {
                    return;
                }
                self.slot = self.slot.max(now - CREDIT) + 1.0 / capacity;
            }
            self.waiting.pop_front();
            if let Some(guest) = self.guests.get_mut(place).and_then(Option::as_mut) {
                guest.write(if good { YES } else { NO });
            }
        }
    }

    fn leave(&mut self, place: usize) {
        if self.guests[place].take().is_some() {
            self.waiting.retain(|(waiting, _)| *waiting != place);
            self.free.push(place);
        }
    }
}

impl Guest {
    fn write(&mut self, text: &[u8]) {
        if self.unwritten.is_empty() {
            // What goes wrong here shows when the connection is read.
            let written = self.stream.write(text).unwrap_or(0);
            self.unwritten.extend_from_slice(&text[written..]);
        } else {
            self.unwritten.extend_from_slice(text);
        }
    }
}

/// How long the stall still lasts.
fn left_of((length, every): (Duration, Duration), now: Duration) -> Duration {
    let into = now.as_nanos() % every.as_nanos().max(1);
    let left = length.as_nanos().saturating_sub(into);
    Duration::from_nanos(u64::try_from(left).unwrap_or(u64::MAX))
}

/// Three segments behind `Bearer`, the first of which begins as every JSON object does in base64url.
fn looks_like_a_token(mark: &memchr::memmem::Finder<'_>, head: &[u8]) -> bool {
    let Some(at) = mark.find(head) else { return false };
    let token = &head[at + mark.needle().len()..];
    let end = memchr::memchr(b'\r', token).unwrap_or(token.len());
    let token = &token[..end];
    token.starts_with(b"ey") && memchr::memchr_iter(b'.', token).count() == 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpStream as Blocking;

    fn ask(stream: &mut Blocking, head: &str) -> String {
        stream.write_all(head.as_bytes()).unwrap();
        let mut text = vec![0; 512];
        let read = stream.read(&mut text).unwrap();
        String::from_utf8_lossy(&text[..read]).into_owned()
    }

    #[test]
    fn a_pace_reads_as_it_is_written() {
        for text in ["", "5000/s", "stall=200ms/1000ms", "250/s,stall=10ms/20ms"] {
            assert_eq!(text.parse::<Pace>().unwrap().to_string(), text);
        }
        for text in ["5000", "0/s", "stall=1s", "stall=2s/1s", "x"] {
            assert!(text.parse::<Pace>().is_err(), "{text}");
        }
    }

    #[test]
    fn tokens_are_taken_and_everything_else_is_refused() {
        let server = Yardstick::start(Pace::default(), 0).unwrap();
        let mut stream = Blocking::connect(server.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let good = "GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer eya.b.c\r\n\r\n";
        assert!(ask(&mut stream, good).starts_with("HTTP/1.1 200"));
        assert!(ask(&mut stream, &good.replace("eya.b.c", "not-a-token")).starts_with("HTTP/1.1 401"));
        assert!(ask(&mut stream, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").starts_with("HTTP/1.1 401"));
        stream.write_all(&good.as_bytes()[..20]).unwrap();
        assert!(ask(&mut stream, &good[20..]).starts_with("HTTP/1.1 200"));
        server.stop();
    }

    #[test]
    fn a_capacity_is_kept_and_a_stall_is_waited_out() {
        assert_eq!(
            left_of((Duration::from_millis(200), Duration::from_secs(1)), Duration::from_millis(3050)).as_millis(),
            150
        );
        assert!(left_of((Duration::from_millis(200), Duration::from_secs(1)), Duration::from_millis(3250)).is_zero());
        let server = Yardstick::start("100/s".parse().unwrap(), 0).unwrap();
        let mut stream = Blocking::connect(server.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let began = Instant::now();
        for _ in 0..10 {
            assert!(
                ask(&mut stream, "GET / HTTP/1.1\r\nAuthorization: Bearer eya.b.c\r\n\r\n").starts_with("HTTP/1.1 200")
            );
        }
        // Ten slots of ten milliseconds, less the credit that it begins with.
        assert!(began.elapsed() >= Duration::from_millis(60));
    }
}
