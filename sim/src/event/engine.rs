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
    action::{Action, Remains},
    config::Cast,
    follow::{Did, Follower, anything},
    pairs::{Cause, Circumstances, End},
    rows::{Row, kind_of_export, kind_of_import},
    side::{ExportSide, ImportSide},
    world::PEER,
};

use super::{
    export::Exporting,
    import::{Conn, Importing},
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
/// Pieces into which what is written at once is cut, at most.
const MAX_PIECES: u64 = 256;

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
    fresh: (I, E),
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
    lost: [Option<u32>; 2],
    request: Option<u32>,
    pub(super) link_broken: bool,
    pub(super) link_failed: bool,
    steps_taken: [u16; 2],
    /// Faults that have begun, and those of them that happened.
    begun: Vec<bool>,
    fired: Vec<Result<(), &'static str>>,
    pub(super) done: [Option<End>; 2],
    pub(super) crashed: [bool; 2],
    pub(super) follower: Option<Follower<I, E>>,
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
            if let (Some(action), Some(follower)) = (action, &mut self.follower)
                && let Err(strayed) = follower.refuse(action, why)
            {
                self.break_law(Law::of(&strayed), strayed.to_string());
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

    /// A fault begins, if it can.
    fn fault(&mut self, number: usize) {
        let schedule = self.schedule;
        self.fired[number] = match &schedule.faults[number].what {
            What::Break(to_import, to_export) => self.break_link(*to_import, *to_export),
            What::Hold(side, ms) => self.hold(*side, *ms),
            What::LoseRequest => self.importing.lose_request.arm(),
            What::Unreachable => self.importing.unreachable.arm(),
            What::Unpublishable => self.importing.unpublishable.arm(),
            What::Unsecured => self.importing.unsecured.arm(),
            What::Disk(step) => self.importing.disk[*step as usize].arm(),
            What::Crash(side, whole) => self.crash(*side, *whole),
            What::Cancel(side) => self.cancel(*side),
            What::Click(click) => self.click(*click),
            What::Early(side, timer) => self.fire_early(*side, *timer),
            What::Late(side, timer, ms) => {
                self.clock.delay(*side, *timer, *ms);
                Ok(())
            }
            What::Visit(visit) => self.visit(visit),
        };
    }

    fn fire_early(&mut self, side: Side, timer: Timer) -> Result<(), &'static str> {
        let armed = match side {
            Side::Import => self.import.armed(),
            Side::Export => self.export.armed(),
        };
        if !armed.contains(timer) {
            return Err("the timer does not run");
        }
        self.fire(side, timer, None);
        Ok(())
    }

    /// Whether what this side sends now can reach the other.
    pub(super) fn can_send(&self, from: Side) -> bool {
        let (own, peer) = (index(from), index(other(from)));
        !self.link_broken
            && self.ends[own] != LinkEnd::Closed
            && !self.said_end[own]
            && self.ends[peer] != LinkEnd::Closed
    }

    /// Whether something is on its way between the two.
    pub(super) fn link_carries(&self) -> bool {
        let securing = self.ends == [LinkEnd::Trying; 2] && !self.link_broken;
        securing || self.pipes.iter().any(|pipe| pipe.items() > 0)
    }

    /// Sends bytes from one side to the other, cut as the schedule says.
    pub(super) fn send(&mut self, from: Side, pieces: &[&[u8]], item: bool) {
        let to = other(from);
        let latency = self.latency(to);
        let pipe = &mut self.pipes[index(to)];
        let start = pipe.end();
        pipe.write(pieces, item);
        let arrival = pipe.arrival(self.queue.now(), latency);
        let end = pipe.end();
        let mut arrive = |upto| {
            let event = if to == Side::Import { Event::Arrive(PEER, upto) } else { Event::ArriveAtExporter(upto) };
            self.queue.at(arrival, event);
        };
        if self.schedule.cut > 0 {
            let step = u64::from(self.schedule.cut).max((end - start) / MAX_PIECES);
            (start..end).step_by(step as usize).skip(1).for_each(&mut arrive);
        }
        arrive(end);
        self.behind_bytes(to);
    }

    /// Tells the other side something, in order with the bytes.
    pub(super) fn tell(&mut self, to: Side, notice: Notice) -> u32 {
        let latency = self.latency(to);
        let pipe = &mut self.pipes[index(to)];
        let number = pipe.tell();
        let arrival = pipe.arrival(self.queue.now(), latency);
        self.queue.at(arrival, Event::Notice(to, notice, number));
        if notice == Notice::Request {
            self.request = Some(number);
        }
        number
    }

    pub(super) const fn latency(&self, to: Side) -> u32 {
        match to {
            Side::Import => self.schedule.latency.0,
            Side::Export => self.schedule.latency.1,
        }
    }

    /// Tells a side that the connection is gone, behind everything that is on its way to it.
    fn lose(&mut self, side: Side) {
        let number = self.tell(side, Notice::Lost);
        self.lost[index(side)] = Some(number);
    }

    /// Whether the last thing that is on its way to a side is the loss.
    fn hears_of_loss(&self, side: Side) -> bool {
        let last = self.pipes[index(side)].last_item();
        last.is_some() && last == self.lost[index(side)]
    }

    /// A side closes the connection: what it sent before still arrives.
    pub(super) fn close(&mut self, side: Side) {
        let (own, peer) = (index(side), index(other(side)));
        if self.ends[own] == LinkEnd::Closed {
            return;
        }
        self.pipes[own].clear();
        self.said_end[own] = true;
        self.ends[own] = LinkEnd::Closed;
        if !self.link_broken && self.ends[peer] != LinkEnd::Closed && !self.hears_of_loss(other(side)) {
            self.lose(other(side));
        }
    }

    fn notice(&mut self, side: Side, notice: Notice, number: u32) {
        if notice == Notice::Request && (self.importing.lose_request.take() || self.importing.unreachable.is_armed()) {
            return self.request_fails();
        }
        if !self.pipes[index(side)].take_notice(number) {
            return;
        }
        if matches!(notice, Notice::Lost | Notice::Refused) {
            self.ends[index(side)] = LinkEnd::Closed;
        }
        match side {
            Side::Import => self.notice_import(notice),
            Side::Export => self.notice_export(notice),
        }
    }

    /// The request for the connection does not arrive.
    fn request_fails(&mut self) {
        let there = self.pipes[0].items() > 0;
        if !there {
            return;
        }
        self.link_broken = true;
        self.link_failed = true;
        self.pipes[0].clear();
        let told = self.importing.unreachable.take() && self.ends[1] == LinkEnd::Trying;
        if told {
            self.ends[1] = LinkEnd::Closed;
            let _ = self.take_export(Some(Action::Unreachable), export::Input::Unreachable);
        } else {
            self.follow(Action::LoseRequest, Did::Nothing);
        }
    }

    /// The link breaks. It has to be there, and to be news to somebody.
    pub(super) fn break_link(&mut self, to_import: u32, to_export: u32) -> Result<(), &'static str> {
        if self.link_broken || self.ends[0] == LinkEnd::Away || self.schedule.device.is_some() {
            return Err("there is no link");
        }
        let learns = [Side::Import, Side::Export]
            .iter()
            .any(|&side| self.ends[index(side)] != LinkEnd::Closed && !self.hears_of_loss(side));
        let mut kept = [0; 2];
        let mut all = true;
        for (side, keep) in [(Side::Import, to_import), (Side::Export, to_export)] {
            let own = index(side);
            let loses = self.hears_of_loss(side);
            let before = self.pipes[own].items() - u8::from(loses);
            if loses && let Some(number) = self.lost[own].take() {
                self.pipes[own].drop_item(number);
            }
            kept[own] = self.pipes[own].cut(keep);
            all &= kept[own] == before;
        }
        if !learns && all {
            // Both learn of the end already, and everything arrives.
            for side in [Side::Import, Side::Export] {
                if self.ends[index(side)] != LinkEnd::Closed {
                    self.lose(side);
                }
            }
            return Err("both have left already");
        }
        self.link_broken = true;
        self.link_failed = true;
        self.follow(Action::Break { to_import: kept[0], to_export: kept[1] }, Did::Nothing);
        for side in [Side::Import, Side::Export] {
            if self.ends[index(side)] != LinkEnd::Closed {
                self.lose(side);
            }
        }
        Ok(())
    }

    /// What is on its way to a side is held, and what is sent to it in the meantime.
    fn hold(&mut self, side: Side, ms: u32) -> Result<(), &'static str> {
        let until = self.queue.now() + u64::from(ms);
        let pipe = &mut self.pipes[index(side)];
        pipe.held = pipe.held.max(until);
        if self.ends == [LinkEnd::Closed; 2] { Err("there is no link") } else { Ok(()) }
    }

    /// A device crashes and starts again. Of an install that ran, the account is there or not.
    fn crash(&mut self, side: Side, whole: bool) -> Result<(), &'static str> {
        let own = index(side);
        let up = match side {
            Side::Import => self.people.started[0] && !self.crashed[0],
            Side::Export => self.people.started[1] && !self.crashed[1] && self.done[1].is_none(),
        };
        if !up {
            return Err("there is no operation");
        }
        let remains =
            if side == Side::Import && self.importing.crash(whole) { Remains::Whole } else { Remains::Nothing };
        self.follow(Action::Crash(side, remains), Did::Nothing);
        match side {
            Side::Import => {
                self.import = self.fresh.0.clone();
                self.importing.conns.iter_mut().for_each(Conn::close);
            }
            Side::Export => {
                self.export = self.fresh.1.clone();
                self.exporting = Exporting::new();
            }
        }
        self.crashed[own] = true;
        self.people.crash(side);
        self.clock.stop_all(side);
        self.link_broken = true;
        self.link_failed = true;
        self.pipes[own].clear();
        self.ends[own] = LinkEnd::Closed;
        let peer = other(side);
        if let (Side::Import, Some(request)) = (peer, self.request) {
            self.pipes[0].drop_item(request);
        }
        let linked = matches!(self.ends[index(peer)], LinkEnd::Trying | LinkEnd::Open);
        if linked && !self.hears_of_loss(peer) {
            self.lose(peer);
        }
        Ok(())
    }

    /// A fault that was to happen when it can has not happened if it never could.
    fn look_at_traps(&mut self) {
        let importing = &self.importing;
        for (fault, fired) in self.schedule.faults.iter().zip(&mut self.fired) {
            let waits = match fault.what {
                What::LoseRequest => importing.lose_request.is_armed(),
                What::Unreachable => importing.unreachable.is_armed(),
                What::Unpublishable => importing.unpublishable.is_armed(),
                What::Unsecured => importing.unsecured.is_armed(),
                What::Disk(step) => importing.disk[step as usize].is_armed(),
                _ => false,
            };
            if waits && fired.is_ok() {
                *fired = Err("it never comes to that");
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
            broken: self.broken,
            steps: self.steps,
            walked: self.walked,
            config,
        }
    }
}
