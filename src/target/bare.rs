//! Questions about a bare JWS or JWE, under keys that the target is handed for them alone.

use super::Target;
use crate::model::{Observation, TrustConfig, Verdict};

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bare {
    /// Is the signature good?
    VerifyJws,
    /// What is inside?
    Decrypt,
}

/// The answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Opened {
    /// What the target did.
    pub observation: Observation,
    /// What it says is inside, where it accepted and tells.
    pub payload: Option<Vec<u8>>,
}

impl Target {
    /// Asks about a bare JWS or JWE. Whatever the target does is an observation, never an error.
    pub async fn open(&self, how: Bare, token: &[u8]) -> Opened {
        match self {
            Target::InProcess(target) => target.open(how, token),
            Target::Stdio(target) => target.open(how, token).await,
            Target::Http(_) => {
                let observation = Observation::bare(Verdict::Unsupported, "a route takes whole tokens only");
                Opened { observation, payload: None }
            }
        }
    }

    /// Tells it anew whom to trust, where it takes keys from us.
    ///
    /// # Errors
    /// It does not take them: why.
    pub async fn trust(&self, trust: &TrustConfig) -> Result<(), String> {
        match self {
            Target::InProcess(target) => target.configure(trust),
            Target::Stdio(target) => target.configure(trust).await.map_err(|error| error.to_string()),
            Target::Http(_) => Err("its keys are not ours to hand over".to_owned()),
        }
    }
}
