//! The possible views of clients of two real daemons in uncommon cases, and the impossible ones.

mod seen;

use handfast::outcome::Profile;
use handfast_model::{
    config::Cast,
    observed::{Terms, Trace, Verdict, validate},
};
use seen::{ELSEWHERE, Seen, TOKEN, WRONG_CODE};

fn verdict(seen: &Seen, loss: u8) -> Verdict {
    let mut trace = Trace::default();
    trace.read(seen.text().as_bytes()).unwrap_or_else(|error| panic!("{error}"));
    let mut terms = Terms::new(Cast::LL, Profile::Jamid);
    terms.budget.loss = loss;
    terms.whole = true;
    validate(&trace, &terms)
}

#[track_caller]
fn allowed(seen: &Seen) {
    let verdict = verdict(seen, 0);
    assert!(matches!(verdict, Verdict::Allowed { .. }), "{}{verdict:#?}", seen.text());
}

#[track_caller]
fn allowed_with_a_loss(seen: &Seen) {
    refused(seen, 0);
    let verdict = verdict(seen, 1);
    assert!(matches!(verdict, Verdict::Allowed { .. }), "{}{verdict:#?}", seen.text());
}

#[track_caller]
fn refused(seen: &Seen, loss: u8) {
    let verdict = verdict(seen, loss);
    assert!(matches!(verdict, Verdict::Refused(_)), "{}{verdict:#?}", seen.text());
}

/// An unknown token, one that is none, and one more while an operation is live.
#[test]
fn add_device_is_refused_for_a_reason() {
    let live = Seen::begin().add_device("nonsense", -1).add_device("jami-auth://0123/123456", -1).connect(7);
    allowed(&live.clone().add_device(TOKEN, -2).add_device("nonsense", -1).add_device(TOKEN, -3));
    refused(&live.clone().add_device(TOKEN, -1), 1);
    refused(&live.clone().add_device("nonsense", -2), 1);
    refused(&live.add_device(TOKEN, 8), 1);
    refused(&Seen::begin().add_device(TOKEN, -2), 1);
    // The short form was taken by older ones.
    let short = "jami-auth://4ccf2262b8772888db1eeb20c3eed0825fa53518/192691";
    allowed(&Seen::begin().add_device(short, -1));
    refused(&Seen::begin().add_device(short, 7).at_once().export_connecting(7), 1);
}

#[test]
fn a_wrong_code_is_declined() {
    let begun = Seen::begin().add_device(WRONG_CODE, 7).at_once().export_connecting(7).import_connecting();
    allowed(&begun.clone().export_done(7, "network"));
    refused(&begun.clone().export_done(7, "auth_error"), 1);
    refused(&begun.asked(), 1);
    // The right one is not.
    let right = Seen::begin().add_device(TOKEN, 7).at_once().export_connecting(7).import_connecting();
    allowed_with_a_loss(&right.after(15_000).export_done(7, "network"));
}

#[test]
fn a_device_that_no_one_saw_may_do_anything() {
    let other = Seen::default().add_device(ELSEWHERE, 7).at_once().export_connecting(7);
    allowed(&other.export_done(7, "network"));
    let seen = Seen::begin().add_device(ELSEWHERE, 7).at_once().export_connecting(7);
    refused(&seen.import_connecting(), 1);
}

#[test]
fn one_side_alone_is_explained() {
    allowed(&Seen::begin().import_connecting().asked().import_done("canceled"));
    allowed_with_a_loss(&Seen::begin().import_connecting().asked().after(20_000).import_done("network"));
    refused(&Seen::begin().asked(), 1);
}

#[test]
fn a_second_exporter_has_a_place_once_the_first_is_gone() {
    let first = Seen::begin().add_device(WRONG_CODE, 7).at_once().export_connecting(7).import_connecting();
    allowed(&first.export_done(7, "network").connect(8).succeed(8));
    let cancelled = Seen::begin().connect(7).cancel(7, true).at_once().export_done(7, "canceled");
    // After an end the new device answers no one any more, though it still asks.
    let again = cancelled.at_once().import_done("canceled").connect(8);
    allowed(&again.clone().confirm(8, true).at_once().asked().provide("right", true));
    refused(&again.succeed(8), 1);
    let two = Seen::begin().connect(7).on("2").add_device(TOKEN, 8).at_once().export_connecting(8);
    allowed(&two.import_connecting().export_done(8, "network").on("").succeed(7));
}

/// E5 to E7: no signal at first, the wrong one later, and a new operation in between.
#[test]
fn a_cancel_while_connecting_is_silent() {
    let cancelled = Seen::begin().add_device(TOKEN, 7).at_once().export_connecting(7).cancel(7, true);
    allowed(&cancelled.clone().import_connecting().export_done(7, "unknown").at_once().import_done("network"));
    allowed_with_a_loss(&cancelled.clone().export_done(7, "network"));
    refused(&cancelled.clone().export_done(7, "canceled"), 1);
    refused(&cancelled.clone().cancel(7, true), 1);
    allowed(&cancelled.clone().cancel(7, false).confirm(7, false));
    allowed(&cancelled.add_device(TOKEN, 8).at_once().export_connecting(8));
}

/// I23: nothing is said, and the node goes on.
#[test]
fn a_removal_is_not_received() {
    let asked = Seen::begin().connect(7).confirm(7, true).at_once().asked();
    let removed = asked.remove_account().provide("anything", false);
    let minutes = removed.clone().after(295_000);
    allowed(&minutes.clone().export_done(7, "timeout").at_once().import_done("timeout"));
    refused(&removed.clone().export_done(7, "timeout"), 1);
    refused(&removed.clone().export_done(7, "canceled"), 1);
    refused(&removed.provide("anything", true), 1);
    // The token of an account that is gone still answers.
    allowed(&Seen::begin().remove_account().connect(7).confirm(7, true));
    // And closes the channel at the next message.
    let confirmed = Seen::begin().connect(7).remove_account().confirm(7, true).at_once().import_done("network");
    allowed(&confirmed.at_once().export_done(7, "network"));
}

/// I21, E17: the timers run from the channel on, on both sides.
#[test]
fn five_minutes_without_a_word() {
    let waits = Seen::begin().connect(7).after(300_000);
    allowed(&waits.clone().export_done(7, "timeout").at_once().import_done("network"));
    allowed(&waits.clone().import_done("timeout").at_once().export_done(7, "timeout"));
    refused(&waits.export_done(7, "canceled"), 1);
    refused(&Seen::begin().connect(7).after(200_000).export_done(7, "timeout"), 1);
    // Before there is a channel no timer runs on the new device.
    refused(&Seen::begin().after(900_000).import_done("timeout"), 1);
}

#[test]
fn a_lost_connection_is_noticed_late() {
    let asked = Seen::begin().connect(7).confirm(7, true).at_once().asked();
    allowed_with_a_loss(&asked.clone().after(40_000).export_done(7, "network"));
    allowed_with_a_loss(&asked.clone().after(40_000).import_done("network").after(3000).export_done(7, "network"));
    refused(&asked.export_done(7, "network"), 1);
}

#[test]
fn an_account_that_is_removed_takes_its_connections_along() {
    let asked = Seen::begin().connect(7).confirm(7, true).at_once().asked();
    let unplugged = asked.unplug().at_once().export_done(7, "network").at_once().import_done("network");
    allowed(&unplugged);
}

/// W-14, W-1: a hello that comes late is a wrong password, and the archive is taken all the same.
#[test]
fn a_late_hello_is_taken_for_a_password() {
    let asked = Seen::begin().connect(7).at_once().confirm(7, true).at_once().asked();
    let answered = asked.import_in_progress().at_once().provide("right", true).at_once().asked_again();
    let sent = answered.export_in_progress(7).at_once().export_done(7, "").at_once().import_in_progress();
    allowed(&sent.import_done(""));
}

/// I13, I14: whatever is answered is accepted, and a second answer to one prompt is not sent.
#[test]
fn an_answer_is_never_refused() {
    let early = Seen::begin().provide("early", true).connect(7).provide("early", true);
    allowed(&early.clone().confirm(7, true).at_once().asked());
    refused(&Seen::begin().provide("early", false), 1);
    refused(&early.import_in_progress(), 1);
}

#[test]
fn calls_to_another_operation_are_refused() {
    let connected = Seen::begin().connect(7);
    allowed(&connected.clone().confirm(8, false).cancel(8, false).confirm(7, true));
    refused(&connected.clone().confirm(8, true), 1);
    refused(&connected.clone().confirm(7, false), 1);
    refused(&connected.cancel(7, false), 1);
}

#[test]
fn what_ends_before_it_should_is_a_beginning() {
    for lines in 1..12 {
        let text = Seen::begin().connect(7).succeed(7).text();
        let text: String = text.lines().take(lines).map(|line| format!("{line}\n")).collect();
        let mut trace = Trace::default();
        trace.read(text.as_bytes()).expect("it is a trace");
        let verdict = validate(&trace, &Terms::new(Cast::LL, Profile::Jamid));
        // At 9, IN_PROGRESS stands before the return of the answer that caused it.
        assert!(matches!(verdict, Verdict::Allowed { .. }), "{text}{verdict:#?}");
    }
}
