//! Many targets on one page: targets by families of cases, and by scenarios.

mod table;
mod write;

pub use table::{Broken, Cell, ChaosCell, Column, Matrix, Row};
pub use write::{matrix_html, matrix_json};

#[cfg(test)]
mod tests;
