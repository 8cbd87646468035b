//! One test a rule: what the specification says, typed as inputs and effects.

mod comparison;
mod mutations;

use alloc::{vec, vec::Vec};

use super::*;

const SLOT: Slot = Slot(1);
const ADDRESS: &str = "192.0.2.7:4711";

/// An exporter that is driven by the law.
struct Rig(Exporter);

impl Rig {
    fn new(profile: Profile) -> Self {
        let mut rig = Self(Exporter::new(Config { profile, ..Config::default() }));
        rig.ok(Input::AddDevice(Scheme::Password));
        rig
    }

    fn requested() -> Self {
        let mut rig = Self::new(Profile::Documented);
        rig.ok(Input::Opened { pinned: true });
        rig
    }

    fn accepted_in(profile: Profile) -> Self {
        let mut rig = Self::new(profile);
        rig.ok(Input::Opened { pinned: true });
        rig.ok(Input::Accepted { peer_address: ADDRESS.parse().unwrap() });
        rig
    }

    fn accepted() -> Self {
        Self::accepted_in(Profile::Documented)
    }

    fn greeted_with(features: Features) -> Self {
        let mut rig = Self::accepted();
        rig.says(M::Hello(features));
        rig
    }

    fn confirmed_with(features: Features) -> Self {
        let mut rig = Self::greeted_with(features);
        rig.ok(Input::ConfirmAddDevice);
        rig
    }

    fn confirmed() -> Self {
        Self::confirmed_with(Features::ALL)
    }

    fn trying() -> Self {
        let mut rig = Self::confirmed();
        rig.says(M::Password(SLOT));
        rig
    }

    fn sending_with(features: Features) -> Self {
        let mut rig = Self::confirmed_with(features);
        rig.says(M::Password(SLOT));
        rig.ok(Input::Tried(SLOT, Tried::Opened));
        rig
    }

    fn sending() -> Self {
        Self::sending_with(Features::ALL)
    }

    fn sent_with(features: Features) -> Self {
        let mut rig = Self::sending_with(features);
        rig.ok(Input::HandedOver);
        rig
    }

    fn sent() -> Self {
        Self::sent_with(Features::ALL)
    }

    fn in_each_stage() -> Vec<Self> {
        vec![
            Self::accepted(),
            Self::greeted_with(Features::ALL),
            Self::confirmed(),
            Self::trying(),
            Self::sending(),
            Self::sent(),
        ]
    }

    fn drain(&mut self) -> Vec<Effect> {
        core::iter::from_fn(|| self.0.poll_effect()).collect()
    }

    fn ok(&mut self, input: Input) -> Vec<Effect> {
        self.0.handle(input).unwrap();
        self.drain()
    }

    fn says(&mut self, message: M) -> Vec<Effect> {
        self.ok(Input::Message(message))
    }

    fn refuses(&mut self, call: Input, why: Refused) {
        let before = self.0.clone();
        assert_eq!(self.0.handle(call), Err(why));
        assert_eq!(self.0, before, "a refused call changes nothing");
    }

    fn ignores(&mut self, input: Input) {
        let before = self.0.clone();
        assert_eq!(self.ok(input), []);
        assert_eq!(self.0, before, "{input:?} changes nothing");
    }

    fn outcome(&self) -> Option<Outcome> {
        self.0.outcome()
    }
}

fn ask() -> Effect {
    Effect::Send(M::AuthScheme(Scheme::Password, Features::ALL))
}

fn done(outcome: Outcome) -> Effect {
    Effect::Signal(Signal::Done(outcome))
}

/// R-API-4, R-EXP-1: CONNECTING comes before the request.
#[test]
fn connecting_is_the_first_signal() {
    let mut exporter = Rig(Exporter::new(Config::default()));
    exporter.refuses(Input::ConfirmAddDevice, Refused::NotStarted);
    assert_eq!(
        exporter.ok(Input::AddDevice(Scheme::None)),
        [Effect::Arm(Timer::Connect), Effect::Signal(Signal::Connecting), Effect::Connect]
    );
    exporter.refuses(Input::AddDevice(Scheme::None), Refused::Started);
    exporter.refuses(Input::ConfirmAddDevice, Refused::NotAsked);
}

/// R-SEC-1, R-EXP-2: another device than the token's gets no request.
#[test]
fn a_device_that_is_not_the_tokens_is_left_alone() {
    let mut rig = Rig::new(Profile::Documented);
    let effects = rig.ok(Input::Opened { pinned: false });
    assert!(!effects.contains(&Effect::RequestChannel) && effects.contains(&Effect::Close));
    assert_eq!(rig.outcome(), Some(Outcome::Network));
}

#[test]
fn failures_while_connecting_are_network_failures() {
    for (mut rig, event) in [
        (Rig::new(Profile::Documented), Input::Unreachable),
        (Rig::requested(), Input::Declined),
        (Rig::new(Profile::Documented), Input::Opened { pinned: false }),
    ] {
        rig.ok(event);
        assert_eq!(rig.outcome(), Some(Outcome::Network));
        assert!(rig.0.is_closed() && rig.0.armed().is_empty());
    }
}

/// R-EXP-12: an attempt that fails is made again after a pause, as often as it takes.
#[test]
fn an_attempt_that_fails_is_made_again() {
    let mut rig = Rig::new(Profile::Documented);
    for event in [Input::Failed, Input::Lost] {
        assert_eq!(rig.ok(event), [Effect::Arm(Timer::Retry)]);
        assert_eq!(rig.0.state(), LinkState::Connecting, "no signal is due");
        rig.ignores(Input::Lost);
        rig.ignores(Input::Failed);
        assert_eq!(rig.ok(Input::Fired(Timer::Retry)), [Effect::Connect]);
        rig.ignores(Input::Fired(Timer::Retry));
    }
    rig.ok(Input::Opened { pinned: true });
    rig.ignores(Input::Failed);
    assert_eq!(rig.ok(Input::Lost), [Effect::Arm(Timer::Retry)], "the channel was not accepted");
    rig.ok(Input::Fired(Timer::Retry));
    assert_eq!(rig.ok(Input::Opened { pinned: true }), [Effect::RequestChannel]);
    let peer_address = ADDRESS.parse().unwrap();
    rig.ok(Input::Accepted { peer_address });
    assert_eq!(rig.ok(Input::Lost), [Effect::Disarm(Timer::Authenticate), done(Outcome::Network)]);
}

/// R-EXP-12, R-TIME-2, R-CANCEL-1: between two attempts the operation ends as while it connects.
#[test]
fn between_attempts_an_operation_ends_as_ever() {
    let between = || {
        let mut rig = Rig::new(Profile::Documented);
        rig.ok(Input::Failed);
        rig
    };
    for (input, outcome) in
        [(Input::CancelAddDevice, Outcome::CANCELED), (Input::Fired(Timer::Connect), Outcome::Timeout)]
    {
        let mut rig = between();
        assert!(rig.ok(input).contains(&done(outcome)));
        assert!(rig.0.is_closed() && rig.0.armed().is_empty());
    }
    between().refuses(Input::ConfirmAddDevice, Refused::NotAsked);
}

/// R-EXP-4: `authScheme` goes out once, at the moment that the profile says, whatever the order of hello and confirm.
#[test]
fn the_scheme_is_sent_once() {
    let hello = Input::Message(M::Hello(Features::ALL));
    for (profile, order, expected) in [
        (Profile::Documented, [hello, Input::ConfirmAddDevice], [true, false]),
        (Profile::Documented, [Input::ConfirmAddDevice, hello], [false, true]),
        (Profile::Jamid, [hello, Input::ConfirmAddDevice], [false, true]),
        (Profile::Jamid, [Input::ConfirmAddDevice, hello], [false, true]),
    ] {
        let mut rig = Rig::accepted_in(profile);
        assert_eq!(order.map(|input| rig.ok(input).contains(&ask())), expected);
        rig.ignores(hello);
        rig.refuses(Input::ConfirmAddDevice, Refused::Confirmed);
    }
}

/// R-EXP-5, R-EXP-9: an early password waits for the confirmation, then is tried.
#[test]
fn an_early_password_waits_for_the_confirmation() {
    let mut rig = Rig::greeted_with(Features::ALL);
    assert_eq!(rig.says(M::Password(SLOT)), []);
    assert_eq!(rig.ok(Input::ConfirmAddDevice), [Effect::Open(SLOT)]);
    let mut second = Rig::greeted_with(Features::ALL);
    second.says(M::Password(SLOT));
    second.says(M::Password(Slot(2)));
    assert_eq!(second.outcome(), Some(Outcome::Protocol));
}

/// R-EXP-7: a password that was not asked for, or a second one while one is tried.
#[test]
fn passwords_out_of_turn_are_protocol_failures() {
    for mut rig in [Rig::accepted(), Rig::trying(), Rig::sending(), Rig::sent()] {
        let effects = rig.says(M::Password(Slot(2)));
        assert!(!effects.contains(&Effect::Open(Slot(2))));
        assert_eq!(rig.outcome(), Some(Outcome::Protocol));
    }
}

/// R-EXP-6: two wrong passwords may be followed by another, the third may not.
#[test]
fn the_third_wrong_password_is_the_last() {
    let mut rig = Rig::trying();
    for slot in 2..=3 {
        assert_eq!(rig.ok(Input::Tried(Slot(slot - 1), Tried::Wrong)), [Effect::Send(M::Verdict(Verdict::Wrong))]);
        rig.says(M::Password(Slot(slot)));
    }
    let effects = rig.ok(Input::Tried(Slot(3), Tried::Wrong));
    assert!(effects.contains(&Effect::Send(M::Verdict(Verdict::Final))) && effects.contains(&Effect::End));
    assert_eq!(rig.outcome(), Some(Outcome::Authentication));
}

/// R-EXP-6: an archive that cannot be read is no one's wrong password.
#[test]
fn an_unreadable_archive_is_a_storage_failure() {
    let mut rig = Rig::trying();
    let effects = rig.ok(Input::Tried(SLOT, Tried::Unreadable));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Send(_))));
    assert_eq!(rig.outcome(), Some(Outcome::Storage));
}

/// R-API-6, R-EXP-6: opened, IN_PROGRESS and the first byte are one step.
#[test]
fn an_opened_archive_is_sent_in_the_same_step() {
    let mut rig = Rig::trying();
    assert_eq!(
        rig.ok(Input::Tried(SLOT, Tried::Opened)),
        [
            Effect::Disarm(Timer::Authenticate),
            Effect::Arm(Timer::Stall),
            Effect::Arm(Timer::Transfer),
            Effect::Signal(Signal::InProgress),
            Effect::SendArchive,
        ]
    );
    rig.refuses(Input::CancelAddDevice, Refused::TooLate);
}

/// R-API-6: a cancel while the archive is being opened holds; the late result is discarded.
#[test]
fn a_late_result_of_opening_is_discarded() {
    let mut rig = Rig::trying();
    assert!(rig.ok(Input::CancelAddDevice).contains(&done(Outcome::CANCELED)));
    rig.ignores(Input::Tried(SLOT, Tried::Opened));
}

/// R-EXT-2.
#[test]
fn success_waits_for_the_importers_result() {
    for (result, outcome) in [
        (ImportResult::Stored, Outcome::SUCCESS),
        (ImportResult::FailedArchive, Outcome::Peer),
        (ImportResult::FailedStorage, Outcome::Peer),
        (ImportResult::Other, Outcome::Peer),
    ] {
        let mut rig = Rig::sent();
        rig.says(M::ImportResult(result));
        assert_eq!(rig.outcome(), Some(outcome));
        let mut early = Rig::sending();
        early.says(M::ImportResult(result));
        assert_eq!(early.outcome(), Some(Outcome::Protocol));
    }
    for event in [Input::Lost, Input::Ended] {
        let mut rig = Rig::sent();
        rig.ok(event);
        assert_eq!(rig.outcome(), Some(Outcome::Network));
    }
}

/// R-EXT-2: a legacy importer just ends the channel.
#[test]
fn a_legacy_importers_end_is_an_unconfirmed_success() {
    let mut rig = Rig::sent_with(Features::NONE);
    rig.ok(Input::Ended);
    assert_eq!(rig.outcome(), Some(Outcome::Success { confirmed: false }));
    for mut rig in [Rig::sending_with(Features::NONE), Rig::confirmed_with(Features::NONE)] {
        rig.ok(Input::Ended);
        assert_eq!(rig.outcome(), Some(Outcome::Network));
    }
    let mut lost = Rig::sent_with(Features::NONE);
    lost.ok(Input::Lost);
    assert_eq!(lost.outcome(), Some(Outcome::Network));
}

/// R-CANCEL-1: a cancel of the importer says whether archive bytes were out.
#[test]
fn the_importers_cancel_reports_whether_bytes_were_out() {
    for mut rig in Rig::in_each_stage() {
        let sent = rig.0.state() == LinkState::InProgress;
        rig.says(M::State(Word::Canceled));
        assert_eq!(rig.outcome(), Some(Outcome::Canceled { sent }));
    }
    for mut rig in Rig::in_each_stage() {
        rig.says(M::State(Word::Timeout));
        assert_eq!(rig.outcome(), Some(Outcome::Timeout));
    }
}

/// R-EXT-3: what is said to whom.
#[test]
fn farewells_are_what_the_peer_understands() {
    for (rig, timeout_word) in [
        (Rig::accepted as fn() -> Rig, true),
        (|| Rig::confirmed_with(Features::ALL), true),
        (|| Rig::confirmed_with(Features::NONE), false),
    ] {
        let cancel = rig().ok(Input::CancelAddDevice);
        assert!(cancel.contains(&Effect::Send(M::State(Word::Canceled))) && cancel.contains(&Effect::End));
        let timeout = rig().ok(Input::Fired(Timer::Authenticate));
        assert_eq!(timeout.contains(&Effect::Send(M::State(Word::Timeout))), timeout_word);
        assert!(timeout.contains(&Effect::End) && timeout.contains(&done(Outcome::Timeout)));
    }
    for timer in [Timer::Stall, Timer::Transfer] {
        let effects = Rig::sending().ok(Input::Fired(timer));
        assert!(!effects.iter().any(|effect| matches!(effect, Effect::Send(_))), "no word inside a message");
        assert!(effects.contains(&Effect::End) && effects.contains(&done(Outcome::Timeout)));
    }
}

/// R-CANCEL-1: a late ACCEPT of an ended operation is answered with the reason, and signals nothing.
#[test]
fn a_late_accept_is_answered() {
    let accepted = Input::Accepted { peer_address: ADDRESS.parse().unwrap() };
    for (end, outcome, word) in [
        (Input::CancelAddDevice, Outcome::CANCELED, Word::Canceled),
        (Input::Fired(Timer::Connect), Outcome::Timeout, Word::Timeout),
    ] {
        let mut rig = Rig::requested();
        assert!(rig.ok(end).contains(&done(outcome)));
        assert!(!rig.0.is_closed());
        assert_eq!(rig.ok(accepted), [Effect::Send(M::State(word)), Effect::End, Effect::Arm(Timer::Linger)]);
        assert_eq!(rig.ok(Input::Ended), [Effect::Disarm(Timer::Linger), Effect::Close]);
        assert!(rig.0.is_closed() && rig.0.armed().is_empty());
        let mut early = Rig::new(Profile::Documented);
        assert!(early.ok(end).contains(&Effect::Close));
        assert!(early.0.is_closed());
    }
}

/// R-EXP-7.
#[test]
fn what_is_not_due_is_ignored_and_what_cannot_be_is_protocol() {
    for rig in Rig::in_each_stage() {
        Rig(rig.0.clone()).ignores(Input::Message(M::Unknown));
        for message in [M::AuthScheme(Scheme::None, Features::ALL), M::Verdict(Verdict::Wrong)] {
            let mut rig = Rig(rig.0.clone());
            rig.says(message);
            assert_eq!(rig.outcome(), Some(Outcome::Protocol));
        }
        let mut rig = Rig(rig.0.clone());
        rig.ok(Input::Malformed);
        assert_eq!(rig.outcome(), Some(Outcome::Protocol));
    }
}

/// R-MSG-2: an archive that changed between the two passes ends the channel.
#[test]
fn an_archive_that_changed_is_a_storage_failure() {
    let mut rig = Rig::sending();
    let effects = rig.ok(Input::SendFailed);
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Send(_))) && effects.contains(&Effect::End));
    assert_eq!(rig.outcome(), Some(Outcome::Storage));
}
