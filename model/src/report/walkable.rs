//! The graph of a configuration as data, for a page that walks through it: what each party sees in each state, and each step.

use std::collections::{HashMap, VecDeque};

use handfast::{
    client::{export::Effect as OfExport, import::Effect as OfImport},
    limits::{Timer, Timers},
    outcome::Side,
};
use serde::Serialize;
use stateright::Expectation;

use crate::{
    document::{
        drawn_clients::{export_screen, import_screen},
        words::words,
    },
    explorer::explore::{ENDLESS, Path},
    property::{
        again::{Again, Both},
        clients::linked::{self, Linked, Whole},
        judged::Judged,
        players::Players,
    },
    report::walk::{Described, Walk, through_any},
    system::{
        State,
        action::Action,
        config::Configuration,
        device::{ExportDevice, ImportDevice},
        link::Item,
        side::{ExportSide, ImportSide},
    },
};

/// A graph, as far as it was explored. Texts are numbers in [`Walkable::texts`], states numbers in [`Walkable::states`].
#[derive(Clone, Debug, Serialize)]
pub struct Walkable {
    /// [`Configuration::id`].
    pub configuration: String,
    /// The faults in it, at most.
    pub budget: String,
    /// Whether it is the whole graph.
    pub complete: bool,
    /// Every text, once.
    pub texts: Vec<String>,
    /// The states in the order of their distance from the first.
    pub states: Vec<Seen>,
    /// The steps of each state. In a graph that is not complete, those that lead out of it lead nowhere.
    pub steps: Vec<Vec<Step>>,
    /// The goals and the violated properties, each with the nearest state that has it.
    pub goals: Vec<Goal>,
}

/// A state.
#[derive(Clone, Debug, Serialize)]
pub struct Seen {
    /// The import's and the export's client, as its user sees it.
    pub clients: [usize; 2],
    /// The two daemons' states.
    pub daemons: [usize; 2],
    /// The timers that run at each.
    pub timers: [usize; 2],
    /// Messages on their way to each.
    pub flight: [Vec<usize>; 2],
    /// The properties that the step into it violated.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub violated: Vec<usize>,
}

/// A step.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// The action in words.
    pub text: usize,
    /// Its kind.
    pub kind: Kind,
    /// The state that it leads to; none beyond the bound.
    pub to: Option<usize>,
    /// The lines that it adds to a sequence diagram.
    pub lines: Vec<usize>,
}

/// Where a step comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A person, or their client.
    Person,
    /// The protocol goes on: a message arrives, work is done.
    Protocol,
    /// A timer.
    Time,
    /// The network, a disk or a device fails.
    Fault,
    /// A stranger, an intruder or a hostile peer.
    Adversary,
}

/// A state that is looked for.
#[derive(Clone, Debug, Serialize)]
pub struct Goal {
    /// Its name: of a property, its id.
    pub name: &'static str,
    /// Whether it is a violation.
    pub violation: bool,
    /// The nearest state that has it.
    pub state: usize,
}

/// The visible part of a state, in words.
#[derive(Default)]
pub(crate) struct View {
    clients: [String; 2],
    daemons: [String; 2],
    timers: [String; 2],
    flight: [Vec<String>; 2],
}

impl View {
    /// Returns what the two clients show, and the places of the two daemons.
    pub(crate) fn texts(self) -> ([String; 2], [String; 2]) {
        (self.clients, self.daemons)
    }
}

/// A model whose states can be seen.
pub(crate) trait Viewed: Described {
    /// Returns what is seen of a state.
    fn view(&self, state: &Self::State) -> View;

    /// Returns the kind of an action.
    fn kind(action: &Self::Action) -> Kind;
}

fn timers(armed: Timers) -> String {
    let names: Vec<_> =
        Timer::ALL.iter().filter(|timer| armed.contains(**timer)).map(|timer| format!("{timer:?}")).collect();
    names.join(", ")
}

fn view_of_link<I: ImportSide, E: ExportSide>(state: &State<I, E>) -> View {
    let seen = &state.world.seen;
    let flight = [Side::Import, Side::Export].map(|side| {
        let shown = |item: &&Item| !matches!(item, Item::Opened);
        state.world.link.half(side).queue.iter().filter(shown).map(|&item| words(item)).collect()
    });
    let client = |started: bool, signalled: String| if started { signalled } else { "has not begun".into() };
    View {
        clients: [
            client(seen.import.started, seen.import.signalled.to_string()),
            client(seen.export.started, seen.export.signalled.to_string()),
        ],
        daemons: [state.import.place().into(), state.export.place().into()],
        timers: [timers(state.import.armed()), timers(state.export.armed())],
        flight,
    }
}

const fn kind_of(action: Action) -> Kind {
    match action {
        Action::AddAccount
        | Action::Answer { .. }
        | Action::AnswerOtherwise
        | Action::CompareAccount { .. }
        | Action::RemoveAccount
        | Action::AddDevice(_)
        | Action::ConfirmAddDevice
        | Action::CompareAddDevice { .. }
        | Action::CancelAddDevice => Kind::Person,
        Action::Fire(..) => Kind::Time,
        Action::Caller(..) | Action::Device(_) => Kind::Adversary,
        Action::Break { .. }
        | Action::LoseRequest
        | Action::Repeat
        | Action::Crash(..)
        | Action::Unpublishable
        | Action::Unreachable
        | Action::AttemptFails
        | Action::Unsecured
        | Action::SendFailed
        | Action::Unwritable
        | Action::Settle { durable: false } => Kind::Fault,
        Action::Deliver(_)
        | Action::Report
        | Action::Inner(..)
        | Action::Published
        | Action::Secured
        | Action::Opened(_)
        | Action::HandedOver
        | Action::Checked(_)
        | Action::Settle { durable: true } => Kind::Protocol,
    }
}

impl<I: ImportSide, E: ExportSide> Viewed for Judged<I, E> {
    fn view(&self, state: &Self::State) -> View {
        view_of_link(&state.state)
    }

    fn kind(action: &Action) -> Kind {
        kind_of(*action)
    }
}

impl<I: ImportDevice, D: ExportDevice> Viewed for Again<I, D> {
    fn view(&self, state: &Both<I, D>) -> View {
        let [first, second] = [0, 1].map(|link| view_of_link(&state.links[link].state));
        let both = |one: [String; 2], other: [String; 2]| {
            let [a, b] = one;
            let [c, d] = other;
            [format!("first link: {a}; second: {c}"), format!("first link: {b}; second: {d}")]
        };
        let [mut to_import, mut to_export] = first.flight;
        let [more_import, more_export] = second.flight;
        to_import.extend(more_import);
        to_export.extend(more_export);
        View {
            clients: both(first.clients, second.clients),
            daemons: both(first.daemons, second.daemons),
            timers: both(first.timers, second.timers),
            flight: [to_import, to_export],
        }
    }

    fn kind(step: &Self::Action) -> Kind {
        kind_of(step.action)
    }
}

impl Viewed for Linked {
    fn view(&self, state: &Whole) -> View {
        let mut view = view_of_link(&state.link.state);
        if let Some(OfImport::Show(screen)) = state.import.shown() {
            view.clients[0] = format!("screen {}", import_screen(screen));
        }
        if let Some(OfExport::Show(screen)) = state.export.shown() {
            view.clients[1] = format!("screen {}", export_screen(screen));
        }
        view
    }

    fn kind(step: &linked::Step) -> Kind {
        match step {
            linked::Step::Import(_) | linked::Step::Export(_) => Kind::Person,
            linked::Step::Link(action) => kind_of(*action),
            linked::Step::Call(_) | linked::Step::Return(_) | linked::Step::Receive(_) => Kind::Protocol,
            _ => Kind::Fault,
        }
    }
}

/// Texts, each with a number.
#[derive(Default)]
struct Texts {
    all: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Texts {
    fn number(&mut self, text: String) -> usize {
        *self.numbers.entry(text).or_insert_with_key(|text| {
            self.all.push(text.clone());
            self.all.len() - 1
        })
    }
}

/// Explores a configuration, up to so many states.
pub fn walkable(players: &Players, configuration: Configuration, states: usize) -> Walkable {
    through_any(players, configuration, Collect { configuration, states })
}

struct Collect {
    configuration: Configuration,
    states: usize,
}

impl Walk for Collect {
    type Output = Walkable;

    fn through<M: Viewed<State: std::fmt::Debug, Action: std::fmt::Debug>>(self, model: M) -> Walkable {
        let mut found = Walkable {
            configuration: self.configuration.id(),
            budget: self.configuration.budget.to_string(),
            complete: true,
            texts: Vec::new(),
            states: Vec::new(),
            steps: Vec::new(),
            goals: Vec::new(),
        };
        let mut texts = Texts::default();
        let hasher = ahash::RandomState::with_seeds(1, 2, 3, 4);
        let mut numbers: HashMap<u64, usize> = HashMap::new();
        let mut queue: VecDeque<M::State> = model.init_states().into_iter().take(1).collect();
        queue.iter().for_each(|state| _ = numbers.insert(hasher.hash_one(state), 0));
        let properties: Vec<_> = model.properties().into_iter().filter(|one| one.name != ENDLESS).collect();
        while let Some(state) = queue.pop_front() {
            let number = found.states.len();
            let mut violated = Vec::new();
            for property in &properties {
                let holds = (property.condition)(&model, &state);
                let violation = matches!(property.expectation, Expectation::Always);
                if holds == violation {
                    continue;
                }
                if violation {
                    violated.push(texts.number(property.name.into()));
                }
                if !found.goals.iter().any(|goal| goal.name == property.name) {
                    found.goals.push(Goal { name: property.name, violation, state: number });
                }
            }
            found.states.push(seen(model.view(&state), violated, &mut texts));
            let mut actions = Vec::new();
            model.actions(&state, &mut actions);
            let mut steps = Vec::new();
            for action in actions {
                let Some(next) = model.next_state(&state, action.clone()) else { continue };
                let hash = hasher.hash_one(&next);
                let known = numbers.get(&hash).copied();
                let to = known.or_else(|| {
                    (numbers.len() < self.states).then(|| {
                        let number = numbers.len();
                        numbers.insert(hash, number);
                        queue.push_back(next.clone());
                        number
                    })
                });
                found.complete &= to.is_some();
                let kind = M::kind(&action);
                let path = Path { root: state.clone(), steps: vec![(action, next)] };
                let described = model.describe(&path, None);
                let text = texts.number(described.schedule.concat());
                let lines = described.mermaid.lines().map(str::trim).filter(|line| is_step(line));
                steps.push(Step { text, kind, to, lines: lines.map(|line| texts.number(line.into())).collect() });
            }
            found.steps.push(steps);
        }
        found.texts = texts.all;
        found
    }
}

/// Whether a line of a diagram is of the step, and not of the participants or of what has not arrived.
fn is_step(line: &str) -> bool {
    line != "sequenceDiagram" && !line.starts_with("participant ") && !line.contains("-)")
}

fn seen(view: View, violated: Vec<usize>, texts: &mut Texts) -> Seen {
    let mut two = |pair: [String; 2]| pair.map(|text| texts.number(text));
    let (clients, daemons, timers) = (two(view.clients), two(view.daemons), two(view.timers));
    let flight = view.flight.map(|items| items.into_iter().map(|item| texts.number(item)).collect());
    Seen { clients, daemons, timers, flight, violated }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        explorer::explore::{Graph, Limits},
        report::check::hardened,
        system::config::{Size, find},
    };

    fn of(name: &str, states: usize) -> Walkable {
        walkable(&Players::default(), find(Size::Small, name).unwrap(), states)
    }

    /// The same states and steps as the checker's, and each leads to a state that is there.
    #[test]
    fn it_is_the_graph_of_the_checker() {
        let walkable = of("HH-documented-honest", 10_000);
        let system = hardened(find(Size::Small, "HH-documented-honest").unwrap());
        let measure = Graph::explore(&system, Limits::default(), None).measure();
        assert!(walkable.complete);
        assert_eq!(walkable.states.len(), measure.states);
        assert_eq!(walkable.steps.iter().map(Vec::len).sum::<usize>(), measure.edges);
        let steps = walkable.steps.iter().flatten();
        assert!(steps.clone().all(|step| step.to.is_some_and(|to| to < walkable.states.len())));
        assert!(steps.flat_map(|step| &step.lines).all(|line| *line < walkable.texts.len()));
        assert!(walkable.goals.iter().any(|goal| goal.name == "both succeed" && !goal.violation));
        assert!(walkable.goals.iter().all(|goal| !goal.violation));
    }

    #[test]
    fn a_bounded_graph_says_so() {
        let walkable = of("HH-documented-honest", 20);
        assert!(!walkable.complete);
        assert_eq!((walkable.states.len(), walkable.steps.len()), (20, 20));
        assert!(walkable.steps.iter().flatten().any(|step| step.to.is_none()));
    }

    #[test]
    fn clients_show_screens() {
        let all = crate::system::config::configurations(Size::Small);
        let with_clients = all.into_iter().find(|one| one.clients.is_some() && !one.cast.has_legacy()).unwrap();
        let walkable = walkable(&Players::default(), with_clients, 500);
        let shown = walkable.states.iter().map(|state| &walkable.texts[state.clients[0]]);
        assert!(shown.clone().any(|text| text == "screen TokenAvailable"), "{:?}", shown.take(20).collect::<Vec<_>>());
    }
}
