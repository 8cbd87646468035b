//! Whether one trouble more makes a difference to those who use two daemons: the calls and signals of both, and nothing else.
//!
//! A budget is a number, so that each graph is finite. Where the visible graphs of a budget n and of n + 1 are the same up to weak
//! bisimulation, no sequence of calls and signals, and no choice among them, shows whether there was one more.

use std::fmt::Write as _;

use handfast::{export, import, outcome::Signal};
use serde::Serialize;

use crate::{
    explorer::{
        bisimulation::{Comparison, Labelled, Labels, compare},
        explore::Limits,
    },
    property::{
        judged::{Judged, Reached},
        players::Players,
    },
    system::{
        Turn,
        action::Action,
        config::{Size, find},
        side::{AnyExport, AnyImport},
    },
};

/// A kind of trouble in a configuration, and how its number is chosen.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// The [`Configuration::id`](crate::system::config::Configuration::id).
    pub configuration: &'static str,
    /// The key of the [`Budget`](crate::system::config::Budget).
    pub key: &'static str,
    /// The numbers that are compared: each with the next one.
    pub upto: u8,
    /// The known number from which one more makes no difference. `None`: each further one makes a difference.
    pub stable: Option<u8>,
    /// Why.
    pub why: &'static str,
}

const fn kind(configuration: &'static str, key: &'static str, upto: u8, stable: Option<u8>, why: &'static str) -> Kind {
    Kind { configuration, key, upto, stable, why }
}

/// All that are compared. The other numbers of the budget are those of [`Size::Small`].
pub const KINDS: &[Kind] = &[
    kind(
        "HH-documented-strangers",
        "strangers",
        2,
        Some(1),
        "with the first, CONNECTING may come before the exporter's request",
    ),
    kind("HH-jamid-strangers", "strangers", 2, Some(1), "the same"),
    kind("HL-documented-strangers", "strangers", 1, Some(1), "the same"),
    kind("LH-documented-strangers", "strangers", 1, None, ""),
    kind("LL-jamid-strangers", "strangers", 1, None, ""),
    kind("HH-documented-strangers", "asks", 3, Some(0), "a wrong code is declined, and nothing is signalled"),
    kind("HL-documented-strangers", "asks", 2, Some(0), "the same"),
    kind("LH-documented-strangers", "asks", 2, Some(0), "the same of the old importer"),
    kind("LL-jamid-strangers", "asks", 2, Some(0), "the same"),
    kind("HH-documented-intruders", "intruders", 1, Some(1), ""),
    kind("HH-documented-intruders", "words", 3, None, "a word may bring a prompt, or the end"),
    kind("HX-documented-hostile-exporter", "words", 4, None, "the same"),
    kind("XH-documented-hostile-importer", "words", 5, Some(5), ""),
    kind("HL-documented-intruders", "words", 2, None, "the same"),
    kind("LH-documented-intruders", "words", 1, None, "the same"),
    kind("HH-documented-duplicates", "duplicates", 2, Some(0), "a repeated request changes nothing (R-RDV-1)"),
    kind("HL-documented-duplicates", "duplicates", 1, Some(0), "the same"),
    kind("HH-documented-honest", "wrong", 4, Some(3), "the third wrong password ends both"),
    kind("LL-jamid-honest", "wrong", 4, Some(3), "the same of the old daemons"),
];

/// The result of one comparison of n and n + 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The visible graphs are the same.
    Alike,
    /// They are not.
    Unlike,
    /// It was not decided: a graph was cut short, or silent steps make a cycle.
    Open,
}

/// The results for a kind of trouble.
#[derive(Clone, Debug, Serialize)]
pub struct Stable {
    /// [`Kind::configuration`].
    pub configuration: &'static str,
    /// [`Kind::key`].
    pub key: &'static str,
    /// Of n = 0 and 1, of n = 1 and 2, and so on.
    pub steps: Vec<Step>,
    /// The states of each graph.
    pub states: Vec<usize>,
    /// The number from which on all that were compared are the same; none: there is no such number.
    pub from: Option<u8>,
    /// Whether that is what is known.
    pub as_stated: bool,
    /// [`Kind::why`].
    pub why: &'static str,
}

/// The part of a step that users and their clients see.
type Visible = (Option<Action>, Vec<Signal>);

type System = Judged<AnyImport, AnyExport>;
type State = Reached<AnyImport, AnyExport>;

fn see(system: &System, state: &State, action: Action) -> Option<(State, Option<Visible>)> {
    let (next, turn) = system.step(state, action)?;
    let signals: Vec<Signal> = match &turn {
        Turn::Import(_, effects) => effects.iter().filter_map(import_signal).collect(),
        Turn::Export(_, effects) => effects.iter().filter_map(export_signal).collect(),
        Turn::Neither => Vec::new(),
    };
    // The number of a password's slot is a name of the model.
    let call = action.caller().is_some().then_some(action);
    let visible = (call.is_some() || !signals.is_empty()).then_some((call, signals));
    Some((next, visible))
}

fn import_signal(effect: &import::Effect) -> Option<Signal> {
    if let import::Effect::Signal(signal) = effect { Some(*signal) } else { None }
}

fn export_signal(effect: &export::Effect) -> Option<Signal> {
    if let export::Effect::Signal(signal) = effect { Some(*signal) } else { None }
}

impl Kind {
    /// Compares the graphs of each number and the next.
    pub fn compare(&self, limits: Limits) -> Stable {
        self.compare_of(&Players::default(), limits)
    }

    /// The same, with these players.
    pub fn compare_of(&self, players: &Players, limits: Limits) -> Stable {
        let Self { configuration: id, key, upto, stable, why } = *self;
        let mut labels = Labels::default();
        let mut graph = |count: u8| {
            let mut configuration = find(Size::Small, id)?;
            configuration.budget.set(key, count).then_some(())?;
            let system = players.system(configuration);
            let graph = Labelled::explore(&system, limits, &mut labels, |state, action| see(&system, state, action))?;
            Some((graph.states(), graph.reduced()))
        };
        let graphs: Vec<_> = (0..=upto + 1).map(&mut graph).collect();
        let step = |pair: &[Option<(usize, Labelled)>]| match pair {
            [Some((_, one)), Some((_, other))] => match compare(one, other) {
                Comparison::Alike(_) => Step::Alike,
                Comparison::Unlike => Step::Unlike,
                Comparison::Open => Step::Open,
            },
            _ => Step::Open,
        };
        let steps: Vec<_> = graphs.windows(2).map(step).collect();
        let states = graphs.iter().map(|graph| graph.as_ref().map_or(0, |(states, _)| *states)).collect();
        let unlike = steps.iter().rposition(|&step| step != Step::Alike);
        let from = unlike.map_or(0, |at| at as u8 + 1);
        let from = Some(from).filter(|&from| from <= upto);
        let decided = !steps.contains(&Step::Open);
        Stable { configuration: id, key, steps, states, from, as_stated: decided && from == stable, why }
    }
}

/// Returns the results as a table in Markdown.
pub fn markdown(results: &[Stable]) -> String {
    let mut page = String::from(
        "| configuration | of these | states for 0, 1, … | from which on one more shows in nothing | |\n|---|---|---|---|---|\n",
    );
    for Stable { configuration, key, states, from, why, .. } in results {
        let states: Vec<_> = states.iter().map(usize::to_string).collect();
        let from = from.map_or_else(|| "each shows".into(), |from| from.to_string());
        let _ = writeln!(page, "| `{configuration}` | {key} | {} | {from} | {why} |", states.join(", "));
    }
    page
}
