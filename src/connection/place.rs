//! The rows and columns of the connection's table: where it is, and what it takes there.

use core::fmt;

/// Where a connection is: a row of its table. Two connections of a side that are at the same place do the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// How far the session's channel is.
    pub phase: Phase,
    /// The work under way.
    pub doing: Doing,
}

/// How far the session's channel of a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// There is none.
    Free,
    /// Export: it is requested, and not answered.
    Requested,
    /// It is open in both directions.
    Open,
    /// It is open, and the peer's data is skipped: it is no message.
    Garbled,
    /// The peer has ended it; this side has not.
    PeerEnded,
    /// This side has ended it; the peer has not. The peer's data is skipped.
    Ended,
    /// Both have ended it.
    Over,
    /// This side has not ended it, and nothing is received any more: what came is no frame.
    Discarding,
    /// The same, after this side's end.
    DiscardingEnded,
    /// The connection is closed, or there is nothing left but to close it. Nothing is received, no command is carried out.
    Closed,
}

/// The work under way on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Doing {
    /// Nothing that lasts.
    Nothing,
    /// Import: a request waits for its answer; nothing is read.
    Answering,
    /// Import: the same, in the middle of an archive.
    AnsweringAmidArchive,
    /// Import: an archive waits for its place; nothing is read.
    Placing,
    /// Import: an archive is received.
    Receiving,
    /// Export: an archive is sent.
    Sending,
    /// Export: all bytes of the archive are transmitted, and its end is not confirmed; nothing is read.
    Finishing,
}

impl Place {
    /// Its name, which no place of a reducer has.
    pub const fn name(self) -> &'static str {
        macro_rules! name {
            ($phase:literal) => {
                match self.doing {
                    Doing::Nothing => concat!("connection ", $phase),
                    Doing::Answering => concat!("connection ", $phase, ", answering"),
                    Doing::AnsweringAmidArchive => concat!("connection ", $phase, ", answering amid an archive"),
                    Doing::Placing => concat!("connection ", $phase, ", placing an archive"),
                    Doing::Receiving => concat!("connection ", $phase, ", receiving an archive"),
                    Doing::Sending => concat!("connection ", $phase, ", sending an archive"),
                    Doing::Finishing => concat!("connection ", $phase, ", finishing an archive"),
                }
            };
        }
        match self.phase {
            Phase::Free => name!("free"),
            Phase::Requested => name!("requested"),
            Phase::Open => name!("open"),
            Phase::Garbled => name!("garbled"),
            Phase::PeerEnded => name!("ended by the peer"),
            Phase::Ended => name!("ended"),
            Phase::Over => name!("over"),
            Phase::Discarding => name!("discarding"),
            Phase::DiscardingEnded => name!("discarding and ended"),
            Phase::Closed => name!("closed"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $name:literal,)*) => {
        /// An input of a connection: a column of its table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $($(#[$doc])* $kind,)*
        }

        impl Kind {
            /// All of them: what is received, then the commands.
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// Its name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }
        }
    };
}

kinds! {
    /// Received: the version.
    Version "version",
    /// Received: a beacon that asks for one.
    Beacon "beacon",
    /// Received: a beacon that answers.
    BeaconAnswer "beacon answer",
    /// Received: a control message of an unknown kind.
    Unknown "unknown control message",
    /// Received: a request for a channel that can be opened.
    Request "request",
    /// Received: a request for a number that is reserved or in use, or from a side that has no channel to request.
    UselessRequest "useless request",
    /// Received: the channel is accepted.
    Acceptance "acceptance",
    /// Received: the channel is declined.
    Refusal "refusal",
    /// Received: an answer to a request that was not made, or has been answered.
    StrayAnswer "stray answer",
    /// Received: a message.
    Message "message",
    /// Received: the beginning of an archive.
    ArchiveBegan "archive began",
    /// Received: bytes of an archive.
    ArchiveSlice "archive slice",
    /// Received: the end of an archive.
    ArchiveEnded "archive ended",
    /// Received: the end of the session's channel.
    End "end",
    /// Received: a frame of a channel that is not open.
    Stray "stray frame",
    /// Received: data of the session's channel that is no message.
    NoMessage "no message",
    /// Received: bytes that are no frame.
    NoFrame "no frame",
    /// [`Connection::accept`](super::Connection::accept).
    Accept "accept()",
    /// [`Connection::decline`](super::Connection::decline).
    Decline "decline()",
    /// [`Connection::request_channel`](super::Connection::request_channel).
    RequestChannel "request_channel()",
    /// [`Connection::send`](super::Connection::send).
    Send "send()",
    /// [`Connection::begin_archive`](super::Connection::begin_archive).
    BeginArchive "begin_archive()",
    /// [`Connection::archive`](super::Connection::archive).
    Archive "archive()",
    /// [`Connection::finish_archive`](super::Connection::finish_archive).
    FinishArchive "finish_archive()",
    /// [`Connection::take_archive`](super::Connection::take_archive).
    TakeArchive "take_archive()",
    /// [`Connection::hold_archive`](super::Connection::hold_archive).
    HoldArchive "hold_archive()",
    /// [`Connection::end`](super::Connection::end).
    EndChannel "end()",
    /// [`Connection::close`](super::Connection::close).
    Close "close()",
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
