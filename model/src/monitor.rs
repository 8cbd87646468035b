//! What an observer remembers of a run, and the judgement of every step.
//!
//! The monitor sees what goes into a reducer and what comes out, never its inside: a property that holds here holds for any
//! implementation of that side.

use handfast::{
    export,
    import::{self, Ask},
    limits::{MAX_TRIES, MAX_WRONG_CODES, MAX_WRONG_CODES_PER_CONNECTION, Timer},
    message::{ImportResult, Message, Slot, Verdict},
    outcome::{AccountId, LinkState, Outcome, Profile, Scheme, Side, Signal},
    reducer::ConnId,
};

use crate::{
    config::{Configuration, Player},
    documented::Edge,
    link::End as LinkEnd,
    pairs::{self, Cause, End},
    properties::PropertyId as P,
    world::{PEER, Stage, Storage, World},
};

/// What was seen of both sides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Monitor {
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
    /// What the user typed at the last prompt.
    typed: Option<Slot>,
    /// The device crashed, and the state in which it did.
    pub(crate) crashed: Option<LinkState>,
    /// `removeAccount` was called before DONE.
    pub(crate) cancelled: bool,
    /// The prompt that the user answered last.
    pub(crate) consent: Option<Prompt>,
    /// The connection whose channel was accepted last.
    pub(crate) session: Option<ConnId>,
    wrong_codes: u8,
    pub(crate) done: Option<Done>,
}

/// What was shown to the user, and behind which connection's message.
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
    /// `cancelAddDevice` returned true.
    pub(crate) cancelled: bool,
    tries: u8,
    pub(crate) wrong: u8,
    /// The device is the token's.
    pub(crate) pinned: bool,
    /// A password opened the archive.
    pub(crate) opened: bool,
    /// The first archive byte is out.
    pub(crate) byte_out: bool,
    handed_over: bool,
    heard_stored: bool,
    /// An attempt to connect failed, and another one began.
    pub(crate) again: bool,
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

impl Done {
    /// The same without what the client saw before.
    pub(crate) const fn end(self) -> End {
        End { outcome: self.outcome, cause: self.cause }
    }
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
            session: None,
            wrong_codes: 0,
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
            cancelled: false,
            tries: 0,
            wrong: 0,
            pinned: false,
            opened: false,
            byte_out: false,
            handed_over: false,
            heard_stored: false,
            again: false,
            done: None,
        }
    }
}

/// The connection that an input is about, and how far it has come with it.
const fn stage_reached(input: import::Input) -> Option<(ConnId, Stage)> {
    match input {
        import::Input::ConnectionRequested(conn) => Some((conn, Stage::Knocked)),
        import::Input::ConnectionAnswered(conn) => Some((conn, Stage::Answered)),
        import::Input::ConnectionOpened { conn, .. } => Some((conn, Stage::Open)),
        _ => None,
    }
}

impl ImportView {
    /// Whether there is an operation that a crash can end. Behind DONE an account is there, and stays.
    pub(crate) fn is_up(&self) -> bool {
        self.started && self.crashed.is_none()
    }

    /// Whether the signals are those of R-STATE-2 so far, and the details those of R-STATE-3.
    fn may_signal(&self, profile: Profile, signal: Signal, named: Option<AccountId>) -> bool {
        use LinkState::{Authenticating, Connecting, Done, InProgress, Init, TokenAvailable};
        match (self.signalled, signal) {
            (Done, _) => false,
            (_, Signal::Done(_)) | (Init, Signal::TokenAvailable) | (TokenAvailable, Signal::Connecting) => true,
            (Connecting, Signal::Prompt { peer, wrong_password, .. }) => !wrong_password && named == Some(peer),
            (at, Signal::Prompt { peer, scheme, wrong_password }) => {
                let retry = match profile {
                    Profile::Documented => at == Authenticating,
                    Profile::Jamid => at == InProgress,
                };
                retry && self.prompt.is_none() && wrong_password && scheme == Scheme::Password && named == Some(peer)
            }
            (Authenticating, Signal::InProgress) => true,
            _ => false,
        }
    }
}

impl ExportView {
    /// Whether there is an operation that a crash can end.
    pub(crate) fn is_up(&self) -> bool {
        self.started && self.crashed.is_none() && self.done.is_none()
    }

    fn may_signal(&self, signal: Signal) -> bool {
        use LinkState::{Authenticating, Connecting, Init};
        match (self.signalled, signal) {
            (LinkState::Done | Init, Signal::Done(_)) => false,
            (_, Signal::Done(_))
            | (Init, Signal::Connecting)
            | (Connecting, Signal::Confirm { .. })
            | (Authenticating, Signal::InProgress) => true,
            _ => false,
        }
    }
}

impl World {
    pub(crate) fn violate(&mut self, property: P, side: Side) {
        self.violated.insert(property, side);
    }

    pub(crate) fn expect(&mut self, holds: bool, property: P, side: Side) {
        if !holds {
            self.violate(property, side);
        }
    }

    /// The importer took `input`, or a step of its own, and these effects came out: judges them and carries them out, in order.
    pub(crate) fn import_turn(
        &mut self,
        configuration: &Configuration,
        input: Option<import::Input>,
        effects: &[import::Effect],
    ) {
        let strange = input.and_then(|input| input.conn()).filter(|&conn| self.seen.import.session != Some(conn));
        let again = input == Some(import::Input::ConnectionRequested(PEER))
            && matches!(self.link.half(Side::Import).end, LinkEnd::Trying | LinkEnd::Open);
        self.expect(!again || effects.is_empty(), P::Isolated, Side::Import);
        if let Some(input) = input {
            self.hear_import(input);
        }
        for &effect in effects {
            if let import::Effect::Signal(signal) = effect {
                self.document(configuration, Edge::of_import(self.seen.import.signalled, input, signal));
            }
            self.judge_eviction(input, effect);
            self.judge_import(configuration.profile_of(Side::Import), input, effect);
            self.carry_out_import(input, effect);
        }
        if let (Some(conn), Some(input)) = (strange, input) {
            self.isolate(conn, input, effects);
        }
        if let Some(import::Input::ChannelRequested(conn, Ask::Wrong)) = input {
            self.limit_codes(conn);
        }
    }

    /// A hardened side shows what is listed, and nothing else (R-CLI-1).
    fn document(&mut self, configuration: &Configuration, edge: Edge) {
        let bound = configuration.cast.player(edge.side) == Player::Hardened;
        self.expect(!bound || edge.is_listed(configuration.profile), P::Documented, edge.side);
    }

    /// A connection makes room only for one that has come as far as it has, and the session's for none (R-IMP-15).
    fn judge_eviction(&mut self, input: Option<import::Input>, effect: import::Effect) {
        let (Some(cause), import::Effect::Close(conn)) = (input.and_then(stage_reached), effect) else { return };
        let (came, stage) = cause;
        let alike = self.stage(conn) == Some(stage) && self.seen.import.session != Some(conn);
        self.expect(conn == came || alike, P::Isolated, Side::Import);
    }

    fn hear_import(&mut self, input: import::Input) {
        let seen = &mut self.seen.import;
        match input {
            import::Input::AddAccount => seen.started = true,
            import::Input::RemoveAccount => seen.cancelled |= seen.done.is_none(),
            import::Input::ProvideAccountAuthentication(slot, _) => {
                seen.answers = seen.answers.saturating_add(1);
                match seen.prompt.take() {
                    Some(prompt) => (seen.consent, seen.typed) = (Some(prompt), Some(slot)),
                    None => self.violate(P::Return, Side::Import),
                }
            }
            _ => {}
        }
    }

    fn judge_import(&mut self, profile: Profile, input: Option<import::Input>, effect: import::Effect) {
        use import::Effect as E;
        match effect {
            E::Signal(signal) => self.judge_import_signal(profile, input, signal),
            E::AcceptChannel(conn) => {
                let first = self.seen.import.session.is_none() && self.seen.import.done.is_none();
                self.expect(first, P::Single, Side::Import);
                self.seen.import.session = Some(conn);
            }
            E::Send(conn, Message::Password(_)) => {
                self.expect(
                    self.seen.import.consent.is_some_and(|prompt| prompt.conn == conn),
                    P::Password,
                    Side::Import,
                );
            }
            E::Stage(slot) => {
                let conn = input.and_then(|input| input.conn());
                self.expect(self.consented(conn), P::Consent, Side::Import);
                self.expect(self.seen.import.typed == Some(slot), P::AtRest, Side::Import);
                self.expect(self.seen.import.done.is_none(), P::Single, Side::Import);
                // An open prompt is withdrawn (R-IMP-9).
                self.seen.import.prompt = None;
            }
            E::Install => {
                let from = self.import.staged.map(|staged| staged.from);
                self.expect(self.consented(from), P::Consent, Side::Import);
                self.expect(self.seen.import.done.is_none(), P::Single, Side::Import);
                let shown = self.seen.import.consent.map(|prompt| prompt.account);
                let proved = from.and_then(|conn| self.proved(conn));
                self.expect(self.import.checked == shown && proved == shown, P::Bound, Side::Import);
            }
            _ => {}
        }
    }

    /// Whether the user answered a prompt for the peer on this connection.
    fn consented(&self, conn: Option<ConnId>) -> bool {
        conn.is_some() && self.seen.import.consent.map(|prompt| prompt.conn) == conn
    }

    fn judge_import_signal(&mut self, profile: Profile, input: Option<import::Input>, signal: Signal) {
        // Whether the account was proved is the business of P-BOUND, which looks when it is installed.
        let conn = input.and_then(|input| input.conn());
        let named = conn.and_then(|conn| self.named(conn));
        self.expect(self.seen.import.may_signal(profile, signal, named), P::Grammar, Side::Import);
        let honest = self.seen.import.session.is_none_or(|conn| conn == PEER);
        let storage = self.import.storage;
        let seen = &mut self.seen.import;
        match signal {
            Signal::Prompt { peer, scheme, .. } => {
                seen.prompts = seen.prompts.saturating_add(1);
                seen.prompt = conn.map(|conn| Prompt { conn, account: peer, scheme });
                let few = seen.prompts <= MAX_TRIES;
                self.expect(few, P::Tries, Side::Import);
            }
            Signal::Done(outcome) => {
                seen.prompt = None;
                seen.done.get_or_insert(Done {
                    outcome,
                    at: seen.signalled,
                    cause: input.map_or(Cause::Local, Cause::of_import),
                });
                let stored = if outcome.is_success() {
                    storage == (Storage::Reported { durable: true })
                } else {
                    !storage.holds_account()
                };
                self.expect(stored, P::Stored, Side::Import);
                self.expect(outcome != Outcome::Protocol || !honest, P::NoBlame, Side::Import);
                self.judge_pair();
            }
            _ => {}
        }
        self.seen.import.signalled = signal.state();
    }

    /// What comes on a foreign connection touches that connection only.
    fn isolate(&mut self, conn: ConnId, input: import::Input, effects: &[import::Effect]) {
        use import::{Effect as E, Input as I};
        if effects.contains(&E::AcceptChannel(conn)) {
            return;
        }
        let guessed = input == I::ChannelRequested(conn, Ask::Wrong)
            && self.seen.import.session.is_none()
            && self.seen.import.wrong_codes + 1 >= MAX_WRONG_CODES;
        let own = |effect: &E| match *effect {
            E::Accept(at) | E::Refuse(at) | E::DeclineChannel(at) => at == conn,
            // Another one may have to make room, and is judged when it does.
            E::Close(at) => at == conn || stage_reached(input).is_some(),
            E::Signal(Signal::Connecting) => matches!(input, I::ConnectionRequested(_)),
            _ => false,
        };
        self.expect(guessed || effects.iter().all(own), P::Isolated, Side::Import);
    }

    /// Wrong codes are counted, and have an end (R-TOK-5).
    fn limit_codes(&mut self, conn: ConnId) {
        self.seen.import.wrong_codes = (self.seen.import.wrong_codes + 1).min(MAX_WRONG_CODES);
        let waits = self.seen.import.session.is_none() && self.seen.import.done.is_none();
        let mut spent = waits && self.seen.import.wrong_codes >= MAX_WRONG_CODES;
        if let Some(caller) = self.caller_mut(conn).filter(|caller| caller.stage != Stage::Gone) {
            caller.wrong_codes += 1;
            spent |= waits && caller.wrong_codes >= MAX_WRONG_CODES_PER_CONNECTION;
        }
        self.expect(!spent, P::Budget, Side::Import);
    }

    /// The exporter took `input`, or a step of its own, and these effects came out: judges them and carries them out, in order.
    pub(crate) fn export_turn(
        &mut self,
        configuration: &Configuration,
        input: Option<export::Input>,
        effects: &[export::Effect],
    ) {
        if let Some(input) = input {
            self.hear_export(input);
        }
        for &effect in effects {
            if let export::Effect::Signal(signal) = effect {
                self.document(configuration, Edge::of_export(self.seen.export.signalled, input, signal));
            }
            self.judge_export(input, effect);
            self.carry_out_export(effect);
        }
        if input == Some(export::Input::CancelAddDevice) {
            let ended = self.seen.export.done.is_some_and(|done| done.outcome == Outcome::CANCELED);
            self.expect(ended, P::Return, Side::Export);
        }
    }

    fn hear_export(&mut self, input: export::Input) {
        use export::{Input as I, Tried};
        let seen = &mut self.seen.export;
        match input {
            I::AddDevice(_) => seen.started = true,
            I::ConfirmAddDevice => {
                let first = !std::mem::replace(&mut seen.confirmed, true);
                self.expect(first, P::Return, Side::Export);
            }
            I::CancelAddDevice => {
                seen.cancelled = true;
                let silent = !seen.byte_out;
                self.expect(silent, P::NotSent, Side::Export);
            }
            I::Opened { pinned } => seen.pinned = pinned,
            I::Tried(_, Tried::Opened) => seen.opened = true,
            I::Tried(_, Tried::Wrong) => seen.wrong = seen.wrong.saturating_add(1),
            I::Fired(Timer::Retry) => seen.again = true,
            I::HandedOver => seen.handed_over = true,
            I::Message(Message::ImportResult(ImportResult::Stored)) => seen.heard_stored = true,
            _ => {}
        }
    }

    fn judge_export(&mut self, input: Option<export::Input>, effect: export::Effect) {
        use export::{Effect as E, Input as I, Tried};
        let seen = &mut self.seen.export;
        match effect {
            E::Signal(signal) => self.judge_export_signal(input, signal),
            E::Open(_) => {
                seen.tries = seen.tries.saturating_add(1);
                let (gate, few) = (seen.confirmed && seen.pinned, seen.tries <= MAX_TRIES);
                self.expect(gate, P::Gate, Side::Export);
                self.expect(few, P::Tries, Side::Export);
            }
            E::SendArchive => {
                seen.byte_out = true;
                let (gate, silent) = (seen.confirmed && seen.pinned && seen.opened, !seen.cancelled);
                self.expect(gate, P::Gate, Side::Export);
                self.expect(silent, P::NotSent, Side::Export);
            }
            E::Send(Message::Verdict(verdict)) => {
                let due = matches!(input, Some(I::Tried(_, Tried::Wrong)));
                let last = seen.wrong >= MAX_TRIES;
                self.expect(due && (verdict == Verdict::Final) == last, P::Tries, Side::Export);
            }
            _ => {}
        }
    }

    fn judge_export_signal(&mut self, input: Option<export::Input>, signal: Signal) {
        self.expect(self.seen.export.may_signal(signal), P::Grammar, Side::Export);
        let seen = &mut self.seen.export;
        seen.asked = matches!(signal, Signal::Confirm { .. }) || seen.asked && !matches!(signal, Signal::Done(_));
        if let Signal::Done(outcome) = signal {
            seen.done.get_or_insert(Done {
                outcome,
                at: seen.signalled,
                cause: input.map_or(Cause::Local, Cause::of_export),
            });
            let seen = *seen;
            match outcome {
                Outcome::Success { .. } => {
                    let told = seen.heard_stored && seen.handed_over;
                    let durable = self.import.storage.holds_account() || self.import.storage == Storage::Removed;
                    let stored = self.device.is_some() || durable;
                    self.expect(told && stored || outcome != Outcome::SUCCESS, P::Stored, Side::Export);
                }
                Outcome::Canceled { sent: false } => self.expect(!seen.byte_out, P::NotSent, Side::Export),
                Outcome::Authentication => self.expect(seen.wrong >= MAX_TRIES, P::Tries, Side::Export),
                Outcome::Protocol => self.expect(self.device.is_some(), P::NoBlame, Side::Export),
                _ => {}
            }
            self.judge_pair();
        }
        self.seen.export.signalled = signal.state();
    }

    /// Both have ended: is it an allowed pair? An import whose session is an intruder's has no exporter to be paired with.
    fn judge_pair(&mut self) {
        if self.both_ended().is_some() && pairs::classify(self).is_none() {
            self.violate(P::Pair, Side::Export);
        }
    }

    /// How the two ends of a pair ended, once both have.
    pub(crate) fn both_ended(&self) -> Option<(Done, Done)> {
        let paired = self.seen.import.session.is_none_or(|conn| conn == PEER);
        paired.then_some((self.seen.import.done?, self.seen.export.done?))
    }
}
