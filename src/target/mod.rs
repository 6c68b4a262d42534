//! Reaches the validator and reads its answer.

pub mod protocol;
