//! Two links, one after the other, between the same two devices. Whatever became of the first, the second, with which nothing
//! goes wrong, has to succeed; and what still happens in the one changes nothing in the other.

use handfast::{
    export,
    operations::Exports,
    outcome::{Scheme, Side},
    rules::AllRules,
};

use crate::{
    property::{
        deleted::checked,
        judged::{Judged, Reached},
        properties::{Half, PropertyId, PropertySet},
    },
    system::{
        action::Action,
        config::{Budget, Configuration, Player},
        device::{Apart, ExportDevice, ImportDevice, NewDevice, Operation},
        legacy,
        side::Side as _,
    },
};

/// Two links of two devices.
#[derive(Clone, Debug)]
pub struct Again<I, D> {
    /// The configuration of the first; nothing goes wrong with the second.
    pub(crate) links: [Judged<Operation<I>, Operation<D>>; 2],
}

/// Where both are. The devices are in both, and the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Both<I, D> {
    pub(crate) links: [Reached<Operation<I>, Operation<D>>; 2],
    /// The properties that the step into this state violated between the two.
    violated: PropertySet,
}

/// A step of one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Step {
    /// 0 or 1.
    pub link: usize,
    /// The action in it.
    pub action: Action,
}

/// A state that has to be reached.
pub(crate) const REACHED: [&str; 4] = [
    "the second link succeeds after a first that failed",
    "the second link succeeds after a first that succeeded",
    "the first link is still at work while the second is",
    "the first import is not closed while the second is there",
];

impl<I: ImportDevice, D: ExportDevice> Again<I, D> {
    /// Both links of a configuration.
    pub fn new(configuration: Configuration, import: I, export: D) -> Self {
        let quiet = Configuration { clock: false, budget: Budget::default(), ..configuration };
        let link = |op, configuration| {
            let import = Operation { device: import.clone(), op };
            Judged::new(configuration, import, Operation { device: export.clone(), op })
        };
        Self { links: [link(0, configuration), link(1, quiet)] }
    }

    /// The configuration of the first link.
    pub const fn configuration(&self) -> &Configuration {
        self.links[0].configuration()
    }

    /// The properties that are asked of the two.
    pub(crate) fn asked(configuration: &Configuration) -> impl Iterator<Item = (PropertyId, Half)> {
        let hardened = !configuration.cast.has_legacy();
        PropertyId::ALL.iter().copied().filter_map(move |property| match property {
            // Of the exporter, where one side is old: the operations of an old importer have nothing in common.
            PropertyId::Isolated => property.halves(configuration).last().map(|&half| (property, half)),
            PropertyId::Again => Some((property, Half::Both)),
            PropertyId::Consent
            | PropertyId::Single
            | PropertyId::Bound
            | PropertyId::Stored
            | PropertyId::NotSent
            | PropertyId::Gate
            | PropertyId::Tries
            | PropertyId::Password
            | PropertyId::Grammar
            | PropertyId::Pair
            | PropertyId::AtRest
            | PropertyId::NoBlame
            | PropertyId::Invariant
            | PropertyId::Sends
            | PropertyId::Malformed
            | PropertyId::Return => hardened.then_some((property, Half::Both)),
            // These are asked of each link alone.
            PropertyId::Atomic
            | PropertyId::Client
            | PropertyId::Documented
            | PropertyId::Budget
            | PropertyId::Ends
            | PropertyId::CancelArrives
            | PropertyId::Admits
            | PropertyId::Honest => None,
        })
    }

    /// Returns the state in which they begin.
    pub(crate) fn begin(&self) -> Both<I, D> {
        Both { links: [0, 1].map(|link: usize| self.links[link].begin()), violated: PropertySet::default() }
    }

    /// Adds the steps that can be next.
    pub(crate) fn actions(&self, state: &Both<I, D>, actions: &mut Vec<Step>) {
        let mut own = Vec::new();
        for (link, system) in self.links.iter().enumerate() {
            system.actions(&state.links[link], &mut own);
            let [first, second] = &state.links;
            let may = |action: &Action| match (link, action) {
                // Time is only as short as what still happens in the other link.
                (0, Action::Fire(..)) => first.world.left.early > 0 || !second.is_busy(),
                (1, Action::AddAccount) => is_over(first, Side::Import),
                (1, Action::AddDevice(_)) => is_over(first, Side::Export),
                _ => true,
            };
            actions.extend(own.drain(..).filter(may).map(|action| Step { link, action }));
        }
    }

    /// Takes a step.
    pub(crate) fn next(&self, state: &Both<I, D>, Step { link, action }: Step) -> Option<Both<I, D>> {
        let (stepped, _) = self.links[link].step(&state.links[link], action)?;
        let other = 1 - link;
        let mut next = Both { links: state.links.clone(), violated: PropertySet::default() };
        let before = &state.links[link];
        let alike = before.import.device.is_alike(&stepped.import.device, other as u8);
        if !checked(PropertyId::Isolated, alike) {
            next.violated.insert(PropertyId::Isolated, Side::Import);
        }
        let alike = before.export.device.is_alike(&stepped.export.device, other as u8);
        if !checked(PropertyId::Isolated, alike) {
            next.violated.insert(PropertyId::Isolated, Side::Export);
        }
        next.links[other].import.device = stepped.import.device.clone();
        next.links[other].export.device = stepped.export.device.clone();
        next.links[other].violated = PropertySet::default();
        next.links[link] = stepped;
        Some(next)
    }

    /// Whether this half of a property holds.
    pub(crate) fn holds(&self, property: PropertyId, half: Half, state: &Both<I, D>) -> bool {
        let kept = !state.violated.contains(property, half)
            && state.links.iter().all(|link| !link.violated.contains(property, half));
        kept && match property {
            PropertyId::Again => checked(PropertyId::Again, self.second_succeeds(state)),
            PropertyId::Return => checked(PropertyId::Return, second_is_refused(state)),
            // The devices are the same in both.
            PropertyId::Invariant => {
                let [first, _] = &state.links;
                checked(PropertyId::Invariant, first.import.invariant().is_ok())
                    && checked(PropertyId::Invariant, first.export.invariant().is_ok())
            }
            _ => true,
        }
    }

    fn second_succeeds(&self, state: &Both<I, D>) -> bool {
        let [first, second] = &state.links;
        let seen = &second.world.seen;
        let failed = |done: Option<crate::system::seen::Done>| done.is_some_and(|done| !done.outcome.is_success());
        if failed(seen.import.done) || failed(seen.export.done) {
            return false;
        }
        let succeeded = seen.import.done.is_some() && seen.export.done.is_some();
        succeeded || !(is_over(first, Side::Import) && is_over(first, Side::Export)) || !self.is_stuck(state)
    }

    /// Nothing more happens, whatever people do.
    fn is_stuck(&self, state: &Both<I, D>) -> bool {
        let mut actions = Vec::new();
        self.actions(state, &mut actions);
        actions.into_iter().all(|step| self.next(state, step).is_none())
    }

    pub(crate) fn reaches(state: &Both<I, D>, goal: usize) -> bool {
        let success = |link: &Reached<Operation<I>, Operation<D>>| {
            link.world
                .both_ended()
                .is_some_and(|(import, export)| import.outcome.is_success() && export.outcome.is_success())
        };
        let [first, second] = &state.links;
        match goal {
            0 => success(second) && !success(first),
            1 => success(second) && success(first),
            2 => first.is_busy() && second.is_busy(),
            _ => !first.import.is_closed() && !second.import.is_closed(),
        }
    }
}

/// An operation on the two links of a configuration, for any devices.
pub(crate) trait WithBoth {
    /// Its result.
    type Output;

    /// Does it.
    fn with<I: ImportDevice, D: ExportDevice>(self, again: &Again<I, D>) -> Self::Output;
}

/// Does something with the two links of a configuration.
pub(crate) fn with_both<W: WithBoth>(configuration: Configuration, work: W) -> W::Output {
    match configuration.cast.import {
        // Each of its imports has a manager of its own.
        Player::Legacy => with_new(configuration, Apart([legacy::Importer::new(), legacy::Importer::new()]), work),
        Player::Hardened | Player::Hostile => {
            with_new(configuration, NewDevice::under(configuration.reducers(), AllRules), work)
        }
    }
}

fn with_new<W: WithBoth>(configuration: Configuration, import: impl ImportDevice, work: W) -> W::Output {
    match configuration.cast.export {
        Player::Legacy => work.with(&Again::new(configuration, import, legacy::Exporter::new())),
        Player::Hardened | Player::Hostile => {
            work.with(&Again::new(configuration, import, Exports::new(configuration.reducers())))
        }
    }
}

/// Whether the user of this side is done with a link.
fn is_over<I, E>(link: &Reached<I, E>, side: Side) -> bool {
    let seen = &link.world.seen;
    match side {
        Side::Import => seen.import.done.is_some() || seen.import.cancelled,
        Side::Export => seen.export.done.is_some() || seen.export.cancelled,
    }
}

/// While the first link is live, `addDevice` is refused, and that changes nothing (R-API-4).
fn second_is_refused<I: ImportDevice, D: ExportDevice>(state: &Both<I, D>) -> bool {
    let [first, second] = &state.links;
    if !first.world.seen.export.started || is_over(first, Side::Export) {
        return true;
    }
    let mut probed = second.export.clone();
    probed.take(export::Input::AddDevice(Scheme::Password)).is_err() && probed == second.export
}
