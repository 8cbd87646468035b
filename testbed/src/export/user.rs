//! The user of an export.

mod calls;
mod questions;
mod screens;

use std::{collections::VecDeque, io, path::PathBuf, process::ExitCode};

use handfast::{
    client::{
        Failure as LinkFailure, Note, Received,
        export::{Client, Effect, Input, Screen},
    },
    message::Slot,
    operations::OpId,
    outcome::{AccountId, Outcome, Side, Signal},
    shell::{Cause, ExportHandle, Notice},
    token::Token,
};

pub(super) use self::calls::AddDevice;
#[cfg(feature = "web")]
use crate::web;
use crate::{
    failure::Failure,
    interrupt,
    link::{
        comparison::{Expected, Shown},
        options::LinkOptions,
        session::{Happened, Session},
        texts::{self, Known},
    },
    qr::image,
    tui::export::{Act, View},
};

/// How the token comes.
pub(super) enum Way {
    /// It came with the command, as a text.
    Text(Token),
    /// It came with the command, in an image.
    Image(Token),
    /// A person is asked.
    Ask,
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

impl<'a> User<'a> {
    /// The user of an export that waits for its first call.
    pub(super) fn new(
        options: &'a LinkOptions,
        account: Option<AccountId>,
        sought: String,
        handle: ExportHandle,
        session: Session<()>,
    ) -> Self {
        let mut view = View::new(account, sought);
        view.has_camera = session.is_in_browser();
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
            view,
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
                #[cfg(feature = "web")]
                Happened::Page(event) => self.page(event).await,
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

    /// Takes an event of a page, besides keys.
    #[cfg(feature = "web")]
    async fn page(&mut self, event: web::Event) {
        let screen = self.client.screen();
        match event {
            web::Event::Key(_) => {}
            web::Event::Typed { text, enter } => {
                for key in web::keys(&text, enter) {
                    if let Some(act) = self.view.key(&screen, key) {
                        return self.act(act).await;
                    }
                }
            }
            web::Event::Seen(token) => {
                self.session.drop_note();
                // An image is scanned without a camera.
                self.feed(Input::Start).await;
                self.obtained(token, Input::Detected).await;
            }
            web::Event::NoCamera(why) => {
                self.feed(Input::Cancel).await;
                self.session.complain(why);
            }
        }
    }

    /// Does what a key says, where screens are drawn.
    async fn act(&mut self, act: Act) {
        self.session.drop_note();
        match act {
            Act::Entered(token) => {
                self.feed(Input::Manual).await;
                self.obtained(token, Input::Entered).await;
            }
            Act::Scan => self.feed(Input::Camera).await,
            Act::Look => self.feed(Input::Start).await,
            Act::Type => self.feed(Input::Manual).await,
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
                    // Nothing else has an effect on a screen that reads an image.
                    _ => {}
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
            Effect::AddDevice(_) => Some(Input::Added(self.add().await?)),
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

    /// Whether the user wanted to compare, and cannot.
    fn has_nothing_to_compare(&self) -> bool {
        self.options.compares() && self.shown.is_none()
    }

    /// Answers the comparison with the digits that were expected.
    async fn compare_with(&mut self, equal: io::Result<bool>) {
        let input = self.session.compared(equal).map_or(Input::Back, Input::Compare);
        self.feed(input).await;
    }

    /// The known facts about the end.
    fn known(&self) -> Known {
        let cause = self.last.as_ref().and_then(|notice| notice.cause.as_ref()).map(Cause::kind);
        Known { cause, canceled_here: self.canceled }
    }
}
