//! The user of an export.

use std::{collections::VecDeque, io, path::PathBuf, process::ExitCode};

use handfast::{
    client::{
        Failure as LinkFailure, Note, Received,
        export::{Client, Effect, Input, Screen},
    },
    message::Slot,
    operations::{AddDeviceError, OpId},
    outcome::{AccountId, Outcome, Side, Signal},
    reducer::Refused,
    shell::{Cause, ExportHandle, Notice},
    token::Token,
};
use serde::Serialize;

use crate::{
    failure::Failure,
    given::{Given, PREFIX, trimmed},
    interrupt,
    link::{
        calls::ExportCall,
        comparison::{Expected, Shown},
        observed::Returned,
        options::LinkOptions,
        session::{Happened, Session},
        texts::{self, Known},
    },
    qr::image,
    terminal::{self, Line, LineError},
    token,
    tui::{
        export::{Act, View},
        parts::groups,
    },
};

/// The arguments of `addDevice`.
#[derive(Serialize)]
pub(super) struct AddDevice<'a> {
    uri: &'a str,
}

impl<'a> AddDevice<'a> {
    /// With what was typed, which is not shown where it does not even begin like a token: it may be the password (R-SEC-2).
    pub(super) fn of(uri: &'a str) -> Self {
        let begins = uri.trim_start().starts_with(PREFIX);
        Self { uri: if begins { uri } else { "<no token>" } }
    }

    /// With what an image says.
    pub(super) const fn in_image(uri: &'a str) -> Self {
        Self { uri }
    }
}

/// The arguments of the calls to an operation.
#[derive(Serialize)]
struct Operation {
    op_id: OpId,
}

/// The arguments of `compareAddDevice`.
#[derive(Serialize)]
struct Compare {
    op_id: OpId,
    equal: bool,
}

/// How the token comes.
pub(super) enum Way {
    /// It came with the command, as a text.
    Text(Token),
    /// It came with the command, in an image.
    Image(Token),
    /// A person is asked.
    Ask,
}

/// Notes a call of `addDevice`.
fn noted(session: &mut Session<()>, uri: &str, result: Result<OpId, AddDeviceError>) -> Result<OpId, AddDeviceError> {
    let ret = result.map_or_else(|error| error.code().into(), |op| op.0.into());
    session.called("addDevice", AddDevice::of(uri), Returned::Operation(ret));
    result
}

/// The user of this device, be it a person or a stream of calls, with the client machine that decides what is shown and called. The
/// calls of a stream go past it, since a tester may call what no client would.
pub(super) struct User<'a> {
    options: &'a LinkOptions,
    account: Option<AccountId>,
    /// The token that parsed last.
    token: Option<Token>,
    /// None once the operation has ended: the link closes then.
    handle: Option<ExportHandle>,
    session: Session<()>,
    client: Client,
    /// The operation that this client began: others can come from a stream of calls.
    own: Option<OpId>,
    outcome: Outcome,
    /// The last signal, with the cause of a failure.
    last: Option<Notice>,
    /// The last signal of the client's own operation.
    state: Option<Received>,
    asked: Asked,
    given_up: bool,
    /// A cancel was accepted.
    canceled: bool,
    /// A device was signalled that the options confirm, and they have not yet: once for each signal, so that it ends.
    due: bool,
    /// The operation's state was asked for.
    queried: bool,
    /// The digits that `--sas-match` gives.
    expected: Expected<'a>,
    /// The string that was shown last; none if there was nothing to compare.
    shown: Option<Shown>,
    view: View,
}

/// The question that a line answers.
#[derive(PartialEq, Eq)]
enum Asked {
    Nothing,
    /// Which token it is.
    Token,
    /// Whether this is the device.
    Consent,
    /// Whether both screens show the same string.
    Equal,
}

impl<'a> User<'a> {
    /// The user of an export that waits for its first call.
    pub(super) fn new(
        options: &'a LinkOptions,
        account: Option<AccountId>,
        sought: String,
        handle: ExportHandle,
        session: Session<()>,
    ) -> Self {
        Self {
            options,
            account,
            token: None,
            handle: Some(handle),
            session,
            client: Client::new(),
            own: None,
            outcome: Outcome::Network,
            last: None,
            state: None,
            asked: Asked::Nothing,
            given_up: false,
            canceled: false,
            due: false,
            queried: false,
            expected: Expected::new(options),
            shown: None,
            view: View::new(account, sought),
        }
    }

    /// Does what the user does, to the end.
    pub(super) async fn attend(mut self, way: Way) -> Result<ExitCode, Failure> {
        self.feed(Input::Select).await;
        match way {
            Way::Ask if self.session.is_drawn().is_some() => {}
            Way::Ask => self.ask_token(),
            Way::Text(token) => {
                self.feed(Input::Manual).await;
                self.obtained(token, Input::Entered).await;
            }
            Way::Image(token) => {
                self.feed(Input::Camera).await;
                self.feed(Input::Start).await;
                self.obtained(token, Input::Detected).await;
            }
        }
        loop {
            if let Screen::Error(LinkFailure::NoDevice(refused)) = self.client.screen() {
                return Err(Failure::with_code(16, format_args!("addDevice was refused: {refused}")));
            }
            self.own = self.own.or(self.client.operation());
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
                    let op = notice.op.or(self.own);
                    if let Signal::Done(done) = notice.signal {
                        self.outcome = done;
                        self.withdraw();
                        self.handle = None;
                    }
                    let received = Received::Signal(notice.signal);
                    if op == self.own && notice.signal.compares() {
                        self.shown = Some(Shown::of(&notice.details));
                    }
                    if op == self.own {
                        // The state is asked for where nothing was signalled since.
                        (self.due, self.queried) = (matches!(notice.signal, Signal::Confirm { .. }), false);
                        self.state = Some(received);
                    }
                    self.last = Some(notice);
                    if let Some(op) = op {
                        self.feed(Input::Signal(op, received)).await;
                    }
                }
                Happened::Line(line) => self.line(line).await,
                Happened::Key(key) => {
                    if let Some(act) = self.view.key(&self.client.screen(), key) {
                        self.act(act).await;
                    }
                }
                Happened::Stale => {}
                Happened::Interrupt if self.given_up => {
                    self.session.stop_drawing();
                    self.session.complain("The link is dropped.");
                    return Ok(ExitCode::from(self.outcome.exit_code()));
                }
                Happened::Interrupt => self.give_up().await,
                Happened::Gone if self.given_up => {}
                Happened::Gone => self.give_up().await,
                Happened::Due => self.do_what_is_due().await,
                Happened::Over(()) => return Ok(ExitCode::from(self.outcome.exit_code())),
            }
        }
    }

    /// Leaves, for the first time. After the end there is nothing to leave but the link that is being closed.
    async fn give_up(&mut self) {
        self.given_up = true;
        if self.handle.is_some() {
            self.feed(Input::Back).await;
        }
    }

    /// There is a token.
    async fn obtained(&mut self, token: Token, how: fn(Slot) -> Input) {
        self.token = Some(token);
        self.feed(how(Slot(0))).await
    }

    /// Does what a key says, where screens are drawn.
    async fn act(&mut self, act: Act) {
        self.session.drop_note();
        match act {
            Act::Entered(token) => {
                self.feed(Input::Manual).await;
                self.obtained(token, Input::Entered).await;
            }
            Act::Cancel => self.feed(Input::Cancel).await,
            Act::Confirm => self.feed(Input::Confirm).await,
            Act::Equal(equal) => self.feed(Input::Compare(equal)).await,
            Act::Leave => self.give_up().await,
            Act::Start(path) => {
                self.feed(Input::Camera).await;
                self.scan(path).await;
            }
        }
    }

    /// Reads the token from an image, unless the person gives up before.
    async fn scan(&mut self, path: PathBuf) {
        self.feed(Input::Start).await;
        let of = path.clone();
        let mut reading = std::pin::pin!(interrupt::apart(move || image::read(&of)));
        loop {
            self.draw();
            // There is no operation yet that could do anything.
            tokio::select! {
                biased;
                happened = self.session.next(false) => match happened {
                    Happened::Interrupt | Happened::Gone => return self.give_up().await,
                    Happened::Key(key) => if let Some(Act::Cancel) = self.view.key(&self.client.screen(), key) {
                        return self.feed(Input::Cancel).await;
                    },
                    Happened::Signal(_) | Happened::Line(_) | Happened::Stale | Happened::Due | Happened::Over(()) => {}
                },
                read = &mut reading => match read {
                    Ok(token) => return self.obtained(token, Input::Detected).await,
                    Err(error) => {
                        self.feed(Input::Cancel).await;
                        self.session.complain(format_args!("{} {error}", path.display()));
                        return;
                    }
                },
            }
        }
    }

    /// Draws what there is to see, where screens are drawn.
    fn draw(&mut self) {
        let screen = self.client.screen();
        self.view.shown = self.shown.clone();
        self.view.nothing_to_compare = self.has_nothing_to_compare();
        self.view.status = self.session.status(self.given_up);
        self.session.draw(|size| self.view.frame(&screen, size));
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
            Effect::AddDevice(_) => {
                let handle = self.handle.as_ref()?;
                let token = self.token?;
                let result = handle.add_device_by(token).await;
                Some(Input::Added(noted(&mut self.session, &token.text().to_string(), result)))
            }
            Effect::ConfirmAddDevice(op) => Some(Input::Confirmed(op, self.confirm(op).await)),
            Effect::CompareAddDevice(op, equal) => Some(Input::Compared(op, self.compare(op, equal).await)),
            Effect::CancelAddDevice(op) => Some(Input::Canceled(op, self.cancel(op).await)),
            Effect::Show(screen) => {
                self.show(screen).await;
                None
            }
            Effect::Notify(Note::GoesOn) => {
                self.session.print(texts::goes_on(Side::Export));
                None
            }
            // A refused call has been reported; an export removes nothing.
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
            let asked = matches!(self.client.screen(), Screen::Authenticating { confirmed: false, .. });
            if asked && self.options.sas_match.is_some() {
                self.session.complain(texts::MATCH_OF_NOTHING);
                self.feed(Input::Back).await;
            } else if asked && self.options.yes && !self.has_nothing_to_compare() {
                self.feed(Input::Confirm).await;
            }
        } else if std::mem::take(&mut self.queried)
            && let (Some(op), Some(state)) = (self.own, self.state)
        {
            self.feed(Input::Signal(op, state)).await;
        }
    }

    async fn show(&mut self, screen: Screen) {
        let drawn = self.session.is_drawn().is_some();
        if matches!(screen, Screen::Done { .. } | Screen::Error(_) | Screen::Initial) {
            self.session.stop_drawing();
        }
        match screen {
            Screen::ShowInputOptions
            | Screen::ScanQr
            | Screen::QrScanning
            | Screen::ManualEntry
            | Screen::TokenObtained
            | Screen::Closed => {}
            Screen::Connecting | Screen::Authenticating { confirmed: true, .. } if drawn => {}
            Screen::Connecting => self.session.print("Connecting to the new device."),
            Screen::Authenticating { confirmed: true, .. } => self.session.print(texts::CONFIRMED),
            Screen::Comparing { answered: true, .. } if drawn => {}
            Screen::Comparing { answered: true, .. } => self.session.print(texts::COMPARED),
            Screen::Comparing { .. } if self.expected.begin() || self.options.calls || drawn => {}
            Screen::Comparing { address, .. } => {
                let account = self.account.map(|account| groups(&account)).unwrap_or_default();
                let shown = self.shown.clone().unwrap_or_default();
                self.session.print(format_args!("The new device is at {address}, and asks for the account {account}."));
                self.ask(Asked::Equal, &texts::comparison(&shown));
            }
            Screen::Authenticating { .. } if self.options.sas_match.is_some() || self.options.calls || drawn => {}
            Screen::Authenticating { .. } if self.options.yes && !self.has_nothing_to_compare() => {}
            Screen::Authenticating { address, .. } => {
                if self.has_nothing_to_compare() {
                    self.session.print(texts::NOTHING_TO_COMPARE);
                }
                let account = self.account.map(|account| groups(&account)).unwrap_or_default();
                self.ask(
                    Asked::Consent,
                    &format!("The new device is at {address}. Give it the account {account}? [y/N] "),
                );
            }
            Screen::InProgress => {
                self.withdraw();
                let progress = match (&self.handle, self.client.operation()) {
                    (Some(handle), Some(op)) => handle.progress(op).await,
                    _ => None,
                };
                if let Some(progress) = progress {
                    self.session.show_progress(Side::Export, progress);
                }
            }
            Screen::Done { confirmed } => {
                let text = texts::ended(Side::Export, Outcome::Success { confirmed }, self.known());
                self.session.print_end(text, self.last.as_ref());
            }
            Screen::Error(failure) => {
                let text = texts::failed(Side::Export, failure, self.known());
                self.session.print_end(text, self.last.as_ref());
            }
            Screen::Initial => {
                // Nothing was begun that would end.
                if self.own.is_none() {
                    self.outcome = Outcome::CANCELED;
                    self.handle = None;
                }
                let here = Known { canceled_here: true, ..self.known() };
                self.session.print(texts::ended(Side::Export, Outcome::CANCELED, here));
            }
        }
    }

    /// Whether the user wanted to compare, and cannot.
    fn has_nothing_to_compare(&self) -> bool {
        self.options.compares() && self.shown.is_none()
    }

    /// Answers the comparison with the digits that were expected.
    async fn compare_with(&mut self, equal: io::Result<bool>) {
        let input = match equal {
            Ok(true) => Input::Compare(true),
            Ok(false) => {
                self.session.complain(texts::NO_MATCH);
                Input::Compare(false)
            }
            Err(error) => {
                self.session.complain(format_args!("handfast: --sas-match: {error}"));
                Input::Back
            }
        };
        self.feed(input).await;
    }

    /// The known facts about the end.
    fn known(&self) -> Known {
        let cause = self.last.as_ref().and_then(|notice| notice.cause.as_ref()).map(Cause::kind);
        Known { cause, canceled_here: self.canceled }
    }

    /// Asks on a line.
    fn ask(&mut self, asked: Asked, question: &str) {
        self.asked = asked;
        self.session.ask(true);
        terminal::prompt(question);
    }

    /// The open question needs no answer any more.
    fn withdraw(&mut self) {
        if std::mem::replace(&mut self.asked, Asked::Nothing) != Asked::Nothing {
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
        match asked {
            Asked::Nothing => {}
            Asked::Token => match Given::read(&String::from_utf8_lossy(&line)) {
                Given::Token(token) => {
                    self.feed(Input::Manual).await;
                    self.obtained(token, Input::Entered).await;
                }
                Given::Image(path) => {
                    self.feed(Input::Camera).await;
                    self.scan(path).await;
                    if self.client.screen() == Screen::ShowInputOptions {
                        self.ask_token();
                    }
                }
                Given::Neither(error) => {
                    let text = String::from_utf8_lossy(&line);
                    self.session.complain(token::explain(trimmed(&text).as_bytes(), error));
                    self.ask_token();
                }
            },
            Asked::Equal => self.feed(Input::Compare(terminal::is_yes(&line))).await,
            Asked::Consent => self.feed(if terminal::is_yes(&line) { Input::Confirm } else { Input::Back }).await,
        }
    }

    fn ask_token(&mut self) {
        self.ask(Asked::Token, "The token that the new device shows, or the image of its QR code (a PNG file): ");
    }

    async fn call(&mut self, call: ExportCall) {
        match (call, &self.handle) {
            (ExportCall::Confirm { op_id }, _) => {
                if let Some(op) = op_id.or(self.own) {
                    self.confirm(op).await;
                }
            }
            (ExportCall::Compare { op_id, equal }, _) => {
                if let Some(op) = op_id.or(self.own) {
                    self.compare(op, equal).await;
                }
            }
            (ExportCall::Cancel { op_id }, _) => {
                if let Some(op) = op_id.or(self.own) {
                    self.cancel(op).await;
                }
            }
            (ExportCall::Add { uri }, Some(handle)) => {
                if let Err(refused) = noted(&mut self.session, &uri, handle.add_device(&uri).await) {
                    self.session.complain(format_args!("addDevice was refused: {refused}"));
                }
            }
            (ExportCall::Add { uri }, None) => {
                let refused = AddDeviceError::Generic;
                let ret = Returned::Operation(refused.code().into());
                self.session.called("addDevice", AddDevice::of(&uri), ret);
                self.session.complain(format_args!("addDevice was refused: {refused}"));
            }
        }
    }

    async fn confirm(&mut self, op: OpId) -> bool {
        let result = match &self.handle {
            Some(handle) => handle.confirm_add_device(op).await,
            None => Err(Refused::Ended),
        };
        self.session.answered("confirmAddDevice", Operation { op_id: op }, result);
        result.is_ok()
    }

    async fn compare(&mut self, op: OpId, equal: bool) -> bool {
        let result = match &self.handle {
            Some(handle) => handle.compare_add_device(op, equal).await,
            None => Err(Refused::Ended),
        };
        self.session.answered("compareAddDevice", Compare { op_id: op, equal }, result);
        result.is_ok()
    }

    async fn cancel(&mut self, op: OpId) -> bool {
        self.withdraw();
        let result = match &self.handle {
            Some(handle) => handle.cancel_add_device(op).await,
            None => Err(Refused::Ended),
        };
        self.session.answered("cancelAddDevice", Operation { op_id: op }, result);
        self.canceled |= result.is_ok();
        result.is_ok()
    }
}
