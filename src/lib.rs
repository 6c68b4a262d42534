//! `gauntlet` tests any JWT validator: it plays the issuer, mints and forges tokens, and judges what comes back.

#![warn(missing_docs)]

pub mod builtin;
#[cfg(feature = "cli")]
pub mod cli;
pub mod conformance;
pub mod issuer;
pub mod model;
pub mod report;
pub mod run;
pub mod suite;
pub mod target;
pub mod token;
