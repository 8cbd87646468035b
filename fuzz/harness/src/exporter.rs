//! What holds of an exporter under any inputs in any order (laws 2, 3 and 6; R-STATE-2).

use arbitrary::Unstructured;
use handfast::{
    export::{Effect, Exporter, Input},
    outcome::{LinkState, Profile},
    reducer::Config,
    rules::{AllRules, Rules},
};

use crate::{MOST_EFFECTS, grammar::Grammar, inputs};

/// Panics if an exporter does not keep the laws: the first bytes configure it, the further ones are its inputs.
pub fn check(bytes: &[u8]) {
    let mut from = Unstructured::new(bytes);
    let Ok(config) = inputs::config(&mut from) else { return };
    check_inputs::<AllRules>(config, inputs::all(&mut from, inputs::export));
}

/// The same of inputs as they are.
pub fn check_inputs<R: Rules>(config: Config, inputs: impl IntoIterator<Item = Input>) {
    let mut exporter = Exporter::<R>::new(config);
    let mut twin = exporter.clone();
    let mut grammar = Grammar::default();
    let mut confirmed = false;
    for input in inputs {
        let before = exporter.clone();
        let answer = exporter.handle(input);
        let effects: Vec<_> = std::iter::from_fn(|| exporter.poll_effect()).collect();
        assert!(effects.len() <= MOST_EFFECTS);
        assert!(answer.is_ok() || input.is_call(), "only calls are refused");
        if answer.is_err() {
            assert!(effects.is_empty());
            assert_eq!(exporter, before, "what is refused changes nothing");
        }
        assert_eq!(twin.handle(input), answer);
        assert!(std::iter::from_fn(|| twin.poll_effect()).eq(effects.iter().copied()), "equal inputs, equal effects");
        assert_eq!(twin, exporter);
        confirmed |= input == Input::ConfirmAddDevice && answer.is_ok();
        let done = grammar.state() == LinkState::Done;
        for effect in &effects {
            match effect {
                // An exporter's signals are the same in both profiles.
                Effect::Signal(signal) => grammar.take(Profile::Documented, signal),
                Effect::Open(_) | Effect::SendArchive => {
                    assert!(confirmed && !done, "{effect:?} before the user confirmed, or behind the end (P-GATE)");
                }
                _ => {}
            }
        }
        assert_eq!(exporter.state(), grammar.state());
        assert_eq!(exporter.outcome().is_some(), exporter.state() == LinkState::Done);
        assert!(!exporter.is_closed() || exporter.armed().is_empty(), "no timer outlives a closed operation");
    }
}
