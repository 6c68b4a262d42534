//! The run as one page for people: a view model, a template that escapes everything, and nothing from elsewhere.
//!
//! The page works with scripts off and loads nothing: its policy (Content-Security-Policy) admits the one style and the
//! one script that are inside, by their hashes. Text of the target reaches the view through `visible` alone.

mod chaos;
mod chart;
mod evidence;
mod family;
mod finding;
mod known;
mod load;
mod measured;
mod page;
mod write;

#[cfg(test)]
mod tests;

pub(super) use write::write;
