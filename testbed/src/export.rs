//! `handfast export`: this device gives an account to another one.

mod account;
mod user;

use std::{
    io::{self, IsTerminal as _},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
};

use clap::{ArgGroup, Args};
use handfast::{
    archive::ShownDates,
    operations::AddDeviceError,
    outcome::{Outcome, Side},
    shell::{self, ExportEnv, ExportOptions, Recorder},
};

use self::user::{AddDevice, User, Way};
use crate::{
    failure::Failure,
    interrupt::{self, Interrupts},
    link::{
        self,
        front::Front,
        legacy,
        observed::{Observer, Returned},
        options::{EXIT_CODES, LinkOptions, Reducers},
        recorder::TraceFile,
        rendezvous::{Finding, RendezvousOptions},
        session::Session,
    },
    numbers::reached,
    output::Background,
    qr::image::{self, ImageError},
    terminal::Typed,
    token,
};

const EXAMPLES: &str = "\
Examples:
  handfast export --archive account.gz TOKEN
  handfast export --archive account.gz --peer 127.0.0.1:4000 TOKEN
  handfast export --archive account.gz --password-file password --peer 127.0.0.1:4000 --yes --json TOKEN
  handfast export --store accounts --peer 127.0.0.1:4000 TOKEN
  handfast export --store accounts --peer 127.0.0.1:4000 --qr screenshot.png
  handfast export --store accounts --peer 127.0.0.1:4000";

/// Give an account to the device that shows a token
#[derive(Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
#[command(group(ArgGroup::new("from").required(true).args(["archive", "store"])))]
pub(crate) struct Export {
    /// The account's archive, as a file. Its key then certifies this device for the occasion
    #[arg(long, value_name = "F", conflicts_with = "store")]
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
    /// Where the new device is reached; without it, it is looked for on the local network
    #[arg(long, value_name = "ADDR", value_parser = reached)]
    peer: Option<String>,
    #[command(flatten)]
    rendezvous: RendezvousOptions,
    #[command(flatten)]
    link: LinkOptions,
    /// Read the token from an image of the QR code that the new device shows: a PNG file, such as a screenshot
    #[arg(long, value_name = "FILE", conflicts_with = "token")]
    qr: Option<PathBuf>,
    /// The token of the new device; `-` for the first line of standard input. Without it a terminal asks for it
    #[arg(value_name = "TOKEN")]
    token: Option<String>,
}

/// The needs of a link: its trace, the rendezvous that finds the other device, and where that is looked for, for a person.
type Prepared = (Option<TraceFile>, Option<Recorder>, (Finding, String));

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
        self.link.check()?;
        let mut interrupts = Interrupts::of_a_link()?;
        let out = Background::standard_output();
        let mut typed = None;
        // A refusal is printed also where nothing follows.
        let way = match interrupts.or(self.way(&mut typed, &out)).await.ok_or_else(link::given_up)? {
            Ok(way) => way,
            Err(failure) => {
                link::written(&mut interrupts, out, None).await;
                return Err(failure);
            }
        };
        let prepared = interrupts.or(self.prepare()).await.ok_or_else(link::given_up)??;
        let (trace, recorder, found) = prepared;
        let (front, served) = Front::open(&self.link, Side::Export, typed).await?;
        let linked = self.linked(way, found, front, &mut interrupts, &out, recorder);
        let ended = served.end(linked.await).await;
        link::written(&mut interrupts, out, trace).await;
        ended
    }

    /// Opens the account, and links.
    async fn linked(
        &self,
        way: Way,
        (finding, sought): (Finding, String),
        mut front: Front,
        interrupts: &mut Interrupts,
        out: &Background,
        recorder: Option<Recorder>,
    ) -> Result<ExitCode, Failure> {
        let config = self.link.config();
        let now = link::today()?;
        let quiet = front.quiet(&self.link);
        let account = self.account(now, interrupts, &mut front).await?;
        drop(quiet);
        let doubt = ShownDates::of(account.identity.chain()).doubt_of_own(now);

        let id = account.identity.chain().certificates().get(1).map(|account| account.short_id());
        let dialer = finding.dialer(&account.identity)?;
        let env = ExportEnv { dial: dialer, source: account.source, identity: Arc::new(account.identity) };
        let options = ExportOptions {
            config,
            durations: self.link.durations(self.rendezvous.durations()),
            now: Some(now),
            recorder,
            ..ExportOptions::default()
        };
        let lines = self.link.json.then(|| out.clone());
        let observer = Observer::begin(lines, Side::Export, config.profile, None);
        let (handle, notices, operation) = match self.link.reducers {
            Reducers::Shipped => {
                let (handle, notices, operation) = shell::export(env, options);
                (handle, notices, tokio::spawn(operation))
            }
            Reducers::Legacy => {
                let reducers = Box::new(legacy::Exporters::default());
                let (handle, notices, operation) = shell::export_by(env, options, reducers);
                (handle, notices, tokio::spawn(operation))
            }
        };
        let mut session = Session::new(&self.link, observer, notices, operation, interrupts.clone(), front);
        if let Some(doubt) = doubt {
            session.complain(format_args!("handfast: warning: {doubt}"));
        }
        User::new(&self.link, id, sought, handle, session).attend(way).await
    }

    /// Reads and opens all that the link needs besides the token and the account.
    async fn prepare(&self) -> Result<Prepared, Failure> {
        let (trace, recorder) = self.link.trace(Side::Export).await?;
        let finding = self.rendezvous.finding(self.peer.as_deref(), self.link.timers).await?;
        Ok((trace, recorder, finding))
    }

    /// How the token comes, and it itself if it came with the command.
    async fn way(&self, typed: &mut Option<Typed>, out: &Background) -> Result<Way, Failure> {
        let text = match (&self.token, &self.qr) {
            (None, None) => return self.ask(),
            (_, Some(path)) => return self.image(path.clone(), out).await,
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
        match token::read_typed(&text) {
            Ok(token) => Ok(Way::Text(token)),
            Err(error) => {
                self.refused(AddDevice::of(&String::from_utf8_lossy(&text)), out);
                // A line of standard input was not visible before, and may be the password.
                Err(Failure::usage(match typed {
                    Some(_) => format!("this is no token: {error}"),
                    None => token::explain(&text, error),
                }))
            }
        }
    }

    /// A person is asked, if there is one.
    fn ask(&self) -> Result<Way, Failure> {
        if self.link.is_in_browser() || io::stdin().is_terminal() && !self.link.json && !self.link.calls {
            return Ok(Way::Ask);
        }
        Err(Failure::usage("a token is needed: TOKEN, `-` for standard input, or --qr FILE"))
    }

    /// The token in an image.
    async fn image(&self, path: PathBuf, out: &Background) -> Result<Way, Failure> {
        let of = path.clone();
        let error = match interrupt::apart(move || image::read(&of)).await {
            Ok(token) => return Ok(Way::Image(token)),
            Err(error) => error,
        };
        if let ImageError::NoToken { text, .. } = &error {
            self.refused(AddDevice::in_image(text), out);
        }
        Err(Failure::usage(format_args!("--qr {} {error}", path.display())))
    }

    /// Notes that `addDevice` would not take this.
    fn refused(&self, args: AddDevice<'_>, out: &Background) {
        let ret = Returned::Operation(AddDeviceError::InvalidUri.code().into());
        let lines = self.link.json.then(|| out.clone());
        let observer = Observer::begin(lines, Side::Export, self.link.config().profile, None);
        observer.call("addDevice", args, ret);
    }
}
