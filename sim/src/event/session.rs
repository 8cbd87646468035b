//! One session, from event to event.

mod exporter;
mod faults;
mod follow;
mod hostile;
mod importer;
mod judge;
mod legacy;
mod repeat;
#[cfg(test)]
mod tests;
mod timers;
mod transport;
mod users;

use handfast::{
    connection::{Connection, Kind, Place},
    export, import,
    limits::{Durations, Timer},
    outcome::{Side, Signal},
    reducer::{Config, Refused},
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

use crate::point::Taken;

use crate::event::{
    schedule::{At, Class, Schedule},
    state::{
        clock::Clock,
        event::{Event, Party, Whose, index},
        importer::{Importing, conn_number},
        law::{Broken, Law},
        link::Link,
        model_step::{ModelStep, followers},
        queue::Queue,
        run::{Posted, Ran, Watch},
        users::Users,
    },
};

/// Why a fault did not happen that has no place.
const NEVER: &str = "the session does not come there";
/// Events of one session, at most: far more than any has.
const MAX_EVENTS: u32 = 50_000;

/// One session that is being carried out.
pub(crate) struct Session<'a, I, E> {
    pub(crate) schedule: &'a Schedule,
    pub(crate) watch: Watch,
    /// Which sides are today's daemon.
    pub(crate) legacy: [bool; 2],
    /// Steps of their own that are planned.
    pub(crate) posts: [usize; 2],
    pub(crate) queue: Queue<Event>,
    pub(crate) import: I,
    pub(crate) fresh: (I, E),
    pub(crate) importing: Importing,
    /// The exporter, and its rival.
    pub(crate) links: Vec<Link<E>>,
    pub(crate) users: Users,
    pub(crate) clock: Clock,
    steps_taken: [u16; 2],
    /// Faults that have begun, and those of them that happened.
    begun: Vec<bool>,
    pub(crate) fired: Vec<Result<(), &'static str>>,
    pub(crate) done: [Option<End>; Party::COUNT],
    pub(crate) crashed: [bool; Party::COUNT],
    /// Another link of the same devices has begun: they do not crash, and who has not begun here never does.
    pub(crate) sealed: bool,
    /// Nothing goes wrong, and no one can promise that it succeeds.
    pub(crate) excused: bool,
    /// Operations of each side before these.
    pub(crate) earlier: u32,
    /// Old sides put together only what they read at once.
    pub(crate) unpacks_once: bool,
    /// Where the last thing ended that a side received on the first link.
    pub(crate) received_upto: [u64; 2],
    /// As each link sees it.
    pub(crate) followers: Vec<Follower<I, E>>,
    pub(crate) actions: usize,
    pub(crate) broken: Option<Broken>,
    steps: Vec<Step>,
    /// Effects of steps of an old side's own, if steps are recorded.
    pub(crate) posted: Posted,
    walked: Vec<Row>,
    /// The rows of the connections' tables.
    pub(crate) received: Vec<Row>,
    /// The edges of the model.
    pub(crate) edges: Vec<u64>,
    /// The state that each follower is in.
    pub(crate) at: [u64; 2],
    pub(crate) events: u32,
}

impl<'a, I: ImportSide, E: ExportSide> Session<'a, I, E> {
    pub(crate) fn new(
        schedule: &'a Schedule,
        watch: Watch,
        durations: Durations,
        cast: Cast,
        import: I,
        export: E,
    ) -> Self {
        let links = 1 + usize::from(schedule.rival.is_some());
        let followers =
            if watch.follow && !schedule.swapped { followers(schedule, cast, &import, &export) } else { Vec::new() };
        Self {
            schedule,
            watch,
            legacy: [cast.import, cast.export].map(|player| player == Player::Legacy),
            posts: [0; 2],
            queue: Queue::new(),
            fresh: (import.clone(), export.clone()),
            import,
            importing: Importing::new(links),
            links: std::iter::repeat_with(|| Link::new(export.clone())).take(links).collect(),
            users: Users::default(),
            clock: Clock::new(durations, schedule),
            steps_taken: [0; 2],
            begun: vec![false; schedule.faults.len()],
            fired: vec![Err(NEVER); schedule.faults.len()],
            done: [None; Party::COUNT],
            crashed: [false; Party::COUNT],
            sealed: false,
            excused: false,
            earlier: 0,
            unpacks_once: false,
            received_upto: [0; 2],
            followers,
            actions: 0,
            broken: None,
            steps: Vec::new(),
            posted: Posted::default(),
            walked: Vec::new(),
            received: Vec::new(),
            edges: Vec::new(),
            at: [0; 2],
            events: 0,
        }
    }

    pub(crate) fn run(&mut self) {
        self.plan();
        while self.step() {}
    }

    /// Plans what begins by itself.
    pub(crate) fn plan(&mut self) {
        for number in 0..self.schedule.faults.len() {
            if self.schedule.faults[number].at == At::Start {
                self.queue.after(0, Event::Fault(number as u16));
            }
        }
        let first = if self.schedule.replaces_importer() { Party::Export(0) } else { Party::Import };
        self.queue.after(0, Event::Begin(first));
    }

    /// Lets the next thing happen. `false`: nothing is left, or a law is broken.
    pub(crate) fn step(&mut self) -> bool {
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
            Event::Confirm(link) => self.confirm(link),
            Event::Compare(party) => self.compare(party),
            Event::Published => self.published(),
            Event::Secured(link) => self.secured(link),
            Event::Arrive(conn, upto) => self.read_import(conn, upto),
            Event::ArriveAtExporter(link, upto) => self.read_export(link, upto),
            Event::Notice(link, side, notice, number) => self.notice(link, side, notice, number),
            Event::Opened(link) => self.opened(link),
            Event::Checked => self.checked(),
            Event::Settled => self.settled(),
            Event::Reported => self.reported(),
            Event::SendMore(link, generation) => self.send_more(link, generation),
            Event::Fire(party, timer, generation) => self.fire(party, timer, Some(generation)),
            Event::Fault(number) => self.fault(usize::from(number)),
            Event::Visitor(number) => self.visitor(usize::from(number)),
            Event::Device => self.device(),
            Event::Unanswered(conn) => self.unanswered(conn),
            Event::Posted(side) => self.posted(side),
        }
    }

    /// Whether the rows of this side's tables are counted.
    pub(crate) const fn rows_of(&self, side: Side) -> bool {
        self.watch.cover && !self.legacy[index(side)]
    }

    /// Notes a row of a connection's table, if rows are counted.
    pub(crate) fn note_row(&mut self, side: Side, place: Place, kind: Kind) {
        if self.rows_of(side) {
            self.received.push(Row { side, place: place.name(), kind: kind.name() });
        }
    }

    /// Commands a connection, and notes the row.
    pub(crate) fn command(&mut self, whose: Whose, kind: Kind, command: impl FnOnce(&mut Connection) -> bool) -> bool {
        let (side, connection) = match whose {
            Whose::Import(conn) => (Side::Import, self.importing.conns[conn_number(conn)].connection_mut()),
            Whose::Export(link) => (Side::Export, self.links[link].exporting.connection_mut()),
        };
        let place = connection.place();
        let done = command(connection);
        if done {
            self.note_row(side, place, kind);
        }
        done
    }

    #[cfg_attr(test, track_caller)]
    pub(crate) fn break_law(&mut self, law: Law, text: String) {
        #[cfg(test)]
        if crate::event::state::deletion::is_deleted(std::panic::Location::caller()) {
            return;
        }
        self.broken.get_or_insert(Broken { law, text });
    }

    /// Hands the importer an input. `step`: the step of the model; none for an input that it has no step for.
    pub(crate) fn take_import(&mut self, step: Option<ModelStep>, input: import::Input) -> Result<(), Refused> {
        if self.watch.cover && !self.legacy[0] {
            self.walked.push(Row { side: Side::Import, place: self.import.place(), kind: kind_of_import(&input) });
        }
        let taken = self.import.take(input);
        if self.watch.trace {
            let effects = taken.as_ref().map_or_else(|_| Vec::new(), Clone::clone);
            self.record(Party::Import, Turn::Import { input, effects }, taken.as_ref().err().copied());
        }
        let effects = self.answered(step, taken)?;
        match step {
            Some(step) => self.follow(step, Did::Import(Some(input), &effects)),
            None if effects.iter().all(|effect| self.is_no_step(*effect)) => {}
            None => self.break_law(Law::Model, format!("{input:?} led to {effects:?}")),
        }
        for &effect in &effects {
            if let import::Effect::Signal(signal) = effect {
                self.signal(Party::Import, signal, Cause::of_import(input));
            }
            self.carry_out_import(Some(input), effect);
        }
        self.after_step(Party::Import, Taken::Import(&input));
        self.post(Side::Import);
        Ok(())
    }

    /// The possible effects of an input that the model has no step for: progress, that a device which has restarted turns everybody away, and that a
    /// further channel is declined in the middle of an archive.
    const fn is_no_step(&self, effect: import::Effect) -> bool {
        match effect {
            import::Effect::Arm(Timer::Stall) | import::Effect::DeclineChannel(_) => true,
            import::Effect::Refuse(_) => self.crashed[0],
            _ => false,
        }
    }

    /// Hands an exporter an input. `action`: what the model calls that, if it has a step for it.
    pub(crate) fn take_export(
        &mut self,
        link: usize,
        action: Option<Action>,
        input: export::Input,
    ) -> Result<(), Refused> {
        let step = action.map(|action| ModelStep::Export(link, action));
        let export = &mut self.links[link].export;
        if self.watch.cover && !self.legacy[1] {
            self.walked.push(Row { side: Side::Export, place: export.place(), kind: kind_of_export(&input) });
        }
        let taken = export.take(input);
        // A call that begins nothing is no operation's.
        let begins = self.users.started[Party::Export(link).index()] || taken.is_ok();
        if self.watch.trace && begins {
            let effects = taken.as_ref().map_or_else(|_| Vec::new(), Clone::clone);
            self.record(Party::Export(link), Turn::Export { input, effects }, taken.as_ref().err().copied());
        }
        let effects = self.answered(step, taken)?;
        match step {
            Some(step) => self.follow(step, Did::Export(Some(input), &effects)),
            None if effects.iter().all(|effect| matches!(effect, export::Effect::Arm(Timer::Stall))) => {}
            None => self.break_law(Law::Model, format!("{input:?} led to {effects:?}")),
        }
        for &effect in &effects {
            if let export::Effect::Signal(signal) = effect {
                self.signal(Party::Export(link), signal, Cause::of_export(input));
            }
            self.carry_out_export(link, effect);
        }
        self.after_step(Party::Export(link), Taken::Export(&input));
        self.post(Side::Export);
        Ok(())
    }

    /// The result of an input; a refusal is one of the model too.
    fn answered<T>(&mut self, step: Option<ModelStep>, taken: Result<T, Refused>) -> Result<T, Refused> {
        taken.inspect_err(|&why| {
            if let Some(step) = step {
                self.refuse(step, why);
            }
        })
    }

    fn record(&mut self, party: Party, turn: Turn, refused: Option<Refused>) {
        let op = handfast::operations::OpId(self.earlier + party.index().max(1) as u32);
        self.steps.push(Step { t_ms: self.queue.now(), op, turn, refused });
    }

    pub(crate) fn signal(&mut self, party: Party, signal: Signal, cause: Cause) {
        if let Signal::Done(outcome) = signal {
            self.done[party.index()].get_or_insert(End { outcome, cause });
        }
        self.react(party, signal);
    }

    /// Looks whether a fault begins after this step, and whether the right timers run.
    fn after_step(&mut self, party: Party, taken: Taken<'_>) {
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
    pub(crate) fn after_bytes(&mut self, link: usize, side: Side) {
        if link > 0 {
            return;
        }
        let written = self.links[link].pipes[index(side)].written;
        for (fault, number) in self.schedule.faults.iter().zip(0_u16..) {
            let here = matches!(fault.at, At::Byte(of, at) if of == side && u64::from(at) <= written);
            if here && !std::mem::replace(&mut self.begun[usize::from(number)], true) {
                self.queue.after(0, Event::Fault(number));
            }
        }
    }

    pub(crate) fn judged(mut self, configs: [Config; 2]) -> Ran {
        self.judge();
        self.look_at_traps();
        let served = self.importing.session.filter(|&session| session < self.links.len());
        let around = self.around(served.unwrap_or(0));
        let classes = self.schedule.faults.iter().zip(&self.fired).filter(|(_, fired)| fired.is_ok());
        let mut classes: Vec<Class> = classes.map(|(fault, _)| fault.what.class()).collect();
        if self.schedule.device.is_some() {
            classes.push(Class::Device);
        }
        if self.is_race() {
            classes.push(Class::Rival);
        }
        if self.users.ledger.used || self.importing.visitors.iter().any(|visitor| visitor.ledger.used) {
            classes.push(Class::Below);
        }
        if self.users.compares {
            classes.push(Class::Compared);
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
            posted: self.posted,
            walked: self.walked,
            received: self.received,
            edges: self.edges,
            configs,
        }
    }
}
