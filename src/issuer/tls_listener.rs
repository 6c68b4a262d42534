//! Takes connections over TLS. Handshakes run side by side, so that a client that stalls holds up nobody else.

use axum::serve::Listener;
use rustls::ServerConfig;
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// The longest wait for a client to finish its handshake.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// Handshakes at a time; more clients wait in the operating system's queue.
const AT_ONCE: usize = 256;

type Shaken = Option<(TlsStream<TcpStream>, SocketAddr)>;

/// A listener whose connections are encrypted.
pub(super) struct TlsListener {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
    handshakes: JoinSet<Shaken>,
}

impl TlsListener {
    pub(super) fn new(tcp: TcpListener, config: Arc<ServerConfig>) -> Self {
        TlsListener { tcp, acceptor: config.into(), handshakes: JoinSet::new() }
    }

    fn shake(&mut self, stream: TcpStream, peer: SocketAddr) {
        let acceptor = self.acceptor.clone();
        self.handshakes.spawn(async move {
            // A client that does not trust us ends its own handshake; that is its answer, not our failure.
            let stream = timeout(HANDSHAKE, acceptor.accept(stream)).await.ok()?.ok()?;
            Some((stream, peer))
        });
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            tokio::select! {
                (stream, peer) = Listener::accept(&mut self.tcp), if self.handshakes.len() < AT_ONCE => {
                    // Small answers must not wait for an acknowledgement; without it they are only slower.
                    let _ = stream.set_nodelay(true);
                    self.shake(stream, peer);
                }
                Some(Ok(Some(shaken))) = self.handshakes.join_next() => return shaken,
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}
