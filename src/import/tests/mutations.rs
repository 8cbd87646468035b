//! Tests against mutations of the reducer that the tests of the rules let live: each kills one kind of them.

use super::*;

/// R-API-8.
#[test]
fn the_last_signal_is_kept() {
    let mut rig = Rig(Importer::new(Config::default()));
    assert_eq!(rig.0.last_signal(), None);
    rig = Rig::prompting();
    let asked = Signal::Prompt { peer: PEER, scheme: Scheme::Password, wrong_password: false };
    assert_eq!(rig.0.last_signal(), Some(&asked));
}

#[test]
fn each_row_has_its_name() {
    let mut ended = Rig::prompting();
    ended.ok(Input::RemoveAccount);
    let mut preparing = Rig(Importer::new(Config::default()));
    preparing.ok(Input::AddAccount);
    let rigs = [
        Rig(Importer::new(Config::default())),
        preparing,
        Rig::waiting(),
        Rig::waiting().connected(CONN),
        Rig::greeted(),
        Rig::prompting(),
        Rig::answered(),
        Rig::receiving(),
        Rig::checking(),
        Rig::installing(),
        ended,
        {
            let mut gone = Rig::waiting();
            gone.ok(Input::RemoveAccount);
            gone
        },
    ];
    assert_eq!(
        rigs.map(|rig| rig.0.place()),
        [
            "idle",
            "preparing",
            "waiting",
            "waiting, somebody came",
            "greeted",
            "prompting",
            "answered",
            "receiving",
            "checking",
            "installing",
            "done, linked",
            "done"
        ]
    );
}

/// R-API-2, R-API-3: before anything is asked for, and when all is over.
#[test]
fn calls_at_the_wrong_time_are_refused() {
    let answer = Input::ProvideAccountAuthentication(SLOT, Scheme::Password);
    let mut idle = Rig(Importer::new(Config::default()));
    idle.refuses(answer, Refused::NotStarted);
    idle.refuses(Input::RemoveAccount, Refused::NotStarted);
    Rig::waiting().refuses(Input::AddAccount, Refused::Started);
    let mut ended = Rig::prompting();
    ended.ok(Input::RemoveAccount);
    ended.refuses(Input::AddAccount, Refused::Started);
    ended.refuses(answer, Refused::Ended);
}

/// R-TIME-1, R-TIME-2.
#[test]
fn who_is_not_reached_is_not_waited_for_for_ever() {
    let mut preparing = Rig(Importer::new(Config::default()));
    preparing.ok(Input::AddAccount);
    let ends = [Effect::Disarm(Timer::Prepare), Effect::Withdraw, done(Outcome::Timeout)];
    let effects = preparing.ok(Input::Fired(Timer::Prepare));
    assert_eq!(effects, ends[1..]);
    let mut waiting = Rig::waiting();
    assert_eq!(waiting.ok(Input::Fired(Timer::Token)), ends[1..]);
}

/// R-IMP-12: what was staged is wiped, in the middle of the archive as after it; before it there is nothing to wipe.
#[test]
fn what_was_staged_is_wiped() {
    for (mut rig, staged) in [(Rig::answered(), false), (Rig::receiving(), true), (Rig::checking(), true)] {
        let effects = rig.says(M::State(Word::Canceled));
        assert_eq!(effects.contains(&Effect::Discard), staged, "{effects:?}");
    }
    let mut full = Rig::receiving();
    let effects = full.ok(Input::ArchiveUnwritable(CONN));
    assert!(effects.contains(&Effect::Discard) && effects.contains(&done(Outcome::Storage)), "{effects:?}");
}

/// R-IMP-12: after the exporter's end of the channel the connection is closed; one that is lost is closed already.
#[test]
fn a_link_that_the_exporter_ended_is_closed() {
    for rig in [Rig::greeted, Rig::prompting, Rig::answered, Rig::receiving] {
        let effects = rig().ok(Input::ChannelEnded(CONN));
        assert!(effects.contains(&Effect::Close(CONN)) && effects.contains(&done(Outcome::Network)), "{effects:?}");
        let effects = rig().ok(Input::ConnectionLost(CONN));
        assert!(!effects.contains(&Effect::Close(CONN)) && effects.contains(&done(Outcome::Network)), "{effects:?}");
    }
}

/// The ended channel's connection is gone: nothing is left to close, and no timer runs for it.
#[test]
fn a_lost_link_after_the_end_is_let_go() {
    let mut rig = Rig::prompting();
    rig.ok(Input::RemoveAccount);
    assert!(!rig.0.is_closed());
    assert_eq!(rig.ok(Input::ConnectionLost(CONN)), [Effect::Disarm(Timer::Linger)]);
    assert!(rig.0.is_closed());
}

/// R-EXT-2: an exporter that did not name `result` receives none.
#[test]
fn a_result_is_sent_only_to_a_peer_that_names_it() {
    for (features, knows) in [(Features::ALL, true), (Features::NONE, false)] {
        let mut rig = Rig::prompting_with(features);
        rig.answers();
        for input in [Input::ArchiveBegan(CONN), Input::ArchiveComplete(CONN), Input::Checked(Check::Sound(PEER))] {
            rig.ok(input);
        }
        let effects = rig.ok(Input::Installed(true));
        assert_eq!(effects.contains(&Effect::Send(CONN, M::ImportResult(ImportResult::Stored))), knows, "{effects:?}");
    }
}

/// R-RDV-1: a request that comes again changes nothing, before the session, in it and after its end.
#[test]
fn a_request_that_comes_again_changes_nothing() {
    let mut requested = Rig::waiting();
    requested.ok(Input::ConnectionRequested(CONN));
    let mut ended = Rig::prompting();
    ended.ok(Input::RemoveAccount);
    for mut rig in
        [requested, Rig::waiting().connected(CONN), Rig::greeted(), Rig::receiving(), Rig::installing(), ended]
    {
        rig.ignores(Input::ConnectionRequested(CONN));
    }
}

/// A connection that is lost, was closed or has the session is no candidate any more.
#[test]
fn what_has_left_is_no_candidate() {
    let mut rig = Rig::waiting();
    rig.ok(Input::ConnectionRequested(STRANGER));
    rig.ok(Input::ConnectionFailed(STRANGER));
    assert_eq!(rig.ok(Input::ConnectionRequested(STRANGER)), [Effect::Accept(STRANGER)]);
    rig.ok(Input::ConnectionOpened { conn: STRANGER, presented: None, verified: false });
    rig.ok(Input::ConnectionRequested(CONN));
    let effects = rig.ok(Input::RemoveAccount);
    assert!(effects.contains(&Effect::Close(CONN)) && !effects.contains(&Effect::Close(STRANGER)), "{effects:?}");

    let effects = Rig::greeted().ok(Input::RemoveAccount);
    assert!(!effects.contains(&Effect::Close(CONN)), "the session is no candidate: {effects:?}");
}

/// R-TOK-5: a connection with too many wrong codes is closed once.
#[test]
fn too_many_wrong_codes_close_a_connection_once() {
    let mut rig = Rig::waiting().connected(STRANGER);
    let tries = crate::limits::MAX_WRONG_CODES_PER_CONNECTION;
    let closed = (0..=tries)
        .filter(|_| rig.ok(Input::ChannelRequested(STRANGER, Ask::Wrong)).contains(&Effect::Close(STRANGER)));
    assert_eq!(closed.count(), 1);
}

/// R-IMP-7: a verdict judges one answer.
#[test]
fn a_second_verdict_on_one_answer_is_ignored() {
    let mut rig = Rig::answered();
    rig.says(M::Verdict(Verdict::Wrong));
    rig.ignores(Input::Message(CONN, M::Verdict(Verdict::Wrong)));
}

/// R-IMP-7: what is judged is a password, whatever was announced before.
#[test]
fn after_a_verdict_a_password_is_asked_for() {
    let mut rig = Rig::greeted();
    rig.says(M::AuthScheme(Scheme::None, Features::ALL));
    rig.ok(Input::ProvideAccountAuthentication(SLOT, Scheme::None));
    let asked = Signal::Prompt { peer: PEER, scheme: Scheme::Password, wrong_password: true };
    let effects = rig.says(M::Verdict(Verdict::Wrong));
    assert!(effects.contains(&Effect::Signal(asked)), "{effects:?}");
}

/// R-IMP-13: no timer runs that could end an install.
#[test]
fn no_timer_ends_an_install() {
    let mut rig = Rig::installing();
    assert!(rig.0.armed().is_empty());
    rig.ignores(Input::Fired(Timer::Transfer));
}
