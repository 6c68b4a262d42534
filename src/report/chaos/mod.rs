//! Scenarios as people read them: the card, the lines of a terminal, the strips of a page.

mod card;
mod console;
mod fingerprint;

pub use console::scenario_block;
pub use fingerprint::fingerprint_table;
pub(super) use card::card;
pub(super) use console::scenario_lines;
