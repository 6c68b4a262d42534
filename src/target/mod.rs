//! Reaches the validator and reads its answer.
//!
//! A target is told whom to trust and shown tokens; it never learns what is expected of it. [`connect`] checks that the
//! address may be aimed at, starts the target where its file says how, and hands over a [`Target`].

mod bare;
mod breaker;
mod carry;
mod chunked;
mod classify;
mod client_auth;
mod compose;
mod connect;
#[cfg(test)]
mod connect_tests;
mod error;
mod fields;
mod group;
mod guard;
mod helper;
mod hooks;
mod http;
#[cfg(test)]
mod http_tests;
mod in_process;
mod key_file;
mod leak;
mod log;
mod memory;
pub mod obtain;
mod pace;
mod placeholders;
pub mod protocol;
mod raw;
mod reached;
mod redact;
mod reply;
#[cfg(test)]
mod restraint_tests;
mod route;
mod shown;
mod start;
mod stdio;
#[cfg(test)]
pub(crate) mod testing;
mod tls;
mod token_endpoint;
mod upstream;
mod wire;

pub use bare::{Bare, Opened};
pub use connect::{Connection, connect};
pub use error::TargetError;
pub use helper::Helper;
pub use hooks::Revoker;
pub use http::HttpTarget;
pub use in_process::InProcess;
pub use memory::MemoryGauge;
pub use reached::Reached;
pub use shown::Shown;
pub use start::Started;
pub use stdio::StdioTarget;
pub use token_endpoint::{Issued, TokenEndpoint};
pub use upstream::Around;
pub use wire::{NoWire, Wire};

use crate::model::{Capabilities, Observation};
use std::{collections::BTreeSet, sync::Arc};

/// A validator that tokens can be shown to.
#[derive(Debug)]
pub enum Target {
    /// A route over HTTP.
    Http(Box<HttpTarget>),
    /// A validator in this process.
    InProcess(InProcess),
    /// A library behind an adapter.
    Stdio(Box<StdioTarget>),
}

impl Target {
    /// Shows it a token and reads the answer. Whatever the target does is an observation, never an error.
    pub async fn present(&self, shown: &Shown<'_>) -> Observation {
        match self {
            Target::Http(target) => target.present(shown).await,
            Target::InProcess(target) => target.present(shown),
            Target::Stdio(target) => target.present(shown).await,
        }
    }

    /// Tells a validator in this process that the token with this `jti` is revoked. False for every other target: those
    /// have a hook for it.
    #[must_use]
    pub fn revoke(&self, jti: &str) -> bool {
        let Target::InProcess(target) = self else { return false };
        target.revoke(jti);
        true
    }

    /// What it can do by virtue of how it is reached and configured. Whether it could reach our canary is not known
    /// here.
    #[must_use]
    pub fn provides(&self) -> Capabilities {
        match self {
            Target::Http(target) => target.provides(),
            Target::InProcess(target) => target.provides(),
            Target::Stdio(target) => target.provides(),
        }
    }

    /// Where it is, as reports show it.
    #[must_use]
    pub fn address(&self) -> String {
        match self {
            Target::Http(target) => target.address(),
            Target::InProcess(_) => "in process".into(),
            Target::Stdio(target) => target.address(),
        }
    }

    /// Where the service behind a gateway listens, where that is us.
    #[must_use]
    pub fn upstream_url(&self) -> Option<String> {
        let Target::Http(target) = self else { return None };
        target.upstream_url()
    }

    /// The claims that it tells, where it tells only some.
    #[must_use]
    pub fn told_claims(&self) -> Option<BTreeSet<String>> {
        let Target::Http(target) = self else { return None };
        target.told_claims()
    }

    /// Asks for the service behind a gateway at the addresses that must not be reached without the gateway.
    pub async fn around(&self) -> Vec<Around> {
        let Target::Http(target) = self else { return Vec::new() };
        target.around().await
    }

    /// How an engine of its own can reach it.
    ///
    /// # Errors
    /// [`NoWire`], where only [`Target::present`] can.
    pub fn wire(self: &Arc<Self>) -> Result<Wire, NoWire> {
        let Target::Http(target) = self.as_ref() else { return Err(NoWire::NotHttp) };
        target.wire(Arc::clone(self))
    }

    /// Whether it runs where we do, so that it reaches what we serve on loopback.
    #[must_use]
    pub fn is_on_this_machine(&self) -> bool {
        match self {
            Target::Http(target) => target.is_on_loopback(),
            Target::InProcess(_) | Target::Stdio(_) => true,
        }
    }

    /// The transport's name in target files.
    #[must_use]
    pub fn transport_name(&self) -> &'static str {
        match self {
            Target::Http(target) => target.name(),
            Target::InProcess(_) => "in-process",
            Target::Stdio(_) => "stdio",
        }
    }

    /// Notes the status that plain garbage got: from now on this status is a judgement of the token, even where other
    /// services use it for requests that they do not read.
    pub fn learn_garbage_status(&self, status: u16) {
        if let Target::Http(target) = self {
            target.learn_garbage_status(status);
        }
    }
}
