//! The whole run: configurations, mutants, and whether all is as it should be.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use handfast::outcome::Profile;
use serde::Serialize;

use crate::{
    explorer::explore::Limits,
    property::{
        mutants::{MUTANTS, Mutant},
        pairs::Pair,
        players::Players,
        properties::PropertyId,
        stated::{self, Stated},
    },
    report::{
        check::{self, Checked, Verdict},
        hunt::Hunted,
        refinement::Refinement,
        witness::{self, Accepted, Changed},
    },
    system::config::{self, Size},
};

/// The checks to run.
#[derive(Clone, Debug)]
pub struct Selection {
    /// How much is spent.
    pub size: Size,
    /// Whether configurations are checked at all, and not only mutants hunted.
    pub checks: bool,
    /// Only configurations whose id contains this.
    pub configuration: Option<String>,
    /// Only this property.
    pub property: Option<PropertyId>,
    /// Whether the mutants are hunted too.
    pub mutants: bool,
    /// Budgets that are changed, by [`config::Budget::KEYS`].
    pub budget: BTreeMap<String, u8>,
    /// The resources of each exploration.
    pub limits: Limits,
    /// Configurations that are checked at once; at least one.
    pub jobs: usize,
    /// Whether each result has its time.
    pub timings: bool,
    /// Others in the place of the shipped reducers.
    pub players: Option<Players>,
    /// A mutant in the place of the shipped reducers.
    pub mutant: Option<&'static Mutant>,
    /// The graphs with which those of this run are compared.
    pub accepted: Option<Accepted>,
}

impl Selection {
    /// Everything of a size.
    pub fn all(size: Size) -> Self {
        Self {
            size,
            checks: true,
            configuration: None,
            property: None,
            mutants: true,
            budget: BTreeMap::new(),
            limits: Limits::default(),
            jobs: 1,
            timings: false,
            players: None,
            mutant: None,
            accepted: None,
        }
    }

    /// Whether a configuration of this [`config::Configuration::id`] is checked.
    pub fn takes(&self, id: &str) -> bool {
        self.checks && self.configuration.as_ref().is_none_or(|part| id.contains(part.as_str()))
    }

    /// Whether others are in the place of the shipped reducers.
    fn others(&self) -> bool {
        self.players.is_some() || self.mutant.is_some()
    }

    fn configurations(&self) -> Vec<config::Configuration> {
        let mut chosen = config::configurations(self.size);
        // Of a device with several links, and with clients, there is the shipped one only.
        chosen.retain(|one| self.takes(&one.id()) && (one.is_plain() || !self.others()));
        for configuration in &mut chosen {
            for (key, &count) in &self.budget {
                configuration.budget.set(key, count);
            }
        }
        chosen
    }

    /// Returns the result of the configurations of a profile together, where none of them is left out or changed.
    fn documented(&self, configurations: &[config::Configuration], checked: &[Checked]) -> Vec<Refinement> {
        let asked = self.property.is_none_or(|property| property == PropertyId::Documented);
        if !asked || !self.budget.is_empty() {
            return Vec::new();
        }
        let counts = |profile| move |one: &config::Configuration| one.profile == profile && !one.cast.has_legacy();
        let whole = |&profile: &Profile| {
            let mut all = config::configurations(self.size);
            all.retain(counts(profile));
            all.iter().all(|one| configurations.contains(one))
        };
        let put_together = |profile| {
            let own = configurations.iter().zip(checked).filter(|(one, _)| counts(profile)(one));
            Refinement::of(profile, own.map(|(_, checked)| checked))
        };
        [Profile::Documented, Profile::Jamid].into_iter().filter(whole).map(put_together).collect()
    }
}

/// The results of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Every configuration.
    pub checked: Vec<Checked>,
    /// Every mutant that was hunted.
    pub mutants: Vec<Hunted>,
    /// The mutant that is hunted in every run, before all else: if it lives, the run says nothing.
    pub canary: Hunted,
    /// Allowed pairs that no configuration reached.
    pub pairs_not_reached: BTreeSet<Pair>,
    /// The view of clients, for each profile of which all was checked that has no old side (P-DOCUMENTED).
    pub documented: Vec<Refinement>,
    /// How many values that the requirements state were compared with what ships.
    pub stated: usize,
    /// Graphs that are other than the accepted ones.
    pub changed: Vec<Changed>,
    /// The first step of the reducers that differs, where a graph does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_step: Option<String>,
    /// The stated values that are otherwise in what ships.
    pub unlike: Vec<Stated>,
    /// The overall outcome.
    pub outcome: Outcome,
}

impl Report {
    /// Whether a verdict is open that more memory or time may decide.
    pub fn wants_more(&self) -> bool {
        let rows = self.checked.iter().flat_map(|one| &one.rows).map(|row| &row.verdict);
        let hunted = self.mutants.iter().chain([&self.canary]).map(|one| &one.kill.row.verdict);
        rows.chain(hunted).any(Verdict::wants_more)
    }

    /// Removes how long each check took: reports of equal runs are equal then.
    pub fn forget_timings(&mut self) {
        self.checked.iter_mut().for_each(|one| one.seconds = None);
        self.mutants.iter_mut().chain([&mut self.canary]).for_each(|one| one.seconds = None);
    }
}

/// The overall outcome of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every property verified, every mutant killed, every graph the accepted one.
    AsExpected,
    /// The same, but a graph is another than the accepted one.
    GraphChanged,
    /// A check said nothing, or a mutant or the canary lives.
    Inconclusive,
    /// A liveness property of the shipped reducers is violated.
    LivenessViolated,
    /// A safety property of the shipped reducers is violated, or a value that a requirement states is another one.
    SafetyViolated,
}

/// The progress of a run. Checks that run at the same time report in any order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress<'a> {
    /// There are so many pieces of work.
    Pieces(usize),
    /// One is begun: a configuration, or a mutant, by its id.
    Began(&'a str),
    /// It is done.
    Done(&'a str),
}

/// Runs what is selected.
pub fn run(selection: &Selection) -> Report {
    run_watched(selection, &|_| {})
}

/// Runs the selected checks, and reports their progress.
pub fn run_watched(selection: &Selection, progress: &(dyn Fn(Progress<'_>) + Sync)) -> Report {
    let configurations = selection.configurations();
    let hunted: Vec<&Mutant> = if selection.mutants { MUTANTS.iter().collect() } else { Vec::new() };
    progress(Progress::Pieces(configurations.len() + hunted.len() + 1));
    let hunt = |mutant: &Mutant| {
        progress(Progress::Began(mutant.id));
        let mut hunted = Hunted::new(mutant, selection.size, selection.limits);
        hunted.seconds = hunted.seconds.filter(|_| selection.timings);
        progress(Progress::Done(mutant.id));
        hunted
    };
    let canary = hunt(&CANARY);
    let checked = in_parallel(selection.jobs, &configurations, |&one| {
        let id = one.id();
        progress(Progress::Began(&id));
        let mut checked = match (selection.mutant, &selection.players) {
            (Some(mutant), _) => check::check_system(&mutant.in_place(one), selection.property, selection.limits),
            (None, Some(players)) => check::check_with(players, one, selection.property, selection.limits),
            (None, None) => check::check(one, selection.property, selection.limits),
        };
        checked.seconds = checked.seconds.filter(|_| selection.timings);
        progress(Progress::Done(&id));
        checked
    });
    let mutants = in_parallel(selection.jobs, &hunted, |mutant| hunt(mutant));
    let reached: BTreeSet<Pair> = checked.iter().flat_map(|one| one.pairs.iter().copied()).collect();
    let pairs_not_reached = Pair::ALL.into_iter().filter(|pair| !reached.contains(pair)).collect();
    let documented = selection.documented(&configurations, &checked);
    // A budget that is changed, or another reducer, has another graph.
    let known = selection.accepted.filter(|_| selection.budget.is_empty() && !selection.others());
    let changed = known.map_or_else(Vec::new, |known| witness::compare(known.graphs, selection.size, &checked));
    let first_step = known.filter(|_| !changed.is_empty()).and_then(|known| witness::first_step(known.tables));
    let values = stated::all();
    let stated = values.len();
    let unlike: Vec<_> = values.into_iter().filter(|one| !one.holds()).collect();
    let mut outcome = judge(&checked, &documented, &mutants, &canary);
    if !changed.is_empty() {
        outcome = outcome.max(Outcome::GraphChanged);
    }
    if !unlike.is_empty() {
        outcome = Outcome::SafetyViolated;
    }
    Report { checked, mutants, canary, pairs_not_reached, documented, stated, changed, first_step, unlike, outcome }
}

/// The exporter's gate: the plainest rule, and broken within a few steps.
const CANARY: Mutant = find("M-10");

const fn find(id: &str) -> Mutant {
    let mut at = 0;
    while at < MUTANTS.len() {
        if same(MUTANTS[at].id, id) {
            return MUTANTS[at];
        }
        at += 1;
    }
    panic!("no such mutant")
}

const fn same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

fn judge(checked: &[Checked], documented: &[Refinement], mutants: &[Hunted], canary: &Hunted) -> Outcome {
    let rows = checked.iter().flat_map(|one| &one.rows).map(|row| (row.property, row.is_as_expected(), &row.verdict));
    let refinements = documented.iter().map(|one| (PropertyId::Documented, one.verdict.is_verified(), &one.verdict));
    let worst = rows.chain(refinements).map(|(property, expected, verdict)| match (expected, verdict.is_violated()) {
        (true, _) => Outcome::AsExpected,
        (_, true) if property.is_liveness() => Outcome::LivenessViolated,
        (_, true) => Outcome::SafetyViolated,
        _ => Outcome::Inconclusive,
    });
    // Where nothing was asked, nothing was answered. The canary alone is no question.
    let asked = checked.iter().any(|one| !one.rows.is_empty()) || !mutants.is_empty();
    let killed = mutants.iter().chain([canary]).all(Hunted::is_killed);
    let teeth = if killed && asked { Outcome::AsExpected } else { Outcome::Inconclusive };
    worst.chain([teeth]).max().unwrap_or(Outcome::Inconclusive)
}

/// The results in the order of the work, however many hands do it.
fn in_parallel<T: Sync, U: Send>(jobs: usize, work: &[T], job: impl Fn(&T) -> U + Sync) -> Vec<U> {
    let queue = Mutex::new(work.iter().enumerate());
    let next = || queue.lock().ok()?.next();
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, work.len().max(1)) {
            scope.spawn(|| {
                while let Some((number, item)) = next() {
                    let result = job(item);
                    if let Ok(mut done) = done.lock() {
                        done.push((number, result));
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
}
