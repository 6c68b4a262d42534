//! A conformance statement for people: in words, as a page, as a badge. All three say the same, and nothing that the
//! certificate does not say.

mod badge;
mod page;
mod words;

#[cfg(test)]
mod tests;

pub use badge::badge;
pub use page::statement_page;
pub(super) use words::profile_sentence;
pub use words::{PROOF, certificate_text};
