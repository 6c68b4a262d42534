//! Plays the identity provider: an issuer, a rogue issuer and a canary behind one listener.
//!
//! The issuer publishes discovery documents and a key set; the rogue issuer does the same with keys that nobody trusts;
//! the canary answers whatever address a token carried, and remembers who asked. Every request ends up in the
//! [`Journal`].

mod answer;
mod ca_file;
mod certificate;
mod document;
mod error;
mod evidence;
mod faulty;
mod faulty_issuer;
mod hostile;
mod journal;
mod place;
mod testbed;
#[cfg(test)]
mod testbed_tests;
mod tls_listener;
mod world;

pub use document::{Documents, ServedSet};
pub use error::IssuerError;
pub use faulty::{Ended, Endpoint, FaultId, FetchEntry, FetchLog, Materials, Place as DocumentPlace, Stock, TlsKit};
pub use faulty_issuer::{FaultyDocuments, FaultyIssuer, FaultyOptions};
pub use journal::Journal;
pub use testbed::{Options, Testbed};
pub use world::canary_url;
