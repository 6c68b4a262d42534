//! What a validator says and is told: the door that in-process validators, the built-in ones and adapters share.

use crate::model::{Capabilities, TrustConfig};
use serde_json::Value;

/// A validator living in the same process. Implement this to run the suite in `cargo test`.
pub trait Validator: Send + Sync {
    /// Names what the validator can do, so that cases it cannot take are skipped by name.
    fn provides(&self) -> Capabilities;

    /// Learns whom to trust: issuer, audience, algorithms, leeway, keys.
    fn configure(&mut self, trust: &TrustConfig);

    /// Judges one token (bytes: not every attack is text) as if the clock showed `now`, in seconds since the epoch.
    fn validate(&self, token: &[u8], now: i64) -> Answer;

    /// Is told that the token with this `jti` is revoked. Only asked of one that provides `hook:revoke-token`.
    fn revoke(&self, jti: &str) {
        let _ = jti;
    }
}

/// What a validator says to one token.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// It takes the token, and these are the claims that the application will see (`Value::Null` where it does not
    /// tell).
    Accept(Value),
    /// It refuses the token, and why.
    Reject(String),
    /// It fell over.
    Error(String),
}
