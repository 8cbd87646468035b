//! Laws of an exporter under any inputs in any order (laws 2, 3 and 6; R-STATE-2).

use arbitrary::Unstructured;
use handfast::{
    export::{Effect, Exporter, Input},
    outcome::{LinkState, Profile},
    reducer::Config,
    rules::{AllRules, Rules},
};

use crate::{grammar::Grammar, inputs, laws};

/// Panics if an exporter does not keep the laws: the first bytes configure it, the further ones are its inputs.
pub fn check(bytes: &[u8]) {
    let mut from = Unstructured::new(bytes);
    let Ok(config) = inputs::config(&mut from) else { return };
    check_inputs(config, inputs::all(&mut from, inputs::export), AllRules);
}

/// The same of inputs as they are.
pub fn check_inputs(config: Config, inputs: impl IntoIterator<Item = Input>, rules: impl Rules) {
    let mut exporter = Exporter::under(config, rules);
    let mut grammar = Grammar::default();
    let mut confirmed = false;
    for input in inputs {
        let Ok(effects) = laws::step(&mut exporter, input) else { continue };
        confirmed |= matches!(input, Input::ConfirmAddDevice | Input::CompareAddDevice(true));
        let done = grammar.state() == LinkState::Done;
        for effect in &effects {
            match effect {
                // An exporter's signals are the same in both profiles.
                Effect::Signal(signal) => grammar.take(Profile::Documented, signal),
                Effect::Open(_) | Effect::SendArchive => {
                    assert!(confirmed && !done, "{effect:?} before the user confirmed, or after the end (P-GATE)");
                }
                _ => {}
            }
        }
        assert_eq!(exporter.state(), grammar.state());
        assert_eq!(exporter.outcome().is_some(), exporter.state() == LinkState::Done);
        assert!(!exporter.is_closed() || exporter.armed().is_empty(), "no timer outlives a closed operation");
    }
}
