//! Laws of a signal as a client reads it (R-ERR-2, R-CLI-3).

use handfast::{
    client::Received,
    outcome::{Details, LinkState, Side, Signal},
};

/// Reads a signal. Panics if the result is a success that no daemon meant, or a signal of the other side.
pub fn read(side: Side, state: i32, details: &Details) -> Received {
    let received = Received::read(side, state, details);
    let done = state == i32::from(LinkState::Done.number());
    match received {
        Received::Signal(signal) => {
            assert_eq!(i32::from(signal.state().number()), state);
            let of = match signal {
                Signal::TokenAvailable | Signal::Prompt { .. } | Signal::CompareAccount { .. } => Side::Import,
                Signal::Confirm { .. } | Signal::CompareDevice { .. } => Side::Export,
                Signal::Connecting | Signal::InProgress | Signal::Done(_) => side,
            };
            assert_eq!(of, side, "{signal:?}");
            if let Signal::Done(outcome) = signal {
                let error = details.get("error").map(String::as_str);
                assert_eq!(outcome.is_success(), matches!(error, Some("" | "none")), "{outcome:?} of {error:?}");
            }
        }
        Received::Unheard => assert!(done),
        Received::Strange => assert!(!done, "an end is an end, whatever its details say"),
    }
    received
}
