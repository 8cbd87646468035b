//! One link that is watched: each line is judged when it is there.
//!
//! The set of states in which the system can be after the lines so far is kept. A line costs the search from there
//! to the states that explain it too. If there is none, the whole search of [`validate`] decides, which also knows of signals that
//! are not written yet and of failures that no one saw.

use std::{hash::Hash, sync::Arc};

use handfast::{export::Exporter, import::Importer, outcome::Side};

use super::{
    memories::{Ground, Memories},
    parse::{Call, Clock, Event, Flaw, Line, Place, Returned, Trace},
    runs::{self, Lane, Run, Sorted, What},
    search::{Node, Search},
    terms::Terms,
    validate::{Verdict, budgets, configuration_of, validate},
};
use crate::system::{
    config::{Configuration, Player},
    side::{AnyExport, AnyImport, ExportSide, ImportSide},
};

/// Lines of a link that is watched. No link of two devices comes near it.
pub const MAX_LINES_OF_A_LINK: usize = 512;
/// Accounts, operations and tokens by which lines of a link are recognised, at most.
pub(super) const MAX_KEYS_OF_A_LINK: usize = 2 * MAX_LINES_OF_A_LINK;
/// Nodes that are looked at for one line.
const LOOKED_AT: usize = 50_000;
/// Nodes that are kept from one line to the next. Where there are more, the next line is searched for from the beginning.
const KEPT: usize = 1024;

/// A link that is watched.
#[derive(Debug)]
pub struct Live {
    terms: Terms,
    /// Shared with the other links of a stream.
    memories: Arc<Memories>,
    trace: Trace,
    known: Vec<Option<Known>>,
    ended: bool,
    /// How many lines needed a search of the whole link.
    searches: usize,
}

/// The things that a watched link holds, to show that they are bounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retained {
    /// Lines.
    pub lines: usize,
    /// States in which the system can be.
    pub states: usize,
}

/// The states in which the system can be after the lines of a run.
#[derive(Debug)]
struct Known {
    key: Key,
    /// Which of the two budgets allows them.
    budget: usize,
    nodes: Nodes,
}

#[derive(Debug)]
enum Nodes {
    Hardened(Vec<Node<Importer, Exporter>>),
    Mixed(Vec<Node<AnyImport, AnyExport>>),
}

/// How many signals and calls a lane has; none where no one looked.
type Lines = Option<(usize, usize)>;

/// The facts of a run that make its states what they are. Where one changes, the search begins again.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    facts: (u8, bool, bool, bool, usize),
    bound: (usize, usize),
    lanes: [Lines; 2],
}

impl Key {
    fn of(run: &Run, causes: usize) -> Self {
        let size = |lane: &Option<Lane>| lane.as_ref().map(|lane| (lane.signals.len(), lane.calls.len()));
        Self {
            facts: (run.others, run.wrong_code, run.unplugged, run.seen().any(|(_, lane)| lane.compares()), causes),
            bound: (run.peers.len(), run.typed.len()),
            lanes: [size(&run.lanes[0]), size(&run.lanes[1])],
        }
    }

    /// Whether a run is this one with some lines more.
    fn goes_on(&self, to: &Self) -> bool {
        let more = |(from, to): (&Lines, &Lines)| match (from, to) {
            (None, None) => true,
            (Some(from), Some(to)) => from.0 <= to.0 && from.1 <= to.1,
            (None, Some(_)) | (Some(_), None) => false,
        };
        self.facts == to.facts && self.bound == to.bound && self.lanes.iter().zip(&to.lanes).all(more)
    }
}

impl Live {
    /// Returns a link of which nothing was seen.
    pub fn new(terms: Terms) -> Self {
        Self::among(terms, Arc::default())
    }

    /// The same of a stream whose other links share the states that they meet.
    pub(super) fn among(terms: Terms, memories: Arc<Memories>) -> Self {
        let terms = Terms { whole: false, ..terms };
        Self { terms, memories, trace: Trace::default(), known: Vec::new(), ended: false, searches: 0 }
    }

    /// Adds a line, which [`Live::judge`] judges. `elsewhere`: it begins an operation of another link.
    ///
    /// # Errors
    /// It is no line of a trace, or the link has too many.
    pub(super) fn read(&mut self, place: Place, text: &[u8], clock: Clock, elsewhere: bool) -> Result<(), Flaw> {
        if self.is_full() {
            return Err(Flaw::Many);
        }
        self.trace.read_line(place, text, &mut Vec::new())?;
        if let Some(line) = self.trace.lines.last_mut() {
            (line.clock, line.elsewhere) = (clock, elsewhere);
        }
        Ok(())
    }

    /// Takes over the lines of an export operation that turns out to be of this link.
    pub(super) fn join(&mut self, other: Self) {
        self.trace.lines.extend(other.trace.lines);
        self.trace.lines.sort_by_key(|line| line.place);
        // A line that both have begins an operation of one of them, or of neither.
        self.trace.lines.dedup_by(|again, line| {
            let same = again.place == line.place;
            line.elsewhere &= !same || again.elsewhere;
            same
        });
        self.trace.causes += other.trace.causes;
        self.known.clear();
    }

    /// Whether no line can be added.
    pub fn is_full(&self) -> bool {
        self.trace.lines.len() >= MAX_LINES_OF_A_LINK
    }

    /// The lines so far.
    pub fn lines(&self) -> &[Line] {
        &self.trace.lines
    }

    /// The lines so far, as a trace.
    pub const fn trace(&self) -> &Trace {
        &self.trace
    }

    /// Returns the assumptions.
    pub const fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Whether each operation of the link has ended.
    pub const fn has_ended(&self) -> bool {
        self.ended
    }

    /// How many lines needed a search of the whole link.
    pub const fn searches(&self) -> usize {
        self.searches
    }

    /// Returns how much it holds.
    pub fn retained(&self) -> Retained {
        let states = |known: &Known| match &known.nodes {
            Nodes::Hardened(nodes) => nodes.len(),
            Nodes::Mixed(nodes) => nodes.len(),
        };
        Retained { lines: self.trace.lines.len(), states: self.known.iter().flatten().map(states).sum() }
    }

    /// Forgets the states of a link that has ended. A later line of it is judged all the same.
    pub(super) fn settle(&mut self) {
        self.known = Vec::new();
    }

    /// Judges the lines so far. `None`: they are the beginning of a run.
    pub fn judge(&mut self) -> Option<Verdict> {
        let terms = self.terms.with_causes(&self.trace);
        let Some(Sorted { runs, .. }) = runs::sort(&self.trace, &terms.configuration(), false) else {
            return Some(Verdict::Inconclusive {
                why: format!("there are more than {} pairs of operations", runs::MAX_RUNS),
            });
        };
        let old = |side| terms.cast.player(side) == Player::Legacy;
        self.ended = runs.iter().all(|run| has_ended(run, old(Side::Import)));
        let mut before = std::mem::take(&mut self.known).into_iter();
        for run in &runs {
            let known = before.next().flatten();
            self.known.push(advance(run, &terms, &self.memories, self.trace.causes, known));
        }
        // States are exact as long as all times are of one clock. The end of a link is judged as a whole where they are not.
        let clocks = self.trace.lines.iter().any(|line| line.clock != self.trace.lines[0].clock);
        if self.known.iter().all(Option::is_some) && !(clocks && self.ended) {
            return None;
        }
        self.searches += 1;
        match validate(&self.trace, &self.terms) {
            Verdict::Allowed { .. } => None,
            refused => Some(refused),
        }
    }

    /// The last words of each operation that ended: the side, and the signal.
    pub fn ends(&self) -> Vec<String> {
        let is_end = |line: &&Line| matches!(line.event, Event::Signal { state: 5, .. });
        let removed = |line: &&Line| {
            matches!(
                line.event,
                Event::Call(Call::RemoveAccount { .. }, Returned::Accepted(true) | Returned::Nothing(_))
            )
        };
        let ends: Vec<String> = self.trace.lines.iter().filter(is_end).map(Line::to_string).collect();
        match ends.is_empty() {
            true => self.trace.lines.iter().filter(removed).map(Line::to_string).collect(),
            false => ends,
        }
    }
}

/// Returns the operations of a trace that have not ended, in words; an account that was removed from an old daemon has.
pub fn unended(trace: &Trace, terms: &Terms) -> Vec<String> {
    let Some(Sorted { runs, .. }) = runs::sort(trace, &terms.configuration(), terms.whole) else { return Vec::new() };
    let old = terms.cast.player(Side::Import) == Player::Legacy;
    let mut unended: Vec<(usize, Side)> = Vec::new();
    for run in &runs {
        for (side, lane) in run.seen().filter(|(_, lane)| !is_over(lane, old)) {
            let first = lane.noted().map(|noted| noted.line).min().unwrap_or_default();
            if !unended.contains(&(first, side)) {
                unended.push((first, side));
            }
        }
    }
    unended.sort_unstable_by_key(|(line, _)| *line);
    let words = |(line, side): (usize, Side)| {
        let Place { file, line } = trace.lines[line].place;
        format!("the {side} operation that began in line {file}:{line} has not ended")
    };
    unended.into_iter().map(words).collect()
}

fn has_ended(run: &Run, old: bool) -> bool {
    run.seen().all(|(_, lane)| is_over(lane, old))
}

/// Whether an operation is over: DONE, or with an old daemon its account is removed. Calls that were refused began none.
fn is_over(lane: &Lane, old: bool) -> bool {
    let begun = |call: &runs::Asked| matches!(call.what, What::AddAccount | What::AddDevice);
    let removed = old && lane.calls.iter().any(|call| call.what == What::Remove);
    lane.has_ended() || removed || (lane.signals.is_empty() && !lane.calls.iter().any(begun))
}

/// Returns the states after one more line; none if there are none, or too many.
fn advance(run: &Run, terms: &Terms, memories: &Memories, causes: usize, known: Option<Known>) -> Option<Known> {
    let key = Key::of(run, causes);
    // The whole search looks for signals that are not written yet.
    let terms = &Terms { whole: true, ..*terms };
    let configuration = configuration_of(run, terms);
    let mut from = known.filter(|known| known.key.goes_on(&key));
    let first = from.as_ref().map_or(0, |known| known.budget);
    for (number, budget) in budgets(configuration.budget).into_iter().enumerate().skip(first) {
        let nodes = from.take().map(|known| known.nodes);
        if let Some(nodes) = explained(run, terms, memories, Configuration { budget, ..configuration }, nodes) {
            return Some(Known { key, budget: number, nodes });
        }
    }
    None
}

fn explained(
    run: &Run,
    terms: &Terms,
    memories: &Memories,
    configuration: Configuration,
    from: Option<Nodes>,
) -> Option<Nodes> {
    if configuration.cast.has_legacy() {
        let from = from.and_then(|nodes| if let Nodes::Mixed(nodes) = nodes { Some(nodes) } else { None });
        search(run, terms, &memories.mixed(configuration), from).map(Nodes::Mixed)
    } else {
        let from = from.and_then(|nodes| if let Nodes::Hardened(nodes) = nodes { Some(nodes) } else { None });
        search(run, terms, &memories.hardened(configuration), from).map(Nodes::Hardened)
    }
}

fn search<I: ImportSide + Hash, E: ExportSide + Hash>(
    run: &Run,
    terms: &Terms,
    ground: &Ground<I, E>,
    from: Option<Vec<Node<I, E>>>,
) -> Option<Vec<Node<I, E>>> {
    let nodes = Search::new(&ground.system, &ground.memo, run, terms).open().advance(from, LOOKED_AT)?;
    (!nodes.is_empty() && nodes.len() <= KEPT).then_some(nodes)
}
