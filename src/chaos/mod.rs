//! What happens to a validator when its keys do something: timelines played, claims judged.
//!
//! A scenario is played on a [`Field`]: an issuer that can misbehave, a target, and whoever can start that target again.
//! The timeline and the traffic run side by side and share one desk, which knows what is published and who signs. What
//! they leave behind is a [`Record`]; everything after that is pure. Knows no formats and no terminals.

mod control;
mod desk;
mod facts;
mod fingerprint;
mod judge;
mod measure;
mod play;
mod probe;
mod record;
mod result;
mod safety;
mod source;
mod timeline;
mod verdicts;

pub use control::Control;
pub use desk::{Desk, DeskError};
pub use fingerprint::{fingerprint, fingerprint_desk};
pub use play::{Field, Keeper, play};
pub use result::{gravest, left_out};
