//! What happens to a validator when its keys do something: timelines played, claims judged.
//!
//! A scenario is played on a [`Field`]: an issuer that can misbehave, a target, and whoever can start that target again.
//! The timeline and the traffic run side by side and share one desk, which knows what is published and who signs. What
//! they leave behind is a [`Record`]; everything after that is pure. Knows no formats and no terminals.

mod control;
mod dead_man;
mod desk;
mod facts;
mod fingerprint;
mod follow;
mod guard;
mod judge;
mod live;
mod measure;
mod metrics;
mod observe;
mod our_keys;
mod play;
mod portions;
mod probe;
mod record;
mod result;
mod room;
mod safety;
mod source;
mod their_keys;
mod timeline;
mod verdicts;

pub use control::Control;
pub use dead_man::DeadMan;
pub use desk::{Desk, DeskError};
pub use fingerprint::{fingerprint, fingerprint_desk};
pub use follow::{Provider, follow};
pub use live::{Live, Order};
pub use observe::Eyes;
pub use play::{Field, Keeper, play};
pub use result::{gravest, left_out};
pub use room::{Listening, Part, Room};
pub use their_keys::News;
