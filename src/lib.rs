//! `gauntlet` tests any JWT validator: it plays the issuer, mints and forges tokens, and judges what comes back.
//!
//! A *case* ([`model::Case`]) is data: a token with one defect, and the verdict that is owed. Its *twin* is the same
//! token without the defect; a refusal counts only when the twin is accepted. Most people use the `gauntlet` command;
//! a Rust team can run the suite inside its own `cargo test`:
//!
//! ```no_run
//! use jwt_gauntlet::{
//!     model::{Alg, Capabilities, Capability, TrustConfig},
//!     target::protocol::{Answer, Validator},
//! };
//!
//! struct Mine {
//!     trust: Option<TrustConfig>,
//! }
//!
//! impl Validator for Mine {
//!     fn provides(&self) -> Capabilities {
//!         Capabilities::from([Capability::Alg(Alg::Es256), Capability::ClaimsReturned])
//!     }
//!     fn configure(&mut self, trust: &TrustConfig) {
//!         self.trust = Some(trust.clone());
//!     }
//!     fn validate(&self, token: &[u8], now: i64) -> Answer {
//!         // Call your library here, with the clock at `now`.
//!         Answer::Reject(format!("{} bytes at {now}", token.len()))
//!     }
//! }
//!
//! jwt_gauntlet::run::check(Mine { trust: None }).skip("http/*").assert();
//! ```
//!
//! The folders are layers, and an import may only point downward: [`model`] (types), [`suite`] (files to cases),
//! [`token`] (keys, forge), [`issuer`] and [`target`] (the two sides), [`traffic`] (many tokens over time), [`conformance`]
//! (plan, controls, judge), [`certify`] (profiles and statements), [`chaos`] (what happens when keys do), [`load`] (how much, how fast, still right?), [`builtin`] (validators that can be wrong on request), [`run`] (the conductor), [`report`] (a run to bytes), and the
//! command line.

#![warn(missing_docs)]

pub mod builtin;
pub mod certify;
pub mod chaos;
#[cfg(feature = "cli")]
pub mod cli;
pub mod conformance;
pub mod issuer;
pub mod load;
pub mod model;
pub mod report;
pub mod run;
pub mod suite;
pub mod target;
pub mod token;
pub mod traffic;
