//! The rows that random schedules walk last: a peer that says every word of the alphabet in every state, and a stranger that does each thing
//! at each time of a session.

use handfast::{
    import::Ask,
    message::Message,
    outcome::{Profile, Side},
};

use handfast_model::steps::{TO_EXPORTER, TO_IMPORTER};

use crate::event::{
    below::Below,
    campaign::Found,
    engine::Engine,
    schedule::{Act, Archive, At, Device, Fault, Schedule, Story, Visit, What},
    state::run::Watch,
};

/// Milliseconds within which a peer says its next word.
const EVERY: u32 = 5;
/// Longer than a user thinks, and longer than work takes.
const WHILE: u16 = 2500;

/// How an exporter comes to each of the importer's states.
const TO_IMPORT: [&[Act]; 6] = {
    const OPEN: [Act; 2] = [Act::Secure(true), Act::Ask(Ask::Right)];
    const SCHEME: Act = Act::Say(0);
    const WAIT: Act = Act::Wait(WHILE);
    const BEGIN: Act = Act::Begin(Archive::Own);
    [
        &OPEN,
        &[OPEN[0], OPEN[1], SCHEME],
        &[OPEN[0], OPEN[1], SCHEME, WAIT],
        &[OPEN[0], OPEN[1], SCHEME, WAIT, BEGIN],
        &[OPEN[0], OPEN[1], SCHEME, WAIT, BEGIN, Act::Complete],
        &[OPEN[0], OPEN[1], SCHEME, WAIT, BEGIN, Act::Complete, WAIT],
    ]
};

/// How an importer comes to each of the exporter's states.
const TO_EXPORT: [&[Act]; 8] = {
    const OPEN: [Act; 2] = [Act::Secure(true), Act::Answer(true)];
    const HELLO: Act = Act::Say(0);
    const WAIT: Act = Act::Wait(WHILE);
    const PASSWORD: Act = Act::Password(true);
    [
        &[],
        &[OPEN[0]],
        &OPEN,
        &[OPEN[0], OPEN[1], HELLO],
        &[OPEN[0], OPEN[1], HELLO, WAIT],
        &[OPEN[0], OPEN[1], HELLO, WAIT, PASSWORD],
        &[OPEN[0], OPEN[1], HELLO, WAIT, PASSWORD, WAIT],
        &[OPEN[0], OPEN[1], HELLO, WAIT, PASSWORD, WAIT, Act::Wait(10_000)],
    ]
};

/// The possible words there.
fn words(alphabet: usize) -> Vec<Act> {
    let stories = [Story::Message, Story::Giant, Story::GiantArchive, Story::Frame].map(Act::Babble);
    let mut words: Vec<Act> = (0..alphabet).map(|number| Act::Say(number as u8)).collect();
    words.extend(stories);
    words.extend([Act::Begin(Archive::Own), Act::Begin(Archive::Honest), Act::Begin(Archive::Nonsense)]);
    words.extend([Ask::Right, Ask::Wrong, Ask::Other].map(Act::Ask));
    words.extend([Act::Password(true), Act::Password(false), Act::Answer(true), Act::Answer(false)]);
    words.extend([Act::Complete, Act::End, Act::Drop]);
    words.extend(Below::ALL.map(Act::Below));
    words
}

/// How much later each of the stranger's times is, in milliseconds, and how many there are: a whole session.
const TIMES: (u16, u16) = (250, 64);

/// The actions of a stranger at each time, after those before.
const AT_THE_PORT: [(&[Act], Act); 5] = [
    (&[], Act::Fail),
    (&[], Act::Secure(true)),
    (&[Act::Secure(true)], Act::Ask(Ask::Wrong)),
    (&[Act::Secure(true)], Act::Ask(Ask::Other)),
    (&[Act::Secure(true)], Act::Drop),
];

/// A side that faces a hostile peer.
pub(super) struct Target {
    pub(super) side: Side,
    pub(super) alphabet: &'static [Message],
    /// How it is brought to each of its states.
    pub(super) ways: &'static [&'static [Act]],
}

impl Target {
    pub(super) const BOTH: [Self; 2] = [
        Self { side: Side::Import, alphabet: &TO_IMPORTER, ways: &TO_IMPORT },
        Self { side: Side::Export, alphabet: &TO_EXPORTER, ways: &TO_EXPORT },
    ];

    /// The possible actions there.
    pub(super) fn words(&self) -> Vec<Act> {
        words(self.alphabet.len())
    }

    /// The session in which these acts are done, and then nothing any more.
    pub(super) fn schedule(&self, profile: Profile, acts: &[Act]) -> Schedule {
        // Longer than the result's timer, so that each timer of the peer fires (R-TIME-4).
        let acts = [acts, &[Act::Wait(60_000); 4]].concat();
        match self.side {
            Side::Import => {
                let visit = What::Visit(Visit { knows: true, every: EVERY, acts });
                Schedule { alone: true, trusting: true, faults: vec![in_time(visit)], ..base(profile) }
            }
            Side::Export => Schedule { device: Some(Device { every: EVERY, acts }), ..base(profile) },
        }
    }
}

fn base(profile: Profile) -> Schedule {
    Schedule { profile, archive: (5, 40), pace: 1000, work: [50, 30, 2000, 2000, 2000], ..Schedule::default() }
}

/// Somebody comes once the token is shown.
fn in_time(what: What) -> Fault {
    Fault { at: At::Step(Side::Import, 2), what }
}

/// Each word in each state of each side, what is below the messages after the end of a session that goes on, and each thing that a stranger does at each time, in both profiles.
pub fn directed() -> Vec<Schedule> {
    let mut all = Vec::new();
    for profile in [Profile::Documented, Profile::Jamid] {
        for target in Target::BOTH {
            for way in target.ways {
                let each =
                    target.words().into_iter().map(|word| target.schedule(profile, &[way, &[word][..]].concat()));
                all.extend(each);
            }
        }
        // While the importer installs, a session that is garbled or that the peer has ended goes on.
        let [import, _] = Target::BOTH;
        let installing = import.ways[import.ways.len() - 1];
        for first in [Act::Babble(Story::Message), Act::End] {
            for then in Below::ALL.map(Act::Below).into_iter().chain([Act::End, Act::Babble(Story::Frame)]) {
                all.push(import.schedule(profile, &[installing, &[first, then][..]].concat()));
            }
        }
        for (before, act) in AT_THE_PORT {
            for time in 0..TIMES.1 {
                let acts = [before, &[Act::Wait(1 + time * TIMES.0), act, Act::Wait(30_000)]].concat();
                let visit = What::Visit(Visit { knows: false, every: EVERY, acts });
                all.push(Schedule { faults: vec![in_time(visit)], ..base(profile) });
            }
        }
    }
    all
}

/// Carries all of them out. Their numbers take the place of seeds.
pub fn walk(engine: &Engine, watch: Watch) -> Found {
    let mut found = Found::default();
    for (schedule, number) in directed().iter().zip(0..) {
        found.note(number, schedule, engine.run(schedule, watch));
    }
    found
}
