//! The timers of a session, in virtual time.

use handfast::limits::{Durations, Timer};

use crate::event::{schedule::Schedule, state::event::Party};

/// The timers that were started.
#[derive(Debug)]
pub(crate) struct Clock {
    pub(crate) durations: Durations,
    /// Bytes of the archive that is transferred.
    pub(crate) length: u64,
    pub(crate) started: [[Started; Timer::ALL.len()]; Party::COUNT],
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Started {
    pub(crate) generation: u32,
    /// How often it was started.
    pub(crate) count: u32,
    pub(crate) runs: bool,
    pub(crate) since: u64,
    /// How late it fires, and how late it will once it is started again.
    pub(crate) late: u32,
    pub(crate) next_late: u32,
}

impl Clock {
    pub(crate) fn new(durations: Durations, schedule: &Schedule) -> Self {
        let (frames, bytes) = schedule.archive;
        let length = u64::from(frames) * u64::from(bytes);
        Self { durations, length, started: Default::default() }
    }

    /// From now on this timer fires late where it is started.
    pub(crate) fn delay(&mut self, party: Party, timer: Timer, ms: u32) {
        self.started[party.index()][timer as usize].next_late = ms;
    }

    pub(crate) fn stop(&mut self, party: Party, timer: Timer) {
        let started = &mut self.started[party.index()][timer as usize];
        started.runs = false;
        started.generation += 1;
    }

    pub(crate) fn stop_all(&mut self, party: Party) {
        Timer::ALL.into_iter().for_each(|timer| self.stop(party, timer));
    }

    /// When a timer fires, if it runs.
    pub(crate) fn fires(&self, party: Party, timer: Timer) -> Option<u64> {
        let started = self.started[party.index()][timer as usize];
        let runs = match timer {
            Timer::Retry => self.durations.pause(started.count),
            _ => self.durations.of(timer, self.length),
        };
        let runs = u64::try_from(runs.as_millis()).unwrap_or(u64::MAX);
        started.runs.then(|| started.since + runs + u64::from(started.late))
    }

    /// The timers that run.
    pub(crate) fn running(&self, party: Party) -> impl Iterator<Item = Timer> {
        Timer::ALL.into_iter().filter(move |&timer| self.started[party.index()][timer as usize].runs)
    }
}
