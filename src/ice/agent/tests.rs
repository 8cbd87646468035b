use super::*;
use crate::secret::Secret;

fn description(name: &str) -> Description {
    let password = Secret::from(format!("{name}-password-of-24-chars"));
    Description { ufrag: name.into(), password, candidates: Vec::new() }
}

/// Both sides of a negotiation, and the connections between them.
struct Pair {
    importer: Agent,
    exporter: Agent,
}

const FROM: &str = "10.0.0.1:5000";

impl Pair {
    fn new() -> Self {
        let mut importer = Agent::new(Role::Controlling, &description("importer"), [1; 24]);
        importer.set_peer(&description("exporter"));
        Self { importer, exporter: Agent::new(Role::Controlled, &description("exporter"), [2; 24]) }
    }

    fn open(&mut self, connection: u32) {
        for side in [&mut self.importer, &mut self.exporter] {
            side.opened(ConnectionId(connection), FROM.parse().unwrap());
        }
    }

    /// Passes on all that is sent, and counts the messages.
    fn exchange(&mut self) -> usize {
        let mut count = 0;
        loop {
            let before = count;
            while let Some((connection, frame)) = self.importer.poll_transmit() {
                assert_eq!(self.exporter.handle(connection, &frame), Taken::Stun);
                count += 1;
            }
            while let Some((connection, frame)) = self.exporter.poll_transmit() {
                assert_eq!(self.importer.handle(connection, &frame), Taken::Stun);
                count += 1;
            }
            if count == before {
                return count;
            }
        }
    }

    fn chosen(&self) -> [Option<u32>; 2] {
        [&self.importer, &self.exporter].map(|side| side.chosen().map(|connection| connection.0))
    }
}

/// Holds R-ICE-4: both sides check each connection, and the importer chooses.
#[test]
fn the_first_connection_is_chosen_by_both() {
    let mut pair = Pair::new();
    pair.exporter.set_peer(&description("importer"));
    (1..=3).for_each(|connection| pair.open(connection));
    // A check of either side on each, and its response.
    assert_eq!(pair.exchange(), 3 * 2 * 2);
    assert_eq!(pair.chosen(), [Some(1), Some(1)]);
    // Nothing more is sent once all is answered.
    pair.importer.choose_answered();
    assert_eq!(pair.exchange(), 0);
    // A later connection is checked, and changes nothing.
    pair.open(4);
    assert_eq!(pair.exchange(), 2 * 2);
    assert_eq!(pair.chosen(), [Some(1), Some(1)]);
    assert_eq!([&pair.importer, &pair.exporter].map(Agent::choices), [1, 0]);
}

/// The exporter would take any other choice for the importer's.
#[test]
fn a_choice_that_was_made_lasts_as_long_as_its_connection() {
    let mut pair = Pair::new();
    pair.exporter.set_peer(&description("importer"));
    (1..=2).for_each(|connection| pair.open(connection));
    pair.exchange();
    let choose = |transaction: u8| {
        let names = ["exporter", "importer"];
        let check = Check { names, priority: 1, use_candidate: true, role: (Role::Controlling, 1) };
        stun::request(&[transaction; 12], &check, &stun::key(b"exporter-password-of-24-chars"))
    };
    assert_eq!(pair.exporter.handle(ConnectionId(2), &choose(1)), Taken::Stun);
    pair.exporter.closed(ConnectionId(2));
    pair.importer.closed(ConnectionId(2));
    pair.exchange();
    assert_eq!(pair.chosen(), [Some(1), Some(1)]);
    pair.exporter.closed(ConnectionId(1));
    pair.importer.closed(ConnectionId(1));
    assert_eq!(pair.chosen(), [None, None]);
    assert_eq!(pair.exchange(), 0);
}

/// No one who sees the number of one check knows that of another, or of another negotiation.
#[test]
fn each_check_has_a_number_of_its_own() {
    let mut numbers = std::collections::BTreeSet::new();
    for random in [[1; 24], [2; 24]] {
        let mut agent = Agent::new(Role::Controlling, &description("importer"), random);
        agent.set_peer(&description("exporter"));
        (1..=3).for_each(|connection| agent.opened(ConnectionId(connection), FROM.parse().unwrap()));
        while let Some((_, frame)) = agent.poll_transmit() {
            numbers.insert(Message::read(&frame).unwrap().transaction);
        }
    }
    assert_eq!(numbers.len(), 2 * 3);
}

/// A real importer chooses nothing without a check of the exporter's own: one goes out as soon as the answer is there.
#[test]
fn an_exporter_checks_early_connections_once_it_knows_the_answer() {
    let mut pair = Pair::new();
    pair.open(1);
    pair.exchange();
    assert_eq!(pair.chosen(), [Some(1), Some(1)]);
    pair.exporter.set_peer(&description("importer"));
    let (connection, frame) = pair.exporter.poll_transmit().expect("a check");
    let message = Message::read(&frame).unwrap();
    assert_eq!((connection.0, message.class, message.use_candidate), (1, Class::Request, false));
    assert_eq!(pair.importer.handle(connection, &frame), Taken::Stun);
    assert!(pair.exporter.poll_transmit().is_none());
}

#[test]
fn a_connection_that_is_lost_or_silent_is_replaced() {
    let mut pair = Pair::new();
    pair.exporter.set_peer(&description("importer"));
    (1..=3).for_each(|connection| pair.open(connection));
    // The choice of the first goes nowhere. Another one is chosen at once, and no third.
    pair.importer.closed(ConnectionId(1));
    assert_eq!(pair.importer.choices(), 2);
    pair.exporter.closed(ConnectionId(1));
    pair.exchange();
    let [importer, exporter] = pair.chosen();
    assert!(importer.is_some() && importer != Some(1) && importer == exporter, "{importer:?} {exporter:?}");
    assert_eq!([&pair.importer, &pair.exporter].map(Agent::choices), [2, 0]);

    // One that is lost while the choice of another waits changes nothing.
    let mut pair = Pair::new();
    (1..=3).for_each(|connection| pair.open(connection));
    pair.importer.closed(ConnectionId(2));
    assert_eq!(pair.importer.choices(), 1);

    let mut pair = Pair::new();
    pair.exporter.set_peer(&description("importer"));
    pair.open(1);
    pair.open(2);
    pair.importer.transmits.retain(|(connection, _)| connection.0 != 1);
    pair.exporter.transmits.clear();
    pair.exchange();
    // The choice of the first waits for its response, and after a while the other one, which has answered, is chosen.
    assert_eq!(pair.chosen(), [None, None]);
    pair.importer.choose_answered();
    pair.exchange();
    assert_eq!(pair.chosen(), [Some(2), Some(2)]);
}

/// A slow peer may have taken a choice whose response is still to come: a second choice would part the two sides.
#[test]
fn nothing_more_is_chosen_while_no_connection_has_answered() {
    let mut pair = Pair::new();
    pair.exporter.set_peer(&description("importer"));
    pair.open(1);
    pair.open(2);
    assert_eq!(pair.importer.choices(), 1);
    pair.importer.choose_answered();
    assert_eq!(pair.importer.choices(), 1);
    pair.exchange();
    assert_eq!(pair.chosen(), [Some(1), Some(1)]);
}

/// A real daemon ends the link here: a stranger's frame goes to TLS whatever connection it is on.
#[test]
fn a_stranger_changes_nothing_and_is_closed_after_a_while() {
    let mut pair = Pair::new();
    let stranger = ConnectionId(9);
    pair.exporter.opened(stranger, FROM.parse().unwrap());
    let unsigned = stun::request(
        &[7; 12],
        &Check { names: ["exporter", "stranger"], priority: 1, use_candidate: true, role: (Role::Controlling, 1) },
        &stun::key(b"guessed"),
    );
    for count in 0..MAX_ICE_STRAYS {
        let frame: &[u8] = if count % 2 == 0 { b"garbage" } else { &unsigned };
        assert_eq!(pair.exporter.handle(stranger, frame), Taken::Stray);
    }
    assert_eq!(pair.exporter.handle(stranger, b"garbage"), Taken::Hostile);
    assert!(pair.exporter.poll_transmit().is_none() && pair.exporter.chosen().is_none());
    pair.open(1);
    pair.exchange();
    assert_eq!(pair.chosen(), [Some(1), Some(1)]);
    // After the choice, too, only what is signed is answered.
    assert_eq!(pair.exporter.handle(ConnectionId(1), b"\x16\x03\x03"), Taken::Application);
}

/// The same check again is answered again: it is sent again over TCP too.
#[test]
fn every_copy_of_a_check_is_answered() {
    let mut pair = Pair::new();
    pair.open(1);
    let (connection, frame) = pair.importer.poll_transmit().expect("a check");
    for _ in 0..3 {
        assert_eq!(pair.exporter.handle(connection, &frame), Taken::Stun);
        let (_, response) = pair.exporter.poll_transmit().expect("a response");
        assert_eq!(Message::read(&response).map(|message| message.class), Some(Class::Success));
    }
}

#[test]
fn a_response_that_answers_nothing_is_a_stray() {
    let mut pair = Pair::new();
    pair.open(1);
    let forged = stun::success(&[9; 12], FROM.parse().unwrap(), &stun::key(b"exporter-password-of-24-chars"));
    assert_eq!(pair.importer.handle(ConnectionId(1), &forged), Taken::Stray);
    assert_eq!(pair.importer.chosen(), None);
    assert_eq!(pair.importer.handle(ConnectionId(77), &forged), Taken::Stray);
}

/// Whether a frame counts as a stray on a connection on which a signed check has come: the 17th is hostile there, unless it is the chosen one.
#[test]
fn only_a_signed_check_of_the_peer_is_taken() {
    let own = stun::key(b"exporter-password-of-24-chars");
    let check = |names: [&str; 2], key: &hmac::Key| {
        let check =
            Check { names: [names[0], names[1]], priority: 1, use_candidate: true, role: (Role::Controlling, 1) };
        stun::request(&[7; 12], &check, key)
    };
    let names = ["exporter", "importer"];
    let strays = [
        // For someone else, of someone else, without a name of the sender, and with another password.
        check(["another", "importer"], &own),
        check(["exporter", "another"], &own),
        check(["exporter", ""], &own),
        check(names, &stun::key(b"guessed")),
        // Without a priority: its check does not say what it is about.
        stun::without_priority(&[7; 12], "exporter:importer", &own),
        // Signed, and no request.
        stun::success(&[7; 12], FROM.parse().unwrap(), &own),
        stun::other(0x0011, &[7; 12], &own),
        stun::other(0x0111, &[7; 12], &own),
        Vec::new(),
    ];
    for (number, stray) in strays.iter().enumerate() {
        let mut exporter = Agent::new(Role::Controlled, &description("exporter"), [2; 24]);
        exporter.set_peer(&description("importer"));
        (1..=2).for_each(|connection| exporter.opened(ConnectionId(connection), FROM.parse().unwrap()));
        let sent = std::iter::from_fn(|| exporter.poll_transmit()).count();
        assert_eq!(sent, 2, "its own checks");
        for _ in 0..MAX_ICE_STRAYS {
            assert_eq!(exporter.handle(ConnectionId(1), stray), Taken::Stray, "{number}");
        }
        assert_eq!(exporter.handle(ConnectionId(1), stray), Taken::Hostile, "{number}");
        assert_eq!(exporter.poll_transmit(), None, "{number}");
        assert_eq!(exporter.handle(ConnectionId(2), b"\x16\x03\x03"), Taken::Stray, "{number}");
        assert_eq!(exporter.handle(ConnectionId(2), &check(names, &own)), Taken::Stun);
        assert_eq!(exporter.chosen(), Some(ConnectionId(2)));
        // An indication keeps the chosen connection alive.
        let alive = stray.get(..2) == Some(&[0x00, 0x11]);
        for _ in 0..2 * MAX_ICE_STRAYS {
            let taken = if alive { Taken::Stun } else { Taken::Stray };
            assert_eq!(exporter.handle(ConnectionId(2), stray), taken, "{number}");
        }
    }
}

/// Holds R-ICE-4: who has sent a signed check may go on with TLS, on any connection: the choice may be on its way.
#[test]
fn the_peer_may_begin_before_the_choice_is_known() {
    let mut pair = Pair::new();
    pair.open(1);
    pair.open(2);
    assert_eq!(pair.exporter.handle(ConnectionId(2), b"\x16\x03\x03"), Taken::Stray);
    pair.exchange();
    assert_eq!(pair.chosen(), [Some(1), Some(1)]);
    assert_eq!(pair.exporter.handle(ConnectionId(2), b"\x16\x03\x03"), Taken::Application);
}

#[test]
fn an_agent_prints_its_role_and_no_password() {
    let mut pair = Pair::new();
    pair.open(1);
    pair.exchange();
    let printed = format!("{:?}", pair.importer);
    assert!(printed.contains("Controlling") && printed.contains("ConnectionId(1)"), "{printed}");
    assert!(!printed.contains("password"), "{printed}");
}
