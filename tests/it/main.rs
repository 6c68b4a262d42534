//! Tests of the whole: layers, generated files, the flaw matrix, and the real binary end to end.

mod catalogue;
mod detection;
mod doors;
mod e2e;
mod fuzz;
mod in_process;
mod layers;
mod policy;
mod readers;
mod sample;
mod schemas;
mod suite;
mod vectors;
