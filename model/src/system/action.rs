//! The actions of the system.

use std::fmt;

use handfast::{
    export::Tried,
    import::{Ask, Check},
    limits::Timer,
    message::{Message, Verdict},
    outcome::{Scheme, Side},
};

use super::counted::counted;

/// One step of the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// The import's user begins.
    AddAccount,
    /// The import's user answers the prompt.
    Answer {
        /// With the right password.
        right: bool,
    },
    /// The import's client answers the prompt, right, and names the other scheme.
    AnswerOtherwise,
    /// The import's user compares the strings of both screens.
    CompareAccount {
        /// And says that they are equal.
        equal: bool,
    },
    /// The import's user gives up.
    RemoveAccount,
    /// The export's user begins, with the importer's token.
    AddDevice(Scheme),
    /// The export's user confirms the device.
    ConfirmAddDevice,
    /// The export's user compares the strings of both screens.
    CompareAddDevice {
        /// And says that they are equal.
        equal: bool,
    },
    /// The export's user gives up.
    CancelAddDevice,

    /// The importer's device can be reached.
    Published,
    /// It cannot.
    Unpublishable,
    /// The exporter does not find the device.
    Unreachable,
    /// The exporter's attempt to connect fails before the importer has learned of it.
    AttemptFails,
    /// The request for a connection is lost on its way.
    LoseRequest,
    /// The directory delivers the request again, for the connection that it began.
    Repeat,
    /// The connection is secured.
    Secured,
    /// It cannot be secured.
    Unsecured,
    /// The next thing on its way to a side arrives.
    Deliver(Side),
    /// The connection breaks.
    Break {
        /// How many of the items on their way the importer still gets.
        to_import: u8,
        /// How many the exporter still gets.
        to_export: u8,
    },

    /// The exporter has tried to open the archive.
    Opened(Tried),
    /// The rest of the archive is handed over to the network.
    HandedOver,
    /// The exporter cannot read the archive to its end.
    SendFailed,
    /// The importer cannot stage what arrives.
    Unwritable,
    /// The importer has checked what it staged.
    Checked(Check),
    /// The install becomes durable, or fails. The importer does not know yet.
    Settle {
        /// Whether it is durable.
        durable: bool,
    },
    /// The importer learns how the install went.
    Report,

    /// A device crashes and starts again.
    Crash(Side, Remains),
    /// A timer runs out.
    Fire(Side, Timer),
    /// A side takes a step of its own: what it had posted.
    Inner(Side, u8),

    /// An action of a stranger or an intruder on this connection to the importer.
    Caller(u32, CallerAct),
    /// The actions of a hostile device that the exporter's token names.
    Device(DeviceAct),
}

/// The state of an account on the new device's disk after a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Remains {
    /// No account.
    Nothing,
    /// A whole one.
    Whole,
    /// Part of one.
    Torn,
}

/// An action of a caller of the importer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallerAct {
    /// It asks for a connection.
    Request,
    /// Its first bytes arrive, and the connection is not secured yet.
    Answer,
    /// The connection cannot be secured.
    Fail,
    /// It is secured, with this chain.
    Prove(Chain),
    /// It asks for a channel.
    Ask(Ask),
    /// It sends a message.
    Say(Message),
    /// It sends what is no message.
    Babble,
    /// It begins to send an archive.
    Begin,
    /// The archive ends.
    Complete,
    /// It ends the channel.
    End,
    /// It drops the connection.
    Drop,
}

impl CallerAct {
    /// Whether an exporter would do it that keeps the rules.
    pub(crate) const fn is_honest(self) -> bool {
        match self {
            Self::Prove(chain) => !matches!(chain, Chain::Forged),
            Self::Ask(ask) => matches!(ask, Ask::Right),
            Self::Say(message) => {
                matches!(
                    message,
                    Message::AuthScheme(..) | Message::Verdict(Verdict::Wrong | Verdict::Final) | Message::State(_)
                )
            }
            Self::Request | Self::Answer | Self::Fail | Self::Begin | Self::Complete | Self::End | Self::Drop => true,
            Self::Babble => false,
        }
    }
}

/// The chain of a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Chain {
    /// The intruder's own account, verified.
    Own,
    /// The honest exporter's account, with signatures that do not hold.
    Forged,
    /// The honest exporter's account, verified: another device of it. Only runs that are followed have one.
    Same,
}

/// An action of a hostile device on the exporter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeviceAct {
    /// It answers the request. `pinned`: it is the device that the token names, and not another.
    Open {
        /// Whether its key is the token's.
        pinned: bool,
    },
    /// It accepts the channel.
    Accept,
    /// It declines the channel.
    Decline,
    /// It sends a message.
    Say(Message),
    /// It sends what is no message.
    Babble,
    /// It ends the channel.
    End,
    /// It drops the connection.
    Drop,
}

impl Action {
    /// The side whose user it is a call of.
    pub(crate) const fn caller(self) -> Option<Side> {
        match self {
            Self::AddAccount
            | Self::Answer { .. }
            | Self::AnswerOtherwise
            | Self::CompareAccount { .. }
            | Self::RemoveAccount => Some(Side::Import),
            Self::AddDevice(_) | Self::ConfirmAddDevice | Self::CompareAddDevice { .. } | Self::CancelAddDevice => {
                Some(Side::Export)
            }
            _ => None,
        }
    }

    /// Whether it can change nothing at all.
    pub(crate) const fn is_idle(self) -> bool {
        matches!(self, Self::Caller(_, CallerAct::Ask(Ask::Right)) | Self::Device(_))
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddAccount => f.write_str("the new device's user: addAccount"),
            Self::Answer { right: true } => f.write_str("the new device's user answers the prompt"),
            Self::Answer { right: false } => f.write_str("the new device's user types a wrong password"),
            Self::AnswerOtherwise => f.write_str("the new device's user answers the prompt, under the other scheme"),
            Self::RemoveAccount => f.write_str("the new device's user: removeAccount"),
            Self::AddDevice(Scheme::None) => {
                f.write_str("the old device's user: addDevice (archive without a password)")
            }
            Self::AddDevice(Scheme::Password) => f.write_str("the old device's user: addDevice"),
            Self::CompareAccount { equal: true } => f.write_str("the new device's user: the strings are equal"),
            Self::CompareAccount { equal: false } => f.write_str("the new device's user: the strings differ"),
            Self::CompareAddDevice { equal: true } => f.write_str("the old device's user: the strings are equal"),
            Self::CompareAddDevice { equal: false } => f.write_str("the old device's user: the strings differ"),
            Self::ConfirmAddDevice => f.write_str("the old device's user: confirmAddDevice"),
            Self::CancelAddDevice => f.write_str("the old device's user: cancelAddDevice"),
            Self::Published => f.write_str("the new device can be reached"),
            Self::Unpublishable => f.write_str("the new device cannot be made reachable"),
            Self::Unreachable => f.write_str("the old device does not find the new one"),
            Self::AttemptFails => f.write_str("the old device's attempt to connect fails"),
            Self::LoseRequest => f.write_str("the connection request is lost"),
            Self::Repeat => f.write_str("the connection request comes again"),
            Self::Secured => f.write_str("the connection is secured"),
            Self::Unsecured => f.write_str("the connection cannot be secured"),
            Self::Deliver(Side::Import) => f.write_str("the new device gets"),
            Self::Deliver(Side::Export) => f.write_str("the old device gets"),
            Self::Break { to_import, to_export } => {
                let things = counted(*to_import, "thing");
                write!(f, "the link breaks, after {things} to the new device and {to_export} to the old")
            }
            Self::Opened(Tried::Opened) => f.write_str("the old device: the password opens the archive"),
            Self::Opened(Tried::Wrong) => f.write_str("the old device: the password does not open the archive"),
            Self::Opened(Tried::Unreadable) => f.write_str("the old device: the archive cannot be read"),
            Self::HandedOver => f.write_str("the archive is handed over"),
            Self::SendFailed => f.write_str("the old device cannot read the archive to its end"),
            Self::Unwritable => f.write_str("the new device cannot stage the archive"),
            Self::Checked(Check::Sound(account)) => write!(f, "the new device: a sound archive of account {account}"),
            Self::Checked(Check::Unsound) => f.write_str("the new device: not a sound archive"),
            Self::Checked(Check::Unreadable) => f.write_str("the new device: the staged archive cannot be read back"),
            Self::Settle { durable: true } => f.write_str("the account becomes durable"),
            Self::Settle { durable: false } => f.write_str("the account cannot be made durable"),
            Self::Report => f.write_str("the new device learns how the install went"),
            Self::Crash(Side::Export, _) => f.write_str("the old device crashes"),
            Self::Crash(Side::Import, Remains::Nothing) => f.write_str("the new device crashes; no account is there"),
            Self::Crash(Side::Import, Remains::Whole) => f.write_str("the new device crashes; the account is there"),
            Self::Crash(Side::Import, Remains::Torn) => {
                f.write_str("the new device crashes; part of an account is there")
            }
            Self::Inner(side, step) => write!(f, "the {side} side's posted step {step} runs"),
            Self::Fire(side, timer) => write!(f, "the {side} side's timer {timer:?} fires"),
            Self::Caller(conn, act) => write!(f, "caller {conn}: {act:?}"),
            Self::Device(act) => write!(f, "the hostile device: {act:?}"),
        }
    }
}
