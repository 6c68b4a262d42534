//! The `gauntlet` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    jwt_gauntlet::cli::main()
}
