//! The messages that a turn has to send, and no others: each message and each end of the channel, by what goes in (P-SENDS).
//!
//! For each input the rules say what goes out in the same turn, all of it and in this order. So a message that is missing is found as
//! one that is sent twice, at another time, or after the end of the channel, also where the model's own peer would bear it.

use handfast::{
    export::{self, Tried},
    import::{self, Ask, Check},
    limits::Timer,
    message::{Features, ImportResult, Message, Slot, Verdict, Word},
    outcome::{Outcome, Profile, Signal},
    reducer::ConnId,
};

use crate::{
    property::{deleted::checked, properties::PropertyId as P},
    system::{
        seen::Compared,
        stated::TRIES,
        world::{Storage, World},
    },
};

/// The messages on the session's channel in one turn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) messages: Vec<Message>,
    /// The end of the channel, after them.
    pub(crate) ends: bool,
}

impl Said {
    fn nothing() -> Self {
        Self::default()
    }

    fn one(message: Message) -> Self {
        Self { messages: vec![message], ends: false }
    }

    /// A message, if there is one, and the end of the channel.
    fn last(message: Option<Message>) -> Self {
        Self { messages: message.into_iter().collect(), ends: true }
    }
}

/// Whether an importer, in the world before this input, sends what is due, and nothing else.
pub(crate) fn import_sends(world: &World, own: Features, input: import::Input, effects: &[import::Effect]) -> bool {
    use import::{Effect as E, Input as I};
    let seen = &world.seen.import;
    if seen.crashed.is_some() {
        return true;
    }
    let accepts = accepted(effects);
    let answers = effects.iter().filter(|effect| matches!(effect, E::AcceptChannel(_) | E::DeclineChannel(_))).count();
    // Each request for a channel has one answer (R-IMP-3, R-MUX-1), and nothing else has one.
    let answered = answers == usize::from(matches!(input, I::ChannelRequested(..)));
    let session = accepts.or(seen.session);
    let done = import_outcome(effects);
    let once = |wanted: E, due: bool| effects.iter().filter(|effect| **effect == wanted).count() == usize::from(due);
    let discards = !effects.contains(&E::Discard) || done.is_some_and(|outcome| !outcome.is_success());
    let installs = !effects.contains(&E::Install) || matches!(input, I::Checked(Check::Sound(_)));
    let due = || due_of_importer(world, own, input, accepts, done);
    checked(P::Sends, answered)
        && checked(P::Sends, once(E::Publish, input == I::AddAccount))
        && checked(P::Sends, once(E::Withdraw, done.is_some()))
        && checked(P::Sends, discards)
        && checked(P::Sends, installs)
        && checked(P::Sends, begins_first(effects, import_kind))
        && checked(P::Sends, ends_last(effects, import_kind))
        && checked(P::Sends, said_by_importer(session, effects) == Some(due()))
        && checked(P::Sends, import_ends(world, own, input, done))
}

/// Returns what is due of an importer at an input, and what it sends; `None`: it does not send what can be said on its channel.
pub(crate) fn import_due(
    world: &World,
    own: Features,
    input: import::Input,
    effects: &[import::Effect],
) -> (Said, Option<Said>) {
    let accepts = accepted(effects);
    let due = due_of_importer(world, own, input, accepts, import_outcome(effects));
    (due, said_by_importer(accepts.or(world.seen.import.session), effects))
}

/// The same of an exporter.
pub(crate) fn export_due(
    world: &World,
    (own, profile): (Features, Profile),
    input: export::Input,
    effects: &[export::Effect],
) -> (Said, Option<Said>) {
    (due_of_exporter(world, own, profile, input, export_outcome(effects)), said_by_exporter(effects))
}

/// The connection whose channel is accepted.
fn accepted(effects: &[import::Effect]) -> Option<ConnId> {
    effects.iter().find_map(|effect| match *effect {
        import::Effect::AcceptChannel(conn) => Some(conn),
        _ => None,
    })
}

fn import_outcome(effects: &[import::Effect]) -> Option<Outcome> {
    outcome(effects.iter().filter_map(|effect| match effect {
        import::Effect::Signal(signal) => Some(signal),
        _ => None,
    }))
}

fn export_outcome(effects: &[export::Effect]) -> Option<Outcome> {
    outcome(effects.iter().filter_map(|effect| match effect {
        export::Effect::Signal(signal) => Some(signal),
        _ => None,
    }))
}

/// The messages of an importer; `None`: to a connection that is not the session's, or after the end of its channel.
fn said_by_importer(session: Option<ConnId>, effects: &[import::Effect]) -> Option<Said> {
    let mut said = Said::nothing();
    for effect in effects {
        match *effect {
            import::Effect::Send(conn, message) if Some(conn) == session && !said.ends => said.messages.push(message),
            import::Effect::End(conn) if Some(conn) == session && !said.ends => said.ends = true,
            import::Effect::Send(..) | import::Effect::End(_) => return None,
            _ => {}
        }
    }
    Some(said)
}

fn due_of_importer(
    world: &World,
    own: Features,
    input: import::Input,
    accepts: Option<ConnId>,
    done: Option<Outcome>,
) -> Said {
    use import::Input as I;
    let seen = &world.seen.import;
    match input {
        // The hello (R-IMP-4).
        I::ChannelRequested(conn, Ask::Right) if accepts == Some(conn) => return Said::one(Message::Hello(own)),
        // The answer (R-IMP-6).
        I::ProvideAccountAuthentication(slot, _) => return Said::one(Message::Password(slot)),
        // The nonce follows the commitment (R-SAS-2).
        I::Message(_, Message::Commitment(value)) if done.is_none() && compares(own, seen.peer) && !seen.nonce_sent => {
            return Said::one(Message::Nonce(value));
        }
        _ => {}
    }
    // The last word (R-EXT-2, R-EXT-3), where there is a channel to say it on.
    let lost = matches!(input, I::ChannelEnded(_) | I::ConnectionLost(_));
    if done.is_none() || seen.session.is_none() || seen.cut || lost {
        return Said::nothing();
    }
    let result = |result| seen.peer.is_some_and(|peer| peer.and(own).result).then_some(Message::ImportResult(result));
    Said::last(match input {
        // A legacy exporter would count the word as a wrong password.
        I::RemoveAccount if seen.peer.is_some_and(|peer| !peer.cancel) => None,
        I::CompareAccount(false) => Some(Message::State(Word::Mismatch)),
        I::RemoveAccount => Some(Message::State(Word::Canceled)),
        I::Fired(_) => Some(Message::State(Word::Timeout)),
        I::Checked(Check::Sound(_) | Check::Unsound) => result(ImportResult::FailedArchive),
        I::Checked(Check::Unreadable) | I::Installed(false) => result(ImportResult::FailedStorage),
        I::Installed(true) => result(ImportResult::Stored),
        _ => None,
    })
}

/// Whether a comparison is in force with a peer of these features (R-SAS-1).
fn compares(own: Features, peer: Option<Features>) -> bool {
    peer.is_some_and(|peer| peer.and(own).sas)
}

/// Whether an importer ends upon what its session's peer says as it has to, and only then (R-IMP-13, R-IMP-14, R-EXT-3).
fn import_ends(world: &World, own: Features, input: import::Input, done: Option<Outcome>) -> bool {
    use import::Input as I;
    let seen = &world.seen.import;
    let installs = matches!(world.import.storage, Storage::Running | Storage::Settled { .. });
    let (I::Message(conn, _) | I::Malformed(conn)) = input else {
        return !installs || seen.done.is_some() || done.is_none() || matches!(input, I::Installed(_));
    };
    if seen.session != Some(conn) || seen.done.is_some() || installs {
        return done.is_none();
    }
    match input {
        I::Message(_, Message::State(Word::Canceled)) => done == Some(Outcome::CANCELED),
        I::Message(_, Message::State(Word::Timeout)) => done == Some(Outcome::Timeout),
        I::Message(_, Message::State(Word::Mismatch)) if compares(own, seen.peer) => done == Some(Outcome::Mismatch),
        I::Message(_, Message::State(Word::Mismatch)) => done == Some(Outcome::Protocol),
        I::Message(_, Message::Commitment(_)) if compares(own, seen.peer) && !seen.nonce_sent => done.is_none(),
        I::Message(_, Message::Opening(_))
            if seen.nonce_sent && seen.compared == Compared::Nothing && seen.prompts == 0 =>
        {
            done.is_none()
        }
        I::Message(_, Message::Commitment(_) | Message::Nonce(_) | Message::Opening(_)) => {
            done == compares(own, seen.peer).then_some(Outcome::Protocol)
        }
        I::Malformed(_) | I::Message(_, Message::Hello(_) | Message::Password(_) | Message::ImportResult(_)) => {
            done == Some(Outcome::Protocol)
        }
        I::Message(_, Message::AuthScheme(..) | Message::Unknown | Message::Verdict(Verdict::None)) => done.is_none(),
        // Whether a verdict is due, is the business of P-TRIES and P-HONEST.
        _ => true,
    }
}

/// Whether an exporter, in the world before this input, sends what is due, and nothing else.
pub(crate) fn export_sends(
    world: &World,
    (own, profile): (Features, Profile),
    input: export::Input,
    effects: &[export::Effect],
) -> bool {
    use export::{Effect as E, Input as I};
    let seen = &world.seen.export;
    if seen.crashed.is_some() {
        return true;
    }
    let done = export_outcome(effects);
    let opened = matches!(input, I::Tried(_, Tried::Opened)) && seen.done.is_none();
    let archives = effects.iter().filter(|effect| **effect == E::SendArchive).count();
    let due = || due_of_exporter(world, own, profile, input, done);
    checked(P::Sends, archives == usize::from(opened))
        && checked(P::Sends, begins_first(effects, export_kind))
        && checked(P::Sends, ends_last(effects, export_kind))
        && checked(P::Sends, said_by_exporter(effects) == Some(due()))
        && checked(P::Sends, export_ends(world, own, input, done))
}

fn said_by_exporter(effects: &[export::Effect]) -> Option<Said> {
    let mut said = Said::nothing();
    for effect in effects {
        match *effect {
            export::Effect::Send(_) | export::Effect::SendArchive | export::Effect::End if said.ends => return None,
            export::Effect::Send(message) => said.messages.push(message),
            export::Effect::End => said.ends = true,
            _ => {}
        }
    }
    Some(said)
}

fn due_of_exporter(
    world: &World,
    own: Features,
    profile: Profile,
    input: export::Input,
    done: Option<Outcome>,
) -> Said {
    use export::Input as I;
    let seen = &world.seen.export;
    if let (I::Accepted { .. }, Some(before)) = (input, seen.done) {
        // A late ACCEPT (R-CANCEL-1).
        let word = if before.outcome == Outcome::Timeout { Word::Timeout } else { Word::Canceled };
        return Said::last(Some(Message::State(word)));
    }
    // Without a session there is no channel.
    if seen.done.is_some() || !seen.open {
        return Said::nothing();
    }
    let peer = match input {
        I::Message(Message::Hello(features)) => seen.peer.or(Some(features)),
        _ => seen.peer,
    };
    if done.is_none() {
        let confirmed = seen.confirmed || input == I::ConfirmAddDevice;
        let compares = compares(own, peer);
        let at_once = confirmed || compares || profile == Profile::Documented;
        let due = peer.is_some() && at_once && !seen.scheme_sent;
        return match input {
            // The commitment follows the scheme, and the opening the importer's nonce (R-SAS-2).
            _ if due && compares => seen.scheme.map_or_else(Said::nothing, |scheme| Said {
                messages: vec![Message::AuthScheme(scheme, own), Message::Commitment(Slot::NONE)],
                ends: false,
            }),
            I::Message(Message::Nonce(value)) if compares && !seen.opening_sent => Said::one(Message::Opening(value)),
            // `authScheme` goes out once (R-EXP-4), a verdict after each wrong password (R-EXP-6).
            _ if due => seen.scheme.map_or_else(Said::nothing, |scheme| Said::one(Message::AuthScheme(scheme, own))),
            I::Tried(_, Tried::Wrong) => Said::one(Message::Verdict(Verdict::Wrong)),
            _ => Said::nothing(),
        };
    }
    // The last word (R-EXT-3).
    match input {
        I::Lost | I::Ended => Said::nothing(),
        I::Tried(_, Tried::Wrong) if seen.wrong + 1 >= TRIES => Said::last(Some(Message::Verdict(Verdict::Final))),
        I::CompareAddDevice(false) => Said::last(Some(Message::State(Word::Mismatch))),
        I::CancelAddDevice => Said::last(Some(Message::State(Word::Canceled))),
        I::Fired(Timer::Authenticate | Timer::Result) if peer.is_none_or(|peer| peer.cancel) => {
            Said::last(Some(Message::State(Word::Timeout)))
        }
        _ => Said::last(None),
    }
}

/// Whether an exporter ends upon what the importer says as it has to, and only then (R-EXP-7, R-EXT-2, R-EXT-3).
fn export_ends(world: &World, own: Features, input: export::Input, done: Option<Outcome>) -> bool {
    use export::Input as I;
    let seen = &world.seen.export;
    let (I::Message(_) | I::Malformed) = input else { return true };
    let compares = compares(own, seen.peer);
    if seen.done.is_some() || !seen.open {
        return done.is_none();
    }
    match input {
        I::Message(Message::State(Word::Canceled)) => done == Some(Outcome::Canceled { sent: seen.byte_out }),
        I::Message(Message::State(Word::Timeout)) => done == Some(Outcome::Timeout),
        I::Message(Message::State(Word::Mismatch)) if compares => done == Some(Outcome::Mismatch),
        I::Message(Message::State(Word::Mismatch)) => done == Some(Outcome::Protocol),
        I::Message(Message::Nonce(_)) if compares && !seen.opening_sent => done.is_none(),
        I::Message(Message::Commitment(_) | Message::Nonce(_) | Message::Opening(_)) => {
            done == compares.then_some(Outcome::Protocol)
        }
        I::Message(Message::Hello(_) | Message::Unknown) => done.is_none(),
        I::Message(Message::Password(_)) => {
            let early =
                !seen.scheme_sent || compares && !seen.opening_sent || seen.byte_out || world.export.opening.is_some();
            if early { done == Some(Outcome::Protocol) } else { done.is_none() || done == Some(Outcome::Protocol) }
        }
        I::Message(Message::ImportResult(result)) => {
            let due = seen.handed_over && seen.peer.is_some_and(|peer| peer.result);
            let expected = match result {
                _ if !due => Outcome::Protocol,
                ImportResult::Stored => Outcome::SUCCESS,
                ImportResult::FailedArchive | ImportResult::FailedStorage | ImportResult::Other => Outcome::Peer,
            };
            done == Some(expected)
        }
        _ => done == Some(Outcome::Protocol),
    }
}

/// The parts of a turn that have an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// IN_PROGRESS.
    Begins,
    /// A message, the archive, or the end of the channel.
    Sent,
    /// DONE.
    Ends,
    /// Anything else.
    Other,
}

impl Kind {
    const fn of(signal: &Signal) -> Self {
        match signal {
            Signal::InProgress => Self::Begins,
            Signal::Done(_) => Self::Ends,
            _ => Self::Other,
        }
    }
}

const fn import_kind(effect: &import::Effect) -> Kind {
    match effect {
        import::Effect::Signal(signal) => Kind::of(signal),
        import::Effect::Send(..) | import::Effect::End(_) => Kind::Sent,
        _ => Kind::Other,
    }
}

const fn export_kind(effect: &export::Effect) -> Kind {
    match effect {
        export::Effect::Signal(signal) => Kind::of(signal),
        export::Effect::Send(_) | export::Effect::SendArchive | export::Effect::End => Kind::Sent,
        _ => Kind::Other,
    }
}

/// Returns the signal of an importer's turn that is not at its place among what is sent, and its place (R-STATE-2).
pub(crate) fn import_disorder(effects: &[import::Effect]) -> Option<&'static str> {
    disorder(effects, import_kind)
}

/// The same of an exporter.
pub(crate) fn export_disorder(effects: &[export::Effect]) -> Option<&'static str> {
    disorder(effects, export_kind)
}

fn disorder<E>(effects: &[E], kind: impl Fn(&E) -> Kind + Copy) -> Option<&'static str> {
    match (begins_first(effects, kind), ends_last(effects, kind)) {
        (false, false) => Some("signals IN_PROGRESS and DONE in the wrong order in this turn"),
        (false, true) => Some("signals IN_PROGRESS after what it sends in this turn, and has to before"),
        (true, false) => Some("signals DONE before what it sends in this turn, and has to after"),
        (true, true) => None,
    }
}

/// Whether IN_PROGRESS goes out before all that is sent in the turn, and before DONE (R-STATE-2).
fn begins_first<E>(effects: &[E], kind: impl Fn(&E) -> Kind) -> bool {
    let mut earlier = effects.iter().map(kind).skip_while(|kind| *kind == Kind::Other || *kind == Kind::Begins);
    earlier.all(|kind| kind != Kind::Begins)
}

/// Whether DONE goes out after all that is sent in the turn, and after IN_PROGRESS (R-STATE-2).
fn ends_last<E>(effects: &[E], kind: impl Fn(&E) -> Kind) -> bool {
    let mut later = effects.iter().map(kind).skip_while(|kind| *kind != Kind::Ends);
    later.all(|kind| matches!(kind, Kind::Ends | Kind::Other))
}

/// The outcome in these signals, if there is one.
fn outcome<'a>(mut signals: impl Iterator<Item = &'a Signal>) -> Option<Outcome> {
    signals.find_map(|signal| match signal {
        Signal::Done(outcome) => Some(*outcome),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_has_an_order() {
        let [begins, sent, ends, other] = [Kind::Begins, Kind::Sent, Kind::Ends, Kind::Other];
        for (turn, first, last) in [
            (&[][..], true, true),
            (&[other, begins, other, sent, sent, other], true, true),
            (&[sent, sent, ends, other], true, true),
            (&[begins, sent, ends], true, true),
            (&[sent, begins], false, true),
            (&[sent, other, begins], false, true),
            (&[ends, begins], false, false),
            (&[ends, sent], true, false),
            (&[sent, ends, sent], true, false),
        ] {
            assert_eq!(begins_first(turn, |kind| *kind), first, "{turn:?}");
            assert_eq!(ends_last(turn, |kind| *kind), last, "{turn:?}");
        }
    }
}
