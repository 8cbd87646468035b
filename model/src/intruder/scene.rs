//! The two honest sides, their link, their screens, and the intruder's connections; and what comes of each effect.

use std::collections::VecDeque;

use handfast::{
    export::{self, Tried},
    import::{self, Check},
    message::{Message, Slot, Verdict},
    outcome::{AccountId, Outcome, Scheme, Side as On, Signal},
    reducer::ConnId,
};

use crate::{
    intruder::{
        queries::{Facts, Weakness, Weaknesses},
        situation::Situation,
        terms::{Key, Knowledge, Owner, Party, Payload, Term},
    },
    system::{
        side::{AnyExport, AnyImport, Side},
        world::{ADDRESS, HONEST, INTRUDER, PEER},
    },
};

/// The empty password.
pub const EMPTY: Slot = Slot(0);
/// The password of the archive.
pub const PASSWORD: Slot = Slot(1);
/// Another one.
pub const GUESS: Slot = Slot(2);

/// Wrong codes that a token answers (R-TOK-5), stated here a second time.
const CODES_ANSWERED: u8 = 16;
/// Wrong passwords that an exporter answers (R-EXP-6), stated here a second time.
const PASSWORDS_ANSWERED: u8 = 3;

/// A state: the two sides, and all else.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// The new device.
    pub import: AnyImport,
    /// The device that has the account.
    pub export: AnyExport,
    /// The rest.
    pub scene: Scene,
}

/// All but the two sides.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scene {
    /// The intruder's knowledge.
    pub known: Knowledge,
    /// The connection that the exporter makes.
    pub wire: Wire,
    /// The connection that the intruder makes to the new device.
    pub caller: Caller,
    /// The question on the new device's screen.
    pub prompt: Option<Prompt>,
    /// The exporter's screen asks whether this is the device.
    pub asks_device: bool,
    /// The exporter's user has confirmed.
    pub confirmed: bool,
    /// The session and the account that the importer's user has agreed to last.
    pub answered: Option<(ConnId, Owner)>,
    /// How often the importer's user has answered.
    pub answers: u8,
    /// The archive in its temporary place: the session that it came through, and its account.
    pub staged: Option<(ConnId, Owner)>,
    /// The installed one.
    pub installed: Option<(ConnId, Owner)>,
    /// The sessions of the importer that are open, by connection, and how many there have been.
    pub sessions: Vec<ConnId>,
    /// Whether a session of the token has ended.
    pub spent: bool,
    /// Whether the importer has succeeded.
    pub linked: bool,
    /// Whether it has ended.
    pub over: bool,
    /// Wrong codes that were answered, up to one too many.
    pub codes: u8,
    /// Wrong passwords of the intruder that were answered, up to one too many.
    pub passwords: u8,
    /// What the queries are about.
    pub facts: Facts,
    /// The weaknesses that were used.
    pub weaknesses: Weaknesses,
}

/// The other end of the exporter's connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Peer {
    /// There is no connection.
    None,
    /// It is being made.
    Awaited,
    /// The new device, and whether the link to it is cut.
    NewDevice {
        /// Nothing arrives any more.
        cut: bool,
    },
    /// The intruder's device, and how far the channel is.
    Intruder(Channel),
}

/// How far a channel of the intruder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Channel {
    /// None is asked for.
    Absent,
    /// It is asked for.
    Asked,
    /// It is open.
    Open,
    /// It is ended, or its connection is.
    Ended,
}

/// The exporter's connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Wire {
    /// The other end.
    pub peer: Peer,
    /// On the way to the importer.
    pub to_import: VecDeque<Item>,
    /// On the way to the exporter.
    pub to_export: VecDeque<Item>,
}

impl Wire {
    /// Whether it leads to the new device, or did.
    pub const fn is_honest(&self) -> bool {
        matches!(self.peer, Peer::NewDevice { .. })
    }

    /// The intruder cuts it: what is on the way is lost.
    pub(super) fn cut(&mut self) {
        self.to_import.clear();
        self.to_export.clear();
        self.peer = Peer::NewDevice { cut: true };
    }
}

/// Something on the way between the two honest devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Item {
    /// The request for the token's channel.
    Request,
    /// Its acceptance.
    Accepted,
    /// Its refusal.
    Declined,
    /// A message.
    Message(Message),
    /// The archive.
    Archive,
    /// The end of the channel.
    End,
    /// The end of the connection.
    Lost,
}

/// The intruder's connection to the new device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Caller {
    /// Its number among the intruder's, from 0.
    pub number: u8,
    /// The chain that was shown on it; none where there is no connection.
    pub chain: Option<Chain>,
    /// How far the channel is.
    pub channel: Channel,
}

/// The chain that the intruder shows. Its leaf is always the intruder's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Chain {
    /// Of its own account.
    Own,
    /// Its leaf below the certificate of the honest account, which did not sign it.
    Forged,
    /// Of the honest account, signed with its stolen key.
    Stolen,
}

/// A question on the new device's screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Prompt {
    /// The session that it is shown for.
    pub conn: ConnId,
    /// The account that it shows; none where it is neither of the two.
    pub shown: Option<Owner>,
    /// The scheme of the answer.
    pub scheme: Scheme,
}

impl Caller {
    /// The connection, as the importer names it.
    pub const fn conn(self) -> ConnId {
        ConnId(PEER.0 + 1 + self.number as u32)
    }
}

impl Chain {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Own, Self::Forged, Self::Stolen];

    /// The account that it names.
    pub const fn names(self) -> Owner {
        match self {
            Self::Own => Owner::Intruder,
            Self::Forged | Self::Stolen => Owner::Honest,
        }
    }

    /// Whether its signatures hold.
    pub const fn verifies(self) -> bool {
        !matches!(self, Self::Forged)
    }

    /// The certificate of the leaf, which the intruder has to have where it verifies.
    pub const fn needs(self) -> Option<Term> {
        match self {
            Self::Forged => None,
            Self::Own | Self::Stolen => Some(Term::Certificate(Key::Leaf(Party::Intruder), Key::Account(self.names()))),
        }
    }
}

/// The id of an account.
pub(super) const fn account(owner: Owner) -> AccountId {
    match owner {
        Owner::Honest => HONEST,
        Owner::Intruder => INTRUDER,
    }
}

fn owner(account: AccountId) -> Option<Owner> {
    [(HONEST, Owner::Honest), (INTRUDER, Owner::Intruder)].into_iter().find(|(id, _)| *id == account).map(|(_, of)| of)
}

impl Scene {
    fn learn(&mut self, term: Term) {
        self.known = self.known.and(term);
    }

    /// The account that the peer of a connection of the importer has proved.
    fn proved(&self, conn: ConnId) -> Option<Owner> {
        if conn == PEER {
            return Some(Owner::Honest);
        }
        self.caller.chain.filter(|chain| conn == self.caller.conn() && chain.verifies()).map(Chain::names)
    }

    /// Notes that an archive is made durable.
    fn install(&mut self) {
        let Some((conn, of)) = self.staged else { return };
        let answered = self.answered.filter(|(session, _)| *session == conn);
        let bound = answered.is_some_and(|(_, shown)| shown == of);
        self.facts.install_unasked |= !bound || self.proved(conn) != Some(of);
        self.weaknesses.note(Weakness::Unasked, answered.is_none());
        self.weaknesses.note(Weakness::Unbound, answered.is_some() && !bound);
        self.installed = self.staged;
    }

    fn import_done(&mut self, outcome: Outcome) {
        self.prompt = None;
        self.over = true;
        if !outcome.is_success() {
            return;
        }
        let agreed = self.confirmed && self.wire.is_honest() && self.answered == Some((PEER, Owner::Honest));
        self.facts.import_alone |= !agreed || self.installed != Some((PEER, Owner::Honest));
        self.facts.import_twice |= self.linked;
        self.linked = true;
    }

    fn export_done(&mut self, outcome: Outcome) {
        self.asks_device = false;
        let Outcome::Success { confirmed } = outcome else { return };
        let elsewhere = !self.wire.is_honest();
        self.facts.export_elsewhere |= elsewhere;
        let early = confirmed && !elsewhere && self.installed != Some((PEER, Owner::Honest));
        self.facts.export_early |= early;
        self.weaknesses.note(Weakness::Early, early);
    }

    /// A session of the importer begins.
    fn begin_session(&mut self, conn: ConnId) {
        self.weaknesses.note(Weakness::Parallel, !self.sessions.is_empty());
        self.weaknesses.note(Weakness::TokenAgain, self.spent);
        self.sessions.push(conn);
        self.sessions.sort_unstable();
    }

    fn end_session(&mut self, conn: ConnId) {
        self.spent |= self.sessions.contains(&conn);
        self.sessions.retain(|session| *session != conn);
    }

    /// The end of the intruder's connection to the new device: another one may follow.
    pub(super) fn end_call(&mut self) {
        let Caller { number, .. } = self.caller;
        self.end_session(self.caller.conn());
        self.caller = Caller { number: number + 1, chain: None, channel: Channel::Absent };
    }

    fn to_import(&mut self, item: Item) {
        if self.wire.peer == (Peer::NewDevice { cut: false }) {
            self.wire.to_import.push_back(item);
        }
    }

    fn to_export(&mut self, item: Item) {
        if self.wire.peer == (Peer::NewDevice { cut: false }) {
            self.wire.to_export.push_back(item);
        }
    }
}

impl State {
    /// Returns the state in which the token is shown and nothing is scanned.
    pub fn begin(situation: &Situation) -> Self {
        let (import, export) = situation.sides();
        let scene = Scene {
            known: situation.start.knowledge(),
            wire: Wire { peer: Peer::None, to_import: VecDeque::new(), to_export: VecDeque::new() },
            caller: Caller { number: 0, chain: None, channel: Channel::Absent },
            prompt: None,
            asks_device: false,
            confirmed: false,
            answered: None,
            answers: 0,
            staged: None,
            installed: None,
            sessions: Vec::new(),
            spent: false,
            linked: false,
            over: false,
            codes: 0,
            passwords: 0,
            facts: Facts::default(),
            weaknesses: Weaknesses::default(),
        };
        let mut state = Self { import, export, scene };
        // A call on a side that has not begun is never refused.
        let _ = state.give_import(import::Input::AddAccount, None);
        state
    }

    /// Gives the importer an input, and does what its shell would do, up to where it waits for others. `of` is the account of an
    /// archive that arrives. Returns the effects of the input itself.
    ///
    /// # Errors
    /// The call is refused.
    pub(super) fn give_import(
        &mut self,
        input: import::Input,
        of: Option<Owner>,
    ) -> Result<Vec<import::Effect>, handfast::reducer::Refused> {
        let effects = self.import.take(input)?;
        self.do_import(input.conn(), Some(input), &effects, of);
        if let import::Input::ConnectionLost(conn) | import::Input::ChannelEnded(conn) = input {
            self.scene.end_session(conn);
        }
        Ok(effects)
    }

    /// Does what the importer's shell would do with these effects.
    pub(super) fn do_import(
        &mut self,
        conn: Option<ConnId>,
        input: Option<import::Input>,
        effects: &[import::Effect],
        of: Option<Owner>,
    ) {
        use import::Effect as E;
        for &effect in effects {
            let scene = &mut self.scene;
            let follows = match effect {
                E::Publish => Some(import::Input::Published),
                E::Check => scene.staged.map(|(_, of)| import::Input::Checked(Check::Sound(account(of)))),
                E::Install => {
                    scene.install();
                    Some(import::Input::Installed(true))
                }
                E::Stage(_) => {
                    scene.staged = conn.zip(of);
                    None
                }
                E::Discard => {
                    scene.staged = None;
                    None
                }
                E::Signal(Signal::Prompt { peer, scheme, .. }) => {
                    let shown = owner(peer);
                    scene.prompt = conn.map(|conn| Prompt { conn, shown, scheme });
                    let proved = conn.and_then(|conn| scene.proved(conn));
                    scene.weaknesses.note(Weakness::Forged, shown == Some(Owner::Honest) && proved != shown);
                    None
                }
                E::Signal(Signal::Done(outcome)) => {
                    scene.import_done(outcome);
                    None
                }
                E::AcceptChannel(conn) => {
                    scene.begin_session(conn);
                    match conn {
                        PEER => scene.to_export(Item::Accepted),
                        _ => scene.caller.channel = Channel::Open,
                    }
                    None
                }
                E::DeclineChannel(conn) => {
                    match conn {
                        PEER => scene.to_export(Item::Declined),
                        _ => scene.caller.channel = Channel::Absent,
                    }
                    // An answer tells something of the code as long as the right one would have another.
                    let waits = scene.sessions.is_empty() && !scene.spent && !scene.over;
                    if waits && matches!(input, Some(import::Input::ChannelRequested(_, import::Ask::Wrong))) {
                        scene.codes = (scene.codes + 1).min(CODES_ANSWERED + 1);
                        let unlimited = scene.codes > CODES_ANSWERED;
                        scene.facts.codes_unlimited |= unlimited;
                        scene.weaknesses.note(Weakness::Unlimited, unlimited);
                    }
                    None
                }
                E::Send(conn, message) => {
                    if let Message::Password(PASSWORD) = message {
                        scene.learn(if conn == PEER { Term::Sealed(Payload::Password) } else { Term::Password });
                    }
                    if conn == PEER {
                        scene.to_export(Item::Message(message));
                    }
                    None
                }
                E::End(conn) => {
                    scene.end_session(conn);
                    match conn {
                        PEER => scene.to_export(Item::End),
                        _ => scene.caller.channel = Channel::Ended,
                    }
                    None
                }
                E::Close(PEER) => {
                    scene.end_session(PEER);
                    scene.to_export(Item::Lost);
                    None
                }
                E::Close(_) => {
                    scene.end_call();
                    None
                }
                E::Signal(_) | E::Withdraw | E::Accept(_) | E::Refuse(_) | E::Arm(_) | E::Disarm(_) | E::Remove => None,
            };
            if let Some(input) = follows
                && let Ok(effects) = self.import.take(input)
            {
                self.do_import(conn.or(self.scene.staged.map(|(conn, _)| conn)), Some(input), &effects, of);
            }
        }
    }

    /// Gives the exporter an input, and does what its shell would do.
    ///
    /// # Errors
    /// The call is refused.
    pub(super) fn give_export(
        &mut self,
        situation: &Situation,
        input: export::Input,
    ) -> Result<Vec<export::Effect>, handfast::reducer::Refused> {
        let effects = self.export.take(input)?;
        self.do_export(situation, &effects);
        // Today's exporter takes the steps of its own at once: they only put off what the intruder cannot change.
        while let Some(&step) = self.export.inner().first() {
            let effects = self.export.advance(step);
            self.do_export(situation, &effects);
        }
        Ok(effects)
    }

    /// Does what the exporter's shell would do with these effects.
    pub(super) fn do_export(&mut self, situation: &Situation, effects: &[export::Effect]) {
        use export::Effect as E;
        for &effect in effects {
            let scene = &mut self.scene;
            let elsewhere = matches!(scene.wire.peer, Peer::Intruder(_));
            let follows = match effect {
                E::Connect => {
                    scene.wire.peer = Peer::Awaited;
                    None
                }
                E::RequestChannel => {
                    let scanned = situation.start.scanned();
                    if elsewhere {
                        scene.wire.peer = Peer::Intruder(Channel::Asked);
                        scene.learn(Term::Code(scanned));
                        scene.weaknesses.note(Weakness::Unpinned, scanned != Party::Intruder);
                    } else {
                        scene.learn(Term::Sealed(Payload::Code));
                        scene.to_import(Item::Request);
                    }
                    None
                }
                E::Send(message) => {
                    if elsewhere && matches!(message, Message::Verdict(Verdict::Wrong | Verdict::Final)) {
                        scene.passwords = (scene.passwords + 1).min(PASSWORDS_ANSWERED + 1);
                        let uncounted = scene.passwords > PASSWORDS_ANSWERED;
                        scene.facts.passwords_unlimited |= uncounted || !scene.confirmed;
                        scene.weaknesses.note(Weakness::Uncounted, uncounted);
                    }
                    scene.to_import(Item::Message(message));
                    None
                }
                E::Open(slot) => {
                    scene.weaknesses.note(Weakness::Unconfirmed, !scene.confirmed);
                    let right = if situation.scheme == Scheme::None { EMPTY } else { PASSWORD };
                    let tried = if slot == right { Tried::Opened } else { Tried::Wrong };
                    Some(export::Input::Tried(slot, tried))
                }
                E::SendArchive => {
                    scene.facts.sent_elsewhere |= elsewhere || !scene.confirmed;
                    let sent = if elsewhere { Term::Archive(Owner::Honest) } else { Term::Sealed(Payload::Archive) };
                    scene.learn(sent);
                    scene.to_import(Item::Archive);
                    situation.pair.hardens_export().then_some(export::Input::HandedOver)
                }
                E::End => {
                    scene.to_import(Item::End);
                    if elsewhere {
                        scene.wire.peer = Peer::Intruder(Channel::Ended);
                    }
                    None
                }
                E::Close => {
                    scene.to_import(Item::Lost);
                    if elsewhere {
                        scene.wire.peer = Peer::Intruder(Channel::Ended);
                    }
                    None
                }
                E::Signal(Signal::Confirm { .. }) => {
                    scene.asks_device = true;
                    None
                }
                E::Signal(Signal::Done(outcome)) => {
                    scene.export_done(outcome);
                    None
                }
                E::Signal(_) | E::Arm(_) | E::Disarm(_) => None,
            };
            if let Some(input) = follows
                && let Ok(effects) = self.export.take(input)
            {
                self.do_export(situation, &effects);
            }
        }
    }

    /// Takes the next item on the way to a side.
    pub(super) fn pop(&mut self, to: On) -> Option<Item> {
        match to {
            On::Import => self.scene.wire.to_import.pop_front(),
            On::Export => self.scene.wire.to_export.pop_front(),
        }
    }

    /// The input that an item is to the importer; of the archive, its first.
    pub(super) const fn import_input(item: Item) -> Option<import::Input> {
        use import::Input as I;
        Some(match item {
            Item::Request => I::ChannelRequested(PEER, import::Ask::Right),
            Item::Message(message) => I::Message(PEER, message),
            Item::Archive => I::ArchiveBegan(PEER),
            Item::End => I::ChannelEnded(PEER),
            Item::Lost => I::ConnectionLost(PEER),
            Item::Accepted | Item::Declined => return None,
        })
    }

    /// The input that an item is to the exporter.
    pub(super) const fn export_input(item: Item) -> Option<export::Input> {
        use export::Input as I;
        Some(match item {
            Item::Accepted => I::Accepted { peer_address: ADDRESS },
            Item::Declined => I::Declined,
            Item::Message(message) => I::Message(message),
            Item::End => I::Ended,
            Item::Lost => I::Lost,
            Item::Request | Item::Archive => return None,
        })
    }
}
