//! The nodes that a node knows, in buckets by how many bits of their id they share with its own.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use crate::id::{Distance, InfoHash};
use crate::limits;
use crate::random::Random;
use crate::wire::Contact;

/// A node in the table.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) contact: Contact,
    /// When anything came from it last.
    last_seen: Duration,
    /// When it answered last.
    answered: Option<Duration>,
    /// It has let a request run out since.
    expired: bool,
}

impl Entry {
    fn is_good(&self, now: Duration) -> bool {
        !self.expired
            && self.answered.is_some_and(|at| now.saturating_sub(at) <= limits::GOOD_ANSWERED)
            && now.saturating_sub(self.last_seen) <= limits::GOOD_SEEN
    }
}

/// The outcome of noting a message of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Noted {
    /// It was there.
    Known,
    /// It is there now.
    Added,
    /// There is no room.
    Refused,
}

/// The routing table of one family.
#[derive(Debug)]
pub(crate) struct Table {
    own: InfoHash,
    buckets: BTreeMap<u8, Vec<Entry>>,
    /// Where each address is.
    places: BTreeMap<SocketAddr, InfoHash>,
}

/// Returns what two addresses of one owner probably share; none in networks where that says nothing.
pub(crate) fn network(ip: IpAddr) -> Option<[u8; 6]> {
    match ip {
        IpAddr::V4(ip) if ip.is_loopback() || ip.is_private() || ip.is_link_local() => None,
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            Some([a, b, c, 0, 0, 0])
        }
        IpAddr::V6(ip) if ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local() => None,
        IpAddr::V6(ip) => {
            let [a, b, c, d, e, f, ..] = ip.octets();
            Some([a, b, c, d, e, f])
        }
    }
}

impl Table {
    pub(crate) const fn new(own: InfoHash) -> Self {
        Self { own, buckets: BTreeMap::new(), places: BTreeMap::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    fn bucket_of(&self, id: &InfoHash) -> u8 {
        self.own.common_bits(id) as u8
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.buckets.values().flatten()
    }

    fn entry(&mut self, address: &SocketAddr) -> Option<&mut Entry> {
        let bucket = self.bucket_of(self.places.get(address)?);
        self.buckets.get_mut(&bucket)?.iter_mut().find(|entry| entry.contact.address == *address)
    }

    fn remove(&mut self, address: &SocketAddr) {
        if let Some(id) = self.places.remove(address) {
            let bucket = self.bucket_of(&id);
            if let Some(entries) = self.buckets.get_mut(&bucket) {
                entries.retain(|entry| entry.contact.address != *address);
                if entries.is_empty() {
                    self.buckets.remove(&bucket);
                }
            }
        }
    }

    /// Notes that something came from a node: an answer, or a question of its own.
    pub(crate) fn note(&mut self, now: Duration, contact: Contact, answered: bool) -> Noted {
        if contact.id == self.own || contact.id.is_zero() {
            return Noted::Refused;
        }
        if let Some(id) = self.places.get(&contact.address).copied() {
            if id == contact.id {
                if let Some(entry) = self.entry(&contact.address) {
                    entry.last_seen = now;
                    if answered {
                        entry.answered = Some(now);
                        entry.expired = false;
                    }
                }
                return Noted::Known;
            }
            // Another id at this address: the node was started anew. A question alone does not show that.
            if !answered {
                return Noted::Refused;
            }
            self.remove(&contact.address);
        }
        self.add(now, contact, answered)
    }

    fn add(&mut self, now: Duration, contact: Contact, answered: bool) -> Noted {
        let bucket = self.bucket_of(&contact.id);
        let entries = self.buckets.entry(bucket).or_default();
        // One id has one place. A node that is good there keeps it.
        if let Some(same) = entries.iter().position(|entry| entry.contact.id == contact.id) {
            if entries[same].is_good(now) || !answered {
                return Noted::Refused;
            }
            self.places.remove(&entries.remove(same).contact.address);
        }
        if let Some(network) = network(contact.address.ip()) {
            let same = entries.iter().filter(|entry| self::network(entry.contact.address.ip()) == Some(network));
            if same.count() >= limits::BUCKET_PER_NETWORK {
                return Noted::Refused;
            }
        }
        if entries.len() >= limits::BUCKET {
            // A good node is never put out; one that is not makes room for a better one only.
            let worse = entries.iter().position(|entry| entry.expired || answered && !entry.is_good(now));
            let Some(worse) = worse else { return Noted::Refused };
            self.places.remove(&entries.remove(worse).contact.address);
        }
        entries.push(Entry { contact, last_seen: now, answered: answered.then_some(now), expired: false });
        self.places.insert(contact.address, contact.id);
        Noted::Added
    }

    /// Says whether a node of which others speak would find room.
    pub(crate) fn has_room(&self, contact: &Contact) -> bool {
        if contact.id == self.own || contact.id.is_zero() || self.places.contains_key(&contact.address) {
            return false;
        }
        let Some(entries) = self.buckets.get(&self.bucket_of(&contact.id)) else { return true };
        !entries.iter().any(|entry| entry.contact.id == contact.id)
            && (entries.len() < limits::BUCKET || entries.iter().any(|entry| entry.expired))
    }

    /// Notes that a node let a request run out.
    pub(crate) fn expire(&mut self, address: &SocketAddr) {
        if let Some(entry) = self.entry(address) {
            entry.expired = true;
        }
    }

    /// Forgets a node whose answers are wrong.
    pub(crate) fn forget(&mut self, address: &SocketAddr) {
        self.remove(address);
    }

    /// Says whether any node is good.
    pub(crate) fn is_connected(&self, now: Duration) -> bool {
        self.entries().any(|entry| entry.is_good(now))
    }

    /// Returns how many nodes are good.
    pub(crate) fn good(&self, now: Duration) -> usize {
        self.entries().filter(|entry| entry.is_good(now)).count()
    }

    /// Returns the good nodes nearest to `target`, nearest first.
    pub(crate) fn nearest_good(&self, now: Duration, target: &InfoHash, count: usize) -> Vec<Contact> {
        self.nearest(target, count, |entry| entry.is_good(now))
    }

    /// Returns the nodes nearest to `target` from which a lookup starts, nearest first: those that have answered and are not known to be
    /// gone. Only where none has are others taken: anyone can ask from an address at which no node answers, and a lookup would wait for it.
    pub(crate) fn nearest_usable(&self, target: &InfoHash, count: usize) -> Vec<Contact> {
        let answered = self.nearest(target, count, |entry| !entry.expired && entry.answered.is_some());
        if answered.is_empty() { self.nearest(target, count, |entry| !entry.expired) } else { answered }
    }

    /// Says whether a node with this id is in the table, and not known to be gone.
    #[cfg(feature = "testing")]
    pub(crate) fn has(&self, id: &InfoHash) -> bool {
        self.entries().any(|entry| entry.contact.id == *id && !entry.expired)
    }

    fn nearest(&self, target: &InfoHash, count: usize, wanted: impl Fn(&Entry) -> bool) -> Vec<Contact> {
        let mut found: Vec<(Distance, Contact)> = Vec::with_capacity(count + 1);
        for entry in self.entries() {
            let distance = entry.contact.id.distance(target);
            if found.len() == count && found.last().is_some_and(|(last, _)| *last < distance) || !wanted(entry) {
                continue;
            }
            let at = found.partition_point(|(other, _)| *other < distance);
            found.insert(at, (distance, entry.contact));
            found.truncate(count);
        }
        found.into_iter().map(|(_, contact)| contact).collect()
    }

    /// Returns nodes that have been silent for long, or never answered, longest silent first.
    pub(crate) fn stale(&self, now: Duration) -> Vec<Contact> {
        let stale = |entry: &&Entry| {
            !entry.expired && (entry.answered.is_none() || now.saturating_sub(entry.last_seen) > limits::STALE)
        };
        let silent: BTreeSet<_> = self.entries().filter(stale).map(|entry| (entry.last_seen, entry.contact)).collect();
        silent.into_iter().take(limits::STALE_PINGS).map(|(_, contact)| contact).collect()
    }

    /// Returns an id in the part of the space that the table should learn more of: in a bucket that is not full, or any.
    pub(crate) fn poorest(&self, now: Duration, random: &mut Random) -> InfoHash {
        let deepest = self.buckets.keys().next_back().copied().unwrap_or(0);
        let good = |bucket: &u8| {
            self.buckets.get(bucket).map_or(0, |entries| entries.iter().filter(|entry| entry.is_good(now)).count())
        };
        let poor: Vec<u8> = (0..=deepest).filter(|bucket| good(bucket) < limits::BUCKET).collect();
        let bucket = match poor.get(random.below(poor.len())) {
            Some(bucket) => *bucket,
            None => random.below(usize::from(deepest) + 1) as u8,
        };
        self.own.sibling(usize::from(bucket), random.id())
    }
}
