//! The real binary, as a user and a pipeline meet it: real processes, real sockets on loopback, hostile targets.
//!
//! `play` starts it and bounds every wait; `scripted` is a target that answers by a rule of the test; `files` writes
//! target files and reads reports.

mod adapter;
mod baseline;
mod certify;
mod chaos;
mod commands;
mod compare;
mod control;
mod exit_codes;
mod files;
mod fuzzing;
mod game_day;
mod help;
mod hostile;
mod issuer;
mod keysets;
mod killed;
mod lent;
mod load;
mod load_http2;
mod load_provider;
mod load_tls;
mod load_users;
pub mod play;
mod profiles;
mod proxy;
mod scripted;
mod signals;
mod started;
mod untrusted;
