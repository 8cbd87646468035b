//! Schedules from seeds.

mod compare;
mod mutate;

use handfast::{
    import::Ask,
    limits::Timer,
    outcome::{Profile, Scheme, Side},
};
use handfast_model::config::Cast;

use super::below::Below;
use super::schedule::{
    Act, Archive, At, Class, Click, Device, DiskStep, Errand, Fault, Relink, Rival, Schedule, Story, Visit, What,
};
use crate::{draw, point::Point};

/// Faults of one session, at most.
const MAX_FAULTS: u32 = 3;
/// Visitors of one session, where there are many: enough to guess the code too often.
const MANY_VISITORS: usize = 7;
/// One seed in so many has what is rare, of each kind.
const RARE: u32 = 24;

type Draw = draw::Draw<u32>;

impl Draw {
    /// Returns a number below `count`; 0 if that is 0.
    fn below(&mut self, count: u32) -> u32 {
        self.between(0, count.max(1) - 1)
    }

    /// Returns true once in so many times.
    fn once_in(&mut self, times: u32) -> bool {
        self.below(times) == 0
    }
}

impl Schedule {
    /// The schedule of a seed, with faults of these classes. Each seed has only some of them, and one in eight none: what is rare
    /// where everything happens at once is frequent where little does.
    ///
    /// Rare classes, and comparisons, have draws of their own, so that all others are as they would be without.
    pub fn draw(seed: u64, classes: &[Class]) -> Self {
        let apart = [Class::Below, Class::Compared];
        let others = classes.iter().filter(|class| !apart.contains(class));
        let (rare, usual): (Vec<Class>, Vec<Class>) = others.partition(|class| class.is_rare());
        let mut schedule = Self::draw_usual(seed, &usual);
        if !rare.is_empty() {
            let times = if usual.is_empty() { 1 } else { RARE };
            Draw::independent(seed, 1).rare(&mut schedule, &rare, times);
        }
        if classes.contains(&Class::Below) {
            let mut draw = Draw::independent(seed, 2);
            if classes.len() == 1 {
                let class = draw.one_of(&[Class::Stranger, Class::Intruder]);
                schedule.faults.extend(draw.fault(class));
            }
            draw.below_the_messages(&mut schedule);
        }
        if classes.contains(&Class::Compared) {
            Draw::independent(seed, 4).comparison(&mut schedule);
        }
        schedule
    }

    /// The same of a pair. Where a side is old, there is one link of two honest sides; a caller of the importer may be hostile.
    pub fn draw_for(seed: u64, classes: &[Class], cast: Cast) -> Self {
        // Today's daemon was not seen below the messages.
        let classes: Vec<Class> =
            classes.iter().copied().filter(|&class| class != Class::Below || class.is_of(cast)).collect();
        let mut schedule = Self::draw(seed, &classes);
        if cast.has_legacy() {
            (schedule.device, schedule.rival, schedule.relink, schedule.alone) = (None, None, None, false);
        }
        schedule
    }

    fn draw_usual(seed: u64, classes: &[Class]) -> Self {
        let mut draw = Draw::new(seed);
        let plain = draw.once_in(8);
        let on: Vec<Class> = classes.iter().copied().filter(|_| draw.once_in(2)).collect();
        let mut schedule = draw.users();
        if plain || classes.is_empty() {
            return schedule;
        }
        let on = if on.is_empty() { classes } else { &on };
        if on.contains(&Class::Device) && (on.len() == 1 || draw.once_in(3)) {
            let every = draw.between(1, 400);
            let acts = draw.device_acts();
            schedule.device = Some(Device { every, acts });
        }
        for _ in 0..=draw.below(MAX_FAULTS) {
            let class = draw.one_of(on);
            schedule.faults.extend(draw.fault(class));
        }
        if on.contains(&Class::Stranger) && draw.once_in(64) {
            schedule.faults.extend((0..MANY_VISITORS).filter_map(|_| draw.fault(Class::Stranger)));
        }
        if schedule.faults.iter().any(|fault| fault.what.class() == Class::Intruder) {
            schedule.trusting = draw.once_in(2);
            schedule.alone = schedule.device.is_none() && draw.once_in(3);
        }
        schedule
    }
}

impl Draw {
    /// Every second hostile peer does a few things below the messages, anywhere among what it does.
    fn below_the_messages(&mut self, schedule: &mut Schedule) {
        let visits = schedule.faults.iter_mut().filter_map(|fault| match &mut fault.what {
            What::Visit(visit) => Some(&mut visit.acts),
            _ => None,
        });
        for acts in visits.chain(schedule.device.as_mut().map(|device| &mut device.acts)) {
            if self.once_in(2) {
                continue;
            }
            for _ in 0..=self.below(4) {
                let at = 1 + self.below(acts.len() as u32) as usize;
                let below = if self.once_in(64) { Below::Flood } else { self.one_of(&Below::ALL[..12]) };
                acts.insert(at.min(acts.len()), Act::Below(below));
            }
        }
    }

    /// Each once in so many times: what is rare, where it can be.
    fn rare(&mut self, schedule: &mut Schedule, classes: &[Class], times: u32) {
        if self.below(times) >= classes.len() as u32 {
            return;
        }
        let class = self.one_of(classes);
        match class {
            Class::Rival if schedule.is_pair() => {
                let latency = (self.between(1, 200), self.between(1, 200));
                schedule.rival = Some(Rival { latency, think: self.between(1, 3000) });
            }
            Class::Again => {
                schedule.relink = Some(Relink { think: self.between(1, 3000), during: self.once_in(3) });
            }
            Class::Repeat | Class::Slow => {
                for _ in 0..=self.below(2) {
                    schedule.faults.extend(self.fault(class));
                }
            }
            _ => {}
        }
    }

    /// The people, the sizes, and how long things take.
    fn users(&mut self) -> Schedule {
        let slow = self.once_in(64);
        let pace = if slow { self.between(10_000, 25_000) } else { self.between(1, 50) };
        let bytes = if slow || self.once_in(64) { 33_000 } else { 40 };
        let idle = self.once_in(16).then(|| self.side());
        Schedule {
            profile: self.one_of(&[Profile::Documented, Profile::Jamid]),
            scheme: self.one_of(&[Scheme::Password, Scheme::Password, Scheme::None]),
            archive: (self.between(1, 4) as u16, bytes),
            pace,
            latency: (self.between(1, 200), self.between(1, 200)),
            think: (self.between(1, 3000), self.between(1, 3000)),
            work: std::array::from_fn(|_| self.between(1, 300)),
            cut: if self.once_in(16) { self.one_of(&[1, 2, 7, 30]) } else { 0 },
            wrong: if self.once_in(4) { self.between(1, 3) as u8 } else { 0 },
            idle,
            typo: self.once_in(32),
            ..Schedule::default()
        }
    }

    fn place(&mut self) -> At {
        match self.below(4) {
            0 => At::Byte(self.side(), self.below(400)),
            1 => {
                let all = Point::all().count() as u32;
                let number = self.below(all) as usize;
                Point::all().nth(number).map_or(At::Start, At::Point)
            }
            _ => At::Step(self.side(), 1 + self.below(16) as u16),
        }
    }

    fn fault(&mut self, class: Class) -> Option<Fault> {
        let mut at = self.place();
        let what = match class {
            Class::Break => {
                let keep = |draw: &mut Self| if draw.once_in(2) { u32::MAX } else { draw.below(120) };
                What::Break(keep(self), keep(self))
            }
            Class::Hold => {
                let longest = if self.once_in(2) { 400_000 } else { 5_000 };
                What::Hold(self.side(), self.between(1, longest))
            }
            Class::Directory => {
                at = At::Start;
                match self.below(4) {
                    0 => What::LoseRequest,
                    1 => What::Unreachable,
                    2 => What::Unpublishable,
                    _ => What::Unsecured,
                }
            }
            Class::Disk => {
                at = At::Start;
                let steps = [DiskStep::Open, DiskStep::Send, DiskStep::Stage, DiskStep::Check, DiskStep::Install];
                What::Disk(self.one_of(&steps))
            }
            Class::Crash => What::Crash(self.side(), self.once_in(2)),
            Class::Cancel => What::Cancel(self.side()),
            Class::Click => {
                let clicks = [Click::Begin, Click::Answer, Click::AnswerOtherwise, Click::AddDevice, Click::Confirm];
                What::Click(self.one_of(&clicks))
            }
            Class::Early => {
                let (side, timer) = self.timer();
                What::Early(side, timer)
            }
            Class::Late => {
                let (side, timer) = self.timer();
                What::Late(side, timer, self.between(1, 10_000))
            }
            Class::Stranger | Class::Intruder => {
                let knows = class == Class::Intruder;
                at = if self.once_in(2) { At::Step(Side::Import, 2) } else { at };
                let acts = self.visitor_acts(knows);
                let longest = self.one_of(&[20, 400]);
                What::Visit(Visit { knows, every: self.between(1, longest), acts })
            }
            Class::Repeat if self.once_in(3) => What::RepeatAnswer,
            Class::Repeat => What::Repeat,
            Class::Slow => {
                at = At::Start;
                let longest = if self.once_in(2) { 400_000 } else { 5_000 };
                What::Slow(self.one_of(&[Errand::Request, Errand::Answer]), self.between(1, longest))
            }
            Class::Device | Class::Rival | Class::Again | Class::Below | Class::Compared => return None,
        };
        Some(Fault { at, what })
    }

    /// A timer of a side that has it.
    fn timer(&mut self) -> (Side, Timer) {
        use Timer::{Authenticate, Connect, Linger, Prepare, Result, Stall, Token, Transfer};
        let side = self.side();
        let own = match side {
            Side::Import => [Prepare, Token, Authenticate, Stall, Transfer, Linger],
            Side::Export => [Connect, Authenticate, Stall, Transfer, Result, Linger],
        };
        (side, self.one_of(&own))
    }

    fn babble(&mut self) -> Act {
        Act::Babble(self.one_of(&[Story::Message, Story::Giant, Story::GiantArchive, Story::Frame]))
    }

    fn visitor_acts(&mut self, knows: bool) -> Vec<Act> {
        let mut acts = Vec::new();
        if self.once_in(2) {
            acts.push(Act::Wait(self.between(1, 6000) as u16));
        }
        acts.push(if self.once_in(8) { Act::Fail } else { Act::Secure(!self.once_in(4)) });
        if !knows {
            let other = self.once_in(2);
            let ask = |draw: &mut Self| Act::Ask(if other || draw.once_in(3) { Ask::Other } else { Ask::Wrong });
            for _ in 0..self.below(6) {
                acts.push(ask(self));
            }
            if self.once_in(3) {
                acts.push(self.babble());
            }
            return acts;
        }
        if !self.once_in(8) {
            acts.push(Act::Ask(Ask::Right));
        }
        if self.once_in(2) {
            self.like_an_exporter(&mut acts);
        }
        for _ in 0..self.below(8) {
            acts.push(self.of_an_intruder());
        }
        acts.push(self.one_of(&[Act::End, Act::Drop, Act::Complete]));
        acts
    }

    /// The messages of an exporter, with the users' time to think.
    fn like_an_exporter(&mut self, acts: &mut Vec<Act>) {
        acts.push(Act::Say(self.below(2) as u8));
        for _ in 0..self.below(4) {
            acts.push(Act::Wait(self.between(1000, 4000) as u16));
            // The verdict is that the password is wrong.
            acts.push(Act::Say(2));
        }
        acts.push(Act::Wait(self.between(1000, 4000) as u16));
        acts.push(Act::Begin(self.one_of(&[Archive::Own, Archive::Own, Archive::Honest, Archive::Nonsense])));
        if !self.once_in(4) {
            acts.push(Act::Complete);
        }
    }

    fn of_an_intruder(&mut self) -> Act {
        match self.below(8) {
            0 => Act::Ask(self.one_of(&[Ask::Right, Ask::Wrong, Ask::Other])),
            1 => self.babble(),
            2 => Act::Begin(self.one_of(&[Archive::Own, Archive::Honest, Archive::Nonsense])),
            3 => Act::Complete,
            _ => Act::Say(self.below(11) as u8),
        }
    }

    fn device_acts(&mut self) -> Vec<Act> {
        let mut acts = vec![Act::Secure(!self.once_in(8)), Act::Answer(!self.once_in(8))];
        if !self.once_in(4) {
            acts.push(Act::Say(self.below(2) as u8));
        }
        for _ in 0..self.below(10) {
            let act = match self.below(8) {
                0 => self.babble(),
                1 | 2 => Act::Password(self.once_in(2)),
                3 => Act::Begin(Archive::Own),
                4 => Act::Wait(self.between(1, 3000) as u16),
                _ => Act::Say(self.below(10) as u8),
            };
            acts.push(act);
        }
        acts.push(self.one_of(&[Act::End, Act::Drop, Act::Say(2)]));
        acts
    }
}
