//! `stateright` takes the condition of a property as a plain function: one for each, by its number.

use handfast::outcome::Side;

use crate::{
    again::{Again, Both, REACHED},
    clients::linked::{self, Linked, Whole},
    device::{ExportDevice, ImportDevice},
    goals::GOALS,
    properties::{Half, PropertyId},
    side::{ExportSide, ImportSide},
    system::{State, System},
};

type ConditionAgain<I, D> = fn(&Again<I, D>, &Both<I, D>) -> bool;
type Condition<I, E> = fn(&System<I, E>, &State<I, E>) -> bool;

fn whole<I: ImportSide, E: ExportSide, const N: usize>(system: &System<I, E>, state: &State<I, E>) -> bool {
    PropertyId::ALL[N].holds(Half::Both, system, state)
}

fn import<I: ImportSide, E: ExportSide, const N: usize>(system: &System<I, E>, state: &State<I, E>) -> bool {
    PropertyId::ALL[N].holds(Half::Only(Side::Import), system, state)
}

fn export<I: ImportSide, E: ExportSide, const N: usize>(system: &System<I, E>, state: &State<I, E>) -> bool {
    PropertyId::ALL[N].holds(Half::Only(Side::Export), system, state)
}

fn reaches<I: ImportSide, E: ExportSide, const N: usize>(_: &System<I, E>, state: &State<I, E>) -> bool {
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
pub(crate) fn held<I: ImportSide, E: ExportSide>(half: Half) -> [Condition<I, E>; PropertyId::ALL.len()] {
    match half {
        Half::Both => numbered!(whole: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22),
        Half::Only(Side::Import) => numbered!(import: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22),
        Half::Only(Side::Export) => numbered!(export: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22),
    }
}

/// Whether each goal is reached.
pub(crate) fn reached<I: ImportSide, E: ExportSide>() -> [Condition<I, E>; GOALS.len()] {
    numbered!(reaches: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64 65 66 67 68 69 70 71 72 73 74 75 76 77)
}

/// Whether this half of each property holds of two links.
pub(crate) fn held_again<I: ImportDevice, D: ExportDevice>(
    half: Half,
) -> [ConditionAgain<I, D>; PropertyId::ALL.len()] {
    match half {
        Half::Both | Half::Only(Side::Import) => {
            numbered!(again_whole: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22)
        }
        Half::Only(Side::Export) => numbered!(again_export: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22),
    }
}

/// Whether each goal of two links is reached.
pub(crate) fn reached_again<I: ImportDevice, D: ExportDevice>() -> [ConditionAgain<I, D>; REACHED.len()] {
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

/// Whether P-CLIENT holds of this side.
pub(crate) const fn held_linked(half: Half) -> ConditionLinked {
    match half {
        Half::Both | Half::Only(Side::Import) => linked_import,
        Half::Only(Side::Export) => linked_export,
    }
}

/// Whether each goal of a link with clients is reached.
pub(crate) const fn reached_linked() -> [ConditionLinked; linked::REACHED.len()] {
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
