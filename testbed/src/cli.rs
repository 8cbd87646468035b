//! The command line: what there is, and who does it.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use handfast_model::players::Players;

#[cfg(feature = "dht")]
use crate::dht;
use crate::{
    archive, bench, check, diagram, explore, export, failure::Failure, history, import, interop, intruder, kit, manual,
    merge, message, replay, shrink, sim, token, validate, verify, watch,
};
#[cfg(feature = "dbus")]
use crate::{daemon, drive};

/// Links devices by the protocol of Jami's "Link new device", and takes it apart: checks, simulates, replays.
#[derive(Parser)]
#[command(name = "handfast", version, max_term_width = 100)]
#[command(disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Verify(verify::Verify),
    Check(check::Check),
    Intruder(intruder::Intruder),
    History(history::History),
    Sim(sim::Sim),
    Merge(merge::Merge),
    Import(import::Import),
    Export(export::Export),
    Replay(replay::Replay),
    Shrink(shrink::Shrink),
    Validate(validate::Validate),
    Watch(watch::Watch),
    Interop(interop::Interop),
    Kit(kit::Kit),
    Diagram(diagram::Diagram),
    Explore(explore::Explore),
    Bench(bench::Bench),
    /// Take tokens apart, make them, show them as QR codes
    #[command(subcommand)]
    Token(token::Token),
    /// Read the bytes of a channel or of a connection
    #[command(subcommand)]
    Message(message::Message),
    /// Look at account archives, and make some up
    #[command(subcommand)]
    Archive(archive::Archive),
    /// Run nodes of an OpenDHT network, and use it
    #[cfg(feature = "dht")]
    #[command(subcommand)]
    Dht(dht::Dht),
    #[cfg(feature = "dbus")]
    Daemon(daemon::Daemon),
    #[cfg(feature = "dbus")]
    Drive(drive::Drive),
    Completions(manual::Completions),
    Man(manual::Man),
}

impl Cli {
    /// Runs the command of the command line, on the shipped reducers or on others.
    pub(crate) fn run(self, players: Option<Players>) -> Result<ExitCode, Failure> {
        match self.command {
            Command::Verify(verify) => verify.run(players),
            Command::Check(check) => check.run(players),
            Command::Intruder(intruder) => intruder.run(),
            Command::History(history) => history.run(),
            Command::Sim(sim) => sim.run(),
            Command::Merge(merge) => merge.run(),
            Command::Import(import) => import.run(),
            Command::Export(export) => export.run(),
            Command::Token(command) => command.run().map_err(Failure::without_verdict),
            Command::Message(command) => command.run().map_err(Failure::without_verdict),
            Command::Archive(command) => command.run().map_err(Failure::without_verdict),
            #[cfg(feature = "dht")]
            Command::Dht(command) => command.run(),
            #[cfg(feature = "dbus")]
            Command::Daemon(daemon) => daemon.run(),
            #[cfg(feature = "dbus")]
            Command::Drive(drive) => drive.run(),
            Command::Replay(replay) => replay.run(),
            Command::Shrink(shrink) => shrink.run(),
            Command::Validate(validate) => validate.run(),
            Command::Watch(watch) => watch.run(),
            Command::Interop(interop) => interop.run(),
            Command::Kit(kit) => kit.run(),
            Command::Diagram(diagram) => diagram.run(),
            Command::Explore(explore) => explore.run(players).map_err(Failure::without_verdict),
            Command::Bench(bench) => bench.run(),
            Command::Completions(completions) => completions.run().map_err(Failure::without_verdict),
            Command::Man(man) => man.run().map_err(Failure::without_verdict),
        }
    }
}
