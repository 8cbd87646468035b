//! `handfast archive`: account archives looked at, and made up.

mod inspect;
mod new;

use std::process::ExitCode;

use clap::Subcommand;

use crate::failure::Failure;

const EXAMPLES: &str = "\
Examples:
  handfast archive new --size 64KiB --output account.gz
  handfast archive new --size 1GiB --output large.gz --password-file password
  handfast archive inspect account.gz
  handfast archive inspect large.gz --max-archive 1GiB --password-file password --json

Nothing secret is printed. Exit codes: 0, 1 with the reason on standard error, 2 usage.";

/// The subcommands.
#[derive(Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum Archive {
    /// Open an archive, check all of it, and say what is in it
    #[command(after_help = EXAMPLES)]
    Inspect(inspect::Inspect),
    /// Make up a sound account with as many contacts as fill a length
    #[command(after_help = EXAMPLES)]
    New(new::New),
}

impl Archive {
    /// Does it.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Inspect(inspect) => inspect.run(),
            Self::New(new) => new.run(),
        }
    }
}
