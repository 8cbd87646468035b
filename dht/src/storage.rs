//! The values that a node stores for others, and the nodes that listen to them.

mod listeners;
mod policy;

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

pub(crate) use listeners::{Listener, ListenerKey, Listeners};
use policy::Existing;
pub(crate) use policy::Refusal;

use crate::id::InfoHash;
use crate::limits;
use crate::value::{Query, Row, Summary, Value, ValueType};

/// A stored value: its bytes, and what queries need to see.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) bytes: Arc<[u8]>,
    kind: ValueType,
    owner: InfoHash,
    seq: u16,
    user_type: Box<str>,
    from: IpAddr,
    /// Its place in the order of arrival.
    order: u64,
    expires: Duration,
}

impl Stored {
    fn summary(&self, id: u64) -> Summary<'_> {
        Summary { id, kind: self.kind, owner: self.owner, seq: self.seq, user_type: &self.user_type }
    }

    fn cost(&self) -> usize {
        self.bytes.len() + self.user_type.len() + limits::STORE_OVERHEAD
    }
}

/// The outcome of a put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The value is new, or replaces an older one: listeners get it.
    New,
    /// The same value again: it lives longer.
    Refreshed,
    /// It is not stored. The putting node is not informed, as in the library.
    Refused(Refusal),
}

/// The share of one IP address.
#[derive(Debug, Default)]
struct Usage {
    bytes: usize,
    oldest: BTreeSet<(u64, InfoHash, u64)>,
}

/// The values of a key by their ids. Most keys have one, for which a tree would keep eleven places.
#[derive(Debug, Default)]
struct Values(Vec<(u64, Stored)>);

impl Values {
    fn place(&self, id: u64) -> Result<usize, usize> {
        self.0.binary_search_by_key(&id, |(known, _)| *known)
    }

    fn get(&self, id: u64) -> Option<&Stored> {
        self.place(id).ok().map(|at| &self.0[at].1)
    }

    fn get_mut(&mut self, id: u64) -> Option<&mut Stored> {
        self.place(id).ok().map(|at| &mut self.0[at].1)
    }

    /// Adds a value in the place of one with the same id.
    fn insert(&mut self, id: u64, stored: Stored) {
        match self.place(id) {
            Ok(at) => self.0[at].1 = stored,
            Err(at) => {
                if self.0.is_empty() {
                    self.0.reserve_exact(1);
                }
                self.0.insert(at, (id, stored));
            }
        }
    }

    fn remove(&mut self, id: u64) -> Option<Stored> {
        let at = self.place(id).ok()?;
        let (_, stored) = self.0.remove(at);
        // A key that was full once keeps no more room than what is left needs.
        if self.0.len() <= self.0.capacity() / 4 {
            self.0.shrink_to_fit();
        }
        Some(stored)
    }
}

/// Values by key, with the indexes that keep every limit cheap.
#[derive(Debug, Default)]
pub(crate) struct Storage {
    keys: BTreeMap<InfoHash, Values>,
    expiry: BTreeSet<(Duration, InfoHash, u64)>,
    usage: BTreeMap<IpAddr, Usage>,
    heaviest: BTreeSet<(usize, IpAddr)>,
    bytes: usize,
    order: u64,
}

impl Storage {
    /// Returns how many bytes all values are counted with.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns how many values there are.
    pub(crate) fn len(&self) -> usize {
        self.expiry.len()
    }

    pub(crate) fn has_key(&self, key: &InfoHash) -> bool {
        self.keys.contains_key(key)
    }

    /// Returns the values of a key that meet the conditions, in the order of their ids.
    pub(crate) fn matching<'a>(&'a self, key: &InfoHash, query: &'a Query) -> impl Iterator<Item = (u64, &'a Stored)> {
        let values = self.keys.get(key).into_iter().flat_map(|values| &values.0);
        values.filter(|(id, stored)| query.matches(&stored.summary(*id))).map(|(id, stored)| (*id, stored))
    }

    /// Returns the summaries of a key's values that meet the conditions.
    pub(crate) fn summaries<'a>(&'a self, key: &InfoHash, query: &'a Query) -> impl Iterator<Item = Summary<'a>> {
        self.matching(key, query).map(|(id, stored)| stored.summary(id))
    }

    /// Returns rows as a remote node would give them.
    pub(crate) fn rows(&self, key: &InfoHash, query: &Query) -> Vec<Row> {
        let row = |value: Summary<'_>| Row {
            id: Some(value.id),
            kind: Some(value.kind),
            owner: Some(value.owner),
            seq: Some(value.seq),
            user_type: Some(value.user_type.to_owned()),
        };
        self.summaries(key, query).map(row).collect()
    }

    /// Stores a value, if the policy allows it, for its type's lifetime from `created` on.
    pub(crate) fn put(
        &mut self,
        now: Duration,
        key: &InfoHash,
        value: &Value<'_>,
        created: Duration,
        from: IpAddr,
    ) -> Outcome {
        let summary = value.summary();
        let expires = created.min(now) + summary.kind.lifetime();
        if expires <= now {
            return Outcome::Refused(Refusal::Expired);
        }
        let bytes = value.encode();
        let existing = self.keys.get(key).and_then(|values| values.get(value.id));
        let same = existing.is_some_and(|stored| *stored.bytes == *bytes);
        if same {
            self.renew(key, value.id, expires);
            return Outcome::Refreshed;
        }
        let existing = existing.map(|stored| Existing { owner: stored.owner, seq: stored.seq, kind: stored.kind });
        if let Err(refusal) = policy::judge(key, value, &summary, existing) {
            return Outcome::Refused(refusal);
        }
        self.remove(key, value.id);
        self.make_room(key);
        self.order += 1;
        let stored = Stored {
            bytes: bytes.into(),
            kind: summary.kind,
            owner: summary.owner,
            seq: summary.seq,
            user_type: summary.user_type.into(),
            from,
            order: self.order,
            expires,
        };
        self.insert(*key, value.id, stored);
        Outcome::New
    }

    /// Lets a value live for another lifetime from now on; says whether the key is known.
    pub(crate) fn refresh(&mut self, now: Duration, key: &InfoHash, id: u64) -> bool {
        let Some(values) = self.keys.get(key) else { return false };
        if let Some(expires) = values.get(id).map(|stored| now + stored.kind.lifetime()) {
            self.renew(key, id, expires);
        }
        true
    }

    fn renew(&mut self, key: &InfoHash, id: u64, expires: Duration) {
        let Some(stored) = self.keys.get_mut(key).and_then(|values| values.get_mut(id)) else { return };
        if expires > stored.expires {
            self.expiry.remove(&(stored.expires, *key, id));
            stored.expires = expires;
            self.expiry.insert((expires, *key, id));
        }
    }

    /// Removes, from a key that is full, the oldest value of the IP address that has most there.
    fn make_room(&mut self, key: &InfoHash) {
        let Some(values) = self.keys.get(key).filter(|values| values.0.len() >= limits::VALUES_PER_KEY) else { return };
        let mut shares: BTreeMap<IpAddr, (usize, u64, u64)> = BTreeMap::new();
        for (id, stored) in &values.0 {
            let share = shares.entry(stored.from).or_insert((0, u64::MAX, 0));
            share.0 += 1;
            if stored.order < share.1 {
                (share.1, share.2) = (stored.order, *id);
            }
        }
        if let Some((_, _, oldest)) = shares.into_values().max() {
            self.remove(key, oldest);
        }
    }

    fn insert(&mut self, key: InfoHash, id: u64, stored: Stored) {
        let (cost, from) = (stored.cost(), stored.from);
        self.expiry.insert((stored.expires, key, id));
        let usage = self.usage.entry(from).or_default();
        self.heaviest.remove(&(usage.bytes, from));
        usage.bytes += cost;
        usage.oldest.insert((stored.order, key, id));
        self.heaviest.insert((usage.bytes, from));
        self.bytes += cost;
        self.keys.entry(key).or_default().insert(id, stored);
    }

    fn remove(&mut self, key: &InfoHash, id: u64) -> Option<Stored> {
        let values = self.keys.get_mut(key)?;
        let stored = values.remove(id)?;
        if values.0.is_empty() {
            self.keys.remove(key);
        }
        let (cost, from) = (stored.cost(), stored.from);
        self.expiry.remove(&(stored.expires, *key, id));
        if let Some(usage) = self.usage.get_mut(&from) {
            self.heaviest.remove(&(usage.bytes, from));
            usage.bytes -= cost;
            usage.oldest.remove(&(stored.order, *key, id));
            if usage.oldest.is_empty() {
                self.usage.remove(&from);
            } else {
                self.heaviest.insert((usage.bytes, from));
            }
        }
        self.bytes -= cost;
        Some(stored)
    }

    /// Returns when the first value expires.
    pub(crate) fn next_due(&self) -> Option<Duration> {
        self.expiry.first().map(|(at, ..)| *at)
    }

    /// Removes one value that has expired, or that is over the quota.
    pub(crate) fn pop_over(&mut self, now: Duration) -> Option<(InfoHash, u64)> {
        let expired = self.expiry.first().filter(|(at, ..)| *at <= now).map(|(_, key, id)| (*key, *id));
        let (key, id) = expired.or_else(|| {
            let (_, heaviest) = self.heaviest.last().filter(|_| self.bytes > limits::STORE_BYTES)?;
            self.usage.get(heaviest)?.oldest.first().map(|(_, key, id)| (*key, *id))
        })?;
        self.remove(&key, id)?;
        Some((key, id))
    }
}

#[cfg(test)]
mod tests;
