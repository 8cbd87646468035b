//! `handfast completions` and `handfast man`: what is made of the command line's own description.

use std::{fs, io, path::PathBuf, process::ExitCode};

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::{
    cli::Cli,
    failure::{Failure, unwritable},
};

/// Print a shell's completions
#[derive(Args)]
#[command(after_help = "Example:\n  handfast completions bash > /etc/bash_completion.d/handfast")]
pub(crate) struct Completions {
    /// Which shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

impl Completions {
    /// Does it.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "handfast", &mut script);
        io::Write::write_all(&mut io::stdout().lock(), &script).map_err(|error| unwritable(&error))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Write the manual pages, one for each command, into a folder
#[derive(Args)]
#[command(after_help = "Example:\n  handfast man /usr/local/share/man/man1")]
pub(crate) struct Man {
    /// The folder; it is made if its parent is there
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

impl Man {
    /// Does it.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let failed = |error: io::Error| Failure::usage(format_args!("{}: {error}", self.folder.display()));
        match fs::create_dir(&self.folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(error)),
            _ => {}
        }
        clap_mangen::generate_to(Cli::command(), &self.folder).map_err(failed)?;
        Ok(ExitCode::SUCCESS)
    }
}
