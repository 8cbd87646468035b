//! Which rows of the reducers' tables a run walks: the place that a reducer is in, and the kind of input that it takes there.

use std::collections::BTreeSet;

use handfast::{
    export::Input as ExportInput,
    import::{Ask, Input as ImportInput},
    message::Message as M,
    outcome::Side,
};
use serde::Serialize;

use crate::{
    explorer::explore::{Graph, Limits},
    report::check::hardened,
    system::{Turn, config::Configuration},
};

/// A place in a table, and a kind of input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Row {
    /// Whose table.
    pub side: Side,
    /// The place.
    pub place: &'static str,
    /// The input that is taken there.
    pub kind: &'static str,
}

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, {}: {}", self.side, self.place, self.kind)
    }
}

/// The rows that the shipped reducers walk in a configuration. `None`: its graph is not complete.
pub fn rows(configuration: Configuration, limits: Limits) -> Option<BTreeSet<Row>> {
    let system = hardened(configuration);
    let mut rows = BTreeSet::new();
    let graph = Graph::explore_with(&system, limits, None, |_, state, action| {
        let (next, turn) = system.step(state, action)?;
        rows.extend(match turn {
            Turn::Import(Some(input), _) => {
                Some(Row { side: Side::Import, place: state.import.place(), kind: kind_of_import(&input) })
            }
            Turn::Export(Some(input), _) => {
                Some(Row { side: Side::Export, place: state.export.place(), kind: kind_of_export(&input) })
            }
            Turn::Import(None, _) | Turn::Export(None, _) | Turn::Neither => None,
        });
        Some(next)
    });
    graph.is_complete().then_some(rows)
}

macro_rules! kinds {
    ($(#[$doc:meta])* $name:ident, $all:ident, $input:ident: $($pattern:pat => $kind:literal,)*) => {
        $(#[$doc])*
        pub const fn $name(input: &$input) -> &'static str {
            match input { $($pattern => $kind,)* }
        }

        /// All kinds of it.
        pub const $all: &[&str] = &[$($kind),*];
    };
}

kinds! {
    /// Returns the kind of an input: what coverage counts.
    kind_of_import, KINDS_OF_IMPORT, ImportInput:
    ImportInput::AddAccount => "addAccount",
    ImportInput::ProvideAccountAuthentication(..) => "provideAccountAuthentication",
    ImportInput::CompareAccount(_) => "compareAccount",
    ImportInput::RemoveAccount => "removeAccount",
    ImportInput::Published => "published",
    ImportInput::Unpublishable => "unpublishable",
    ImportInput::ConnectionRequested(_) | ImportInput::ConnectionRequestedFrom(..) => "connection requested",
    ImportInput::ConnectionAnswered(_) => "connection answered",
    ImportInput::ConnectionsExhausted => "connections exhausted",
    ImportInput::ConnectionOpened { .. } => "connection opened",
    ImportInput::ConnectionFailed(_) => "connection failed",
    ImportInput::ConnectionLost(_) => "connection lost",
    ImportInput::ChannelRequested(_, Ask::Right) => "channel requested, right code",
    ImportInput::ChannelRequested(_, Ask::Wrong) => "channel requested, wrong code",
    ImportInput::ChannelRequested(_, Ask::Other) => "another channel requested",
    ImportInput::ChannelEnded(_) => "channel ended",
    ImportInput::Message(_, M::Hello(_)) => "hello",
    ImportInput::Message(_, M::AuthScheme(..)) => "authScheme",
    ImportInput::Message(_, M::Password(_)) => "password",
    ImportInput::Message(_, M::Verdict(_)) => "verdict",
    ImportInput::Message(_, M::Commitment(_)) => "sasCommitment",
    ImportInput::Message(_, M::Nonce(_)) => "sasNonce",
    ImportInput::Message(_, M::Opening(_)) => "sasOpening",
    ImportInput::Message(_, M::State(_)) => "stateMsg",
    ImportInput::Message(_, M::ImportResult(_)) => "importResult",
    ImportInput::Message(_, M::Unknown) => "unknown message",
    ImportInput::Malformed(_) => "malformed",
    ImportInput::ArchiveBegan(_) => "archive began",
    ImportInput::ArchiveProgressed(_) => "archive progressed",
    ImportInput::ArchiveComplete(_) => "archive complete",
    ImportInput::ArchiveUnwritable(_) => "archive unwritable",
    ImportInput::Checked(_) => "checked",
    ImportInput::Installed(_) => "installed",
    ImportInput::Fired(_) => "timer fired",
}

kinds! {
    /// Returns the kind of an input: what coverage counts.
    kind_of_export, KINDS_OF_EXPORT, ExportInput:
    ExportInput::AddDevice(_) => "addDevice",
    ExportInput::ConfirmAddDevice => "confirmAddDevice",
    ExportInput::CompareAddDevice(_) => "compareAddDevice",
    ExportInput::CancelAddDevice => "cancelAddDevice",
    ExportInput::Opened { .. } => "opened",
    ExportInput::Unreachable => "unreachable",
    ExportInput::Failed => "attempt failed",
    ExportInput::Lost => "lost",
    ExportInput::Accepted { .. } => "accepted",
    ExportInput::Declined => "declined",
    ExportInput::Ended => "ended",
    ExportInput::Message(M::Hello(_)) => "hello",
    ExportInput::Message(M::AuthScheme(..)) => "authScheme",
    ExportInput::Message(M::Password(_)) => "password",
    ExportInput::Message(M::Verdict(_)) => "verdict",
    ExportInput::Message(M::Commitment(_)) => "sasCommitment",
    ExportInput::Message(M::Nonce(_)) => "sasNonce",
    ExportInput::Message(M::Opening(_)) => "sasOpening",
    ExportInput::Message(M::State(_)) => "stateMsg",
    ExportInput::Message(M::ImportResult(_)) => "importResult",
    ExportInput::Message(M::Unknown) => "unknown message",
    ExportInput::Malformed => "malformed",
    ExportInput::Tried(..) => "tried",
    ExportInput::Progressed => "progressed",
    ExportInput::HandedOver => "handed over",
    ExportInput::SendFailed => "send failed",
    ExportInput::Fired(_) => "timer fired",
}
