//! Carries a schedule out, from event to event.

use handfast::{
    export::{self, Exporter},
    import::{self, Ask, Importer},
    limits::{Durations, Timer},
    outcome::{Outcome, Side, Signal},
    reducer::{Config, ConnId, Refused},
    rules::AllRules,
    trace::{self, Header, Step, Turn},
};
use handfast_model::{
    action::Action,
    config::Cast,
    follow::{Did, Follower, anything},
    pairs::{Cause, Circumstances, End},
    rows::{Row, kind_of_export, kind_of_import},
    side::{ExportSide, ImportSide},
};

use super::{
    export::Exporting,
    import::Importing,
    judge::{Broken, Law},
    people::People,
    pipe::{Notice, Pipe},
    queue::Queue,
    schedule::{At, Class, Schedule, What},
    timers::Clock,
};
use crate::point::Taken;

/// Why a fault did not happen that has no place.
const NEVER: &str = "the session does not come there";
/// Events of one session, at most: far more than any has.
const MAX_EVENTS: u32 = 50_000;

/// What is looked at while a session runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watch {
    /// Every step is followed in the model.
    pub follow: bool,
    /// Every property that looks at a state is asked behind every step, and not only at the end.
    pub examine: bool,
    /// Every step is recorded.
    pub trace: bool,
    /// The rows of the tables are counted that are walked.
    pub cover: bool,
}

impl Watch {
    /// Nothing but the end.
    pub const BARE: Self = Self { follow: false, examine: false, trace: false, cover: false };
    /// Everything.
    pub const ALL: Self = Self { follow: true, examine: true, trace: true, cover: true };
    /// What a sweep looks at: what it finds is looked at again, with everything.
    pub const SWEEP: Self = Self { follow: true, examine: false, trace: false, cover: true };
}

/// Carries out schedules with two sides.
#[derive(Clone, Debug)]
pub struct Engine<I, E> {
    sides: fn(Config) -> (I, E),
    /// How long timers run.
    pub durations: Durations,
}

impl Engine<Importer<AllRules>, Exporter<AllRules>> {
    /// With the reducers that ship.
    pub fn shipped() -> Self {
        Self::new(|config| (Importer::new(config), Exporter::new(config)))
    }
}

impl<I: ImportSide, E: ExportSide> Engine<I, E> {
    /// With any two sides.
    pub fn new(sides: fn(Config) -> (I, E)) -> Self {
        Self { sides, durations: Durations::default() }
    }

    /// Carries a schedule out until nothing more happens, and judges it.
    pub fn run(&self, schedule: &Schedule, watch: Watch) -> Ran {
        let config = Config { profile: schedule.profile, ..Config::default() };
        let (import, export) = (self.sides)(config);
        let mut session = Session::new(schedule, watch, self.durations, import, export);
        session.run();
        session.judged(config)
    }
}

/// What came of a schedule.
#[derive(Clone, Debug)]
pub struct Ran {
    /// How the import ended, and why; none if it crashed or never did.
    pub import: Option<End>,
    /// The same of the export.
    pub export: Option<End>,
    /// Which faults happened, in the order of the schedule, and why the others did not.
    pub fired: Vec<Result<(), &'static str>>,
    /// The classes of faults that happened.
    pub classes: Vec<Class>,
    /// Whether a side crashed: then it has no end.
    pub crashed: bool,
    /// What may excuse a pair; none where the two were none.
    pub around: Option<Circumstances>,
    /// Virtual milliseconds.
    pub time: u64,
    /// Steps of the model that it took, if it was followed: what a counterexample of the checker counts.
    pub actions: usize,
    /// The first thing that is wrong.
    pub broken: Option<Broken>,
    /// Every step, if it was recorded.
    pub steps: Vec<Step>,
    /// The rows that were walked, if they were counted.
    pub walked: Vec<Row>,
    config: Config,
}

impl Ran {
    /// The trace: lines of JSON, each with its checksum and a line feed.
    pub fn trace(&self) -> String {
        let config = Some(self.config);
        let header = Header { trace: trace::VERSION, driver: "event".into(), import: config, export: config };
        let lines = std::iter::once(trace::to_line(&header)).chain(self.steps.iter().map(trace::to_line));
        lines.flat_map(|line| [line, "\n".into()]).collect()
    }

    /// The two outcomes.
    pub fn outcomes(&self) -> (Option<Outcome>, Option<Outcome>) {
        (self.import.map(|end| end.outcome), self.export.map(|end| end.outcome))
    }
}

/// Something that is planned.
#[derive(Clone, Copy, Debug)]
pub(super) enum Event {
    /// A user does what is next: begins, answers, confirms.
    Begin(Side),
    Answer(u8),
    GiveUp,
    Confirm,
    /// The directory has an answer.
    Published,
    Secured,
    /// Bytes up to here arrive: at the importer on this connection, or at the exporter.
    Arrive(ConnId, u64),
    ArriveAtExporter(u64),
    /// A notice arrives.
    Notice(Side, Notice, u32),
    /// Work is done.
    Opened,
    Checked,
    Settled,
    Reported,
    SendMore(u32),
    /// A timer runs out, unless it was started again.
    Fire(Side, Timer, u32),
    /// A fault begins.
    Fault(u16),
    /// A visitor or the device does what is next.
    Visitor(u8),
    Device,
}

/// Where an end of the connection is. The model's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LinkEnd {
    Away,
    Trying,
    Open,
    Closed,
}

/// One session that is being carried out.
pub(super) struct Session<'a, I, E> {
    pub(super) schedule: &'a Schedule,
    pub(super) watch: Watch,
    pub(super) queue: Queue<Event>,
    pub(super) import: I,
    pub(super) export: E,
    pub(super) fresh: (I, E),
    pub(super) importing: Importing,
    pub(super) exporting: Exporting,
    pub(super) people: People,
    pub(super) clock: Clock,
    /// To the importer, from the exporter; to the exporter.
    pub(super) pipes: [Pipe; 2],
    pub(super) ends: [LinkEnd; 2],
    /// This side has ended the channel.
    pub(super) said_end: [bool; 2],
    /// A loss is on its way to this side: the number of its notice.
    pub(super) lost: [Option<u32>; 2],
    pub(super) request: Option<u32>,
    pub(super) link_broken: bool,
    pub(super) link_failed: bool,
    steps_taken: [u16; 2],
    /// Faults that have begun, and those of them that happened.
    begun: Vec<bool>,
    pub(super) fired: Vec<Result<(), &'static str>>,
    pub(super) done: [Option<End>; 2],
    pub(super) crashed: [bool; 2],
    pub(super) follower: Option<Follower<I, E>>,
    actions: usize,
    pub(super) broken: Option<Broken>,
    steps: Vec<Step>,
    walked: Vec<Row>,
    events: u32,
}

/// The index of a side.
pub(super) const fn index(side: Side) -> usize {
    match side {
        Side::Import => 0,
        Side::Export => 1,
    }
}

/// The other side.
pub(super) const fn other(side: Side) -> Side {
    match side {
        Side::Import => Side::Export,
        Side::Export => Side::Import,
    }
}

impl<'a, I: ImportSide, E: ExportSide> Session<'a, I, E> {
    fn new(schedule: &'a Schedule, watch: Watch, durations: Durations, import: I, export: E) -> Self {
        let visits = || {
            schedule
                .faults
                .iter()
                .filter_map(|fault| if let What::Visit(visit) = &fault.what { Some(visit) } else { None })
        };
        let follower = watch.follow.then(|| {
            let cast = match (&schedule.device, schedule.alone) {
                (Some(_), _) => Cast::XH,
                (None, true) => Cast::HX,
                (None, false) => Cast::HH,
            };
            let count = |knows| u8::try_from(visits().filter(|visit| visit.knows == knows).count()).unwrap_or(u8::MAX);
            let configuration = anything(schedule.profile, cast, count(true), count(false));
            let asks = if schedule.typo { Ask::Wrong } else { Ask::Right };
            Follower::new(configuration, import.clone(), export.clone(), asks)
        });
        Self {
            schedule,
            watch,
            queue: Queue::new(),
            fresh: (import.clone(), export.clone()),
            import,
            export,
            importing: Importing::new(),
            exporting: Exporting::new(),
            people: People::default(),
            clock: Clock::new(durations, schedule),
            pipes: [Pipe::default(), Pipe::default()],
            ends: [LinkEnd::Away; 2],
            said_end: [false; 2],
            lost: [None; 2],
            request: None,
            link_broken: false,
            link_failed: false,
            steps_taken: [0; 2],
            begun: vec![false; schedule.faults.len()],
            fired: vec![Err(NEVER); schedule.faults.len()],
            done: [None; 2],
            crashed: [false; 2],
            follower,
            actions: 0,
            broken: None,
            steps: Vec::new(),
            walked: Vec::new(),
            events: 0,
        }
    }

    fn run(&mut self) {
        for number in 0..self.schedule.faults.len() {
            if self.schedule.faults[number].at == At::Start {
                self.queue.after(0, Event::Fault(number as u16));
            }
        }
        if self.schedule.device.is_some() {
            self.queue.after(0, Event::Begin(Side::Export));
        } else {
            self.queue.after(0, Event::Begin(Side::Import));
        }
        while let Some(event) = self.queue.pop() {
            self.events += 1;
            if self.events > MAX_EVENTS {
                self.break_law(Law::Ends, "it goes on and on".into());
            }
            if self.broken.is_some() {
                return;
            }
            self.happen(event);
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Begin(side) => self.begin(side),
            Event::Answer(prompt) => self.answer(prompt),
            Event::GiveUp => {
                let _ = self.cancel(Side::Import);
            }
            Event::Confirm => self.confirm(),
            Event::Published => self.published(),
            Event::Secured => self.secured(),
            Event::Arrive(conn, upto) => self.read_import(conn, upto),
            Event::ArriveAtExporter(upto) => self.read_export(upto),
            Event::Notice(side, notice, number) => self.notice(side, notice, number),
            Event::Opened => self.opened(),
            Event::Checked => self.checked(),
            Event::Settled => self.settled(),
            Event::Reported => self.reported(),
            Event::SendMore(generation) => self.send_more(generation),
            Event::Fire(side, timer, generation) => self.fire(side, timer, Some(generation)),
            Event::Fault(number) => self.fault(usize::from(number)),
            Event::Visitor(number) => self.visitor(usize::from(number)),
            Event::Device => self.device(),
        }
    }

    pub(super) fn break_law(&mut self, law: Law, text: String) {
        self.broken.get_or_insert(Broken { law, text });
    }

    /// Follows a step in the model.
    pub(super) fn follow(&mut self, action: Action, did: Did<'_>) {
        let Some(follower) = &mut self.follower else { return };
        self.actions += 1;
        let mut strayed = follower.follow(action, did);
        if strayed.is_ok() && self.watch.examine {
            strayed = follower.examine();
        }
        if let Err(strayed) = strayed {
            self.break_law(Law::of(&strayed), strayed.to_string());
        }
    }

    /// Hands the importer an input. `action`: what the model calls that; none for what it has no step for.
    pub(super) fn take_import(&mut self, action: Option<Action>, input: import::Input) -> Result<(), Refused> {
        if self.watch.cover {
            self.walked.push(Row { side: Side::Import, place: self.import.place(), kind: kind_of_import(&input) });
        }
        let taken = self.import.take(input);
        if self.watch.trace {
            let effects = taken.as_ref().map_or_else(|_| Vec::new(), Clone::clone);
            self.record(Turn::Import { input, effects }, taken.as_ref().err().copied());
        }
        let effects = self.answered(action, taken)?;
        match action {
            Some(action) => self.follow(action, Did::Import(input, &effects)),
            None if effects.iter().all(|effect| matches!(effect, import::Effect::Arm(Timer::Stall))) => {}
            None => self.break_law(Law::Model, format!("{input:?} led to {effects:?}")),
        }
        for &effect in &effects {
            if let import::Effect::Signal(signal) = effect {
                self.signal(Side::Import, signal, Cause::of_import(input));
            }
            self.carry_out_import(input, effect);
        }
        self.behind_step(Side::Import, Taken::Import(&input));
        Ok(())
    }

    /// Hands the exporter an input.
    pub(super) fn take_export(&mut self, action: Option<Action>, input: export::Input) -> Result<(), Refused> {
        if self.watch.cover {
            self.walked.push(Row { side: Side::Export, place: self.export.place(), kind: kind_of_export(&input) });
        }
        let taken = self.export.take(input);
        if self.watch.trace {
            let effects = taken.as_ref().map_or_else(|_| Vec::new(), Clone::clone);
            self.record(Turn::Export { input, effects }, taken.as_ref().err().copied());
        }
        let effects = self.answered(action, taken)?;
        match action {
            Some(action) => self.follow(action, Did::Export(input, &effects)),
            None if effects.iter().all(|effect| matches!(effect, export::Effect::Arm(Timer::Stall))) => {}
            None => self.break_law(Law::Model, format!("{input:?} led to {effects:?}")),
        }
        for &effect in &effects {
            if let export::Effect::Signal(signal) = effect {
                self.signal(Side::Export, signal, Cause::of_export(input));
            }
            self.carry_out_export(effect);
        }
        self.behind_step(Side::Export, Taken::Export(&input));
        Ok(())
    }

    /// What came of an input; a refusal is one of the model too.
    fn answered<T>(&mut self, action: Option<Action>, taken: Result<T, Refused>) -> Result<T, Refused> {
        taken.inspect_err(|&why| {
            if let (Some(action), Some(follower)) = (action, &mut self.follower) {
                self.actions += 1;
                if let Err(strayed) = follower.refuse(action, why) {
                    self.break_law(Law::of(&strayed), strayed.to_string());
                }
            }
        })
    }

    fn record(&mut self, turn: Turn, refused: Option<Refused>) {
        let op = handfast::operations::OpId(1);
        self.steps.push(Step { t_ms: self.queue.now(), op, turn, refused });
    }

    fn signal(&mut self, side: Side, signal: Signal, cause: Cause) {
        if let Signal::Done(outcome) = signal {
            self.done[index(side)].get_or_insert(End { outcome, cause });
        }
        self.react(side, signal);
    }

    /// Looks whether a fault begins behind this step, and whether the right timers run.
    fn behind_step(&mut self, side: Side, taken: Taken<'_>) {
        self.look_at_timers(side);
        let number = &mut self.steps_taken[index(side)];
        *number = number.saturating_add(1);
        let number = *number;
        for (fault, fired) in self.schedule.faults.iter().zip(0_u16..) {
            let here = match fault.at {
                At::Step(of, at) => of == side && at == number,
                At::Point(point) => point.is_of(taken),
                At::Start | At::Byte(..) => false,
            };
            if here && !std::mem::replace(&mut self.begun[usize::from(fired)], true) {
                self.queue.after(0, Event::Fault(fired));
            }
        }
    }

    /// So many bytes to this side were written: the faults that begin there.
    pub(super) fn behind_bytes(&mut self, side: Side) {
        let written = self.pipes[index(side)].written;
        for (fault, number) in self.schedule.faults.iter().zip(0_u16..) {
            let here = matches!(fault.at, At::Byte(of, at) if of == side && u64::from(at) <= written);
            if here && !std::mem::replace(&mut self.begun[usize::from(number)], true) {
                self.queue.after(0, Event::Fault(number));
            }
        }
    }

    fn judged(mut self, config: Config) -> Ran {
        self.judge();
        self.look_at_traps();
        let around = self.around();
        let classes = self.schedule.faults.iter().zip(&self.fired).filter(|(_, fired)| fired.is_ok());
        let mut classes: Vec<Class> = classes.map(|(fault, _)| fault.what.class()).collect();
        if self.schedule.device.is_some() {
            classes.push(Class::Device);
        }
        Ran {
            import: self.done[0].filter(|_| !self.crashed[0]),
            export: self.done[1].filter(|_| !self.crashed[1]),
            around,
            classes,
            fired: self.fired,
            crashed: self.crashed[0] || self.crashed[1],
            time: self.queue.now(),
            actions: self.actions,
            broken: self.broken,
            steps: self.steps,
            walked: self.walked,
            config,
        }
    }
}
