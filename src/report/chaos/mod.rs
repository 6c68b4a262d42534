//! Scenarios as people read them: the card, the lines of a terminal, the strips of a page.

mod card;
mod console;
mod fingerprint;
mod handover;

pub(super) use card::card;
pub use console::scenario_block;
pub(super) use console::scenario_lines;
pub use fingerprint::fingerprint_table;
pub use handover::handover;
