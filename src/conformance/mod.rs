//! One token at a time: what will run, what the target is like, what it did, and what to think of it.
//!
//! A refusal counts only between accepted good tokens. The judge alone sees expectation and observation together.

mod bench;
mod block;
mod calibrate;
mod diagnose;
mod echo;
#[cfg(feature = "cli")]
pub mod fuzz;
mod judge;
mod kinds;
mod left_out;
mod measure;
mod memory;
mod outside;
mod phase;
mod plan;
mod published;
mod renew;
mod reproduce;
mod result;
mod same_answer;
mod sampled;
mod side;
mod signed;
mod trim;
mod watch;

pub use bench::Bench;
pub use block::{Finished, run_block, skipped, sweep};
pub use calibrate::{Calibration, Standing, calibrate};
pub use judge::{declared, judge};
pub use left_out::LeftOut;
pub use memory::Memory;
pub use outside::Pending;
pub use phase::{Phase, phases};
pub use plan::{Plan, Planned, Skipped, build};
pub use published::{Exhibit, Gallery, exhibit};
pub use renew::{Fetch, Fetched, Renewal};
pub use result::gravest;
