//! The liveness properties as claims: from what, to what, and what has to happen by itself.
//!
//! Where a graph has no cycle, a state in which nothing more has to happen decides such a property, and
//! [`PropertyId::holds`](crate::property::properties::PropertyId::holds) finds it as any other. Where it has one, a claim does.

use std::cell::OnceCell;

use handfast::{export::Tried, import::Check, limits::Timer, outcome::Side};

use crate::{
    explorer::{
        explore::Graph,
        liveness::{
            self,
            Fairness::{self, Fair, Unfair},
            Lasso, LeadsTo, Liveness,
        },
    },
    property::{
        deleted::checked,
        judged::{Judged, Reached},
        properties::{Half, PropertyId},
    },
    system::{
        action::Action,
        side::{ExportSide, ImportSide},
        stated::TRIES,
        world::{PEER, World},
    },
};

/// The decided property.
#[derive(Debug)]
pub(crate) enum Decision<I, E> {
    /// Every fair run does it.
    Holds,
    /// This one does not.
    Fails(Box<Lasso<Reached<I, E>, Action>>),
    /// It cannot be said, and why.
    Open(String),
}

/// A statement about a state, or about a state and an action.
type Part = fn(&World, Half) -> bool;
type Moves = fn(&World, Action) -> Fairness;

/// The claim of a property: from what, to what, and what has to happen by itself. `None`: it is no liveness property.
fn claim_of(property: PropertyId) -> Option<(Part, Part, Moves)> {
    Some(match property {
        PropertyId::Ends => (waits, |world, half| !waits(world, half), in_time),
        PropertyId::CancelArrives => (is_unheard, |world, half| !is_unheard(world, half), by_itself),
        PropertyId::Honest => (|_, _| true, |world, _| both_succeed(world), with_people),
        PropertyId::Admits => (|world, _| world.seen.export.started, |world, _| has_session(world), in_a_crowd),
        PropertyId::Consent
        | PropertyId::Single
        | PropertyId::Bound
        | PropertyId::Stored
        | PropertyId::NotSent
        | PropertyId::Gate
        | PropertyId::Tries
        | PropertyId::Password
        | PropertyId::Isolated
        | PropertyId::Grammar
        | PropertyId::Pair
        | PropertyId::AtRest
        | PropertyId::NoBlame
        | PropertyId::Return
        | PropertyId::Client
        | PropertyId::Invariant
        | PropertyId::Sends
        | PropertyId::Malformed
        | PropertyId::Documented
        | PropertyId::Atomic
        | PropertyId::Again
        | PropertyId::Budget => return None,
    })
}

/// The facts about a graph, claim by claim.
type Facts<'a> = Vec<((PropertyId, Half), Liveness<'a>)>;

/// The claims of a graph. The first one that is decided looks at the graph for all of them.
pub(crate) struct Claims<'a, I, E> {
    pub(crate) system: &'a Judged<I, E>,
    pub(crate) graph: &'a Graph,
    asked: Vec<(PropertyId, Half)>,
    facts: OnceCell<Option<Facts<'a>>>,
}

impl<'a, I: ImportSide, E: ExportSide> Claims<'a, I, E> {
    /// The properties that are asked of a graph.
    pub(crate) fn new(
        system: &'a Judged<I, E>,
        graph: &'a Graph,
        asked: impl IntoIterator<Item = (PropertyId, Half)>,
    ) -> Self {
        Self { system, graph, asked: asked.into_iter().collect(), facts: OnceCell::new() }
    }

    /// One alone.
    pub(crate) fn one(system: &'a Judged<I, E>, graph: &'a Graph, property: PropertyId, half: Half) -> Self {
        Self::new(system, graph, [(property, half)])
    }

    /// Decides a half of a liveness property on a complete graph, whether it has cycles or not.
    pub(crate) fn decide(&self, property: PropertyId, half: Half) -> Decision<I, E> {
        if claim_of(property).is_none() {
            return Decision::Open("no claim says what has to happen".into());
        }
        let Some(facts) = self.facts.get_or_init(|| self.look()) else {
            return Decision::Open("the graph is not complete".into());
        };
        let Some((_, liveness)) = facts.iter().find(|(one, _)| *one == (property, half)) else {
            return Decision::Open("it was not asked".into());
        };
        let lasso = match liveness.check(self.system) {
            Err(lasso) if !checked(property, false) => lasso,
            Err(_) | Ok(()) => return Decision::Holds,
        };
        // Within their budget timers fire at any time, and have to in the end; without one, only when all else is quiet. So nothing is
        // said of what they would end.
        match running(&lasso) {
            Some((side, timer)) if property == PropertyId::Ends => {
                Decision::Open(format!("the {side} side's timer {timer:?} would end it, and there is no budget for it"))
            }
            _ => Decision::Fails(Box::new(lasso)),
        }
    }

    fn look(&self) -> Option<Facts<'a>> {
        // The halves of a property have one idea of what is fair, and stand together.
        let mut names = Vec::new();
        let halves = |property| self.asked.iter().copied().filter(move |(other, _)| *other == property);
        let claims = PropertyId::ALL.iter().filter_map(|&property| {
            let (from, to, moves) = claim_of(property)?;
            names.extend(halves(property));
            let claims = halves(property).map(|(_, half)| LeadsTo {
                from: move |state: &Reached<I, E>| from(&state.world, half),
                to: move |state: &Reached<I, E>| to(&state.world, half),
            });
            let classify = move |state: &Reached<I, E>, action: &Action| moves(&state.world, *action);
            Some(liveness::Claims { claims: claims.collect(), classify }).filter(|all| !all.claims.is_empty())
        });
        let claims: Vec<_> = claims.collect();
        Some(names.into_iter().zip(Liveness::of_each(self.system, self.graph, &claims)?).collect())
    }
}

/// A timer that runs all through a loop, or in a dead end.
fn running<I: ImportSide, E: ExportSide>(lasso: &Lasso<Reached<I, E>, Action>) -> Option<(Side, Timer)> {
    let runs = |state: &Reached<I, E>, side, timer| match side {
        Side::Import => state.import.armed().contains(timer),
        Side::Export => state.export.armed().contains(timer),
    };
    let always = |side, timer| {
        runs(lasso.prefix.last(), side, timer) && lasso.cycle.iter().all(|(_, state)| runs(state, side, timer))
    };
    let timers = [Side::Import, Side::Export].into_iter().flat_map(|side| Timer::ALL.map(|timer| (side, timer)));
    timers.into_iter().find(|&(side, timer)| always(side, timer))
}

/// An operation of one of these sides has begun, and has not ended.
fn waits(world: &World, half: Half) -> bool {
    let seen = &world.seen;
    half.sides().any(|side| match side {
        Side::Import => seen.import.is_up() && seen.import.done.is_none(),
        Side::Export => seen.export.is_up(),
    })
}

/// One of these sides cancelled a session whose link lives, and the other has not ended.
fn is_unheard(world: &World, half: Half) -> bool {
    let seen = &world.seen;
    let session = seen.import.session == Some(PEER) && !world.link.failed;
    session
        && half.sides().any(|side| match side {
            Side::Import => seen.import.cancelled && seen.export.done.is_none(),
            Side::Export => seen.export.cancelled && seen.import.done.is_none(),
        })
}

/// Both have succeeded, or three passwords were wrong.
fn both_succeed(world: &World) -> bool {
    let three_wrong = world.seen.export.wrong >= TRIES;
    let ends = world.seen.import.done.zip(world.seen.export.done);
    ends.is_some_and(|(import, export)| three_wrong || import.outcome.is_success() && export.outcome.is_success())
}

/// The honest exporter has the session.
fn has_session(world: &World) -> bool {
    world.seen.import.session == Some(PEER)
}

/// The steps that devices and links take by themselves, timers apart: messages on their way arrive, a shell ends its work.
fn by_itself(_: &World, action: Action) -> Fairness {
    match action {
        Action::Published => Fair(0),
        Action::Secured => Fair(1),
        Action::Deliver(Side::Import) => Fair(2),
        Action::Deliver(Side::Export) => Fair(3),
        Action::Opened(Tried::Opened | Tried::Wrong) => Fair(4),
        Action::HandedOver => Fair(5),
        Action::Checked(Check::Sound(_) | Check::Unsound) => Fair(6),
        Action::Settle { durable: true } => Fair(7),
        Action::Report => Fair(8),
        Action::Inner(Side::Import, step) => Fair(IMPORT_STEPS + step % STEPS),
        Action::Inner(Side::Export, step) => Fair(EXPORT_STEPS + step % STEPS),
        Action::Opened(Tried::Unreadable)
        | Action::Checked(Check::Unreadable)
        | Action::Settle { durable: false }
        | Action::Unpublishable
        | Action::Unreachable
        | Action::AttemptFails
        | Action::LoseRequest
        | Action::Repeat
        | Action::Unsecured
        | Action::Break { .. }
        | Action::SendFailed
        | Action::Unwritable
        | Action::Crash(..) => Unfair,
        Action::Fire(..) => Unfair,
        Action::AddAccount
        | Action::Answer { .. }
        | Action::AnswerOtherwise
        | Action::CompareAccount { .. }
        | Action::RemoveAccount
        | Action::AddDevice(_)
        | Action::ConfirmAddDevice
        | Action::CompareAddDevice { .. }
        | Action::CancelAddDevice => Unfair,
        Action::Caller(..) | Action::Device(_) => Unfair,
    }
}

/// Where the classes of each side's timers begin, and of its own steps. So many of these are distinguished.
const IMPORT_TIMERS: u8 = 16;
const EXPORT_TIMERS: u8 = 32;
const IMPORT_STEPS: u8 = 64;
const EXPORT_STEPS: u8 = 128;
const STEPS: u8 = 64;

/// The same, and time passes.
fn in_time(world: &World, action: Action) -> Fairness {
    match action {
        Action::Fire(Side::Import, timer) => Fair(IMPORT_TIMERS + timer as u8),
        Action::Fire(Side::Export, timer) => Fair(EXPORT_TIMERS + timer as u8),
        _ => by_itself(world, action),
    }
}

/// The same without time, and the exporter tries again.
fn in_a_crowd(world: &World, action: Action) -> Fairness {
    match action {
        Action::Fire(Side::Export, timer @ Timer::Retry) => Fair(EXPORT_TIMERS + timer as u8),
        _ => by_itself(world, action),
    }
}

/// The same without time, and people do what they are asked to do, sooner or later. A right password is one of their answers.
fn with_people(world: &World, action: Action) -> Fairness {
    match action {
        Action::AddAccount => Fair(9),
        Action::Answer { right: true } if world.seen.import.prompt.is_some() => Fair(10),
        Action::AddDevice(_) => Fair(11),
        Action::ConfirmAddDevice if !world.seen.export.confirmed => Fair(12),
        Action::CompareAccount { equal: true } => Fair(13),
        Action::CompareAddDevice { equal: true } => Fair(14),
        _ => by_itself(world, action),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        explorer::explore::Limits,
        property::mutants::{MUTANTS, Mutant},
        report::check::hardened,
        system::config::{Size, configurations, find},
    };

    const LIVENESS: [PropertyId; 3] = [PropertyId::Ends, PropertyId::CancelArrives, PropertyId::Honest];

    /// The steps to the nearest failure: of the claim, and of the state in which nothing more happens.
    fn both_ways<I: ImportSide, E: ExportSide>(
        system: &Judged<I, E>,
        graph: &Graph,
        property: PropertyId,
    ) -> (Option<usize>, Option<usize>) {
        assert!(graph.is_complete() && graph.is_acyclic());
        let claim = match Claims::one(system, graph, property, Half::Both).decide(property, Half::Both) {
            Decision::Holds => None,
            Decision::Fails(lasso) => {
                assert!(lasso.is_dead_end());
                Some(lasso.prefix.steps.len())
            }
            Decision::Open(why) => panic!("{}: {why}", property.id()),
        };
        (claim, graph.path(system, property.id()).map(|path| path.steps.len()))
    }

    /// Strangers that come again for ever close cycles, and no state by itself decides.
    #[test]
    fn a_crowd_is_decided_by_its_claim() {
        let system = hardened(find(Size::Small, "HH-documented-crowd").unwrap());
        let graph = Graph::explore(&system, Limits::default(), None);
        assert!(graph.is_complete() && !graph.is_acyclic());
        let decision =
            Claims::one(&system, &graph, PropertyId::Admits, Half::Both).decide(PropertyId::Admits, Half::Both);
        assert!(matches!(decision, Decision::Holds), "{decision:?}");
        // More than one burst, and the exporter runs out of attempts.
        let mut configuration = *system.configuration();
        configuration.budget.bursts = 2;
        let system = hardened(configuration);
        let graph = Graph::explore(&system, Limits::default(), None);
        let decision =
            Claims::one(&system, &graph, PropertyId::Admits, Half::Both).decide(PropertyId::Admits, Half::Both);
        assert!(matches!(decision, Decision::Fails(_)), "{decision:?}");
    }

    /// Where there is no cycle, the claim and the dead end are the same.
    #[test]
    fn a_claim_says_what_a_dead_end_says() {
        let hardened_pairs = configurations(Size::Small)
            .into_iter()
            .filter(|one| !one.cast.has_legacy() && one.is_plain() && one.crowd.is_none());
        for configuration in hardened_pairs {
            let system = hardened(configuration);
            let graph = Graph::explore(&system, Limits::default(), None);
            for property in LIVENESS.into_iter().filter(|property| property.applies(&configuration)) {
                assert_eq!(both_ways(&system, &graph, property), (None, None), "{} in {configuration}", property.id());
            }
        }
        let decided = |mutant: &&Mutant| LIVENESS.contains(&mutant.property);
        for mutant in MUTANTS.iter().filter(decided) {
            let system = mutant.system(Size::Small).unwrap();
            let graph = Graph::explore(&system, Limits::default(), None);
            let (claim, dead_end) = both_ways(&system, &graph, mutant.property);
            assert!(claim.is_some(), "{}", mutant.id);
            assert_eq!(claim, dead_end, "{}", mutant.id);
        }
    }

    #[test]
    fn what_never_happens_is_no_claim() {
        let system = hardened(find(Size::Small, "HH-documented-loss").unwrap());
        let graph = Graph::explore(&system, Limits::default(), None);
        // Properties of two links are not asked here.
        for &property in PropertyId::ALL.iter().filter(|property| **property != PropertyId::Again) {
            let decision = Claims::one(&system, &graph, property, Half::Both).decide(property, Half::Both);
            let open = matches!(decision, Decision::Open(_));
            assert_eq!(open, !property.is_liveness(), "{}", property.id());
        }
    }
}
