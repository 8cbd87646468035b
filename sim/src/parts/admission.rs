//! Which connection makes room for another one, with every arrangement of three origins over four places of each stage (R-IMP-15), also where
//! connections come to a stage in another order than they were requested, and where all stages are full. The rule is typed from the
//! requirement, and reads nothing of the shipped tables. And which connection wrong codes close (R-TOK-5).

use std::net::{IpAddr, Ipv4Addr};

use handfast::{
    import::{Ask, Effect, Importer, Input},
    outcome::{AccountId, Outcome},
    reducer::{Config, ConnId, Origin, Places},
};

use super::{Cases, Part};

/// The origins: two addresses that are known, and connections of which nothing is known.
const ORIGINS: [&str; 3] = ["a", "b", "unknown"];

/// The stages: nothing has arrived, the handshake is under way, secured.
pub(super) const STAGES: usize = 3;

fn origin(name: usize) -> Origin {
    match ORIGINS[name] {
        "unknown" => Origin::UNKNOWN,
        _ => Origin::from(IpAddr::V4(Ipv4Addr::new(192, 0, 2, name as u8 + 1))),
    }
}

/// The place of the one that is evicted from a full stage, oldest first, for one that comes from there (R-IMP-15).
fn stated(full: &[usize], comes: usize) -> usize {
    let own: Vec<usize> = (0..full.len()).filter(|&place| full[place] == comes).collect();
    let has_half = ORIGINS[comes] != "unknown" && 2 * own.len() >= full.len();
    if has_half { own[0] } else { 0 }
}

/// An importer that waits, and the number of its next connection.
pub(super) struct Waiting {
    pub(super) importer: Importer,
    pub(super) next: u32,
}

impl Waiting {
    fn new(places: u16) -> Self {
        Self::with(Places { unsecured: places, secured: places })
    }

    pub(super) fn with(places: Places) -> Self {
        let config = Config { places, ..Config::default() };
        let mut waiting = Self { importer: Importer::new(config), next: 0 };
        waiting.take(Input::AddAccount);
        waiting.take(Input::Published);
        waiting
    }

    /// Hands something to the importer. Returns the connections that it closes or turns away.
    pub(super) fn take(&mut self, input: Input) -> Vec<u32> {
        let taken = self.importer.handle(input);
        assert!(taken.is_ok(), "events are never refused");
        let mut closed = Vec::new();
        while let Some(effect) = self.importer.poll_effect() {
            if let Effect::Close(ConnId(conn)) | Effect::Refuse(ConnId(conn)) = effect {
                closed.push(conn);
            }
        }
        closed
    }

    /// Brings a new connection to a stage. Returns the connections that are closed for it.
    pub(super) fn come(&mut self, from: usize, stage: usize) -> Vec<u32> {
        let conn = ConnId(self.next);
        self.next += 1;
        let requested = self.take(Input::ConnectionRequestedFrom(conn, origin(from)));
        requested.into_iter().chain(self.advance(conn.0, stage)).collect()
    }

    /// Brings a connection that was requested to a further stage. Returns the connections that are closed for it.
    fn advance(&mut self, conn: u32, stage: usize) -> Vec<u32> {
        let conn = ConnId(conn);
        let opened = Input::ConnectionOpened { conn, presented: Some(AccountId([7; 20])), verified: true };
        let steps = [Input::ConnectionAnswered(conn), opened];
        steps.into_iter().take(stage).flat_map(|input| self.take(input)).collect()
    }
}

/// Carries the table out.
pub(super) fn admissions() -> Part {
    let mut cases = Cases::default();
    for places in [1, 3, 4] {
        for (full, comes) in arrangements(places) {
            for stage in 0..STAGES {
                let mut waiting = Waiting::new(places as u16);
                let early: Vec<u32> = full.iter().flat_map(|&from| waiting.come(from, stage)).collect();
                let came = (early, waiting.come(comes, stage));
                let names: Vec<_> = full.iter().map(|&from| ORIGINS[from]).collect();
                let what = format!("stage {stage} has {names:?}, and one of {} comes: closed", ORIGINS[comes]);
                cases.expect(what, (Vec::new(), vec![stated(&full, comes) as u32]), came);
            }
        }
    }
    reversed(&mut cases);
    full(&mut cases);
    addresses(&mut cases);
    wrong_codes(&mut cases);
    cases.part("admissions", "R-IMP-15, R-TOK-5")
}

/// Every arrangement of so many places, and every origin of one more.
fn arrangements(places: u32) -> impl Iterator<Item = (Vec<usize>, usize)> {
    let digits = move |at: usize| (0..places).map(|place| at / ORIGINS.len().pow(place) % ORIGINS.len()).collect();
    (0..ORIGINS.len().pow(places)).flat_map(move |at| (0..ORIGINS.len()).map(move |comes| (digits(at), comes)))
}

/// Connections come to a stage in the reverse of the order in which they were requested: the oldest one of a stage is the one that has been
/// there for longest.
fn reversed(cases: &mut Cases) {
    for (asked, comes) in [2, 3].into_iter().flat_map(arrangements) {
        for stage in 1..STAGES {
            let mut waiting = Waiting::new(asked.len() as u16);
            let requested: Vec<u32> = asked.iter().flat_map(|&from| waiting.come(from, 0)).collect();
            let advanced = (0..asked.len() as u32).rev().flat_map(|conn| waiting.advance(conn, stage));
            let early: Vec<u32> = requested.into_iter().chain(advanced.collect::<Vec<_>>()).collect();
            let came = (early, waiting.come(comes, stage));
            let there: Vec<usize> = asked.iter().rev().copied().collect();
            let victim = asked.len() - 1 - stated(&there, comes);
            let names: Vec<_> = there.iter().map(|&from| ORIGINS[from]).collect();
            let what =
                format!("{names:?} came to stage {stage} in reverse, and one of {} comes: closed", ORIGINS[comes]);
            cases.expect(what, (Vec::new(), vec![victim as u32]), came);
        }
    }
}

/// All stages are full: one that goes through them evicts one of each, and none of a stage to which it has not come.
fn full(cases: &mut Cases) {
    const PLACES: usize = 3;
    for (there, comes) in arrangements(PLACES as u32) {
        for stage in 0..STAGES {
            let mut waiting = Waiting::new(PLACES as u16);
            // From the last stage on, so that none is in the way of another.
            let filled = |at: usize| there.iter().map(move |&from| ((from + at) % ORIGINS.len(), at));
            let early: Vec<u32> =
                (0..STAGES).rev().flat_map(filled).flat_map(|(from, at)| waiting.come(from, at)).collect();
            let came = (early, waiting.come(comes, stage));
            let victim = |at: usize| {
                let origins: Vec<usize> = filled(at).map(|(from, _)| from).collect();
                ((STAGES - 1 - at) * PLACES + stated(&origins, comes)) as u32
            };
            let names: Vec<_> = there.iter().map(|&from| ORIGINS[from]).collect();
            let what =
                format!("all stages are full, as {names:?}, and one of {} comes to stage {stage}", ORIGINS[comes]);
            cases.expect(what, (Vec::new(), (0..=stage).map(victim).collect()), came);
        }
    }
}

/// Which addresses are one origin: an IPv4 address, also written as IPv6, and a /64 network of IPv6.
fn addresses(cases: &mut Cases) {
    let origin = |address: &str| address.parse::<IpAddr>().map(Origin::from).ok();
    for (one, other, same) in [
        ("192.0.2.1", "192.0.2.1", true),
        ("192.0.2.1", "192.0.2.2", false),
        ("192.0.2.1", "192.0.3.1", false),
        ("192.0.2.1", "::ffff:192.0.2.1", true),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", false),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", false),
        ("2001:db8:1:2:8000::", "2001:db8:1:2::", true),
        ("2001:db8:1:2::", "2001:db8:1:2::1", true),
    ] {
        let came = origin(one) == origin(other);
        cases.expect(format!("{one} and {other} are one origin"), same, came);
    }
}

/// A connection is closed at its third wrong code, before a session and during one; that of the session stays. At the sixteenth in all an
/// operation without a session ends.
fn wrong_codes(cases: &mut Cases) {
    const SECURED: usize = STAGES - 1;
    let asks = |waiting: &mut Waiting, conn, ask, times: usize| -> Vec<Vec<u32>> {
        (0..times).map(|_| waiting.take(Input::ChannelRequested(ConnId(conn), ask))).collect()
    };
    for session in [false, true] {
        let mut waiting = Waiting::new(4);
        (0..2).for_each(|from| drop(waiting.come(from, SECURED)));
        asks(&mut waiting, 0, Ask::Right, usize::from(session));
        let came = asks(&mut waiting, 1, Ask::Wrong, 3);
        cases.expect(format!("three wrong codes, with a session: {session}"), vec![vec![], vec![], vec![1]], came);
    }
    let mut waiting = Waiting::new(4);
    waiting.come(0, SECURED);
    let before = asks(&mut waiting, 0, Ask::Wrong, 2);
    cases.expect("two wrong codes", vec![Vec::new(); 2], before);
    asks(&mut waiting, 0, Ask::Right, 1);
    let during = asks(&mut waiting, 0, Ask::Wrong, 300);
    cases.expect("wrong codes on the session's connection", vec![Vec::new(); 300], during);
    cases.expect("the session goes on", None, waiting.importer.outcome());
    let mut waiting = Waiting::new(16);
    for count in 1..=16_u32 {
        // Each on a connection of its own.
        waiting.come(0, SECURED);
        asks(&mut waiting, count - 1, Ask::Wrong, 1);
        let stated = (count == 16).then_some(Outcome::Authentication);
        cases.expect(format!("wrong codes in all: {count}"), stated, waiting.importer.outcome());
    }
    // However they are spread over connections, of which each is closed at its third; other channels, and the right code too early, do not count.
    for pattern in [[1, 1, 1], [2, 2, 2], [3, 3, 3], [3, 1, 2], [1, 3, 3], [2, 3, 1]] {
        for other in [None, Some(Ask::Other), Some(Ask::Right)] {
            let mut waiting = Waiting::new(16);
            let mut all = 0;
            for conn in 0..16 {
                waiting.come(conn as usize % 3, if other == Some(Ask::Right) { 1 } else { SECURED });
                for own in 1..=pattern[conn as usize % 3] {
                    if all == 16 {
                        break;
                    }
                    asks(&mut waiting, conn, other.unwrap_or(Ask::Other), 2);
                    all += 1;
                    let closed = asks(&mut waiting, conn, Ask::Wrong, 1).concat();
                    let what = format!("{pattern:?}, {other:?}: wrong code {own} of connection {conn}, {all} in all");
                    cases.expect(&what, own == 3 || all == 16, closed.contains(&conn));
                    let stated = (all == 16).then_some(Outcome::Authentication);
                    cases.expect(format!("{what}: the end"), stated, waiting.importer.outcome());
                }
            }
            cases.expect("all wrong codes came", 16, all);
        }
    }
}
