//! The events of a session, and its parties.

use handfast::{limits::Timer, outcome::Side, reducer::ConnId};

use crate::event::state::pipe::Notice;

/// One of those who take part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Party {
    Import,
    /// The exporter on this link.
    Export(usize),
}

impl Party {
    /// As many as there are at most.
    pub(crate) const COUNT: usize = 3;

    pub(crate) const fn index(self) -> usize {
        match self {
            Self::Import => 0,
            Self::Export(link) => 1 + link,
        }
    }

    pub(crate) const fn side(self) -> Side {
        match self {
            Self::Import => Side::Import,
            Self::Export(_) => Side::Export,
        }
    }

    /// Whom a fault of this side is about.
    pub(crate) const fn of(side: Side) -> Self {
        match side {
            Side::Import => Self::Import,
            Side::Export => Self::Export(0),
        }
    }
}

impl std::fmt::Display for Party {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Import => "import",
            Self::Export(0) => "export",
            Self::Export(_) => "rival",
        })
    }
}

/// An end of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Whose {
    Import(ConnId),
    /// The exporter on this link.
    Export(usize),
}

/// Something that is planned.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    /// A user does what is next: begins, answers, confirms.
    Begin(Party),
    Answer(u8),
    GiveUp,
    Confirm(usize),
    Compare(Party),
    /// The directory has an answer.
    Published,
    Secured(usize),
    /// Bytes up to here arrive: at the importer on this connection, or at the exporter of a link.
    Arrive(ConnId, u64),
    ArriveAtExporter(usize, u64),
    /// A notice arrives.
    Notice(usize, Side, Notice, u32),
    /// Work is done.
    Opened(usize),
    Checked,
    Settled,
    Reported,
    SendMore(usize, u32),
    /// A timer runs out, unless it was started again.
    Fire(Party, Timer, u32),
    /// A fault begins.
    Fault(u16),
    /// A visitor or the device does what is next.
    Visitor(u8),
    Device,
    /// No one secures a connection for a request that came again.
    Unanswered(ConnId),
    /// A side takes a step of its own: what it had posted.
    Posted(Side),
}

/// The index of a side.
pub(crate) const fn index(side: Side) -> usize {
    match side {
        Side::Import => 0,
        Side::Export => 1,
    }
}

/// The other side.
pub(crate) const fn other(side: Side) -> Side {
    match side {
        Side::Import => Side::Export,
        Side::Export => Side::Import,
    }
}
