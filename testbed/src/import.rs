//! `handfast import`: this device takes over an account.

use std::{
    io::{self, IsTerminal as _},
    net::SocketAddr,
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
};

use clap::Args;
use handfast::{
    archive::{Argon2i, KeyKind, Store, UnixTime},
    operations::LocalId,
    outcome::{Outcome, Scheme, Side, Signal},
    reducer::Refused,
    secret::Secret,
    shell::{
        self, ImportEnv, ImportHandle, ImportIdentity, ImportOptions, ImportReport, Notice, SystemRandom,
        folder::{FolderStore, Installed},
        identity::Reach,
    },
};
use serde::Serialize;
use tokio::net::TcpListener;

use crate::{
    failure::Failure,
    interrupt::Interrupts,
    link::{
        self, KeyType,
        calls::ImportCall,
        observed::{Observer, Returned},
        options::{EXIT_CODES, LinkOptions, passwords},
        session::{Happened, Session},
    },
    output,
    passwords::Passwords,
    qr,
    terminal::{self, Hidden, Line, LineError},
};

const EXAMPLES: &str = "\
Examples:
  handfast import --store accounts --listen 127.0.0.1:4000
  handfast import --store accounts --yes --password-file passwords --json
  mkfifo calls; handfast import --store accounts --json --calls < calls";

/// Take over an account: show a token, and receive the account from the device that is given it
#[derive(Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct Import {
    /// The folder of this device's accounts; it is made if its parent is there
    #[arg(long, value_name = "DIR")]
    store: PathBuf,
    /// Where the other device reaches this one; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    listen: String,
    /// The account's passwords, one a line, tried in order. When a further one is asked for, the import is cancelled
    #[arg(long, value_name = "F")]
    password_file: Option<PathBuf>,
    /// What kind of key this device gets for the account
    #[arg(long, value_enum, value_name = "TYPE", default_value_t = KeyType(KeyKind::Rsa4096))]
    key_type: KeyType,
    #[command(flatten)]
    link: LinkOptions,
}

/// The arguments of `addAccount`.
#[derive(Serialize)]
struct AddAccount {
    #[serde(rename = "Account.archiveURL")]
    archive_url: &'static str,
}

/// The arguments of `provideAccountAuthentication`. The password is not among them.
#[derive(Serialize)]
struct Provide {
    scheme: &'static str,
    credentials: &'static str,
    #[serde(flatten)]
    account: Account,
}

impl Provide {
    const fn new(scheme: Scheme, account: Account) -> Self {
        Self { scheme: scheme.as_str(), credentials: "<secret>", account }
    }
}

/// The account that is named, unless it is this operation's.
#[derive(Default, Serialize)]
struct Account {
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_text")]
    account_id: Option<LocalId>,
}

fn as_text<S: serde::Serializer>(id: &Option<LocalId>, serializer: S) -> Result<S::Ok, S::Error> {
    match id {
        Some(id) => serializer.collect_str(id),
        None => serializer.serialize_none(),
    }
}

/// What a person is being asked.
enum Asked {
    Nothing,
    /// Whether this is the account.
    Consent(Scheme),
    /// For its password, which the terminal does not show.
    Password(Scheme, Hidden),
}

impl Import {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        link::run(self.link())
    }

    async fn link(self) -> Result<ExitCode, Failure> {
        let passwords = passwords(self.password_file.as_ref())?;
        let interrupts = Interrupts::listen().map_err(Failure::reason)?;
        let config = self.link.config();
        let (trace, recorder) = self.link.trace(Side::Import)?;
        let store = Store::open(&self.store)
            .map_err(|error| Failure::with_code(Outcome::Storage.exit_code(), format_args!("--store: {error}")))?;
        let unreachable = |error: io::Error| {
            let code = Outcome::Network.exit_code();
            Failure::with_code(code, format_args!("--listen {}: {error}", self.listen))
        };
        let listener = TcpListener::bind(link::address("--listen", &self.listen).await?).await.map_err(unreachable)?;
        let listening = listener.local_addr().map_err(unreachable)?;

        let now = UnixTime::now();
        let max_archive = self.link.max_archive.0;
        let env = ImportEnv {
            publish: listener,
            store: FolderStore::new(store, Arc::new(Argon2i), self.key_type.0, max_archive, now),
            identity: ImportIdentity::Make { reach: Reach::Direct, now },
            random: SystemRandom,
        };
        let options = ImportOptions { config, max_archive, recorder, ..ImportOptions::default() };
        let observer = Observer::begin(self.link.json, Side::Import, config.profile, Some(listening))?;
        let (handle, notices, operation) = shell::import(env, options);
        let operation = tokio::spawn(operation);
        let mut session = Session::new(&self.link, observer, notices, operation, interrupts, None);
        session.called("addAccount", AddAccount { archive_url: "jami-auth" }, Returned::Account(handle.id()))?;
        let user = User { options: &self.link, passwords, handle, session, asked: Asked::Nothing, given_up: false };
        let code = user.attend(listening).await?;
        if let Some(trace) = trace {
            trace.complain();
        }
        Ok(code)
    }
}

/// The user of this device, be it a person, a file or a stream of calls.
struct User<'a> {
    options: &'a LinkOptions,
    passwords: Option<Passwords>,
    handle: ImportHandle,
    session: Session<ImportReport<Installed>>,
    asked: Asked,
    given_up: bool,
}

impl User<'_> {
    async fn attend(mut self, listening: SocketAddr) -> Result<ExitCode, Failure> {
        let mut outcome = None;
        loop {
            match self.session.next().await? {
                Happened::Signal(notice) => {
                    if let Signal::Done(done) = notice.signal {
                        outcome = Some(done);
                    }
                    self.signal(&notice, listening).await?;
                }
                Happened::Line(line) => self.line(line).await?,
                Happened::Interrupt if self.given_up => {
                    self.session.complain("The link is dropped.");
                    return Ok(ExitCode::from(outcome.unwrap_or(Outcome::Network).exit_code()));
                }
                Happened::Interrupt => {
                    self.given_up = true;
                    self.give_up().await?;
                }
                Happened::Over(report) => return self.over(&report),
            }
        }
    }

    async fn signal(&mut self, notice: &Notice, listening: SocketAddr) -> Result<(), Failure> {
        match notice.signal {
            Signal::TokenAvailable => self.show_token(notice, listening),
            Signal::Connecting => {
                self.session.tell("A device connects.");
                Ok(())
            }
            Signal::Prompt { peer, scheme, wrong_password } => {
                if wrong_password {
                    self.session.tell("Wrong password.");
                }
                if self.options.yes || (wrong_password && !self.options.calls) {
                    self.agree(scheme).await
                } else {
                    if !self.options.calls {
                        terminal::discard_typed();
                        self.ask(
                            Asked::Consent(scheme),
                            &format!("The other device belongs to the account {peer}. Import this account? [y/N] "),
                        );
                    }
                    Ok(())
                }
            }
            Signal::Confirm { .. } => Ok(()),
            Signal::InProgress => {
                self.withdraw();
                self.session.show_progress(self.handle.progress());
                Ok(())
            }
            Signal::Done(outcome) => {
                self.withdraw();
                self.session.tell_end(Side::Import, outcome, notice);
                Ok(())
            }
        }
    }

    fn show_token(&self, notice: &Notice, listening: SocketAddr) -> Result<(), Failure> {
        if self.session.is_json() {
            return Ok(());
        }
        let token = notice.details.get("token").map_or("", String::as_str);
        if io::stdout().is_terminal() {
            output::line(qr::draw(token, true)?)?;
        }
        output::line(format_args!("listening  {listening}"))?;
        output::line(format_args!("token      {token}"))?;
        self.session.tell(format_args!(
            "On the device that has the account, scan the code, or run:\n  handfast export --archive FILE --peer {listening} {token}"
        ));
        Ok(())
    }

    /// The user agrees to the peer: answers with the password that is due.
    async fn agree(&mut self, scheme: Scheme) -> Result<(), Failure> {
        match (scheme, &mut self.passwords) {
            (Scheme::None, _) => self.provide(Secret::default(), scheme).await,
            (Scheme::Password, Some(passwords)) => match passwords.next() {
                Some(password) => self.provide(password, scheme).await,
                None => {
                    self.session.complain("handfast: --password-file has no further password");
                    self.give_up().await
                }
            },
            (Scheme::Password, None) if self.options.calls => Ok(()),
            (Scheme::Password, None) => {
                self.ask(Asked::Password(scheme, Hidden::new()), "Password of the account: ");
                Ok(())
            }
        }
    }

    fn ask(&mut self, asked: Asked, question: &str) {
        self.asked = asked;
        terminal::prompt(question);
        self.session.listen();
    }

    /// The open question needs no answer any more.
    fn withdraw(&mut self) {
        if !matches!(std::mem::replace(&mut self.asked, Asked::Nothing), Asked::Nothing) {
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
        let asked = std::mem::replace(&mut self.asked, Asked::Nothing);
        let Some(line) = self.session.answer(line) else { return self.give_up().await };
        match asked {
            Asked::Nothing => Ok(()),
            Asked::Consent(scheme) if terminal::is_yes(&line) => self.agree(scheme).await,
            Asked::Consent(_) => self.give_up().await,
            Asked::Password(scheme, hidden) => {
                drop(hidden);
                self.provide(Secret::from(line.as_slice()), scheme).await
            }
        }
    }

    async fn call(&mut self, call: ImportCall) -> Result<(), Failure> {
        let ours = |account: Option<LocalId>| account.is_none_or(|account| account == self.handle.id());
        match call {
            ImportCall::Provide { account, credentials, scheme } if ours(account) => {
                self.provide(credentials, scheme).await
            }
            ImportCall::Provide { account: account_id, scheme, .. } => {
                let args = Provide::new(scheme, Account { account_id });
                self.session.answered("provideAccountAuthentication", args, Err(Refused::Unknown))
            }
            ImportCall::Remove { account } if ours(account) => self.give_up().await,
            ImportCall::Remove { account: account_id } => {
                self.session.answered("removeAccount", Account { account_id }, Err(Refused::Unknown))
            }
        }
    }

    async fn provide(&mut self, credentials: Secret, scheme: Scheme) -> Result<(), Failure> {
        let result = self.handle.provide_account_authentication(credentials, scheme).await;
        let args = Provide::new(scheme, Account::default());
        self.session.answered("provideAccountAuthentication", args, result)
    }

    async fn give_up(&mut self) -> Result<(), Failure> {
        self.withdraw();
        let result = self.handle.remove_account().await;
        self.session.answered("removeAccount", Account::default(), result)
    }

    fn over(self, report: &ImportReport<Installed>) -> Result<ExitCode, Failure> {
        match &report.installed {
            Some(installed) => {
                self.session.tell(format_args!(
                    "Its configuration: {} applied, {} kept as they are.",
                    installed.applied.len(),
                    installed.configuration.names.len() - installed.applied.len()
                ));
                if !self.session.is_json() {
                    output::line(format_args!("account    {}", installed.account))?;
                    output::line(format_args!("files      {}", installed.path.display()))?;
                }
            }
            None if report.outcome.is_success() => self.session.tell("It was removed again, as you asked."),
            None => {}
        }
        Ok(ExitCode::from(report.outcome.exit_code()))
    }
}
