//! The judgement of every step, by what goes into a reducer and what comes out.

use handfast::{
    export::{self, Tried},
    import::{self, Ask},
    message::{Message, Verdict},
    outcome::{AccountId, LinkState, Outcome, Profile, Scheme, Side, Signal},
    reducer::ConnId,
};

use crate::{
    property::{
        deleted::checked,
        documented::Edge,
        pairs,
        properties::{PropertyId as P, PropertySet},
        sends,
    },
    system::{
        Observer,
        action::Action,
        config::{Configuration, Player},
        link::End,
        seen::{Compared, ExportView, ImportView},
        stated::{TRIES, WRONG_CODES, WRONG_CODES_PER_CONNECTION},
        world::{PEER, Stage, Storage, World},
    },
};

/// Judges one step.
pub(crate) struct Judge<'a> {
    configuration: &'a Configuration,
    /// The properties that the step violates.
    pub(crate) violated: PropertySet,
    /// The connection of the input, if it is not the session's.
    strange: Option<ConnId>,
}

impl<'a> Judge<'a> {
    /// Returns a judge who has seen this violated.
    pub(crate) const fn new(configuration: &'a Configuration, violated: PropertySet) -> Self {
        Self { configuration, violated, strange: None }
    }

    #[cfg_attr(test, track_caller)]
    fn expect(&mut self, holds: bool, property: P, side: Side) {
        if !checked(property, holds) {
            self.violated.insert(property, side);
        }
    }

    /// Whether the requirements bind this side: it is a hardened one.
    fn is_bound(&self, side: Side) -> bool {
        self.configuration.cast.player(side) == Player::Hardened
    }

    /// A hardened side shows what is listed, and nothing else (R-CLI-1).
    fn document(&mut self, edge: Edge) {
        self.expect(!self.is_bound(edge.side) || edge.is_listed(self.configuration.profile), P::Documented, edge.side);
    }

    fn import_signals(&mut self, world: &World, input: Option<import::Input>, signal: Signal) {
        let seen = &world.seen.import;
        self.document(Edge::of_import(seen.signalled, input, signal));
        // Whether the account was proved is the business of P-BOUND, which looks when it is installed.
        let named = input.and_then(|input| input.conn()).and_then(|conn| world.named(conn));
        let profile = self.configuration.profile_of(Side::Import);
        self.expect(import_may_signal(seen, profile, signal, named), P::Grammar, Side::Import);
        match signal {
            Signal::Prompt { .. } => self.expect(seen.prompts < TRIES, P::Tries, Side::Import),
            Signal::Done(outcome) => {
                let honest = seen.session.is_none_or(|conn| conn == PEER);
                let stored = if outcome.is_success() {
                    world.import.storage == (Storage::Reported { durable: true })
                } else {
                    !world.import.storage.holds_account()
                };
                self.expect(stored, P::Stored, Side::Import);
                self.expect(outcome != Outcome::Protocol || !honest, P::NoBlame, Side::Import);
            }
            _ => {}
        }
    }

    /// A connection makes room only for one that has come as far as it has, and the session's for none (R-IMP-15).
    fn evict(&mut self, world: &World, input: Option<import::Input>, effect: import::Effect) {
        let (Some(cause), import::Effect::Close(conn)) = (input.and_then(stage_reached), effect) else { return };
        let (came, stage) = cause;
        let alike = world.stage(conn) == Some(stage) && world.seen.import.session != Some(conn);
        self.expect(conn == came || alike, P::Isolated, Side::Import);
    }

    /// Events of a foreign connection touch that connection only.
    fn isolate(&mut self, world: &World, conn: ConnId, input: import::Input, effects: &[import::Effect]) {
        use import::{Effect as E, Input as I};
        if effects.contains(&E::AcceptChannel(conn)) {
            return;
        }
        let seen = &world.seen.import;
        let guessed = input == I::ChannelRequested(conn, Ask::Wrong)
            && seen.session.is_none()
            && seen.wrong_codes + 1 >= WRONG_CODES;
        let own = |effect: &E| is_own(conn, input, effect);
        self.expect(guessed || effects.iter().all(own), P::Isolated, Side::Import);
    }

    /// Wrong codes have an end (R-TOK-5).
    fn limit_codes(&mut self, world: &World, conn: ConnId) {
        let seen = &world.seen.import;
        let waits = seen.session.is_none() && seen.done.is_none();
        let own = world.caller(conn).filter(|caller| caller.stage != Stage::Gone);
        let spent = seen.wrong_codes + 1 >= WRONG_CODES
            || own.is_some_and(|caller| caller.wrong_codes + 1 >= WRONG_CODES_PER_CONNECTION);
        self.expect(!(waits && spent), P::Budget, Side::Import);
    }

    fn export_signals(&mut self, world: &World, input: Option<export::Input>, signal: Signal) {
        let seen = &world.seen.export;
        self.document(Edge::of_export(seen.signalled, input, signal));
        self.expect(export_may_signal(seen, signal), P::Grammar, Side::Export);
        if let Signal::Confirm { .. } = signal {
            // An exporter that names `sas` waits for the hello of a peer that does not (R-EXP-3, R-SAS-5).
            let due = match input {
                Some(export::Input::Accepted { .. }) => !self.configuration.names_sas(Side::Export),
                Some(export::Input::Message(Message::Hello(named))) => {
                    self.configuration.names_sas(Side::Export) && !named.sas
                }
                _ => self.configuration.cast.export == Player::Legacy,
            };
            self.expect(due, P::Documented, Side::Export);
        }
        let Signal::Done(outcome) = signal else { return };
        match outcome {
            Outcome::Success { .. } => {
                let reported = seen.received_stored && seen.handed_over;
                let durable = world.import.storage.holds_account() || world.import.storage == Storage::Removed;
                let stored = world.device.is_some() || durable;
                self.expect(reported && stored || outcome != Outcome::SUCCESS, P::Stored, Side::Export);
            }
            Outcome::Canceled { sent: false } => self.expect(!seen.byte_out, P::NotSent, Side::Export),
            Outcome::Authentication => self.expect(seen.wrong >= TRIES, P::Tries, Side::Export),
            Outcome::Protocol => self.expect(world.device.is_some(), P::NoBlame, Side::Export),
            _ => {}
        }
    }

    /// Both have ended: is it an allowed pair? An import whose session is an intruder's has no exporter to be paired with.
    fn pair(&mut self, world: &World) {
        self.expect(world.both_ended().is_none() || pairs::classify(world).is_some(), P::Pair, Side::Export);
    }
}

impl Observer for Judge<'_> {
    /// If the operation has ended before its install is durable, something is installed after the end.
    fn acts(&mut self, world: &World, action: Action) {
        if let (Action::Settle { durable: true }, Some(done)) = (action, world.seen.import.done) {
            self.expect(false, P::Single, Side::Import);
            self.expect(done.outcome.is_success(), P::Stored, Side::Import);
        }
    }

    fn import_takes(&mut self, world: &World, input: Option<import::Input>, effects: &[import::Effect]) {
        let own = self.configuration.reducer_of(Side::Import).features;
        let sends = |input| sends::import_sends(world, own, input, effects);
        self.expect(!self.is_bound(Side::Import) || input.is_none_or(sends), P::Sends, Side::Import);
        let seen = &world.seen.import;
        self.strange = input.and_then(|input| input.conn()).filter(|&conn| seen.session != Some(conn));
        let again = input == Some(import::Input::ConnectionRequested(PEER))
            && matches!(world.link.half(Side::Import).end, End::Trying | End::Open);
        self.expect(!again || effects.is_empty(), P::Isolated, Side::Import);
        match input {
            Some(import::Input::ProvideAccountAuthentication(..)) => {
                self.expect(seen.prompt.is_some(), P::Return, Side::Import);
            }
            Some(import::Input::CompareAccount(_)) => {
                self.expect(seen.compared == Compared::Asked, P::Return, Side::Import);
            }
            _ => {}
        }
    }

    fn import_does(&mut self, world: &World, input: Option<import::Input>, effect: import::Effect) {
        use import::Effect as E;
        self.evict(world, input, effect);
        let seen = &world.seen.import;
        // Whether the user answered a prompt for the peer on this connection.
        let consented = |conn: Option<ConnId>| conn.is_some() && seen.consent.map(|prompt| prompt.conn) == conn;
        match effect {
            E::Signal(signal) => self.import_signals(world, input, signal),
            E::AcceptChannel(_) => {
                self.expect(seen.session.is_none() && seen.done.is_none(), P::Single, Side::Import);
            }
            E::Send(conn, Message::Password(_)) => {
                self.expect(consented(Some(conn)), P::Password, Side::Import);
                // A peer that does not name the feature has nothing to compare (R-SAS-9).
                let in_force = self.configuration.names_sas(Side::Import) && seen.peer.is_some_and(|peer| peer.sas);
                let compared = !in_force || seen.compared == Compared::Equal;
                self.expect(compared, P::Password, Side::Import);
            }
            E::Stage(slot) => {
                self.expect(consented(input.and_then(|input| input.conn())), P::Consent, Side::Import);
                self.expect(seen.typed == Some(slot) && world.is_flag_right(), P::AtRest, Side::Import);
                self.expect(seen.done.is_none(), P::Single, Side::Import);
            }
            E::Install => {
                let from = world.import.staged.map(|staged| staged.from);
                self.expect(consented(from), P::Consent, Side::Import);
                self.expect(seen.done.is_none(), P::Single, Side::Import);
                let shown = seen.consent.map(|prompt| prompt.account);
                let proved = from.and_then(|conn| world.proved(conn));
                self.expect(world.import.checked == shown && proved == shown, P::Bound, Side::Import);
            }
            _ => {}
        }
    }

    fn import_did(&mut self, world: &World, effect: import::Effect) {
        if let import::Effect::Signal(Signal::Done(_)) = effect {
            self.pair(world);
        }
    }

    fn import_took(&mut self, world: &World, input: Option<import::Input>, effects: &[import::Effect]) {
        if let (Some(conn), Some(input)) = (self.strange, input) {
            self.isolate(world, conn, input, effects);
        }
        match input {
            Some(import::Input::ChannelRequested(conn, Ask::Wrong)) => self.limit_codes(world, conn),
            // An install is not ended by anything (R-IMP-13).
            Some(import::Input::Malformed(conn)) if world.seen.import.session == Some(conn) => {
                let ended = world.seen.import.done.is_some() || world.import.storage != Storage::None;
                self.expect(ended, P::Malformed, Side::Import);
            }
            _ => {}
        }
    }

    fn export_takes(&mut self, world: &World, input: Option<export::Input>, effects: &[export::Effect]) {
        let own = self.configuration.reducer_of(Side::Export);
        let sends = |input| sends::export_sends(world, (own.features, own.profile), input, effects);
        self.expect(!self.is_bound(Side::Export) || input.is_none_or(sends), P::Sends, Side::Export);
        let seen = &world.seen.export;
        match input {
            Some(export::Input::ConfirmAddDevice) => self.expect(!seen.confirmed, P::Return, Side::Export),
            Some(export::Input::CompareAddDevice(_)) => {
                self.expect(seen.compared == Compared::Asked, P::Return, Side::Export);
            }
            Some(export::Input::CancelAddDevice) => self.expect(!seen.byte_out, P::NotSent, Side::Export),
            _ => {}
        }
    }

    fn export_does(&mut self, world: &World, input: Option<export::Input>, effect: export::Effect) {
        use export::{Effect as E, Input as I};
        let seen = &world.seen.export;
        match effect {
            E::Signal(signal) => self.export_signals(world, input, signal),
            E::Open(_) => {
                self.expect(seen.confirmed && seen.pinned, P::Gate, Side::Export);
                self.expect(seen.tries < TRIES, P::Tries, Side::Export);
            }
            E::SendArchive => {
                self.expect(seen.confirmed && seen.pinned && seen.opened, P::Gate, Side::Export);
                self.expect(!seen.cancelled, P::NotSent, Side::Export);
            }
            E::Send(Message::Verdict(verdict)) => {
                let due = matches!(input, Some(I::Tried(_, Tried::Wrong)));
                let last = seen.wrong >= TRIES;
                self.expect(due && (verdict == Verdict::Final) == last, P::Tries, Side::Export);
            }
            _ => {}
        }
    }

    fn export_did(&mut self, world: &World, effect: export::Effect) {
        if let export::Effect::Signal(Signal::Done(_)) = effect {
            self.pair(world);
        }
    }

    fn export_took(&mut self, world: &World, input: Option<export::Input>) {
        if input == Some(export::Input::Malformed) {
            self.expect(world.seen.export.done.is_some(), P::Malformed, Side::Export);
        }
        if input == Some(export::Input::CancelAddDevice) {
            let ended = world.seen.export.done.is_some_and(|done| done.outcome == Outcome::CANCELED);
            self.expect(ended, P::Return, Side::Export);
        }
    }
}

/// Whether an effect of an input from a connection that is not the session's touches that connection only.
pub(crate) fn is_own(conn: ConnId, input: import::Input, effect: &import::Effect) -> bool {
    use import::Effect as E;
    match *effect {
        E::Accept(at) | E::Refuse(at) | E::DeclineChannel(at) => at == conn,
        // Another one may have to make room, and is judged when it does.
        E::Close(at) => at == conn || stage_reached(input).is_some(),
        E::Signal(Signal::Connecting) => matches!(input, import::Input::ConnectionRequested(_)),
        _ => false,
    }
}

/// Whether the signals are those of R-STATE-2 so far, and the details those of R-STATE-3.
fn import_may_signal(seen: &ImportView, profile: Profile, signal: Signal, named: Option<AccountId>) -> bool {
    use LinkState::{Authenticating, Connecting, Done, InProgress, Init, TokenAvailable};
    match (seen.signalled, signal) {
        (Done, _) => false,
        (_, Signal::Done(_)) | (Init, Signal::TokenAvailable) | (TokenAvailable, Signal::Connecting) => true,
        (Connecting, Signal::Prompt { peer, wrong_password, .. }) => !wrong_password && named == Some(peer),
        (Connecting, Signal::CompareAccount { peer, .. }) => named == Some(peer),
        // After a comparison the user is asked for consent and password (R-SAS-5).
        (Authenticating, Signal::Prompt { wrong_password: false, .. }) => {
            seen.compared != Compared::Nothing && seen.prompts == 0
        }
        (at, Signal::Prompt { peer, scheme, wrong_password }) => {
            let retry = match profile {
                Profile::Documented => at == Authenticating,
                Profile::Jamid => at == InProgress,
            };
            retry && seen.prompt.is_none() && wrong_password && scheme == Scheme::Password && named == Some(peer)
        }
        (Authenticating, Signal::InProgress) => true,
        _ => false,
    }
}

fn export_may_signal(seen: &ExportView, signal: Signal) -> bool {
    use LinkState::{Authenticating, Connecting, Init};
    match (seen.signalled, signal) {
        (LinkState::Done | Init, Signal::Done(_)) => false,
        (_, Signal::Done(_))
        | (Init, Signal::Connecting)
        | (Connecting, Signal::Confirm { .. } | Signal::CompareDevice { .. })
        | (Authenticating, Signal::InProgress) => true,
        _ => false,
    }
}

/// The connection that an input is about, and how far it has come with it.
const fn stage_reached(input: import::Input) -> Option<(ConnId, Stage)> {
    match input {
        import::Input::ConnectionRequested(conn) => Some((conn, Stage::Requested)),
        import::Input::ConnectionAnswered(conn) => Some((conn, Stage::Answered)),
        import::Input::ConnectionOpened { conn, .. } => Some((conn, Stage::Open)),
        _ => None,
    }
}
