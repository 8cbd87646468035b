//! The user of an import.

use std::{
    collections::VecDeque,
    io::{self, IsTerminal as _},
    process::ExitCode,
    time::Duration,
};

use handfast::{
    client::{
        Note, Received,
        import::{Client, Effect, Input, Prompt, Screen},
    },
    operations::LocalId,
    outcome::{AccountId, LinkState, Outcome, Scheme, Side, Signal},
    reducer::Refused,
    secret::Secret,
    shell::{Cause, ImportHandle, ImportReport, Notice, Slots, folder::Installed},
};
use serde::Serialize;
use tokio::time::Instant;

#[cfg(feature = "web")]
use crate::web;
use crate::{
    link::{
        calls::ImportCall,
        comparison::{Expected, Shown},
        observed::Returned,
        options::LinkOptions,
        reach::Reach,
        session::{Happened, Session},
        texts::{self, Known},
    },
    output::Background,
    passwords::Passwords,
    qr,
    terminal::{self, Line, LineError},
    tui::{
        field::Masked,
        import::{Act, Token, View},
        parts::groups,
        style::Size,
        tty,
    },
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

/// The arguments of `compareAccount`.
#[derive(Serialize)]
struct Compare {
    equal: bool,
    #[serde(flatten)]
    account: Account,
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

/// The question to the person.
#[derive(Clone, Copy)]
enum Question {
    /// Whether this is the account.
    Consent(AccountId),
    /// For its password.
    Password,
    /// Whether both screens show this.
    Equal,
}

/// The question that a line answers.
enum Asked {
    Nothing,
    Consent(AccountId, Scheme),
    /// The terminal does not show it.
    Password,
    Equal,
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
    out: Background,
    /// The typed password, until it is provided.
    answers: Slots,
    /// The account that the user agreed to.
    agreed: Option<AccountId>,
    /// The last signal, with what is no business of a machine: the token's text, the cause of a failure.
    last: Option<Notice>,
    asked: Asked,
    given_up: bool,
    /// A removal was accepted.
    canceled: bool,
    /// A prompt was signalled that the options answer, and they have not yet: once for each signal, so that it ends.
    due: bool,
    /// The daemon's state was asked for.
    queried: bool,
    /// How long a token is good, and until when this one is.
    token_lifetime: Duration,
    token_ends: Option<Instant>,
    /// The digits that `--sas-match` gives.
    expected: Expected<'a>,
    /// The string that was shown last; none if there was nothing to compare.
    shown: Option<Shown>,
    view: View,
}

impl<'a> User<'a> {
    /// The user of an import that waits for its first call.
    pub(super) fn new(
        options: &'a LinkOptions,
        passwords: Option<Passwords>,
        handle: ImportHandle,
        session: Session<ImportReport<Installed>>,
        out: Background,
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
            out,
            answers: Slots::default(),
            agreed: None,
            last: None,
            asked: Asked::Nothing,
            given_up: false,
            canceled: false,
            due: false,
            queried: false,
            token_lifetime,
            token_ends: None,
            expected: Expected::new(options),
            shown: None,
            view: View::default(),
        }
    }

    /// Does what the user does, to the end.
    pub(super) async fn attend(mut self) -> ExitCode {
        self.feed(Input::Select).await;
        let mut outcome = None;
        loop {
            self.draw();
            let shown = self.shown.clone().unwrap_or_default();
            let happened = tokio::select! { biased;
                happened = self.session.next(self.due || self.queried) => happened,
                equal = self.expected.are(&shown) => {
                    self.compare_with(equal).await;
                    continue;
                }
            };
            match happened {
                Happened::Signal(notice) => {
                    // Its state is asked for where nothing was signalled since.
                    (self.due, self.queried) = (matches!(notice.signal, Signal::Prompt { .. }), false);
                    if let Signal::Done(done) = notice.signal {
                        outcome = Some(done);
                        self.withdraw();
                    }
                    if notice.signal.compares() {
                        self.shown = Some(Shown::of(&notice.details));
                    }
                    if let Signal::Prompt { wrong_password, .. } = notice.signal {
                        self.view.wrong = self.view.wrong.saturating_add(wrong_password.into());
                    }
                    let received = Received::Signal(notice.signal);
                    self.last = Some(notice);
                    self.feed(Input::Signal(self.handle.id(), received)).await;
                }
                Happened::Line(line) => self.line(line).await,
                Happened::Key(key) => {
                    if let Some(act) = self.view.key(&self.client.screen(), key) {
                        self.act(act).await;
                    }
                }
                #[cfg(feature = "web")]
                Happened::Page(event) => self.page(event).await,
                Happened::Stale => {}
                Happened::Interrupt if self.given_up => {
                    self.session.stop_drawing();
                    self.session.complain("The link is dropped.");
                    return ExitCode::from(outcome.unwrap_or(Outcome::Network).exit_code());
                }
                Happened::Interrupt => self.give_up().await,
                Happened::Gone if self.given_up => {}
                Happened::Gone => self.give_up().await,
                Happened::Due => self.do_what_is_due().await,
                Happened::Over(report) => return self.over(&report),
            }
        }
    }

    /// Leaves, for the first time. After the end there is nothing to leave but the link that is being closed.
    async fn give_up(&mut self) {
        self.given_up = true;
        if !self.handle_has_ended() {
            self.feed(Input::Back).await;
        }
    }

    /// Takes an event of a page, besides keys.
    #[cfg(feature = "web")]
    async fn page(&mut self, event: web::Event) {
        let web::Event::Typed { text, enter } = event else { return };
        let screen = self.client.screen();
        for key in web::keys(&text, enter) {
            if let Some(act) = self.view.key(&screen, key) {
                return self.act(act).await;
            }
        }
    }

    /// Does what a key says, where screens are drawn.
    async fn act(&mut self, act: Act) {
        self.session.drop_note();
        let input = match (act, self.client.screen()) {
            (Act::Agree, Screen::Authenticating { prompt: Prompt { peer, scheme, .. }, .. }) => {
                self.agreed = Some(peer);
                self.agree(scheme)
            }
            (Act::Agree, _) => None,
            (Act::Equal(equal), _) => Some(Input::Compare(equal)),
            (Act::Password(password), _) => Some(self.answer_with(password)),
            (Act::Leave, _) => return self.give_up().await,
        };
        if let Some(input) = input {
            self.feed(input).await;
        }
    }

    /// Draws what there is to see, where screens are drawn.
    fn draw(&mut self) {
        let screen = self.client.screen();
        self.view.agreed = matches!(screen, Screen::Authenticating { prompt, .. } if self.agreed == Some(prompt.peer));
        self.view.shown = self.shown.clone();
        self.view.nothing_to_compare = self.has_nothing_to_compare();
        self.view.left = self.token_ends.map(|end| end.saturating_duration_since(Instant::now()));
        self.view.status = self.session.status(self.given_up);
        let question = (screen, self.view.agreed, &self.view.shown);
        self.session.draw(&question, |surface| self.view.page(&screen, surface));
    }

    /// Hands something to the client, and carries out what comes of it.
    async fn feed(&mut self, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            // An action that the screen does not offer changes nothing.
            if self.client.handle(input).is_err() {
                continue;
            }
            while let Some(effect) = self.client.poll_effect() {
                inputs.extend(self.carry_out(effect).await);
            }
        }
    }

    /// Carries out one effect, and returns the return of a call. The user's actions are done elsewhere, after signals and interrupts.
    async fn carry_out(&mut self, effect: Effect) -> Option<Input> {
        match effect {
            Effect::AddAccount => {
                let id = self.handle.id();
                let args = AddAccount { archive_url: "jami-auth" };
                self.session.called("addAccount", args, Returned::Account(id));
                Some(Input::Added(Ok(id)))
            }
            Effect::ProvideAccountAuthentication(id, slot, scheme) => {
                let answer = self.answers.of(slot);
                self.answers.clear();
                Some(Input::Provided(id, self.provide(answer, scheme).await))
            }
            Effect::CompareAccount(id, equal) => Some(Input::Compared(id, self.compare(equal).await)),
            // Of a failed import this device keeps nothing anyway.
            Effect::RemoveAccount(_) if self.handle_has_ended() => None,
            Effect::RemoveAccount(id) => Some(Input::Removed(id, self.remove().await)),
            Effect::Show(screen) => {
                self.show(screen);
                None
            }
            Effect::Notify(Note::GoesOn) => {
                self.session.print(texts::goes_on(Side::Import));
                None
            }
            // A refused call has been reported; a removal is reported at the end.
            Effect::Notify(Note::NotTaken | Note::RemovedAgain) => None,
            Effect::Query(_) => {
                self.queried = true;
                None
            }
            Effect::Ignored(_) => None,
        }
    }

    /// Does what the options say, or hands on the state that was asked for: where no signal came since, the last one is the state.
    async fn do_what_is_due(&mut self) {
        if std::mem::take(&mut self.due) {
            let screen = self.client.screen();
            if self.options.sas_match.is_some() && self.has_nothing_to_compare() {
                self.session.complain(texts::MATCH_OF_NOTHING);
                self.feed(Input::Back).await;
            } else if let Screen::Authenticating { prompt: Prompt { peer, scheme, .. }, answered: false } = screen
                && self.answers_itself(peer, scheme)
                && let Some(input) = self.agree(scheme)
            {
                self.feed(input).await;
            }
        } else if std::mem::take(&mut self.queried)
            && let Some(last) = &self.last
        {
            let received = Received::Signal(last.signal);
            self.feed(Input::Signal(self.handle.id(), received)).await;
        }
    }

    /// Whether the user wanted to compare, and cannot.
    fn has_nothing_to_compare(&self) -> bool {
        self.options.compares() && self.shown.is_none()
    }

    /// Answers the comparison with the digits that were expected.
    async fn compare_with(&mut self, equal: io::Result<bool>) {
        let input = self.session.compared(equal).map_or(Input::Back, Input::Compare);
        self.feed(input).await;
    }

    /// Whether no one is asked: the account is agreed to, and its password is at hand.
    fn answers_itself(&self, peer: AccountId, scheme: Scheme) -> bool {
        self.agreed == Some(peer) && (scheme == Scheme::None || self.passwords.is_some())
    }

    /// The known facts about the end.
    fn known(&self) -> Known {
        let cause = self.last.as_ref().and_then(|notice| notice.cause.as_ref()).map(Cause::kind);
        Known { cause, canceled_here: self.canceled }
    }

    fn handle_has_ended(&self) -> bool {
        self.last.as_ref().is_some_and(|notice| notice.state() == LinkState::Done)
    }

    fn show(&mut self, screen: Screen) {
        let drawn = self.session.is_drawn();
        if matches!(screen, Screen::Done | Screen::Error(_) | Screen::Initial) {
            self.session.stop_drawing();
        }
        match screen {
            Screen::Init | Screen::Closed => {}
            Screen::Authenticating { answered: true, .. } if drawn.is_some() => {}
            Screen::Authenticating { answered: true, prompt } => self.session.print(texts::agreed(prompt.scheme)),
            Screen::TokenAvailable => self.show_token(drawn),
            Screen::Connecting if drawn.is_some() => {}
            Screen::Connecting => self.session.print("A device connects."),
            Screen::Comparing { answered: false, .. } => self.ask_to_compare(),
            Screen::Comparing { answered: true, .. } if drawn.is_some() => {}
            Screen::Comparing { answered: true, .. } => self.session.print(texts::COMPARED),
            Screen::Authenticating { prompt, answered: false } => self.prompt(prompt),
            Screen::InProgress => {
                self.withdraw();
                self.session.show_progress(Side::Import, self.handle.progress());
            }
            Screen::Done => {
                let text = texts::ended(Side::Import, Outcome::SUCCESS, self.known());
                self.session.print_end(text, self.last.as_ref());
            }
            Screen::Error(failure) => {
                let text = texts::failed(Side::Import, failure, self.known());
                self.session.print_end(text, self.last.as_ref());
            }
            Screen::Initial => {
                let here = Known { canceled_here: true, ..self.known() };
                self.session.print(texts::ended(Side::Import, Outcome::CANCELED, here));
            }
        }
    }

    /// Shows the string, and asks whether the other screen shows it too. `--yes` says nothing of that (R-SAS-8).
    fn ask_to_compare(&mut self) {
        if !self.expected.begin() && !self.options.calls {
            self.ask(Question::Equal, Scheme::None);
        }
    }

    /// Asks whose account it is to be, and for its password. Where the options say, or the user has said before, no one is asked.
    fn prompt(&mut self, Prompt { peer, scheme, wrong_password }: Prompt) {
        self.view.password = Masked::default();
        if wrong_password && self.session.is_drawn().is_none() {
            self.session.print(texts::wrong_password(self.view.wrong));
        }
        if self.has_nothing_to_compare() && self.agreed != Some(peer) && self.session.is_drawn().is_none() {
            self.session.print(texts::NOTHING_TO_COMPARE);
        }
        if self.options.sas_match.is_some() && self.has_nothing_to_compare() || self.options.calls && !self.options.yes
        {
            return;
        }
        if self.options.yes && !self.has_nothing_to_compare() {
            self.agreed = Some(peer);
        }
        // After a wrong password for this account it is agreed to.
        match self.agreed == Some(peer) {
            true if self.answers_itself(peer, scheme) || self.options.calls => {}
            true => self.ask(Question::Password, scheme),
            false => self.ask(Question::Consent(peer), scheme),
        }
    }

    fn show_token(&mut self, drawn: Option<bool>) {
        if self.session.is_json() && drawn.is_none() {
            return;
        }
        let token = self.last.as_ref().and_then(|notice| notice.details.get("token")).map_or("", String::as_str);
        if let Some(colours) = drawn {
            let code = qr::Code::on_terminal(token, colours).ok();
            self.view.token = Some(Token {
                text: token.to_owned(),
                code,
                options: self.reach.options(),
                advice: self.reach.advice(),
            });
            self.token_ends = Some(Instant::now() + self.token_lifetime);
            return;
        }
        let mut how = "run";
        if io::stdout().is_terminal()
            && !tty::is_dumb()
            && let Ok(code) = qr::Code::on_terminal(token, tty::has_colours())
            && let Some(window) = tty::size()
        {
            let needed = Size { rows: code.size().rows.max(Size::ROWS_OF_QR), ..code.size() };
            if window.holds(needed) {
                self.out.line(code.lines());
                how = "scan the code, or run";
            } else {
                self.session.complain(format_args!("handfast: {}", qr::Code::without_room(window, needed)));
            }
        }
        for listening in self.reach.listening() {
            self.out.line(format_args!("listening  {listening}"));
        }
        self.out.line(format_args!("token      {token}"));
        let command = format!("handfast export --archive FILE{} {token}", self.reach.options());
        self.session.print(format_args!("On the device that has the account, {how}:\n  {command}"));
        if let Some(advice) = self.reach.advice() {
            self.session.print(advice);
        }
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
        Input::Answer(self.answers.keep(password))
    }

    /// Asks on a line. Where screens are drawn, they ask.
    fn ask(&mut self, question: Question, scheme: Scheme) {
        if self.session.is_drawn().is_some() {
            return;
        }
        match question {
            Question::Consent(peer) => {
                self.session.ask(true);
                self.asked = Asked::Consent(peer, scheme);
                terminal::prompt(&format!(
                    "The other device belongs to the account {}. Import this account? [y/N] ",
                    groups(&peer)
                ));
            }
            Question::Equal => {
                let shown = self.shown.clone().unwrap_or_default();
                self.session.ask(true);
                self.asked = Asked::Equal;
                terminal::prompt(&texts::comparison(&shown));
            }
            Question::Password => {
                self.session.ask(false);
                self.asked = Asked::Password;
                terminal::prompt("Password of the account: ");
            }
        }
    }

    /// The open question needs no answer any more.
    fn withdraw(&mut self) {
        if !matches!(std::mem::replace(&mut self.asked, Asked::Nothing), Asked::Nothing) {
            terminal::prompt("\n");
            self.session.stop_listening();
        }
    }

    async fn line(&mut self, line: Option<Result<Line, LineError>>) {
        if self.options.calls {
            if let Some(call) = line.and_then(|line| self.session.call_of(line)) {
                self.call(call).await;
            }
            return;
        }
        let asked = std::mem::replace(&mut self.asked, Asked::Nothing);
        let Some(line) = self.session.answer(line) else { return self.feed(Input::Back).await };
        let input = match asked {
            Asked::Nothing => None,
            Asked::Consent(peer, scheme) if terminal::is_yes(&line) => {
                self.agreed = Some(peer);
                self.agree(scheme)
            }
            Asked::Equal => Some(Input::Compare(terminal::is_yes(&line))),
            Asked::Consent(..) => Some(Input::Back),
            Asked::Password => Some(self.answer_with(Secret::from(line.as_slice()))),
        };
        if let Some(input) = input {
            self.feed(input).await;
        }
    }

    async fn call(&mut self, call: ImportCall) {
        let ours = |account: Option<LocalId>| account.is_none_or(|account| account == self.handle.id());
        match call {
            ImportCall::Provide { account, credentials, scheme } if ours(account) => {
                self.provide(credentials, scheme).await;
            }
            ImportCall::Provide { account: account_id, scheme, .. } => {
                let args = Provide::new(scheme, Account { account_id });
                self.session.answered("provideAccountAuthentication", args, Err(Refused::Unknown));
            }
            ImportCall::Compare { account, equal } if ours(account) => {
                self.compare(equal).await;
            }
            ImportCall::Compare { account: account_id, equal } => {
                let args = Compare { equal, account: Account { account_id } };
                self.session.answered("compareAccount", args, Err(Refused::Unknown));
            }
            ImportCall::Remove { account } if ours(account) => {
                self.remove().await;
            }
            ImportCall::Remove { account: account_id } => {
                self.session.answered("removeAccount", Account { account_id }, Err(Refused::Unknown));
            }
        }
    }

    async fn provide(&mut self, credentials: Secret, scheme: Scheme) -> bool {
        let result = self.handle.provide_account_authentication(credentials, scheme).await;
        let args = Provide::new(scheme, Account::default());
        self.session.answered("provideAccountAuthentication", args, result);
        result.is_ok()
    }

    async fn compare(&mut self, equal: bool) -> bool {
        self.withdraw();
        let result = self.handle.compare_account(equal).await;
        self.session.answered("compareAccount", Compare { equal, account: Account::default() }, result);
        result.is_ok()
    }

    async fn remove(&mut self) -> bool {
        self.withdraw();
        let result = self.handle.remove_account().await;
        self.session.answered("removeAccount", Account::default(), result);
        self.canceled |= result.is_ok();
        result.is_ok()
    }

    fn over(mut self, report: &ImportReport<Installed>) -> ExitCode {
        self.session.stop_drawing();
        match &report.installed {
            Some(installed) => {
                self.session.print(format_args!(
                    "Its configuration: {} applied, {} kept as they are.",
                    installed.applied.len(),
                    installed.configuration.names.len() - installed.applied.len()
                ));
                if !self.session.is_json() {
                    self.out.line(format_args!("account    {}", installed.account));
                    self.out.line(format_args!("files      {}", installed.path.display()));
                }
            }
            None if report.outcome.is_success() => self.session.print("It was removed again, as you asked."),
            None => {}
        }
        ExitCode::from(report.outcome.exit_code())
    }
}
