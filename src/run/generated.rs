//! The part of a run that sends generated tokens. Without the feature `cli` there is none.

use super::error::RunError;
use crate::{
    conformance::Bench,
    model::{Alg, Event},
    suite::{Catalog, Selection},
};
use std::sync::Arc;

#[cfg(feature = "cli")]
use crate::conformance::fuzz;

/// Generated tokens to send.
pub(super) struct Generated {
    #[cfg(feature = "cli")]
    order: fuzz::Order,
}

#[cfg(feature = "cli")]
impl Generated {
    /// Those that a run asks for, if it asks for any.
    pub fn new(
        count: u32,
        selection: &Selection,
        jobs: usize,
        catalog: &Catalog,
    ) -> Result<Option<Generated>, RunError> {
        if count == 0 {
            return Ok(None);
        }
        let order = fuzz::Order {
            count,
            selection: selection.clone(),
            jobs,
            first: catalog.cases.len() + catalog.vectors.len(),
        };
        if order.selects_any() { Ok(Some(Generated { order })) } else { Err(RunError::NothingGenerated) }
    }

    /// Adds what they are about to the first event of the run.
    pub fn announce(&self, opening: &mut Event) {
        if let Event::RunStarted { statements, families, .. } = opening {
            statements.extend(fuzz::statements());
            families.insert(fuzz::FAMILY.to_owned(), fuzz::family());
        }
    }

    /// Sends them.
    pub async fn send(&self, bench: &Arc<Bench>, algorithms: &[Alg], tell: &mut (dyn FnMut(Event) + Send)) {
        fuzz::fuzz(bench, algorithms, &self.order, tell).await;
    }
}

#[cfg(not(feature = "cli"))]
impl Generated {
    pub fn new(_: u32, _: &Selection, _: usize, _: &Catalog) -> Result<Option<Generated>, RunError> {
        Ok(None)
    }

    pub fn announce(&self, _: &mut Event) {}

    pub async fn send(&self, _: &Arc<Bench>, _: &[Alg], _: &mut (dyn FnMut(Event) + Send)) {}
}
