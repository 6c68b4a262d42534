//! What users did in a closed loop, as the load-testing framework that played them counted it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What users did, from the first sign-in to the last call, warm-up included.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Users {
    /// How many there were.
    pub count: u32,
    /// Who played and counted them: `goose 0.19`.
    pub by: String,
    /// Who gave them their tokens: `our own token endpoint`, or the address of a provider's.
    pub signed_in_at: String,
    /// What they asked for, by name.
    pub requests: Vec<UserRequests>,
    /// The framework's own page, beside ours; absent where it was not written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
}

/// Requests of one name. Times in milliseconds, from the moment at which a user asked to the end of the answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct UserRequests {
    /// `sign in`, `renew`, or `call` with the class of its token.
    pub name: String,
    /// How many.
    pub count: u64,
    /// Those of them that failed: no token came, a verdict was wrong, or there was no usable answer.
    pub failures: u64,
    /// The mean time.
    pub mean_ms: f64,
    /// The median.
    pub p50_ms: f64,
    /// The 95th percentile.
    pub p95_ms: f64,
    /// The 99th percentile.
    pub p99_ms: f64,
}
