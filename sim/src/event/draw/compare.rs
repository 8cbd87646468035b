//! Comparisons in schedules: the sides that name the feature, the answers of users, and hostile peers that take part.

use handfast::import::Ask;

use super::{Draw, Schedule};
use crate::event::{
    compare::{Compare, WORDS, word},
    schedule::{Act, Archive, Click, Fault, What},
};

/// One peer in so many takes no part.
const ELSE: u32 = 4;

impl Draw {
    /// Lets a side compare, or both, and has the hostile peers of the schedule take part.
    pub(super) fn comparison(&mut self, schedule: &mut Schedule) {
        let alone = self.once_in(4).then(|| self.side());
        let differs = self.once_in(4).then(|| self.side());
        schedule.sas = Some(Compare { alone, differs });
        for Fault { what, .. } in &mut schedule.faults {
            if let What::Visit(visit) = what
                && visit.knows
                && !self.once_in(ELSE)
            {
                visit.acts = self.comparing_exporter();
            }
        }
        if let Some(device) = &mut schedule.device
            && !self.once_in(ELSE)
        {
            device.acts = self.comparing_importer();
        }
        if self.once_in(8) {
            let click = self.one_of(&[Click::CompareAccount, Click::CompareDevice]);
            schedule.faults.push(Fault { at: self.place(), what: What::Click(click) });
        }
    }

    /// The acts of an intruder that compares as an exporter does, and then a few others among them.
    fn comparing_exporter(&mut self) -> Vec<Act> {
        let opening = if self.once_in(8) { word::WRONG_OPENING } else { word::OPENING };
        let scheme = self.one_of(&word::SCHEMES);
        let mut acts = vec![Act::Secure(!self.once_in(8)), Act::Ask(Ask::Right)];
        acts.extend([scheme, word::COMMITMENT, opening].map(Act::Compare));
        acts.push(self.while_users_think());
        if self.once_in(4) {
            acts.push(Act::Compare(word::MISMATCH));
        }
        acts.push(self.while_users_think());
        acts.push(Act::Begin(self.one_of(&[Archive::Own, Archive::Own, Archive::Honest, Archive::Nonsense])));
        acts.push(Act::Complete);
        self.spoil(&mut acts);
        acts.push(self.one_of(&[Act::End, Act::Drop]));
        acts
    }

    /// The same of a hostile device in place of the importer.
    fn comparing_importer(&mut self) -> Vec<Act> {
        let mut acts = vec![Act::Secure(!self.once_in(8)), Act::Answer(true), Act::Compare(word::HELLO)];
        if self.once_in(4) {
            acts.push(Act::Password(true));
        }
        acts.push(Act::Compare(word::NONCE));
        if self.once_in(4) {
            acts.push(Act::Compare(word::MISMATCH));
        }
        acts.push(if self.once_in(2) { Act::Password(!self.once_in(4)) } else { self.while_users_think() });
        acts.push(Act::Password(true));
        acts.push(self.while_users_think());
        self.spoil(&mut acts);
        acts.push(self.one_of(&[Act::End, Act::Drop, Act::Say(2)]));
        acts
    }

    fn while_users_think(&mut self) -> Act {
        Act::Wait(self.between(500, 4000) as u16)
    }

    /// Leaves acts out, exchanges them, or puts words of a comparison among them.
    fn spoil(&mut self, acts: &mut Vec<Act>) {
        for _ in 0..self.below(3) {
            let at = 2 + self.below(acts.len() as u32 - 2) as usize;
            match self.below(3) {
                0 if acts.len() > 3 => {
                    acts.remove(at);
                }
                1 => acts.swap(at - 1, at),
                _ => acts.insert(at, Act::Compare(self.below(u32::from(WORDS)) as u8)),
            }
        }
    }
}
