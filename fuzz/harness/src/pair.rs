//! Laws of a pair of hardened peers, or of one with a hostile peer, in any run of the model.

use std::{
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
    mem::discriminant,
    sync::LazyLock,
};

use handfast::{export::Exporter, import::Importer, reducer::Config};
use handfast_model::{
    action::Action,
    config::{Cast, Configuration, Size, configurations},
    diagram::Counterexample,
    explore::Path,
    judged::Judged,
    properties::{Half, PropertyId},
    side::{ExportSide, ImportSide},
};
use stateright::Model;

/// The steps of the longest run; the longest shortest way in the model is below 60.
pub(crate) const MOST_STEPS: usize = 120;

/// A configuration, and the properties that are asked of it.
pub type Asked<I, E> = (Judged<I, E>, Vec<(PropertyId, Half)>);

/// The largest configurations with hardened sides, with these in their place.
pub fn systems<I: ImportSide, E: ExportSide>(sides: impl Fn(Config) -> (I, E)) -> Vec<Asked<I, E>> {
    let of_ours = |configuration: &Configuration| {
        [Cast::HH, Cast::HX, Cast::XH].contains(&configuration.cast) && configuration.is_plain()
    };
    let all = configurations(Size::Full).into_iter().filter(of_ours);
    all.map(|configuration| {
        let applies = PropertyId::ALL.iter().filter(|property| property.applies(&configuration));
        let halves = |&property: &PropertyId| property.halves(&configuration).iter().map(move |&half| (property, half));
        let (import, export) = sides(configuration.reducers());
        (Judged::new(configuration, import, export), applies.flat_map(halves).collect())
    })
    .collect()
}

/// Those of the reducers that ship.
pub(crate) static SYSTEMS: LazyLock<Vec<Asked<Importer, Exporter>>> =
    LazyLock::new(|| systems(|config| (Importer::new(config), Exporter::new(config))));

/// Panics if a run violates a property. The panic prints the run as a sequence diagram, and as a trace that `handfast replay` takes.
pub fn check(bytes: &[u8]) {
    check_noting(bytes, |_| ());
}

/// The same. Of each step a number is noted, which stands for the rows of both sides' tables and the kind of the step: code that has been
/// reached says nothing of where in a link it was, and a fuzzer that counts these as well keeps a run that came further.
pub fn check_noting(bytes: &[u8], note: impl FnMut(u64)) {
    match walk_noting(&SYSTEMS, bytes, note) {
        Some(run) if run.violated.is_some() => panic!("{run}"),
        Some(_) | None => {}
    }
}

/// A run through one of the systems, up to the first step at which it violates a property.
#[derive(Debug)]
pub struct Run<'a, I, E> {
    system: &'a Judged<I, E>,
    taken: Vec<Action>,
    /// The violated property.
    pub violated: Option<PropertyId>,
}

/// Walks: the first byte chooses the system, each further one a step among those that are possible.
pub fn walk<'a, I: ImportSide, E: ExportSide>(systems: &'a [Asked<I, E>], bytes: &[u8]) -> Option<Run<'a, I, E>> {
    walk_noting(systems, bytes, |_| ())
}

fn walk_noting<'a, I: ImportSide, E: ExportSide>(
    systems: &'a [Asked<I, E>],
    bytes: &[u8],
    mut note: impl FnMut(u64),
) -> Option<Run<'a, I, E>> {
    let (first, choices) = bytes.split_first()?;
    let (system, asked) = &systems[usize::from(*first) % systems.len()];
    let mut run = Run { system, taken: Vec::new(), violated: None };
    let mut state = system.init_states().swap_remove(0);
    let mut actions = Vec::new();
    for &choice in choices.iter().take(MOST_STEPS) {
        actions.clear();
        system.actions(&state, &mut actions);
        if actions.is_empty() {
            break;
        }
        let action = actions[usize::from(choice) % actions.len()];
        // An action that changes nothing is no step.
        let Some(next) = system.next_state(&state, action) else { continue };
        state = next;
        run.taken.push(action);
        let mut row = DefaultHasher::new();
        (state.import.place(), state.export.place(), discriminant(&action)).hash(&mut row);
        note(row.finish());
        let violated = asked.iter().find(|(property, half)| !property.holds(*half, system, &state));
        if let Some(&(property, _)) = violated {
            run.violated = Some(property);
            break;
        }
    }
    Some(run)
}

impl<I: ImportSide, E: ExportSide> Run<'_, I, E> {
    /// The run in words.
    pub fn counterexample(&self) -> Counterexample {
        let root = self.system.init_states().swap_remove(0);
        let mut last = root.clone();
        let step = |&action: &Action| {
            last = self.system.next_state(&last, action).expect("it was taken before");
            (action, last.clone())
        };
        let path = Path { root, steps: self.taken.iter().map(step).collect() };
        Counterexample::new(self.system, &path, self.violated)
    }
}

impl<I: ImportSide, E: ExportSide> fmt::Display for Run<'_, I, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counterexample { mermaid, trace, .. } = self.counterexample();
        let violated = self.violated.map_or("nothing", PropertyId::id);
        write!(f, "{violated} in {}\n\n{mermaid}\n\n{}", self.system.configuration().id(), trace.join("\n"))
    }
}
