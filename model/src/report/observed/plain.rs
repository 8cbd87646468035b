//! Turns as model and shell both have them.

use handfast::{
    export,
    import::{self, Ask},
    message::Slot,
    outcome::Signal,
};

use super::runs::Turned;
use crate::system::{Turn, world::ADDRESS};

/// A turn without what the model and the shell name each in their own way: passwords and addresses.
pub(super) fn plain(turn: Turn) -> Turn {
    const ONE: Slot = Slot(0);
    match turn {
        Turn::Import(input, effects) => {
            use import::{Effect as E, Input as I};
            let input = input.map(|input| match input {
                I::ProvideAccountAuthentication(_, scheme) => I::ProvideAccountAuthentication(ONE, scheme),
                I::Message(conn, message) => I::Message(conn, message.map_password(|_| ONE)),
                other => other,
            });
            let effect = |effect| match effect {
                E::Send(conn, message) => E::Send(conn, message.map_password(|_| ONE)),
                E::Stage(_) => E::Stage(ONE),
                other => other,
            };
            Turn::Import(input, effects.into_iter().map(effect).collect())
        }
        Turn::Export(input, effects) => {
            use export::{Effect as E, Input as I};
            let input = input.map(|input| match input {
                I::Message(message) => I::Message(message.map_password(|_| ONE)),
                I::Tried(_, tried) => I::Tried(ONE, tried),
                I::Accepted { .. } => I::Accepted { peer_address: ADDRESS },
                other => other,
            });
            let effect = |effect| match effect {
                E::Send(message) => E::Send(message.map_password(|_| ONE)),
                E::Open(_) => E::Open(ONE),
                E::Signal(Signal::Confirm { .. }) => E::Signal(Signal::Confirm { peer_address: ADDRESS }),
                E::Signal(Signal::CompareDevice { .. }) => E::Signal(Signal::CompareDevice { peer_address: ADDRESS }),
                other => other,
            };
            Turn::Export(input, effects.into_iter().map(effect).collect())
        }
        Turn::Neither => Turn::Neither,
    }
}

/// Whether a request of the session's peer was for another code than the token's.
pub(super) fn asks_wrongly(turned: &Turned) -> bool {
    matches!(turned.turn, Turn::Import(Some(import::Input::ChannelRequested(_, Ask::Wrong)), _))
}
