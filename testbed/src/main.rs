//! The `handfast` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    handfast_testbed::run(std::env::args_os(), None)
}
