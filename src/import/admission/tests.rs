//! Which connections are let in, and which make room (R-IMP-15).

use alloc::{collections::BTreeSet, vec, vec::Vec};
use core::net::{IpAddr, Ipv4Addr};

use proptest::prelude::*;

use super::*;
use crate::{reducer::Config, rules::AllRules};

const SMALL: Places = Places { unsecured: 3, secured: 2 };
/// Nothing is closed.
const NONE: [u32; 0] = [];
const ACCOUNT: AccountId = AccountId([7; 20]);
/// The honest exporter's connection.
const HONEST: ConnId = ConnId(1_000);

fn origin(number: u8) -> Origin {
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, number)).into()
}

/// An importer that shows its token.
struct Rig(Importer<AllRules>);

impl Rig {
    fn with(places: Places) -> Self {
        let mut rig = Self(Importer::new(Config { places, ..Config::default() }));
        rig.ok(Input::AddAccount);
        rig.ok(Input::Published);
        rig
    }

    fn ok(&mut self, input: Input) -> Vec<Effect> {
        self.0.handle(input).unwrap();
        core::iter::from_fn(|| self.0.poll_effect()).collect()
    }

    /// The connections that an input closes.
    fn closes(&mut self, input: Input) -> Vec<u32> {
        let effects = self.ok(input);
        effects.iter().filter_map(|effect| if let Effect::Close(conn) = effect { Some(conn.0) } else { None }).collect()
    }

    fn requests(&mut self, conn: u32, from: u8) -> Vec<u32> {
        self.closes(Input::ConnectionRequestedFrom(ConnId(conn), origin(from)))
    }

    fn answers(&mut self, conn: u32) -> Vec<u32> {
        self.closes(Input::ConnectionAnswered(ConnId(conn)))
    }

    fn is_secured(&mut self, conn: u32) -> Vec<u32> {
        self.closes(Input::ConnectionOpened { conn: ConnId(conn), presented: Some(ACCOUNT), verified: true })
    }

    fn proof(&self, conn: ConnId) -> Option<usize> {
        self.0.admission.position(conn).map(|at| self.0.admission.candidates[at].proof.stage())
    }
}

#[test]
fn the_oldest_silent_connection_makes_room() {
    let mut rig = Rig::with(SMALL);
    for conn in 1..=3 {
        assert_eq!(rig.requests(conn, 1), NONE);
    }
    assert_eq!(rig.requests(4, 1), [1]);
    assert_eq!(rig.requests(5, 1), [2]);
    assert_eq!(rig.0.outcome(), None);
}

#[test]
fn progress_makes_room_among_its_like_only() {
    let mut rig = Rig::with(SMALL);
    for conn in 1..=3 {
        rig.requests(conn, 1);
        assert_eq!(rig.answers(conn), NONE);
    }
    for conn in 4..=6 {
        assert_eq!(rig.requests(conn, 1), NONE, "what has answered keeps its place");
    }
    assert_eq!(rig.answers(6), [1], "one that answers joins those that have");
    assert_eq!(rig.answers(6), NONE, "once");
    for conn in 2..=3 {
        assert_eq!(rig.is_secured(conn), NONE);
    }
    assert_eq!(rig.is_secured(5), [2], "it may be secured at once");
    assert_eq!(rig.requests(7, 1), NONE);
}

/// One that has waited longest for the next step is the oldest, whenever it came.
#[test]
fn age_counts_from_the_last_step() {
    let mut rig = Rig::with(SMALL);
    for conn in [1, 2, 3] {
        rig.requests(conn, 1);
    }
    for conn in [3, 2, 1] {
        rig.answers(conn);
    }
    rig.requests(4, 1);
    assert_eq!(rig.answers(4), [3]);
}

#[test]
fn an_address_with_half_of_the_places_makes_room_for_itself() {
    let mut rig = Rig::with(Places { unsecured: 4, secured: 2 });
    rig.requests(1, 1);
    for conn in 2..=4 {
        assert_eq!(rig.requests(conn, 2), NONE, "it may have more while they are free");
    }
    assert_eq!(rig.requests(5, 2), [2], "the older one is of an address that has one only");
    assert_eq!(rig.requests(6, 3), [1], "the oldest of all");
    assert_eq!(rig.requests(7, 3), [3]);
    assert_eq!(rig.requests(8, 3), [6], "it has two of four");
    let hosts =
        ["2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"].map(|text| Origin::from(text.parse::<IpAddr>().unwrap()));
    assert!(hosts[0] == hosts[1] && hosts[0] != hosts[2]);
    assert_eq!(Origin::from("::ffff:192.0.2.1".parse::<IpAddr>().unwrap()), origin(1));
}

/// A connection that is evicted is closed, and that is all.
#[test]
fn what_is_evicted_changes_nothing() {
    let mut rig = Rig::with(Places { unsecured: 1, secured: 1 });
    rig.requests(1, 1);
    assert_eq!(rig.ok(Input::ConnectionRequested(ConnId(2))), [Effect::Close(ConnId(1)), Effect::Accept(ConnId(2))]);
    for late in [
        Input::ConnectionAnswered(ConnId(1)),
        Input::ConnectionOpened { conn: ConnId(1), presented: Some(ACCOUNT), verified: true },
        Input::ConnectionLost(ConnId(1)),
    ] {
        assert_eq!(rig.ok(late), []);
    }
    assert_eq!(rig.ok(Input::ChannelRequested(ConnId(1), Ask::Right)), [Effect::DeclineChannel(ConnId(1))]);
    assert_eq!(rig.is_secured(2), NONE);
    assert!(rig.ok(Input::ChannelRequested(ConnId(2), Ask::Right)).contains(&Effect::AcceptChannel(ConnId(2))));
}

/// When a session begins, only those that may still ask for a channel stay, for an answer.
#[test]
fn a_session_closes_what_is_not_secured() {
    let mut rig = Rig::with(SMALL);
    for conn in 1..=4 {
        rig.requests(conn, 1);
        if conn > 1 {
            rig.answers(conn);
        }
        if conn > 2 {
            rig.is_secured(conn);
        }
    }
    assert_eq!(rig.closes(Input::ChannelRequested(ConnId(4), Ask::Right)), [1, 2]);
    assert_eq!(rig.ok(Input::ChannelRequested(ConnId(3), Ask::Right)), [Effect::DeclineChannel(ConnId(3))]);
}

#[test]
fn a_device_that_runs_short_makes_do_with_fewer_connections() {
    let mut rig = Rig::with(Places::default());
    assert_eq!(rig.ok(Input::ConnectionsExhausted), [], "no connection is at fault");
    for conn in 1..=41 {
        rig.requests(conn, 1);
    }
    let closed: Vec<u32> = (1..=28).collect();
    assert_eq!(rig.closes(Input::ConnectionsExhausted), closed, "a third of 40 stays in each stage");
    assert_eq!(rig.requests(50, 1), [29], "from now on");
    assert_eq!(rig.is_secured(50), NONE, "what is secured has places of its own");
    // It never makes do with none.
    for _ in 0..50 {
        assert!(!rig.closes(Input::ConnectionsExhausted).is_empty() || rig.0.admission.candidates.is_empty());
    }
    assert_eq!(rig.requests(60, 1), NONE);
    assert_eq!(rig.requests(61, 1), [60]);
}

/// An event of strangers: a connection and how far it goes, or that the device runs short.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Requests(u8),
    Answers(u32),
    Secures(u32),
    Leaves(u32),
}

fn deeds(most: usize) -> impl Strategy<Value = Vec<Deed>> {
    let one = prop_oneof![
        4 => (0..3u8).prop_map(Deed::Requests),
        2 => (0..40u32).prop_map(Deed::Answers),
        2 => (0..40u32).prop_map(Deed::Secures),
        1 => (0..40u32).prop_map(Deed::Leaves),
    ];
    prop::collection::vec(one, 0..most)
}

/// Strangers, who never take the same connection twice.
struct Strangers {
    next: u32,
}

impl Strangers {
    /// Lets them do something. Gives what it closes.
    fn act(&mut self, rig: &mut Rig, deed: Deed) -> Vec<u32> {
        match deed {
            Deed::Requests(from) => {
                self.next += 1;
                rig.requests(self.next, from)
            }
            Deed::Answers(back) => rig.answers(self.next.saturating_sub(back)),
            Deed::Secures(back) => rig.is_secured(self.next.saturating_sub(back)),
            Deed::Leaves(back) => rig.closes(Input::ConnectionLost(ConnId(self.next.saturating_sub(back)))),
        }
    }
}

proptest! {
    /// Bounded, whatever comes; and a connection is closed only by one that has proved as much.
    #[test]
    fn what_proves_more_is_never_closed_by_what_proves_less(deeds in deeds(300), places in (1..5u16, 1..4u16)) {
        let places = Places { unsecured: places.0, secured: places.1 };
        let mut rig = Rig::with(places);
        let mut strangers = Strangers { next: 0 };
        for deed in deeds {
            let before: Vec<_> = (0..=strangers.next).map(|conn| rig.proof(ConnId(conn))).collect();
            let closed = strangers.act(&mut rig, deed);
            let stage = match deed {
                Deed::Requests(_) => 0,
                Deed::Answers(_) => 1,
                Deed::Secures(_) => 2,
                Deed::Leaves(_) => usize::MAX,
            };
            for conn in closed {
                prop_assert_eq!(before[conn as usize], Some(stage), "{:?} closed {}", deed, conn);
            }
            for (stage, most) in [places.unsecured, places.unsecured, places.secured].into_iter().enumerate() {
                prop_assert!(rig.0.admission.of_stage(stage).count() <= usize::from(most));
            }
            let all: BTreeSet<_> = rig.0.admission.candidates.iter().map(|one| one.conn).collect();
            prop_assert_eq!(all.len(), rig.0.admission.candidates.len());
            prop_assert_eq!(rig.0.outcome(), None);
        }
    }

    /// The honest exporter gets its session if, while it waits for its next step, strangers come to less than half of the places of its
    /// stage: after any others, in any interleaving, and from any addresses, its own too.
    #[test]
    fn an_honest_exporter_is_admitted(
        before in deeds(100),
        between in prop::collection::vec(deeds(60), 3),
        answers in any::<bool>(),
        places in (1..5u16, 1..4u16),
    ) {
        let places = Places { unsecured: places.0, secured: places.1 };
        let mut rig = Rig::with(places);
        let mut strangers = Strangers { next: 0 };
        for deed in before {
            strangers.act(&mut rig, deed);
        }
        rig.ok(Input::ConnectionRequestedFrom(HONEST, origin(0)));
        let steps = [
            answers.then_some(Input::ConnectionAnswered(HONEST)),
            Some(Input::ConnectionOpened { conn: HONEST, presented: Some(ACCOUNT), verified: true }),
            Some(Input::ChannelRequested(HONEST, Ask::Right)),
        ];
        let (mut last, mut came) = (None, 0);
        for (deeds, step) in between.into_iter().zip(steps) {
            let stage = rig.proof(HONEST);
            let most = if stage == Some(2) { places.secured } else { places.unsecured }.div_ceil(2);
            if stage != last {
                (last, came) = (stage, 1);
            }
            for deed in deeds {
                let at = match deed {
                    Deed::Requests(_) => Some(0),
                    Deed::Answers(_) => Some(1),
                    Deed::Secures(_) => Some(2),
                    Deed::Leaves(_) => None,
                };
                if at == stage {
                    came += 1;
                }
                if at != stage || came <= most {
                    strangers.act(&mut rig, deed);
                }
            }
            prop_assert!(rig.proof(HONEST).is_some());
            if let Some(step) = step {
                rig.ok(step);
            }
        }
        prop_assert_eq!(rig.0.link(), Some(HONEST));
    }
}

/// A stage may as well be skipped: what is secured at once was never seen to answer.
#[test]
fn a_handshake_in_one_piece_takes_no_place_among_those_under_way() {
    let mut rig = Rig::with(Places { unsecured: 1, secured: 1 });
    rig.requests(1, 1);
    rig.answers(1);
    rig.requests(2, 1);
    assert_eq!(rig.is_secured(2), NONE);
    assert_eq!(vec![rig.proof(ConnId(1)), rig.proof(ConnId(2))], [Some(1), Some(2)]);
}

proptest! {
    /// Strangers at one address never evict a connection of another one, however many they are.
    #[test]
    fn one_address_evicts_no_connection_of_another(deeds in deeds(300), places in (2..6u16, 2..4u16), stage in 0..3usize) {
        let mut rig = Rig::with(Places { unsecured: places.0, secured: places.1 });
        let mut strangers = Strangers { next: 0 };
        rig.ok(Input::ConnectionRequestedFrom(HONEST, origin(100)));
        if stage > 0 {
            rig.answers(HONEST.0);
        }
        if stage > 1 {
            rig.is_secured(HONEST.0);
        }
        for deed in deeds {
            let deed = if let Deed::Requests(_) = deed { Deed::Requests(1) } else { deed };
            strangers.act(&mut rig, deed);
            prop_assert_eq!(rig.proof(HONEST), Some(stage));
        }
    }
}

/// Each line of the invariant is found where it does not hold.
#[test]
fn candidates_that_do_not_fit_are_found() {
    let candidate =
        |conn, proof, wrong_codes| Candidate { conn: ConnId(conn), origin: Origin::UNKNOWN, proof, wrong_codes };
    let found =
        |candidates| Admission { candidates, ..Admission::new(Places { unsecured: 1, secured: 1 }) }.invariant();
    let secured = Proof::Secured(AccountId([7; 20]));
    assert_eq!(
        found(vec![candidate(1, Proof::Nothing, 0), candidate(2, Proof::Answered, 0), candidate(3, secured, 2)]),
        Ok(())
    );
    let too_many = Err("no stage has more connections than places");
    for proof in [Proof::Nothing, Proof::Answered, secured] {
        assert_eq!(found(vec![candidate(1, proof, 0), candidate(2, proof, 0)]), too_many);
    }
    let guesses = Err("a connection with too many wrong codes is closed");
    assert_eq!(found(vec![candidate(1, secured, MAX_WRONG_CODES_PER_CONNECTION)]), guesses);
    let twice = vec![candidate(1, Proof::Nothing, 0), candidate(1, secured, 0)];
    assert_eq!(found(twice), Err("a connection waits once"));
}

/// R-TOK-5: the sixteenth wrong code is the token's end, so that no importer waits after it.
#[test]
fn a_token_that_is_used_up_and_still_shown_is_found() {
    for (wrong_codes, found) in [(15, Ok(())), (16, Err("wrong codes use a token up"))] {
        let mut rig = Rig::with(SMALL);
        rig.0.admission.wrong_codes = wrong_codes;
        assert_eq!(rig.0.invariant(), found, "{wrong_codes}");
    }
}
