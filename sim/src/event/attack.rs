//! Attacks that the intruder's model finds, as schedules: the moves of the intruder become the acts of a hostile device or of visitors, and
//! everything else is done by the two sides and their users as ever.

use handfast::{
    export,
    import::{self, Ask},
    message::{Message, Verdict},
    outcome::{Outcome, Scheme, Side, Signal},
    trace::{Step, Turn},
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
const LATER: u32 = 2500;
/// Longer than a side of today takes for a step of its own.
const SOON: u32 = 500;

/// Returns the two sides of a pair.
pub const fn cast(pair: Pair) -> Cast {
    match pair {
        Pair::HH => Cast::HH,
        Pair::HL => Cast::HL,
        Pair::LH => Cast::LH,
        Pair::LL => Cast::LL,
    }
}

/// The acts of one connection of the intruder, each at its time.
#[derive(Default)]
struct Acts {
    /// The time at which the next one is due, from where it begins.
    now: u32,
    acts: Vec<Act>,
}

impl Acts {
    /// Does this at a time, if that is still to come.
    fn at(&mut self, time: u32, act: Act) {
        if let Some(wait @ 1..) = time.checked_sub(self.now) {
            self.acts.push(Act::Wait(u16::try_from(wait).unwrap_or(u16::MAX)));
            self.now += wait.max(EVERY);
        }
        self.acts.push(act);
        self.now += EVERY;
    }

    /// Stays until everything is over.
    fn stay(mut self) -> Vec<Act> {
        self.acts.push(Act::Wait(60_000));
        self.acts
    }
}

/// Returns the schedule of an attack. All its moves are on one clock, which begins when the token is shown. None: the honest devices
/// have a link of their own in it, and the order of its messages and the intruder's counts, which needs a schedule of its own.
pub fn schedule(situation: &Situation, moves: &[Move]) -> Option<Schedule> {
    let (profile, scheme) = (situation.profile, situation.scheme);
    let mut schedule = Schedule { profile, scheme, latency: (1, 1), ..Schedule::default() };
    // The exporter connects once its user has thought, and the hostile device answers after the work of that.
    let stands = schedule.think.1 + schedule.work[1];
    let mut device = Acts { now: stands, ..Acts::default() };
    let mut visits = Vec::<Acts>::new();
    let mut now = 2 * stands;
    for &one in moves {
        now += match one {
            Move::Scan => 0,
            // The user does it, a while after being asked.
            Move::Confirm | Move::Compare(_) | Move::Answer => LATER,
            Move::Inner(_) => SOON,
            Move::Reach | Move::Deliver(_) | Move::Cut => return None,
            Move::Call(chain) => {
                let mut visit = Acts::default();
                visit.at(now, called(chain));
                visits.push(visit);
                SOON
            }
            Move::Ask { .. } | Move::Say(_) | Move::HangUp => {
                let visit = visits.last_mut()?;
                said(one).into_iter().for_each(|act| visit.at(now, act));
                // A wrong code has no effect that takes time, and there are many.
                if one == (Move::Ask { right: false }) { EVERY } else { SOON }
            }
            Move::Stand | Move::Accept | Move::Report(_) | Move::Leave => {
                reported(one, scheme).into_iter().for_each(|act| device.at(now, act));
                SOON
            }
        };
    }
    schedule.alone = device.acts.is_empty();
    schedule.swapped = !schedule.alone && !visits.is_empty();
    if !schedule.alone {
        schedule.device = Some(Device { every: EVERY, acts: device.stay() });
    }
    for visit in visits {
        let visit = What::Visit(Visit { knows: true, every: EVERY, acts: visit.stay() });
        schedule.faults.push(Fault { at: At::Step(Side::Import, 2), what: visit });
    }
    Some(schedule)
}

/// The chain of a connection to the new device.
const fn called(chain: Chain) -> Act {
    match chain {
        Chain::Own => Act::Secure(true),
        Chain::Forged => Act::Secure(false),
        Chain::Stolen => Act::Stolen,
    }
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

/// The words of an importer, and what else the intruder does at the old device. The empty password is right where the archive is open.
fn reported(one: Move, scheme: Scheme) -> Option<Act> {
    let message = match one {
        Move::Stand => return Some(Act::Secure(true)),
        Move::Accept => return Some(Act::Answer(true)),
        Move::Leave => return Some(Act::Drop),
        Move::Report(Word::Message(message)) => message,
        _ => return None,
    };
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

/// Whether the importer's user answered the question of another session than the honest exporter's.
fn is_for_another_session(steps: &[Step]) -> bool {
    let mut asked = PEER;
    let mut answered = PEER;
    for step in steps.iter().filter(|step| step.refused.is_none()) {
        let Turn::Import { input, effects } = &step.turn else { continue };
        let shows = effects.iter().any(|effect| matches!(effect, import::Effect::Signal(Signal::Prompt { .. })));
        match input {
            import::Input::Message(conn, Message::AuthScheme(..)) if shows => asked = *conn,
            import::Input::ProvideAccountAuthentication(..) => answered = asked,
            _ => {}
        }
    }
    answered != PEER
}

/// Whether a session came to where the attack on a query wants it.
pub fn reaches(query: Query, schedule: &Schedule, ran: &Ran) -> bool {
    use import::Effect as E;
    let of_import = ran.steps.iter().flat_map(|step| match &step.turn {
        Turn::Import { effects, .. } => &effects[..],
        Turn::Export { .. } => &[],
    });
    let of_export = ran.steps.iter().flat_map(|step| match &step.turn {
        Turn::Export { effects, .. } => &effects[..],
        Turn::Import { .. } => &[],
    });
    let imports: Vec<_> = of_import.chain(&ran.posted.import).collect();
    let count = |is: &dyn Fn(&E) -> bool| imports.iter().filter(|effect| is(effect)).count();
    let done = |effect: &E| matches!(effect, E::Signal(Signal::Done(Outcome::SUCCESS)));
    let installs = count(&|effect| *effect == E::Install) > 0;
    // In neither case has the importer a connection with the honest exporter.
    let (hostile, intruded) = (schedule.device.is_some(), schedule.alone || schedule.swapped);
    let (import, export) = ran.outcomes();
    let leaves = hostile && of_export.chain(&ran.posted.export).any(|effect| *effect == export::Effect::SendArchive);
    match query {
        Query::Archive => leaves,
        Query::Password => count(&|effect| matches!(effect, E::Send(conn, Message::Password(_)) if *conn != PEER)) > 0,
        Query::Code => false,
        Query::ImportAgrees if intruded => import == Some(Outcome::SUCCESS),
        // The second success is that of a session with the intruder.
        Query::ImportAgrees => {
            count(&done) > 1 && count(&|effect| matches!(effect, E::AcceptChannel(conn) if *conn != PEER)) > 0
        }
        Query::ExportAgrees => (hostile || !installs) && export.is_some_and(|outcome| outcome.is_success()),
        Query::Consent => leaves || installs && (intruded || is_for_another_session(&ran.steps)),
        Query::Failing => count(&|effect| matches!(effect, E::DeclineChannel(_))) > usize::from(WRONG_CODES),
    }
}
