//! The `handfast` command: links devices, checks and simulates the protocol that does it.

mod archive;
mod caret;
mod check;
mod cli;
mod diagram;
mod export;
mod failure;
mod import;
mod input;
mod interrupt;
mod link;
mod manual;
mod message;
mod output;
mod passwords;
mod progress;
mod qr;
mod replay;
mod sim;
mod size;
mod terminal;
mod token;
mod validate;
mod verdicts;
mod verify;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    match cli::Cli::parse().run() {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}
