//! Runs of a pair. A choice of an input is a number among the steps that are possible, so that one more byte gives all that follow it another
//! meaning: here a run is changed as steps, and written as numbers afterwards.

use std::{
    mem::{Discriminant, discriminant},
    panic::{AssertUnwindSafe, catch_unwind},
};

use fastrand::Rng;
use handfast::{export::Exporter, import::Importer};
use handfast_model::{
    action::{Action, CallerAct, DeviceAct},
    judged::Judged,
};
use stateright::Model;

use super::units::{Kind, Shape, one, quietly};
use crate::pair::{MOST_STEPS, SYSTEMS};

/// Runs of a pair.
pub const PAIR: Shape = Shape(Kind::Whole(change));

type System = Judged<Importer, Exporter>;

/// The most steps that one change adds.
const MOST_ADDED: usize = 40;

fn change(before: &[u8], rng: &mut Rng) -> Vec<u8> {
    quietly(|| change_run(before, rng)).expect("only a step panics")
}

fn change_run(before: &[u8], rng: &mut Rng) -> Vec<u8> {
    let systems = &*SYSTEMS;
    let Some((&first, choices)) = before.split_first().filter(|_| rng.u8(..8) != 0) else {
        let first = rng.u8(..);
        let mut run = Run::new(&systems[usize::from(first) % systems.len()].0, first);
        run.add(MOST_STEPS, rng);
        return run.written;
    };
    let system = &systems[usize::from(first) % systems.len()].0;
    let mut old = Run::new(system, first);
    let steps: Vec<Action> = choices.iter().take(MOST_STEPS).filter_map(|&choice| old.choose(choice)).collect();
    let at = rng.usize(..=steps.len());
    let mut run = Run::new(system, first);
    run.follow(&steps[..at]);
    match rng.u8(..4) {
        // Something else happens from here on.
        0 | 1 => run.add(rng.usize(1..=MOST_ADDED), rng),
        // Something more happens, and then what happened before, as far as it still can.
        2 => {
            run.add(1 + rng.usize(..3), rng);
            run.follow(&steps[at..]);
        }
        // Some of it does not happen.
        _ => run.follow(&steps[(at + 1 + rng.usize(..3)).min(steps.len())..]),
    }
    run.written
}

/// A run, and the input that stands for it.
struct Run<'a> {
    system: &'a System,
    state: <System as Model>::State,
    possible: Vec<Action>,
    written: Vec<u8>,
}

impl<'a> Run<'a> {
    fn new(system: &'a System, first: u8) -> Self {
        let state = system.init_states().swap_remove(0);
        let mut run = Self { system, state, possible: Vec::new(), written: vec![first] };
        run.look();
        run
    }

    fn look(&mut self) {
        self.possible.clear();
        Model::actions(self.system, &self.state, &mut self.possible);
    }

    /// Takes the step that a byte stands for, as the check does.
    fn choose(&mut self, choice: u8) -> Option<Action> {
        let action = *self.possible.get(usize::from(choice) % self.possible.len().max(1))?;
        self.take(action).then_some(action)
    }

    /// Takes a step, if it is possible, leads somewhere and can be written.
    fn take(&mut self, action: Action) -> bool {
        let place = self.possible.iter().position(|possible| *possible == action);
        let Some(choice) = place.and_then(|place| u8::try_from(place).ok()) else { return false };
        match catch_unwind(AssertUnwindSafe(|| self.system.next_state(&self.state, action))) {
            Ok(Some(next)) => {
                self.state = next;
                self.written.push(choice);
                self.look();
                true
            }
            Ok(None) => false,
            // A reducer is wrong. The check has to find that, by this very input: the run ends with the step.
            Err(_) => {
                self.written.push(choice);
                self.possible.clear();
                true
            }
        }
    }

    fn follow(&mut self, steps: &[Action]) {
        for &action in steps {
            self.take(action);
        }
    }

    /// Adds steps. A link ends early if at each moment all that can end it is as likely as what leads on: in each walk it is rare in another
    /// degree. A kind of step with a hundred variants is no more likely than one with one.
    fn add(&mut self, steps: usize, rng: &mut Rng) {
        let rarity = one(rng, &[8, 32, 128]);
        for _ in 0..steps {
            let ending = rng.u8(..rarity) == 0;
            let wanted: Vec<Action> = self.possible.iter().copied().filter(|action| ends(action) == ending).collect();
            let wanted = if wanted.is_empty() { &self.possible } else { &wanted };
            let mut kinds: Vec<Step> = Vec::new();
            for kind in wanted.iter().map(kind) {
                if !kinds.contains(&kind) {
                    kinds.push(kind);
                }
            }
            if kinds.is_empty() {
                return;
            }
            let chosen = one(rng, &kinds);
            let of_it: Vec<Action> = wanted.iter().copied().filter(|action| kind(action) == chosen).collect();
            self.take(one(rng, &of_it));
        }
    }
}

/// Whether a link, or a caller's part in it, most often ends by it.
fn ends(action: &Action) -> bool {
    matches!(
        action,
        Action::RemoveAccount
            | Action::CancelAddDevice
            | Action::CompareAccount { equal: false }
            | Action::CompareAddDevice { equal: false }
            | Action::Unpublishable
            | Action::Unreachable
            | Action::AttemptFails
            | Action::LoseRequest
            | Action::Unsecured
            | Action::Break { .. }
            | Action::SendFailed
            | Action::Unwritable
            | Action::Settle { durable: false }
            | Action::Crash(..)
            | Action::Fire(..)
            | Action::Caller(_, CallerAct::Fail | CallerAct::Babble | CallerAct::End | CallerAct::Drop)
            | Action::Device(DeviceAct::Decline | DeviceAct::Babble | DeviceAct::End | DeviceAct::Drop)
    )
}

/// A kind of step: an action, and of a stranger or a hostile device which of theirs.
type Step = (Discriminant<Action>, Option<Discriminant<CallerAct>>, Option<Discriminant<DeviceAct>>);

fn kind(action: &Action) -> Step {
    let caller = if let Action::Caller(_, act) = action { Some(discriminant(act)) } else { None };
    let device = if let Action::Device(act) = action { Some(discriminant(act)) } else { None };
    (discriminant(action), caller, device)
}
