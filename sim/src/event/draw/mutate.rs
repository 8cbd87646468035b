//! Schedules from other schedules.
//!
//! Each part of a mutated schedule is drawn as [`Schedule::draw`] draws it, or is another schedule's, so that every mutated schedule is
//! one of those that the laws are written for. There may be more faults in it, and more actions of a peer.

use handfast_model::config::Cast;

use super::{Draw, Schedule};
use crate::event::{
    below::Below,
    schedule::{Act, At, Class, Device, Fault, Relink, Rival, What},
};

/// Changes of one mutation, at most.
const CHANGES: u32 = 4;
/// Faults of one schedule, at most.
const FAULTS: usize = 10;
/// Actions of one peer, at most.
const ACTS: usize = 32;
/// The number of a step, and of a byte, up to which faults are drawn.
const PLACES: (u16, u32) = (16, 400);

impl Draw {
    /// Returns the seed of a schedule.
    pub(crate) fn seed(&mut self) -> u64 {
        let [upper, lower] = [(); 2].map(|()| u64::from(self.between(0, u32::MAX)));
        upper << 32 | lower
    }

    /// Changes a schedule in one to four places. `other` may lend faults and a peer's actions.
    pub(crate) fn mutate(&mut self, schedule: &mut Schedule, other: &Schedule, classes: &[Class], cast: Cast) {
        for _ in 0..=self.below(CHANGES - 1) {
            match self.below(10) {
                0 | 1 => self.change_user(schedule),
                2 => {
                    let class = self.one_of(classes);
                    schedule.faults.extend(self.fault(class));
                }
                3 => {
                    let number = self.below(schedule.faults.len() as u32) as usize;
                    schedule.faults.extend_from_slice(other.faults.get(number..=number).unwrap_or_default());
                }
                4 if !schedule.faults.is_empty() => {
                    let number = self.below(schedule.faults.len() as u32) as usize;
                    schedule.faults.remove(number);
                }
                5 | 6 => self.move_fault(schedule),
                7 | 8 => self.change_acts(schedule, other, classes.contains(&Class::Below) && !cast.has_legacy()),
                _ => self.change_cast(schedule, classes, cast),
            }
        }
        repair(schedule);
    }

    /// Takes one thing from the people, the sizes and the times of a fresh schedule.
    fn change_user(&mut self, schedule: &mut Schedule) {
        let fresh = self.users();
        match self.below(9) {
            0 => (schedule.archive, schedule.pace) = (fresh.archive, fresh.pace),
            1 => schedule.latency = fresh.latency,
            2 => schedule.think = fresh.think,
            3 => schedule.work = fresh.work,
            4 => schedule.cut = fresh.cut,
            5 => schedule.wrong = self.below(4) as u8,
            6 => schedule.idle = if schedule.idle.is_none() { Some(self.side()) } else { None },
            7 => schedule.scheme = fresh.scheme,
            _ => (schedule.profile, schedule.typo) = (fresh.profile, fresh.typo),
        }
    }

    /// Moves a fault to a place nearby, or to any place. One that begins before anything happens stays.
    fn move_fault(&mut self, schedule: &mut Schedule) {
        let count = schedule.faults.len() as u32;
        let number = self.below(count) as usize;
        let Some(fault) = schedule.faults.get_mut(number).filter(|fault| fault.at != At::Start) else { return };
        fault.at = match fault.at {
            At::Step(side, step) if self.once_in(2) => {
                let next = if self.once_in(2) { step + 1 } else { step.saturating_sub(1) };
                At::Step(side, next.clamp(1, PLACES.0))
            }
            At::Byte(side, byte) if self.once_in(2) => {
                let next = if self.once_in(2) { byte + 1 } else { byte.saturating_sub(1) };
                At::Byte(side, next.min(PLACES.1))
            }
            _ => self.place(),
        };
    }

    /// Changes the actions of a visitor or of a hostile device.
    fn change_acts(&mut self, schedule: &mut Schedule, other: &Schedule, below: bool) {
        let lent = peers(other).into_iter().map(|(_, acts)| acts.clone()).collect::<Vec<_>>();
        let mut peers: Vec<(bool, &mut Vec<Act>)> = Vec::new();
        for Fault { what, .. } in &mut schedule.faults {
            if let What::Visit(visit) = what {
                peers.push((visit.knows, &mut visit.acts));
            }
        }
        let visitors = peers.len();
        peers.extend(schedule.device.as_mut().map(|device| (true, &mut device.acts)));
        let number = self.below(peers.len() as u32) as usize;
        let Some((knows, acts)) = peers.into_iter().nth(number) else { return };
        let at = self.below(acts.len() as u32 + 1) as usize;
        match self.below(6) {
            0 if at < acts.len() => {
                acts.remove(at);
            }
            1 if at + 1 < acts.len() => acts.swap(at, at + 1),
            2 if at < acts.len() => acts.insert(at, acts[at]),
            3 if below => {
                let below = self.one_of(&Below::ALL[..12]);
                acts.insert(at.max(1).min(acts.len()), Act::Below(below));
            }
            4 if !lent.is_empty() && knows => {
                let from = &lent[self.below(lent.len() as u32) as usize];
                let from = &from[self.below(from.len() as u32 + 1) as usize..];
                acts.truncate(at);
                acts.extend_from_slice(from);
            }
            _ => {
                let fresh = if number < visitors { self.visitor_acts(knows) } else { self.device_acts() };
                let from = self.below(fresh.len() as u32) as usize;
                acts.insert(at, fresh[from]);
            }
        }
        acts.truncate(ACTS);
    }

    /// Changes the peers, and whether there is a link after this one.
    fn change_cast(&mut self, schedule: &mut Schedule, classes: &[Class], cast: Cast) {
        let has = |class| classes.contains(&class) && !cast.has_legacy();
        match self.below(6) {
            0 if has(Class::Device) => {
                let every = self.between(1, 400);
                let acts = self.device_acts();
                schedule.device = if schedule.device.is_none() { Some(Device { every, acts }) } else { None };
            }
            1 if has(Class::Rival) => {
                let latency = (self.between(1, 200), self.between(1, 200));
                let think = self.between(1, 3000);
                schedule.rival = if schedule.rival.is_none() { Some(Rival { latency, think }) } else { None };
            }
            2 if has(Class::Again) => {
                let relink = Relink { think: self.between(1, 3000), during: self.once_in(3) };
                schedule.relink = if schedule.relink.is_none() { Some(relink) } else { None };
            }
            3 if !cast.has_legacy() => schedule.alone = !schedule.alone,
            4 => schedule.trusting = !schedule.trusting,
            _ => {
                let class = self.one_of(classes);
                schedule.faults.extend(self.fault(class));
            }
        }
    }
}

/// Returns the peers whose actions are in a schedule, and whether each knows the token.
fn peers(schedule: &Schedule) -> Vec<(bool, &Vec<Act>)> {
    let visits = schedule.faults.iter().filter_map(|fault| match &fault.what {
        What::Visit(visit) if visit.knows => Some((true, &visit.acts)),
        _ => None,
    });
    visits.chain(schedule.device.iter().map(|device| (true, &device.acts))).collect()
}

/// Takes back what the draw never combines.
fn repair(schedule: &mut Schedule) {
    schedule.faults.truncate(FAULTS);
    let intruded = schedule.faults.iter().any(|fault| fault.what.class() == Class::Intruder);
    schedule.alone &= intruded && schedule.device.is_none();
    schedule.trusting &= intruded;
    // A second link is of the same two devices.
    if !schedule.is_pair() || schedule.relink.is_some() {
        schedule.rival = None;
    }
}
