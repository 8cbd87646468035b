//! The abstract model of `model/third/link.pml`, with several independent links: for engines that are compared on the same graph.

use stateright::{Model, Property};

const INIT: u8 = 0;
const TOKEN_AVAILABLE: u8 = 1;
const CONNECTING: u8 = 2;
const AUTHENTICATING: u8 = 3;
const IN_PROGRESS: u8 = 4;
const SUCCESS: u8 = 5;
const FAILURE: u8 = 6;

/// So many links that have nothing to do with each other.
#[derive(Clone, Copy, Debug)]
pub struct Links(pub usize);

/// The view of the two clients of a link, and how far each daemon came before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Link {
    import: u8,
    export: u8,
    import_came: u8,
    export_came: u8,
}

/// A step of one link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The import side comes to its next state.
    Import,
    /// The export side does.
    Export,
    /// The import side fails.
    ImportFails,
    /// The export side fails.
    ExportFails,
}

impl Link {
    const BEGINNING: Self = Self { import: INIT, export: INIT, import_came: INIT, export_came: INIT };

    fn allows(self, step: Step) -> bool {
        match step {
            Step::Import => match self.import {
                INIT | IN_PROGRESS => true,
                // Each waits for the exporter to be a state ahead.
                TOKEN_AVAILABLE..=AUTHENTICATING => self.export_came > self.import,
                _ => false,
            },
            Step::Export => match self.export {
                INIT => self.import_came >= TOKEN_AVAILABLE,
                CONNECTING | AUTHENTICATING => self.import_came >= self.export,
                IN_PROGRESS => self.import == SUCCESS,
                _ => false,
            },
            Step::ImportFails => self.import < SUCCESS,
            Step::ExportFails => (CONNECTING..SUCCESS).contains(&self.export),
        }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Import => {
                self.import += 1;
                if self.import < SUCCESS {
                    self.import_came = self.import;
                }
            }
            Step::Export => {
                self.export = (self.export + 1).max(CONNECTING);
                if self.export < SUCCESS {
                    self.export_came = self.export;
                }
            }
            Step::ImportFails => self.import = FAILURE,
            Step::ExportFails => self.export = FAILURE,
        }
    }
}

impl Model for Links {
    type State = Vec<Link>;
    type Action = (usize, Step);

    fn init_states(&self) -> Vec<Self::State> {
        vec![vec![Link::BEGINNING; self.0]]
    }

    fn actions(&self, state: &Self::State, actions: &mut Vec<Self::Action>) {
        for (number, link) in state.iter().enumerate() {
            let steps = [Step::Import, Step::Export, Step::ImportFails, Step::ExportFails];
            actions.extend(steps.into_iter().filter(|&step| link.allows(step)).map(|step| (number, step)));
        }
    }

    fn next_state(&self, state: &Self::State, (number, step): Self::Action) -> Option<Self::State> {
        let mut next = state.clone();
        next[number].take(step);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        // The property holds, so that no engine stops early.
        vec![Property::always("success is stored", |_, state: &Self::State| {
            state.iter().all(|link| link.export != SUCCESS || link.import == SUCCESS)
        })]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use handfast_model::explore::{Graph, Limits};

    use super::*;

    /// The steps that the document's model has, as the third engine and ours see them.
    #[test]
    fn it_is_the_model_that_spin_explores() {
        let snapshot = include_str!(
            "../../model/tests/snapshots/third_engine__both_engines_see_the_same_steps_and_say_the_same.snap"
        );
        let count: usize = snapshot.lines().find_map(|line| line.strip_suffix(" steps")).unwrap().parse().unwrap();
        let mut seen = BTreeSet::new();
        Graph::explore_with(&Links(1), Limits::default(), None, |_, state, action| {
            let next = Links(1).next_state(state, action)?;
            seen.insert([state[0].import, state[0].export, next[0].import, next[0].export]);
            Some(next)
        });
        assert_eq!(seen.len(), count);
    }

    #[test]
    fn links_multiply() {
        let states = |links| Graph::explore(&Links(links), Limits::default(), None).states();
        assert_eq!(states(2), states(1).pow(2));
    }
}
