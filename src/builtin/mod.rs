//! The built-in validator: as strict as RFC 7515, RFC 7519, RFC 8725 and the draft that follows it would have it, and
//! able to be wrong in one way at a time.
//!
//! It proves the cases (each must be failed by some flaw and passed without), and gives a new user something to aim
//! at: [`Builtin`] in process, [`Server`] over HTTP.

mod adapter;
mod bare;
mod burden;
mod claims;
mod credentials;
mod discovery;
mod doors;
mod fetch;
mod flaw;
mod flawed_answer;
mod flawed_cache;
mod flawed_set;
mod forms;
mod gateway;
mod generous;
mod giveaway;
mod header;
mod injected;
mod issuers;
mod json;
mod jwe;
mod jwks;
mod key;
mod keys;
mod lenient;
mod lookup;
mod parse;
mod payload;
mod percent;
mod recall;
mod respond;
mod route;
mod rules;
mod scan;
mod secrets;
mod serial;
mod server;
mod signature;
mod smuggled;
mod validator;
mod yardstick;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use adapter::answer_questions;
pub use flaw::{Flaw, UnknownFlaw};
pub use gateway::IDENTITY;
pub use keys::Reach;
pub use server::{BuiltinError, Server};
pub use validator::Builtin;
pub use yardstick::{Pace, Yardstick};
