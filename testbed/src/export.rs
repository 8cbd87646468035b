//! `handfast export`: this device gives an account to another one.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use clap::Args;
use handfast::{
    archive::{Argon2i, Entry, Identity, KeyKind, OpenError, Password, Store, Terms, UnixTime},
    operations::{AddDeviceError, OpId},
    outcome::{Outcome, Side, Signal},
    reducer::Refused,
    shell::{
        self, ExportEnv, ExportHandle, ExportOptions, Notice,
        folder::{FileSource, IssueError, issued_identity},
        rendezvous::Peer,
    },
};
use serde::Serialize;

use crate::{
    failure::Failure,
    interrupt::Interrupts,
    link::{
        self,
        calls::ExportCall,
        observed::{Observer, Returned},
        options::{EXIT_CODES, LinkOptions, passwords},
        session::{Happened, Session},
    },
    terminal::{self, Line, LineError, Lines},
    token,
};

const EXAMPLES: &str = "\
Examples:
  handfast export --archive account.gz --peer 127.0.0.1:4000 TOKEN
  handfast export --archive account.gz --password-file password --peer 127.0.0.1:4000 --yes --json TOKEN
  handfast export --store accounts --peer 127.0.0.1:4000 TOKEN";

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
    /// What the new device shows; `-` for the first line of standard input
    #[arg(value_name = "TOKEN")]
    token: String,
}

/// The arguments of `addDevice`.
#[derive(Serialize)]
struct AddDevice<'a> {
    uri: &'a str,
}

/// The arguments of the calls to an operation.
#[derive(Serialize)]
struct Operation {
    op_id: OpId,
}

/// What is exported, and who this device is.
struct Account {
    source: FileSource<File>,
    identity: Identity,
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
        let mut interrupts = Interrupts::listen().map_err(Failure::reason)?;
        let config = self.link.config();
        let mut lines = None;
        let text = self.token_text(&mut lines).await?;
        let token = match token::typed(&text) {
            Ok(token) => token.text().to_string(),
            Err(reason) => {
                let uri = String::from_utf8_lossy(&text);
                let ret = Returned::Operation(AddDeviceError::InvalidUri.code().into());
                Observer::begin(self.link.json, Side::Export, config.profile, None)?.call(
                    "addDevice",
                    AddDevice { uri: &uri },
                    ret,
                )?;
                return Err(Failure::usage(reason));
            }
        };
        let (trace, recorder) = self.link.trace(Side::Export)?;
        let peer = link::address("--peer", &self.peer).await?;
        let account = self.account(&mut interrupts, &mut lines).await?;

        let id = account.identity.chain().certificates().get(1).map(|account| account.short_id().to_string());
        let env = ExportEnv { dial: Peer(peer), source: account.source, identity: Arc::new(account.identity) };
        let options = ExportOptions { config, recorder, ..ExportOptions::default() };
        let observer = Observer::begin(self.link.json, Side::Export, config.profile, None)?;
        let (handle, notices, operation) = shell::export(env, options);
        let operation = tokio::spawn(operation);
        let mut session = Session::new(&self.link, observer, notices, operation, interrupts, lines);
        let op = add_device(&handle, &mut session, &token).await?;
        let op = op.map_err(|refused| Failure::with_code(16, format_args!("addDevice was refused: {refused}")))?;
        let user = User {
            options: &self.link,
            account: id.unwrap_or_default(),
            op,
            handle: Some(handle),
            session,
            asked: false,
            given_up: false,
        };
        let code = user.attend().await?;
        if let Some(trace) = trace {
            trace.complain();
        }
        Ok(code)
    }

    /// The token as it was given.
    async fn token_text(&self, lines: &mut Option<Lines>) -> Result<Vec<u8>, Failure> {
        if self.token != "-" {
            return Ok(self.token.clone().into_bytes());
        }
        match lines.get_or_insert_with(Lines::of_standard_input).next().await {
            Some(Ok(line)) => Ok(line.to_vec()),
            Some(Err(error)) => Err(Failure::usage(format_args!("the token on standard input {error}"))),
            None => Err(Failure::usage("standard input has no token")),
        }
    }

    async fn account(&self, interrupts: &mut Interrupts, lines: &mut Option<Lines>) -> Result<Account, Failure> {
        let now = UnixTime::now();
        let terms = Terms::at(now).with_max_text(self.link.max_archive.0);
        match (&self.archive, &self.store) {
            (Some(path), _) => {
                let identity = self.issue(path, terms, now, interrupts, lines).await?;
                let source = FileSource::file(path, Arc::new(Argon2i), terms)
                    .map_err(|error| failed(Outcome::Storage, format_args!("--archive {error}")))?;
                Ok(Account { source, identity })
            }
            (None, Some(folder)) => self.linked(folder, terms),
            (None, None) => Err(Failure::usage("one of --archive and --store is needed")),
        }
    }

    /// The account of a store, with the certificate that this device got when it was linked.
    fn linked(&self, folder: &Path, terms: Terms) -> Result<Account, Failure> {
        let refused = |error: &dyn std::fmt::Display| failed(Outcome::Storage, format_args!("--store: {error}"));
        if !folder.is_dir() {
            return Err(refused(&format_args!("{} is no folder", folder.display())));
        }
        let store = Store::open(folder).map_err(|error| refused(&error))?;
        let entries = store.list().map_err(|error| refused(&error))?;
        let wanted = |entry: &Entry| match &self.account {
            Some(account) => *account == entry.account.to_string() || *account == entry.id.to_string(),
            None => true,
        };
        let mut found = entries.iter().filter(|entry| wanted(entry));
        let (entry, more) = (found.next(), found.next());
        let entry = match (entry, more) {
            (Some(entry), None) => entry,
            (None, _) => {
                return Err(Failure::usage(format_args!("--store {}: there is no such account", folder.display())));
            }
            (Some(_), Some(_)) => {
                let list: Vec<_> = entries.iter().map(|entry| format!("\n  {}  {}", entry.id, entry.account)).collect();
                return Err(Failure::usage(format_args!("choose one of these with --account:{}", list.concat())));
            }
        };
        let identity = store.device(entry.id).map_err(|error| refused(&error))?;
        let source = FileSource::account(store, entry.id, Arc::new(Argon2i), terms).map_err(|error| refused(&error))?;
        Ok(Account { source, identity })
    }

    /// A certificate for the occasion, issued by the account key in the archive (R-EXP-11).
    async fn issue(
        &self,
        path: &Path,
        terms: Terms,
        now: UnixTime,
        interrupts: &mut Interrupts,
        lines: &mut Option<Lines>,
    ) -> Result<Identity, Failure> {
        // Without a password first, for what needs none, and for what is no archive.
        match issue_with(path, Password::none(), terms, now, interrupts).await? {
            Err(IssueError::Open(OpenError::WrongPassword)) => {}
            issued => return issued.map_err(|error| unusable(path, &error)),
        }
        let Some(mut passwords) = passwords(self.password_file.as_ref())? else {
            if self.link.calls {
                return Err(failed(Outcome::Authentication, "the archive is protected: --calls needs --password-file"));
            }
            let question = format!("Password of {}: ", path.display());
            let password = terminal::ask_password(&question, interrupts, lines).await.map_err(|error| match error {
                terminal::Unanswered::Interrupted => failed(Outcome::CANCELED, error),
                _ => failed(Outcome::Authentication, error),
            })?;
            let password = Password::new(password.as_bytes());
            return issue_with(path, password, terms, now, interrupts).await?.map_err(|error| unusable(path, &error));
        };
        let mut password = passwords.first().map_err(|error| failed(Outcome::Authentication, error))?;
        loop {
            let tried = issue_with(path, Password::new(password.as_bytes()), terms, now, interrupts).await?;
            match (tried, passwords.next()) {
                (Err(IssueError::Open(OpenError::WrongPassword)), Some(next)) => password = next,
                (issued, _) => return issued.map_err(|error| unusable(path, &error)),
            }
        }
    }
}

/// Issues a certificate with the account key that this password opens, unless somebody gives up before.
async fn issue_with(
    path: &Path,
    password: Password,
    terms: Terms,
    now: UnixTime,
    interrupts: &mut Interrupts,
) -> Result<Result<Identity, IssueError>, Failure> {
    let path = path.to_path_buf();
    let issued = tokio::task::spawn_blocking(move || {
        let file = File::open(path).map_err(OpenError::from)?;
        issued_identity(file, &password, &Argon2i, terms, KeyKind::P256, now)
    });
    tokio::select! {
        biased;
        () = interrupts.next() => Err(failed(Outcome::CANCELED, "given up")),
        issued = issued => Ok(issued.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))),
    }
}

fn unusable(path: &Path, error: &IssueError) -> Failure {
    let outcome = match error {
        IssueError::Open(OpenError::WrongPassword) => Outcome::Authentication,
        IssueError::Open(_) | IssueError::Identity(_) => Outcome::Storage,
    };
    failed(outcome, format_args!("--archive {}: {error}", path.display()))
}

/// Calls `addDevice`, and notes it.
async fn add_device(
    handle: &ExportHandle,
    session: &mut Session<()>,
    uri: &str,
) -> Result<Result<OpId, AddDeviceError>, Failure> {
    let result = handle.add_device(uri).await;
    let ret = result.map_or_else(|error| error.code().into(), |op| op.0.into());
    session.called("addDevice", AddDevice { uri }, Returned::Operation(ret))?;
    Ok(result)
}

/// The user of this device, be it a person or a stream of calls.
struct User<'a> {
    options: &'a LinkOptions,
    account: String,
    op: OpId,
    /// None once the operation has ended: the link closes then.
    handle: Option<ExportHandle>,
    session: Session<()>,
    /// Whether a person is asked to confirm.
    asked: bool,
    given_up: bool,
}

impl User<'_> {
    async fn attend(mut self) -> Result<ExitCode, Failure> {
        let mut outcome = Outcome::Network;
        loop {
            match self.session.next().await? {
                Happened::Signal(notice) => {
                    if let Signal::Done(done) = notice.signal {
                        outcome = done;
                    }
                    self.signal(&notice).await?;
                }
                Happened::Line(line) => self.line(line).await?,
                Happened::Interrupt if self.given_up => {
                    self.session.complain("The link is dropped.");
                    return Ok(ExitCode::from(outcome.exit_code()));
                }
                Happened::Interrupt => {
                    self.given_up = true;
                    self.cancel(self.op).await?;
                }
                Happened::Over(()) => return Ok(ExitCode::from(outcome.exit_code())),
            }
        }
    }

    async fn signal(&mut self, notice: &Notice) -> Result<(), Failure> {
        match notice.signal {
            Signal::Connecting => self.session.tell("Connecting to the new device."),
            Signal::Confirm { .. } if self.options.yes => self.confirm(self.op).await?,
            Signal::Confirm { peer_address } if !self.options.calls => {
                terminal::discard_typed();
                terminal::prompt(&format!(
                    "The new device is at {peer_address}. Give it the account {}? [y/N] ",
                    self.account
                ));
                self.asked = true;
                self.session.listen();
            }
            Signal::InProgress => {
                self.withdraw();
                let progress = match &self.handle {
                    Some(handle) => handle.progress(self.op).await,
                    None => None,
                };
                if let Some(progress) = progress {
                    self.session.show_progress(progress);
                }
            }
            Signal::Done(outcome) => {
                self.withdraw();
                self.handle = None;
                self.session.tell_end(Side::Export, outcome, notice);
            }
            Signal::TokenAvailable | Signal::Prompt { .. } | Signal::Confirm { .. } => {}
        }
        Ok(())
    }

    /// The open question needs no answer any more.
    fn withdraw(&mut self) {
        if std::mem::take(&mut self.asked) {
            terminal::prompt("\n");
            self.session.stop_listening();
        }
    }

    async fn line(&mut self, line: Option<Result<Line, LineError>>) -> Result<(), Failure> {
        if self.options.calls {
            return match line.and_then(|line| self.session.call_of(line)) {
                Some(call) => self.call(call).await,
                None => Ok(()),
            };
        }
        self.asked = false;
        match self.session.answer(line) {
            Some(line) if terminal::is_yes(&line) => self.confirm(self.op).await,
            Some(_) | None => self.cancel(self.op).await,
        }
    }

    async fn call(&mut self, call: ExportCall) -> Result<(), Failure> {
        match (call, &self.handle) {
            (ExportCall::Confirm { op_id }, _) => self.confirm(op_id.unwrap_or(self.op)).await,
            (ExportCall::Cancel { op_id }, _) => self.cancel(op_id.unwrap_or(self.op)).await,
            (ExportCall::Add { uri }, Some(handle)) => {
                if let Err(refused) = add_device(handle, &mut self.session, &uri).await? {
                    self.session.complain(format_args!("addDevice was refused: {refused}"));
                }
                Ok(())
            }
            (ExportCall::Add { uri }, None) => {
                let refused = AddDeviceError::Generic;
                self.session.called(
                    "addDevice",
                    AddDevice { uri: &uri },
                    Returned::Operation(refused.code().into()),
                )?;
                self.session.complain(format_args!("addDevice was refused: {refused}"));
                Ok(())
            }
        }
    }

    async fn confirm(&mut self, op: OpId) -> Result<(), Failure> {
        let result = match &self.handle {
            Some(handle) => handle.confirm_add_device(op).await,
            None => Err(Refused::Ended),
        };
        self.session.answered("confirmAddDevice", Operation { op_id: op }, result)
    }

    async fn cancel(&mut self, op: OpId) -> Result<(), Failure> {
        self.withdraw();
        let result = match &self.handle {
            Some(handle) => handle.cancel_add_device(op).await,
            None => Err(Refused::Ended),
        };
        if result == Err(Refused::TooLate) {
            self.session.tell("It is too late to cancel. Ctrl-C again drops the link.");
        }
        self.session.answered("cancelAddDevice", Operation { op_id: op }, result)
    }
}
