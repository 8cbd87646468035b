//! The `handfast` command: links devices, checks and simulates the protocol that does it.

mod archive;
mod baseline;
mod bench;
mod caret;
mod check;
mod cli;
#[cfg(feature = "dbus")]
mod daemon;
mod dbus;
#[cfg(feature = "dht")]
mod dht;
mod diagram;
#[cfg(feature = "dbus")]
mod drive;
mod exit_code;
mod explore;
mod export;
mod failure;
mod flaws;
mod given;
mod history;
mod html;
mod import;
mod input;
mod interop;
mod interrupt;
mod intruder;
mod kit;
mod link;
mod manual;
mod merge;
mod message;
mod names;
mod options;
mod output;
mod parts;
mod passwords;
mod progress;
mod qr;
mod replay;
mod report;
mod scenario;
mod shrink;
mod sim;
mod size;
mod terminal;
mod token;
mod tui;
mod validate;
mod verdicts;
mod verify;
mod watch;
#[cfg(feature = "web")]
mod web;

use std::{ffi::OsString, process::ExitCode};

use clap::Parser as _;
use handfast_model::players::Players;

/// Does what a command line asks for, of which the first word is the command's own name. With `players`, what checks is the same
/// and what is checked is theirs.
pub fn run(args: impl IntoIterator<Item = impl Into<OsString> + Clone>, players: Option<Players>) -> ExitCode {
    // The parser reports a bad command line, and ends the process.
    match cli::Cli::parse_from(args).run(players) {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}
