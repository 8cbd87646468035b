//! The options that both sides have.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use handfast::{
    limits::{DEFAULT_MAX_ARCHIVE, Durations},
    message::Features,
    outcome::{Profile, Side},
    reducer::Config,
    shell::Recorder,
};

use super::{comparison::Match, recorder::TraceFile};
use crate::{
    failure::Failure,
    interrupt,
    numbers::whole,
    options::ProfileName,
    passwords::Passwords,
    size::{Size, some},
};

/// The exit codes of a link, for `--help`.
pub(crate) const EXIT_CODES: &str = "\
Exit codes: 0 linked, 2 usage (also a token that does not parse), 10 the network, 11 a timer,
12 wrong passwords, 13 canceled, 14 the other device broke a rule, 15 this device could not read
or write, 16 a call was refused, 17 the other device said that it failed, 18 the two screens
showed different strings (--sas).

Ctrl-C cancels, and the other device learns it; so do SIGTERM and SIGHUP. A second one drops the
link. Before there is a link, each ends the command at once, with 13. What standard output or
--trace loses is reported on standard error, and is no part of the exit code.";

/// The reducers of a side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Reducers {
    /// The shipped ones
    #[default]
    Shipped,
    /// The model of today's Jami daemon
    Legacy,
}

/// The options of a link, and of its user.
#[derive(Args)]
pub(crate) struct LinkOptions {
    /// Agree to whatever is asked, but for the comparison of --sas
    #[arg(long)]
    pub(crate) yes: bool,
    /// Compare a short string with the other device before a password or the account moves, if it can do that too
    #[arg(long)]
    pub(crate) sas: bool,
    /// Answer the comparison of --sas, which this implies, in place of a person: with the digits that the other device shows, or
    /// with @FILE, a file that has them and is read once this device shows its own. Where they are others, or the other device
    /// cannot compare, the link ends
    #[arg(long, value_name = "DIGITS")]
    pub(crate) sas_match: Option<Match>,
    /// Whose words and order are used where documentation and today's Jami daemon disagree
    #[arg(long, value_enum, value_name = "PROFILE", default_value_t)]
    pub(crate) profile: ProfileName,
    /// Record every step of the protocol, without secrets, for `handfast replay`
    #[arg(long, value_name = "F")]
    pub(crate) trace: Option<PathBuf>,
    /// Print each signal and each call as a line of JSON: an observed trace
    #[arg(long)]
    pub(crate) json: bool,
    /// Read calls from standard input, as --json prints them, instead of asking a person. A line that is no call is said
    /// on standard error, with its line and byte, and changes nothing; the end of the input changes nothing either
    #[arg(long)]
    pub(crate) calls: bool,
    /// Show the screens in a browser on this device, at an address that is printed on standard error and works once
    #[cfg(feature = "web")]
    #[arg(long, conflicts_with = "calls")]
    pub(crate) web: bool,
    /// The reducers that play this device: to try other programs against, `legacy` is today's Jami daemon, as the model has it. It does not
    /// crash where that daemon crashes, and stores an account as that daemon does. Needs --profile jamid
    #[arg(long, value_enum, value_name = "WHICH", default_value_t)]
    pub(crate) reducers: Reducers,
    /// The timers of the token, of connecting, of the answer and of the transfer run this many times faster, to try programs with them
    #[arg(long, value_name = "N", default_value_t = 1, allow_negative_numbers = true, value_parser = whole::<u32>(1..=1000))]
    pub(crate) timers: u32,
    /// The largest archive that is taken or sent, in bytes of its JSON text
    #[arg(long, value_name = "SIZE", allow_hyphen_values = true, default_value_t = Size(DEFAULT_MAX_ARCHIVE), value_parser = some)]
    pub(crate) max_archive: Size,
}

impl LinkOptions {
    /// How the reducers behave.
    pub(crate) fn config(&self) -> Config {
        let features = if self.compares() { Features::WITH_SAS } else { Features::ALL };
        Config { profile: self.profile.into(), features, ..Config::default() }
    }

    /// Whether the user wants to compare (R-SAS-1).
    pub(crate) const fn compares(&self) -> bool {
        self.sas || self.sas_match.is_some()
    }

    /// Whether a browser shows the screens.
    pub(crate) const fn is_in_browser(&self) -> bool {
        #[cfg(feature = "web")]
        return self.web;
        #[cfg(not(feature = "web"))]
        false
    }

    /// Whether the options go together.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        match (self.reducers, self.profile.into()) {
            (Reducers::Legacy, Profile::Documented) => Err(Failure::usage("--reducers legacy needs --profile jamid")),
            _ => Ok(()),
        }
    }

    /// How long the timers run, where they run so long by default.
    pub(crate) fn durations(&self, default: Durations) -> Durations {
        super::faster(default, self.timers)
    }

    /// Begins the trace, if one is wanted.
    pub(crate) async fn trace(&self, side: Side) -> Result<(Option<TraceFile>, Option<Recorder>), Failure> {
        match self.trace.as_deref() {
            Some(path) => TraceFile::create(path, side, self.config()).await.map(|(file, to)| (Some(file), Some(to))),
            None => Ok((None, None)),
        }
    }
}

/// Reads the passwords of the file, if one is named. Where it is a FIFO, this waits for its writer.
pub(crate) async fn passwords(file: Option<&PathBuf>) -> Result<Option<Passwords>, Failure> {
    let Some(path) = file.cloned() else { return Ok(None) };
    interrupt::apart(move || Passwords::read(&path)).await.map(Some).map_err(Failure::usage)
}
