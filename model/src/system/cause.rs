//! The cause of a side's end.

use handfast::{
    export, import,
    limits::Timer,
    message::{Message, Verdict},
};
use serde::Serialize;

/// The cause of a side's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Cause {
    /// Its user.
    Call,
    /// A timer of its own.
    Timer(Timer),
    /// Its disk, in the middle of a message that it sends or gets: it cannot be put into words.
    Unspoken,
    /// Anything else of its own: an install, an opened archive, too many wrong codes.
    Local,
    /// The peer broke a rule.
    Rule,
    /// The peer said how it ended.
    Received,
    /// The peer ended the channel, or turned the connection away.
    Ended,
    /// The link was lost.
    Lost,
}

impl Cause {
    /// Whether the side decided itself, before it learned of the other's end.
    pub const fn is_own(self) -> bool {
        !matches!(self, Self::Received | Self::Ended | Self::Lost)
    }

    /// That of an import which an input ended.
    pub const fn of_import(input: import::Input) -> Self {
        use import::Input as I;
        match input {
            I::AddAccount | I::ProvideAccountAuthentication(..) | I::CompareAccount(_) | I::RemoveAccount => Self::Call,
            I::Fired(timer) => Self::Timer(timer),
            I::ArchiveUnwritable(_) => Self::Unspoken,
            I::Message(_, Message::State(_) | Message::Verdict(Verdict::Final)) => Self::Received,
            I::Message(..) | I::Malformed(_) | I::ArchiveBegan(_) => Self::Rule,
            I::ChannelEnded(_) => Self::Ended,
            I::ConnectionLost(_) | I::ConnectionFailed(_) => Self::Lost,
            I::Published
            | I::Unpublishable
            | I::ConnectionRequested(_)
            | I::ConnectionRequestedFrom(..)
            | I::ConnectionAnswered(_)
            | I::ConnectionsExhausted
            | I::ConnectionOpened { .. }
            | I::ChannelRequested(..)
            | I::ArchiveProgressed(_)
            | I::ArchiveComplete(_)
            | I::Checked(_)
            | I::Installed(_) => Self::Local,
        }
    }

    /// That of an export which an input ended.
    pub const fn of_export(input: export::Input) -> Self {
        use export::Input as I;
        match input {
            I::AddDevice(_) | I::ConfirmAddDevice | I::CompareAddDevice(_) | I::CancelAddDevice => Self::Call,
            I::Fired(timer) => Self::Timer(timer),
            I::SendFailed => Self::Unspoken,
            I::Message(Message::State(_) | Message::ImportResult(_)) => Self::Received,
            I::Message(_) | I::Malformed => Self::Rule,
            I::Declined | I::Ended | I::Unreachable => Self::Ended,
            I::Lost | I::Failed => Self::Lost,
            I::Opened { .. } | I::Accepted { .. } | I::Tried(..) | I::Progressed | I::HandedOver => Self::Local,
        }
    }
}
