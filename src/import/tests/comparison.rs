//! The comparison (R-SAS-1 to R-SAS-9), on the importer's side.

use super::*;

const COMMITMENT: M = M::Commitment(Slot::NONE);
const OPENING: M = M::Opening(Slot::NONE);
const NONCE: Effect = Effect::Send(CONN, M::Nonce(Slot::NONE));
const SCHEME: M = M::AuthScheme(Scheme::Password, Features::WITH_SAS);

fn greeted(profile: Profile) -> Rig {
    let config = Config { profile, features: Features::WITH_SAS, ..Config::default() };
    let mut rig = Rig(Importer::new(config));
    rig.ok(Input::AddAccount);
    rig.ok(Input::Published);
    let mut rig = rig.connected(CONN);
    rig.ok(Input::ChannelRequested(CONN, Ask::Right));
    rig
}

fn awaiting() -> Rig {
    let mut rig = greeted(Profile::Documented);
    rig.says(SCHEME);
    rig
}

fn revealed() -> Rig {
    let mut rig = awaiting();
    rig.says(COMMITMENT);
    rig
}

fn comparing() -> Rig {
    let mut rig = revealed();
    rig.says(OPENING);
    rig
}

fn compare() -> Effect {
    Effect::Signal(Signal::CompareAccount { peer: PEER, scheme: Scheme::Password })
}

fn prompt() -> Effect {
    Effect::Signal(Signal::Prompt { peer: PEER, scheme: Scheme::Password, wrong_password: false })
}

/// R-SAS-2, R-SAS-5, R-SAS-6: the nonce follows the commitment, the user compares, and only then is asked for the password.
#[test]
fn the_nonce_follows_the_commitment() {
    for profile in [Profile::Documented, Profile::Jamid] {
        let mut rig = greeted(profile);
        assert_eq!(rig.says(SCHEME), [], "nothing is shown, and no nonce is out");
        rig.refuses(Input::CompareAccount(true), Refused::NotAsked);
        assert_eq!(rig.says(COMMITMENT), [NONCE]);
        assert_eq!(rig.0.state(), LinkState::Connecting);
        assert_eq!(rig.says(OPENING), [compare()]);
        assert_eq!(rig.0.state(), LinkState::Authenticating);
        rig.refuses(Input::ProvideAccountAuthentication(SLOT, Scheme::Password), Refused::NotAsked);
        assert_eq!(rig.ok(Input::CompareAccount(true)), [prompt()]);
        rig.refuses(Input::CompareAccount(true), Refused::NotAsked);
        assert!(rig.answers().contains(&Effect::Send(CONN, M::Password(SLOT))));
    }
}

/// R-SAS-7: a difference ends the operation on both sides.
#[test]
fn a_difference_ends_the_operation() {
    let mut rig = comparing();
    let effects = rig.ok(Input::CompareAccount(false));
    assert!(effects.contains(&Effect::Send(CONN, M::State(Word::Mismatch))));
    assert_eq!(rig.outcome(), Some(Outcome::Mismatch));
    rig.refuses(Input::CompareAccount(true), Refused::Ended);
    let mut answered = comparing();
    answered.ok(Input::CompareAccount(true));
    answered.answers();
    for mut rig in [awaiting(), revealed(), comparing(), answered] {
        rig.says(M::State(Word::Mismatch));
        assert_eq!(rig.outcome(), Some(Outcome::Mismatch));
    }
    let mut rig = Rig::prompting();
    rig.says(M::State(Word::Mismatch));
    assert_eq!(rig.outcome(), Some(Outcome::Protocol), "there was nothing to compare");
}

/// R-SAS-1: with a peer that does not name it, and on a side that does not, the user is asked as before.
#[test]
fn a_side_without_it_has_nothing_to_compare() {
    for features in [Features::ALL, Features::NONE] {
        let mut rig = greeted(Profile::Documented);
        assert_eq!(rig.says(M::AuthScheme(Scheme::Password, features)), [prompt()]);
        for message in [COMMITMENT, OPENING] {
            rig.ignores(Input::Message(CONN, message));
        }
        rig.refuses(Input::CompareAccount(true), Refused::NotAsked);
        assert!(rig.answers().contains(&Effect::Send(CONN, M::Password(SLOT))));
    }
    let mut rig = Rig::greeted();
    assert_eq!(rig.says(SCHEME), [prompt()]);
    rig.ignores(Input::Message(CONN, COMMITMENT));
}

/// R-SAS-2, R-SAS-6: what is out of its order is a violation, an archive above all.
#[test]
fn what_is_out_of_order_is_a_violation() {
    type Rigs = [(fn() -> Rig, &'static [M]); 3];
    let rigs: Rigs = [
        (awaiting, &[OPENING, M::Nonce(Slot::NONE)]),
        (revealed, &[COMMITMENT, M::Nonce(Slot::NONE)]),
        (comparing, &[COMMITMENT, OPENING, M::Nonce(Slot::NONE), M::Verdict(Verdict::Final)]),
    ];
    for (rig, messages) in rigs {
        for &message in messages {
            let mut rig = rig();
            rig.says(message);
            assert_eq!(rig.outcome(), Some(Outcome::Protocol), "{message:?}");
        }
        for input in [Input::ArchiveBegan(CONN), Input::Malformed(CONN)] {
            let mut rig = rig();
            rig.ok(input);
            assert_eq!(rig.outcome(), Some(Outcome::Protocol), "{input:?}");
        }
        // A removal, a timer and a loss end it as they do anywhere in AUTHENTICATING.
        let mut canceled = rig();
        canceled.ok(Input::RemoveAccount);
        assert_eq!(canceled.outcome(), Some(Outcome::CANCELED));
        let mut late = rig();
        late.ok(Input::Fired(Timer::Authenticate));
        assert_eq!(late.outcome(), Some(Outcome::Timeout));
        let mut lost = rig();
        lost.ok(Input::ConnectionLost(CONN));
        assert_eq!(lost.outcome(), Some(Outcome::Network));
    }
}

/// R-IMP-13, R-IMP-14: what is out of its order while the archive is checked is a violation, and while it is installed it changes nothing.
#[test]
fn nothing_of_the_comparison_changes_an_install() {
    for message in [COMMITMENT, OPENING, M::Nonce(Slot::NONE)] {
        let mut rig = comparing();
        rig.ok(Input::CompareAccount(true));
        rig.answers();
        rig.ok(Input::ArchiveBegan(CONN));
        rig.ok(Input::ArchiveComplete(CONN));
        let mut checking = Rig(rig.0.clone());
        checking.says(message);
        assert_eq!(checking.outcome(), Some(Outcome::Protocol), "{message:?}");
        rig.ok(Input::Checked(Check::Sound(PEER)));
        rig.ignores(Input::Message(CONN, message));
    }
}
