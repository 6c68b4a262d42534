//! `gauntlet` tests any JWT validator: it plays the issuer, mints and forges tokens, and judges what comes back.

#![warn(missing_docs)]

pub mod builtin;
pub mod model;
pub mod target;
