//! Tests against mutations of the reducer that the tests of the rules let live: each kills one kind of them.

use super::*;

fn ends_with_close(effects: &[Effect], outcome: Outcome) {
    assert!(effects.contains(&Effect::Close) && effects.contains(&done(outcome)), "{effects:?}");
}

/// R-API-8.
#[test]
fn the_last_signal_is_kept() {
    let exporter = Exporter::new(Config::default());
    assert_eq!((exporter.last_signal(), exporter.state()), (None, LinkState::Init));
    let rig = Rig::requested();
    assert_eq!((rig.0.last_signal(), rig.0.state()), (Some(&Signal::Connecting), LinkState::Connecting));
}

#[test]
fn each_row_has_its_name() {
    let after = |mut rig: Rig, input| {
        rig.ok(input);
        rig
    };
    let rigs = [
        Rig(Exporter::new(Config::default())),
        Rig::new(Profile::Documented),
        Rig::requested(),
        after(Rig::requested(), Input::Lost),
        Rig::accepted(),
        Rig::greeted_with(Features::ALL),
        Rig::confirmed(),
        Rig::trying(),
        Rig::sending(),
        Rig::sent(),
        after(Rig::requested(), Input::CancelAddDevice),
        after(Rig::accepted(), Input::CancelAddDevice),
        after(Rig::accepted(), Input::Lost),
    ];
    assert_eq!(
        rigs.map(|rig| rig.0.place()),
        [
            "idle",
            "connecting",
            "requested",
            "between attempts",
            "authenticating, no hello",
            "authenticating, greeted",
            "authenticating, confirmed",
            "trying",
            "sending",
            "sent",
            "done, requested",
            "done, linked",
            "done"
        ]
    );
}

/// R-API-4 to R-API-6.
#[test]
fn calls_at_the_wrong_time_are_refused() {
    use Input::{AddDevice, CancelAddDevice, ConfirmAddDevice};
    let again = AddDevice(Scheme::Password);
    let mut idle = Rig(Exporter::new(Config::default()));
    idle.refuses(ConfirmAddDevice, Refused::NotStarted);
    idle.refuses(CancelAddDevice, Refused::NotStarted);
    let mut connecting = Rig::requested();
    connecting.refuses(ConfirmAddDevice, Refused::NotAsked);
    connecting.refuses(again, Refused::Started);
    for mut rig in [Rig::confirmed(), Rig::trying(), Rig::sending(), Rig::sent()] {
        rig.refuses(ConfirmAddDevice, Refused::Confirmed);
        rig.refuses(again, Refused::Started);
    }
    for mut rig in [Rig::sending(), Rig::sent()] {
        rig.refuses(CancelAddDevice, Refused::TooLate);
    }
    let mut ended = Rig::accepted();
    ended.ok(CancelAddDevice);
    ended.refuses(ConfirmAddDevice, Refused::Ended);
    ended.refuses(CancelAddDevice, Refused::Ended);
    ended.refuses(again, Refused::Started);
}

/// R-EXP-2: the token's device is asked for the channel; one that declines it is left.
#[test]
fn the_channel_is_requested_or_the_connection_closed() {
    let mut rig = Rig::new(Profile::Documented);
    assert_eq!(rig.ok(Input::Opened { pinned: true }), [Effect::RequestChannel]);
    ends_with_close(&rig.ok(Input::Declined), Outcome::Network);
    assert!(rig.0.is_closed());
}

/// R-EXP-10: after the importer's early end of the channel the connection is closed; one that is lost is closed already.
#[test]
fn a_link_that_the_importer_ended_is_closed() {
    for mut rig in Rig::in_each_stage() {
        if rig.0.place() != "sent" {
            ends_with_close(&rig.ok(Input::Ended), Outcome::Network);
        }
    }
    for mut rig in Rig::in_each_stage() {
        let effects = rig.ok(Input::Lost);
        assert!(!effects.contains(&Effect::Close) && effects.contains(&done(Outcome::Network)), "{effects:?}");
    }
}

/// R-TIME-3 to R-TIME-5: which timers run where.
#[test]
fn timers_run_as_long_as_they_mean_something() {
    let armed = |rig: Rig| {
        let timers = rig.0.armed();
        timers.iter().collect::<Vec<_>>()
    };
    assert_eq!(armed(Rig::requested()), [Timer::Connect]);
    assert_eq!(armed(Rig::trying()), [Timer::Authenticate]);
    assert_eq!(armed(Rig::sending()), [Timer::Stall, Timer::Transfer]);
    assert_eq!(armed(Rig::sent()), [Timer::Result]);
    let mut ended = Rig::sent();
    ended.says(M::ImportResult(ImportResult::Stored));
    assert_eq!(armed(ended), [Timer::Linger]);
}

/// R-TIME-3 to R-TIME-5, R-EXT-3.
#[test]
fn each_timer_ends_its_row() {
    let word = Effect::Send(M::State(Word::Timeout));
    for (mut rig, timer, said) in [
        (Rig::new(Profile::Documented), Timer::Connect, false),
        (Rig::confirmed(), Timer::Authenticate, true),
        (Rig::sending(), Timer::Stall, false),
        (Rig::sending(), Timer::Transfer, false),
        (Rig::sent(), Timer::Result, true),
    ] {
        let effects = rig.ok(Input::Fired(timer));
        assert_eq!(
            (effects.contains(&word), effects.contains(&done(Outcome::Timeout))),
            (said, true),
            "{timer:?}: {effects:?}"
        );
    }
}

/// Of an ended operation its connection is closed once: when the importer has read the end, or after a while.
#[test]
fn what_is_left_after_the_end_is_let_go() {
    let cancelled = |mut rig: Rig| {
        rig.ok(Input::CancelAddDevice);
        assert!(!rig.0.is_closed());
        rig
    };
    for (rig, input, closes) in [
        (Rig::requested(), Input::Declined, true),
        (Rig::requested(), Input::Fired(Timer::Linger), true),
        (Rig::requested(), Input::Lost, false),
        (Rig::accepted(), Input::Ended, true),
        (Rig::accepted(), Input::Fired(Timer::Linger), true),
        (Rig::accepted(), Input::Lost, false),
    ] {
        let mut rig = cancelled(rig);
        let effects = rig.ok(input);
        assert_eq!(effects.contains(&Effect::Close), closes, "{input:?}: {effects:?}");
        assert!(rig.0.is_closed() && rig.0.armed() == Timers::default());
    }
}

/// R-EXP-3, R-EXP-6.
#[test]
fn the_user_is_asked_and_a_password_is_tried() {
    let peer_address = ADDRESS.parse().unwrap();
    let effects = Rig::requested().ok(Input::Accepted { peer_address });
    assert!(effects.contains(&Effect::Signal(Signal::Confirm { peer_address })), "{effects:?}");
    assert_eq!(Rig::confirmed().says(M::Password(SLOT)), [Effect::Open(SLOT)]);
}

/// R-EXT-2: a legacy importer ends the channel, and the connection is closed.
#[test]
fn after_a_legacy_importers_end_the_connection_is_closed() {
    let effects = Rig::sent_with(Features::NONE).ok(Input::Ended);
    ends_with_close(&effects, Outcome::Success { confirmed: false });
}

/// A verdict belongs to the password for which the archive was opened.
#[test]
fn a_result_of_another_password_is_ignored() {
    Rig::trying().ignores(Input::Tried(Slot(9), Tried::Opened));
    Rig::confirmed().ignores(Input::Tried(SLOT, Tried::Opened));
}

/// R-EXT-1: a result of who promised none breaks a rule.
#[test]
fn a_result_that_was_not_promised_is_the_peers_fault() {
    let effects = Rig::sent_with(Features::NONE).says(M::ImportResult(ImportResult::Stored));
    assert!(effects.contains(&done(Outcome::Protocol)), "{effects:?}");
}

/// R-TIME-4.
#[test]
fn progress_starts_the_stall_timer_again() {
    assert_eq!(Rig::sending().ok(Input::Progressed), [Effect::Arm(Timer::Stall)]);
}

/// R-STATE-2: what is left of a link goes without a signal.
#[test]
fn after_done_nothing_is_said_when_the_link_is_lost() {
    for mut rig in [Rig::requested(), Rig::accepted()] {
        rig.ok(Input::CancelAddDevice);
        let effects = rig.ok(Input::Lost);
        assert!(!effects.iter().any(|effect| matches!(effect, Effect::Signal(_))), "{effects:?}");
    }
}
