//! `handfast import`: this device takes over an account.

use std::{
    collections::VecDeque,
    io::{self, IsTerminal as _},
    net::SocketAddr,
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
};

use clap::Args;
use handfast::{
    archive::{Argon2i, KeyKind, Store, UnixTime},
    client::{
        Note, Told,
        import::{Client, Effect, Input, Prompt, Screen},
    },
    message::Slot,
    operations::LocalId,
    outcome::{AccountId, LinkState, Outcome, Scheme, Side, Signal},
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
        texts,
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
    Consent(AccountId, Scheme),
    /// For its password, which the terminal does not show.
    Password(Hidden),
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
        let session = Session::new(&self.link, observer, notices, operation, interrupts, None);
        let user = User {
            options: &self.link,
            passwords,
            handle,
            session,
            listening,
            client: Client::new(),
            answer: Secret::default(),
            agreed: None,
            last: None,
            asked: Asked::Nothing,
            given_up: false,
        };
        let code = user.attend().await?;
        if let Some(trace) = trace {
            trace.complain();
        }
        Ok(code)
    }
}

/// The user of this device, be it a person, a file or a stream of calls, with the client machine that decides what is shown and
/// called. The calls of a stream go past it, since a tester may call what no client would.
struct User<'a> {
    options: &'a LinkOptions,
    passwords: Option<Passwords>,
    handle: ImportHandle,
    session: Session<ImportReport<Installed>>,
    listening: SocketAddr,
    client: Client,
    /// The one slot: what is typed, until it is provided.
    answer: Secret,
    /// The account that the user agreed to.
    agreed: Option<AccountId>,
    /// The last signal, with what is no business of a machine: the token's text, the cause of a failure.
    last: Option<Notice>,
    asked: Asked,
    given_up: bool,
}

impl User<'_> {
    async fn attend(mut self) -> Result<ExitCode, Failure> {
        self.feed(Input::Select).await?;
        let mut outcome = None;
        loop {
            match self.session.next().await? {
                Happened::Signal(notice) => {
                    if let Signal::Done(done) = notice.signal {
                        outcome = Some(done);
                        self.withdraw();
                    }
                    let told = Told::Signal(notice.signal);
                    self.last = Some(notice);
                    self.feed(Input::Signal(self.handle.id(), told)).await?;
                }
                Happened::Line(line) => self.line(line).await?,
                Happened::Interrupt if self.given_up => {
                    self.session.complain("The link is dropped.");
                    return Ok(ExitCode::from(outcome.unwrap_or(Outcome::Network).exit_code()));
                }
                Happened::Interrupt => {
                    self.given_up = true;
                    self.feed(Input::Back).await?;
                }
                Happened::Over(report) => return self.over(&report),
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
            Effect::AddAccount => {
                let id = self.handle.id();
                let args = AddAccount { archive_url: "jami-auth" };
                self.session.called("addAccount", args, Returned::Account(id))?;
                Some(Input::Added(Ok(id)))
            }
            Effect::ProvideAccountAuthentication(id, _, scheme) => {
                let answer = std::mem::take(&mut self.answer);
                Some(Input::Provided(id, self.provide(answer, scheme).await?))
            }
            // Of a failed import this device keeps nothing anyway.
            Effect::RemoveAccount(_) if self.handle_has_ended() => None,
            Effect::RemoveAccount(id) => Some(Input::Removed(id, self.remove().await?)),
            Effect::Show(screen) => self.show(screen)?,
            Effect::Tell(Note::GoesOn) => {
                self.session
                    .tell("It goes on for now: what is stored already is removed again. Ctrl-C again drops the link.");
                None
            }
            // A refused call has been told of; what was removed again is told of at the end.
            Effect::Tell(Note::NotTaken | Note::RemovedAgain) => None,
            // No signal can be missed here, and there are no others.
            Effect::Query(_) | Effect::Ignored(_) => None,
        })
    }

    fn handle_has_ended(&self) -> bool {
        self.last.as_ref().is_some_and(|notice| notice.state() == LinkState::Done)
    }

    fn show(&mut self, screen: Screen) -> Result<Option<Input>, Failure> {
        match screen {
            Screen::Init | Screen::Closed | Screen::Authenticating { answered: true, .. } => {}
            Screen::TokenAvailable => self.show_token()?,
            Screen::Connecting => self.session.tell("A device connects."),
            Screen::Authenticating { prompt, answered: false } => return Ok(self.prompt(prompt)),
            Screen::InProgress => {
                self.withdraw();
                self.session.show_progress(self.handle.progress());
            }
            Screen::Done => self.session.tell_end(texts::ended(Side::Import, Outcome::SUCCESS), self.last.as_ref()),
            Screen::Error(failure) => self.session.tell_end(texts::failed(Side::Import, failure), self.last.as_ref()),
            Screen::Initial => self.session.tell(texts::ended(Side::Import, Outcome::CANCELED)),
        }
        Ok(None)
    }

    /// Asks whose account it is to be, and for its password, or answers as the options say.
    fn prompt(&mut self, Prompt { peer, scheme, wrong_password }: Prompt) -> Option<Input> {
        if wrong_password {
            self.session.tell("Wrong password.");
        }
        if self.options.calls && !self.options.yes {
            return None;
        }
        // Who typed a wrong password for this account has agreed to it.
        if self.options.yes || self.agreed == Some(peer) {
            return self.agree(scheme);
        }
        terminal::discard_typed();
        self.ask(
            Asked::Consent(peer, scheme),
            &format!("The other device belongs to the account {peer}. Import this account? [y/N] "),
        );
        None
    }

    fn show_token(&self) -> Result<(), Failure> {
        if self.session.is_json() {
            return Ok(());
        }
        let token = self.last.as_ref().and_then(|notice| notice.details.get("token")).map_or("", String::as_str);
        let listening = self.listening;
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

    /// The user agrees to the peer: answers with the password that is due, or asks for it.
    fn agree(&mut self, scheme: Scheme) -> Option<Input> {
        match (scheme, &mut self.passwords) {
            (Scheme::None, _) => Some(self.answer_with(Secret::default())),
            (Scheme::Password, Some(passwords)) => Some(match passwords.next() {
                Some(password) => self.answer_with(password),
                None => {
                    self.session.complain("handfast: --password-file has no further password");
                    Input::Back
                }
            }),
            (Scheme::Password, None) if self.options.calls => None,
            (Scheme::Password, None) => {
                self.ask(Asked::Password(Hidden::new()), "Password of the account: ");
                None
            }
        }
    }

    fn answer_with(&mut self, password: Secret) -> Input {
        self.answer = password;
        Input::Answer(Slot(0))
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
        let Some(line) = self.session.answer(line) else { return self.feed(Input::Back).await };
        let input = match asked {
            Asked::Nothing => None,
            Asked::Consent(peer, scheme) if terminal::is_yes(&line) => {
                self.agreed = Some(peer);
                self.agree(scheme)
            }
            Asked::Consent(..) => Some(Input::Back),
            Asked::Password(hidden) => {
                drop(hidden);
                Some(self.answer_with(Secret::from(line.as_slice())))
            }
        };
        match input {
            Some(input) => self.feed(input).await,
            None => Ok(()),
        }
    }

    async fn call(&mut self, call: ImportCall) -> Result<(), Failure> {
        let ours = |account: Option<LocalId>| account.is_none_or(|account| account == self.handle.id());
        match call {
            ImportCall::Provide { account, credentials, scheme } if ours(account) => {
                self.provide(credentials, scheme).await.map(drop)
            }
            ImportCall::Provide { account: account_id, scheme, .. } => {
                let args = Provide::new(scheme, Account { account_id });
                self.session.answered("provideAccountAuthentication", args, Err(Refused::Unknown))
            }
            ImportCall::Remove { account } if ours(account) => self.remove().await.map(drop),
            ImportCall::Remove { account: account_id } => {
                self.session.answered("removeAccount", Account { account_id }, Err(Refused::Unknown))
            }
        }
    }

    async fn provide(&mut self, credentials: Secret, scheme: Scheme) -> Result<bool, Failure> {
        let result = self.handle.provide_account_authentication(credentials, scheme).await;
        let args = Provide::new(scheme, Account::default());
        self.session.answered("provideAccountAuthentication", args, result)?;
        Ok(result.is_ok())
    }

    async fn remove(&mut self) -> Result<bool, Failure> {
        self.withdraw();
        let result = self.handle.remove_account().await;
        self.session.answered("removeAccount", Account::default(), result)?;
        Ok(result.is_ok())
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
