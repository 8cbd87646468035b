//! Runs of a link with its clients, held against the diagram.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use handfast::outcome::{Profile, Scheme};
use stateright::{Model, Property};

pub use super::links::Links;
use super::{
    events::{End, Event, Reader, Said},
    links::{Link, link_of},
    table::{Arrow, Document, How, Lifeline, Part, Scenario},
};
use crate::{
    explorer::explore::{Graph, Limits},
    property::clients::linked::{Done, Linked, Step, Whole},
};

/// Where an arrow has an end: by its number.
type Spot = (u8, End);

/// A scenario of a profile, read from the document.
struct Reading<'a> {
    document: &'a Document,
    profile: Profile,
    scenario: Scenario,
    reader: Reader,
    /// The label of each arrow.
    labels: BTreeMap<u8, Said>,
    /// The order on each lifeline: of the main line, and of what it ends with.
    main: [Vec<Spot>; 4],
    ends: [Vec<Spot>; 4],
}

/// How far a run is on each lifeline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    main: [u8; 4],
    ends: [u8; 4],
    /// The events that the diagram does not have here.
    pub(crate) astray: Option<String>,
}

/// The place of an event in a diagram, wherever a run is.
#[derive(Clone, Copy)]
enum Named {
    /// This arrow.
    Arrow(u8),
    /// One of the extras, by its number.
    Extra(usize),
    /// Nothing.
    Nothing,
}

/// The kind of an event.
enum Fit {
    /// The next one of its lifeline: an end of this arrow.
    Next(u8),
    /// An end of an arrow that was there before, and may come again.
    Again(u8),
    /// One of the extras, by its number.
    Extra(usize),
    /// None of it.
    Astray,
}

impl<'a> Reading<'a> {
    fn new(document: &'a Document, scenario: Scenario, profile: Profile) -> Self {
        let divergences = || document.divergences.iter().filter(|one| one.profiles.contains(&profile));
        let has = |arrow: u8, how: How| divergences().any(|one| one.arrow == arrow && one.how == how);
        let is_taken = |arrow: &&Arrow| match arrow.part {
            Part::Main => true,
            Part::Protected => scenario.scheme == Scheme::Password || has(arrow.number, How::Always),
            Part::Errors | Part::Cancellation => scenario.ends.contains(&arrow.number),
        };
        let mut taken: Vec<Arrow> = document.arrows.iter().filter(is_taken).copied().collect();
        for one in divergences() {
            let place = |number| taken.iter().position(|arrow: &Arrow| arrow.number == number);
            let How::Before(other) = one.how else { continue };
            if let (Some(at), Some(before)) = (place(one.arrow), place(other)) {
                let arrow = taken.remove(at);
                taken.insert(before.min(at), arrow);
            }
        }
        let said = |arrow: &Arrow| {
            let otherwise = divergences().find_map(|one| match one.how {
                How::Says(label) if one.arrow == arrow.number => Some(label),
                _ => None,
            });
            Said::read(otherwise.unwrap_or(arrow.label))
        };
        let labels = taken.iter().map(|arrow| (arrow.number, said(arrow))).collect();
        let order = |is_main: bool| {
            Lifeline::ALL.map(|at| {
                let own = taken.iter().filter(|arrow| scenario.ends.contains(&arrow.number) != is_main);
                own.flat_map(|arrow| arrow_ends(arrow).filter(move |(own, _)| *own == at))
                    .map(|(_, spot)| spot)
                    .collect()
            })
        };
        let transfer_is_its_end = divergences().any(|one| one.how == How::ItsEnd);
        let reader = Reader { profile, transfer_is_its_end };
        Self { document, profile, scenario, reader, labels, main: order(true), ends: order(false) }
    }

    /// Returns what the diagram has of an event.
    fn name(&self, event: &Event) -> Named {
        let arrow = self.document.arrows.iter().find(|arrow| {
            let says = self.labels.get(&arrow.number).is_some_and(|label| event.said.is_said_by(label));
            says && (arrow.from, arrow.to) == (event.from, event.to)
        });
        let extra = || {
            self.document.extras.iter().position(|extra| {
                extra.profiles.contains(&self.profile)
                    && (extra.from, extra.to) == (event.from, event.to)
                    && event.said.is_said_by(&Said::read(extra.label))
            })
        };
        match arrow {
            Some(arrow) => Named::Arrow(arrow.number),
            None => extra().map_or(Named::Nothing, Named::Extra),
        }
    }

    /// Returns how an event fits where a run is.
    fn fit(&self, place: &Place, (at, end): (Lifeline, End), named: Named) -> Fit {
        let at = at as usize;
        let number = match named {
            Named::Arrow(number) => number,
            Named::Extra(extra) => return Fit::Extra(extra),
            Named::Nothing => return Fit::Astray,
        };
        let find = |order: &[Spot]| order.iter().position(|spot| *spot == (number, end));
        let (order, done) = match find(&self.main[at]) {
            // After what the main line ended with, it does not go on.
            Some(_) if place.ends[at] > 0 => (&self.main[at], None),
            Some(_) => (&self.main[at], Some(place.main[at])),
            None => (&self.ends[at], Some(place.ends[at])),
        };
        match (find(order), done.map(usize::from)) {
            (Some(found), Some(done)) if found == done => Fit::Next(number),
            (Some(found), done) if done.is_none_or(|done| found < done) => {
                let may = self
                    .document
                    .repeated
                    .iter()
                    .any(|one| one.arrow == number && one.profiles.contains(&self.profile));
                if may { Fit::Again(number) } else { Fit::Astray }
            }
            _ => Fit::Astray,
        }
    }

    /// Goes on by an event. Returns the number of its arrow, where it is the next one there.
    fn go_on(&self, place: &mut Place, event: &Event, named: Named, besides: &mut Besides) -> Option<u8> {
        let at = event.at();
        match self.fit(place, (at, event.end), named) {
            Fit::Next(arrow) => {
                let is_end = self.scenario.ends.contains(&arrow);
                let own = if is_end { &mut place.ends } else { &mut place.main };
                own[at as usize] += 1;
                return Some(arrow);
            }
            Fit::Again(arrow) => {
                besides.repeated.insert(arrow);
            }
            Fit::Extra(extra) => {
                besides.extras.insert(extra);
            }
            Fit::Astray => {
                place.astray.get_or_insert_with(|| event.to_string());
            }
        }
        None
    }

    /// Whether this arrow is there, at all its ends.
    fn is_there(&self, place: &Place, number: u8) -> bool {
        let passed = |order: &[Vec<Spot>; 4], done: &[u8; 4]| {
            (0..4).all(|at| order[at].iter().skip(done[at].into()).all(|(other, _)| *other != number))
        };
        self.labels.contains_key(&number) && passed(&self.main, &place.main) && passed(&self.ends, &place.ends)
    }

    /// Whether all of it was gone through.
    fn is_realised(&self, place: &Place) -> bool {
        let all = |order: &[Vec<Spot>; 4], done: &[u8; 4]| {
            order.iter().zip(done).all(|(order, &done)| order.len() == usize::from(done))
        };
        let main = match self.scenario.ends {
            [] => all(&self.main, &place.main),
            _ => self.scenario.after.iter().all(|&number| self.is_there(place, number)),
        };
        place.astray.is_none() && main && self.scenario.ends.iter().all(|&number| self.is_there(place, number))
    }
}

/// The lifelines and ends of an arrow.
fn arrow_ends(arrow: &Arrow) -> impl Iterator<Item = (Lifeline, Spot)> + use<> {
    let Arrow { number, from, to, .. } = *arrow;
    let got = (from != to).then_some((to, (number, End::Got)));
    [(from, (number, End::Sent))].into_iter().chain(got)
}

/// The events on the lifelines in a step, each with the number of its arrow.
pub(crate) type Happened = Vec<(Event, Option<u8>)>;

/// A link and its clients, followed on the diagram.
pub(crate) struct Followed<'a> {
    linked: Linked,
    reading: Reading<'a>,
}

/// The events of a run other than its progress.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Besides {
    repeated: BTreeSet<u8>,
    extras: BTreeSet<usize>,
}

impl<'a> Followed<'a> {
    pub(crate) fn new(document: &'a Document, scenario: Scenario, profile: Profile) -> Option<Self> {
        Some(Self { linked: link_of(scenario, profile)?, reading: Reading::new(document, scenario, profile) })
    }

    /// Takes a step, and returns the events on the lifelines, each with the number of its arrow.
    pub(crate) fn step(&self, state: &At, step: Step) -> Option<(At, Happened)> {
        let (whole, done) = self.linked.step(&state.whole, step)?;
        let mut place = state.place.clone();
        let (reading, mut besides) = (&self.reading, Besides::default());
        let events = reading.reader.events(&state.whole, step, &done);
        let events = events.into_iter().map(|event| {
            let number = reading.go_on(&mut place, &event, reading.name(&event), &mut besides);
            (event, number)
        });
        let events = events.collect();
        Some((At { whole, place }, events))
    }

    /// Whether all of the scenario was gone through.
    pub(crate) fn is_realised(&self, at: &At) -> bool {
        self.reading.is_realised(&at.place)
    }

    /// The effect of a step.
    pub(crate) fn done(&self, at: &At, step: Step) -> Option<Done> {
        self.linked.step(&at.whole, step).map(|(_, done)| done)
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = match self.end {
            End::Sent => "sent",
            End::Got => "got",
        };
        write!(f, "{} to {}, {end}: {}", self.from, self.to, self.said)
    }
}

/// Where a link is, and how far on the diagram.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct At {
    pub(crate) whole: Whole,
    pub(crate) place: Place,
}

impl Followed<'_> {
    /// Returns the state in which it begins.
    pub(crate) fn begin(&self) -> Option<At> {
        self.linked.init_states().pop().map(|whole| At { whole, place: Place::default() })
    }

    /// Returns the steps that can be next, before a run has gone astray.
    pub(crate) fn steps(&self, at: &At) -> Vec<Step> {
        let mut steps = Vec::new();
        if at.place.astray.is_none() {
            self.linked.actions(&at.whole, &mut steps);
        }
        steps
    }
}

/// A document in a link that others are followed in too.
struct Run<'a> {
    link: Arc<Link>,
    reading: Reading<'a>,
    /// Each event with its place in the diagram, by its number.
    names: RefCell<Vec<Option<(Event, Named)>>>,
    besides: RefCell<Besides>,
}

/// The number of a state of the link, and how far on the diagram.
type Walked = (u32, Place);

const AS_DRAWN: &str = "nothing happens that is not drawn";
const REALISED: &str = "all of it is there";

impl Run<'_> {
    /// Goes on by an event of this number.
    fn go_on(&self, place: &mut Place, number: u16) {
        let number = usize::from(number);
        let is_known = self.names.borrow().get(number).is_some_and(Option::is_some);
        if !is_known {
            let mut names = self.names.borrow_mut();
            self.link.each_event(|other, event| {
                let other = usize::from(other);
                if names.len() <= other {
                    names.resize(other + 1, None);
                }
                names[other].get_or_insert_with(|| (event.clone(), self.reading.name(event)));
            });
        }
        if let Some(Some((event, named))) = self.names.borrow().get(number) {
            self.reading.go_on(place, event, *named, &mut self.besides.borrow_mut());
        }
    }
}

impl Model for Run<'_> {
    type State = Walked;
    type Action = usize;

    fn init_states(&self) -> Vec<Walked> {
        (0..self.link.roots()).map(|root| (root, Place::default())).collect()
    }

    fn actions(&self, (state, place): &Walked, steps: &mut Vec<usize>) {
        if place.astray.is_none() {
            steps.extend(0..self.link.steps(*state).len());
        }
    }

    fn next_state(&self, (state, place): &Walked, step: usize) -> Option<Walked> {
        let steps = self.link.steps(*state);
        let step = steps.get(step)?;
        let mut place = place.clone();
        step.events.iter().for_each(|&event| self.go_on(&mut place, event));
        Some((step.to, place))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(AS_DRAWN, |_, (_, place): &Walked| place.astray.is_none()),
            Property::sometimes(REALISED, |run: &Self, (_, place): &Walked| run.reading.is_realised(place)),
        ]
    }
}

/// The result of following a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Followup {
    /// Distinct states that were looked at.
    pub states: usize,
    /// Steps of a shortest run in which all of the scenario is there. `None`: there is none.
    pub steps: Option<usize>,
    /// Arrows that no run has at all its ends.
    pub missing: BTreeSet<u8>,
    /// The events that are not drawn, where every run has to keep to the diagram.
    pub astray: BTreeSet<String>,
    /// Where every run has to go to the end: whether one ends before.
    pub stops_short: bool,
    /// Arrows that came again.
    pub repeated: BTreeSet<u8>,
    /// The extras that were seen, by their places in the list.
    pub extras: BTreeSet<usize>,
}

impl Followup {
    /// Whether the scenario is as the diagram has it.
    pub fn holds(&self) -> bool {
        self.steps.is_some() && self.missing.is_empty() && !self.stops_short && self.astray.is_empty()
    }
}

/// Follows a scenario on a diagram, in the links of a profile: to its end in every run, or where something goes wrong, in one.
pub fn follow(links: &Links, document: &Document, scenario: Scenario, profile: Profile) -> Option<Followup> {
    let reading = Reading::new(document, scenario, profile);
    let link = links.of(scenario, reading.reader)?;
    let run = Run { link, reading, names: RefCell::default(), besides: RefCell::default() };
    let reading = &run.reading;
    let every = scenario.ends.is_empty();
    let mut there: BTreeSet<u8> = BTreeSet::new();
    let mut astray = BTreeSet::new();
    let until = (!every).then_some(REALISED);
    let graph = Graph::explore_with(&run, Limits::default(), until, |_, at, step| {
        let next = run.next_state(at, step)?;
        there.extend(reading.labels.keys().filter(|&&number| reading.is_there(&next.1, number)));
        if every {
            astray.extend(next.1.astray.clone());
        }
        Some(next)
    });
    // The way is found again by its steps, and what is besides it was seen already.
    let besides = run.besides.take();
    let path = graph.path(&run, REALISED);
    let needed = |number: &u8| every || scenario.ends.contains(number) || scenario.after.contains(number);
    let wanted = document.arrows.iter().map(|arrow| arrow.number).filter(|number| reading.labels.contains_key(number));
    let missing = wanted.filter(needed).filter(|number| !there.contains(number)).collect();
    let mut stops_short = every && !graph.is_complete();
    if every {
        graph.walk(&run, |node, (_, place), _| {
            stops_short |= graph.successors(node).is_empty() && !reading.is_realised(place);
        });
    }
    Some(Followup {
        states: graph.states(),
        steps: path.map(|path| path.steps.len()),
        missing,
        astray,
        stops_short,
        repeated: besides.repeated,
        extras: besides.extras,
    })
}
