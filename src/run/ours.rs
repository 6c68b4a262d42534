//! Our side: keys, and the testbed that serves them.

use super::error::RunError;
use crate::{
    conformance::Memory,
    issuer::{Documents, Options, Testbed},
    model::Alg,
    suite::Catalog,
    token::KeyRing,
};
use std::sync::Arc;

/// Our side of a run. Several runs may share one, so that keys and tokens are made once.
#[derive(Clone)]
pub struct OurSide {
    /// What is served.
    pub testbed: Arc<Testbed>,
    /// The keys behind it.
    pub ring: KeyRing,
    /// Tokens that the next run can use again.
    pub memory: Option<Arc<Memory>>,
}

impl OurSide {
    /// Makes keys for the algorithms and serves them.
    ///
    /// # Errors
    /// Keys cannot be made, or the address cannot be listened on.
    pub async fn raise(algorithms: &[Alg], catalog: &Catalog, options: &Options) -> Result<OurSide, RunError> {
        if algorithms.is_empty() {
            return Err(RunError::NoAlgorithm);
        }
        OurSide::with_ring(KeyRing::generate(algorithms)?, algorithms, catalog, options).await
    }

    /// Serves these keys.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub(super) async fn with_ring(
        ring: KeyRing,
        algorithms: &[Alg],
        catalog: &Catalog,
        options: &Options,
    ) -> Result<OurSide, RunError> {
        let default = catalog.keysets.get("default").ok_or(RunError::NoKeySet)?;
        let documents = Documents {
            jwks: ring.serve(default)?,
            rogue_jwks: ring.rogue_jwks(),
            algorithms: algorithms.to_vec(),
            headers: default.headers.clone(),
        };
        let testbed = Arc::new(Testbed::start(options, documents).await?);
        Ok(OurSide { testbed, ring, memory: None })
    }

    /// Takes it down, unless another run still stands on it.
    pub async fn strike(self) {
        if let Ok(testbed) = Arc::try_unwrap(self.testbed) {
            testbed.stop().await;
        }
    }
}
