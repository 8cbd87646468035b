//! The facts that an observer remembers of a run.
//!
//! It is what goes into a reducer and what comes out, never its inside: what is judged by it holds of any implementation of that side.

use handfast::{
    export,
    import::{self, Ask},
    limits::Timer,
    message::{Features, ImportResult, Message, Slot},
    outcome::{AccountId, LinkState, Outcome, Scheme, Signal},
    reducer::ConnId,
};

use crate::system::{
    cause::Cause,
    config::Player,
    stated::WRONG_CODES,
    world::{PEER, Stage, World},
};

/// How far a user's comparison of the two screens is (R-SAS-5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Compared {
    /// There is, or was, nothing to compare.
    #[default]
    Nothing,
    /// The user is asked.
    Asked,
    /// The user said that the strings are equal.
    Equal,
    /// The user said that they are not.
    Different,
}

impl Compared {
    const fn said(equal: bool) -> Self {
        if equal { Self::Equal } else { Self::Different }
    }
}

/// The facts about both sides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Seen {
    pub(crate) import: ImportView,
    pub(crate) export: ExportView,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ImportView {
    pub(crate) started: bool,
    /// The last signal's state.
    pub(crate) signalled: LinkState,
    pub(crate) prompts: u8,
    pub(crate) answers: u8,
    /// A prompt that is open.
    pub(crate) prompt: Option<Prompt>,
    /// The credentials that the user typed at the last prompt.
    pub(crate) typed: Option<Slot>,
    /// The device crashed, and the state in which it did.
    pub(crate) crashed: Option<LinkState>,
    /// `removeAccount` was called before DONE.
    pub(crate) cancelled: bool,
    /// The prompt that the user answered last.
    pub(crate) consent: Option<Prompt>,
    /// The comparison.
    pub(crate) compared: Compared,
    /// Its nonce is out, of a hardened importer that has not ended.
    pub(crate) nonce_sent: bool,
    /// The connection whose channel was accepted last.
    pub(crate) session: Option<ConnId>,
    pub(crate) wrong_codes: u8,
    /// The features that the session's peer named in its first `authScheme`, of a hardened importer that has not ended.
    pub(crate) peer: Option<Features>,
    /// The session's peer has ended the channel, or its connection is lost; of the same.
    pub(crate) cut: bool,
    pub(crate) done: Option<Done>,
}

/// The prompt that the user saw, and after which connection's message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Prompt {
    pub(crate) conn: ConnId,
    pub(crate) account: AccountId,
    pub(crate) scheme: Scheme,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ExportView {
    pub(crate) started: bool,
    pub(crate) signalled: LinkState,
    /// The user is asked to confirm the device, or was, and the operation goes on.
    pub(crate) asked: bool,
    /// The device crashed, and the state in which it did.
    pub(crate) crashed: Option<LinkState>,
    pub(crate) confirmed: bool,
    /// The channel is open, and the operation goes on.
    pub(crate) open: bool,
    /// The comparison.
    pub(crate) compared: Compared,
    /// Its commitment is opened, of a hardened exporter that has not ended.
    pub(crate) opening_sent: bool,
    /// `cancelAddDevice` returned true.
    pub(crate) cancelled: bool,
    pub(crate) tries: u8,
    pub(crate) wrong: u8,
    /// The device is the token's.
    pub(crate) pinned: bool,
    /// A password opened the archive.
    pub(crate) opened: bool,
    /// The first archive byte is out.
    pub(crate) byte_out: bool,
    pub(crate) handed_over: bool,
    pub(crate) received_stored: bool,
    /// An attempt to connect failed, and another one began.
    pub(crate) again: bool,
    /// How the archive is protected, of a hardened exporter.
    pub(crate) scheme: Option<Scheme>,
    /// The features that the importer's first hello named, of a hardened exporter that has not ended.
    pub(crate) peer: Option<Features>,
    /// `authScheme` is out; of the same.
    pub(crate) scheme_sent: bool,
    pub(crate) done: Option<Done>,
}

/// How an operation ended, as far as it can be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Done {
    pub(crate) outcome: Outcome,
    /// The state that the client saw before.
    pub(crate) at: LinkState,
    pub(crate) cause: Cause,
}

impl Default for ImportView {
    fn default() -> Self {
        Self {
            started: false,
            signalled: LinkState::Init,
            prompts: 0,
            answers: 0,
            prompt: None,
            typed: None,
            crashed: None,
            cancelled: false,
            consent: None,
            compared: Compared::Nothing,
            nonce_sent: false,
            session: None,
            wrong_codes: 0,
            peer: None,
            cut: false,
            done: None,
        }
    }
}

impl Default for ExportView {
    fn default() -> Self {
        Self {
            started: false,
            signalled: LinkState::Init,
            asked: false,
            crashed: None,
            confirmed: false,
            open: false,
            compared: Compared::Nothing,
            opening_sent: false,
            cancelled: false,
            tries: 0,
            wrong: 0,
            pinned: false,
            opened: false,
            byte_out: false,
            handed_over: false,
            received_stored: false,
            again: false,
            scheme: None,
            peer: None,
            scheme_sent: false,
            done: None,
        }
    }
}

impl ImportView {
    /// Whether there is an operation that a crash can end. After DONE an account is there, and stays.
    pub(crate) fn is_up(&self) -> bool {
        self.started && self.crashed.is_none()
    }
}

impl ExportView {
    /// Whether there is an operation that a crash can end.
    pub(crate) fn is_up(&self) -> bool {
        self.started && self.crashed.is_none() && self.done.is_none()
    }
}

impl World {
    /// The importer took this.
    pub(crate) fn see_import_input(&mut self, input: import::Input) {
        let seen = &mut self.seen.import;
        match input {
            import::Input::AddAccount => seen.started = true,
            import::Input::CompareAccount(equal) => seen.compared = Compared::said(equal),
            import::Input::RemoveAccount => seen.cancelled |= seen.done.is_none(),
            import::Input::ProvideAccountAuthentication(slot, _) => {
                seen.answers = seen.answers.saturating_add(1);
                if let Some(prompt) = seen.prompt.take() {
                    (seen.consent, seen.typed) = (Some(prompt), Some(slot));
                }
            }
            _ => {}
        }
    }

    /// This comes out of the importer.
    pub(crate) fn see_import_effect(&mut self, input: Option<import::Input>, effect: import::Effect) {
        use import::Effect as E;
        let seen = &mut self.seen.import;
        match effect {
            E::Signal(signal) => {
                match signal {
                    Signal::Prompt { peer, scheme, .. } => {
                        seen.prompts = seen.prompts.saturating_add(1);
                        // After a comparison it is asked in the session that there is.
                        let compared = matches!(input, Some(import::Input::CompareAccount(_)));
                        let conn = input.and_then(|input| input.conn()).or(seen.session.filter(|_| compared));
                        seen.prompt = conn.map(|conn| Prompt { conn, account: peer, scheme });
                    }
                    Signal::CompareAccount { .. } => seen.compared = Compared::Asked,
                    Signal::Done(outcome) => {
                        seen.prompt = None;
                        seen.nonce_sent = false;
                        if seen.compared == Compared::Asked {
                            seen.compared = Compared::Nothing;
                        }
                        let cause = input.map_or(Cause::Local, Cause::of_import);
                        seen.done.get_or_insert(Done { outcome, at: seen.signalled, cause });
                    }
                    _ => {}
                }
                seen.signalled = signal.state();
            }
            E::AcceptChannel(conn) => seen.session = Some(conn),
            E::Send(_, Message::Nonce(_)) => seen.nonce_sent = true,
            // An open prompt is withdrawn (R-IMP-9).
            E::Stage(_) => seen.prompt = None,
            _ => {}
        }
    }

    /// The importer has done all that it does upon this.
    pub(crate) fn see_import_turn(&mut self, input: import::Input) {
        self.see_session(input);
        let import::Input::ChannelRequested(conn, Ask::Wrong) = input else { return };
        self.seen.import.wrong_codes = (self.seen.import.wrong_codes + 1).min(WRONG_CODES);
        if let Some(caller) = self.caller_mut(conn).filter(|caller| caller.stage != Stage::Gone) {
            caller.wrong_codes += 1;
        }
    }

    /// Notes the parts of a session on which the due messages of a hardened importer depend; nothing of it is left after the end.
    fn see_session(&mut self, input: import::Input) {
        let seen = &mut self.seen.import;
        if self.cast.import != Player::Hardened || !seen.is_up() {
            return;
        }
        if seen.done.is_some() {
            (seen.peer, seen.cut) = (None, false);
        } else if input.conn().is_some() && input.conn() == seen.session {
            match input {
                import::Input::Message(_, Message::AuthScheme(_, features)) => _ = seen.peer.get_or_insert(features),
                import::Input::ChannelEnded(_) | import::Input::ConnectionLost(_) => seen.cut = true,
                _ => {}
            }
        }
    }

    /// The exporter took this.
    pub(crate) fn see_export_input(&mut self, input: export::Input) {
        use export::{Input as I, Tried};
        let hardened = self.cast.export == Player::Hardened && self.seen.export.crashed.is_none();
        let seen = &mut self.seen.export;
        match input {
            I::AddDevice(scheme) if hardened => seen.scheme = Some(scheme),
            I::Message(Message::Hello(features)) if hardened && seen.open && seen.done.is_none() => {
                seen.peer.get_or_insert(features);
            }
            _ => {}
        }
        match input {
            I::AddDevice(_) => seen.started = true,
            I::ConfirmAddDevice => seen.confirmed = true,
            I::CompareAddDevice(equal) => {
                seen.compared = Compared::said(equal);
                seen.confirmed |= equal;
            }
            I::Accepted { .. } => seen.open = seen.done.is_none(),
            I::CancelAddDevice => seen.cancelled = true,
            I::Opened { pinned } => seen.pinned = pinned,
            I::Tried(_, Tried::Opened) => seen.opened = true,
            I::Tried(_, Tried::Wrong) => seen.wrong = seen.wrong.saturating_add(1),
            I::Fired(Timer::Retry) => seen.again = true,
            I::HandedOver => seen.handed_over = true,
            I::Message(Message::ImportResult(ImportResult::Stored)) => seen.received_stored = true,
            _ => {}
        }
    }

    /// This comes out of the exporter.
    pub(crate) fn see_export_effect(&mut self, input: Option<export::Input>, effect: export::Effect) {
        use export::Effect as E;
        let hardened = self.cast.export == Player::Hardened;
        let seen = &mut self.seen.export;
        match effect {
            E::Send(Message::AuthScheme(..)) if hardened => seen.scheme_sent = true,
            E::Send(Message::Opening(_)) if hardened => seen.opening_sent = true,
            E::Signal(signal) => {
                let done = matches!(signal, Signal::Done(_));
                if done {
                    (seen.peer, seen.scheme_sent, seen.opening_sent, seen.open) = (None, false, false, false);
                    if seen.compared == Compared::Asked {
                        seen.compared = Compared::Nothing;
                    }
                }
                if matches!(signal, Signal::CompareDevice { .. }) {
                    seen.compared = Compared::Asked;
                }
                seen.asked = matches!(signal, Signal::Confirm { .. }) || seen.asked && !done;
                if let Signal::Done(outcome) = signal {
                    let cause = input.map_or(Cause::Local, Cause::of_export);
                    seen.done.get_or_insert(Done { outcome, at: seen.signalled, cause });
                }
                seen.signalled = signal.state();
            }
            E::Open(_) => seen.tries = seen.tries.saturating_add(1),
            E::SendArchive => seen.byte_out = true,
            _ => {}
        }
    }

    /// How the two ends of a pair ended, once both have.
    pub(crate) fn both_ended(&self) -> Option<(Done, Done)> {
        let paired = self.seen.import.session.is_none_or(|conn| conn == PEER);
        paired.then_some((self.seen.import.done?, self.seen.export.done?))
    }
}
