//! Attacks that the intruder's model finds, as schedules: the moves of the intruder become the acts of a hostile device or of visitors, and
//! everything else is done by the two sides and their users as ever.

use handfast::{
    export,
    import::{self, Ask},
    message::{Message, Verdict},
    outcome::{Outcome, Scheme, Side},
    trace::Turn,
};
use handfast_model::{
    config::Cast,
    intruder::{
        Pair, Query, Situation,
        moves::{Move, Word},
        scene::{Chain, EMPTY, GUESS},
        terms::Owner,
    },
    system::stated::WRONG_CODES,
    world::PEER,
};

use crate::event::{
    schedule::{Act, Archive, At, Device, Fault, Schedule, Visit, What},
    state::run::Ran,
};

/// Milliseconds between two acts.
const EVERY: u32 = 20;
/// Longer than a user thinks, and longer than work takes.
const LATER: Act = Act::Wait(2500);

/// Why there is no schedule of an attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Beyond {
    /// The honest devices have a link of their own in it, and the order of its messages and the intruder's counts.
    Linked,
    /// The intruder has a session with each of the two devices: a hostile device is in place of the importer, which is not there then.
    Both,
    /// The intruder's device has a session with today's exporter, which a hostile device of the engine does not meet.
    Exporter,
    /// The intruder shows a chain that it signed with the stolen key.
    Stolen,
}

impl Beyond {
    /// The same in words.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Linked => "the honest devices are linked in it, in an order that no schedule fixes",
            Self::Both => "it takes a session with each device, and a schedule has a hostile peer of one",
            Self::Exporter => "the hostile device of a schedule meets hardened exporters only",
            Self::Stolen => "it takes a chain that is signed with the stolen key",
        }
    }
}

/// Returns the two sides of a pair.
pub const fn cast(pair: Pair) -> Cast {
    match pair {
        Pair::HH => Cast::HH,
        Pair::HL => Cast::HL,
        Pair::LH => Cast::LH,
        Pair::LL => Cast::LL,
    }
}

/// Returns the schedule of an attack.
///
/// # Errors
/// A schedule cannot say it.
pub fn schedule(situation: &Situation, moves: &[Move]) -> Result<Schedule, Beyond> {
    let mut device = Vec::new();
    let mut visits = Vec::<Vec<Act>>::new();
    for &one in moves {
        match one {
            Move::Scan => {}
            // The user does it, a while after being asked.
            Move::Confirm | Move::Compare(Side::Export) => device.push(LATER),
            Move::Answer | Move::Compare(Side::Import) | Move::Inner(_) => {
                visits.last_mut().ok_or(Beyond::Linked)?.push(LATER);
            }
            Move::Reach | Move::Deliver(_) | Move::Cut => return Err(Beyond::Linked),
            Move::Stand => device.push(Act::Secure(true)),
            Move::Accept => device.push(Act::Answer(true)),
            Move::Report(word) => device.extend(report(word, situation.scheme).into_iter().chain([LATER])),
            Move::Leave => device.push(Act::Drop),
            Move::Call(Chain::Stolen) => return Err(Beyond::Stolen),
            Move::Call(chain) => visits.push(vec![Act::Secure(chain == Chain::Own)]),
            Move::Ask { .. } | Move::Say(_) | Move::HangUp => {
                visits.last_mut().ok_or(Beyond::Linked)?.extend(said(one));
            }
        }
    }
    let mut schedule =
        Schedule { profile: situation.profile, scheme: situation.scheme, latency: (1, 1), ..Schedule::default() };
    match (device.is_empty(), visits.is_empty()) {
        (false, false) => return Err(Beyond::Both),
        (false, true) if !situation.pair.hardens_export() => return Err(Beyond::Exporter),
        (false, true) => {
            device.push(Act::Wait(60_000));
            schedule.device = Some(Device { every: EVERY, acts: device });
        }
        (true, _) => {
            schedule.alone = true;
            let mut before = 0;
            for mut acts in visits {
                // The next one connects when the one before has left.
                let wait: u32 =
                    acts.iter().map(|act| if let Act::Wait(ms) = act { u32::from(*ms) } else { EVERY }).sum();
                acts.insert(0, Act::Wait(u16::try_from(before + EVERY).unwrap_or(u16::MAX)));
                before += wait + 10 * EVERY;
                acts.push(LATER);
                let visit = What::Visit(Visit { knows: true, every: EVERY, acts });
                schedule.faults.push(Fault { at: At::Step(Side::Import, 2), what: visit });
            }
        }
    }
    Ok(schedule)
}

/// The words of an exporter, and what else the intruder does at the new device.
fn said(one: Move) -> Vec<Act> {
    match one {
        Move::Ask { right } => vec![Act::Ask(if right { Ask::Right } else { Ask::Wrong })],
        Move::Say(Word::Message(Message::AuthScheme(Scheme::Password, _))) => vec![Act::Say(0)],
        Move::Say(Word::Message(Message::AuthScheme(Scheme::None, _))) => vec![Act::Say(1)],
        Move::Say(Word::Message(Message::Verdict(Verdict::Wrong))) => vec![Act::Say(2)],
        Move::Say(Word::Message(Message::Verdict(_))) => vec![Act::Say(3)],
        Move::Say(Word::Archive(Owner::Honest)) => vec![Act::Begin(Archive::Honest), Act::Complete],
        Move::Say(Word::Archive(Owner::Intruder)) => vec![Act::Begin(Archive::Own), Act::Complete],
        Move::HangUp => vec![Act::Drop],
        _ => Vec::new(),
    }
}

/// A word of an importer. The empty password is right where the archive is open.
fn report(word: Word, scheme: Scheme) -> Option<Act> {
    let Word::Message(message) = word else { return None };
    match message {
        Message::Hello(features) => Some(Act::Say(u8::from(features.is_legacy()))),
        Message::Password(slot) => {
            let is_empty = slot == EMPTY;
            Some(Act::Password(slot != GUESS && is_empty == (scheme == Scheme::None)))
        }
        Message::ImportResult(_) => Some(Act::Say(2)),
        _ => None,
    }
}

/// Whether a session came to where the attack on a query wants it. All that the sides did is in its trace.
pub fn reaches(query: Query, schedule: &Schedule, ran: &Ran) -> bool {
    let imports = |is: &dyn Fn(&import::Input, &import::Effect) -> bool| {
        ran.steps.iter().any(|step| match &step.turn {
            Turn::Import { input, effects } => effects.iter().any(|effect| is(input, effect)),
            Turn::Export { .. } => false,
        })
    };
    let exports = |effect: export::Effect| {
        ran.steps.iter().any(|step| matches!(&step.turn, Turn::Export { effects, .. } if effects.contains(&effect)))
    };
    let hostile = schedule.device.is_some();
    let (import, export) = ran.outcomes();
    let leaves = hostile && exports(export::Effect::SendArchive);
    match query {
        Query::Archive => leaves,
        Query::Password => {
            imports(&|_, effect| matches!(effect, import::Effect::Send(conn, Message::Password(_)) if *conn != PEER))
        }
        Query::Code => false,
        Query::ImportAgrees => schedule.alone && import == Some(Outcome::SUCCESS),
        Query::ExportAgrees => hostile && export.is_some_and(|outcome| outcome.is_success()),
        Query::Consent => leaves || schedule.alone && imports(&|_, effect| *effect == import::Effect::Install),
        Query::Failing => {
            let declined = ran.steps.iter().filter(|step| match &step.turn {
                Turn::Import { effects, .. } => {
                    effects.iter().any(|effect| matches!(effect, import::Effect::DeclineChannel(_)))
                }
                Turn::Export { .. } => false,
            });
            declined.count() > usize::from(WRONG_CODES)
        }
    }
}
