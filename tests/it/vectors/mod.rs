//! Published vectors: each is what it says by cryptography of its own, and strict judges each as its RFC says.

mod export;
mod frozen;
mod jose;
mod wycheproof;

use super::e2e::play::gauntlet_in;
use jwt_gauntlet::model::RunReport;
use std::{fs, path::Path};

/// The report of a run in a folder.
fn run(folder: &Path, code: i32, arguments: &[&str]) -> RunReport {
    let all: Vec<&str> = ["run", "--out", "out", "--format", "json"].iter().chain(arguments).copied().collect();
    gauntlet_in(folder, &all).with_code(code);
    serde_json::from_str(&fs::read_to_string(folder.join("out/run.json")).unwrap()).unwrap()
}
