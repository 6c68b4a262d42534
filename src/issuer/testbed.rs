//! Our side, up and running.

use super::{
    answer::{Shared, answer},
    ca_file::CaFile,
    certificate,
    document::{Document, Documents, ServedSet},
    error::IssuerError,
    journal::Journal,
    tls_listener::TlsListener,
    world::Base,
};
use crate::model::World;
use axum::{
    Router,
    serve::{Listener, ListenerExt},
};
use std::{
    fmt::Debug,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

/// How long open connections may take to finish when we stop.
const GOODBYE: Duration = Duration::from_secs(1);

/// Where our side listens, and how it is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The address to listen on.
    pub bind: IpAddr,
    /// The port; 0 takes a free one.
    pub port: u16,
    /// How targets reach us, where that is not the address itself: a tunnel, a container's view of its host.
    pub public_url: Option<String>,
    /// Whether to serve HTTPS, with a certificate authority made for this run.
    pub https: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options { bind: IpAddr::V4(Ipv4Addr::LOCALHOST), port: 0, public_url: None, https: false }
    }
}

/// Everything that the harness plays: issuer, rogue issuer and canary behind one listener. Dropping it ends it.
#[derive(Debug)]
pub struct Testbed {
    shared: Arc<Shared>,
    _ca_file: Option<CaFile>,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<()>,
}

impl Testbed {
    /// Starts to listen; requests are answered from the moment it returns.
    ///
    /// # Errors
    /// The address cannot be bound, the public URL cannot be an issuer, a header field cannot be sent, or no
    /// certificate can be made.
    pub async fn start(options: &Options, documents: Documents) -> Result<Testbed, IssuerError> {
        let public = options.public_url.as_deref().map(Base::public).transpose()?;
        let address = SocketAddr::new(options.bind, options.port);
        let failed = |source| IssuerError::Bind { address, source };
        let tcp = TcpListener::bind(address).await.map_err(failed)?;
        let local = tcp.local_addr().map_err(failed)?;
        let base = public.unwrap_or_else(|| Base::of_listener(local, options.https));

        let identity = options.https.then(|| certificate::make(options.bind, &base.host)).transpose()?;
        let ca_file = identity.as_ref().map(|identity| CaFile::write(&identity.ca_pem)).transpose()?;
        let world = base.world(ca_file.as_ref().map(CaFile::path));
        let shared = Arc::new(Shared::new(&base, world, documents)?);

        let router = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        let (stop, stopped) = oneshot::channel();
        let server = match identity {
            Some(identity) => tokio::spawn(serve(TlsListener::new(tcp, identity.server), router, stopped)),
            None => {
                let quick = tcp.tap_io(|stream| {
                    // Small answers must not wait for an acknowledgement; without it they are only slower.
                    let _ = stream.set_nodelay(true);
                });
                tokio::spawn(serve(quick, router, stopped))
            }
        };
        Ok(Testbed { shared, _ca_file: ca_file, stop: Some(stop), server })
    }

    /// The addresses of our side.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.shared.world
    }

    /// What reached our side.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        &self.shared.journal
    }

    /// Serves another key set from now on.
    ///
    /// # Errors
    /// A header field or a status that cannot be sent; the key set before it stays.
    pub fn publish(&self, jwks: &ServedSet) -> Result<(), IssuerError> {
        self.shared.publish(Document::of_set(jwks)?);
        Ok(())
    }

    /// Stops to listen, and gives open requests a second to finish.
    pub async fn stop(mut self) {
        self.stop.take();
        // It ends by itself; had it panicked there would be nothing left to stop.
        let _ = (&mut self.server).await;
    }
}

/// Serves until the other end of `stopped` goes away.
async fn serve<L>(listener: L, router: Router, stopped: oneshot::Receiver<()>)
where
    L: Listener,
    L::Addr: Debug,
{
    let (tell, told) = oneshot::channel::<()>();
    let serving = axum::serve(listener, router).with_graceful_shutdown(async move {
        let _ = stopped.await;
        drop(tell);
    });
    tokio::select! {
        // axum documents that serving never fails.
        _ = serving => {}
        () = async {
            let _ = told.await;
            tokio::time::sleep(GOODBYE).await;
        } => {}
    }
}
