//! The `gauntlet` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    give_memory_back();
    jwt_gauntlet::cli::main()
}

/// Has the allocator of glibc return every block of 256 KiB and more as soon as it is freed: tokens and key sets of
/// megabytes come and go in a run, and by default each freed one raises the size from which that is done.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn give_memory_back() {
    // SAFETY: `mallopt` only stores a number, and no other thread runs yet.
    unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, 256 * 1024) };
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn give_memory_back() {}
