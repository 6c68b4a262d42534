//! Two runs side by side: what broke, what was mended, what nobody looks at any more, and which measured values moved.

mod changes;
mod markdown;
mod measured;
mod text;

pub use changes::{Change, Comparison, Side, Verdict};
pub use markdown::comparison_markdown;
pub use measured::{Moved, Tolerance};
pub use text::comparison_text;

#[cfg(test)]
mod tests;
