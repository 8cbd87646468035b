//! The iterative search for the nodes nearest to a key, in one family. Decides whom to ask next; sends nothing.

use core::time::Duration;
use std::net::SocketAddr;

use crate::id::InfoHash;
use crate::limits;
use crate::table::network;
use crate::wire::Contact;

/// How far the lookup is with a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Only named by another node.
    New,
    /// Asked at this time, and not answered yet.
    Asked(Duration),
    /// Has answered.
    Live,
    /// Has not answered, or wrongly.
    Dead,
}

/// The operation's progress at a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Work {
    /// Nothing yet.
    #[default]
    None,
    /// A request is under way.
    Sent,
    /// It was acknowledged at this time.
    Done(Duration),
    /// It was refused or ran out.
    Failed,
}

/// A node on the way to the key.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub(crate) contact: Contact,
    state: State,
    token: Option<(Box<[u8]>, Duration)>,
    refusals: u8,
    /// The operation's progress here.
    pub(crate) work: Work,
    /// A put: the node said that it holds this edition of the value.
    pub(crate) holds: bool,
    /// A listen: the number of the subscription, and when it is renewed.
    pub(crate) subscription: Option<(u32, Duration)>,
}

impl Candidate {
    const fn new(contact: Contact) -> Self {
        Self {
            contact,
            state: State::New,
            token: None,
            refusals: 0,
            work: Work::None,
            holds: false,
            subscription: None,
        }
    }

    /// Returns the token, unless it is too old.
    pub(crate) fn token(&self, now: Duration) -> Option<&[u8]> {
        let (token, at) = self.token.as_ref()?;
        (now.saturating_sub(*at) <= limits::TOKEN_AGE).then_some(token)
    }

    pub(crate) fn set_token(&mut self, now: Duration, token: &[u8]) {
        self.token = Some((token.into(), now));
    }

    fn is_slow(&self, now: Duration) -> bool {
        matches!(self.state, State::Asked(at) if now >= at + limits::SLOW)
    }

    pub(crate) fn is_live(&self) -> bool {
        self.state == State::Live
    }

    /// Forgets a refused token; the node is asked for another. After too many it counts as dead.
    pub(crate) fn refuse_token(&mut self) {
        self.token = None;
        self.refusals += 1;
        self.state = if self.refusals >= limits::TOKEN_REFUSALS { State::Dead } else { State::New };
        self.work = Work::None;
    }

    /// Lets the lookup ask the node once more, for a fresh token.
    pub(crate) fn ask_again(&mut self) {
        self.token = None;
        self.state = State::New;
    }

    /// Notes that the node has accepted a token.
    pub(crate) fn accept_token(&mut self) {
        self.refusals = 0;
    }
}

/// The search of one operation in one family.
#[derive(Debug)]
pub(crate) struct Lookup {
    target: InfoHash,
    /// Nearest first.
    candidates: Vec<Candidate>,
    /// Requests that it has sent.
    pub(crate) requests: usize,
}

impl Lookup {
    pub(crate) const fn new(target: InfoHash) -> Self {
        Self { target, candidates: Vec::new(), requests: 0 }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.candidates.is_empty()
    }

    /// Adds a node, unless it is there. The farthest gives way when there are too many.
    pub(crate) fn add(&mut self, contact: Contact) {
        if self.candidates.iter().any(|candidate| candidate.contact.address == contact.address) {
            return;
        }
        self.insert(Candidate::new(contact));
    }

    fn insert(&mut self, candidate: Candidate) {
        let distance = candidate.contact.id.distance(&self.target);
        let at = self.candidates.partition_point(|other| other.contact.id.distance(&self.target) < distance);
        if at < limits::CANDIDATES {
            self.candidates.insert(at, candidate);
            self.candidates.truncate(limits::CANDIDATES);
        }
    }

    pub(crate) fn at(&mut self, address: &SocketAddr) -> Option<&mut Candidate> {
        self.candidates.iter_mut().find(|candidate| candidate.contact.address == *address)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Candidate> {
        self.candidates.iter()
    }

    /// Goes through the nodes that are used: alive as far as known, and not too many from one network. Says of each whether it counts:
    /// of a network that crowds around the key none does, so that others are looked for beyond them.
    fn usable(&self) -> impl Iterator<Item = (&Candidate, bool)> {
        let alive = || self.candidates.iter().filter(|candidate| candidate.state != State::Dead);
        let mut crowds: Vec<([u8; 6], usize)> = Vec::new();
        for network in alive().filter_map(|candidate| network(candidate.contact.address.ip())) {
            match crowds.iter_mut().find(|(known, _)| *known == network) {
                Some((_, count)) => *count += 1,
                None => crowds.push((network, 1)),
            }
        }
        crowds.retain(|(_, count)| *count > limits::CANDIDATES_PER_NETWORK);
        // From here on: how many of each have been passed.
        crowds.iter_mut().for_each(|(_, count)| *count = 0);
        alive().filter_map(move |candidate| {
            let network = network(candidate.contact.address.ip());
            let Some((_, count)) = crowds.iter_mut().find(|(crowd, _)| Some(*crowd) == network) else {
                return Some((candidate, true));
            };
            *count += 1;
            (*count <= limits::CANDIDATES_PER_NETWORK).then_some((candidate, false))
        })
    }

    /// Returns the next node to ask, and notes that it is asked; none when enough are asked, or have answered.
    pub(crate) fn next(&mut self, now: Duration) -> Option<Contact> {
        let asked = |slow: bool| {
            let waits =
                |candidate: &&Candidate| matches!(candidate.state, State::Asked(_)) && candidate.is_slow(now) == slow;
            self.candidates.iter().filter(waits).count()
        };
        let (quick, slow) = (asked(false), asked(true));
        if quick >= limits::PARALLEL || quick + slow >= limits::PARALLEL_SLOW {
            return None;
        }
        let (mut live, mut seen) = (0, 0);
        let mut next = None;
        for (candidate, counts) in self.usable() {
            match candidate.state {
                State::New => {
                    next = Some(candidate.contact.address);
                    break;
                }
                State::Live => live += usize::from(counts),
                _ => {}
            }
            seen += usize::from(counts && !candidate.is_slow(now));
            if live >= limits::REPLICAS || seen >= limits::LOOKUP_WIDTH {
                break;
            }
        }
        let candidate = self.at(&next?)?;
        candidate.state = State::Asked(now);
        let contact = candidate.contact;
        self.requests += 1;
        Some(contact)
    }

    /// Says whether the nodes nearest to the key are known: nothing nearer than the last of them is left to ask or to wait for.
    pub(crate) fn is_synced(&self, now: Duration) -> bool {
        let (mut live, mut any, mut slow) = (0, false, 0);
        for (candidate, counts) in self.usable() {
            match candidate.state {
                State::Live => {
                    any = true;
                    live += usize::from(counts);
                }
                State::Asked(_) if candidate.is_slow(now) => slow += 1,
                _ => return false,
            }
            if live >= limits::REPLICAS {
                return true;
            }
        }
        any || slow == 0
    }

    /// Returns the addresses of the nearest nodes that have answered: so many that count, and crowds among them.
    pub(crate) fn targets(&self, count: usize) -> Vec<SocketAddr> {
        let mut left = count;
        let mut targets = Vec::with_capacity(count);
        for (candidate, counts) in self.usable().filter(|(candidate, _)| candidate.is_live()) {
            if left == 0 || targets.len() >= limits::LOOKUP_WIDTH {
                break;
            }
            left -= usize::from(counts);
            targets.push(candidate.contact.address);
        }
        targets
    }

    /// Says whether `own` belongs to the nodes nearest to the key.
    pub(crate) fn includes(&self, own: &InfoHash) -> bool {
        let live = self.usable().filter(|(candidate, counts)| candidate.is_live() && *counts);
        let last = live.map(|(candidate, _)| candidate.contact.id).nth(limits::REPLICAS - 1);
        last.is_none_or(|last| own.distance(&self.target) < last.distance(&self.target))
    }

    /// Notes an answer. A node may have another id than other nodes said.
    pub(crate) fn answered(&mut self, now: Duration, contact: Contact, token: Option<&[u8]>) {
        let Some(at) = self.candidates.iter().position(|known| known.contact.address == contact.address) else {
            return;
        };
        let mut candidate = if self.candidates[at].contact.id == contact.id {
            self.candidates.remove(at)
        } else {
            self.candidates.remove(at);
            Candidate::new(contact)
        };
        candidate.state = State::Live;
        if let Some(token) = token {
            candidate.set_token(now, token);
        }
        self.insert(candidate);
    }

    /// Notes that a node is gone.
    pub(crate) fn failed(&mut self, address: &SocketAddr) -> bool {
        let Some(candidate) = self.at(address) else { return false };
        candidate.state = State::Dead;
        candidate.subscription = None;
        true
    }

    /// Begins again: all nodes are asked anew, those that did not answer are forgotten.
    pub(crate) fn restart(&mut self) {
        self.candidates.retain(|candidate| candidate.state != State::Dead);
        for candidate in &mut self.candidates {
            candidate.state = State::New;
            candidate.holds = false;
            if candidate.work != Work::Sent && candidate.subscription.is_none() {
                candidate.work = Work::None;
            }
        }
    }

    /// Returns when an asked node becomes a slow one.
    pub(crate) fn next_due(&self, now: Duration) -> Option<Duration> {
        let due = |candidate: &Candidate| match candidate.state {
            State::Asked(at) if !candidate.is_slow(now) => Some(at + limits::SLOW),
            _ => None,
        };
        self.candidates.iter().filter_map(due).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contact(number: u8) -> Contact {
        let mut id = InfoHash::ZERO;
        id.0[0] = number;
        Contact { id, address: ([127, 0, 0, 1], 1000 + u16::from(number)).into() }
    }

    const START: Duration = Duration::from_secs(1);

    #[test]
    fn the_nearest_eight_that_answer_end_it() {
        let mut lookup = Lookup::new(InfoHash::ZERO);
        (1..=20).rev().for_each(|number| lookup.add(contact(number)));
        let mut asked = Vec::new();
        while let Some(next) = lookup.next(START) {
            asked.push(next);
        }
        assert_eq!(asked, (1..=4).map(contact).collect::<Vec<_>>());
        for number in 1..=8 {
            assert!(!lookup.is_synced(START));
            lookup.answered(START, contact(number), Some(b"token"));
            lookup.next(START);
        }
        assert!(lookup.is_synced(START));
        assert_eq!(lookup.next(START), None);
        assert_eq!(lookup.targets(8), (1..=8).map(|number| contact(number).address).collect::<Vec<_>>());
    }

    #[test]
    fn a_silent_node_delays_for_the_slow_time_only() {
        let mut lookup = Lookup::new(InfoHash::ZERO);
        (1..=3).for_each(|number| lookup.add(contact(number)));
        while lookup.next(START).is_some() {}
        lookup.answered(START, contact(2), None);
        lookup.answered(START, contact(3), None);
        assert!(!lookup.is_synced(START));
        assert_eq!(lookup.next_due(START), Some(START + limits::SLOW));
        assert!(lookup.is_synced(START + limits::SLOW));
        // It counts as soon as it answers.
        lookup.answered(START, contact(1), None);
        assert_eq!(lookup.targets(1), [contact(1).address]);
    }

    #[test]
    fn no_live_node_ends_it_and_all_slow_does_not() {
        let mut lookup = Lookup::new(InfoHash::ZERO);
        assert!(lookup.is_synced(START));
        lookup.add(contact(1));
        lookup.next(START);
        assert!(!lookup.is_synced(START + limits::SLOW));
        lookup.failed(&contact(1).address);
        assert!(lookup.is_synced(START));
    }

    #[test]
    fn one_network_does_not_fill_the_neighbourhood() {
        let mut lookup = Lookup::new(InfoHash::ZERO);
        for number in 1..=20 {
            let mut near = contact(number);
            near.address.set_ip([8, 8, 8, number].into());
            lookup.add(near);
        }
        lookup.add(contact(30));
        let asked: Vec<_> = core::iter::from_fn(|| lookup.next(START)).map(|contact| contact.id.0[0]).collect();
        assert_eq!(asked, [1, 2, 30]);
    }

    #[test]
    fn a_wrong_id_is_mended_by_the_answer() {
        let mut lookup = Lookup::new(InfoHash::ZERO);
        let real = contact(200);
        lookup.add(Contact { id: contact(1).id, ..real });
        lookup.add(contact(2));
        while lookup.next(START).is_some() {}
        lookup.answered(START, real, None);
        lookup.answered(START, contact(2), None);
        assert_eq!(lookup.targets(2), [contact(2).address, real.address]);
    }

    #[test]
    fn the_fourth_refused_token_in_a_row_is_the_last() {
        let mut candidate = Candidate::new(contact(1));
        for _ in 0..3 {
            candidate.refuse_token();
            assert_eq!(candidate.state, State::New);
        }
        candidate.refuse_token();
        assert_eq!(candidate.state, State::Dead);
    }
}
