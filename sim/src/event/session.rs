//! One session, from event to event.

use handfast::{
    connection::{Connection, Kind, Place},
    export, import,
    limits::{Durations, Timer},
    outcome::{Side, Signal},
    reducer::{Config, ConnId, Refused},
    trace::{Step, Turn},
};
use handfast_model::{
    action::Action,
    config::{Cast, Player},
    follow::{Did, Follower},
    pairs::{Cause, End},
    rows::{Row, kind_of_export, kind_of_import},
    side::{ExportSide, ImportSide},
};

use super::{
    engine::{Ran, Watch},
    import::{Importing, conn_number},
    judge::{Broken, Law},
    line::Line,
    people::People,
    pipe::Notice,
    queue::Queue,
    schedule::{At, Class, Schedule},
    timers::Clock,
    told::{self, Told},
};
use crate::point::Taken;

/// Why a fault did not happen that has no place.
const NEVER: &str = "the session does not come there";
/// Events of one session, at most: far more than any has.
const MAX_EVENTS: u32 = 50_000;

/// One of those who take part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Party {
    Import,
    /// The exporter on this line.
    Export(usize),
}

impl Party {
    /// As many as there are at most.
    pub(super) const COUNT: usize = 3;

    pub(super) const fn index(self) -> usize {
        match self {
            Self::Import => 0,
            Self::Export(line) => 1 + line,
        }
    }

    pub(super) const fn side(self) -> Side {
        match self {
            Self::Import => Side::Import,
            Self::Export(_) => Side::Export,
        }
    }

    /// Whom a fault of this side is about.
    pub(super) const fn of(side: Side) -> Self {
        match side {
            Side::Import => Self::Import,
            Side::Export => Self::Export(0),
        }
    }
}

impl std::fmt::Display for Party {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Import => "import",
            Self::Export(0) => "export",
            Self::Export(_) => "rival",
        })
    }
}

/// An end of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) enum Whose {
    Import(ConnId),
    /// The exporter on this line.
    Export(usize),
}

/// Something that is planned.
#[derive(Clone, Copy, Debug)]
pub(super) enum Event {
    /// A user does what is next: begins, answers, confirms.
    Begin(Party),
    Answer(u8),
    GiveUp,
    Confirm(usize),
    /// The directory has an answer.
    Published,
    Secured(usize),
    /// Bytes up to here arrive: at the importer on this connection, or at the exporter of a line.
    Arrive(ConnId, u64),
    ArriveAtExporter(usize, u64),
    /// A notice arrives.
    Notice(usize, Side, Notice, u32),
    /// Work is done.
    Opened(usize),
    Checked,
    Settled,
    Reported,
    SendMore(usize, u32),
    /// A timer runs out, unless it was started again.
    Fire(Party, Timer, u32),
    /// A fault begins.
    Fault(u16),
    /// A visitor or the device does what is next.
    Visitor(u8),
    Device,
    /// No one secures a connection for a request that came again.
    Unanswered(ConnId),
    /// A side takes a step of its own: what it had posted.
    Posted(Side),
}

/// One session that is being carried out.
pub(super) struct Session<'a, I, E> {
    pub(super) schedule: &'a Schedule,
    pub(super) watch: Watch,
    /// Which sides are today's daemon.
    pub(super) old: [bool; 2],
    /// Steps of their own that are planned.
    pub(super) posts: [usize; 2],
    pub(super) queue: Queue<Event>,
    pub(super) import: I,
    pub(super) fresh: (I, E),
    pub(super) importing: Importing,
    /// The exporter, and its rival.
    pub(super) lines: Vec<Line<E>>,
    pub(super) people: People,
    pub(super) clock: Clock,
    steps_taken: [u16; 2],
    /// Faults that have begun, and those of them that happened.
    begun: Vec<bool>,
    pub(super) fired: Vec<Result<(), &'static str>>,
    pub(super) done: [Option<End>; Party::COUNT],
    pub(super) crashed: [bool; Party::COUNT],
    /// Another link of the same devices has begun: they do not crash, and who has not begun here never does.
    pub(super) sealed: bool,
    /// Nothing goes wrong, and no one can promise that it succeeds.
    pub(super) excused: bool,
    /// Operations of each side before these.
    pub(super) earlier: u32,
    /// As each line sees it.
    pub(super) followers: Vec<Follower<I, E>>,
    pub(super) actions: usize,
    pub(super) broken: Option<Broken>,
    steps: Vec<Step>,
    walked: Vec<Row>,
    /// The rows of the connections' tables.
    pub(super) received: Vec<Row>,
    pub(super) events: u32,
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
    pub(super) fn new(
        schedule: &'a Schedule,
        watch: Watch,
        durations: Durations,
        cast: Cast,
        import: I,
        export: E,
    ) -> Self {
        let lines = 1 + usize::from(schedule.rival.is_some());
        let followers = if watch.follow { told::followers(schedule, cast, &import, &export) } else { Vec::new() };
        Self {
            schedule,
            watch,
            old: [cast.import, cast.export].map(|player| player == Player::Legacy),
            posts: [0; 2],
            queue: Queue::new(),
            fresh: (import.clone(), export.clone()),
            import,
            importing: Importing::new(lines),
            lines: std::iter::repeat_with(|| Line::new(export.clone())).take(lines).collect(),
            people: People::default(),
            clock: Clock::new(durations, schedule),
            steps_taken: [0; 2],
            begun: vec![false; schedule.faults.len()],
            fired: vec![Err(NEVER); schedule.faults.len()],
            done: [None; Party::COUNT],
            crashed: [false; Party::COUNT],
            sealed: false,
            excused: false,
            earlier: 0,
            followers,
            actions: 0,
            broken: None,
            steps: Vec::new(),
            walked: Vec::new(),
            received: Vec::new(),
            events: 0,
        }
    }

    pub(super) fn run(&mut self) {
        self.plan();
        while self.step() {}
    }

    /// Plans what begins by itself.
    pub(super) fn plan(&mut self) {
        for number in 0..self.schedule.faults.len() {
            if self.schedule.faults[number].at == At::Start {
                self.queue.after(0, Event::Fault(number as u16));
            }
        }
        let first = if self.schedule.device.is_some() { Party::Export(0) } else { Party::Import };
        self.queue.after(0, Event::Begin(first));
    }

    /// Lets the next thing happen. `false`: nothing is left, or a law is broken.
    pub(super) fn step(&mut self) -> bool {
        if self.broken.is_some() {
            return false;
        }
        let Some(event) = self.queue.pop() else { return false };
        self.events += 1;
        if self.events > MAX_EVENTS {
            self.break_law(Law::Ends, "it goes on and on".into());
            return false;
        }
        self.happen(event);
        true
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Begin(party) => self.begin(party),
            Event::Answer(prompt) => self.answer(prompt),
            Event::GiveUp => {
                let _ = self.cancel(Party::Import);
            }
            Event::Confirm(line) => self.confirm(line),
            Event::Published => self.published(),
            Event::Secured(line) => self.secured(line),
            Event::Arrive(conn, upto) => self.read_import(conn, upto),
            Event::ArriveAtExporter(line, upto) => self.read_export(line, upto),
            Event::Notice(line, side, notice, number) => self.notice(line, side, notice, number),
            Event::Opened(line) => self.opened(line),
            Event::Checked => self.checked(),
            Event::Settled => self.settled(),
            Event::Reported => self.reported(),
            Event::SendMore(line, generation) => self.send_more(line, generation),
            Event::Fire(party, timer, generation) => self.fire(party, timer, Some(generation)),
            Event::Fault(number) => self.fault(usize::from(number)),
            Event::Visitor(number) => self.visitor(usize::from(number)),
            Event::Device => self.device(),
            Event::Unanswered(conn) => self.unanswered(conn),
            Event::Posted(side) => self.posted(side),
        }
    }

    /// Whether the rows of this side's tables are counted.
    pub(super) const fn rows_of(&self, side: Side) -> bool {
        self.watch.cover && !self.old[index(side)]
    }

    /// Notes a row of a connection's table, if rows are counted.
    pub(super) fn note_row(&mut self, side: Side, place: Place, kind: Kind) {
        if self.rows_of(side) {
            self.received.push(Row { side, place: place.name(), kind: kind.name() });
        }
    }

    /// Commands a connection, and notes the row.
    pub(super) fn command(&mut self, whose: Whose, kind: Kind, command: impl FnOnce(&mut Connection) -> bool) -> bool {
        let (side, connection) = match whose {
            Whose::Import(conn) => (Side::Import, self.importing.conns[conn_number(conn)].connection_mut()),
            Whose::Export(line) => (Side::Export, self.lines[line].exporting.connection_mut()),
        };
        let place = connection.place();
        let done = command(connection);
        if done {
            self.note_row(side, place, kind);
        }
        done
    }

    pub(super) fn break_law(&mut self, law: Law, text: String) {
        self.broken.get_or_insert(Broken { law, text });
    }

    /// Hands the importer an input. `told`: what the model is told of it; none for what it has no step for.
    pub(super) fn take_import(&mut self, told: Option<Told>, input: import::Input) -> Result<(), Refused> {
        if self.watch.cover && !self.old[0] {
            self.walked.push(Row { side: Side::Import, place: self.import.place(), kind: kind_of_import(&input) });
        }
        let taken = self.import.take(input);
        if self.watch.trace {
            let effects = taken.as_ref().map_or_else(|_| Vec::new(), Clone::clone);
            self.record(Party::Import, Turn::Import { input, effects }, taken.as_ref().err().copied());
        }
        let effects = self.answered(told, taken)?;
        match told {
            Some(told) => self.follow(told, Did::Import(Some(input), &effects)),
            None if effects.iter().all(|effect| self.is_told_apart(*effect)) => {}
            None => self.break_law(Law::Model, format!("{input:?} led to {effects:?}")),
        }
        for &effect in &effects {
            if let import::Effect::Signal(signal) = effect {
                self.signal(Party::Import, signal, Cause::of_import(input));
            }
            self.carry_out_import(Some(input), effect);
        }
        self.behind_step(Party::Import, Taken::Import(&input));
        self.post(Side::Import);
        Ok(())
    }

    /// What may come of what the model has no step for: progress, that a device which has restarted turns everybody away, and that a
    /// further channel is declined in the middle of an archive.
    const fn is_told_apart(&self, effect: import::Effect) -> bool {
        match effect {
            import::Effect::Arm(Timer::Stall) | import::Effect::DeclineChannel(_) => true,
            import::Effect::Refuse(_) => self.crashed[0],
            _ => false,
        }
    }

    /// Hands an exporter an input. `action`: what the model calls that, if it has a step for it.
    pub(super) fn take_export(
        &mut self,
        line: usize,
        action: Option<Action>,
        input: export::Input,
    ) -> Result<(), Refused> {
        let told = action.map(|action| Told::Export(line, action));
        let export = &mut self.lines[line].export;
        if self.watch.cover && !self.old[1] {
            self.walked.push(Row { side: Side::Export, place: export.place(), kind: kind_of_export(&input) });
        }
        let taken = export.take(input);
        // A call that begins nothing is no operation's.
        let begins = self.people.started[Party::Export(line).index()] || taken.is_ok();
        if self.watch.trace && begins {
            let effects = taken.as_ref().map_or_else(|_| Vec::new(), Clone::clone);
            self.record(Party::Export(line), Turn::Export { input, effects }, taken.as_ref().err().copied());
        }
        let effects = self.answered(told, taken)?;
        match told {
            Some(told) => self.follow(told, Did::Export(Some(input), &effects)),
            None if effects.iter().all(|effect| matches!(effect, export::Effect::Arm(Timer::Stall))) => {}
            None => self.break_law(Law::Model, format!("{input:?} led to {effects:?}")),
        }
        for &effect in &effects {
            if let export::Effect::Signal(signal) = effect {
                self.signal(Party::Export(line), signal, Cause::of_export(input));
            }
            self.carry_out_export(line, effect);
        }
        self.behind_step(Party::Export(line), Taken::Export(&input));
        self.post(Side::Export);
        Ok(())
    }

    /// What came of an input; a refusal is one of the model too.
    fn answered<T>(&mut self, told: Option<Told>, taken: Result<T, Refused>) -> Result<T, Refused> {
        taken.inspect_err(|&why| {
            if let Some(told) = told {
                self.refuse(told, why);
            }
        })
    }

    fn record(&mut self, party: Party, turn: Turn, refused: Option<Refused>) {
        let op = handfast::operations::OpId(self.earlier + party.index().max(1) as u32);
        self.steps.push(Step { t_ms: self.queue.now(), op, turn, refused });
    }

    pub(super) fn signal(&mut self, party: Party, signal: Signal, cause: Cause) {
        if let Signal::Done(outcome) = signal {
            self.done[party.index()].get_or_insert(End { outcome, cause });
        }
        self.react(party, signal);
    }

    /// Looks whether a fault begins after this step, and whether the right timers run.
    fn behind_step(&mut self, party: Party, taken: Taken<'_>) {
        self.look_at_timers(party);
        // Faults have their places in the steps of the two.
        if party.index() > 1 {
            return;
        }
        let number = &mut self.steps_taken[party.index()];
        *number = number.saturating_add(1);
        let number = *number;
        for (fault, fired) in self.schedule.faults.iter().zip(0_u16..) {
            let here = match fault.at {
                At::Step(of, at) => of == party.side() && at == number,
                At::Point(point) => point.is_of(taken),
                At::Start | At::Byte(..) => false,
            };
            if here && !std::mem::replace(&mut self.begun[usize::from(fired)], true) {
                self.queue.after(0, Event::Fault(fired));
            }
        }
    }

    /// So many bytes to a side were written: the faults that begin there.
    pub(super) fn behind_bytes(&mut self, line: usize, side: Side) {
        if line > 0 {
            return;
        }
        let written = self.lines[line].pipes[index(side)].written;
        for (fault, number) in self.schedule.faults.iter().zip(0_u16..) {
            let here = matches!(fault.at, At::Byte(of, at) if of == side && u64::from(at) <= written);
            if here && !std::mem::replace(&mut self.begun[usize::from(number)], true) {
                self.queue.after(0, Event::Fault(number));
            }
        }
    }

    pub(super) fn judged(mut self, config: Config) -> Ran {
        self.judge();
        self.look_at_traps();
        let served = self.importing.session.filter(|&session| session < self.lines.len());
        let around = self.around(served.unwrap_or(0));
        let classes = self.schedule.faults.iter().zip(&self.fired).filter(|(_, fired)| fired.is_ok());
        let mut classes: Vec<Class> = classes.map(|(fault, _)| fault.what.class()).collect();
        if self.schedule.device.is_some() {
            classes.push(Class::Device);
        }
        if self.is_race() {
            classes.push(Class::Rival);
        }
        if self.people.ledger.used || self.importing.visitors.iter().any(|visitor| visitor.ledger.used) {
            classes.push(Class::Below);
        }
        let end = |party: Party| self.done[party.index()].filter(|_| !self.crashed[party.index()]);
        Ran {
            import: end(Party::Import),
            export: end(Party::Export(served.unwrap_or(0))),
            turned_away: if served == Some(1) { end(Party::Export(0)) } else { end(Party::Export(1)) },
            around,
            classes,
            crashed: self.crashed.contains(&true),
            time: self.queue.now(),
            actions: self.actions,
            fired: self.fired,
            broken: self.broken,
            steps: self.steps,
            walked: self.walked,
            received: self.received,
            config,
        }
    }
}
