//! The user of an export.

use std::{collections::VecDeque, path::PathBuf, process::ExitCode};

use handfast::{
    client::{
        Failure as LinkFailure, Note, Told,
        export::{Client, Effect, Input, Screen},
    },
    message::Slot,
    operations::{AddDeviceError, OpId},
    outcome::{AccountId, Outcome, Side, Signal},
    reducer::Refused,
    shell::{ExportHandle, Notice},
    token::Token,
};
use serde::Serialize;

use crate::{
    drawn::{
        export::{Act, View},
        parts::groups,
    },
    failure::Failure,
    link::{
        calls::ExportCall,
        observed::Returned,
        options::LinkOptions,
        session::{Happened, Session},
        texts,
    },
    qr::image,
    terminal::{self, Line, LineError},
    token::typed,
};

/// The arguments of `addDevice`.
#[derive(Serialize)]
pub(super) struct AddDevice<'a> {
    pub(super) uri: &'a str,
}

/// The arguments of the calls to an operation.
#[derive(Serialize)]
struct Operation {
    op_id: OpId,
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
pub(super) struct User<'a> {
    options: &'a LinkOptions,
    account: Option<AccountId>,
    /// The one slot: a token that parses.
    token: String,
    /// None once the operation has ended: the link closes then.
    handle: Option<ExportHandle>,
    session: Session<()>,
    client: Client,
    /// The operation that this client began: others can come from a stream of calls.
    own: Option<OpId>,
    outcome: Outcome,
    /// The last signal, with the cause of a failure.
    last: Option<Notice>,
    asked: Asked,
    given_up: bool,
    view: View,
}

/// What a line answers.
#[derive(PartialEq, Eq)]
enum Asked {
    Nothing,
    /// Which token it is.
    Token,
    /// Whether this is the device.
    Consent,
}

impl<'a> User<'a> {
    /// The user of an export that waits for its first call.
    pub(super) fn new(
        options: &'a LinkOptions,
        account: Option<AccountId>,
        peer: String,
        handle: ExportHandle,
        session: Session<()>,
    ) -> Self {
        Self {
            options,
            account,
            token: String::new(),
            handle: Some(handle),
            session,
            client: Client::new(),
            own: None,
            outcome: Outcome::Network,
            last: None,
            asked: Asked::Nothing,
            given_up: false,
            view: View::new(account, peer),
        }
    }

    /// Does what the user does, to the end.
    pub(super) async fn attend(mut self, way: Way) -> Result<ExitCode, Failure> {
        self.feed(Input::Select).await?;
        match way {
            Way::Ask if self.session.is_drawn().is_some() => {}
            Way::Ask => {
                self.feed(Input::Manual).await?;
                self.ask_token();
            }
            Way::Text(token) => {
                self.feed(Input::Manual).await?;
                self.obtained(token, Input::Entered).await?;
            }
            Way::Image(token) => {
                self.feed(Input::Camera).await?;
                self.feed(Input::Start).await?;
                self.obtained(token, Input::Detected).await?;
            }
        }
        loop {
            if let Screen::Error(LinkFailure::NoDevice(refused)) = self.client.screen() {
                return Err(Failure::with_code(16, format_args!("addDevice was refused: {refused}")));
            }
            self.own = self.own.or(self.client.operation());
            self.draw();
            match self.session.next().await? {
                Happened::Signal(notice) => {
                    let op = notice.op.or(self.own);
                    if let Signal::Done(done) = notice.signal {
                        self.outcome = done;
                        self.withdraw();
                        self.handle = None;
                    }
                    let told = Told::Signal(notice.signal);
                    self.last = Some(notice);
                    if let Some(op) = op {
                        self.feed(Input::Signal(op, told)).await?;
                    }
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
                    return Ok(ExitCode::from(self.outcome.exit_code()));
                }
                Happened::Interrupt => self.give_up().await?,
                Happened::Over(()) => return Ok(ExitCode::from(self.outcome.exit_code())),
            }
        }
    }

    /// Leaves, for the first time. Behind the end there is nothing to leave but the link that is being closed.
    async fn give_up(&mut self) -> Result<(), Failure> {
        self.given_up = true;
        if self.handle.is_none() { Ok(()) } else { self.feed(Input::Back).await }
    }

    /// There is a token.
    async fn obtained(&mut self, token: Token, how: fn(Slot) -> Input) -> Result<(), Failure> {
        self.token = token.text().to_string();
        self.feed(how(Slot(0))).await
    }

    /// Does what a key says, where screens are drawn.
    async fn act(&mut self, act: Act) -> Result<(), Failure> {
        self.session.drop_note();
        match act {
            Act::Camera => self.feed(Input::Camera).await,
            Act::Manual => self.feed(Input::Manual).await,
            Act::Entered(token) => self.obtained(token, Input::Entered).await,
            Act::Cancel => self.feed(Input::Cancel).await,
            Act::Confirm => self.feed(Input::Confirm).await,
            Act::Leave => self.give_up().await,
            Act::Start(path) => self.scan(path).await,
        }
    }

    /// Reads the token from an image, unless the person gives up before.
    async fn scan(&mut self, path: PathBuf) -> Result<(), Failure> {
        self.feed(Input::Start).await?;
        let of = path.clone();
        let mut reading = tokio::task::spawn_blocking(move || image::read(&of));
        loop {
            self.draw();
            // There is no operation yet that could do anything.
            tokio::select! {
                biased;
                happened = self.session.next() => match happened? {
                    Happened::Interrupt => return self.give_up().await,
                    Happened::Key(key) => if let Some(Act::Cancel) = self.view.key(&self.client.screen(), key) {
                        return self.feed(Input::Cancel).await;
                    },
                    Happened::Signal(_) | Happened::Line(_) | Happened::Stale | Happened::Over(()) => {}
                },
                read = &mut reading => match read {
                    Ok(Ok(token)) => return self.obtained(token, Input::Detected).await,
                    Ok(Err(error)) => {
                        self.feed(Input::Cancel).await?;
                        self.feed(Input::Camera).await?;
                        self.session.complain(format_args!("{} {error}", path.display()));
                        return Ok(());
                    }
                    Err(error) => std::panic::resume_unwind(error.into_panic()),
                },
            }
        }
    }

    /// Draws what there is to see, where screens are drawn.
    fn draw(&mut self) {
        let screen = self.client.screen();
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
            Effect::AddDevice(_) => {
                let Some(handle) = &self.handle else { return Ok(None) };
                Some(Input::Added(add_device(handle, &mut self.session, &self.token).await?))
            }
            Effect::ConfirmAddDevice(op) => Some(Input::Confirmed(op, self.confirm(op).await?)),
            Effect::CancelAddDevice(op) => Some(Input::Canceled(op, self.cancel(op).await?)),
            Effect::Show(screen) => self.show(screen).await?,
            Effect::Tell(Note::GoesOn) => {
                self.session.tell(texts::goes_on(Side::Export));
                None
            }
            // A refused call has been told of; an export removes nothing.
            Effect::Tell(Note::NotTaken | Note::RemovedAgain) => None,
            // No signal can be missed here, and there are no others.
            Effect::Query(_) | Effect::Ignored(_) => None,
        })
    }

    async fn show(&mut self, screen: Screen) -> Result<Option<Input>, Failure> {
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
            | Screen::Closed
            | Screen::Authenticating { confirmed: true, .. } => {}
            Screen::Connecting if drawn => {}
            Screen::Connecting => self.session.tell("Connecting to the new device."),
            Screen::Authenticating { .. } if self.options.yes => return Ok(Some(Input::Confirm)),
            Screen::Authenticating { .. } if self.options.calls || drawn => {}
            Screen::Authenticating { address, .. } => {
                terminal::discard_typed();
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
                    self.session.show_progress(progress);
                }
            }
            Screen::Done { confirmed } => {
                let text = texts::ended(Side::Export, Outcome::Success { confirmed });
                self.session.tell_end(text, self.last.as_ref());
            }
            Screen::Error(failure) => self.session.tell_end(texts::failed(Side::Export, failure), self.last.as_ref()),
            Screen::Initial => {
                // Nothing was begun that would end.
                if self.own.is_none() {
                    self.outcome = Outcome::CANCELED;
                    self.handle = None;
                }
                self.session.tell(texts::ended(Side::Export, Outcome::CANCELED));
            }
        }
        Ok(None)
    }

    /// Asks on a line.
    fn ask(&mut self, asked: Asked, question: &str) {
        self.asked = asked;
        terminal::prompt(question);
        self.session.listen();
    }

    /// The open question needs no answer any more.
    fn withdraw(&mut self) {
        if std::mem::replace(&mut self.asked, Asked::Nothing) != Asked::Nothing {
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
        match asked {
            Asked::Nothing => Ok(()),
            Asked::Token => match typed(&line) {
                Ok(token) => self.obtained(token, Input::Entered).await,
                Err(reason) => {
                    self.session.complain(reason);
                    self.ask_token();
                    Ok(())
                }
            },
            Asked::Consent => self.feed(if terminal::is_yes(&line) { Input::Confirm } else { Input::Back }).await,
        }
    }

    fn ask_token(&mut self) {
        self.ask(Asked::Token, "The token that the new device shows: ");
    }

    async fn call(&mut self, call: ExportCall) -> Result<(), Failure> {
        match (call, &self.handle) {
            (ExportCall::Confirm { op_id }, _) => match op_id.or(self.own) {
                Some(op) => self.confirm(op).await.map(drop),
                None => Ok(()),
            },
            (ExportCall::Cancel { op_id }, _) => match op_id.or(self.own) {
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
