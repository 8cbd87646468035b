//! The reason why nothing explains a line: the requirement that a line breaks by itself, or the rule without which it would be
//! explained, and the property that this rule serves.

use std::time::Duration;

use handfast::outcome::Side;
use serde::Serialize;

use super::{
    parse::{Event, Line, Trace},
    runs::{self, Run, Sorted},
    terms::Terms,
    validate::{Refusal, configuration_of, is_explained_by},
};
use crate::{
    explorer::explore::Limits,
    property::{
        judged::Judged,
        mutants::{MUTANTS, Mutant, Setting},
        properties::PropertyId,
    },
    report::check::with_legacy,
    system::{
        config::{Cast, Player},
        legacy,
        side::Boxed,
    },
};

/// A reason.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Reason {
    /// The property or requirement that forbids it; a pair if only an old daemon does it.
    pub forbids: &'static str,
    /// Why, in words.
    pub why: String,
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.forbids, self.why)
    }
}

/// The resources for one rule.
const LIMITS: Limits = Limits { states: 20_000, memory: 256 << 20, time: Duration::from_secs(2), stop: None };

/// Returns the reasons why a trace is refused, the nearest first; none if nothing that is known does it.
pub fn reasons(trace: &Trace, terms: &Terms, refusal: &Refusal) -> Vec<Reason> {
    let unexplained: Vec<&Line> =
        refusal.lines.iter().filter_map(|line| trace.lines.iter().find(|own| own.place == line.place)).collect();
    let mut reasons = Vec::new();
    for (line, flaw) in unexplained.iter().zip(refusal.lines.iter().map(|line| line.flaw)) {
        reasons.extend(flaw.map(|flaw| Reason { forbids: requirement(line, flaw), why: flaw.into() }));
        reasons.extend(grammar(trace, line));
    }
    if refusal.lines.iter().all(|line| line.flaw.is_none()) {
        reasons.extend(rules(trace, terms));
        reasons.extend(old_daemons(trace, terms));
        reasons.extend(unexplained.iter().filter_map(|line| call(line)));
    }
    reasons.dedup();
    reasons
}

/// The requirement of a line that is wrong whatever comes before it.
fn requirement(line: &Line, flaw: &str) -> &'static str {
    match &line.event {
        Event::Signal { state: 1, .. } => "R-TOK-1",
        Event::Signal { .. } if flaw.contains("no add") => "R-API-7",
        Event::Signal { .. } => "R-STATE-3",
        Event::Call(call, _) => call.requirement(),
    }
}

/// Whether a signal is out of order by itself (R-STATE-2).
fn grammar(trace: &Trace, line: &Line) -> Option<Reason> {
    let Event::Signal { state, op, account, .. } = &line.event else { return None };
    let same = |other: &&Line| {
        let own = other.side == line.side && other.device == line.device && other.place < line.place;
        own && matches!(&other.event, Event::Signal { op: o, account: a, .. } if o == op && a == account)
    };
    let mut last = trace.lines.iter().filter(same).filter_map(|other| match &other.event {
        Event::Signal { state, .. } => Some(*state),
        Event::Call(..) => None,
    });
    let before = last.next_back()?;
    let why = match (before, *state) {
        (5, 5) => "DONE comes twice",
        (5, _) => "a signal follows DONE",
        (3, 3) => return None,
        (before, state) if before == state => "the state is signalled twice",
        (4, 3) if line.side == Side::Import => return None,
        (before, state) if before > state => "the states go backwards",
        _ => return None,
    };
    Some(Reason { forbids: "P-GRAMMAR", why: format!("{why} (R-STATE-2)") })
}

/// The requirement of a call whose return nothing explains.
fn call(line: &Line) -> Option<Reason> {
    let Event::Call(call, returned) = &line.event else { return None };
    let why = format!("{} returns {returned}, and in no state that the lines leave it does", call.name());
    Some(Reason { forbids: call.requirement(), why })
}

/// The rules without one of which the trace would be a run.
fn rules(trace: &Trace, terms: &Terms) -> Vec<Reason> {
    let terms = Terms { limits: LIMITS, ..*terms }.with_causes(trace);
    if [Side::Import, Side::Export].into_iter().all(|side| terms.cast.player(side) == Player::Legacy) {
        return Vec::new();
    }
    let Some(Sorted { runs, .. }) = runs::sort(trace, &terms.configuration(), false) else { return Vec::new() };
    let explains = |mutant: &&Mutant| runs.iter().all(|run| lacks_explain(run, &terms, mutant));
    let reason = |mutant: &Mutant| Reason {
        forbids: mutant.property.id(),
        why: format!("it would be a run if this were so: {} ({})", mutant.broken, mutant.id),
    };
    MUTANTS.iter().filter(|mutant| mutant.setting == Setting::Reducers).filter(explains).map(reason).collect()
}

fn lacks_explain(run: &Run, terms: &Terms, mutant: &Mutant) -> bool {
    let configuration = configuration_of(run, terms);
    let (import, export) = mutant.sides(configuration.reducers());
    let old = |side| configuration.cast.player(side) == Player::Legacy;
    let import = if old(Side::Import) { Boxed::new(legacy::Importer::new()) } else { import };
    let export = if old(Side::Export) { Boxed::new(legacy::Exporter::new()) } else { export };
    is_explained_by(run, terms, &Judged::new(configuration, import, export))
}

/// The pair with an old daemon that does it.
fn old_daemons(trace: &Trace, terms: &Terms) -> Option<Reason> {
    let mut pairs = [Cast::HL, Cast::LH, Cast::LL].into_iter().filter(|cast| *cast != terms.cast);
    let explains = |cast: &Cast| {
        let terms = Terms { limits: LIMITS, cast: *cast, ..*terms }.with_causes(trace);
        let Some(Sorted { runs, .. }) = runs::sort(trace, &terms.configuration(), false) else { return false };
        runs.iter().all(|run| is_explained_by(run, &terms, &with_legacy(configuration_of(run, &terms))))
    };
    let cast = pairs.find(explains)?;
    let why = format!("{cast} does it, which has an old daemon (docs/legacy/weaknesses.md)");
    Some(Reason { forbids: PropertyId::Documented.id(), why })
}
