//! The user of an import.

mod calls;
mod questions;
mod screens;

use std::{collections::VecDeque, io, process::ExitCode, time::Duration};

use handfast::{
    client::{
        Note, Received,
        import::{Client, Effect, Input, Prompt, Screen},
    },
    outcome::{AccountId, LinkState, Outcome, Scheme, Side, Signal},
    shell::{Cause, ImportHandle, ImportReport, Notice, Slots, folder::Installed},
};
use tokio::time::Instant;

#[cfg(feature = "web")]
use crate::web;
use crate::{
    link::{
        comparison::{Expected, Shown},
        options::LinkOptions,
        reach::Reach,
        session::{Happened, Session},
        texts::{self, Known},
    },
    output::Background,
    passwords::Passwords,
    tui::import::{Act, View},
};

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
            Effect::AddAccount => Some(Input::Added(Ok(self.add()))),
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
