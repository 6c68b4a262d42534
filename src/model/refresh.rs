//! How a target keeps our key set, and how another one reaches it while a run goes on.

use super::period::Period;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How long the target keeps our key set (`[cache]`). What is absent is taken for what most libraries do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Cache {
    /// A key set is used this long before it is fetched again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime: Option<Period>,
    /// After a fetch for an unknown `kid` it does not fetch for another one this long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cooldown: Option<Period>,
    /// It gives a fetch up after this long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Period>,
    /// It goes on with an old key set this long while no new one can be fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale: Option<Period>,
}

impl Cache {
    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Cache::default()
    }

    /// The lifetime, or five minutes.
    #[must_use]
    pub fn lifetime(&self) -> Period {
        self.lifetime.unwrap_or(Period::from_secs(300))
    }

    /// The cooldown, or thirty seconds.
    #[must_use]
    pub fn cooldown(&self) -> Period {
        self.cooldown.unwrap_or(Period::from_secs(30))
    }
}

/// How another key set reaches the target (`[jwks]`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Jwks {
    /// What makes it fetch the key set again.
    pub refresh: Refresh,
}

/// What makes a target fetch the key set again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", deny_unknown_fields)]
pub enum Refresh {
    /// A token with a `kid` that it does not know, once the cooldown is over.
    UnknownKid,
    /// The end of the cache's lifetime.
    Ttl,
    /// A restart: by `[hooks] restart`, or of what `[start]` started.
    Restart,
    /// A command of yours, with the placeholders of `[start]`.
    Command(Vec<String>),
    /// Nothing that a run could wait for: cases about key sets are skipped.
    Never,
}
