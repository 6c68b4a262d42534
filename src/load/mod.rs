//! How much, how fast, and still right? Tokens at a rate or over so many connections, each verdict held against what is
//! owed.
//!
//! A window measures the target and not us: every request is rendered before it opens ([`stock`]), arrival times are fixed
//! ([`Arrivals`]), latency counts from the planned start, and how late we were, how much processor we used and how many
//! tokens waited is said beside every figure. Knows no formats and no terminals, and starts no targets.

mod arena;
mod arrivals;
mod batch;
mod beat;
mod desk;
mod engine;
mod gates;
pub mod locust;
mod merge;
mod probe;
mod regression;
mod search;
pub mod stock;
mod streams;
mod summary;
mod tally;
pub mod users;
mod window;

pub use arena::{Arena, Debt, Kind, Owed, Shot};
pub use arrivals::{Arrivals, length_of};
pub use batch::{BatchError, batch};
pub use desk::{Desk, DeskError};
pub use engine::{Order, Progress, Reader, Whole};
pub use gates::{judge, maximum_gate, outcome_of, safety, usual, usual_of_providers};
pub use merge::{MergeError, merge, read_histogram};
pub use regression::{Pair, compare, paired};
pub use search::{Search, Thresholds, Trial};
pub use streams::Streams;
pub use summary::Resources;
pub use tally::{Seen, Tally};
pub use window::{LoadError, Moment, Reach, measure};
