//! `handfast sim --engine event`: the reducers and the codec, without the shell.

use std::{fmt, fs, ops::Range, path::Path};

use handfast::outcome::Outcome;
use handfast_model::{config::Cast, counted, properties::PropertyId};
use handfast_sim::event::{Class, Coverage, Found, Law, Schedule, Violation, Watch as Look, coverage};
use quick_junit::{TestCase, TestSuite};
use serde::Serialize;

use super::sweep::{Chosen, NOT_CARRIED_OUT, Part, Piece, Pieces, Sweep, gaps, is_all, look};
use crate::{exit_code::worst, options::PairName, verdicts::status};

/// The result of a campaign of the event engine.
#[derive(Serialize)]
pub(crate) struct EventSweep {
    seeds: Range<u64>,
    /// Which side is old, if one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pair: Option<PairName>,
    classes: Vec<Class>,
    /// The sessions of the seeds.
    #[serde(flatten)]
    found: Found,
    /// Those in which a peer says every word in every state, if there were all classes of faults.
    directed: Option<Found>,
    coverage: Option<Coverage>,
    /// A missing part of the campaign.
    doubt: Option<String>,
    /// In a guided sweep, the seeds of the campaign of the first violation, up to it.
    #[serde(skip)]
    campaign: Option<Range<u64>>,
    #[serde(skip)]
    guided: bool,
}

impl EventSweep {
    /// Joins the parts of all that were asked for.
    pub(super) fn new(sweep: &Sweep, classes: &[Class], asked: &[Part], pieces: &Pieces) -> Self {
        let (mut found, mut directed) = (Found::default(), None);
        for (part, piece) in pieces {
            match piece {
                Piece::Event(one) if *part == Part::Directed => directed = Some(one.clone()),
                Piece::Event(one) => found.merge(one.clone()),
                Piece::Turmoil(_) => {}
            }
        }
        let mut walked = found.walked.clone();
        if let Some(directed) = &directed {
            walked.merge(directed.walked.clone());
        }
        let all = is_all(classes);
        let coverage = if all { coverage(&walked) } else { None };
        let unwalked = || match &coverage {
            None => all.then(|| "a graph of the model is not complete".into()),
            Some(Coverage { missing, .. }) if !missing.is_empty() => {
                Some(format!("never walked: {}", counted(missing.len(), "row")))
            }
            Some(_) => None,
        };
        let doubt = gaps(asked, pieces, None).or_else(|| found.doubt(classes)).or_else(unwalked);
        let (seeds, pair) = (sweep.seeds.clone(), sweep.pair());
        let campaign = found.violations.first().and_then(|violation| sweep.campaign_of(violation.seed));
        let guided = matches!(sweep.chosen, Chosen::Guided(..));
        Self { seeds, pair, classes: classes.to_vec(), found, directed, coverage, doubt, campaign, guided }
    }

    /// Carries one schedule out.
    pub(super) fn of_one(schedule: &Schedule, pair: Option<PairName>) -> Self {
        let mut found = Found::default();
        found.note(0, schedule, look(schedule, pair, Look::ALL));
        let (classes, directed, coverage, doubt, campaign) = (Vec::new(), None, None, None, None);
        Self { seeds: 0..1, pair, classes, found, directed, coverage, doubt, campaign, guided: false }
    }

    /// All sessions.
    pub(super) fn sessions(&self) -> u64 {
        self.found.sessions + self.directed.as_ref().map_or(0, |directed| directed.sessions)
    }

    fn violations(&self) -> impl Iterator<Item = &Violation> {
        self.found.violations.iter().chain(self.directed.iter().flat_map(|directed| &directed.violations))
    }

    /// Returns the exit code of the command.
    pub(super) fn exit_code(&self) -> u8 {
        let code = |law| match law {
            Law::Ends | Law::Honest => 3,
            Law::Property(property) if PropertyId::is_liveness(property) => 3,
            Law::Property(_) | Law::Model | Law::Pair | Law::Leak | Law::Time | Law::Race | Law::Answered => 1,
            Law::Repeatable => 5,
        };
        let doubt = self.doubt.as_ref().map(|_| 4);
        worst(self.violations().map(|violation| code(violation.law)).chain(doubt))
    }

    /// Whether a part was not carried out.
    pub(super) fn has_gaps(&self) -> bool {
        self.doubt.as_ref().is_some_and(|doubt| doubt.starts_with(NOT_CARRIED_OUT))
    }

    /// The command that shows the first violation.
    pub(super) fn again(&self) -> Option<String> {
        let violation = self.found.violations.first()?;
        let pair = self.pair.map_or_else(String::new, |pair| format!(" --pair {}", Cast::from(pair)));
        let engine = if self.guided { "--guided" } else { "--engine event" };
        let Range { start, end } = self.campaign.clone().unwrap_or(violation.seed..violation.seed + 1);
        Some(format!("handfast sim {engine}{pair} --seeds {start}..{end}"))
    }

    /// The same as a suite of JUnit, a case for each class of faults.
    pub(super) fn suite(&self) -> TestSuite {
        let mut suite = TestSuite::new("event engine");
        let violated = self.violations().next().is_some();
        for class in &self.classes {
            let happened = self.found.fired.contains_key(class);
            let text = if violated { "VIOLATED" } else { "INCONCLUSIVE (it never happened)" };
            suite.add_test_case(TestCase::new(class.to_string(), status(happened && !violated, violated, &text)));
        }
        suite
    }
}

/// Writes a schedule and its trace.
pub(super) fn write(folder: &Path, name: &str, schedule: &Schedule, pair: Option<PairName>) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join(format!("{name}.schedule.json")), format!("{schedule}\n"))?;
    fs::write(folder.join(format!("{name}.trace")), look(schedule, pair, Look::ALL).trace())
}

/// Below the line that says what is swept.
impl fmt::Display for EventSweep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Found { sessions, fired, pairs, ends, broken, .. } = &self.found;
        let list = |counts: Vec<String>| counts.join(", ");
        writeln!(f, "happened: {}", list(fired.iter().map(|(class, count)| format!("{count} x {class}")).collect()))?;
        let outcome = |one: &Option<Outcome>| one.map_or_else(|| "-".into(), |one| one.to_string());
        for ((import, export), count) in ends {
            writeln!(f, "{count:>9} x ({}, {})", outcome(import), outcome(export))?;
        }
        for (pair, count) in pairs {
            writeln!(f, "{count:>9} x {}", pair.text())?;
        }
        if let Some(coverage) = &self.coverage {
            let walked = coverage.reachable - coverage.missing.len();
            writeln!(f, "walked: {walked} of the {} rows that the environment can reach", coverage.reachable)?;
            coverage.missing.iter().try_for_each(|row| writeln!(f, "  not {row}"))?;
        }
        if self.guided {
            writeln!(f, "edges of the model: {}", self.found.edges.count())?;
        }
        for violation in self.violations() {
            writeln!(f, "seed {}: {}: {}\n  {}", violation.seed, violation.law, violation.text, violation.schedule)?;
        }
        let more = self.directed.as_ref().map_or(0, |directed| directed.sessions);
        let directed = self.directed.as_ref().map_or(0, |directed| directed.broken);
        let sessions = counted(sessions + more, "session");
        write!(f, "{sessions}: ")?;
        match (broken + directed, &self.doubt) {
            (0, None) => write!(f, "NO VIOLATION (bounded: {sessions})"),
            (0, Some(doubt)) => write!(f, "INCONCLUSIVE ({doubt})"),
            (count, _) => write!(f, "VIOLATED in {count}"),
        }
    }
}
