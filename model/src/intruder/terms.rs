//! The terms that can be known, and the rules by which one follows from others.
//!
//! The universe of terms is finite, so that knowledge is a set of bits that is always closed: equal knowledge is equal bits.

use std::{fmt, sync::LazyLock};

/// A holder of a leaf key: a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    /// The honest new device, which shows a token.
    NewDevice,
    /// The honest device that has the account.
    OldDevice,
    /// The intruder's device.
    Intruder,
}

/// A holder of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// The users of the two honest devices.
    Honest,
    /// The intruder.
    Intruder,
}

/// A key pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// Of a device: the end of a channel.
    Leaf(Party),
    /// Of an account.
    Account(Owner),
    /// Of the authority that issued an account's certificate.
    Authority(Owner),
}

/// The secret part of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Payload {
    /// The token's code, in the name of the channel that is asked for.
    Code,
    /// The password.
    Password,
    /// The archive.
    Archive,
}

/// Something that can be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Term {
    /// A private key.
    Private(Key),
    /// A public key.
    Public(Key),
    /// A device's id: the hash of its public leaf key.
    DeviceId(Party),
    /// A certificate of the first key, signed by the second.
    Certificate(Key, Key),
    /// The code of the token that this device shows.
    Code(Party),
    /// The password of the honest account's archive.
    Password,
    /// Another password, which is wrong; the empty one too.
    Guess,
    /// An archive of an account: it has the keys of account and authority.
    Archive(Owner),
    /// The secret of the channel between two devices.
    Channel(Party, Party),
    /// A payload of the channel between the two honest devices, as it is seen on the network.
    Sealed(Payload),
}

use Key::{Account, Authority, Leaf};
use Party::{NewDevice, OldDevice};
use Term::{Certificate, Channel, Code, DeviceId, Private, Public, Sealed};

/// The channel of the two honest devices.
pub const HONEST_CHANNEL: Term = Channel(OldDevice, NewDevice);

const KEYS: [Key; 7] = [
    Leaf(NewDevice),
    Leaf(OldDevice),
    Leaf(Party::Intruder),
    Account(Owner::Honest),
    Account(Owner::Intruder),
    Authority(Owner::Honest),
    Authority(Owner::Intruder),
];

const CHANNELS: [(Party, Party); 3] =
    [(OldDevice, NewDevice), (OldDevice, Party::Intruder), (Party::Intruder, NewDevice)];

const PAYLOADS: [(Payload, Term); 3] = [
    (Payload::Code, Code(NewDevice)),
    (Payload::Password, Term::Password),
    (Payload::Archive, Term::Archive(Owner::Honest)),
];

/// A conclusion, and the terms that it is made of: each of them is needed.
#[derive(Clone, Debug)]
struct Rule {
    from: Vec<Term>,
    gives: Term,
}

/// Every term, in the order of its bit, and every rule.
static UNIVERSE: LazyLock<(Vec<Term>, Vec<Rule>)> = LazyLock::new(|| {
    let mut rules = Vec::new();
    let mut rule = |from: &[Term], gives| rules.push(Rule { from: from.to_vec(), gives });
    for key in KEYS {
        rule(&[Private(key)], Public(key));
    }
    for party in [NewDevice, OldDevice, Party::Intruder] {
        rule(&[Public(Leaf(party))], DeviceId(party));
        for owner in [Owner::Honest, Owner::Intruder] {
            let certificate = Certificate(Leaf(party), Account(owner));
            rule(&[Private(Account(owner)), Public(Leaf(party))], certificate);
            rule(&[certificate], Public(Leaf(party)));
        }
    }
    for owner in [Owner::Honest, Owner::Intruder] {
        let certificate = Certificate(Account(owner), Authority(owner));
        rule(&[Private(Authority(owner)), Public(Account(owner))], certificate);
        rule(&[certificate], Public(Account(owner)));
        // An archive is its keys, and can be made of them.
        rule(&[Term::Archive(owner)], Private(Account(owner)));
        rule(&[Term::Archive(owner)], Private(Authority(owner)));
        rule(&[Private(Account(owner)), Private(Authority(owner))], Term::Archive(owner));
    }
    for (one, other) in CHANNELS {
        rule(&[Private(Leaf(one))], Channel(one, other));
        rule(&[Private(Leaf(other))], Channel(one, other));
    }
    for (payload, term) in PAYLOADS {
        rule(&[HONEST_CHANNEL, Sealed(payload)], term);
        rule(&[HONEST_CHANNEL, term], Sealed(payload));
    }
    let parts = rules.iter().flat_map(|rule| rule.from.iter().copied().chain([rule.gives]));
    let mut terms: Vec<_> = parts.chain([Code(Party::Intruder), Term::Guess]).collect();
    terms.sort_unstable();
    terms.dedup();
    assert!(terms.len() <= 64, "a bit for each term");
    (terms, rules)
});

/// A closed set of terms: everything that follows from those that were learned.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Knowledge(u64);

fn bit(term: Term) -> u64 {
    let at = UNIVERSE.0.binary_search(&term);
    at.map_or(0, |at| 1 << at)
}

impl Knowledge {
    /// Returns all that follows from these terms.
    pub fn of(terms: &[Term]) -> Self {
        Self(terms.iter().fold(0, |bits, &term| bits | bit(term))).closed()
    }

    /// Whether the term can be made of what is known.
    pub fn has(self, term: Term) -> bool {
        self.0 & bit(term) != 0
    }

    /// Returns what is known after `term` is learned.
    pub fn and(self, term: Term) -> Self {
        if self.has(term) { self } else { Self(self.0 | bit(term)).closed() }
    }

    /// Goes through the known terms, in order.
    pub fn iter(self) -> impl Iterator<Item = Term> {
        UNIVERSE.0.iter().copied().filter(move |&term| self.has(term))
    }

    /// Returns the terms of a rule that gives `term` here, as far as they are known: why it is known, if it was not learned itself.
    pub fn because(self, term: Term) -> Option<&'static [Term]> {
        let gives = |rule: &&Rule| rule.gives == term && rule.from.iter().all(|&part| self.has(part));
        UNIVERSE.1.iter().find(gives).map(|rule| &*rule.from)
    }

    fn closed(mut self) -> Self {
        loop {
            let follows = |rule: &&Rule| rule.from.iter().all(|&term| self.has(term));
            let more = UNIVERSE.1.iter().filter(follows).fold(self.0, |bits, rule| bits | bit(rule.gives));
            if more == self.0 {
                return self;
            }
            self.0 = more;
        }
    }
}

impl fmt::Debug for Knowledge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The slow way: the terms of a list, and all that its rules give, until nothing is new.
    fn closure(mut terms: Vec<Term>) -> Vec<Term> {
        loop {
            let before = terms.len();
            for rule in &UNIVERSE.1 {
                if rule.from.iter().all(|term| terms.contains(term)) && !terms.contains(&rule.gives) {
                    terms.push(rule.gives);
                }
            }
            if terms.len() == before {
                terms.sort_unstable();
                return terms;
            }
        }
    }

    proptest! {
        /// Knowledge does not depend on the order in which it is learned, never shrinks, and is closed.
        #[test]
        fn knowledge_is_canonical(learned in proptest::collection::vec(0..UNIVERSE.0.len(), 0..6)) {
            let terms: Vec<_> = learned.iter().map(|&at| UNIVERSE.0[at]).collect();
            let all = Knowledge::of(&terms);
            let one_by_one = terms.iter().rev().fold(Knowledge::default(), |known, &term| known.and(term));
            prop_assert_eq!(all, one_by_one);
            let mut slow = terms.clone();
            slow.sort_unstable();
            slow.dedup();
            prop_assert_eq!(all.iter().collect::<Vec<_>>(), closure(slow));
        }
    }

    #[test]
    fn a_sealed_payload_is_opened_by_the_secret_of_its_channel_alone() {
        let seen = Knowledge::of(&[Sealed(Payload::Password), Private(Leaf(Party::Intruder))]);
        assert!(!seen.has(Term::Password));
        assert!(seen.has(Channel(OldDevice, Party::Intruder)));
        for key in [Leaf(NewDevice), Leaf(OldDevice)] {
            assert!(seen.and(Private(key)).has(Term::Password), "{key:?}");
        }
    }

    #[test]
    fn an_archive_makes_a_chain_that_verifies() {
        let own = Knowledge::of(&[Private(Leaf(Party::Intruder))]);
        let chain = Certificate(Leaf(Party::Intruder), Account(Owner::Honest));
        assert!(!own.has(chain));
        let stolen = own.and(Term::Archive(Owner::Honest));
        assert!(stolen.has(chain));
        let parts = stolen.because(chain).unwrap();
        assert_eq!(parts, [Private(Account(Owner::Honest)), Public(Leaf(Party::Intruder))]);
        assert_eq!(stolen.because(Term::Password), None);
    }

    /// A hash and a signature give away nothing of the key that made them.
    #[test]
    fn what_is_public_does_not_give_what_is_private() {
        let public: Vec<_> = KEYS.iter().map(|&key| Public(key)).collect();
        let known = Knowledge::of(&public);
        assert!(known.has(DeviceId(NewDevice)));
        assert!(KEYS.iter().all(|&key| !known.has(Private(key))));
        assert!(known.iter().all(|term| !matches!(term, Channel(..) | Certificate(..) | Code(_))));
    }
}
