//! The comparison (R-SAS-1 to R-SAS-9), on the exporter's side.

use super::*;

const COMMITMENT: Effect = Effect::Send(M::Commitment(Slot::NONE));
const OPENING: Effect = Effect::Send(M::Opening(Slot::NONE));
const NONCE: M = M::Nonce(Slot::NONE);

fn accepted(profile: Profile) -> Rig {
    let config = Config { profile, features: Features::WITH_SAS, ..Config::default() };
    let mut rig = Rig(Exporter::new(config));
    rig.ok(Input::AddDevice(Scheme::Password));
    rig.ok(Input::Opened { pinned: true });
    let effects = rig.ok(Input::Accepted { peer_address: ADDRESS.parse().unwrap() });
    assert_eq!(effects, [Effect::Disarm(Timer::Connect), Effect::Arm(Timer::Authenticate)], "nothing is asked yet");
    rig
}

fn committed() -> Rig {
    let mut rig = accepted(Profile::Documented);
    rig.says(M::Hello(Features::WITH_SAS));
    rig
}

fn shown() -> Rig {
    let mut rig = committed();
    rig.says(NONCE);
    rig
}

fn ask() -> Effect {
    Effect::Send(M::AuthScheme(Scheme::Password, Features::WITH_SAS))
}

fn compare() -> Effect {
    Effect::Signal(Signal::CompareDevice { peer_address: ADDRESS.parse().unwrap() })
}

/// R-SAS-2, R-SAS-5: it commits, waits for the importer's nonce, opens, and asks its user once, in both profiles.
#[test]
fn the_nonce_is_opened_after_the_importers_is_known() {
    for profile in [Profile::Documented, Profile::Jamid] {
        let mut rig = accepted(profile);
        rig.refuses(Input::ConfirmAddDevice, Refused::NotAsked);
        assert_eq!(rig.says(M::Hello(Features::WITH_SAS)), [ask(), COMMITMENT]);
        rig.refuses(Input::ConfirmAddDevice, Refused::NotAsked);
        rig.refuses(Input::CompareAddDevice(true), Refused::NotAsked);
        assert_eq!(rig.0.state(), LinkState::Connecting);
        assert_eq!(rig.says(NONCE), [OPENING, compare()]);
        assert_eq!(rig.0.state(), LinkState::Authenticating);
    }
}

/// R-SAS-6: no password is tried before the user says that the strings are equal; one that came earlier is kept.
#[test]
fn no_password_is_tried_before_the_strings_are_equal() {
    let mut rig = shown();
    assert_eq!(rig.says(M::Password(SLOT)), []);
    rig.refuses(Input::ConfirmAddDevice, Refused::NotAsked);
    assert_eq!(rig.ok(Input::CompareAddDevice(true)), [Effect::Open(SLOT)]);
    rig.refuses(Input::CompareAddDevice(true), Refused::NotAsked);
    rig.refuses(Input::ConfirmAddDevice, Refused::Confirmed);
    assert_eq!(rig.says(M::Unknown), []);
    let effects = rig.ok(Input::Tried(SLOT, Tried::Opened));
    assert!(effects.contains(&Effect::SendArchive));
    // Before the importer's nonce a password is none.
    let mut rig = committed();
    rig.says(M::Password(SLOT));
    assert_eq!(rig.outcome(), Some(Outcome::Protocol));
}

/// R-SAS-7: a difference ends the operation on both sides, each with its own words.
#[test]
fn a_difference_ends_the_operation() {
    let mut rig = shown();
    let effects = rig.ok(Input::CompareAddDevice(false));
    assert!(effects.starts_with(&[
        Effect::Disarm(Timer::Authenticate),
        Effect::Send(M::State(Word::Mismatch)),
        Effect::End
    ]));
    assert!(effects.ends_with(&[done(Outcome::Mismatch)]));
    rig.refuses(Input::CompareAddDevice(true), Refused::Ended);
    for mut rig in [committed(), shown()] {
        rig.says(M::State(Word::Mismatch));
        assert_eq!(rig.outcome(), Some(Outcome::Mismatch));
    }
    let mut rig = Rig::confirmed();
    rig.says(M::State(Word::Mismatch));
    assert_eq!(rig.outcome(), Some(Outcome::Protocol), "there was nothing to compare");
}

/// R-SAS-1: with a peer that does not name it, and on a side that does not, nothing of it is sent, and what belongs to it is ignored.
#[test]
fn a_side_without_it_has_nothing_to_compare() {
    let confirm = Effect::Signal(Signal::Confirm { peer_address: ADDRESS.parse().unwrap() });
    for features in [Features::ALL, Features::NONE] {
        let mut rig = accepted(Profile::Documented);
        assert_eq!(rig.says(M::Hello(features)), [confirm, ask()]);
        rig.ignores(Input::Message(NONCE));
        rig.refuses(Input::CompareAddDevice(true), Refused::NotAsked);
        assert_eq!(rig.ok(Input::ConfirmAddDevice), []);
        assert_eq!(rig.says(M::Password(SLOT)), [Effect::Open(SLOT)]);
        // In the other profile the scheme waits for the user, as before.
        let mut rig = accepted(Profile::Jamid);
        assert_eq!(rig.says(M::Hello(features)), [confirm]);
        assert_eq!(rig.ok(Input::ConfirmAddDevice), [ask()]);
    }
    let mut rig = Rig::accepted();
    assert_eq!(rig.says(M::Hello(Features::WITH_SAS)), [super::ask()]);
    rig.ignores(Input::Message(NONCE));
}

/// R-SAS-2: what is out of its order is a violation.
#[test]
fn what_is_out_of_order_is_a_violation() {
    for message in [M::Commitment(Slot::NONE), M::Opening(Slot::NONE)] {
        for mut rig in [committed(), shown()] {
            rig.says(message);
            assert_eq!(rig.outcome(), Some(Outcome::Protocol), "{message:?}");
        }
    }
    let mut rig = shown();
    rig.says(NONCE);
    assert_eq!(rig.outcome(), Some(Outcome::Protocol), "a second nonce");
    // A cancel, a timer and a loss end it as they do anywhere in AUTHENTICATING.
    for rig in [accepted(Profile::Documented), committed(), shown()] {
        let mut canceled = Rig(rig.0.clone());
        canceled.ok(Input::CancelAddDevice);
        assert_eq!(canceled.outcome(), Some(Outcome::CANCELED));
        let mut late = Rig(rig.0.clone());
        late.ok(Input::Fired(Timer::Authenticate));
        assert_eq!(late.outcome(), Some(Outcome::Timeout));
        let mut lost = rig;
        lost.ok(Input::Lost);
        assert_eq!(lost.outcome(), Some(Outcome::Network));
    }
}
