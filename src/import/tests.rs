//! One test a rule: what the specification says, typed as inputs and effects.

mod comparison;
mod mutations;

use alloc::{vec, vec::Vec};

use super::*;
use crate::limits::{MAX_UNSECURED, MAX_WRONG_CODES};

const CONN: ConnId = ConnId(1);
const STRANGER: ConnId = ConnId(2);
const PEER: AccountId = AccountId([7; 20]);
const SLOT: Slot = Slot(1);

/// An importer that is driven by the law.
struct Rig(Importer);

impl Rig {
    fn new(profile: Profile) -> Self {
        let mut rig = Self(Importer::new(Config { profile, ..Config::default() }));
        rig.ok(Input::AddAccount);
        rig.ok(Input::Published);
        rig
    }

    fn waiting() -> Self {
        Self::new(Profile::Documented)
    }

    fn connected(mut self, conn: ConnId) -> Self {
        self.ok(Input::ConnectionRequested(conn));
        self.ok(Input::ConnectionOpened { conn, presented: Some(PEER), verified: true });
        self
    }

    fn greeted() -> Self {
        let mut rig = Self::waiting().connected(CONN);
        rig.ok(Input::ChannelRequested(CONN, Ask::Right));
        rig
    }

    fn prompting_with(features: Features) -> Self {
        let mut rig = Self::greeted();
        rig.says(M::AuthScheme(Scheme::Password, features));
        rig
    }

    fn prompting() -> Self {
        Self::prompting_with(Features::ALL)
    }

    fn answered() -> Self {
        let mut rig = Self::prompting();
        rig.answers();
        rig
    }

    fn receiving() -> Self {
        let mut rig = Self::answered();
        rig.ok(Input::ArchiveBegan(CONN));
        rig
    }

    fn checking() -> Self {
        let mut rig = Self::receiving();
        rig.ok(Input::ArchiveComplete(CONN));
        rig
    }

    fn installing() -> Self {
        let mut rig = Self::checking();
        rig.ok(Input::Checked(Check::Sound(PEER)));
        rig
    }

    /// One rig in each stage of a session before the install.
    fn in_each_stage() -> Vec<Self> {
        vec![Self::greeted(), Self::prompting(), Self::answered(), Self::receiving(), Self::checking()]
    }

    fn drain(&mut self) -> Vec<Effect> {
        core::iter::from_fn(|| self.0.poll_effect()).collect()
    }

    fn ok(&mut self, input: Input) -> Vec<Effect> {
        self.0.handle(input).unwrap();
        self.drain()
    }

    fn says(&mut self, message: M) -> Vec<Effect> {
        self.ok(Input::Message(CONN, message))
    }

    fn answers(&mut self) -> Vec<Effect> {
        self.ok(Input::ProvideAccountAuthentication(SLOT, Scheme::Password))
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

fn done(outcome: Outcome) -> Effect {
    Effect::Signal(Signal::Done(outcome))
}

/// R-IMP-1: the token is shown only once the device can be reached, and requests before are refused.
#[test]
fn the_token_waits_for_the_directory() {
    let mut rig = Rig(Importer::new(Config::default()));
    assert_eq!(rig.ok(Input::AddAccount), [Effect::Arm(Timer::Prepare), Effect::Publish]);
    assert_eq!(rig.ok(Input::ConnectionRequested(CONN)), [Effect::Refuse(CONN)]);
    assert_eq!(rig.0.state(), LinkState::Init);
    assert_eq!(
        rig.ok(Input::Published),
        [Effect::Disarm(Timer::Prepare), Effect::Arm(Timer::Token), Effect::Signal(Signal::TokenAvailable)]
    );
}

#[test]
fn a_device_that_cannot_be_reached_ends_the_operation() {
    let mut rig = Rig(Importer::new(Config::default()));
    rig.ok(Input::AddAccount);
    assert!(rig.ok(Input::Unpublishable).contains(&done(Outcome::Network)));
    assert!(rig.0.is_closed() && rig.0.armed().is_empty());
}

/// R-IMP-2: CONNECTING once, and failed attempts change nothing else.
#[test]
fn connecting_is_signalled_once() {
    let mut rig = Rig::waiting();
    assert_eq!(rig.ok(Input::ConnectionRequested(CONN)), [Effect::Accept(CONN), Effect::Signal(Signal::Connecting)]);
    assert_eq!(rig.ok(Input::ConnectionFailed(CONN)), []);
    assert_eq!(rig.ok(Input::ConnectionRequested(STRANGER)), [Effect::Accept(STRANGER)]);
    assert_eq!(rig.0.state(), LinkState::Connecting);
}

/// R-SEC-1: a chain that does not prove its account is not shown to anybody.
#[test]
fn an_unproved_account_is_sent_away() {
    for (presented, verified) in [(Some(PEER), false), (None, true), (None, false)] {
        let mut rig = Rig::waiting();
        rig.ok(Input::ConnectionRequested(CONN));
        assert_eq!(rig.ok(Input::ConnectionOpened { conn: CONN, presented, verified }), [Effect::Close(CONN)]);
        assert_eq!(rig.ok(Input::ChannelRequested(CONN, Ask::Right)), [Effect::DeclineChannel(CONN)]);
        assert_eq!(rig.outcome(), None);
    }
}

/// R-IMP-3, R-IMP-4: the right code takes the one slot; a second right code finds it taken.
#[test]
fn the_right_code_takes_the_slot_and_is_greeted() {
    let mut rig = Rig::waiting().connected(CONN).connected(STRANGER);
    assert_eq!(
        rig.ok(Input::ChannelRequested(CONN, Ask::Right)),
        [
            Effect::AcceptChannel(CONN),
            Effect::Disarm(Timer::Token),
            Effect::Arm(Timer::Authenticate),
            Effect::Send(CONN, M::Hello(Features::ALL)),
        ]
    );
    assert_eq!(rig.ok(Input::ChannelRequested(STRANGER, Ask::Right)), [Effect::DeclineChannel(STRANGER)]);
    rig.ignores(Input::ConnectionLost(ConnId(9)));
    assert_eq!(rig.ok(Input::ConnectionRequested(ConnId(3))), [Effect::Refuse(ConnId(3))]);
}

/// R-TOK-5: three wrong codes close a connection, sixteen kill the token.
#[test]
fn wrong_codes_are_limited() {
    let mut rig = Rig::waiting();
    let mut asked = 0;
    for conn in (10..).map(ConnId) {
        rig = rig.connected(conn);
        for round in 1..=3 {
            let effects = rig.ok(Input::ChannelRequested(conn, Ask::Wrong));
            asked += 1;
            assert_eq!(effects[0], Effect::DeclineChannel(conn));
            assert_eq!(effects.contains(&Effect::Close(conn)), round == 3 || asked == MAX_WRONG_CODES);
            if asked == MAX_WRONG_CODES {
                assert_eq!(rig.outcome(), Some(Outcome::Authentication));
                return;
            }
            assert_eq!(rig.outcome(), None);
        }
    }
}

/// R-TOK-5: channels of other names do not count, and a session outlives wrong codes.
#[test]
fn other_channels_and_wrong_codes_during_a_session_do_no_harm() {
    let mut rig = Rig::waiting().connected(CONN);
    for _ in 0..100 {
        assert_eq!(rig.ok(Input::ChannelRequested(CONN, Ask::Other)), [Effect::DeclineChannel(CONN)]);
    }
    rig.ok(Input::ChannelRequested(CONN, Ask::Right));
    for _ in 0..100 {
        assert_eq!(rig.ok(Input::ChannelRequested(CONN, Ask::Wrong)), [Effect::DeclineChannel(CONN)]);
    }
    assert_eq!(rig.outcome(), None);
}

/// R-IMP-15: another connection is let in, and the first makes room.
#[test]
fn connections_are_limited() {
    let mut rig = Rig::waiting();
    for conn in 0..MAX_UNSECURED.into() {
        assert!(rig.ok(Input::ConnectionRequested(ConnId(conn))).contains(&Effect::Accept(ConnId(conn))));
    }
    assert_eq!(
        rig.ok(Input::ConnectionRequested(ConnId(999))),
        [Effect::Close(ConnId(0)), Effect::Accept(ConnId(999))]
    );
}

/// R-IMP-5, R-API-2.
#[test]
fn a_prompt_takes_one_answer_of_its_scheme() {
    let mut rig = Rig::greeted();
    rig.refuses(Input::ProvideAccountAuthentication(SLOT, Scheme::Password), Refused::NotAsked);
    assert_eq!(
        rig.says(M::AuthScheme(Scheme::Password, Features::ALL)),
        [Effect::Signal(Signal::Prompt { peer: PEER, scheme: Scheme::Password, wrong_password: false })]
    );
    rig.refuses(Input::ProvideAccountAuthentication(SLOT, Scheme::None), Refused::WrongScheme);
    assert_eq!(rig.answers(), [Effect::Send(CONN, M::Password(SLOT))]);
    rig.refuses(Input::ProvideAccountAuthentication(SLOT, Scheme::Password), Refused::NotAsked);
}

/// R-IMP-7: three prompts; a third wrong verdict breaks the rule.
#[test]
fn a_third_wrong_verdict_is_the_peers_fault() {
    let mut rig = Rig::answered();
    for _ in 0..2 {
        assert_eq!(
            rig.says(M::Verdict(Verdict::Wrong)),
            [Effect::Signal(Signal::Prompt { peer: PEER, scheme: Scheme::Password, wrong_password: true })]
        );
        rig.answers();
    }
    rig.says(M::Verdict(Verdict::Wrong));
    assert_eq!(rig.outcome(), Some(Outcome::Protocol));
}

/// R-IMP-8.
#[test]
fn a_final_verdict_is_an_authentication_failure() {
    for mut rig in [Rig::prompting(), Rig::answered()] {
        rig.says(M::Verdict(Verdict::Final));
        assert_eq!(rig.outcome(), Some(Outcome::Authentication));
    }
}

/// R-IMP-9, R-IMP-10: no archive before the answer; after a legacy peer's stray verdict it is taken.
#[test]
fn an_archive_without_an_answer_is_refused() {
    for mut rig in [Rig::greeted(), Rig::prompting(), Rig::prompting_with(Features::NONE), Rig::receiving()] {
        let effects = rig.ok(Input::ArchiveBegan(CONN));
        assert!(!effects.iter().any(|effect| matches!(effect, Effect::Stage(_))));
        assert_eq!(rig.outcome(), Some(Outcome::Protocol));
    }
    for (features, taken) in [(Features::NONE, true), (Features::ALL, false)] {
        let mut rig = Rig::prompting_with(features);
        rig.answers();
        rig.says(M::Verdict(Verdict::Wrong));
        assert_eq!(rig.ok(Input::ArchiveBegan(CONN)).contains(&Effect::Stage(SLOT)), taken);
    }
}

/// R-STATE-2: where the profiles differ.
#[test]
fn in_progress_comes_with_the_archive_or_with_the_answer() {
    let progress = Effect::Signal(Signal::InProgress);
    for profile in [Profile::Documented, Profile::Jamid] {
        let mut rig = Rig::new(profile).connected(CONN);
        rig.ok(Input::ChannelRequested(CONN, Ask::Right));
        rig.says(M::AuthScheme(Scheme::None, Features::ALL));
        let answer = rig.ok(Input::ProvideAccountAuthentication(SLOT, Scheme::None));
        let archive = rig.ok(Input::ArchiveBegan(CONN));
        assert_eq!(answer.contains(&progress), profile == Profile::Jamid);
        assert_eq!(archive.contains(&progress), profile == Profile::Documented);
    }
}

/// R-IMP-11: what is installed is the confirmed account's sound archive, and nothing else.
#[test]
fn only_the_confirmed_accounts_archive_is_installed() {
    let other = AccountId([8; 20]);
    for (check, outcome, result) in [
        (Check::Sound(other), Outcome::Protocol, ImportResult::FailedArchive),
        (Check::Unsound, Outcome::Protocol, ImportResult::FailedArchive),
        (Check::Unreadable, Outcome::Storage, ImportResult::FailedStorage),
    ] {
        let mut rig = Rig::checking();
        let effects = rig.ok(Input::Checked(check));
        assert_eq!(effects.iter().filter(|effect| matches!(effect, Effect::Install)).count(), 0);
        assert!(effects.contains(&Effect::Discard));
        assert!(effects.contains(&Effect::Send(CONN, M::ImportResult(result))));
        assert_eq!(rig.outcome(), Some(outcome));
    }
}

/// R-IMP-13, R-EXT-2: the whole way, effect by effect.
#[test]
fn a_durable_install_is_reported_and_then_done() {
    let mut rig = Rig::answered();
    assert_eq!(
        rig.ok(Input::ArchiveBegan(CONN)),
        [
            Effect::Disarm(Timer::Authenticate),
            Effect::Arm(Timer::Stall),
            Effect::Arm(Timer::Transfer),
            Effect::Signal(Signal::InProgress),
            Effect::Stage(SLOT),
        ]
    );
    assert_eq!(rig.ok(Input::ArchiveProgressed(CONN)), [Effect::Arm(Timer::Stall)]);
    assert_eq!(rig.ok(Input::ArchiveComplete(CONN)), [Effect::Disarm(Timer::Stall), Effect::Check]);
    assert_eq!(rig.ok(Input::Checked(Check::Sound(PEER))), [Effect::Disarm(Timer::Transfer), Effect::Install]);
    assert_eq!(
        rig.ok(Input::Installed(true)),
        [
            Effect::Send(CONN, M::ImportResult(ImportResult::Stored)),
            Effect::End(CONN),
            Effect::Arm(Timer::Linger),
            Effect::Withdraw,
            done(Outcome::SUCCESS),
        ]
    );
    assert!(!rig.0.is_closed());
    assert_eq!(rig.ok(Input::ChannelEnded(CONN)), [Effect::Disarm(Timer::Linger), Effect::Close(CONN)]);
    assert!(rig.0.is_closed() && rig.0.armed().is_empty());
}

/// R-IMP-13: nothing but its result changes an install.
#[test]
fn an_install_is_shielded() {
    let mut rig = Rig::installing();
    for message in [M::State(Word::Canceled), M::State(Word::Timeout), M::Verdict(Verdict::Final), M::Password(SLOT)] {
        rig.ignores(Input::Message(CONN, message));
    }
    rig.ignores(Input::Malformed(CONN));
    for timer in Timer::ALL {
        rig.ignores(Input::Fired(timer));
    }
    assert_eq!(rig.ok(Input::RemoveAccount), []);
    assert_eq!(rig.ok(Input::ConnectionLost(CONN)), []);
    let effects = rig.ok(Input::Installed(true));
    assert_eq!(effects, [Effect::Withdraw, done(Outcome::SUCCESS), Effect::Remove]);
}

/// R-IMP-13: a failed install is wiped and said.
#[test]
fn a_failed_install_is_a_storage_failure() {
    let mut rig = Rig::installing();
    let effects = rig.ok(Input::Installed(false));
    assert!(effects.contains(&Effect::Discard));
    assert!(effects.contains(&Effect::Send(CONN, M::ImportResult(ImportResult::FailedStorage))));
    assert_eq!(rig.outcome(), Some(Outcome::Storage));
}

/// R-IMP-12: before the archive is complete the loss ends it; after it, it is normal.
#[test]
fn the_end_after_the_archive_is_normal() {
    for event in [Input::ConnectionLost(CONN), Input::ChannelEnded(CONN)] {
        for mut rig in Rig::in_each_stage() {
            let complete = rig.0 == Rig::checking().0;
            let effects = rig.ok(event);
            assert_eq!(rig.outcome(), (!complete).then_some(Outcome::Network));
            if complete {
                assert_eq!(rig.ok(Input::Checked(Check::Sound(PEER))).last(), Some(&Effect::Install));
                let effects = rig.ok(Input::Installed(true));
                assert!(!effects.iter().any(|effect| matches!(effect, Effect::Send(..) | Effect::End(_))));
                assert_eq!(rig.outcome(), Some(Outcome::SUCCESS));
            } else {
                assert!(!effects.iter().any(|effect| matches!(effect, Effect::Send(..) | Effect::End(_))));
            }
            assert!(rig.0.is_closed());
        }
    }
}

/// R-CANCEL-1, R-EXT-3: the words for a cancel and for a timer, to a peer with the features and to one without.
#[test]
fn farewells_are_what_the_peer_understands() {
    let words = |effects: &[Effect]| -> Vec<M> {
        effects
            .iter()
            .filter_map(|effect| if let Effect::Send(_, message) = effect { Some(*message) } else { None })
            .collect()
    };
    for (rig, cancel) in [
        (Rig::greeted as fn() -> Rig, vec![M::State(Word::Canceled)]),
        (Rig::prompting, vec![M::State(Word::Canceled)]),
        (|| Rig::prompting_with(Features::NONE), vec![]),
        (Rig::receiving, vec![M::State(Word::Canceled)]),
    ] {
        let effects = rig().ok(Input::RemoveAccount);
        assert_eq!(words(&effects), cancel);
        assert!(effects.contains(&Effect::End(CONN)) && effects.contains(&done(Outcome::CANCELED)));
        let mut late = rig();
        let timer = late.0.armed().iter().next().unwrap();
        let effects = late.ok(Input::Fired(timer));
        assert_eq!(words(&effects), [M::State(Word::Timeout)]);
        assert!(effects.contains(&done(Outcome::Timeout)));
    }
}

/// R-EXT-3: both words are understood in every state before the install.
#[test]
fn the_peers_words_are_understood() {
    for (word, outcome) in [(Word::Canceled, Outcome::CANCELED), (Word::Timeout, Outcome::Timeout)] {
        for mut rig in Rig::in_each_stage() {
            rig.says(M::State(word));
            assert_eq!(rig.outcome(), Some(outcome));
        }
    }
}

/// R-IMP-14.
#[test]
fn what_is_not_due_is_ignored_and_what_cannot_be_is_protocol() {
    for mut rig in Rig::in_each_stage() {
        rig.ignores(Input::Message(CONN, M::Unknown));
        rig.ignores(Input::Message(CONN, M::Verdict(Verdict::None)));
        for message in [M::Hello(Features::ALL), M::Password(SLOT), M::ImportResult(ImportResult::Stored)] {
            let mut rig = Rig(rig.0.clone());
            rig.says(message);
            assert_eq!(rig.outcome(), Some(Outcome::Protocol));
        }
        rig.ok(Input::Malformed(CONN));
        assert_eq!(rig.outcome(), Some(Outcome::Protocol));
    }
    for mut rig in [Rig::prompting(), Rig::answered(), Rig::receiving(), Rig::checking()] {
        rig.ignores(Input::Message(CONN, M::AuthScheme(Scheme::None, Features::NONE)));
    }
    for mut rig in [Rig::greeted(), Rig::prompting(), Rig::receiving(), Rig::checking()] {
        rig.ignores(Input::Message(CONN, M::Verdict(Verdict::Wrong)));
    }
}

/// R-API-3: idempotent, and what was installed is removed once.
#[test]
fn an_account_is_removed_once() {
    let mut rig = Rig::installing();
    rig.ok(Input::Installed(true));
    assert_eq!(rig.ok(Input::RemoveAccount), [Effect::Remove]);
    assert_eq!(rig.ok(Input::RemoveAccount), []);
    let mut failed = Rig::greeted();
    failed.ok(Input::RemoveAccount);
    assert_eq!(failed.ok(Input::RemoveAccount), []);
    assert_eq!(failed.outcome(), Some(Outcome::CANCELED));
}

/// R-TOK-5: a dead token answers with a refusal and changes nothing.
#[test]
fn a_dead_token_admits_no_one() {
    let mut rig = Rig::installing();
    rig.ok(Input::Installed(true));
    rig.ok(Input::ConnectionLost(CONN));
    let before = rig.0.clone();
    assert_eq!(rig.ok(Input::ConnectionRequested(STRANGER)), [Effect::Refuse(STRANGER)]);
    assert_eq!(rig.ok(Input::ChannelRequested(STRANGER, Ask::Right)), [Effect::DeclineChannel(STRANGER)]);
    assert_eq!(rig.0, before);
}

#[test]
fn inputs_before_the_effects_are_drained_are_refused() {
    let mut importer = Importer::new(Config::default());
    importer.handle(Input::AddAccount).unwrap();
    assert_eq!(importer.handle(Input::Published), Err(Refused::Undrained));
}
