//! The inputs and effects of an import operation.

use serde::{Deserialize, Serialize};

use crate::{
    limits::Timer,
    message::{Message, Slot},
    mux::ChannelName,
    outcome::{AccountId, Scheme, Signal},
    reducer::{ConnId, Origin, TimerEffect},
    token::{self, Code},
};

/// An input of an import operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Input {
    /// Call: `addAccount` with `Account.archiveURL="jami-auth"` (R-API-1).
    AddAccount,
    /// Call: `provideAccountAuthentication` (R-API-2). The credentials are in the shell's slot.
    ProvideAccountAuthentication(Slot, Scheme),
    /// Call: `compareAccount` (R-SAS-5): whether the user says that both screens show the same string.
    CompareAccount(bool),
    /// Call: `removeAccount` (R-API-3).
    RemoveAccount,

    /// Directory: the device can be reached.
    Published,
    /// Directory: it cannot be made reachable.
    Unpublishable,

    /// A peer asks for a connection. Where it is, is not known.
    ConnectionRequested(ConnId),
    /// A peer at this address asks for a connection.
    ConnectionRequestedFrom(ConnId, Origin),
    /// The first bytes arrived on a connection, and it is not secured yet.
    ConnectionAnswered(ConnId),
    /// A connection is secured.
    ConnectionOpened {
        /// Which one.
        conn: ConnId,
        /// The account that the peer's chain names: the short id of its account certificate, if there is one.
        presented: Option<AccountId>,
        /// Whether every signature of the chain holds, up to its top (R-SEC-1).
        verified: bool,
    },
    /// A connection could not be secured.
    ConnectionFailed(ConnId),
    /// A connection is gone.
    ConnectionLost(ConnId),
    /// A connection could not be taken: this device has no descriptors or memory left for it.
    ConnectionsExhausted,

    /// The peer asks for a channel.
    ChannelRequested(ConnId, Ask),
    /// The peer ended the session's channel.
    ChannelEnded(ConnId),

    /// A message arrived on the session's channel.
    Message(ConnId, Message),
    /// The bytes on the session's channel are no message (R-MSG-3), or an opening that does not open the commitment (R-SAS-3).
    Malformed(ConnId),
    /// A message's `accData` begins. Nothing is read further before the effects are carried out.
    ArchiveBegan(ConnId),
    /// Another [`PROGRESS_STEP`](crate::limits::PROGRESS_STEP) bytes of it came.
    ArchiveProgressed(ConnId),
    /// Its message is complete, and all of it is staged.
    ArchiveComplete(ConnId),
    /// It could not be staged.
    ArchiveUnwritable(ConnId),

    /// The answer to [`Effect::Check`].
    Checked(Check),
    /// The answer to [`Effect::Install`]: whether the account is durable.
    Installed(bool),

    /// A timer ran out.
    Fired(Timer),
}

impl Input {
    /// The connection that an event belongs to.
    pub const fn conn(&self) -> Option<ConnId> {
        match *self {
            Self::ConnectionRequested(conn)
            | Self::ConnectionRequestedFrom(conn, _)
            | Self::ConnectionAnswered(conn)
            | Self::ConnectionOpened { conn, .. }
            | Self::ConnectionFailed(conn)
            | Self::ConnectionLost(conn)
            | Self::ChannelRequested(conn, _)
            | Self::ChannelEnded(conn)
            | Self::Message(conn, _)
            | Self::Malformed(conn)
            | Self::ArchiveBegan(conn)
            | Self::ArchiveProgressed(conn)
            | Self::ArchiveComplete(conn)
            | Self::ArchiveUnwritable(conn) => Some(conn),
            Self::AddAccount
            | Self::ProvideAccountAuthentication(..)
            | Self::CompareAccount(_)
            | Self::RemoveAccount
            | Self::Published
            | Self::Unpublishable
            | Self::ConnectionsExhausted
            | Self::Checked(_)
            | Self::Installed(_)
            | Self::Fired(_) => None,
        }
    }

    /// Whether it is a call of the client, which may be refused.
    pub const fn is_call(&self) -> bool {
        matches!(
            self,
            Self::AddAccount | Self::ProvideAccountAuthentication(..) | Self::CompareAccount(_) | Self::RemoveAccount
        )
    }
}

/// The name of a requested channel, its code compared with the token's in constant time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Ask {
    /// `auth:` and the right code.
    Right,
    /// `auth:` and another code, or none that is valid.
    Wrong,
    /// Another name.
    Other,
}

impl Ask {
    /// Reads the name of a requested channel. Its code is compared with the token's in constant time; without a token every code is wrong
    /// (R-TOK-5).
    pub fn of(name: &ChannelName, code: Option<Code>) -> Self {
        match (name.ask(), code) {
            (token::Ask::Code(asked), Some(code)) if asked == code => Self::Right,
            (token::Ask::Code(_) | token::Ask::NoCode, _) => Self::Wrong,
            (token::Ask::Other, _) => Self::Other,
        }
    }
}

/// The result of the check of the staged archive (R-IMP-11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Check {
    /// A sound archive of this account: well formed, key and certificate match, the chain is valid.
    Sound(AccountId),
    /// Not a sound archive.
    Unsound,
    /// It could not be read back.
    Unreadable,
}

/// An effect: the work of the shell, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Effect {
    /// Signal to the client.
    Signal(Signal),
    /// Prepare a throw-away identity and make the device reachable under it.
    Publish,
    /// Undo [`Effect::Publish`].
    Withdraw,
    /// Take the connection that asks, and secure it.
    Accept(ConnId),
    /// Turn it away.
    Refuse(ConnId),
    /// Close a connection.
    Close(ConnId),
    /// Open the channel that was just asked for: it is the session's.
    AcceptChannel(ConnId),
    /// Decline the channel that was just asked for.
    DeclineChannel(ConnId),
    /// Send a message on the session's channel.
    Send(ConnId, Message),
    /// End the session's channel, after what was sent.
    End(ConnId),
    /// Start a timer, from the beginning if it runs.
    Arm(Timer),
    /// Stop a timer.
    Disarm(Timer),
    /// Stage the archive that began, sealed with these credentials.
    Stage(Slot),
    /// Check what was staged.
    Check,
    /// Make the staged account durable.
    Install,
    /// Wipe what was staged.
    Discard,
    /// Remove the installed account.
    Remove,
}

impl TimerEffect for Effect {
    fn arm(timer: Timer) -> Self {
        Self::Arm(timer)
    }

    fn disarm(timer: Timer) -> Self {
        Self::Disarm(timer)
    }
}

#[cfg(test)]
mod tests {
    use core::net::{IpAddr, Ipv4Addr};

    use super::*;

    const CONN: ConnId = ConnId(3);

    /// Law 3: an event of a connection that is not the session's is judged by that connection, so each says which one it is of.
    #[test]
    fn an_event_says_of_which_connection_it_is() {
        let of_it = [
            Input::ConnectionRequested(CONN),
            Input::ConnectionRequestedFrom(CONN, IpAddr::V4(Ipv4Addr::LOCALHOST).into()),
            Input::ConnectionAnswered(CONN),
            Input::ConnectionOpened { conn: CONN, presented: None, verified: false },
            Input::ConnectionFailed(CONN),
            Input::ConnectionLost(CONN),
            Input::ChannelRequested(CONN, Ask::Other),
            Input::ChannelEnded(CONN),
            Input::Message(CONN, Message::Unknown),
            Input::Malformed(CONN),
            Input::ArchiveBegan(CONN),
            Input::ArchiveProgressed(CONN),
            Input::ArchiveComplete(CONN),
            Input::ArchiveUnwritable(CONN),
        ];
        for input in of_it {
            assert_eq!((input.conn(), input.is_call()), (Some(CONN), false), "{input:?}");
        }
        let calls = [
            Input::AddAccount,
            Input::ProvideAccountAuthentication(Slot(1), Scheme::Password),
            Input::CompareAccount(true),
            Input::RemoveAccount,
        ];
        for input in calls {
            assert_eq!((input.conn(), input.is_call()), (None, true), "{input:?}");
        }
        let others = [
            Input::Published,
            Input::Unpublishable,
            Input::ConnectionsExhausted,
            Input::Checked(Check::Unsound),
            Input::Installed(true),
            Input::Fired(Timer::Token),
        ];
        for input in others {
            assert_eq!((input.conn(), input.is_call()), (None, false), "{input:?}");
        }
    }
    /// R-TOK-5, R-MUX-1: the right code is the token's six digits, whichever of them another code differs in.
    #[test]
    fn only_the_code_of_the_token_is_right() {
        let code = Code::parse(b"739182").unwrap();
        let name = |name: &[u8]| ChannelName::new(name).unwrap();
        assert_eq!(Ask::of(&name(b"auth:739182"), Some(code)), Ask::Right);
        for wrong in [
            "auth:039182",
            "auth:709182",
            "auth:730182",
            "auth:739082",
            "auth:739102",
            "auth:739180",
            "auth:73918",
            "auth:7391822",
            "auth:73918x",
            "auth: 739182",
            "auth:",
        ] {
            assert_eq!(Ask::of(&name(wrong.as_bytes()), Some(code)), Ask::Wrong, "{wrong}");
        }
        assert_eq!(Ask::of(&name(b"auth:739182"), None), Ask::Wrong, "no token is shown");
        for other in [&b""[..], b"sip", b"auth", b"Auth:739182", b"739182", b"data-transfer://1"] {
            for code in [Some(code), None] {
                assert_eq!(Ask::of(&name(other), code), Ask::Other, "{}", other.escape_ascii());
            }
        }
    }
}
