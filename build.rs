//! The binary carries the suite: a file added to it must lead to a new build.

fn main() {
    println!("cargo::rerun-if-changed=vectors");
}
