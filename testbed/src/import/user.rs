//! The user of an import.

use std::{
    collections::VecDeque,
    io::{self, IsTerminal as _},
    process::ExitCode,
    time::Duration,
};

use handfast::{
    client::{
        Note, Told,
        import::{Client, Effect, Input, Prompt, Screen},
    },
    message::Slot,
    operations::LocalId,
    outcome::{AccountId, LinkState, Outcome, Scheme, Side, Signal},
    reducer::Refused,
    secret::Secret,
    shell::{ImportHandle, ImportReport, Notice, folder::Installed},
};
use serde::Serialize;
use tokio::time::Instant;

use crate::{
    drawn::{
        field::Masked,
        frame::Size,
        import::{Act, Token, View},
        parts::groups,
        tty,
    },
    failure::Failure,
    link::{
        calls::ImportCall,
        observed::Returned,
        options::LinkOptions,
        reach::Reach,
        session::{Happened, Session},
        texts,
    },
    output,
    passwords::Passwords,
    qr,
    terminal::{self, Hidden, Line, LineError},
};

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
#[derive(Clone, Copy)]
enum Question {
    /// Whether this is the account.
    Consent(AccountId),
    /// For its password.
    Password,
}

/// What a line answers.
enum Asked {
    Nothing,
    Consent(AccountId, Scheme),
    /// The terminal does not show it.
    Password(Hidden),
}

/// The user of this device, be it a person, a file or a stream of calls, with the client machine that decides what is shown and
/// called. The calls of a stream go past it, since a tester may call what no client would.
pub(super) struct User<'a> {
    options: &'a LinkOptions,
    passwords: Option<Passwords>,
    handle: ImportHandle,
    session: Session<ImportReport<Installed>>,
    reach: Reach,
    client: Client,
    /// The one slot: what is typed, until it is provided.
    answer: Secret,
    /// The account that the user agreed to.
    agreed: Option<AccountId>,
    /// The last signal, with what is no business of a machine: the token's text, the cause of a failure.
    last: Option<Notice>,
    asked: Asked,
    given_up: bool,
    /// How long a token is good, and until when this one is.
    token_lifetime: Duration,
    token_ends: Option<Instant>,
    view: View,
}

impl<'a> User<'a> {
    /// The user of an import that waits for its first call.
    pub(super) fn new(
        options: &'a LinkOptions,
        passwords: Option<Passwords>,
        handle: ImportHandle,
        session: Session<ImportReport<Installed>>,
        reach: Reach,
        token_lifetime: Duration,
    ) -> Self {
        Self {
            options,
            passwords,
            handle,
            session,
            reach,
            client: Client::new(),
            answer: Secret::default(),
            agreed: None,
            last: None,
            asked: Asked::Nothing,
            given_up: false,
            token_lifetime,
            token_ends: None,
            view: View::default(),
        }
    }

    /// Does what the user does, to the end.
    pub(super) async fn attend(mut self) -> Result<ExitCode, Failure> {
        self.feed(Input::Select).await?;
        let mut outcome = None;
        loop {
            self.draw();
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
                Happened::Key(key) => {
                    if let Some(act) = self.view.key(&self.client.screen(), key) {
                        self.act(act).await?;
                    }
                }
                Happened::Stale => {}
                Happened::Interrupt if self.given_up => {
                    self.session.stop_drawing();
                    self.session.complain("The link is dropped.");
                    return Ok(ExitCode::from(outcome.unwrap_or(Outcome::Network).exit_code()));
                }
                Happened::Interrupt => self.give_up().await?,
                Happened::Over(report) => return self.over(&report),
            }
        }
    }

    /// Leaves, for the first time. Behind the end there is nothing to leave but the link that is being closed.
    async fn give_up(&mut self) -> Result<(), Failure> {
        self.given_up = true;
        if self.handle_has_ended() { Ok(()) } else { self.feed(Input::Back).await }
    }

    /// Does what a key says, where screens are drawn.
    async fn act(&mut self, act: Act) -> Result<(), Failure> {
        self.session.drop_note();
        let input = match (act, self.client.screen()) {
            (Act::Agree, Screen::Authenticating { prompt: Prompt { peer, scheme, .. }, .. }) => {
                self.agreed = Some(peer);
                self.agree(scheme)
            }
            (Act::Agree, _) => None,
            (Act::Password(password), _) => Some(self.answer_with(password)),
            (Act::Leave, _) => return self.give_up().await,
        };
        match input {
            Some(input) => self.feed(input).await,
            None => Ok(()),
        }
    }

    /// Draws what there is to see, where screens are drawn.
    fn draw(&mut self) {
        let screen = self.client.screen();
        self.view.agreed = matches!(screen, Screen::Authenticating { prompt, .. } if self.agreed == Some(prompt.peer));
        self.view.left = self.token_ends.map(|end| end.saturating_duration_since(Instant::now()));
        self.view.beside = self.session.beside(self.given_up);
        self.session.draw(|size| self.view.frame(&screen, size));
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
                self.session.tell(texts::goes_on(Side::Import));
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
        let drawn = self.session.is_drawn();
        if matches!(screen, Screen::Done | Screen::Error(_) | Screen::Initial) {
            self.session.stop_drawing();
        }
        match screen {
            Screen::Init | Screen::Closed | Screen::Authenticating { answered: true, .. } => {}
            Screen::TokenAvailable => self.show_token(drawn)?,
            Screen::Connecting if drawn.is_some() => {}
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
        self.view.wrong = self.view.wrong.saturating_add(wrong_password.into());
        self.view.password = Masked::default();
        if wrong_password && self.session.is_drawn().is_none() {
            self.session.tell("Wrong password.");
        }
        if self.options.calls && !self.options.yes {
            return None;
        }
        // Who typed a wrong password for this account has agreed to it.
        if self.options.yes || self.agreed == Some(peer) {
            self.agreed = Some(peer);
            return self.agree(scheme);
        }
        self.ask(Question::Consent(peer), scheme);
        None
    }

    fn show_token(&mut self, drawn: Option<bool>) -> Result<(), Failure> {
        if self.session.is_json() {
            return Ok(());
        }
        let token = self.last.as_ref().and_then(|notice| notice.details.get("token")).map_or("", String::as_str);
        if let Some(colours) = drawn {
            let code = qr::Code::on_terminal(token, colours).ok();
            self.view.token =
                Some(Token { text: token.to_owned(), code, peer: self.reach.peer(), advice: self.reach.advice() });
            self.token_ends = Some(Instant::now() + self.token_lifetime);
            return Ok(());
        }
        let mut how = "run";
        if io::stdout().is_terminal() && !tty::is_dumb() {
            let code = qr::Code::on_terminal(token, tty::has_colours())?;
            if tty::size().is_some_and(|size| size.rows >= Size::ROWS_OF_QR && size.holds(code.size())) {
                output::line(code.lines())?;
                how = "scan the code, or run";
            }
        }
        for listening in self.reach.listening() {
            output::line(format_args!("listening  {listening}"))?;
        }
        output::line(format_args!("token      {token}"))?;
        let command = format!("handfast export --archive FILE --peer {} {token}", self.reach.peer());
        self.session.tell(format_args!("On the device that has the account, {how}:\n  {command}"));
        if let Some(advice) = self.reach.advice() {
            self.session.tell(advice);
        }
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
                self.ask(Question::Password, scheme);
                None
            }
        }
    }

    fn answer_with(&mut self, password: Secret) -> Input {
        self.answer = password;
        Input::Answer(Slot(0))
    }

    /// Asks on a line. Where screens are drawn, they ask.
    fn ask(&mut self, question: Question, scheme: Scheme) {
        if self.session.is_drawn().is_some() {
            return;
        }
        match question {
            Question::Consent(peer) => {
                terminal::discard_typed();
                self.asked = Asked::Consent(peer, scheme);
                terminal::prompt(&format!(
                    "The other device belongs to the account {}. Import this account? [y/N] ",
                    groups(&peer)
                ));
            }
            Question::Password => {
                self.asked = Asked::Password(Hidden::new());
                terminal::prompt("Password of the account: ");
            }
        }
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

    fn over(mut self, report: &ImportReport<Installed>) -> Result<ExitCode, Failure> {
        self.session.stop_drawing();
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
