//! A listener for one document, and the doors that faults close.

use super::{
    board::{Board, Door, FaultId},
    converse::{converse, note},
    log::FetchLog,
    stock::Stock,
    stream::Stream,
    tls::TlsKit,
};
use crate::{
    issuer::IssuerError,
    model::chaos::{Fault, FaultRule, Layer, Symbols},
};
use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
    time::{sleep, timeout},
};

/// Connections that wait to be taken.
const QUEUE: u32 = 1024;
/// How many of our own connections fill the queue of a listener that swallows.
const FILLERS: usize = 4;
/// The longest wait for a client to finish its handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// The pause after the operating system refused a connection, a socket or a listener.
const AGAIN: Duration = Duration::from_millis(20);

/// Which requests an endpoint takes for its document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Any path that ends in `jwks.json`.
    KeySet,
    /// The well-known paths of OpenID Connect Discovery and RFC 8414.
    Discovery,
    /// Every path.
    Anywhere,
}

impl Place {
    pub(super) fn is_at(self, path: &str) -> bool {
        let path = path.split('?').next().unwrap_or_default();
        match self {
            Place::KeySet => path.ends_with("jwks.json"),
            Place::Discovery => {
                path.contains("/.well-known/openid-configuration")
                    || path.contains("/.well-known/oauth-authorization-server")
            }
            Place::Anywhere => true,
        }
    }
}

/// A document behind a listener of its own. Dropping it ends it.
#[derive(Debug)]
pub struct Endpoint {
    inner: Arc<Inner>,
    address: SocketAddr,
    serving: JoinHandle<()>,
}

/// What all connections share.
#[derive(Debug)]
pub(super) struct Inner {
    pub(super) board: Board,
    pub(super) stock: Arc<Stock>,
    pub(super) log: FetchLog,
    pub(super) place: Place,
    pub(super) open: AtomicUsize,
    /// How far ahead the issuer's clock is, in seconds.
    pub(super) clock: AtomicI64,
    tls: Option<Arc<TlsKit>>,
}

impl Endpoint {
    /// Starts to listen; requests are answered from the moment it returns. `seed` drives shares of requests.
    ///
    /// # Errors
    /// The address cannot be bound.
    pub fn start(
        bind: SocketAddr,
        place: Place,
        stock: Arc<Stock>,
        tls: Option<Arc<TlsKit>>,
        seed: u64,
    ) -> Result<Endpoint, IssuerError> {
        let failed = |source| IssuerError::Bind { address: bind, source };
        // Bound for as long as the endpoint lives and never listening: while it refuses, nobody else can take its port.
        let hold = socket(bind).map_err(failed)?;
        let address = hold.local_addr().map_err(failed)?;
        let listener = socket(address).and_then(|socket| socket.listen(QUEUE)).map_err(failed)?;
        let inner = Arc::new(Inner {
            board: Board::new(seed),
            stock,
            log: FetchLog::default(),
            place,
            open: AtomicUsize::new(0),
            clock: AtomicI64::new(0),
            tls,
        });
        let serving = tokio::spawn(serve(Arc::clone(&inner), hold, listener, address));
        Ok(Endpoint { inner, address, serving })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it serves.
    #[must_use]
    pub fn stock(&self) -> &Stock {
        &self.inner.stock
    }

    /// Every request so far.
    #[must_use]
    pub fn log(&self) -> &FetchLog {
        &self.inner.log
    }

    /// Begins to misbehave; times in the fault are calculated with `symbols`.
    pub fn begin(&self, rule: FaultRule, symbols: Symbols) -> FaultId {
        self.inner.board.begin(rule, symbols, self.inner.stock.now())
    }

    /// Ends one fault; one that has ended already is no trouble.
    pub fn end(&self, fault: FaultId) {
        self.inner.board.end(fault);
    }

    /// Ends every fault.
    pub fn heal(&self) {
        self.inner.board.heal();
    }

    /// What is wrong at the moment: `status 503`.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        self.inner.board.labels()
    }

    /// Moves the clock of `Date`, by so many seconds.
    pub fn skew(&self, seconds: i64) {
        self.inner.clock.store(seconds, Ordering::Relaxed);
    }

    /// Connections that are open now.
    #[must_use]
    pub fn open(&self) -> usize {
        self.inner.open.load(Ordering::Relaxed)
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn socket(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // Not SO_REUSEADDR: with it, others could bind the port while nobody listens.
    socket.set_reuseport(true)?;
    socket.bind(address)?;
    Ok(socket)
}

async fn serve(inner: Arc<Inner>, _hold: TcpSocket, listener: TcpListener, address: SocketAddr) {
    let mut changes = inner.board.watch();
    let (doors, _) = watch::channel(0u64);
    let mut connections = JoinSet::new();
    let mut listener = Some(listener);
    let numbers = AtomicU64::new(1);
    loop {
        let (door, change) = inner.board.door();
        let later = async {
            match change {
                Some(time) => sleep(time).await,
                None => std::future::pending().await,
            }
        };
        if door != Door::Open {
            // Pooled connections would hide that nobody listens any more.
            listener = None;
            doors.send_modify(|count| *count += 1);
            let queue = match door {
                Door::Swallowing => swallow(address).await,
                _ => None,
            };
            while connections.try_join_next().is_some() {}
            tokio::select! {
                _ = changes.changed() => {}
                () = later => {}
            }
            drop(queue);
            continue;
        }
        let Some(open) = &listener else {
            match socket(address).and_then(|socket| socket.listen(QUEUE)) {
                Ok(opened) => listener = Some(opened),
                Err(_) => sleep(AGAIN).await,
            }
            continue;
        };
        tokio::select! {
            accepted = open.accept() => match accepted {
                Ok((tcp, _)) => {
                    let number = numbers.fetch_add(1, Ordering::Relaxed);
                    connections.spawn(converse(Arc::clone(&inner), tcp, number, doors.subscribe()));
                }
                Err(_) => sleep(AGAIN).await,
            },
            _ = connections.join_next(), if !connections.is_empty() => {}
            _ = changes.changed() => {}
            () = later => {}
        }
    }
}

/// A listener whose queue is full: the operating system then drops the packets of further clients.
async fn swallow(address: SocketAddr) -> Option<(TcpListener, Vec<TcpStream>)> {
    let listener = socket(address).and_then(|socket| socket.listen(1)).ok()?;
    let mut fillers = Vec::new();
    for _ in 0..FILLERS {
        match timeout(Duration::from_millis(100), TcpStream::connect(address)).await {
            Ok(Ok(filler)) => fillers.push(filler),
            _ => break,
        }
    }
    Some((listener, fillers))
}

impl Inner {
    /// The handshake, where there is one; the flag says that its peer should not have been trusted.
    pub(super) async fn shake(&self, tcp: TcpStream, number: u64) -> Option<(Stream, bool)> {
        let Some(kit) = &self.tls else { return Some((Stream::Plain(tcp), false)) };
        let met = self.board.meet(Layer::Tls);
        let fault = met.iter().find_map(|active| match &active.rule.fault {
            Fault::Tls(fault) => Some((*fault, active.id)),
            _ => None,
        });
        match fault {
            None => {
                let stream = timeout(HANDSHAKE, kit.acceptor().accept(tcp)).await.ok()?.ok()?;
                Some((Stream::Tls(Box::new(stream)), false))
            }
            Some((fault, id)) => {
                note(self, number, vec![Fault::Tls(fault).label()]);
                kit.betray(tcp, fault, self.until(id)).await.map(|stream| (stream, true))
            }
        }
    }

    async fn until(&self, id: FaultId) {
        let mut changes = self.board.watch();
        while self.board.is_on(id) && changes.changed().await.is_ok() {}
    }
}
