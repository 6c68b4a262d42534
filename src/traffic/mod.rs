//! Many tokens over time: when each one starts, what it is, what the target did with it, and what it owed.
//!
//! Arrival times are fixed before the first token is sent, so that a target that stalls cannot slow the sender and hide
//! its own delay. What a token is worth at a moment is decided apart, by a pure function ([`owed`]) of the history of the
//! keys. Knows no issuer, no files and no scenarios.

mod deal;
mod driver;
mod latency;
mod mint;
mod oracle;
mod pool;
mod sample;
mod schedule;

pub use deal::Deal;
pub use driver::{Shot, Source, drive};
pub use latency::{Latencies, Lateness};
pub use mint::{Mint, Press, SigningKey};
pub use oracle::{History, Owed, Policy, Span, owed};
pub use pool::{Kind, Pool};
pub use sample::{Answered, Sample};
pub use schedule::Schedule;
