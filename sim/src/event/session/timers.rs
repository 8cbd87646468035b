//! Timers in virtual time, and the law of them: which ones run in which row of the tables, and for how long (R-TIME).

use handfast::{
    export, import,
    limits::{Timer, Timers},
};
use handfast_model::{
    action::Action,
    side::{ExportSide, ImportSide},
};

use crate::event::{
    session::Session,
    state::{
        event::{Event, Party},
        law::Law,
        model_step::ModelStep,
    },
};

/// Milliseconds until the next look at the rest of an attempt to connect. Held messages arrive minutes later: to look
/// in each millisecond would take more events than a session has.
const LOOK_AGAIN: u32 = 50;

/// How long each timer runs, in milliseconds, as R-TIME-1 to R-TIME-4, R-TIME-6 and R-EXT-2 say it, when it is started for the
/// `count`-th time. Written down here once more, so that a duration that is wrong is seen.
fn specified(timer: Timer, length: u64, count: u32) -> u64 {
    match timer {
        Timer::Prepare | Timer::Connect => 60_000,
        Timer::Token | Timer::Authenticate => 300_000,
        Timer::Stall => 30_000,
        Timer::Result => 180_000,
        Timer::Transfer => 900_000 + 1000 * length.div_ceil(64 * 1024),
        Timer::Linger => 5_000,
        Timer::Retry => [250, 500, 1_000, 2_000].get(count as usize - 1).copied().unwrap_or(4_000),
    }
}

/// Which timers run in a row of the import's table. None: there is no such row.
fn due_in_import(place: &str) -> Option<&'static [Timer]> {
    Some(match place {
        "idle" | "installing" | "done" => &[],
        "preparing" => &[Timer::Prepare],
        "waiting" | "waiting, somebody came" => &[Timer::Token],
        "greeted" | "awaiting the commitment" | "nonce revealed" | "comparing" | "prompting" | "answered" => {
            &[Timer::Authenticate]
        }
        "receiving" => &[Timer::Stall, Timer::Transfer],
        "checking" => &[Timer::Transfer],
        "done, linked" => &[Timer::Linger],
        _ => return None,
    })
}

/// Which timers run in a row of the export's table.
fn due_in_export(place: &str) -> Option<&'static [Timer]> {
    Some(match place {
        "idle" | "done" => &[],
        "connecting" | "requested" => &[Timer::Connect],
        "between attempts" => &[Timer::Connect, Timer::Retry],
        "authenticating, no hello"
        | "authenticating, greeted"
        | "authenticating, confirmed"
        | "committed"
        | "comparing"
        | "trying" => &[Timer::Authenticate],
        "sending" => &[Timer::Stall, Timer::Transfer],
        "sent" => &[Timer::Result],
        "done, requested" | "done, linked" => &[Timer::Linger],
        _ => return None,
    })
}

impl<I: ImportSide, E: ExportSide> Session<'_, I, E> {
    pub(crate) fn arm(&mut self, party: Party, timer: Timer) {
        let now = self.queue.now();
        let started = &mut self.clock.started[party.index()][timer as usize];
        started.generation += 1;
        started.count += 1;
        (started.runs, started.since, started.late) = (true, now, started.next_late);
        let generation = started.generation;
        let at = self.clock.fires(party, timer).unwrap_or(now);
        self.queue.at(at, Event::Fire(party, timer, generation));
    }

    /// A timer runs out. `generation`: it was started so; none if it is early.
    pub(crate) fn fire(&mut self, party: Party, timer: Timer, generation: Option<u32>) {
        let started = self.clock.started[party.index()][timer as usize];
        if !started.runs || generation.is_some_and(|generation| generation != started.generation) {
            return;
        }
        // The model has one connection of an exporter at a time: the next attempt waits until nothing is left of the one before.
        if let (Timer::Retry, Party::Export(link)) = (timer, party)
            && self.schedule.device.is_none()
            && !self.links[link].is_free()
        {
            if let Some(generation) = generation {
                self.queue.after(LOOK_AGAIN, Event::Fire(party, timer, generation));
            }
            return;
        }
        let ran = self.queue.now() - started.since;
        let expected = specified(timer, self.clock.length, started.count) + u64::from(started.late);
        let late = timer == Timer::Retry && ran > expected;
        if generation.is_some() && ran != expected && !late {
            self.break_law(Law::Time, format!("{party}: {timer:?} ran for {ran} ms, not {expected}"));
        }
        self.clock.stop(party, timer);
        // Messages on their way were given all the time that a link has (R-PAIR-1).
        if timer == Timer::Linger {
            let waited = |link: usize| party == Party::Import || party == Party::Export(link);
            for (_, own) in self.links.iter_mut().enumerate().filter(|(link, _)| waited(*link)) {
                own.failed |= own.carries();
            }
        }
        let action = Action::Fire(party.side(), timer);
        let _ = match party {
            Party::Import => self.take_import(Some(ModelStep::Import(action)), import::Input::Fired(timer)),
            Party::Export(link) => self.take_export(link, Some(action), export::Input::Fired(timer)),
        };
    }

    /// Whether exactly the timers run that have to.
    pub(crate) fn look_at_timers(&mut self, party: Party) {
        // An old one has timers of its own.
        if self.is_legacy(party.side()) {
            return;
        }
        let (place, armed, due) = match party {
            Party::Import => (self.import.place(), self.import.armed(), due_in_import(self.import.place())),
            Party::Export(link) => {
                let export = &self.links[link].export;
                (export.place(), export.armed(), due_in_export(export.place()))
            }
        };
        let Some(due) = due else {
            return self.break_law(Law::Time, format!("{party}: nothing is said of the timers in {place:?}"));
        };
        let mut expected = Timers::default();
        due.iter().for_each(|&timer| expected.insert(timer));
        if armed != expected {
            let text = |timers: Timers| format!("{:?}", timers.iter().collect::<Vec<_>>());
            let text = format!("{party}, {place}: {} run, not {}", text(armed), text(expected));
            self.break_law(Law::Time, text);
        }
    }
}
