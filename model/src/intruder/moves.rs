//! The moves of the users, of the network, and of the intruder, and the model that both engines explore.

use handfast::{
    export, import,
    message::{Features, ImportResult, Message, Slot, Verdict},
    outcome::{Scheme, Side as On},
};
use stateright::{Model, Property};

use crate::{
    explorer::explore::ENDLESS,
    intruder::{
        queries::{Asked, Queries, Query, Weakness},
        scene::{Chain, Channel, EMPTY, GUESS, Item, PASSWORD, Peer, State, account},
        situation::{Comparison, Situation},
        terms::{Key, Owner, Party, Term},
    },
    system::{
        side::Side,
        world::{ADDRESS, PEER},
    },
};

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Move {
    /// The exporter's user scans the code that is in front of the camera.
    Scan,
    /// The exporter's user confirms the device.
    Confirm,
    /// The user on this side compares the two screens, and says whether they show the same string.
    Compare(On),
    /// The importer's user, who reads the account and sees the own one, answers.
    Answer,
    /// The exporter's connection reaches the new device.
    Reach,
    /// The next item between the honest devices arrives at this side.
    Deliver(On),
    /// The intruder cuts the link of the honest devices.
    Cut,
    /// Today's importer takes a step of its own: it opens the channel of a request that passed its test.
    Inner(u8),
    /// The intruder connects to the new device, with this chain.
    Call(Chain),
    /// The intruder asks the new device for a channel.
    Ask {
        /// With the code of its token.
        right: bool,
    },
    /// The intruder speaks to the new device as an exporter does.
    Say(Word),
    /// The intruder ends its connection to the new device.
    HangUp,
    /// The intruder's device answers the exporter's connection.
    Stand,
    /// The intruder's device accepts the exporter's channel.
    Accept,
    /// The intruder speaks to the exporter as an importer does.
    Report(Word),
    /// The intruder's device ends its connection with the exporter.
    Leave,
}

/// A message that the intruder says, or an archive that it sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Word {
    /// A message.
    Message(Message),
    /// An archive of this account.
    Archive(Owner),
}

/// The messages of an exporter.
const AS_EXPORTER: [Word; 8] = [
    Word::Message(Message::AuthScheme(Scheme::None, Features::ALL)),
    Word::Message(Message::AuthScheme(Scheme::Password, Features::ALL)),
    Word::Message(Message::AuthScheme(Scheme::None, Features::NONE)),
    Word::Message(Message::AuthScheme(Scheme::Password, Features::NONE)),
    Word::Message(Message::Verdict(Verdict::Wrong)),
    Word::Message(Message::Verdict(Verdict::Final)),
    Word::Archive(Owner::Honest),
    Word::Archive(Owner::Intruder),
];

/// The messages of an importer.
const AS_IMPORTER: [Word; 6] = [
    Word::Message(Message::Hello(Features::ALL)),
    Word::Message(Message::Hello(Features::NONE)),
    Word::Message(Message::Password(EMPTY)),
    Word::Message(Message::Password(GUESS)),
    Word::Message(Message::Password(PASSWORD)),
    Word::Message(Message::ImportResult(ImportResult::Stored)),
];

/// The further messages of an exporter where the users compare.
const AS_COMPARING_EXPORTER: [Word; 4] = [
    Word::Message(Message::AuthScheme(Scheme::None, Features::WITH_SAS)),
    Word::Message(Message::AuthScheme(Scheme::Password, Features::WITH_SAS)),
    Word::Message(Message::Commitment(Slot::NONE)),
    Word::Message(Message::Opening(Slot::NONE)),
];

/// The further messages of an importer.
const AS_COMPARING_IMPORTER: [Word; 2] =
    [Word::Message(Message::Hello(Features::WITH_SAS)), Word::Message(Message::Nonce(Slot::NONE))];

impl Word {
    /// Whether it is without features, which makes no difference to a side of today.
    fn is_legacy(self) -> bool {
        let Self::Message(Message::Hello(features) | Message::AuthScheme(_, features)) = self else { return false };
        features.is_legacy()
    }

    /// The term that it is made of; none where everyone can say it.
    const fn needs(self) -> Option<Term> {
        match self {
            Self::Message(Message::Password(PASSWORD)) => Some(Term::Password),
            Self::Archive(owner) => Some(Term::Archive(owner)),
            Self::Message(_) => None,
        }
    }
}

/// A situation, explored.
#[derive(Clone, Copy, Debug)]
pub struct Intrusion {
    /// The situation.
    pub situation: Situation,
    /// The queries, as they are or changed.
    pub asked: Asked,
}

impl Intrusion {
    /// Returns the queries that a state violates.
    pub fn violated(&self, state: &State) -> Queries {
        state.scene.facts.violated(state.scene.known, self.asked)
    }

    fn offers(&self, state: &State, moves: &mut Vec<Move>) {
        let scene = &state.scene;
        let knows = |term: Option<Term>| term.is_none_or(|term| scene.known.has(term));
        let says = |word: &Word, hardened: bool| knows(word.needs()) && (hardened || !word.is_legacy());
        // The users.
        // Guesses come before anything is scanned, or not at all: afterwards they would have the same answers.
        if scene.wire.peer == Peer::None && scene.codes == 0 {
            moves.push(Move::Scan);
        }
        let comparing = self.situation.comparison != Comparison::None;
        // Where a comparison is expected, no device is confirmed without one (R-SAS-9).
        if scene.asks_device && !scene.confirmed && !self.situation.comparison.is_demanded() {
            moves.push(Move::Confirm);
        }
        if scene.compares_device {
            moves.push(Move::Compare(On::Export));
        }
        if scene.compares_account.is_some() {
            moves.push(Move::Compare(On::Import));
        }
        if self.answer(state).is_some() {
            moves.push(Move::Answer);
        }
        // The network, and the sides by themselves.
        match scene.wire.peer {
            Peer::Awaited => {
                if self.situation.start.scanned() == Party::NewDevice {
                    moves.push(Move::Reach);
                }
                moves.push(Move::Stand);
            }
            Peer::NewDevice { cut: false } => {
                if !scene.wire.to_import.is_empty() && state.import.reads(PEER) {
                    moves.push(Move::Deliver(On::Import));
                }
                if !scene.wire.to_export.is_empty() && state.export.reads(PEER) {
                    moves.push(Move::Deliver(On::Export));
                }
                moves.push(Move::Cut);
            }
            Peer::Intruder(Channel::Absent | Channel::Ended) | Peer::NewDevice { cut: true } | Peer::None => {}
            Peer::Intruder(Channel::Asked) => moves.extend([Move::Accept, Move::Leave]),
            Peer::Intruder(Channel::Open) => {
                if state.export.reads(PEER) {
                    let hardened = self.situation.pair.hardens_export();
                    let more = AS_COMPARING_IMPORTER.into_iter().filter(|_| comparing && hardened);
                    moves.extend(
                        AS_IMPORTER.into_iter().chain(more).filter(|word| says(word, hardened)).map(Move::Report),
                    );
                }
                moves.push(Move::Leave);
            }
        }
        moves.extend(state.import.inner().into_iter().map(Move::Inner));
        // The intruder's connection to the new device.
        let caller = scene.caller;
        match (caller.chain, caller.channel) {
            (None, _)
                if caller.number < self.situation.connections()
                    && scene.known.has(Term::DeviceId(Party::NewDevice)) =>
            {
                moves.extend(Chain::ALL.into_iter().filter(|chain| knows(chain.needs())).map(Move::Call));
            }
            (None, _) => {}
            (Some(_), Channel::Absent) => {
                if scene.known.has(Term::Code(Party::NewDevice)) {
                    moves.push(Move::Ask { right: true });
                } else if self.situation.start.guesses() && scene.wire.peer == Peer::None {
                    moves.push(Move::Ask { right: false });
                }
                moves.push(Move::HangUp);
            }
            (Some(_), Channel::Open) if state.import.reads(caller.conn()) => {
                let hardened = self.situation.pair.hardens_import();
                let more = AS_COMPARING_EXPORTER.into_iter().filter(|_| comparing && hardened);
                moves.extend(AS_EXPORTER.into_iter().chain(more).filter(|word| says(word, hardened)).map(Move::Say));
                moves.push(Move::HangUp);
            }
            (Some(_), _) => moves.push(Move::HangUp),
        }
    }

    /// The answer of the importer's user: none to a question about another account, or for a password that there is not.
    fn answer(&self, state: &State) -> Option<import::Input> {
        if state.scene.answers >= self.situation.answers() {
            return None;
        }
        let prompt = state.scene.prompt.filter(|prompt| prompt.shown == Some(Owner::Honest))?;
        if self.situation.comparison.is_demanded() && state.scene.equal != Some(prompt.conn) {
            return None;
        }
        let slot = match (prompt.scheme, self.situation.scheme) {
            (Scheme::None, _) => EMPTY,
            (Scheme::Password, Scheme::Password) => PASSWORD,
            (Scheme::Password, Scheme::None) => return None,
        };
        Some(import::Input::ProvideAccountAuthentication(slot, prompt.scheme))
    }

    /// Takes a move. None: it is refused.
    fn take(&self, mut state: State, chosen: Move) -> Option<State> {
        use import::Input as I;
        let situation = &self.situation;
        match chosen {
            Move::Scan => {
                state.give_export(situation, export::Input::AddDevice(situation.scheme)).ok()?;
            }
            Move::Confirm => {
                state.scene.confirmed = true;
                let elsewhere = matches!(state.scene.wire.peer, Peer::Intruder(_));
                state.scene.weaknesses.note(Weakness::NotCompared, elsewhere);
                state.give_export(situation, export::Input::ConfirmAddDevice).ok()?;
            }
            Move::Compare(On::Export) => {
                state.scene.compares_device = false;
                let elsewhere = !state.scene.wire.is_honest();
                let equal = !elsewhere || situation.comparison == Comparison::Unsound;
                state.scene.confirmed |= equal;
                state.scene.weaknesses.note(Weakness::NotCompared, equal && elsewhere);
                state.give_export(situation, export::Input::CompareAddDevice(equal)).ok()?;
            }
            Move::Compare(On::Import) => {
                let conn = state.scene.compares_account.take()?;
                let equal = conn == PEER || situation.comparison == Comparison::Unsound;
                state.scene.equal = equal.then_some(conn);
                let input = I::CompareAccount(equal);
                let effects = state.import.take(input).ok()?;
                state.do_import(Some(conn), Some(input), &effects, None);
            }
            Move::Answer => {
                let input = self.answer(&state)?;
                let prompt = state.scene.prompt.take()?;
                state.scene.answers += 1;
                state.scene.answered = prompt.shown.map(|shown| (prompt.conn, shown));
                state.give_import(input, None).ok()?;
            }
            Move::Reach => {
                state.scene.wire.peer = Peer::NewDevice { cut: false };
                let effects = state.give_import(I::ConnectionRequested(PEER), None).ok()?;
                if !effects.contains(&import::Effect::Accept(PEER)) {
                    state.give_export(situation, export::Input::Unreachable).ok()?;
                    state.scene.wire.cut();
                    return Some(state);
                }
                let presented = Some(account(Owner::Honest));
                let opened = I::ConnectionOpened { conn: PEER, presented, verified: true };
                state.give_import(opened, None).ok()?;
                state.give_export(situation, export::Input::Opened { pinned: true }).ok()?;
            }
            Move::Deliver(On::Import) => {
                let item = state.pop(On::Import)?;
                let of = (item == Item::Archive).then_some(Owner::Honest);
                state.give_import(State::import_input(item)?, of).ok()?;
                if item == Item::Archive {
                    state.give_import(I::ArchiveComplete(PEER), of).ok()?;
                }
            }
            Move::Deliver(On::Export) => {
                let item = state.pop(On::Export)?;
                state.give_export(situation, State::export_input(item)?).ok()?;
            }
            Move::Cut => {
                state.scene.wire.cut();
                state.give_import(I::ConnectionLost(PEER), None).ok()?;
                state.give_export(situation, export::Input::Lost).ok()?;
            }
            Move::Inner(step) => {
                let effects = state.import.advance(step);
                state.do_import(None, None, &effects, None);
            }
            Move::Call(chain) => {
                state.scene.caller.chain = Some(chain);
                let conn = state.scene.caller.conn();
                let effects = state.give_import(I::ConnectionRequested(conn), None).ok()?;
                if !effects.contains(&import::Effect::Accept(conn)) {
                    state.scene.end_call();
                    return Some(state);
                }
                let presented = Some(account(chain.names()));
                let opened = I::ConnectionOpened { conn, presented, verified: chain.verifies() };
                state.give_import(opened, None).ok()?;
            }
            Move::Ask { right } => {
                let ask = if right { import::Ask::Right } else { import::Ask::Wrong };
                state.scene.caller.channel = Channel::Asked;
                state.give_import(I::ChannelRequested(state.scene.caller.conn(), ask), None).ok()?;
            }
            Move::Say(Word::Message(message)) => {
                state.give_import(I::Message(state.scene.caller.conn(), message), None).ok()?;
            }
            Move::Say(Word::Archive(of)) => {
                let conn = state.scene.caller.conn();
                state.give_import(I::ArchiveBegan(conn), Some(of)).ok()?;
                state.give_import(I::ArchiveComplete(conn), Some(of)).ok()?;
            }
            Move::HangUp => {
                let conn = state.scene.caller.conn();
                state.give_import(I::ConnectionLost(conn), None).ok()?;
                if state.scene.caller.conn() == conn {
                    state.scene.end_call();
                }
            }
            Move::Stand => {
                state.scene.wire.peer = Peer::Intruder(Channel::Absent);
                // It has the private key of its own leaf alone.
                let scanned = Key::Leaf(situation.start.scanned());
                let pinned = state.scene.known.has(Term::Private(scanned));
                state.give_export(situation, export::Input::Opened { pinned }).ok()?;
            }
            Move::Accept => {
                state.scene.wire.peer = Peer::Intruder(Channel::Open);
                state.give_export(situation, export::Input::Accepted { peer_address: ADDRESS }).ok()?;
            }
            Move::Report(Word::Message(message)) => {
                state.give_export(situation, export::Input::Message(message)).ok()?;
            }
            Move::Report(Word::Archive(_)) => return None,
            Move::Leave => {
                state.scene.wire.peer = Peer::Intruder(Channel::Ended);
                state.give_export(situation, export::Input::Lost).ok()?;
            }
        }
        Some(state)
    }
}

impl Model for Intrusion {
    type State = State;
    type Action = Move;

    fn init_states(&self) -> Vec<State> {
        vec![State::begin(&self.situation)]
    }

    fn actions(&self, state: &State, moves: &mut Vec<Move>) {
        self.offers(state, moves);
    }

    /// A move that changes nothing is not taken.
    fn next_state(&self, state: &State, chosen: Move) -> Option<State> {
        self.take(state.clone(), chosen).filter(|next| next != state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(Query::Archive.name(), |model, state| !model.violated(state).has(Query::Archive)),
            Property::always(Query::Password.name(), |model, state| !model.violated(state).has(Query::Password)),
            Property::always(Query::Code.name(), |model, state| !model.violated(state).has(Query::Code)),
            Property::always(Query::ImportAgrees.name(), |model, state| {
                !model.violated(state).has(Query::ImportAgrees)
            }),
            Property::always(Query::ExportAgrees.name(), |model, state| {
                !model.violated(state).has(Query::ExportAgrees)
            }),
            Property::always(Query::Consent.name(), |model, state| !model.violated(state).has(Query::Consent)),
            Property::always(Query::Failing.name(), |model, state| !model.violated(state).has(Query::Failing)),
            Property::always(ENDLESS, |_, _| true),
        ]
    }
}
