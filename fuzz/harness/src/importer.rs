//! Laws of an importer under any inputs in any order (laws 2, 3 and 6; R-STATE-2).

use arbitrary::Unstructured;
use handfast::{
    import::{Effect, Importer, Input},
    outcome::LinkState,
    reducer::Config,
    rules::{AllRules, Rules},
};

use crate::{grammar::Grammar, inputs, laws};

/// Panics if an importer does not keep the laws: the first bytes configure it, the further ones are its inputs.
pub fn check(bytes: &[u8]) {
    let mut from = Unstructured::new(bytes);
    let Ok(config) = inputs::config(&mut from) else { return };
    check_inputs(config, inputs::all(&mut from, inputs::import), AllRules);
}

/// The same of inputs as they are.
pub fn check_inputs(config: Config, inputs: impl IntoIterator<Item = Input>, rules: impl Rules) {
    let mut importer = Importer::under(config, rules);
    let mut grammar = Grammar::default();
    for input in inputs {
        let Ok(effects) = laws::step(&mut importer, input) else { continue };
        let done = grammar.state() == LinkState::Done;
        for effect in &effects {
            match effect {
                Effect::Signal(signal) => grammar.take(config.profile, signal),
                Effect::Install | Effect::Check => assert!(!done, "{effect:?} after the end"),
                _ => {}
            }
        }
        assert_eq!(importer.state(), grammar.state());
        assert_eq!(importer.outcome().is_some(), importer.state() == LinkState::Done);
        assert!(!importer.is_closed() || importer.armed().is_empty(), "no timer outlives a closed operation");
    }
}
