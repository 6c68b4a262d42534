//! A route over HTTP laid bare, for an engine that writes and reads its connections itself.

use super::Target;
use crate::model::Verdict;
use reqwest::header::HeaderMap;
use rustls::{ClientConfig, pki_types::ServerName};
use std::{net::SocketAddr, sync::Arc, time::Duration};

/// Where requests go, what they look like, and how their answers are read: all that an engine of its own needs.
#[derive(Clone)]
pub struct Wire {
    /// The addresses, which the guard has checked.
    pub addresses: Vec<SocketAddr>,
    /// For HTTPS: whom to trust, and the name to ask for.
    pub tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
    /// The longest wait for an answer.
    pub timeout: Duration,
    /// Whether answers have no body, because the method is HEAD.
    pub to_head: bool,
    /// What each status means, where the body has no say.
    pub(super) verdicts: Arc<[Verdict]>,
    pub(super) reads_body: bool,
    pub(super) target: Arc<Target>,
}

/// Why requests to a target cannot be written ahead, by an engine of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoWire {
    /// An adapter, or a validator in this process.
    #[error("it is not asked over HTTP")]
    NotHttp,
    /// A gateway.
    #[error("what its gateway decides is seen at the service behind it, one request at a time")]
    SeenElsewhere,
    /// A route that must be paced.
    #[error("it is on another machine, where each request has to wait for its turn")]
    Paced,
    /// An endpoint whose client signs.
    #[error("each request to it carries an assertion that is signed for it alone")]
    Assertion,
}

impl Wire {
    /// Appends a request with a token, for a connection that stays open.
    pub fn render(&self, token: &[u8], out: &mut Vec<u8>) {
        if let Target::Http(target) = self.target.as_ref() {
            target.render(token, out);
        }
    }

    /// Whether [`Wire::judge`] wants to see the body.
    #[must_use]
    pub fn reads_body(&self) -> bool {
        self.reads_body
    }

    /// What an answer means, by the words of the target file.
    #[must_use]
    pub fn judge(&self, status: u16, body: &[u8]) -> Verdict {
        if self.reads_body
            && let Target::Http(target) = self.target.as_ref()
        {
            let json = serde_json::from_slice(body).ok();
            return target.rules().read(status, &HeaderMap::new(), json.as_ref()).verdict;
        }
        self.verdicts.get(usize::from(status)).copied().unwrap_or(Verdict::OddAnswer)
    }
}
