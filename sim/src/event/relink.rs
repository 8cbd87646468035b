//! Two links of the same two devices: the second begins after the first, or during it, and has to succeed whatever became of the
//! first (R-API-7). The devices are the shipped registries of operations, one for both links.

use handfast::{
    limits::{Durations, Timer},
    operations::Exports,
    outcome::{Outcome, Side},
    reducer::Config,
    rules::Rules,
};
use handfast_model::{
    config::Cast,
    device::{ExportDevice, ImportDevice, NewDevice, Operation},
    properties::PropertyId,
};

use crate::event::{
    compare::Compare,
    schedule::{Class, Relink, Schedule},
    session::Session,
    state::{
        event::{Event, Party},
        law::Law,
        run::{Ran, Watch},
    },
};

/// Milliseconds of a token's lifetime that are enough for a link to begin.
const ENOUGH: u64 = 30_000;

/// The exporter.
const EXPORT: Party = Party::Export(0);

/// One link of two devices.
type OneLink<'a, I, E> = Session<'a, Operation<I>, Operation<E>>;

/// Carries out a schedule with a second link.
pub(crate) fn run(schedule: &Schedule, watch: Watch, durations: Durations, rules: impl Rules) -> Ran {
    let configs = [Side::Import, Side::Export].map(|side| schedule.config(side));
    let (import, export) = (NewDevice::under(configs[0], rules), Exports::under(configs[1], rules));
    let quiet = schedule.quiet();
    let import = Operation { device: import, op: 0 };
    let export = Operation { device: export, op: 0 };
    let mut first = Session::new(schedule, watch, durations, Cast::HH, import, export);
    // Whether a call is taken is the registry's business, and looked at here.
    first.followers.iter_mut().for_each(|follower| follower.forgo(PropertyId::Return));
    first.plan();
    let mut links = TwoLinks { first, second: None, shared: [true; 2], too_late: false };
    while links.step() {
        links.go_on(&quiet, durations);
    }
    links.judged(configs, &quiet)
}

impl Schedule {
    /// The link after this one: the same people, and nothing goes wrong.
    fn quiet(&self) -> Self {
        let plain = Self::default();
        Self {
            wrong: 0,
            idle: None,
            typo: false,
            device: None,
            alone: false,
            rival: None,
            relink: None,
            sas: self.sas.map(|sas| Compare { differs: None, ..sas }),
            faults: plain.faults,
            ..self.clone()
        }
    }
}

/// Two links, of which the second may not have begun.
struct TwoLinks<'a, I, E> {
    first: OneLink<'a, I, E>,
    second: Option<OneLink<'a, I, E>>,
    /// The operations of this side are one device's. They are not where it restarted.
    shared: [bool; 2],
    /// The exporter's account was busy with the first until the second's token had run out, or was about to.
    too_late: bool,
}

/// Takes the device of a side, as another link left it. A change in this link's operation breaks a law.
fn hand_over<I: ImportDevice, E: ExportDevice>(
    from: &OneLink<'_, I, E>,
    to: &mut OneLink<'_, I, E>,
    shared: [bool; 2],
) {
    let mut touched = false;
    if shared[0] {
        touched |= !to.import.device.is_alike(&from.import.device, to.import.op);
        to.import.device = from.import.device.clone();
    }
    if shared[1] {
        let (from, to) = (&from.links[0].export, &mut to.links[0].export);
        touched |= !to.device.is_alike(&from.device, to.op);
        to.device = from.device.clone();
    }
    for (own, other) in to.followers.iter_mut().zip(&from.followers) {
        for (side, shared) in [Side::Import, Side::Export].into_iter().zip(shared) {
            touched |= shared && own.takes_over(side, other).is_err();
        }
    }
    if touched {
        to.break_law(Law::Property(PropertyId::Isolated), "the other link changed this one".into());
    }
}

impl<'a, I: ImportDevice, E: ExportDevice> TwoLinks<'a, I, E> {
    /// Lets the next thing happen, in whichever link. `false`: nothing is left, or a law is broken.
    fn step(&mut self) -> bool {
        let Some(second) = &mut self.second else { return self.first.step() };
        if self.first.broken.is_some() || second.broken.is_some() {
            return false;
        }
        let of_first = match (self.first.queue.next(), second.queue.next()) {
            (Some(one), Some(other)) => one <= other,
            (one, _) => one.is_some(),
        };
        let (from, to) = if of_first { (&mut self.first, second) } else { (second, &mut self.first) };
        let happened = from.step();
        hand_over(from, to, self.shared);
        happened
    }

    /// Whether the first operation of a side is over.
    fn is_over(&self, party: Party) -> bool {
        self.first.done[party.index()].is_some() || self.first.crashed[party.index()]
    }

    /// Begins the second link when its time has come; and lets its exporting user try once more when the first is over.
    fn go_on(&mut self, quiet: &'a Schedule, durations: Durations) {
        let (import, export) = (self.is_over(Party::Import), self.is_over(EXPORT));
        let first = &mut self.first;
        let Some(second) = &mut self.second else {
            let Relink { think, during } = first.schedule.relink.clone().unwrap_or_default();
            let over = if first.schedule.device.is_some() { export } else { import };
            let begun = first.users.started[EXPORT.index()];
            if over || during && begun {
                self.shared = [!first.crashed[0], begun && !first.crashed[EXPORT.index()]];
                self.second = Some(first.another(quiet, durations, think, self.shared[1]));
            }
            return;
        };
        let lives = self.shared[1] && !export;
        if lives && second.users.started[EXPORT.index()] {
            let text = "addDevice was accepted while another operation is live";
            second.break_law(Law::Property(PropertyId::Return), text.into());
        }
        if !lives && std::mem::take(&mut second.users.waits) {
            let at = first.queue.now().max(second.queue.now()) + u64::from(quiet.think.1);
            let dies = second.clock.fires(Party::Import, Timer::Token);
            self.too_late = dies.is_none_or(|dies| dies < at + ENOUGH);
            second.queue.at(at, Event::Begin(EXPORT));
        }
    }

    /// Judges both.
    fn judged(self, configs: [Config; 2], quiet: &Schedule) -> Ran {
        let Self { mut first, second, too_late, .. } = self;
        let again = Law::Property(PropertyId::Again);
        let Some(mut second) = second else {
            first.break_law(again, "the second link never began".into());
            return first.judged(configs);
        };
        // After a broken law the other link is cut short.
        let broken = first.broken.take().or(second.broken.take());
        first.broken.clone_from(&broken);
        second.broken = broken;
        let [import, export] = [Party::Import, EXPORT].map(|party| second.done[party.index()].map(|end| end.outcome));
        let succeeds = [import, export] == [Some(Outcome::SUCCESS); 2];
        second.excused = too_late;
        if quiet.is_honest() && !succeeds && !too_late {
            let text = |outcome: Option<Outcome>| outcome.map_or_else(|| "-".into(), |outcome| outcome.to_string());
            second.break_law(again, format!("the second link ends with ({}, {})", text(import), text(export)));
        }
        let (mut ran, other) = (first.judged(configs), second.judged(configs));
        ran.broken = ran.broken.or(other.broken);
        ran.steps.extend(other.steps);
        ran.steps.sort_by_key(|step| step.t_ms);
        ran.walked.extend(other.walked);
        ran.received.extend(other.received);
        ran.edges.extend(other.edges);
        ran.actions += other.actions;
        ran.time = ran.time.max(other.time);
        if succeeds {
            ran.classes.push(Class::Again);
        }
        ran
    }
}

impl<'a, I: ImportDevice, E: ExportDevice> OneLink<'a, I, E> {
    /// Another link of the same devices, whose import begins in so many milliseconds. `later`: the exporting device knows of an
    /// operation before it.
    fn another(&mut self, quiet: &'a Schedule, durations: Durations, think: u32, later: bool) -> Self {
        self.sealed = true;
        let import = Operation { device: self.import.device.clone(), op: 1 };
        let export = Operation { device: self.links[0].export.device.clone(), op: u8::from(later) };
        let mut second = Session::new(quiet, self.watch, durations, Cast::HH, import, export);
        second.followers.iter_mut().for_each(|follower| follower.forgo(PropertyId::Return));
        second.earlier = 1;
        second.queue.at(self.queue.now() + u64::from(think), Event::Begin(Party::Import));
        second
    }
}
