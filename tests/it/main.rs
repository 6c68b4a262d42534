//! Tests of the whole: layers, generated files, the flaw matrix, and the real binary end to end.

mod layers;
mod policy;
mod schemas;
mod suite;
