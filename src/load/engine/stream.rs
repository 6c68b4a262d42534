//! One connection: plain, or with TLS by rustls. Reads and writes never block.

use mio::{Interest, Registry, Token, event::Source as _, net::TcpStream};
use rustls::{ClientConfig, ClientConnection, pki_types::ServerName};
use std::{
    io::{self, Read, Write},
    net::SocketAddr,
    sync::Arc,
};

/// A connection.
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(TcpStream, Box<ClientConnection>),
}

/// For HTTPS: whom to trust, and the name to ask for.
pub(super) type Tls = (Arc<ClientConfig>, ServerName<'static>);

impl Stream {
    /// Begins to connect, and says to the poll what it is called.
    pub fn open(address: SocketAddr, tls: Option<&Tls>, registry: &Registry, token: Token) -> io::Result<Stream> {
        let mut socket = TcpStream::connect(address)?;
        // Edges, so both are asked for once and never again.
        socket.register(registry, token, Interest::READABLE | Interest::WRITABLE)?;
        Ok(match tls {
            None => Stream::Plain(socket),
            Some((config, name)) => {
                let session = ClientConnection::new(Arc::clone(config), name.clone()).map_err(io::Error::other)?;
                Stream::Tls(socket, Box::new(session))
            }
        })
    }

    /// Whether the connection stands; an error where it never will.
    pub fn is_connected(&self) -> io::Result<bool> {
        let (Stream::Plain(socket) | Stream::Tls(socket, _)) = self;
        if let Some(error) = socket.take_error()? {
            return Err(error);
        }
        match socket.peer_addr() {
            Ok(_) => {
                // Without it the request is only slower.
                let _ = socket.set_nodelay(true);
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Writes what can be written now, and says how much.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Plain(socket) => socket.write(bytes),
            Stream::Tls(socket, session) => {
                flush(socket, session)?;
                if session.is_handshaking() {
                    return Err(io::ErrorKind::WouldBlock.into());
                }
                let taken = session.writer().write(bytes)?;
                flush(socket, session)?;
                if taken == 0 { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(taken) }
            }
        }
    }

    /// Goes on with whatever is still to be written beneath: a handshake, or the end of a record.
    pub fn push(&mut self) -> io::Result<()> {
        match self {
            Stream::Plain(_) => Ok(()),
            Stream::Tls(socket, session) => flush(socket, session),
        }
    }

    /// Reads what is there; zero at the end of the stream.
    pub fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Plain(socket) => socket.read(into),
            Stream::Tls(socket, session) => loop {
                match session.reader().read(into) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(0),
                    other => return other,
                }
                if session.read_tls(socket)? == 0 {
                    return Ok(0);
                }
                let state = session.process_new_packets().map_err(io::Error::other);
                // An alert may tell the peer why; what it says is in the error.
                flush(socket, session)?;
                state?;
            },
        }
    }

    /// Whether a short read means that nothing more is there.
    pub fn is_plain(&self) -> bool {
        matches!(self, Stream::Plain(_))
    }
}

fn flush(socket: &mut TcpStream, session: &mut ClientConnection) -> io::Result<()> {
    while session.wants_write() {
        match session.write_tls(socket) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
