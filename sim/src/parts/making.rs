//! A device that has no descriptor for another connection (R-IMP-15): for every number of connections at each stage, which of them go, and how
//! many places are left. And how many connections each stage holds where nothing is short.

use handfast::import::{Ask, Input};
use handfast::reducer::{ConnId, Places};

use super::{
    Cases, Part,
    admission::{STAGES, Waiting},
};

/// The connections of each stage, oldest first, and the places.
#[derive(Clone)]
struct Stated {
    there: [Vec<u32>; STAGES],
    places: [usize; STAGES],
}

impl Stated {
    fn count(&self) -> usize {
        self.there.iter().map(Vec::len).sum()
    }

    /// The device can hold one connection less than there are: a third of them has places at each stage. Those beyond go, and where there are
    /// none, the one that has proved least; the oldest ones each time.
    fn exhausted(&mut self) -> Vec<u32> {
        let Some(holds) = self.count().checked_sub(1) else { return Vec::new() };
        let mut gone = Vec::new();
        for (there, places) in self.there.iter_mut().zip(&mut self.places) {
            *places = (*places).min((holds / STAGES).max(1));
            gone.extend(there.drain(..there.len().saturating_sub(*places)));
        }
        if gone.is_empty()
            && let Some(least) = self.there.iter_mut().find(|there| !there.is_empty())
        {
            gone.push(least.remove(0));
        }
        gone
    }

    /// A connection of an unknown origin comes to a stage, through all before it.
    fn comes(&mut self, conn: u32, stage: usize) -> Vec<u32> {
        let mut gone = Vec::new();
        for at in 0..=stage {
            if at > 0 {
                self.there[at - 1].retain(|&other| other != conn);
            }
            if self.there[at].len() >= self.places[at] {
                gone.push(self.there[at].remove(0));
            }
            self.there[at].push(conn);
        }
        gone
    }
}

const UNKNOWN: usize = 2;

/// An importer with so many connections at each stage, and what is stated of it.
fn begin(places: Places, counts: [usize; STAGES]) -> (Waiting, Stated, bool) {
    let mut waiting = Waiting::with(places);
    let unsecured = usize::from(places.unsecured);
    let mut stated =
        Stated { there: [const { Vec::new() }; STAGES], places: [unsecured, unsecured, usize::from(places.secured)] };
    let mut holds = true;
    // From the last stage on, so that none is in the way of another.
    for stage in (0..STAGES).rev() {
        for _ in 0..counts[stage] {
            let conn = waiting.next;
            holds &= waiting.come(UNKNOWN, stage) == stated.comes(conn, stage);
        }
    }
    (waiting, stated, holds)
}

fn sorted(mut conns: Vec<u32>) -> Vec<u32> {
    conns.sort_unstable();
    conns
}

/// Carries the table out.
pub(super) fn making() -> Part {
    let mut cases = Cases::default();
    let most = [0, 1, 2, 3, 4, 6, 9];
    let usual = Places { unsecured: 256, secured: 16 };
    for places in [
        usual,
        Places { unsecured: 4, secured: 2 },
        Places { unsecured: 2, secured: 4 },
        Places { unsecured: 1, secured: 1 },
    ] {
        for counts in most.into_iter().flat_map(|a| most.into_iter().flat_map(move |b| most.map(|c| [a, b, c]))) {
            if places != usual && counts.iter().any(|&count| count > 4) {
                continue;
            }
            short(&mut cases, places, counts);
        }
    }
    for counts in
        [[40, 0, 0], [0, 40, 0], [0, 0, 16], [40, 3, 16], [100, 100, 16], [256, 256, 16], [1, 0, 16], [0, 1, 16]]
    {
        short(&mut cases, usual, counts);
    }
    // Where the stages have other numbers of places, none gets more than it had.
    for (unsecured, secured) in [(1, 16), (2, 9), (9, 2), (16, 1)] {
        let (few, many) = (usize::from(unsecured), usize::from(secured));
        for counts in [[few, few, many], [0, few, many], [few, 0, many], [few, few, 0], [0, 0, many], [0, few, 0]] {
            short(&mut cases, Places { unsecured, secured }, counts);
        }
    }
    in_a_session(&mut cases);
    full(&mut cases);
    cases.part("making do", "R-IMP-15")
}

/// The device is short of descriptors, several times, and then others come to each stage.
fn short(cases: &mut Cases, places: Places, counts: [usize; STAGES]) {
    let (mut waiting, mut stated, holds) = begin(places, counts);
    let what = |more: String| format!("{places:?}, {counts:?} connections, {more}");
    cases.expect(what("they come".into()), true, holds);
    for times in 1..=4 {
        let there = stated.count();
        let gone = stated.exhausted();
        cases.expect(what("one goes, if there is one".into()), there > 0, !gone.is_empty());
        let came = waiting.take(Input::ConnectionsExhausted);
        cases.expect(what(format!("short for the time {times}: closed")), sorted(gone), sorted(came));
        if times % 2 == 1 {
            continue;
        }
        for stage in 0..STAGES {
            for more in 0..4 {
                let conn = waiting.next;
                let gone = stated.comes(conn, stage);
                let came = waiting.come(UNKNOWN, stage);
                cases.expect(
                    what(format!("short {times} times, {more} came before to stage {stage}: closed")),
                    gone,
                    came,
                );
            }
        }
    }
    cases.expect(what("nothing ends it".into()), None, waiting.importer.outcome());
}

/// With a session, the others of which are secured.
fn in_a_session(cases: &mut Cases) {
    for counts in (0..=4).flat_map(|unsecured| (1..=16).map(move |secured| [unsecured, unsecured, secured])) {
        let (mut waiting, mut stated, _) = begin(Places { unsecured: 256, secured: 16 }, counts);
        let session = stated.there[2].remove(counts[2] / 2);
        let closed = waiting.take(Input::ChannelRequested(ConnId(session), Ask::Right));
        let unsecured: Vec<u32> = stated.there[..2].iter_mut().flat_map(std::mem::take).collect();
        cases.expect(format_args!("{counts:?}: a session begins: closed"), sorted(unsecured), sorted(closed));
        for times in 1..=5 {
            let gone = stated.exhausted();
            let came = waiting.take(Input::ConnectionsExhausted);
            let what = format!("{counts:?}, in a session, short for the time {times}: closed");
            cases.expect(what, sorted(gone), sorted(came));
        }
        // None is let in any more, and all are closed at the end.
        let conn = waiting.next;
        cases.expect("one comes in a session", vec![conn], waiting.come(0, 0));
        let rest = stated.there.concat();
        let came = waiting.take(Input::RemoveAccount);
        cases.expect(format_args!("{counts:?}: the end: closed"), sorted(rest), sorted(came));
        cases.expect("short after the end: closed", Vec::<u32>::new(), waiting.take(Input::ConnectionsExhausted));
    }
}

/// 256, 256 and 16 places: the last one that fits, and the first for which another goes.
fn full(cases: &mut Cases) {
    for (stage, places) in [256, 256, 16].into_iter().enumerate() {
        let mut waiting = Waiting::with(Places::default());
        let early: Vec<u32> = (0..places).flat_map(|_| waiting.come(UNKNOWN, stage)).collect();
        cases.expect(format_args!("{places} come to stage {stage}: closed"), Vec::<u32>::new(), early);
        cases.expect(format_args!("one more comes to stage {stage}: closed"), vec![0], waiting.come(UNKNOWN, stage));
    }
}
