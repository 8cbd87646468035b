//! Links with their clients, each explored once: documents that differ are followed in the same ones.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use ahash::RandomState;
use handfast::{
    outcome::{Profile, Scheme},
    rules::AllRules,
};
use stateright::Model as _;

use super::{
    events::{Event, Reader},
    table::Scenario,
};
use crate::{
    property::clients::{
        linked::{Linked, Whole},
        made::linked,
    },
    system::config::{Budget, Configuration, Size, find},
};

/// The links in which documents were followed so far, as far as they were walked.
#[derive(Default)]
pub struct Links(Mutex<HashMap<Terms, Arc<Link>>>);

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Links").finish_non_exhaustive()
    }
}

/// The terms of a link: all that its steps and their events depend on.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Terms {
    profile: Profile,
    scheme: Scheme,
    trouble: Option<(&'static str, u8)>,
    transfer_is_its_end: bool,
}

impl Links {
    /// Returns the link of a scenario, read by this reader. `None`: there is no such configuration.
    pub(crate) fn of(&self, scenario: Scenario, reader: Reader) -> Option<Arc<Link>> {
        let Reader { profile, transfer_is_its_end } = reader;
        let terms = Terms { profile, scheme: scenario.scheme, trouble: scenario.trouble, transfer_is_its_end };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(link) = known.get(&terms) {
            return Some(link.clone());
        }
        let link = Arc::new(Link::new(link_of(scenario, profile)?, reader));
        known.insert(terms, link.clone());
        Some(link)
    }
}

/// Returns the link of a scenario in a profile.
pub(crate) fn link_of(scenario: Scenario, profile: Profile) -> Option<Linked> {
    let name = match profile {
        Profile::Documented => "HH-documented-clients",
        Profile::Jamid => "HH-jamid-clients",
    };
    let schemes: &[Scheme] = match scenario.scheme {
        Scheme::None => &[Scheme::None],
        Scheme::Password => &[Scheme::Password],
    };
    let mut budget = Budget::default();
    if let Some((key, count)) = scenario.trouble {
        budget.set(key, count).then_some(())?;
    }
    linked(Configuration { schemes, budget, ..find(Size::Small, name)? }, AllRules)
}

/// A link with its clients. States and events are known by their numbers.
pub(crate) struct Link {
    linked: Linked,
    reader: Reader,
    walked: Mutex<Walked>,
}

/// The part of a link that was walked.
struct Walked {
    hasher: RandomState,
    /// The number of each state, by its hash.
    numbers: HashMap<u64, u32>,
    states: Vec<State>,
    /// The number of each event.
    events: BTreeMap<Event, u16>,
}

/// A state, whole until its steps are known.
enum State {
    Whole(Box<Whole>),
    Steps(Arc<[Step]>),
}

/// A step to a state, and its events in their order.
pub(crate) struct Step {
    pub(crate) to: u32,
    pub(crate) events: Vec<u16>,
}

impl Link {
    fn new(linked: Linked, reader: Reader) -> Self {
        let hasher = RandomState::with_seeds(0x6861_6e64, 0x6661_7374, 0x7365_7175, 0x656e_6365);
        let mut walked = Walked { hasher, numbers: HashMap::new(), states: Vec::new(), events: BTreeMap::new() };
        for root in linked.init_states() {
            walked.enter(root);
        }
        Self { linked, reader, walked: Mutex::new(walked) }
    }

    /// Returns how many states it begins in: these have the first numbers.
    pub(crate) fn roots(&self) -> u32 {
        self.linked.init_states().len() as u32
    }

    /// Returns the steps from a state.
    pub(crate) fn steps(&self, number: u32) -> Arc<[Step]> {
        let mut walked = self.walked.lock().unwrap_or_else(PoisonError::into_inner);
        let steps: Arc<[Step]> = match &walked.states[number as usize] {
            State::Steps(steps) => return steps.clone(),
            State::Whole(whole) => {
                let whole = whole.clone();
                let mut offered = Vec::new();
                self.linked.actions(&whole, &mut offered);
                let taken = offered.into_iter().filter_map(|step| {
                    let (next, done) = self.linked.step(&whole, step)?;
                    let events = self.reader.events(&whole, step, &done);
                    let events = events.into_iter().map(|event| walked.event(event)).collect();
                    Some(Step { to: walked.enter(next), events })
                });
                taken.collect()
            }
        };
        walked.states[number as usize] = State::Steps(steps.clone());
        steps
    }

    /// Looks at all events so far, with their numbers.
    pub(crate) fn each_event(&self, mut look: impl FnMut(u16, &Event)) {
        let walked = self.walked.lock().unwrap_or_else(PoisonError::into_inner);
        walked.events.iter().for_each(|(event, &number)| look(number, event));
    }
}

impl Walked {
    fn enter(&mut self, whole: Whole) -> u32 {
        let new = self.states.len() as u32;
        let number = *self.numbers.entry(self.hasher.hash_one(&whole)).or_insert(new);
        if number == new {
            self.states.push(State::Whole(Box::new(whole)));
        }
        number
    }

    fn event(&mut self, event: Event) -> u16 {
        let new = self.events.len() as u16;
        *self.events.entry(event).or_insert(new)
    }
}
