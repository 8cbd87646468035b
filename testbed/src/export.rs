//! `handfast export`: this device gives an account to another one.

mod account;
mod user;

use std::{
    io::{self, IsTerminal as _},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use clap::Args;
use handfast::{
    archive::ShownDates,
    operations::AddDeviceError,
    outcome::{Outcome, Side},
    shell::{self, ExportEnv, ExportOptions, rendezvous::Peers},
};

use self::user::{AddDevice, User, Way};
use crate::{
    failure::Failure,
    interrupt::Interrupts,
    link::{
        self,
        observed::{Observer, Returned},
        options::{EXIT_CODES, LinkOptions},
        session::{Front, Session},
    },
    qr::image::{self, ImageError},
    terminal::Typed,
    token,
};

const EXAMPLES: &str = "\
Examples:
  handfast export --archive account.gz --peer 127.0.0.1:4000 TOKEN
  handfast export --archive account.gz --password-file password --peer 127.0.0.1:4000 --yes --json TOKEN
  handfast export --store accounts --peer 127.0.0.1:4000 TOKEN
  handfast export --store accounts --peer 127.0.0.1:4000 --qr screenshot.png
  handfast export --store accounts --peer 127.0.0.1:4000";

/// Give an account to the device that shows a token
#[derive(Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct Export {
    /// The account's archive, as a file. Its key then certifies this device for the occasion
    #[arg(long, value_name = "F", required_unless_present = "store", conflicts_with = "store")]
    archive: Option<PathBuf>,
    /// The folder of accounts of a linked device
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
    /// Which account of the folder: its id, or the name of its folder. Needed where there are several
    #[arg(long, value_name = "ID", requires = "store")]
    account: Option<String>,
    /// The archive's own passwords, one a line, tried in order. Without it a person is asked where one is needed
    #[arg(long, value_name = "F")]
    password_file: Option<PathBuf>,
    /// Where the new device is reached
    #[arg(long, value_name = "ADDR")]
    peer: String,
    #[command(flatten)]
    link: LinkOptions,
    /// Read the token from an image of the QR code that the new device shows: a PNG file, such as a screenshot
    #[arg(long, value_name = "FILE", conflicts_with = "token")]
    qr: Option<PathBuf>,
    /// What the new device shows; `-` for the first line of standard input. Without it a person at a terminal is asked
    #[arg(value_name = "TOKEN")]
    token: Option<String>,
}

/// A failure of this device, as a link would end with it.
fn failed(outcome: Outcome, text: impl std::fmt::Display) -> Failure {
    Failure::with_code(outcome.exit_code(), text)
}

impl Export {
    /// Does it.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        link::run(self.link())
    }

    async fn link(self) -> Result<ExitCode, Failure> {
        let now = link::today()?;
        let mut interrupts = Interrupts::listen().map_err(Failure::reason)?;
        let config = self.link.config();
        let mut typed = None;
        let way = self.way(&mut typed).await?;
        let (trace, recorder) = self.link.trace(Side::Export)?;
        let peers = Peers::new(&link::addresses("--peer", &self.peer).await?);
        // Who reads lines already goes on reading lines.
        let mut front = if typed.is_some() { Front::Lines(typed) } else { Front::choose(&self.link) };
        let account = self.account(now, &mut interrupts, &mut front).await?;
        let doubt = ShownDates::of(account.identity.chain()).doubt_of_own(now);

        let id = account.identity.chain().certificates().get(1).map(|account| account.short_id());
        let env = ExportEnv { dial: peers.clone(), source: account.source, identity: Arc::new(account.identity) };
        let options = ExportOptions { config, now: Some(now), recorder, ..ExportOptions::default() };
        let observer = Observer::begin(self.link.json, Side::Export, config.profile, None)?;
        let (handle, notices, operation) = shell::export(env, options);
        let operation = tokio::spawn(operation);
        let mut session = Session::new(&self.link, observer, notices, operation, interrupts, front);
        if let Some(doubt) = doubt {
            session.complain(format_args!("handfast: warning: {doubt}"));
        }
        let code = User::new(&self.link, id, self.peer.clone(), handle, session).attend(way).await?;
        if let Some(trace) = trace {
            trace.complain();
        }
        Ok(code)
    }

    /// How the token comes, and it itself if it came with the command.
    async fn way(&self, typed: &mut Option<Typed>) -> Result<Way, Failure> {
        let text = match (&self.token, &self.qr) {
            (None, None) => return self.ask(),
            (_, Some(path)) => return self.image(path),
            (Some(text), None) if text == "-" => {
                match typed.get_or_insert_with(Typed::of_standard_input).line().await {
                    Some(Ok(line)) => line.to_vec(),
                    Some(Err(error)) => {
                        return Err(Failure::usage(format_args!("the token on standard input {error}")));
                    }
                    None => return Err(Failure::usage("standard input has no token")),
                }
            }
            (Some(text), None) => text.clone().into_bytes(),
        };
        match token::typed(&text) {
            Ok(token) => Ok(Way::Text(token)),
            Err(reason) => {
                self.refused(&String::from_utf8_lossy(&text))?;
                Err(Failure::usage(reason))
            }
        }
    }

    /// A person is asked, if there is one.
    fn ask(&self) -> Result<Way, Failure> {
        if io::stdin().is_terminal() && !self.link.json && !self.link.calls {
            return Ok(Way::Ask);
        }
        Err(Failure::usage("a token is needed: TOKEN, `-` for standard input, or --qr FILE"))
    }

    /// The token in an image.
    fn image(&self, path: &Path) -> Result<Way, Failure> {
        let error = match image::read(path) {
            Ok(token) => return Ok(Way::Image(token)),
            Err(error) => error,
        };
        if let ImageError::NoToken { text, .. } = &error {
            self.refused(text)?;
        }
        Err(Failure::usage(format_args!("--qr {} {error}", path.display())))
    }

    /// Notes that `addDevice` would not take this.
    fn refused(&self, uri: &str) -> Result<(), Failure> {
        let ret = Returned::Operation(AddDeviceError::InvalidUri.code().into());
        Observer::begin(self.link.json, Side::Export, self.link.config().profile, None)?.call(
            "addDevice",
            AddDevice { uri },
            ret,
        )
    }
}
