//! The steps of a session as the model sees them.
//!
//! The model has one exporter, and callers. Where two exporters race, each is followed as the exporter of a model of its own, in
//! which the other one is a caller that keeps the rules: so both are held to all that the model says of an exporter, and the
//! importer twice.

use handfast::{
    import::{Ask, Effect, Input},
    outcome::Side,
    reducer::ConnId,
};
use handfast_model::{
    action::{Action, CallerAct},
    config::{Cast, Configuration},
    follow::{Around, Follower, anything},
    properties::PropertyId,
    side::{ExportSide, ImportSide},
    world::{PEER, caller_conn},
};

use crate::event::schedule::{Fault, Schedule, What};

/// A step of a session.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ModelStep {
    /// The importer's own, or its user's.
    Import(Action),
    /// One of the exporter on this link, or of its user, or of what is between it and the importer.
    Export(usize, Action),
    /// The importer receives this from the exporter on a link.
    Received(usize, CallerAct),
    /// The network between the two does this; for the importer it is an act of the exporter.
    Between(usize, Action, CallerAct),
    /// That exporter did this, and the importer, which is over, does not notice.
    Unseen(usize, CallerAct),
    /// Somebody else does something.
    Caller(ConnId, CallerAct),
}

impl ModelStep {
    /// Returns the action that it is in the model of a link, if it is one there.
    pub(crate) fn seen_from(self, view: usize) -> Option<Action> {
        match self {
            Self::Import(action) => Some(action),
            Self::Export(link, action) => (link == view).then_some(action),
            Self::Received(link, _) if link == view => Some(Action::Deliver(Side::Import)),
            Self::Between(link, action, _) if link == view => Some(action),
            Self::Unseen(link, _) if link == view => None,
            // Of two, the other one is the first caller.
            Self::Received(_, act) | Self::Between(_, _, act) | Self::Unseen(_, act) => {
                Some(Action::Caller(caller_conn(0).0, act))
            }
            Self::Caller(conn, act) => Some(Action::Caller(conn.0, act)),
        }
    }
}

/// The connection of a link.
pub(crate) const fn link_conn(link: usize) -> ConnId {
    ConnId(PEER.0 + link as u32)
}

/// How the second link sees a connection: as the exporter's, with the first one as a caller.
pub(crate) fn mirrored(conn: ConnId) -> ConnId {
    match conn {
        PEER => link_conn(1),
        conn if conn == link_conn(1) => PEER,
        conn => conn,
    }
}

pub(crate) fn mirrored_effect(effect: Effect) -> Effect {
    match effect {
        Effect::Accept(conn) => Effect::Accept(mirrored(conn)),
        Effect::Refuse(conn) => Effect::Refuse(mirrored(conn)),
        Effect::Close(conn) => Effect::Close(mirrored(conn)),
        Effect::AcceptChannel(conn) => Effect::AcceptChannel(mirrored(conn)),
        Effect::DeclineChannel(conn) => Effect::DeclineChannel(mirrored(conn)),
        Effect::Send(conn, message) => Effect::Send(mirrored(conn), message),
        Effect::End(conn) => Effect::End(mirrored(conn)),
        Effect::Signal(_)
        | Effect::Publish
        | Effect::Withdraw
        | Effect::Arm(_)
        | Effect::Disarm(_)
        | Effect::Stage(_)
        | Effect::Check
        | Effect::Install
        | Effect::Discard
        | Effect::Remove => effect,
    }
}

pub(crate) fn mirrored_input(input: Input) -> Input {
    match input {
        Input::ConnectionRequested(conn) => Input::ConnectionRequested(mirrored(conn)),
        Input::ConnectionRequestedFrom(conn, origin) => Input::ConnectionRequestedFrom(mirrored(conn), origin),
        Input::ConnectionAnswered(conn) => Input::ConnectionAnswered(mirrored(conn)),
        Input::ConnectionOpened { conn, presented, verified } => {
            Input::ConnectionOpened { conn: mirrored(conn), presented, verified }
        }
        Input::ConnectionFailed(conn) => Input::ConnectionFailed(mirrored(conn)),
        Input::ConnectionLost(conn) => Input::ConnectionLost(mirrored(conn)),
        Input::ChannelRequested(conn, ask) => Input::ChannelRequested(mirrored(conn), ask),
        Input::ChannelEnded(conn) => Input::ChannelEnded(mirrored(conn)),
        Input::Message(conn, message) => Input::Message(mirrored(conn), message),
        Input::Malformed(conn) => Input::Malformed(mirrored(conn)),
        Input::ArchiveBegan(conn) => Input::ArchiveBegan(mirrored(conn)),
        Input::ArchiveProgressed(conn) => Input::ArchiveProgressed(mirrored(conn)),
        Input::ArchiveComplete(conn) => Input::ArchiveComplete(mirrored(conn)),
        Input::ArchiveUnwritable(conn) => Input::ArchiveUnwritable(mirrored(conn)),
        Input::AddAccount
        | Input::ProvideAccountAuthentication(..)
        | Input::CompareAccount(_)
        | Input::RemoveAccount
        | Input::Published
        | Input::Unpublishable
        | Input::ConnectionsExhausted
        | Input::Checked(_)
        | Input::Installed(_)
        | Input::Fired(_) => input,
    }
}

/// A follower for each link of a schedule.
pub(crate) fn followers<I: ImportSide, E: ExportSide>(
    schedule: &Schedule,
    cast: Cast,
    import: &I,
    export: &E,
) -> Vec<Follower<I, E>> {
    let cast = match (&schedule.device, schedule.alone) {
        (Some(_), _) => Cast::XH,
        (None, true) => Cast::HX,
        (None, false) => cast,
    };
    let visits = |who: bool| {
        let is = |what: &What| matches!(what, What::Visit(visit) if visit.knows == who);
        u8::try_from(schedule.faults.iter().filter(|fault| is(&fault.what)).count()).unwrap_or(u8::MAX)
    };
    let rivals = u8::from(schedule.rival.is_some());
    let around =
        Around { intruders: visits(true) + rivals, strangers: visits(false), repeats: repeats(&schedule.faults) };
    let sas = schedule.sas.is_some();
    let configuration = Configuration {
        sas,
        sas_alone: schedule.sas.and_then(|sas| sas.alone),
        every_word: sas,
        ..anything(schedule.profile, cast, around)
    };
    let asks = if schedule.typo { Ask::Wrong } else { Ask::Right };
    let follower = |asks| {
        let mut follower = Follower::new(configuration, import.clone(), export.clone(), asks);
        // The checker judges each send and each state. This engine finds a mutant by its consequences. A comparison is the exception: a
        // wrong order of its messages has no consequence unless an intruder uses it (R-SAS-2).
        if !sas {
            follower.forgo(PropertyId::Sends);
        }
        follower.forgo(PropertyId::Invariant);
        follower
    };
    [asks, Ask::Right].into_iter().take(1 + usize::from(rivals)).map(follower).collect()
}

/// How often a schedule repeats the request, at most.
fn repeats(faults: &[Fault]) -> u8 {
    let count = faults.iter().filter(|fault| fault.what == What::Repeat).count();
    u8::try_from(count).unwrap_or(u8::MAX)
}
