//! The importing device around its reducer: its connections, its disk, the directory.

use handfast::{connection::Connection, limits::DEFAULT_MAX_ARCHIVE, reducer::ConnId, sas::Comparison, token::Code};
use handfast_model::{
    action::{CallerAct, Remains},
    world::PEER,
};

use crate::event::state::{model_step::ModelStep, visitor::Visitor, wire::transmit};

/// A fault that happens when it can.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Trap(bool);

impl Trap {
    /// It is set: it happens when it can.
    pub(crate) fn arm(&mut self) -> Result<(), &'static str> {
        self.0 = true;
        Ok(())
    }

    pub(crate) const fn is_armed(self) -> bool {
        self.0
    }

    /// Whether it happens now. It does once.
    pub(crate) fn take(&mut self) -> bool {
        std::mem::take(&mut self.0)
    }
}

/// The importing device around its reducer.
pub(crate) struct Importing {
    /// The exporters' connections, and those of visitors.
    pub(crate) conns: Vec<Conn>,
    /// How many of them are exporters'.
    pub(crate) links: usize,
    /// The visitors after the further connections.
    pub(crate) visitors: Vec<Visitor>,
    /// The connection whose channel was accepted.
    pub(crate) session: Option<usize>,
    pub(crate) publishing: bool,
    /// The token's code, once it is shown.
    pub(crate) code: Code,
    pub(crate) staged: Option<Staged>,
    pub(crate) checking: bool,
    pub(crate) install: Install,
    /// Accounts that became durable.
    pub(crate) stored: u8,
    pub(crate) lose_request: Trap,
    pub(crate) unreachable: Trap,
    pub(crate) unpublishable: Trap,
    pub(crate) unsecured: Trap,
    pub(crate) disk: [Trap; 5],
    /// How much more time the directory takes for each errand.
    pub(crate) slow: [Option<u32>; 2],
}

#[derive(Debug)]
pub(crate) struct Staged {
    /// The first byte says whose account it is.
    pub(crate) first: Option<u8>,
    pub(crate) bytes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Install {
    None,
    Running,
    Settled(bool),
    Reported(bool),
}

/// A connection of the importing device.
pub(crate) struct Conn {
    pub(crate) connection: Connection,
    pub(crate) stage: ConnState,
    /// Where the archive goes.
    pub(crate) sink: bool,
    /// The first byte of the archive that came last.
    pub(crate) first: Option<u8>,
    /// The peer has ended the channel.
    pub(crate) peer_ended: bool,
    /// The values of this end, once the channel is accepted; none where the importer does not compare.
    pub(crate) comparison: Option<Comparison>,
    /// Bytes up to here have arrived, and are read when the connection reads again.
    pub(crate) unread: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConnState {
    Away,
    Requested,
    Open,
    Closed,
}

impl Conn {
    pub(crate) fn new() -> Self {
        let mut connection = Connection::importer(DEFAULT_MAX_ARCHIVE);
        // The exporter's version is enough.
        transmit(&mut connection);
        Self {
            connection,
            stage: ConnState::Away,
            sink: false,
            first: None,
            peer_ended: false,
            comparison: None,
            unread: None,
        }
    }

    pub(crate) const fn is_open(&self) -> bool {
        matches!(self.stage, ConnState::Requested | ConnState::Open)
    }

    pub(crate) fn set(&mut self, stage: ConnState) {
        self.stage = stage;
    }

    pub(crate) const fn stage(&self) -> ConnState {
        self.stage
    }

    pub(crate) const fn connection_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }

    pub(crate) fn close(&mut self) {
        self.stage = ConnState::Closed;
    }
}

/// The code of every token: what it is does not matter.
pub(crate) fn code(right: bool) -> Code {
    let number = if right { 23 } else { 42 };
    Code::from_random(number).unwrap_or_else(|| unreachable!("these are usable"))
}

impl Importing {
    /// With connections for so many exporters.
    pub(crate) fn new(links: usize) -> Self {
        Self {
            conns: std::iter::repeat_with(Conn::new).take(links).collect(),
            links,
            visitors: Vec::new(),
            session: None,
            publishing: false,
            code: code(true),
            staged: None,
            checking: false,
            install: Install::None,
            stored: 0,
            lose_request: Trap::default(),
            unreachable: Trap::default(),
            unpublishable: Trap::default(),
            unsecured: Trap::default(),
            disk: Default::default(),
            slow: [None; 2],
        }
    }

    /// The device crashes and starts again, which removes left-overs. Returns the stored account; an old one makes nothing durable.
    pub(crate) fn crash(&mut self, whole: bool, legacy: bool) -> Remains {
        let remains = match self.install {
            Install::Reported(true) if legacy && !whole => Remains::Torn,
            Install::Running if whole && !legacy => Remains::Whole,
            Install::Settled(true) if !legacy => Remains::Whole,
            Install::Reported(true) => Remains::Whole,
            Install::Running | Install::Settled(_) | Install::Reported(false) | Install::None => Remains::Nothing,
        };
        self.install = if remains == Remains::Nothing { Install::None } else { Install::Reported(true) };
        (self.publishing, self.checking, self.staged) = (false, false, None);
        remains
    }

    pub(crate) const fn holds_staged(&self) -> bool {
        self.staged.is_some()
    }

    /// The link of a connection, or the visitor after it.
    pub(crate) fn peer(&self, conn: ConnId) -> Peer {
        let number = conn_number(conn);
        number.checked_sub(self.links).map_or(Peer::Link(number), Peer::Visitor)
    }
}

/// The device at the other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    /// The exporter on this link.
    Link(usize),
    Visitor(usize),
}

impl Peer {
    /// Returns the step of the model when this is received from it.
    pub(crate) const fn model_step(self, conn: ConnId, act: CallerAct) -> ModelStep {
        match self {
            Self::Link(link) => ModelStep::Received(link, act),
            Self::Visitor(_) => ModelStep::Caller(conn, act),
        }
    }
}

pub(crate) fn conn_number(conn: ConnId) -> usize {
    (conn.0 as usize).saturating_sub(PEER.0 as usize)
}
