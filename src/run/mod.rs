//! The conductor: our side up, the target connected, the parts in order, events recorded.
//!
//! Knows no formats and no terminals: it hands out events, and in the end a [`RunReport`](crate::model::RunReport).

mod alone;
mod arena;
mod baseline;
mod chaos;
mod chaos_proof;
mod chaos_target;
mod company;
mod decryption;
mod error;
mod exit;
mod export;
mod generated;
mod in_process;
mod lent;
mod load;
mod load_keys;
mod load_points;
mod opening;
mod ours;
mod phases;
mod policy;
mod provider;
mod published;
mod recorder;
mod refresh;
mod selftest;
mod session;
mod setup;
mod stop;
mod subject;
mod terms;
mod trust;
mod withheld;

pub use baseline::{Universe, apply};
pub use chaos::{ChaosRequest, execute_chaos, measure_cache, serve_faulty, stand_in};
pub use chaos_proof::{PROOFS, Proof};
pub use company::scale_of;
pub use decryption::{BUILTIN_DECRYPTS, decryption};
pub use error::RunError;
pub use exit::{Exit, ExitCode, FailOn};
pub use export::{Wanted, export};
pub use in_process::{Check, check};
pub use load::{LoadRequest, execute_load};
pub use ours::OurSide;
pub use policy::{BUILTIN_POLICY, builtin_policy};
pub use provider::RealProvider;
pub use recorder::Recorder;
pub use selftest::{Caught, Detection, DetectionFile, Score, selftest};
pub use session::{Asked, Request, execute};
pub use setup::{Stage, Struck};
pub use stop::{Stop, StopReason};
pub use subject::{BUILTIN_ALGORITHMS, Inside, Subject};
pub use withheld::Withheld;
