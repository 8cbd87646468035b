//! What is around the importing reducer: its connections, its disk, the directory.

mod carry;
mod hear;

use handfast::{
    connection::{Connection, Kind},
    import::{Check, Input},
    limits::DEFAULT_MAX_ARCHIVE,
    outcome::Side,
    reducer::ConnId,
    token::Code,
};
use handfast_model::{
    action::{Action, CallerAct, Chain, Remains},
    follow::Did,
    side::{ExportSide, ImportSide},
    world::{HONEST, INTRUDER, PEER},
};

use super::{
    hostile::Visitor,
    line::LinkEnd,
    link::transmit,
    pipe::Notice,
    schedule::DiskStep,
    session::{Event, Session, Whose},
    told::{Told, line_conn},
};

/// A fault that happens when it can.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Trap(bool);

impl Trap {
    /// It is set: it happens when it can.
    pub(super) fn arm(&mut self) -> Result<(), &'static str> {
        self.0 = true;
        Ok(())
    }

    pub(super) const fn is_armed(self) -> bool {
        self.0
    }

    /// Whether it happens now. It does once.
    pub(super) fn take(&mut self) -> bool {
        std::mem::take(&mut self.0)
    }
}

/// The importing device around its reducer.
pub(super) struct Importing {
    /// The exporters' connections, and those of visitors.
    pub(super) conns: Vec<Conn>,
    /// How many of them are exporters'.
    pub(super) lines: usize,
    /// The visitors after the further connections.
    pub(super) visitors: Vec<Visitor>,
    /// The connection whose channel was accepted.
    pub(super) session: Option<usize>,
    publishing: bool,
    /// The token's code, once it is shown.
    code: Code,
    staged: Option<Staged>,
    checking: bool,
    install: Install,
    /// Accounts that became durable.
    pub(super) stored: u8,
    pub(super) lose_request: Trap,
    pub(super) unreachable: Trap,
    pub(super) unpublishable: Trap,
    pub(super) unsecured: Trap,
    pub(super) disk: [Trap; 5],
    /// How much more time the directory takes for each errand.
    pub(super) slow: [Option<u32>; 2],
}

#[derive(Debug)]
struct Staged {
    /// The first byte says whose account it is.
    first: Option<u8>,
    bytes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Install {
    None,
    Running,
    Settled(bool),
    Reported(bool),
}

/// A connection of the importing device.
pub(super) struct Conn {
    connection: Connection,
    stage: Stage,
    /// Where the archive goes.
    sink: bool,
    /// The first byte of the archive that came last.
    first: Option<u8>,
    /// The peer has ended the channel.
    peer_ended: bool,
    /// Bytes up to here have arrived, and are read when the connection reads again.
    unread: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Away,
    Knocked,
    Open,
    Closed,
}

impl Conn {
    pub(super) fn new() -> Self {
        let mut connection = Connection::importer(DEFAULT_MAX_ARCHIVE);
        // The exporter's version is enough.
        transmit(&mut connection);
        Self { connection, stage: Stage::Away, sink: false, first: None, peer_ended: false, unread: None }
    }

    pub(super) const fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Knocked | Stage::Open)
    }

    pub(super) fn set(&mut self, stage: Stage) {
        self.stage = stage;
    }

    pub(super) const fn stage(&self) -> Stage {
        self.stage
    }

    pub(super) const fn connection_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }

    pub(super) fn close(&mut self) {
        self.stage = Stage::Closed;
    }
}

/// The code of every token: what it is does not matter.
pub(super) fn code(right: bool) -> Code {
    let number = if right { 23 } else { 42 };
    Code::from_random(number).unwrap_or_else(|| unreachable!("these are usable"))
}

impl Importing {
    /// With connections for so many exporters.
    pub(super) fn new(lines: usize) -> Self {
        Self {
            conns: std::iter::repeat_with(Conn::new).take(lines).collect(),
            lines,
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

    /// The device crashes and starts again, which removes left-overs. What is there of an account; an old one makes nothing durable.
    pub(super) fn crash(&mut self, whole: bool, old: bool) -> Remains {
        let remains = match self.install {
            Install::Reported(true) if old && !whole => Remains::Torn,
            Install::Running if whole && !old => Remains::Whole,
            Install::Settled(true) if !old => Remains::Whole,
            Install::Reported(true) => Remains::Whole,
            Install::Running | Install::Settled(_) | Install::Reported(false) | Install::None => Remains::Nothing,
        };
        self.install = if remains == Remains::Nothing { Install::None } else { Install::Reported(true) };
        (self.publishing, self.checking, self.staged) = (false, false, None);
        remains
    }

    pub(super) const fn holds_staged(&self) -> bool {
        self.staged.is_some()
    }

    /// The line of a connection, or the visitor after it.
    fn peer(&self, conn: ConnId) -> Peer {
        let number = conn_number(conn);
        number.checked_sub(self.lines).map_or(Peer::Line(number), Peer::Visitor)
    }
}

/// The device at the other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Peer {
    /// The exporter on this line.
    Line(usize),
    Visitor(usize),
}

impl Peer {
    /// What the model is told when this is heard from it.
    const fn told(self, conn: ConnId, act: CallerAct) -> Told {
        match self {
            Self::Line(line) => Told::Heard(line, act),
            Self::Visitor(_) => Told::Caller(conn, act),
        }
    }
}

pub(super) fn conn_number(conn: ConnId) -> usize {
    (conn.0 as usize).saturating_sub(PEER.0 as usize)
}

impl<I: ImportSide, E: ExportSide> Session<'_, I, E> {
    pub(super) fn published(&mut self) {
        if !std::mem::take(&mut self.importing.publishing) {
            return;
        }
        // An old one does not look whether it can be reached.
        let _ = if !self.is_old(Side::Import) && self.importing.unpublishable.take() {
            self.take_import(Some(Told::Import(Action::Unpublishable)), Input::Unpublishable)
        } else {
            self.take_import(Some(Told::Import(Action::Published)), Input::Published)
        };
    }

    pub(super) fn notice_import(&mut self, line: usize, notice: Notice) {
        let conn = line_conn(line);
        let _ = match notice {
            Notice::Request => {
                self.lines[line].knocked = true;
                if self.importing.conns[line].stage() == Stage::Closed {
                    self.importing.conns[line] = Conn::new();
                }
                // An importer that has restarted refuses it: to the other exporter's model, no importer is there any more.
                let told = if self.crashed[0] {
                    Told::Export(line, Action::Deliver(Side::Import))
                } else {
                    Told::Heard(line, CallerAct::Knock)
                };
                self.take_import(Some(told), Input::ConnectionRequested(conn))
            }
            Notice::Lost => {
                self.importing.conns[line].close();
                self.take_import(Some(Told::Heard(line, CallerAct::Drop)), Input::ConnectionLost(conn))
            }
            // No one tells an importer that.
            Notice::Opened | Notice::Refused | Notice::Absent => Ok(()),
        };
    }

    /// An exporter's connection is secured, unless somebody has given it up.
    pub(super) fn secured(&mut self, line: usize) {
        if !self.lines[line].is_securing() {
            return;
        }
        let conn = line_conn(line);
        if line == 0 && self.importing.unsecured.take() {
            self.tell(line, Side::Export, Notice::Refused);
            self.lines[line].fail();
            self.lines[line].ends[0] = LinkEnd::Closed;
            self.importing.conns[line].close();
            let told = Told::Between(line, Action::Unsecured, CallerAct::Fail);
            let _ = self.take_import(Some(told), Input::ConnectionFailed(conn));
            return;
        }
        self.lines[line].ends = [LinkEnd::Open; 2];
        self.tell(line, Side::Export, Notice::Opened);
        self.importing.conns[line].set(Stage::Open);
        let input = Input::ConnectionOpened { conn, presented: Some(HONEST), verified: true };
        let told = Told::Between(line, Action::Secured, CallerAct::Prove(Chain::Same));
        let _ = self.take_import(Some(told), input);
    }

    fn unwritable(&mut self, conn: ConnId) {
        let own = &mut self.importing.conns[conn_number(conn)];
        own.sink = false;
        self.command(Whose::Import(conn), Kind::HoldArchive, Connection::hold_archive);
        let _ = self.take_import(Some(Told::Import(Action::Unwritable)), Input::ArchiveUnwritable(conn));
    }

    pub(super) fn checked(&mut self) {
        if !std::mem::take(&mut self.importing.checking) {
            return;
        }
        let first = self.importing.staged.as_ref().and_then(|staged| staged.first);
        let check = match first {
            // An old one checks what it has in memory.
            _ if !self.is_old(Side::Import) && self.importing.disk[DiskStep::Check as usize].take() => {
                Check::Unreadable
            }
            Some(b'h') => Check::Sound(HONEST),
            Some(b'i') => Check::Sound(INTRUDER),
            Some(_) | None => Check::Unsound,
        };
        let _ = self.take_import(Some(Told::Import(Action::Checked(check))), Input::Checked(check));
    }

    /// The install is through, and the importer does not know yet.
    pub(super) fn settled(&mut self) {
        if self.importing.install != Install::Running {
            return;
        }
        let durable = !self.importing.disk[DiskStep::Install as usize].take();
        self.importing.install = Install::Settled(durable);
        if durable {
            self.importing.staged = None;
            self.importing.stored += 1;
        }
        self.follow(Told::Import(Action::Settle { durable }), Did::Nothing);
        self.queue.after(1, Event::Reported);
    }

    pub(super) fn reported(&mut self) {
        if let Install::Settled(durable) = self.importing.install {
            self.importing.install = Install::Reported(durable);
            let _ = self.take_import(Some(Told::Import(Action::Report)), Input::Installed(durable));
        }
    }
}
