//! The event engine finds the defects that it is there for, and equal seeds give equal runs.

use std::{env, num::NonZeroUsize, process::Command};

use handfast::{
    export::{Exporter, Input},
    import::Importer,
    operations::OpId,
    outcome::{Outcome, Side},
    reducer::Refused,
    trace::{Step, Turn},
};
use handfast_model::{
    config::{Cast, Size},
    explore::Limits,
    mutants::MUTANTS,
    pairs::End,
    properties::PropertyId,
    side::{ImportSide, Side as Reducer},
};
use handfast_sim::{
    event::{
        At, Class, DiskStep, Engine, Fault, Law, Mutant, Relink, Rival, Schedule, Sweep, Watch, Way, What, beyond,
        coverage, directed, sweep, walk,
    },
    replay,
};

fn options(seeds: u64) -> Sweep {
    Sweep { seeds: 0..seeds, jobs: NonZeroUsize::new(2).unwrap(), ..Sweep::default() }
}

#[test]
fn a_plain_session_succeeds_and_replays() {
    let ran = Engine::shipped().run(&Schedule::default(), Watch::ALL);
    assert_eq!(ran.broken, None);
    assert_eq!(ran.outcomes(), (Some(Outcome::SUCCESS), Some(Outcome::SUCCESS)));
    assert!(ran.steps.len() > 20);
    replay(Default::default(), Default::default(), &ran.steps).unwrap();
}

/// A campaign breaks no law, every class of faults happens, and every allowed pair is reached (R-PAIR-1).
#[test]
fn a_campaign_finds_nothing_and_shows_that_it_looked() {
    let found = sweep(&Engine::shipped(), &options(20_000), &|_| {});
    assert_eq!((found.broken, found.violations.first()), (0, None));
    assert_eq!(found.doubt(&Class::ALL), None);
    assert_eq!(found.sessions, 20_000);
}

/// A campaign in which something never happened does not pass.
#[test]
fn faults_that_never_happened_are_reported() {
    let found = sweep(&Engine::shipped(), &options(3), &|_| {});
    assert!(found.doubt(&Class::ALL).unwrap().contains("never happened"));
}

/// The directed schedules walk the rows that random ones leave out: each row of both tables that the environment can reach.
#[test]
fn every_row_that_can_be_reached_is_walked() {
    let mut found = sweep(&Engine::shipped(), &options(20_000), &|_| {});
    let directed = walk(&Engine::shipped(), Watch::ALL);
    assert_eq!((directed.broken, directed.violations.first()), (0, None));
    found.walked.merge(directed.walked);
    let coverage = coverage(&found.walked).unwrap();
    assert!(coverage.missing.is_empty(), "{:#?}", coverage.missing);
    assert!(coverage.reachable > 200);
    let rows: Vec<_> = coverage.beyond.iter().map(|row| format!("{row}: {}", beyond(row).unwrap())).collect();
    insta::assert_snapshot!(rows.join("\n"));
}

/// The same seed gives the same trace, whatever ran before, and the same schedule does without the seed.
#[test]
fn a_trace_is_the_same_every_time() {
    let engine = Engine::shipped();
    for seed in 0..50 {
        let schedule = Schedule::draw(seed, &Class::ALL);
        let read_back: Schedule = schedule.to_string().parse().unwrap();
        assert_eq!(read_back, schedule);
        assert_eq!(engine.run(&schedule, Watch::ALL).trace(), engine.run(&read_back, Watch::ALL).trace());
    }
}

/// The output of the child of the next test.
#[test]
fn print_traces() {
    if env::var_os("HANDFAST_PRINT_EVENT_TRACES").is_some() {
        eprint!("{}", traces());
    }
}

fn traces() -> String {
    let engine = Engine::shipped();
    (0..50).map(|seed| engine.run(&Schedule::draw(seed, &Class::ALL), Watch::ALL).trace()).collect()
}

#[test]
fn a_trace_is_the_same_in_every_process() {
    let mut child = Command::new(env::current_exe().unwrap());
    child.args(["--exact", "print_traces", "--nocapture"]).env("HANDFAST_PRINT_EVENT_TRACES", "1");
    let printed = String::from_utf8(child.output().unwrap().stderr).unwrap();
    assert_eq!(printed, traces());
}

/// Whatever way it is looked at, a session is the same.
#[test]
fn looking_changes_nothing() {
    let engine = Engine::shipped();
    for seed in 0..500 {
        let schedule = Schedule::draw(seed, &Class::ALL);
        let (bare, all) = (engine.run(&schedule, Watch::BARE), engine.run(&schedule, Watch::ALL));
        assert_eq!((bare.outcomes(), bare.fired, bare.time), (all.outcomes(), all.fired, all.time), "seed {seed}");
    }
}

/// In virtual time each timer runs as long as it is specified to (R-TIME-1 to R-TIME-4).
#[test]
fn idle_users_are_waited_for_as_long_as_is_specified() {
    for side in [Side::Import, Side::Export] {
        let schedule = Schedule { idle: Some(side), ..Schedule::default() };
        let ran = Engine::shipped().run(&schedule, Watch::ALL);
        assert_eq!(ran.broken, None);
        assert_eq!(ran.outcomes(), (Some(Outcome::Timeout), Some(Outcome::Timeout)));
        assert!((300_000..310_000).contains(&ran.time), "{side}: {} ms", ran.time);
    }
}

/// Progress is waited for, however long it takes in all (R-TIME-4).
#[test]
fn a_slow_archive_arrives() {
    let schedule = Schedule { archive: (20, 33_000), pace: 25_000, ..Schedule::default() };
    let ran = Engine::shipped().run(&schedule, Watch::ALL);
    assert_eq!(ran.outcomes(), (Some(Outcome::SUCCESS), Some(Outcome::SUCCESS)));
    assert!(ran.time > 475_000);
}

/// An importer that keeps what it staged, or a timer that runs on: whatever is left over is found.
#[test]
fn what_is_left_after_is_found() {
    let disk = Fault { at: At::Start, what: What::Disk(DiskStep::Check) };
    let schedule = Schedule { faults: vec![disk], ..Schedule::default() };
    let watch = Watch { follow: false, ..Watch::BARE };
    let law = |mutant: &str| Mutant::find(mutant).unwrap().engine().run(&schedule, watch).broken.unwrap().law;
    assert_eq!(law("M-47"), Law::Leak);
    assert_eq!(law("M-51d"), Law::Time);
}

/// A session with a second exporter, whose user thinks so long.
fn race(think: u32) -> Schedule {
    Schedule { rival: Some(Rival { think, ..Rival::default() }), ..Schedule::default() }
}

/// Of two exporters that ask for one importer one is served, whichever it is, and the other one is turned away (R-IMP-3).
#[test]
fn of_two_exporters_one_is_served() {
    let is_served = |step: &&Step| matches!(step.turn, Turn::Export { input: Input::HandedOver, .. });
    for (think, served) in [(1100, OpId(1)), (900, OpId(2))] {
        let ran = Engine::shipped().run(&race(think), Watch::ALL);
        assert_eq!(ran.broken, None);
        assert_eq!(ran.outcomes(), (Some(Outcome::SUCCESS), Some(Outcome::SUCCESS)));
        assert_eq!(ran.turned_away.map(|end| end.outcome), Some(Outcome::Network));
        assert_eq!(ran.steps.iter().find(is_served).map(|step| step.op), Some(served));
        assert_eq!(ran.classes, [Class::Rival]);
        replay(Default::default(), Default::default(), &ran.steps).unwrap();
    }
}

/// An importer that takes the slot in two steps lets both in: each way of looking finds it.
#[test]
fn two_that_are_served_are_found() {
    let engine = Mutant::find("M-04").unwrap().engine();
    let law = |follow| engine.run(&race(1005), Watch { follow, ..Watch::BARE }).broken.map(|broken| broken.law);
    assert_eq!((law(false), law(true)), (Some(Law::Race), Some(Law::Property(PropertyId::Single))));
}

/// After a link that fails, and during one that goes on, another link of the same devices succeeds; while one is live, the account
/// is not exported once more (R-API-4).
#[test]
fn devices_link_again() {
    let cancel = Fault { at: At::Point("import.answered".parse().unwrap()), what: What::Cancel(Side::Import) };
    for (faults, during) in [(vec![cancel], false), (Vec::new(), true)] {
        let relink = Some(Relink { think: 500, during });
        let ran = Engine::shipped().run(&Schedule { relink, faults, ..Schedule::default() }, Watch::ALL);
        assert_eq!(ran.broken, None);
        assert!(ran.classes.contains(&Class::Again));
        let begun = |op| {
            let is =
                |step: &&Step| step.op == op && matches!(step.turn, Turn::Export { input: Input::AddDevice(_), .. });
            ran.steps.iter().find(is).map(|step| step.t_ms)
        };
        let ended =
            ran.steps.iter().find(|step| step.op == OpId(1) && End::of(step).is_some() && step.side() == Side::Export);
        assert!(begun(OpId(2)) > ended.map(|step| step.t_ms));
        replay(Default::default(), Default::default(), &ran.steps).unwrap();
    }
}

/// A repeated message of the directory changes nothing, whenever it comes (R-RDV-1).
#[test]
fn what_the_directory_says_again_changes_nothing() {
    let without = Engine::shipped().run(&Schedule::default(), Watch::ALL);
    let mut happened = 0;
    for (side, step) in [Side::Import, Side::Export].into_iter().flat_map(|side| (1..20).map(move |step| (side, step)))
    {
        for what in [What::Repeat, What::RepeatAnswer] {
            let faults = vec![Fault { at: At::Step(side, step), what }];
            let ran = Engine::shipped().run(&Schedule { faults, ..Schedule::default() }, Watch::ALL);
            assert_eq!((ran.broken, ran.import, ran.export), (None, without.import, without.export), "{side} {step}");
            happened += usize::from(ran.fired[0].is_ok());
        }
    }
    assert!(happened > 30, "{happened}");
}

/// Where a side is today's daemon, what the other one promises whatever its peer does is kept, and all that can happen does.
#[test]
fn with_an_old_side_the_other_one_keeps_its_promises() {
    let mut table = Vec::new();
    for cast in [Cast::HL, Cast::LH, Cast::LL] {
        let classes: Vec<_> = Class::ALL.into_iter().filter(|class| class.is_of(cast)).collect();
        let options = Sweep { classes: classes.clone(), ..options(6_000) };
        let found = sweep(&Engine::of(cast), &options, &|_| {});
        assert_eq!((found.broken, found.violations.first()), (0, None), "{cast}");
        assert_eq!(found.doubt(&classes), None, "{cast}");
        let outcome = |one: Option<Outcome>| one.map_or_else(|| "-".into(), |one| one.to_string());
        let ends = found.ends.iter();
        table.extend(ends.map(|(&(import, export), count)| {
            format!("{cast}: {count:>5} x ({}, {})", outcome(import), outcome(export))
        }));
    }
    insta::assert_snapshot!(table.join("\n"));
}

/// A reducer that is not the model's own is found, also where no property sees it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Leaky(Importer);

impl Reducer for Leaky {
    type Input = handfast::import::Input;
    type Effect = handfast::import::Effect;

    fn take(&mut self, input: Self::Input) -> Result<Vec<Self::Effect>, Refused> {
        use std::sync::atomic::{AtomicU32, Ordering};
        static LEAK: AtomicU32 = AtomicU32::new(0);
        let mut effects = self.0.take(input)?;
        // Something besides the input decides: how often anybody was asked.
        if LEAK.fetch_add(1, Ordering::Relaxed) % 7 == 6 {
            effects.reverse();
        }
        Ok(effects)
    }

    fn armed(&self) -> handfast::limits::Timers {
        self.0.armed()
    }

    fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    fn place(&self) -> &'static str {
        self.0.place()
    }
}

fn is_import(_: &impl ImportSide) {}

#[test]
fn a_planted_leak_is_caught() {
    is_import(&Leaky(Importer::new(Default::default())));
    let engine = Engine::new(|[import, export]| (Leaky(Importer::new(import)), Exporter::new(export)));
    let broken = engine.run(&Schedule::default(), Watch::ALL).broken.unwrap();
    assert_eq!(broken.law, Law::Model, "{broken:?}");
}

/// The checker's shortest counterexample of a mutant: its property, and its steps.
fn of_checker(id: &str) -> String {
    let kill = MUTANTS.iter().find(|mutant| mutant.id == id).map(|mutant| mutant.hunt(Size::Small, Limits::default()));
    kill.and_then(|kill| Some((kill.row.property.id(), kill.row.counterexample?.schedule.len()))).map_or_else(
        || "the checker has no time".into(),
        |(property, steps)| format!("the checker {property}, {steps} steps"),
    )
}

/// The event engine finds the checker's mutants, and those that only time can show (M-51): in how many seeds, and, shrunk, in how many
/// steps. Next to it what the checker finds, which has nothing to shrink.
#[test]
fn every_mutant_is_killed_or_has_a_reason() {
    let mut table = Vec::new();
    for mutant in Mutant::all() {
        let kill =
            mutant.hunt(Way::Blind, 0..30_000).unwrap_or_else(|| panic!("{} survives: {}", mutant.id, mutant.broken));
        let checker = of_checker(mutant.id);
        table.push(format!("{}: {} seeds, {}, {} steps; {checker}", kill.mutant, kill.seeds, kill.law, kill.steps));
    }
    for mutant in MUTANTS.iter().filter(|mutant| Mutant::find(mutant.id).is_none()) {
        table.push(format!("{}: not here, {}", mutant.id, Mutant::beyond(mutant.id).unwrap()));
    }
    insta::assert_snapshot!(table.join("\n"));
}

#[test]
fn directed_schedules_are_all_unlike() {
    let all = directed();
    for (at, one) in all.iter().enumerate() {
        assert!(!all[..at].contains(one), "{one}");
    }
    assert!(all.len() > 300);
}
