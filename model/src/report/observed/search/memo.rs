//! States of a system that searches have met, with the steps that lead away from them.
//!
//! Links take the same steps as other links. A state is held once, in whichever nodes of whichever search it is, and what depends on it
//! alone is worked out once: the actions that it allows, and where each leads. A memory that is full is emptied: what a search says does
//! not depend on what is in it.

use std::{
    collections::HashMap,
    fmt,
    hash::{Hash, Hasher},
    ops::Deref,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use ahash::RandomState;
use handfast::limits::Timers;
use nohash_hasher::BuildNoHashHasher;

use crate::{
    property::judged::{Judged, Reached},
    system::{
        Aim, Turn,
        action::Action,
        side::{ExportSide, ImportSide},
    },
};

/// The states that are held, at most.
const MOST: usize = 8192;

/// A state that was met. Clones are the same.
pub(crate) struct Met<I, E>(Arc<Inner<I, E>>);

struct Inner<I, E> {
    state: Reached<I, E>,
    hash: u64,
    /// The timers that run, and the steps that each side can take by itself, of the importer and of the exporter.
    armed: [Timers; 2],
    inner: [Vec<u8>; 2],
    actions: OnceLock<Box<[Action]>>,
    after: Mutex<After<I, E>>,
}

/// Ways that were tried, and the step that each is; none where it leads nowhere.
type After<I, E> = Vec<(Way, Option<Step<I, E>>)>;

/// States by their hashes.
type States<I, E> = HashMap<u64, Met<I, E>, BuildNoHashHasher<u64>>;

/// A way that leads on from a state.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Action(Action),
    Call(Aim),
}

/// A step that was taken.
pub(super) struct Step<I, E> {
    pub(super) to: Met<I, E>,
    pub(super) turn: Arc<Turn>,
    /// Whether it changed neither side, and nothing came out.
    pub(super) idle: bool,
}

impl<I, E> Step<I, E> {
    /// Nothing happens.
    pub(super) fn none(at: &Met<I, E>) -> Self {
        Self { to: at.clone(), turn: Arc::new(Turn::Neither), idle: true }
    }
}

/// The states that were met in one configuration.
pub(crate) struct Memo<I, E> {
    states: Mutex<States<I, E>>,
    hasher: RandomState,
    most: usize,
}

/// No one panics while it is locked.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<I, E> Default for Memo<I, E> {
    fn default() -> Self {
        let hasher = RandomState::with_seeds(0x6c69, 0x6e6b, 0x6d65, 0x7420);
        Self { states: Mutex::default(), hasher, most: MOST }
    }
}

impl<I: ImportSide, E: ExportSide> Memo<I, E> {
    /// The state, as it was met before.
    pub(super) fn met(&self, state: Reached<I, E>) -> Met<I, E> {
        let hash = self.hasher.hash_one(&state);
        let mut states = lock(&self.states);
        let same = states.get(&hash).filter(|met| met.0.state == state).cloned();
        same.unwrap_or_else(|| {
            if states.len() >= self.most {
                empty(&mut states);
            }
            let met = Met(Arc::new(Inner {
                armed: [state.import.armed(), state.export.armed()],
                inner: [state.import.inner(), state.export.inner()],
                state,
                hash,
                actions: OnceLock::new(),
                after: Mutex::default(),
            }));
            states.insert(hash, met.clone());
            met
        })
    }

    /// Takes an action. `None`: it is refused, or leads nowhere.
    pub(super) fn step(&self, system: &Judged<I, E>, from: &Met<I, E>, action: Action) -> Option<Step<I, E>> {
        self.go(from, Way::Action(action), || system.step(&from.0.state, action))
    }

    /// Hands something to a side. `None`: the call is refused.
    pub(super) fn hand(&self, system: &Judged<I, E>, from: &Met<I, E>, aim: Aim) -> Option<Step<I, E>> {
        self.go(from, Way::Call(aim), || system.hand(from.0.state.clone(), aim).ok())
    }

    fn go(
        &self,
        from: &Met<I, E>,
        way: Way,
        work: impl FnOnce() -> Option<(Reached<I, E>, Turn)>,
    ) -> Option<Step<I, E>> {
        if let Some((_, step)) = lock(&from.0.after).iter().find(|(known, _)| *known == way) {
            return step.clone();
        }
        let step = work().map(|(mut state, turn)| {
            // Facts that the search does not count.
            state.world.left.early = from.world.left.early;
            state.violated = from.violated;
            let idle = turn.is_empty() && (&state.import, &state.export) == (&from.import, &from.export);
            Step { to: self.met(state), turn: Arc::new(turn), idle }
        });
        lock(&from.0.after).push((way, step.clone()));
        step
    }
}

/// Forgets all states, with their steps: states that lead to each other would hold each other.
fn empty<I, E>(states: &mut States<I, E>) {
    for (_, met) in states.drain() {
        lock(&met.0.after).clear();
    }
}

impl<I, E> Drop for Memo<I, E> {
    fn drop(&mut self) {
        empty(&mut lock(&self.states));
    }
}

impl<I: ImportSide, E: ExportSide> Met<I, E> {
    /// The actions that can be next.
    pub(super) fn actions(&self, system: &Judged<I, E>) -> &[Action] {
        self.0.actions.get_or_init(|| {
            let mut actions = Vec::new();
            system.actions(&self.0.state, &mut actions);
            actions.into()
        })
    }
}

impl<I, E> Met<I, E> {
    /// The timers of the importer and of the exporter that run.
    pub(super) fn armed(&self) -> [Timers; 2] {
        self.0.armed
    }

    /// The steps that the importer and the exporter can take by themselves.
    pub(super) fn inner(&self) -> [&[u8]; 2] {
        self.0.inner.each_ref().map(|steps| &steps[..])
    }
}

impl<I, E> Deref for Met<I, E> {
    type Target = Reached<I, E>;

    fn deref(&self) -> &Reached<I, E> {
        &self.0.state
    }
}

impl<I, E> Clone for Met<I, E> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<I, E> Clone for Step<I, E> {
    fn clone(&self) -> Self {
        Self { to: self.to.clone(), turn: self.turn.clone(), idle: self.idle }
    }
}

impl<I: fmt::Debug, E: fmt::Debug> fmt::Debug for Met<I, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.state.fmt(f)
    }
}

impl<I: PartialEq, E: PartialEq> PartialEq for Met<I, E> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || (self.0.hash == other.0.hash && self.0.state == other.0.state)
    }
}

impl<I: Eq, E: Eq> Eq for Met<I, E> {}

impl<I, E> Hash for Met<I, E> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.0.hash.hash(hasher);
    }
}

impl<I, E> fmt::Debug for Memo<I, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memo").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use handfast::outcome::Profile;

    use super::*;
    use crate::{
        report::{check::hardened, observed::Terms},
        system::config::Cast,
    };

    /// Whatever is held, and however often all is forgotten, each step leads where the system says.
    #[test]
    fn a_memory_that_is_full_is_emptied_and_changes_nothing() {
        let system = hardened(Terms::new(Cast::HH, Profile::Documented).configuration());
        let mut walked = Vec::new();
        for most in [3, MOST] {
            let mut memo = Memo::default();
            memo.most = most;
            let mut waiting = vec![memo.met(system.begin())];
            let mut seen = HashSet::new();
            while let Some(met) = waiting.pop() {
                if seen.len() == 300 || !seen.insert(met.0.hash) {
                    continue;
                }
                let mut actions = Vec::new();
                system.actions(&met, &mut actions);
                assert_eq!(met.actions(&system), actions);
                for action in actions {
                    let step = memo.step(&system, &met, action);
                    let again = memo.step(&system, &met, action);
                    assert!(lock(&memo.states).len() <= most);
                    let to = step.as_ref().map(|step| (step.to.0.state.clone(), Turn::clone(&step.turn)));
                    assert_eq!(again.map(|step| (step.to.0.state.clone(), Turn::clone(&step.turn))), to);
                    let expected = system.step(&met, action).map(|(mut state, turn)| {
                        state.world.left.early = met.world.left.early;
                        state.violated = met.violated;
                        (state, turn)
                    });
                    assert_eq!(to, expected);
                    waiting.extend(step.map(|step| step.to));
                }
            }
            walked.push(seen);
        }
        assert_eq!(walked[0].len(), 300);
        assert_eq!(walked[0], walked[1]);
    }

    /// States that lead to each other hold each other until they are forgotten.
    #[test]
    fn states_that_are_forgotten_are_freed() {
        let system = hardened(Terms::new(Cast::HH, Profile::Documented).configuration());
        let mut actions = Vec::new();
        system.actions(&system.begin(), &mut actions);
        let next = || system.step(&system.begin(), actions[0]).unwrap().0;
        for most in [1, MOST] {
            let mut memo = Memo::default();
            memo.most = most;
            let first = memo.met(system.begin());
            lock(&first.0.after).push((Way::Action(actions[0]), Some(Step::none(&first))));
            let weak = Arc::downgrade(&first.0);
            drop(first);
            assert!(weak.upgrade().is_some());
            drop(memo.met(next()));
            assert_eq!(weak.upgrade().is_none(), most == 1);
            drop(memo);
            assert!(weak.upgrade().is_none());
        }
    }
}
