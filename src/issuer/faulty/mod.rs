//! An endpoint of the issuer that misbehaves on request.
//!
//! One listener a document, so that a key set can be refused while discovery is well. Each request is answered by a
//! plan ([`answer::Answer`]) that starts out honest; every fault that meets the request changes it, and only then is a
//! byte written. Size faults are streamed and never held in memory. Every request ends up in the [`FetchLog`], with what
//! was done to it; nothing of that is on the wire, so that no client can tell a drill from an accident.

mod answer;
mod answer_fault;
mod board;
mod converse;
mod endpoint;
mod keys;
mod log;
mod request;
mod stock;
mod stream;
#[cfg(test)]
mod tests;
mod tls;
mod write;

pub(super) use answer_fault::MOVED;
pub use board::FaultId;
pub use endpoint::{Endpoint, Place};
pub use log::{Ended, FetchEntry, FetchLog};
pub use stock::{Materials, Stock};
pub use tls::TlsKit;
