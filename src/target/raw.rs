//! Sends request bytes exactly as they are over a connection of their own.

use super::{
    guard::Aim,
    reply::{self, End, Failure, Reply, Stop},
};
use rustls::{ClientConfig, pki_types::ServerName};
use std::{io, net::SocketAddr, pin::pin, sync::Arc};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout_at},
};
use tokio_rustls::TlsConnector;

/// Requests above this size may be more than a server is ready to read; the smallest common limit is 8 KiB.
const ORDINARY: usize = 8 * 1024;

/// A place to send raw requests to.
#[derive(Debug, Clone)]
pub(super) struct Door {
    addresses: Vec<SocketAddr>,
    tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
}

impl Door {
    /// The door to an address that the guard has checked; with `tls` where the URL says https.
    pub(super) fn new(aim: &Aim, tls: Option<Arc<ClientConfig>>) -> Result<Self, String> {
        let name = || ServerName::try_from(aim.host.clone()).map_err(|error| error.to_string());
        let tls = tls.map(|config| Ok::<_, String>((config, name()?))).transpose()?;
        Ok(Door { addresses: aim.addresses.clone(), tls })
    }

    /// Where it is, and how it is reached over HTTPS.
    pub(super) fn place(&self) -> (&[SocketAddr], Option<&(Arc<ClientConfig>, ServerName<'static>)>) {
        (&self.addresses, self.tls.as_ref())
    }

    /// Sends the request and reads the answer, all before the deadline.
    pub(super) async fn exchange(&self, request: &[u8], to_head: bool, deadline: Instant) -> Result<Reply, Failure> {
        let late = |_| Failure::Unreachable("it took too long".into());
        let stream = timeout_at(deadline, self.connect_tcp()).await.map_err(late)??;
        match &self.tls {
            None => converse(stream, request, to_head, deadline).await,
            Some((config, name)) => {
                let handshake = TlsConnector::from(Arc::clone(config)).connect(name.clone(), stream);
                let stream = timeout_at(deadline, handshake).await.map_err(late)?;
                converse(stream.map_err(unreachable)?, request, to_head, deadline).await
            }
        }
    }

    /// Connects and says nothing, to see whether anybody listens.
    pub(super) async fn knock(&self) -> Result<(), Failure> {
        self.connect_tcp().await.map(drop)
    }

    async fn connect_tcp(&self) -> Result<TcpStream, Failure> {
        let mut last = Failure::Unreachable("it has no address".into());
        for address in &self.addresses {
            match TcpStream::connect(address).await {
                Ok(stream) => {
                    // Without it the request is only slower.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Err(error) => last = unreachable(error),
            }
        }
        Err(last)
    }
}

fn unreachable(error: io::Error) -> Failure {
    Failure::Unreachable(error.to_string())
}

/// Writes and reads at the same time: a server may answer long requests before it has read them.
async fn converse<S: AsyncRead + AsyncWrite>(
    stream: S,
    request: &[u8],
    to_head: bool,
    deadline: Instant,
) -> Result<Reply, Failure> {
    let mut seen = None;
    let outcome = {
        let (reader, mut writer) = tokio::io::split(stream);
        let mut writing = pin!(async move {
            writer.write_all(request).await?;
            writer.flush().await?;
            // Kept until the answer is there: to some servers a closed writing half is a client that left.
            Ok::<_, io::Error>(writer)
        });
        let mut reading = pin!(reply::read(reader, to_head, &mut seen));
        let mut written = None;
        timeout_at(deadline, async {
            loop {
                tokio::select! {
                    result = &mut reading => return (result, matches!(written, Some(Ok(_)))),
                    result = &mut writing, if written.is_none() => written = Some(result),
                }
            }
        })
        .await
    };
    let (result, all_written) = match outcome {
        Err(_) => return Err(Failure::Timeout(seen)),
        Ok(outcome) => outcome,
    };
    result.map_err(|stop| match stop {
        Stop::Failed(failure) => failure,
        Stop::Silent(_) if !all_written => Failure::ClosedWhileWriting,
        // The kernel took all of it, but the peer did not: closing with bytes unread is what makes a reset.
        Stop::Silent(End::Reset) if request.len() > ORDINARY => Failure::ClosedWhileWriting,
        Stop::Silent(_) => Failure::Closed,
    })
}
