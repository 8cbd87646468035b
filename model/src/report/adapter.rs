//! Our models as `stateright` takes them. It takes the condition of a property as a plain function: one for each, by its number.

use handfast::outcome::Side;
use stateright::{Model, Path, Property};

use crate::{
    explorer::explore::ENDLESS,
    property::{
        again::{self, Again, Both, REACHED},
        clients::linked::{self, Linked, Whole},
        goals::GOALS,
        judged::{Judged, Reached},
        properties::{Half, PropertyId},
    },
    report::walk::Described as _,
    system::{
        action::Action,
        device::{ExportDevice, ImportDevice},
        side::{ExportSide, ImportSide},
    },
};

impl<I: ImportSide, E: ExportSide> Model for Judged<I, E> {
    type State = Reached<I, E>;
    type Action = Action;

    fn init_states(&self) -> Vec<Self::State> {
        vec![self.begin()]
    }

    fn actions(&self, state: &Self::State, actions: &mut Vec<Action>) {
        self.actions(state, actions);
    }

    fn next_state(&self, state: &Self::State, action: Action) -> Option<Self::State> {
        self.next(state, action)
    }

    fn format_action(&self, action: &Action) -> String {
        action.to_string()
    }

    fn as_svg(&self, path: Path<Self::State, Action>) -> Option<String> {
        self.picture(path)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let configuration = self.configuration();
        let reached = GOALS.iter().zip(reached::<I, E>()).filter(|(goal, _)| goal.is_sought(configuration));
        let asked = PropertyId::ALL.iter().filter(|property| property.applies(configuration));
        asked
            .flat_map(|property| property.halves(configuration).iter().map(move |&half| (property, half)))
            .map(|(&property, half)| Property::always(property.name(half), held::<I, E>(half)[property as usize]))
            .chain(reached.map(|(goal, reached)| Property::sometimes(goal.name, reached)))
            .chain([Property::always(ENDLESS, |_, _| true)])
            .collect()
    }
}

impl<I: ImportDevice, D: ExportDevice> Model for Again<I, D> {
    type State = Both<I, D>;
    type Action = again::Step;

    fn init_states(&self) -> Vec<Self::State> {
        vec![self.begin()]
    }

    fn actions(&self, state: &Self::State, actions: &mut Vec<again::Step>) {
        self.actions(state, actions);
    }

    fn next_state(&self, state: &Self::State, step: again::Step) -> Option<Self::State> {
        self.next(state, step)
    }

    fn format_action(&self, again::Step { link, action }: &again::Step) -> String {
        format!("{} link: {action}", ["first", "second"][*link])
    }

    fn as_svg(&self, path: Path<Self::State, again::Step>) -> Option<String> {
        self.picture(path)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let asked = Self::asked(self.configuration());
        let held = asked
            .map(|(property, half)| Property::always(property.name(half), held_again::<I, D>(half)[property as usize]));
        let reached = REACHED.into_iter().zip(reached_again::<I, D>());
        held.chain(reached.map(|(name, reached)| Property::sometimes(name, reached)))
            .chain([Property::always(ENDLESS, |_, _| true)])
            .collect()
    }
}

impl Model for Linked {
    type State = Whole;
    type Action = linked::Step;

    fn init_states(&self) -> Vec<Whole> {
        vec![self.begin()]
    }

    fn actions(&self, state: &Whole, steps: &mut Vec<linked::Step>) {
        self.actions(state, steps);
    }

    fn next_state(&self, state: &Whole, step: linked::Step) -> Option<Whole> {
        self.step(state, step).map(|(next, _)| next)
    }

    fn format_action(&self, step: &linked::Step) -> String {
        step.to_string()
    }

    fn as_svg(&self, path: Path<Whole, linked::Step>) -> Option<String> {
        self.picture(path)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let held = Self::asked(self.configuration())
            .map(|(property, half)| Property::always(property.name(half), held_linked(property, half)));
        let reached = reached_linked();
        held.chain(self.sought().map(move |(number, name)| Property::sometimes(name, reached[number])))
            .chain([Property::always(ENDLESS, |_, _| true)])
            .collect()
    }
}

type ConditionAgain<I, D> = fn(&Again<I, D>, &Both<I, D>) -> bool;
type Condition<I, E> = fn(&Judged<I, E>, &Reached<I, E>) -> bool;

fn whole<I: ImportSide, E: ExportSide, const N: usize>(system: &Judged<I, E>, state: &Reached<I, E>) -> bool {
    PropertyId::ALL[N].holds(Half::Both, system, state)
}

fn import<I: ImportSide, E: ExportSide, const N: usize>(system: &Judged<I, E>, state: &Reached<I, E>) -> bool {
    PropertyId::ALL[N].holds(Half::Only(Side::Import), system, state)
}

fn export<I: ImportSide, E: ExportSide, const N: usize>(system: &Judged<I, E>, state: &Reached<I, E>) -> bool {
    PropertyId::ALL[N].holds(Half::Only(Side::Export), system, state)
}

fn reaches<I: ImportSide, E: ExportSide, const N: usize>(_: &Judged<I, E>, state: &Reached<I, E>) -> bool {
    (GOALS[N].reached)(&state.world)
}

fn again_whole<I: ImportDevice, D: ExportDevice, const N: usize>(again: &Again<I, D>, state: &Both<I, D>) -> bool {
    again.holds(PropertyId::ALL[N], Half::Both, state)
}

fn again_export<I: ImportDevice, D: ExportDevice, const N: usize>(again: &Again<I, D>, state: &Both<I, D>) -> bool {
    again.holds(PropertyId::ALL[N], Half::Only(Side::Export), state)
}

fn again_reaches<I: ImportDevice, D: ExportDevice, const N: usize>(_: &Again<I, D>, state: &Both<I, D>) -> bool {
    Again::<I, D>::reaches(state, N)
}

macro_rules! numbered {
    ($function:ident: $($number:literal)*) => { [$($function::<_, _, $number>),*] };
}

/// Whether this half of each property holds.
fn held<I: ImportSide, E: ExportSide>(half: Half) -> [Condition<I, E>; PropertyId::ALL.len()] {
    match half {
        Half::Both => numbered!(whole: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24),
        Half::Only(Side::Import) => numbered!(import: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24),
        Half::Only(Side::Export) => numbered!(export: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24),
    }
}

/// Whether each goal is reached.
fn reached<I: ImportSide, E: ExportSide>() -> [Condition<I, E>; GOALS.len()] {
    numbered!(reaches: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64 65 66 67 68 69 70 71 72 73 74 75 76 77 78 79)
}

/// Whether this half of each property holds of two links.
fn held_again<I: ImportDevice, D: ExportDevice>(half: Half) -> [ConditionAgain<I, D>; PropertyId::ALL.len()] {
    match half {
        Half::Both | Half::Only(Side::Import) => {
            numbered!(again_whole: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24)
        }
        Half::Only(Side::Export) => {
            numbered!(again_export: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24)
        }
    }
}

/// Whether each goal of two links is reached.
fn reached_again<I: ImportDevice, D: ExportDevice>() -> [ConditionAgain<I, D>; REACHED.len()] {
    numbered!(again_reaches: 0 1 2 3)
}

type ConditionLinked = fn(&Linked, &Whole) -> bool;

fn linked_import(linked: &Linked, state: &Whole) -> bool {
    linked.holds(PropertyId::Client, Half::Only(Side::Import), state)
}

fn linked_export(linked: &Linked, state: &Whole) -> bool {
    linked.holds(PropertyId::Client, Half::Only(Side::Export), state)
}

fn linked_reaches<const N: usize>(_: &Linked, state: &Whole) -> bool {
    Linked::reaches(state, N)
}

fn linked_invariant(linked: &Linked, state: &Whole) -> bool {
    linked.holds(PropertyId::Invariant, Half::Both, state)
}

/// Whether P-CLIENT holds of this side, or P-INVARIANT of both.
fn held_linked(property: PropertyId, half: Half) -> ConditionLinked {
    match half {
        _ if property == PropertyId::Invariant => linked_invariant,
        Half::Both | Half::Only(Side::Import) => linked_import,
        Half::Only(Side::Export) => linked_export,
    }
}

/// Whether each goal of a link with clients is reached.
const fn reached_linked() -> [ConditionLinked; linked::REACHED.len()] {
    [
        linked_reaches::<0>,
        linked_reaches::<1>,
        linked_reaches::<2>,
        linked_reaches::<3>,
        linked_reaches::<4>,
        linked_reaches::<5>,
        linked_reaches::<6>,
        linked_reaches::<7>,
        linked_reaches::<8>,
        linked_reaches::<9>,
        linked_reaches::<10>,
    ]
}
