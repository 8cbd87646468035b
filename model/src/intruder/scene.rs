//! The two honest sides, their link, their screens, and the intruder's connections; and what comes of each effect.

mod effects;

use std::collections::VecDeque;

use handfast::{
    import,
    message::{Message, Slot},
    outcome::{AccountId, Outcome, Scheme},
    reducer::ConnId,
};

use crate::{
    intruder::{
        queries::{Facts, Weakness, Weaknesses},
        situation::Situation,
        terms::{Key, Knowledge, Owner, Party, Term},
    },
    system::{
        side::{AnyExport, AnyImport},
        world::{HONEST, INTRUDER, PEER},
    },
};

/// The empty password.
pub const EMPTY: Slot = Slot(0);
/// The password of the archive.
pub const PASSWORD: Slot = Slot(1);
/// Another one.
pub const GUESS: Slot = Slot(2);

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
    /// The new device's screen asks whether the two show the same string, in this session.
    pub compares_account: Option<ConnId>,
    /// The exporter's screen asks that.
    pub compares_device: bool,
    /// The session in which the importer's user said that they do.
    pub equal: Option<ConnId>,
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
    /// The facts that the queries are about.
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
    /// The account on the screen. `None`: neither of the two known accounts.
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

/// The account with an id.
pub(super) fn owner(account: AccountId) -> Option<Owner> {
    [(HONEST, Owner::Honest), (INTRUDER, Owner::Intruder)].into_iter().find(|(id, _)| *id == account).map(|(_, of)| of)
}

impl Scene {
    pub(super) fn learn(&mut self, term: Term) {
        self.known = self.known.and(term);
    }

    /// The account that the peer of a connection of the importer has proved.
    pub(super) fn proved(&self, conn: ConnId) -> Option<Owner> {
        if conn == PEER {
            return Some(Owner::Honest);
        }
        self.caller.chain.filter(|chain| conn == self.caller.conn() && chain.verifies()).map(Chain::names)
    }

    /// Notes that an archive is made durable.
    pub(super) fn install(&mut self) {
        let Some((conn, of)) = self.staged else { return };
        let answered = self.answered.filter(|(session, _)| *session == conn);
        let bound = answered.is_some_and(|(_, shown)| shown == of);
        self.facts.install_unasked |= !bound || self.proved(conn) != Some(of);
        self.weaknesses.note(Weakness::Unasked, answered.is_none());
        self.weaknesses.note(Weakness::Unbound, answered.is_some() && !bound);
        self.installed = self.staged;
    }

    pub(super) fn import_done(&mut self, outcome: Outcome) {
        (self.prompt, self.compares_account) = (None, None);
        self.over = true;
        if !outcome.is_success() {
            return;
        }
        let agreed = self.confirmed && self.wire.is_honest() && self.answered == Some((PEER, Owner::Honest));
        self.facts.import_alone |= !agreed || self.installed != Some((PEER, Owner::Honest));
        self.facts.import_twice |= self.linked;
        self.linked = true;
    }

    pub(super) fn export_done(&mut self, outcome: Outcome) {
        (self.asks_device, self.compares_device) = (false, false);
        let Outcome::Success { confirmed } = outcome else { return };
        let elsewhere = !self.wire.is_honest();
        self.facts.export_elsewhere |= elsewhere;
        let early = confirmed && !elsewhere && self.installed != Some((PEER, Owner::Honest));
        self.facts.export_early |= early;
        self.weaknesses.note(Weakness::Early, early);
    }

    /// A session of the importer begins.
    pub(super) fn begin_session(&mut self, conn: ConnId) {
        self.weaknesses.note(Weakness::Parallel, !self.sessions.is_empty());
        self.weaknesses.note(Weakness::TokenAgain, self.spent);
        self.sessions.push(conn);
        self.sessions.sort_unstable();
    }

    pub(super) fn end_session(&mut self, conn: ConnId) {
        self.spent |= self.sessions.contains(&conn);
        self.sessions.retain(|session| *session != conn);
    }

    /// The end of the intruder's connection to the new device: another one may follow.
    pub(super) fn end_call(&mut self) {
        let Caller { number, .. } = self.caller;
        self.end_session(self.caller.conn());
        self.caller = Caller { number: number + 1, chain: None, channel: Channel::Absent };
    }

    pub(super) fn send_importer(&mut self, item: Item) {
        if self.wire.peer == (Peer::NewDevice { cut: false }) {
            self.wire.to_import.push_back(item);
        }
    }

    pub(super) fn send_exporter(&mut self, item: Item) {
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
            compares_account: None,
            compares_device: false,
            equal: None,
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
}
