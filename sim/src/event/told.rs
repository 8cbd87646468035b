//! What the model is told of each step.
//!
//! The model has one exporter, and callers. Where two exporters race, each is followed as the exporter of a model of its own, in
//! which the other one is a caller that keeps the rules: so both are held to all that the model says of an exporter, and the
//! importer twice.

use handfast::{
    import::{Ask, Effect, Input},
    outcome::Side,
    reducer::{ConnId, Refused},
};
use handfast_model::{
    action::{Action, CallerAct},
    config::Cast,
    follow::{Around, Did, Follower, anything},
    side::{ExportSide, ImportSide},
    world::{PEER, caller_conn},
};

use super::{
    directory::repeats,
    judge::Law,
    schedule::{Schedule, What},
    session::Session,
};

/// A step.
#[derive(Clone, Copy, Debug)]
pub(super) enum Told {
    /// The importer's own, or its user's.
    Import(Action),
    /// One of the exporter on this line, or of its user, or of what is between it and the importer.
    Export(usize, Action),
    /// The importer hears this from the exporter on a line.
    Heard(usize, CallerAct),
    /// What is between the two does this; for the importer it is what the exporter does.
    Between(usize, Action, CallerAct),
    /// What that exporter did is of no interest to the importer: it is over.
    Unheard(usize, CallerAct),
    /// Somebody else does something.
    Caller(ConnId, CallerAct),
}

impl Told {
    /// What it is in the model of a line.
    fn seen_from(self, view: usize) -> Option<Action> {
        match self {
            Self::Import(action) => Some(action),
            Self::Export(line, action) => (line == view).then_some(action),
            Self::Heard(line, _) if line == view => Some(Action::Deliver(Side::Import)),
            Self::Between(line, action, _) if line == view => Some(action),
            Self::Unheard(line, _) if line == view => None,
            // Of two, the other one is the first caller.
            Self::Heard(_, act) | Self::Between(_, _, act) | Self::Unheard(_, act) => {
                Some(Action::Caller(caller_conn(0).0, act))
            }
            Self::Caller(conn, act) => Some(Action::Caller(conn.0, act)),
        }
    }
}

/// The connection of a line.
pub(super) const fn line_conn(line: usize) -> ConnId {
    ConnId(PEER.0 + line as u32)
}

/// How the second line sees a connection: as the exporter's, with the first one as a caller.
fn mirrored(conn: ConnId) -> ConnId {
    match conn {
        PEER => line_conn(1),
        conn if conn == line_conn(1) => PEER,
        conn => conn,
    }
}

fn mirrored_effect(effect: Effect) -> Effect {
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

fn mirrored_input(input: Input) -> Input {
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
        | Input::RemoveAccount
        | Input::Published
        | Input::Unpublishable
        | Input::ConnectionsExhausted
        | Input::Checked(_)
        | Input::Installed(_)
        | Input::Fired(_) => input,
    }
}

/// A follower for each line of a schedule.
pub(super) fn followers<I: ImportSide, E: ExportSide>(
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
    let configuration = anything(schedule.profile, cast, around);
    let asks = if schedule.typo { Ask::Wrong } else { Ask::Right };
    let follower = |asks| Follower::new(configuration, import.clone(), export.clone(), asks);
    [asks, Ask::Right].into_iter().take(1 + usize::from(rivals)).map(follower).collect()
}

impl<I: ImportSide, E: ExportSide> Session<'_, I, E> {
    /// Follows a step in the model.
    pub(super) fn follow(&mut self, told: Told, did: Did<'_>) {
        let examine = self.watch.examine;
        let mut strayed = Ok(());
        for (view, follower) in self.followers.iter_mut().enumerate() {
            let Some(action) = told.seen_from(view) else { continue };
            self.actions += usize::from(view == 0);
            let taken = match did {
                Did::Import(input, effects) if view > 0 => {
                    let effects: Vec<_> = effects.iter().copied().map(mirrored_effect).collect();
                    follower.follow(action, Did::Import(input.map(mirrored_input), &effects))
                }
                _ => follower.follow(action, did),
            };
            strayed = strayed.and(taken);
            if strayed.is_ok() && examine {
                strayed = follower.examine();
            }
        }
        if let Err(strayed) = strayed {
            self.break_law(Law::of(&strayed), strayed.to_string());
        }
    }

    /// A call was refused.
    pub(super) fn refuse(&mut self, told: Told, why: Refused) {
        let mut strayed = Ok(());
        for (view, follower) in self.followers.iter_mut().enumerate() {
            if let Some(action) = told.seen_from(view) {
                self.actions += usize::from(view == 0);
                strayed = strayed.and(follower.refuse(action, why));
            }
        }
        if let Err(strayed) = strayed {
            self.break_law(Law::of(&strayed), strayed.to_string());
        }
    }
}
