//! One test a rule: what the specification says, typed as inputs and effects.

use alloc::{vec, vec::Vec};

use super::*;
use crate::{
    message::Slot,
    operations::AddAccountError,
    outcome::{AccountId, Scheme},
};

const OWN: LocalId = LocalId(1);
const OTHER: LocalId = LocalId(2);
const PROMPT: Prompt = Prompt { peer: AccountId([0xa1; 20]), scheme: Scheme::Password, wrong_password: false };
const WRONG: Prompt = Prompt { wrong_password: true, ..PROMPT };

const fn asks(Prompt { peer, scheme, wrong_password }: Prompt) -> Signal {
    Signal::Prompt { peer, scheme, wrong_password }
}

const COMPARE: Signal = Signal::CompareAccount { peer: PROMPT.peer, scheme: PROMPT.scheme };

/// A client that is driven by the law.
#[derive(Clone)]
struct Rig(Client);

impl Rig {
    fn begun() -> Self {
        let mut rig = Self(Client::new());
        assert_eq!(rig.ok(Input::Select), [Effect::AddAccount, Effect::Show(Screen::Init)]);
        rig
    }

    fn after(signals: &[Signal]) -> Self {
        let mut rig = Self::begun();
        assert_eq!(rig.ok(Input::Added(Ok(OWN))), [Effect::Query(OWN)]);
        for &signal in signals {
            rig.says(signal);
        }
        rig
    }

    fn asked() -> Self {
        Self::after(&[Signal::TokenAvailable, Signal::Connecting, asks(PROMPT)])
    }

    fn transferring() -> Self {
        let mut rig = Self::asked();
        rig.ok(Input::Answer(Slot(0)));
        rig.says(Signal::InProgress);
        rig
    }

    fn in_each_stage() -> Vec<Self> {
        vec![
            Self::after(&[]),
            Self::after(&[Signal::TokenAvailable]),
            Self::after(&[Signal::Connecting]),
            Self::asked(),
            Self::transferring(),
        ]
    }

    fn ok(&mut self, input: Input) -> Vec<Effect> {
        self.0.handle(input).unwrap();
        core::iter::from_fn(|| self.0.poll_effect()).collect()
    }

    fn says(&mut self, signal: Signal) -> Vec<Effect> {
        self.ok(Input::Signal(OWN, Received::Signal(signal)))
    }

    fn is_refused(&mut self, input: Input) {
        let before = self.0.clone();
        assert_eq!(self.0.handle(input), Err(Refused::NotOffered), "{input:?}");
        assert_eq!(self.0, before);
    }
}

/// The documented way, edge by edge.
#[test]
fn a_link_is_shown_as_documented() {
    let mut rig = Rig::after(&[]);
    assert_eq!(rig.says(Signal::TokenAvailable), [Effect::Show(Screen::TokenAvailable)]);
    assert_eq!(rig.says(Signal::Connecting), [Effect::Show(Screen::Connecting)]);
    assert_eq!(rig.says(asks(PROMPT)), [Effect::Show(Screen::Authenticating { prompt: PROMPT, answered: false })]);
    assert_eq!(
        rig.ok(Input::Answer(Slot(7))),
        [
            Effect::ProvideAccountAuthentication(OWN, Slot(7), Scheme::Password),
            Effect::Show(Screen::Authenticating { prompt: PROMPT, answered: true }),
        ]
    );
    assert_eq!(rig.ok(Input::Provided(OWN, true)), []);
    assert_eq!(rig.says(Signal::InProgress), [Effect::Show(Screen::InProgress)]);
    assert_eq!(rig.says(Signal::Done(Outcome::SUCCESS)), [Effect::Show(Screen::Done)]);
    assert_eq!(rig.ok(Input::Finish), [Effect::Show(Screen::Closed)]);
    assert_eq!(rig.ok(Input::Select), [Effect::AddAccount, Effect::Show(Screen::Init)]);
}

/// R-IMP-7, in both profiles: the second prompt comes after IN_PROGRESS in the words of today's daemon.
#[test]
fn a_wrong_password_is_asked_for_again() {
    for early in [false, true] {
        let mut rig = Rig::asked();
        rig.ok(Input::Answer(Slot(0)));
        if early {
            rig.says(Signal::InProgress);
        }
        assert_eq!(rig.says(asks(WRONG)), [Effect::Show(Screen::Authenticating { prompt: WRONG, answered: false })]);
        // The third time looks like the second, and is another.
        rig.ok(Input::Answer(Slot(1)));
        assert_eq!(rig.says(asks(WRONG)), [Effect::Show(Screen::Authenticating { prompt: WRONG, answered: false })]);
    }
}

/// R-API-2: an answer is given once, and only where one is asked for.
#[test]
fn a_prompt_takes_one_answer() {
    for (at, mut rig) in Rig::in_each_stage().into_iter().enumerate() {
        if at == 3 {
            rig.ok(Input::Answer(Slot(0)));
        }
        rig.is_refused(Input::Answer(Slot(1)));
    }
}

/// R-CLI-8: the answer may have been refused because the operation has ended, so the daemon's next signal decides.
#[test]
fn a_refused_answer_is_asked_for_again_only_with_a_signal() {
    let mut rig = Rig::asked();
    rig.ok(Input::Answer(Slot(0)));
    let shown = |answered| Effect::Show(Screen::Authenticating { prompt: PROMPT, answered });
    let refused = [Effect::Notify(Note::NotTaken), Effect::Query(OWN), shown(true)];
    assert_eq!(rig.ok(Input::Provided(OWN, false)), refused);
    rig.is_refused(Input::Answer(Slot(1)));
    let mut ended = rig.clone();
    let over = Screen::Error(Failure::Ended(Outcome::Network));
    assert_eq!(ended.says(Signal::Done(Outcome::Network)), [Effect::RemoveAccount(OWN), Effect::Show(over)]);
    // It is the same question still.
    assert_eq!(rig.says(asks(PROMPT)), [shown(false)]);
    rig.ok(Input::Answer(Slot(1)));
    // A return that crosses what the daemon said since changes nothing.
    rig.says(Signal::InProgress);
    assert_eq!(rig.ok(Input::Provided(OWN, false)), []);
    assert_eq!(rig.0.screen(), Screen::InProgress);
}

/// R-SAS-5, R-CLI-8: so it is with a refused comparison.
#[test]
fn a_comparison_is_answered_once_and_asked_for_again_only_with_a_signal() {
    let shown = |answered| Effect::Show(Screen::Comparing { peer: PROMPT.peer, answered });
    let mut rig = Rig::after(&[Signal::TokenAvailable, Signal::Connecting]);
    rig.is_refused(Input::Compare(true));
    assert_eq!(rig.says(COMPARE), [shown(false)]);
    assert_eq!(rig.ok(Input::Compare(true)), [Effect::CompareAccount(OWN, true), shown(true)]);
    rig.is_refused(Input::Compare(true));
    assert_eq!(rig.says(COMPARE), [Effect::Ignored(Ignored::Again)]);
    let mut taken = rig.clone();
    assert_eq!(taken.ok(Input::Compared(OWN, true)), []);
    assert_eq!(taken.says(asks(PROMPT)), [Effect::Show(Screen::Authenticating { prompt: PROMPT, answered: false })]);
    assert_eq!(rig.ok(Input::Compared(OWN, false)), [Effect::Notify(Note::NotTaken), Effect::Query(OWN), shown(true)]);
    rig.is_refused(Input::Compare(true));
    assert_eq!(rig.says(COMPARE), [shown(false)]);
    assert_eq!(rig.ok(Input::Compare(false)), [Effect::CompareAccount(OWN, false), shown(true)]);
}

/// R-CLI-2: what a call for another account returned changes nothing of this one.
#[test]
fn what_a_call_for_another_account_returned_is_not_shown() {
    let mut comparing = Rig::after(&[COMPARE]);
    comparing.ok(Input::Compare(true));
    let mut answered = Rig::asked();
    answered.ok(Input::Answer(Slot(0)));
    for (mut rig, returned) in [(comparing, Input::Compared(OTHER, false)), (answered, Input::Provided(OTHER, false))] {
        let before = rig.0.clone();
        assert_eq!(rig.ok(returned), []);
        assert_eq!(rig.0, before);
    }
    // A removal of another account that is refused is still said: that one stays.
    let mut rig = Rig::asked();
    assert_eq!(rig.ok(Input::Removed(OTHER, false)), [Effect::Notify(Note::GoesOn)]);
    rig.ok(Input::Back);
    assert_eq!(rig.ok(Input::Removed(OTHER, true)), []);
    assert_eq!(rig.ok(Input::Removed(OWN, true)), [Effect::Show(Screen::Initial)]);
    for outcome in [Outcome::SUCCESS, Outcome::Network] {
        let mut over = Rig::after(&[Signal::Done(outcome)]);
        assert_eq!(over.ok(Input::Removed(OWN, false)), []);
        assert_eq!(over.ok(Input::Removed(OTHER, false)), [Effect::Notify(Note::GoesOn)]);
        assert_eq!(over.says(Signal::InProgress), [Effect::Ignored(Ignored::Late)]);
        let other = Input::Signal(OTHER, Received::Signal(Signal::InProgress));
        assert_eq!(over.ok(other), [Effect::Ignored(Ignored::Foreign)]);
    }
}

/// Consent is to the account that is shown (R-API-2): for another it has to be given anew.
#[test]
fn another_account_is_asked_for_anew() {
    let mut rig = Rig::asked();
    rig.ok(Input::Answer(Slot(0)));
    assert_eq!(rig.says(asks(PROMPT)), [Effect::Ignored(Ignored::Again)]);
    let other = Prompt { peer: AccountId([0xe7; 20]), ..PROMPT };
    assert_eq!(rig.says(asks(other)), [Effect::Show(Screen::Authenticating { prompt: other, answered: false })]);
}

/// R-CLI-2.
#[test]
fn what_another_operation_says_is_not_shown() {
    let all = [
        Received::Signal(Signal::TokenAvailable),
        Received::Signal(Signal::Connecting),
        Received::Signal(asks(PROMPT)),
        Received::Signal(Signal::InProgress),
        Received::Signal(Signal::Done(Outcome::SUCCESS)),
        Received::Signal(Signal::Done(Outcome::Network)),
        Received::Unheard,
        Received::Strange,
    ];
    for rig in Rig::in_each_stage() {
        for signal in all {
            let mut rig = rig.clone();
            let screen = rig.0.screen();
            assert_eq!(rig.ok(Input::Signal(OTHER, signal)), [Effect::Ignored(Ignored::Foreign)]);
            assert_eq!(rig.0.screen(), screen);
        }
    }
    // Before the id is known every signal is somebody else's; the own ones are asked for again (R-API-8).
    let mut rig = Rig::begun();
    assert_eq!(rig.says(Signal::TokenAvailable), [Effect::Ignored(Ignored::Foreign)]);
}

/// R-CLI-4: what a client missed does not stop it, and what is after it does not move it back.
#[test]
fn signals_move_forward_only() {
    let mut rig = Rig::after(&[]);
    assert_eq!(rig.says(asks(PROMPT)), [Effect::Show(Screen::Authenticating { prompt: PROMPT, answered: false })]);
    for late in [Signal::TokenAvailable, Signal::Connecting] {
        assert_eq!(rig.says(late), [Effect::Ignored(Ignored::Strange)]);
    }
    let mut rig = Rig::transferring();
    for late in [Signal::TokenAvailable, Signal::Connecting, asks(PROMPT)] {
        assert_eq!(rig.says(late), [Effect::Ignored(Ignored::Strange)]);
    }
    assert_eq!(rig.says(Signal::InProgress), [Effect::Ignored(Ignored::Again)]);
    assert_eq!(rig.ok(Input::Signal(OWN, Received::Strange)), [Effect::Ignored(Ignored::Strange)]);
}

/// R-CLI-3, R-CLI-6: an end that is no success is a failure, whatever it is called, and its account is removed.
#[test]
fn a_failure_is_shown_and_its_account_removed() {
    let ends = [
        (Received::Signal(Signal::Done(Outcome::Authentication)), Failure::Ended(Outcome::Authentication)),
        (Received::Signal(Signal::Done(Outcome::CANCELED)), Failure::Ended(Outcome::CANCELED)),
        (Received::Unheard, Failure::Unheard),
    ];
    for rig in Rig::in_each_stage() {
        for (signal, failure) in ends {
            let mut rig = rig.clone();
            assert_eq!(
                rig.ok(Input::Signal(OWN, signal)),
                [Effect::RemoveAccount(OWN), Effect::Show(Screen::Error(failure))]
            );
            assert_eq!(rig.ok(Input::Removed(OWN, false)), []);
            // DONE is final.
            assert_eq!(rig.says(Signal::Done(Outcome::SUCCESS)), [Effect::Ignored(Ignored::Late)]);
            rig.is_refused(Input::Finish);
            assert_eq!(rig.ok(Input::Reset), [Effect::Show(Screen::Closed)]);
        }
    }
}

#[test]
fn a_refused_beginning_is_shown() {
    let mut rig = Rig::begun();
    let failure = Failure::NoAccount(AddAccountError::TooMany);
    assert_eq!(rig.ok(Input::Added(Err(AddAccountError::TooMany))), [Effect::Show(Screen::Error(failure))]);
    assert_eq!(rig.ok(Input::Reset), [Effect::Show(Screen::Closed)]);
}

/// R-CLI-5: in every stage, leaving cancels; while the archive is on its way it is said that it may go on (R-IMP-13).
#[test]
fn leaving_cancels() {
    for mut rig in Rig::in_each_stage() {
        let on_its_way = rig.0.screen() == Screen::InProgress;
        assert_eq!(rig.ok(Input::Back), [Effect::RemoveAccount(OWN)]);
        rig.is_refused(Input::Answer(Slot(0)));
        let returned = rig.ok(Input::Removed(OWN, true));
        if on_its_way {
            assert_eq!(returned, [Effect::Notify(Note::GoesOn)]);
            // It has returned: another return is of no call.
            assert_eq!(rig.ok(Input::Removed(OWN, true)), [Effect::Ignored(Ignored::Strange)]);
            let mut other = rig.clone();
            assert_eq!(rig.says(Signal::Done(Outcome::CANCELED)), [Effect::Show(Screen::Initial)]);
            assert_eq!(
                other.says(Signal::Done(Outcome::SUCCESS)),
                [Effect::Notify(Note::RemovedAgain), Effect::Show(Screen::Initial)]
            );
        } else {
            assert_eq!(returned, [Effect::Show(Screen::Initial)]);
            assert_eq!(rig.says(Signal::Done(Outcome::CANCELED)), [Effect::Ignored(Ignored::Foreign)]);
        }
    }
}

/// The daemon's DONE crosses the return of the call that made it.
#[test]
fn an_end_may_come_before_the_cancel_returns() {
    for mut rig in Rig::in_each_stage() {
        rig.ok(Input::Back);
        let mut failed = rig.clone();
        assert_eq!(rig.says(Signal::Done(Outcome::CANCELED)), [Effect::Show(Screen::Initial)]);
        assert_eq!(rig.ok(Input::Removed(OWN, true)), []);
        // The cause of an end before the cancel arrived is worth knowing.
        let shown = Screen::Error(Failure::Ended(Outcome::Network));
        assert_eq!(failed.says(Signal::Done(Outcome::Network)), [Effect::Show(shown)]);
    }
}

/// R-CLI-5: a cancel that is refused is said, and so is leaving without waiting for it.
#[test]
fn what_cannot_be_cancelled_is_said_to_go_on() {
    for mut rig in Rig::in_each_stage() {
        let screen = rig.0.screen();
        rig.ok(Input::Back);
        let mut impatient = rig.clone();
        assert_eq!(rig.ok(Input::Removed(OWN, false)), [Effect::Notify(Note::GoesOn)]);
        assert_eq!(rig.0.screen(), screen);
        // No removal is under way any more: one that returns was not called, and leaving is another try.
        assert_eq!(rig.ok(Input::Removed(OWN, true)), [Effect::Ignored(Ignored::Strange)]);
        assert_eq!(rig.ok(Input::Back), [Effect::RemoveAccount(OWN)]);
        assert_eq!(impatient.ok(Input::Back), [Effect::Notify(Note::GoesOn), Effect::Show(Screen::Initial)]);
    }
}

/// R-CLI-5: who leaves before there is an account leaves nothing over either.
#[test]
fn leaving_before_the_account_is_known_cancels_it() {
    let mut rig = Rig::begun();
    assert_eq!(rig.ok(Input::Back), [Effect::Show(Screen::Initial)]);
    rig.is_refused(Input::Select);
    assert_eq!(rig.ok(Input::Added(Ok(OWN))), [Effect::RemoveAccount(OWN)]);
    let mut refused = rig.clone();
    assert_eq!(rig.ok(Input::Removed(OWN, true)), []);
    assert_eq!(refused.ok(Input::Removed(OWN, false)), [Effect::Notify(Note::GoesOn)]);
    assert_eq!(rig.ok(Input::Select), [Effect::AddAccount, Effect::Show(Screen::Init)]);
}

/// R-CLI-4: what a person does may be refused, and what a daemon returns or signals never is.
#[test]
fn only_an_action_is_refused() {
    let actions =
        [Input::Select, Input::Answer(Slot(0)), Input::Compare(true), Input::Back, Input::Reset, Input::Finish];
    let mut closed = Rig::after(&[Signal::Done(Outcome::SUCCESS)]);
    closed.ok(Input::Finish);
    for action in actions {
        assert!(action.is_action(), "{action:?}");
        assert_eq!(closed.clone().0.handle(action).is_ok(), action == Input::Select, "{action:?}");
    }
    let events = [
        Input::Added(Ok(OWN)),
        Input::Added(Err(AddAccountError::TooMany)),
        Input::Provided(OWN, true),
        Input::Compared(OWN, true),
        Input::Removed(OWN, true),
        Input::Signal(OWN, Received::Strange),
    ];
    let everywhere = [vec![closed, Rig::begun()], Rig::in_each_stage()].concat();
    for event in events {
        assert!(!event.is_action(), "{event:?}");
        for rig in &everywhere {
            rig.clone().ok(event);
        }
    }
}

#[test]
fn the_law_is_kept() {
    let mut client = Client::new();
    client.handle(Input::Select).unwrap();
    assert_eq!(client.handle(Input::Back), Err(Refused::Undrained));
}
