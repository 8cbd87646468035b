//! One test a rule: what the specification says, typed as inputs and effects.

use alloc::{vec, vec::Vec};
use core::net::{IpAddr, Ipv4Addr};

use super::*;
use crate::operations::AddDeviceError;

const OWN: OpId = OpId(1);
const OTHER: OpId = OpId(2);
const ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)), 4711);
const CONFIRM: Signal = Signal::Confirm { peer_address: ADDRESS };
const COMPARE: Signal = Signal::CompareDevice { peer_address: ADDRESS };

/// A client that is driven by the law.
#[derive(Clone)]
struct Rig(Client);

impl Rig {
    fn choosing() -> Self {
        let mut rig = Self(Client::new());
        assert_eq!(rig.ok(Input::Select), [Effect::Show(Screen::ShowInputOptions)]);
        rig
    }

    fn adding() -> Self {
        let mut rig = Self::choosing();
        rig.ok(Input::Manual);
        rig.ok(Input::Entered(Slot(3)));
        rig
    }

    fn after(signals: &[Signal]) -> Self {
        let mut rig = Self::adding();
        assert_eq!(rig.ok(Input::Added(Ok(OWN))), [Effect::Query(OWN)]);
        for &signal in signals {
            rig.says(signal);
        }
        rig
    }

    fn asked() -> Self {
        Self::after(&[Signal::Connecting, CONFIRM])
    }

    fn in_each_stage() -> Vec<Self> {
        vec![Self::after(&[]), Self::asked(), Self::after(&[Signal::InProgress])]
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

/// The machine inside Export_Init, edge by edge.
#[test]
fn a_token_is_scanned_or_typed() {
    let begins = [Effect::Show(Screen::TokenObtained), Effect::AddDevice(Slot(3)), Effect::Show(Screen::Connecting)];
    let mut rig = Rig::choosing();
    assert_eq!(rig.ok(Input::Camera), [Effect::Show(Screen::ScanQr)]);
    rig.is_refused(Input::Detected(Slot(3)));
    assert_eq!(rig.ok(Input::Start), [Effect::Show(Screen::QrScanning)]);
    let mut scanned = rig.clone();
    assert_eq!(scanned.ok(Input::Detected(Slot(3))), begins);
    assert_eq!(rig.ok(Input::Cancel), [Effect::Show(Screen::ShowInputOptions)]);
    assert_eq!(rig.ok(Input::Manual), [Effect::Show(Screen::ManualEntry)]);
    let mut typed = rig.clone();
    assert_eq!(typed.ok(Input::Entered(Slot(3))), begins);
    assert_eq!(rig.ok(Input::Cancel), [Effect::Show(Screen::ShowInputOptions)]);
    rig.is_refused(Input::Cancel);
    rig.is_refused(Input::Entered(Slot(3)));
    assert_eq!(rig.ok(Input::Back), [Effect::Show(Screen::Initial)]);
}

/// The documented way, edge by edge.
#[test]
fn a_link_is_shown_as_documented() {
    let mut rig = Rig::after(&[]);
    // It is shown from the call on.
    assert_eq!(rig.says(Signal::Connecting), []);
    assert_eq!(rig.says(CONFIRM), [Effect::Show(Screen::Authenticating { address: ADDRESS, confirmed: false })]);
    assert_eq!(
        rig.ok(Input::Confirm),
        [Effect::ConfirmAddDevice(OWN), Effect::Show(Screen::Authenticating { address: ADDRESS, confirmed: true })]
    );
    assert_eq!(rig.ok(Input::Confirmed(OWN, true)), []);
    assert_eq!(rig.says(Signal::InProgress), [Effect::Show(Screen::InProgress)]);
    assert_eq!(rig.says(Signal::Done(Outcome::SUCCESS)), [Effect::Show(Screen::Done { confirmed: true })]);
    assert_eq!(rig.ok(Input::Finish), [Effect::Show(Screen::Closed)]);
    assert_eq!(rig.ok(Input::Select), [Effect::Show(Screen::ShowInputOptions)]);
}

/// R-EXT-2: with an old peer no one says that it is linked, and the screen does not either.
#[test]
fn an_unconfirmed_success_has_its_own_screen() {
    let mut rig = Rig::after(&[]);
    let shown = Screen::Done { confirmed: false };
    assert_eq!(rig.says(Signal::Done(Outcome::Success { confirmed: false })), [Effect::Show(shown)]);
}

/// R-API-4: the documented edge 'Invalid token'.
#[test]
fn a_refused_beginning_is_shown() {
    for error in [AddDeviceError::InvalidUri, AddDeviceError::AlreadyLinking, AddDeviceError::Generic] {
        let mut rig = Rig::adding();
        let shown = Screen::Error(Failure::NoDevice(error));
        assert_eq!(rig.ok(Input::Added(Err(error))), [Effect::Show(shown)]);
        assert_eq!(rig.ok(Input::Reset), [Effect::Show(Screen::Closed)]);
    }
}

/// R-API-5: once, and only where it is asked for.
#[test]
fn a_device_is_confirmed_once() {
    for (at, mut rig) in Rig::in_each_stage().into_iter().enumerate() {
        if at == 1 {
            rig.ok(Input::Confirm);
        }
        rig.is_refused(Input::Confirm);
    }
}

/// R-CLI-8: the confirmation may have been refused because the operation has ended, so the daemon's next signal decides.
#[test]
fn a_refused_confirmation_is_asked_for_again_only_with_a_signal() {
    let mut rig = Rig::asked();
    rig.ok(Input::Confirm);
    let shown = |confirmed| Effect::Show(Screen::Authenticating { address: ADDRESS, confirmed });
    let refused = [Effect::Notify(Note::NotTaken), Effect::Query(OWN), shown(true)];
    assert_eq!(rig.ok(Input::Confirmed(OWN, false)), refused);
    rig.is_refused(Input::Confirm);
    let mut ended = rig.clone();
    let over = Screen::Error(Failure::Ended(Outcome::Network));
    assert_eq!(ended.says(Signal::Done(Outcome::Network)), [Effect::Show(over)]);
    // It is the same question still.
    assert_eq!(rig.says(CONFIRM), [shown(false)]);
    rig.ok(Input::Confirm);
}

/// R-SAS-5, R-CLI-8: so it is with a refused comparison.
#[test]
fn a_comparison_is_answered_once_and_asked_for_again_only_with_a_signal() {
    let shown = |answered| Effect::Show(Screen::Comparing { address: ADDRESS, answered });
    let mut rig = Rig::after(&[Signal::Connecting]);
    rig.is_refused(Input::Compare(true));
    assert_eq!(rig.says(COMPARE), [shown(false)]);
    assert_eq!(rig.ok(Input::Compare(true)), [Effect::CompareAddDevice(OWN, true), shown(true)]);
    rig.is_refused(Input::Compare(true));
    assert_eq!(rig.says(COMPARE), [Effect::Ignored(Ignored::Again)]);
    let mut taken = rig.clone();
    assert_eq!(taken.ok(Input::Compared(OWN, true)), []);
    assert_eq!(taken.says(Signal::InProgress), [Effect::Show(Screen::InProgress)]);
    assert_eq!(rig.ok(Input::Compared(OWN, false)), [Effect::Notify(Note::NotTaken), Effect::Query(OWN), shown(true)]);
    rig.is_refused(Input::Compare(true));
    assert_eq!(rig.says(COMPARE), [shown(false)]);
    assert_eq!(rig.ok(Input::Compare(false)), [Effect::CompareAddDevice(OWN, false), shown(true)]);
}

/// R-SAS-5: the user compares with the address on the screen: with another one it is a question of its own.
#[test]
fn another_address_is_compared_anew() {
    let mut rig = Rig::after(&[COMPARE]);
    rig.ok(Input::Compare(true));
    let address = "192.0.2.8:4711".parse().unwrap();
    let shown = Screen::Comparing { address, answered: false };
    assert_eq!(rig.says(Signal::CompareDevice { peer_address: address }), [Effect::Show(shown)]);
}

/// R-CLI-2: what a call for another operation returned changes nothing of this one.
#[test]
fn what_a_call_for_another_operation_returned_is_not_shown() {
    let mut comparing = Rig::after(&[COMPARE]);
    comparing.ok(Input::Compare(true));
    let mut confirming = Rig::asked();
    confirming.ok(Input::Confirm);
    for (mut rig, returned) in
        [(comparing, Input::Compared(OTHER, false)), (confirming, Input::Confirmed(OTHER, false))]
    {
        let before = rig.0.clone();
        assert_eq!(rig.ok(returned), []);
        assert_eq!(rig.0, before);
    }
    // A cancel of another operation that is refused is still said: that one goes on.
    let mut rig = Rig::asked();
    assert_eq!(rig.ok(Input::Canceled(OTHER, false)), [Effect::Notify(Note::GoesOn)]);
    rig.ok(Input::Back);
    assert_eq!(rig.ok(Input::Canceled(OTHER, true)), []);
    assert_eq!(rig.ok(Input::Canceled(OWN, true)), [Effect::Show(Screen::Initial)]);
    for outcome in [Outcome::SUCCESS, Outcome::Network] {
        let mut over = Rig::after(&[Signal::Done(outcome)]);
        assert_eq!(over.ok(Input::Canceled(OWN, false)), []);
        assert_eq!(over.ok(Input::Canceled(OTHER, false)), [Effect::Notify(Note::GoesOn)]);
        assert_eq!(over.says(Signal::InProgress), [Effect::Ignored(Ignored::Late)]);
        let other = Input::Signal(OTHER, Received::Signal(Signal::InProgress));
        assert_eq!(over.ok(other), [Effect::Ignored(Ignored::Foreign)]);
    }
}

/// The user confirms the address on the screen: another one has to be confirmed anew.
#[test]
fn another_address_is_asked_for_anew() {
    let mut rig = Rig::asked();
    rig.ok(Input::Confirm);
    assert_eq!(rig.says(CONFIRM), [Effect::Ignored(Ignored::Again)]);
    let address = "192.0.2.8:4711".parse().unwrap();
    let shown = Screen::Authenticating { address, confirmed: false };
    assert_eq!(rig.says(Signal::Confirm { peer_address: address }), [Effect::Show(shown)]);
}

/// R-CLI-2.
#[test]
fn what_another_operation_says_is_not_shown() {
    let all = [
        Received::Signal(Signal::Connecting),
        Received::Signal(CONFIRM),
        Received::Signal(Signal::InProgress),
        Received::Signal(Signal::Done(Outcome::SUCCESS)),
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
    let mut rig = Rig::adding();
    assert_eq!(rig.says(Signal::Connecting), [Effect::Ignored(Ignored::Foreign)]);
}

/// R-CLI-4, W-23: CONNECTING that comes late does not take the question away.
#[test]
fn signals_move_forward_only() {
    let mut rig = Rig::asked();
    assert_eq!(rig.says(Signal::Connecting), [Effect::Ignored(Ignored::Strange)]);
    rig.says(Signal::InProgress);
    for late in [Signal::Connecting, CONFIRM, Signal::TokenAvailable] {
        assert_eq!(rig.says(late), [Effect::Ignored(Ignored::Strange)]);
    }
    assert_eq!(rig.says(Signal::InProgress), [Effect::Ignored(Ignored::Again)]);
}

/// R-CLI-3.
#[test]
fn a_failure_is_shown() {
    let ends = [
        (Received::Signal(Signal::Done(Outcome::Peer)), Failure::Ended(Outcome::Peer)),
        (Received::Signal(Signal::Done(Outcome::CANCELED)), Failure::Ended(Outcome::CANCELED)),
        (Received::Unheard, Failure::Unheard),
    ];
    for rig in Rig::in_each_stage() {
        for (signal, failure) in ends {
            let mut rig = rig.clone();
            assert_eq!(rig.ok(Input::Signal(OWN, signal)), [Effect::Show(Screen::Error(failure))]);
            assert_eq!(rig.says(Signal::Done(Outcome::SUCCESS)), [Effect::Ignored(Ignored::Late)]);
            rig.is_refused(Input::Finish);
            assert_eq!(rig.ok(Input::Reset), [Effect::Show(Screen::Closed)]);
        }
    }
}

/// R-CLI-5, R-API-6.
#[test]
fn leaving_cancels() {
    for mut rig in Rig::in_each_stage() {
        let screen = rig.0.screen();
        assert_eq!(rig.ok(Input::Back), [Effect::CancelAddDevice(OWN)]);
        rig.is_refused(Input::Confirm);
        let (mut refused, mut impatient, mut crossed) = (rig.clone(), rig.clone(), rig.clone());
        assert_eq!(rig.ok(Input::Canceled(OWN, true)), [Effect::Show(Screen::Initial)]);
        assert_eq!(rig.says(Signal::Done(Outcome::CANCELED)), [Effect::Ignored(Ignored::Foreign)]);

        assert_eq!(refused.ok(Input::Canceled(OWN, false)), [Effect::Notify(Note::GoesOn)]);
        assert_eq!(refused.0.screen(), screen);
        // No cancel is under way any more: one that returns was not called, and leaving is another try.
        assert_eq!(refused.ok(Input::Canceled(OWN, true)), [Effect::Ignored(Ignored::Strange)]);
        assert_eq!(refused.clone().ok(Input::Back), [Effect::CancelAddDevice(OWN)]);
        // It goes on, and how it ends is shown.
        assert_eq!(refused.says(Signal::Done(Outcome::SUCCESS)), [Effect::Show(Screen::Done { confirmed: true })]);

        assert_eq!(impatient.ok(Input::Back), [Effect::Notify(Note::GoesOn), Effect::Show(Screen::Initial)]);

        // DONE crosses the return of the call that made it.
        assert_eq!(crossed.says(Signal::Done(Outcome::CANCELED)), [Effect::Show(Screen::Initial)]);
        assert_eq!(crossed.ok(Input::Canceled(OWN, true)), []);
    }
}

/// R-CLI-5: who leaves before there is an operation leaves nothing over either.
#[test]
fn leaving_before_the_operation_is_known_cancels_it() {
    let mut rig = Rig::adding();
    assert_eq!(rig.ok(Input::Back), [Effect::Show(Screen::Initial)]);
    rig.is_refused(Input::Select);
    assert_eq!(rig.ok(Input::Added(Ok(OWN))), [Effect::CancelAddDevice(OWN)]);
    assert_eq!(rig.ok(Input::Canceled(OWN, false)), [Effect::Notify(Note::GoesOn)]);
    rig.ok(Input::Select);
}

/// R-CLI-4: what a person does may be refused, and what a daemon returns or signals never is.
#[test]
fn only_an_action_is_refused() {
    let actions = [
        Input::Select,
        Input::Camera,
        Input::Start,
        Input::Detected(Slot(3)),
        Input::Manual,
        Input::Entered(Slot(3)),
        Input::Cancel,
        Input::Confirm,
        Input::Compare(true),
        Input::Back,
        Input::Reset,
        Input::Finish,
    ];
    let mut closed = Rig::after(&[Signal::Done(Outcome::SUCCESS)]);
    closed.ok(Input::Finish);
    for action in actions {
        assert!(action.is_action(), "{action:?}");
        assert_eq!(closed.clone().0.handle(action).is_ok(), action == Input::Select, "{action:?}");
    }
    let events = [
        Input::Added(Ok(OWN)),
        Input::Added(Err(AddDeviceError::Generic)),
        Input::Confirmed(OWN, true),
        Input::Compared(OWN, true),
        Input::Canceled(OWN, true),
        Input::Signal(OWN, Received::Strange),
    ];
    let everywhere = [vec![closed, Rig::choosing(), Rig::adding()], Rig::in_each_stage()].concat();
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
