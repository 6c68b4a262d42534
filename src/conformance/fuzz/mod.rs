//! Structured fuzzing: tokens that must be refused by construction, made from a seed.
//!
//! A token is one thing that no lawful reader may overlook ([`Kind`]) with any shapes around it that cannot undo it.
//! [`Generator`] is pure; [`fuzz`] sends, between good tokens, and shrinks what was accepted.

mod case_block;
mod generate;
mod hunt;
mod kind;
mod ledger;
mod send;
mod shape;
mod wrong;

pub use case_block::case_block;
pub use generate::{Forgery, Generator, Palette};
pub use hunt::{Order, fuzz};
pub use kind::{FAMILY, Kind, family, statements};
