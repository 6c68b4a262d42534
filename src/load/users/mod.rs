//! Users: each signs in, calls with the token, renews it before it expires, and now and then shows one that must be
//! refused. goose plays them.
//!
//! goose owns its process (it prints, waits for Ctrl-C and sets up logging), so it runs in one of its own that is told
//! everything through a pipe ([`Brief`]) and answers in lines ([`Word`]). Verdicts are checked by our own tally, so that
//! its window is like any other. It is a closed loop: a user asks again when the answer is there, and what it says about
//! latency is how users felt, not what the target can do.

mod brief;

#[cfg(feature = "users")]
mod attack;
#[cfg(feature = "users")]
mod held;
#[cfg(feature = "users")]
mod journey;
#[cfg(feature = "users")]
mod line;
#[cfg(feature = "users")]
mod scene;

pub use brief::{Brief, Lot, Played, Word};

#[cfg(feature = "users")]
pub use attack::{UsersError, play};
