//! What holds of a pair of hardened peers, or of one beside a hostile peer, in any run of the model.

use std::sync::LazyLock;

use handfast_model::{
    action::Action,
    check::{Hardened, hardened},
    config::{Cast, Configuration, Size, configurations},
    diagram::Counterexample,
    explore::Path,
    properties::{Half, PropertyId},
};
use stateright::Model;

/// The steps of the longest run; the longest shortest way in the model is below 60.
const MOST_STEPS: usize = 120;

/// What is asked of a configuration.
type Asked = Vec<(PropertyId, Half)>;

/// The largest configurations with hardened sides, and the properties that are asked of each.
static SYSTEMS: LazyLock<Vec<(Hardened, Asked)>> = LazyLock::new(|| {
    let of_ours = |configuration: &Configuration| {
        [Cast::HH, Cast::HX, Cast::XH].contains(&configuration.cast) && configuration.is_plain()
    };
    let all = configurations(Size::Full).into_iter().filter(of_ours);
    all.map(|configuration| {
        let applies = PropertyId::ALL.iter().filter(|property| property.applies(&configuration));
        let halves = |&property: &PropertyId| property.halves(&configuration).iter().map(move |&half| (property, half));
        (hardened(configuration), applies.flat_map(halves).collect())
    })
    .collect()
});

/// Panics if a run violates a property: the first byte chooses the configuration, each further one a step among those that are possible.
/// The panic tells the run as a sequence diagram, and as a trace that `handfast replay` takes.
pub fn check(bytes: &[u8]) {
    let Some((first, choices)) = bytes.split_first() else { return };
    let (system, asked) = &SYSTEMS[usize::from(*first) % SYSTEMS.len()];
    let mut state = system.init_states().swap_remove(0);
    let mut taken: Vec<Action> = Vec::new();
    let mut actions = Vec::new();
    for &choice in choices.iter().take(MOST_STEPS) {
        actions.clear();
        system.actions(&state, &mut actions);
        if actions.is_empty() {
            break;
        }
        let action = actions[usize::from(choice) % actions.len()];
        // What changes nothing is no step.
        let Some(next) = system.next_state(&state, action) else { continue };
        state = next;
        taken.push(action);
        for &(property, half) in asked {
            if !property.holds(half, system, &state) {
                panic!("{}", tell(system, &taken, property));
            }
        }
    }
}

/// The run in words.
fn tell(system: &Hardened, taken: &[Action], violated: PropertyId) -> String {
    let root = system.init_states().swap_remove(0);
    let mut last = root.clone();
    let step = |&action: &Action| {
        last = system.next_state(&last, action).expect("it was taken before");
        (action, last.clone())
    };
    let path = Path { root, steps: taken.iter().map(step).collect() };
    let told = Counterexample::new(system, &path, Some(violated));
    let configuration = system.configuration().id();
    format!("{} in {configuration}\n\n{}\n\n{}", violated.id(), told.mermaid, told.trace.join("\n"))
}
