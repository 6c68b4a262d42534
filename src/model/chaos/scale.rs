//! The cache of the target as scenarios calculate with it.

use super::expression::Symbols;
use crate::model::{period::Period, refresh::Cache};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The lengths behind the symbols of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Scale {
    /// `T`: how long a key set is used before it is fetched again.
    pub lifetime: Period,
    /// `C`: the pause between two fetches for an unknown `kid`.
    pub cooldown: Period,
    /// `H`: after this long a fetch is given up.
    pub timeout: Period,
    /// `S`: how long beyond its lifetime a key set is used while no new one can be had; absent where the target declares
    /// nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale: Option<Period>,
    /// `L`: the life of a token.
    pub life: Period,
}

impl Scale {
    /// What the built-in validator is configured with in a short run.
    pub const SHORT: Scale = Scale {
        lifetime: Period::from_secs(4),
        cooldown: Period::from_secs(1),
        timeout: Period::from_secs(1),
        stale: Some(Period::from_secs(8)),
        life: Period::from_secs(300),
    };

    /// What a target file declares; what it does not is taken for what most libraries do.
    #[must_use]
    pub fn declared(cache: &Cache) -> Scale {
        Scale {
            lifetime: cache.lifetime(),
            cooldown: cache.cooldown(),
            timeout: cache.timeout.unwrap_or(Period::from_secs(5)),
            stale: cache.stale,
            life: Period::from_secs(300),
        }
    }

    /// The symbols. `R` is `T + C`.
    #[must_use]
    pub fn symbols(&self) -> Symbols {
        let seconds = |period: Period| period.0.as_secs_f64();
        Symbols {
            lifetime: seconds(self.lifetime),
            cooldown: seconds(self.cooldown),
            timeout: seconds(self.timeout),
            stale: self.stale.map_or(0.0, seconds),
            revocation: seconds(self.lifetime) + seconds(self.cooldown),
            life: seconds(self.life),
            base: None,
        }
    }

    /// The longest that a removed key may still be accepted while the issuer answers.
    #[must_use]
    pub fn revocation(&self) -> Duration {
        self.lifetime.0 + self.cooldown.0
    }
}
