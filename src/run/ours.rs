//! Our side: keys, and the testbed that serves them.

use super::error::RunError;
use crate::{
    conformance::Memory,
    issuer::{Documents, Options, Testbed},
    model::{Alg, keyset::KeySet},
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
        let sets = (ring.serve(default)?, ring.second_jwks()?);
        OurSide::serving(ring, sets, algorithms, default, options).await
    }

    /// Serves a rogue issuer and the canary, and as an issuer nothing: the keys are the user's.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub(super) async fn beside_lent_keys(
        ring: KeyRing,
        algorithms: &[Alg],
        catalog: &Catalog,
        options: &Options,
    ) -> Result<OurSide, RunError> {
        let default = catalog.keysets.get("default").ok_or(RunError::NoKeySet)?;
        let nothing = || br#"{"keys":[]}"#.to_vec();
        OurSide::serving(ring, (nothing(), nothing()), algorithms, default, options).await
    }

    async fn serving(
        ring: KeyRing,
        (jwks, second_jwks): (Vec<u8>, Vec<u8>),
        algorithms: &[Alg],
        default: &KeySet,
        options: &Options,
    ) -> Result<OurSide, RunError> {
        let documents = Documents {
            jwks,
            second_jwks,
            rogue_jwks: ring.rogue_jwks(),
            rogue_certificates: ring.rogue_certificates(),
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
