//! What the words mean: types only. Files and reports are made of them; nothing here knows sockets, files or keys.

mod alg;
pub mod capability;
pub mod case;
pub mod event;
pub mod expect;
pub mod id;
pub mod keyset;
pub mod mutation;
pub mod outcome;
mod period;
pub mod placeholder;
pub mod recipe;
pub mod report;
pub mod secret;
pub mod signature_shape;
mod slot;
pub mod spec;
pub mod target;
pub mod verdict;
mod world;

pub use alg::{Alg, KeyFamily, UnknownAlg};
pub use capability::{Capabilities, Capability, Need};
pub use case::Case;
pub use event::Event;
pub use id::CaseId;
pub use mutation::{Mutation, Tampering};
pub use outcome::{Finding, Outcome};
pub use period::Period;
pub use recipe::Recipe;
pub use report::RunReport;
pub use secret::Secret;
pub use slot::Slot;
pub use spec::{Harm, Level, Reference, Severity};
pub use target::{TargetFile, TrustConfig};
pub use verdict::{Observation, Verdict};
pub use world::World;
