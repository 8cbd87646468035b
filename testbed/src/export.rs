//! `handfast export`: this device gives an account to another one.

use std::{
    collections::VecDeque,
    fs::File,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use clap::Args;
use handfast::{
    archive::{Argon2i, Entry, Identity, KeyKind, OpenError, Password, Store, Terms, UnixTime},
    client::{
        Failure as LinkFailure, Note, Told,
        export::{Client, Effect, Input, Screen},
    },
    message::Slot,
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
        texts,
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
        let session = Session::new(&self.link, observer, notices, operation, interrupts, lines);
        let user = User {
            options: &self.link,
            account: id.unwrap_or_default(),
            token,
            handle: Some(handle),
            session,
            client: Client::new(),
            last: None,
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

/// The user of this device, be it a person or a stream of calls, with the client machine that decides what is shown and called. The
/// calls of a stream go past it, since a tester may call what no client would.
struct User<'a> {
    options: &'a LinkOptions,
    account: String,
    /// The one slot: a token that parses.
    token: String,
    /// None once the operation has ended: the link closes then.
    handle: Option<ExportHandle>,
    session: Session<()>,
    client: Client,
    /// The last signal, with the cause of a failure.
    last: Option<Notice>,
    /// Whether a person is asked to confirm.
    asked: bool,
    given_up: bool,
}

impl User<'_> {
    async fn attend(mut self) -> Result<ExitCode, Failure> {
        for input in [Input::Select, Input::Manual, Input::Entered(Slot(0))] {
            self.feed(input).await?;
        }
        if let Screen::Error(LinkFailure::NoDevice(refused)) = self.client.screen() {
            return Err(Failure::with_code(16, format_args!("addDevice was refused: {refused}")));
        }
        // The operation that this client began: others can come from a stream of calls.
        let own = self.client.operation();
        let mut outcome = Outcome::Network;
        loop {
            match self.session.next().await? {
                Happened::Signal(notice) => {
                    let op = notice.op.or(own);
                    if let Signal::Done(done) = notice.signal {
                        outcome = done;
                        self.withdraw();
                        self.handle = None;
                    }
                    let told = Told::Signal(notice.signal);
                    self.last = Some(notice);
                    if let Some(op) = op {
                        self.feed(Input::Signal(op, told)).await?;
                    }
                }
                Happened::Line(line) => self.line(line, own).await?,
                Happened::Interrupt if self.given_up => {
                    self.session.complain("The link is dropped.");
                    return Ok(ExitCode::from(outcome.exit_code()));
                }
                Happened::Interrupt => {
                    self.given_up = true;
                    self.feed(Input::Back).await?;
                }
                Happened::Over(()) => return Ok(ExitCode::from(outcome.exit_code())),
            }
        }
    }

    /// Hands something to the client, and carries out what comes of it.
    async fn feed(&mut self, input: Input) -> Result<(), Failure> {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            // What the screen does not offer changes nothing.
            if self.client.handle(input).is_err() {
                continue;
            }
            while let Some(effect) = self.client.poll_effect() {
                inputs.extend(self.carry_out(effect).await?);
            }
        }
        Ok(())
    }

    /// Carries out one effect. Gives what comes of it at once: what a call returned, or what the user does.
    async fn carry_out(&mut self, effect: Effect) -> Result<Option<Input>, Failure> {
        Ok(match effect {
            Effect::AddDevice(_) => {
                let Some(handle) = &self.handle else { return Ok(None) };
                Some(Input::Added(add_device(handle, &mut self.session, &self.token).await?))
            }
            Effect::ConfirmAddDevice(op) => Some(Input::Confirmed(op, self.confirm(op).await?)),
            Effect::CancelAddDevice(op) => Some(Input::Canceled(op, self.cancel(op).await?)),
            Effect::Show(screen) => self.show(screen).await?,
            Effect::Tell(Note::GoesOn) => {
                self.session.tell("It is too late to cancel: the link goes on. Ctrl-C again drops it.");
                None
            }
            // A refused call has been told of; an export removes nothing.
            Effect::Tell(Note::NotTaken | Note::RemovedAgain) => None,
            // No signal can be missed here, and there are no others.
            Effect::Query(_) | Effect::Ignored(_) => None,
        })
    }

    async fn show(&mut self, screen: Screen) -> Result<Option<Input>, Failure> {
        match screen {
            // The token came with the command.
            Screen::ShowInputOptions
            | Screen::ScanQr
            | Screen::QrScanning
            | Screen::ManualEntry
            | Screen::TokenObtained
            | Screen::Closed
            | Screen::Authenticating { confirmed: true, .. } => {}
            Screen::Connecting => self.session.tell("Connecting to the new device."),
            Screen::Authenticating { .. } if self.options.yes => return Ok(Some(Input::Confirm)),
            Screen::Authenticating { .. } if self.options.calls => {}
            Screen::Authenticating { address, .. } => {
                terminal::discard_typed();
                terminal::prompt(&format!(
                    "The new device is at {address}. Give it the account {}? [y/N] ",
                    self.account
                ));
                self.asked = true;
                self.session.listen();
            }
            Screen::InProgress => {
                self.withdraw();
                let progress = match (&self.handle, self.client.operation()) {
                    (Some(handle), Some(op)) => handle.progress(op).await,
                    _ => None,
                };
                if let Some(progress) = progress {
                    self.session.show_progress(progress);
                }
            }
            Screen::Done { confirmed } => {
                let text = texts::ended(Side::Export, Outcome::Success { confirmed });
                self.session.tell_end(text, self.last.as_ref());
            }
            Screen::Error(failure) => self.session.tell_end(texts::failed(Side::Export, failure), self.last.as_ref()),
            Screen::Initial => self.session.tell(texts::ended(Side::Export, Outcome::CANCELED)),
        }
        Ok(None)
    }

    /// The open question needs no answer any more.
    fn withdraw(&mut self) {
        if std::mem::take(&mut self.asked) {
            terminal::prompt("\n");
            self.session.stop_listening();
        }
    }

    async fn line(&mut self, line: Option<Result<Line, LineError>>, own: Option<OpId>) -> Result<(), Failure> {
        if self.options.calls {
            return match line.and_then(|line| self.session.call_of(line)) {
                Some(call) => self.call(call, own).await,
                None => Ok(()),
            };
        }
        self.asked = false;
        let yes = self.session.answer(line).is_some_and(|line| terminal::is_yes(&line));
        self.feed(if yes { Input::Confirm } else { Input::Back }).await
    }

    async fn call(&mut self, call: ExportCall, own: Option<OpId>) -> Result<(), Failure> {
        match (call, &self.handle) {
            (ExportCall::Confirm { op_id }, _) => match op_id.or(own) {
                Some(op) => self.confirm(op).await.map(drop),
                None => Ok(()),
            },
            (ExportCall::Cancel { op_id }, _) => match op_id.or(own) {
                Some(op) => self.cancel(op).await.map(drop),
                None => Ok(()),
            },
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

    async fn confirm(&mut self, op: OpId) -> Result<bool, Failure> {
        let result = match &self.handle {
            Some(handle) => handle.confirm_add_device(op).await,
            None => Err(Refused::Ended),
        };
        self.session.answered("confirmAddDevice", Operation { op_id: op }, result)?;
        Ok(result.is_ok())
    }

    async fn cancel(&mut self, op: OpId) -> Result<bool, Failure> {
        self.withdraw();
        let result = match &self.handle {
            Some(handle) => handle.cancel_add_device(op).await,
            None => Err(Refused::Ended),
        };
        self.session.answered("cancelAddDevice", Operation { op_id: op }, result)?;
        Ok(result.is_ok())
    }
}
