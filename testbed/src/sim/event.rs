//! `handfast sim --engine event`: the reducers and the codec, without the shell.

use std::{fmt, fs, num::NonZeroUsize, ops::Range, path::Path};

use handfast_model::properties::PropertyId;
use handfast_sim::{
    Shard,
    event::{Class, Coverage, Engine, Found, Law, Schedule, Sweep, Watch as Look, coverage, sweep, walk},
};
use quick_junit::{TestCase, TestSuite};
use serde::Serialize;

use super::worst;
use crate::{progress::Watch, verdicts::status};

/// What came of a campaign of the event engine.
#[derive(Serialize)]
pub(crate) struct Storm {
    pub(crate) seeds: Range<u64>,
    classes: Vec<Class>,
    /// The sessions of the seeds.
    #[serde(flatten)]
    pub(crate) found: Found,
    /// Those in which a peer says every word in every state, if there were all classes of faults.
    directed: Option<Found>,
    coverage: Option<Coverage>,
    /// What the campaign does not show although it should.
    doubt: Option<String>,
}

impl Storm {
    /// Carries a campaign out.
    pub(crate) fn carry_out(
        seeds: Range<u64>,
        shard: Option<Shard>,
        classes: Vec<Class>,
        jobs: NonZeroUsize,
        watch: &Watch,
    ) -> Self {
        let engine = Engine::shipped();
        watch.expect(usize::try_from(seeds.end - seeds.start).unwrap_or(usize::MAX));
        let options = Sweep { seeds: seeds.clone(), shard, classes, jobs, ..Sweep::default() };
        let found = sweep(&engine, &options, &|sessions| (0..sessions).for_each(|_| watch.done("sessions")));
        let all = Class::ALL.iter().all(|class| options.classes.contains(class));
        let directed = all.then(|| walk(&engine, Look::SWEEP));
        let mut walked = found.walked.clone();
        walked.extend(directed.iter().flat_map(|directed| &directed.walked));
        let coverage = if all { coverage(&walked) } else { None };
        let doubt = found.doubt(&options.classes);
        Self { seeds, classes: options.classes, found, directed, coverage, doubt }
    }

    /// Carries one schedule out.
    pub(crate) fn of_one(schedule: &Schedule) -> Self {
        let mut found = Found::default();
        found.note(0, schedule, Engine::shipped().run(schedule, Look::ALL));
        found.settle();
        Self { seeds: 0..1, classes: Vec::new(), found, directed: None, coverage: None, doubt: None }
    }

    fn violations(&self) -> impl Iterator<Item = &handfast_sim::event::Violation> {
        self.found.violations.iter().chain(self.directed.iter().flat_map(|directed| &directed.violations))
    }

    /// What the command returns.
    pub(crate) fn exit_code(&self) -> u8 {
        let code = |law| match law {
            Law::Ends | Law::Honest => 3,
            Law::Property(property) if PropertyId::is_liveness(property) => 3,
            Law::Property(_) | Law::Model | Law::Pair | Law::Leak | Law::Time => 1,
        };
        let doubt = self.doubt.as_ref().map(|_| 4);
        worst(self.violations().map(|violation| code(violation.law)).chain(doubt))
    }

    /// The command that shows the first violation.
    pub(crate) fn again(&self) -> Option<String> {
        let violation = self.found.violations.first()?;
        Some(format!("handfast sim --engine event --seeds {}..{}", violation.seed, violation.seed + 1))
    }

    /// The same as a suite of JUnit, a case for each class of faults.
    pub(crate) fn suite(&self) -> TestSuite {
        let mut suite = TestSuite::new("event engine");
        let violated = self.violations().next().is_some();
        for class in &self.classes {
            let happened = self.found.fired.contains_key(class);
            let text = if violated { "VIOLATED" } else { "INCONCLUSIVE (it never happened)" };
            suite.add_test_case(TestCase::new(class.to_string(), status(happened && !violated, violated, &text)));
        }
        suite
    }

    /// Writes the report, and the schedule and the trace of each session that broke a law.
    pub(crate) fn write(&self, folder: &Path) -> std::io::Result<()> {
        fs::create_dir_all(folder)?;
        fs::write(folder.join("report.json"), serde_json::to_string_pretty(self)?)?;
        for violation in self.violations() {
            write(folder, &violation.seed.to_string(), &violation.schedule)?;
        }
        Ok(())
    }
}

/// Writes a schedule and its trace.
pub(crate) fn write(folder: &Path, name: &str, schedule: &Schedule) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join(format!("{name}.schedule.json")), format!("{schedule}\n"))?;
    fs::write(folder.join(format!("{name}.trace")), Engine::shipped().run(schedule, Look::ALL).trace())
}

impl fmt::Display for Storm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Found { sessions, fired, pairs, ends, broken, .. } = &self.found;
        if !self.classes.is_empty() {
            writeln!(f, "event engine, seeds {}..{}", self.seeds.start, self.seeds.end)?;
        }
        let list = |counts: Vec<String>| counts.join(", ");
        writeln!(f, "happened: {}", list(fired.iter().map(|(class, count)| format!("{count} x {class}")).collect()))?;
        let outcome =
            |one: Option<_>| one.map_or_else(|| "-".into(), |one: handfast::outcome::Outcome| one.to_string());
        for one in ends {
            writeln!(f, "{:>9} x ({}, {})", one.sessions, outcome(one.import), outcome(one.export))?;
        }
        for (pair, count) in pairs {
            writeln!(f, "{count:>9} x {}", pair.text())?;
        }
        if let Some(coverage) = &self.coverage {
            let walked = coverage.reachable - coverage.missing.len();
            writeln!(f, "walked: {walked} of the {} rows that the environment can reach", coverage.reachable)?;
            coverage.missing.iter().try_for_each(|row| writeln!(f, "  not {row}"))?;
        }
        for violation in self.violations() {
            writeln!(f, "seed {}: {}: {}\n  {}", violation.seed, violation.law, violation.text, violation.schedule)?;
        }
        let more = self.directed.as_ref().map_or(0, |directed| directed.sessions);
        let beside = self.directed.as_ref().map_or(0, |directed| directed.broken);
        write!(f, "{} sessions: ", sessions + more)?;
        match (broken + beside, &self.doubt) {
            (0, None) => write!(f, "NO VIOLATION (bounded: {} sessions)", sessions + more),
            (0, Some(doubt)) => write!(f, "INCONCLUSIVE ({doubt})"),
            (count, _) => write!(f, "VIOLATED in {count}"),
        }
    }
}
