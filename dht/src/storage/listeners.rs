//! Nodes that asked for news of a key.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use crate::id::InfoHash;
use crate::limits;
use crate::value::Query;

/// The address of a listener, and the number that it chose.
pub(crate) type ListenerKey = (SocketAddr, u32);

/// A subscription of another node.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) key: InfoHash,
    pub(crate) query: Query,
    /// Updates that it has not answered yet.
    pub(crate) unanswered: usize,
    forgotten_at: Duration,
}

/// All subscriptions.
#[derive(Debug, Default)]
pub(crate) struct Listeners {
    all: BTreeMap<ListenerKey, Listener>,
    by_key: BTreeMap<InfoHash, BTreeSet<ListenerKey>>,
    by_address: BTreeMap<IpAddr, usize>,
    due: BTreeSet<(Duration, ListenerKey)>,
}

impl Listeners {
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn get_mut(&mut self, listener: &ListenerKey) -> Option<&mut Listener> {
        self.all.get_mut(listener)
    }

    /// Returns the listeners of a key.
    pub(crate) fn of(&self, key: &InfoHash) -> Vec<ListenerKey> {
        self.by_key.get(key).map(|all| all.iter().copied().collect()).unwrap_or_default()
    }

    /// Adds or renews a subscription; says whether it is new. One over a limit is not added.
    pub(crate) fn listen(&mut self, now: Duration, listener: ListenerKey, key: InfoHash, query: Query) -> bool {
        let forgotten_at = now + limits::LISTENER;
        if let Some(known) = self.all.get_mut(&listener)
            && known.key == key
        {
            self.due.remove(&(known.forgotten_at, listener));
            known.forgotten_at = forgotten_at;
            self.due.insert((forgotten_at, listener));
            return false;
        }
        self.remove(&listener);
        let of_key = self.by_key.get(&key).map_or(0, BTreeSet::len);
        let of_address = self.by_address.get(&listener.0.ip()).copied().unwrap_or(0);
        if self.all.len() >= limits::LISTENERS
            || of_key >= limits::LISTENERS_PER_KEY
            || of_address >= limits::LISTENERS_PER_ADDRESS
        {
            return false;
        }
        self.all.insert(listener, Listener { key, query, unanswered: 0, forgotten_at });
        self.by_key.entry(key).or_default().insert(listener);
        *self.by_address.entry(listener.0.ip()).or_default() += 1;
        self.due.insert((forgotten_at, listener));
        true
    }

    pub(crate) fn remove(&mut self, listener: &ListenerKey) -> bool {
        let Some(gone) = self.all.remove(listener) else { return false };
        self.due.remove(&(gone.forgotten_at, *listener));
        if let Some(all) = self.by_key.get_mut(&gone.key) {
            all.remove(listener);
            if all.is_empty() {
                self.by_key.remove(&gone.key);
            }
        }
        if let Some(count) = self.by_address.get_mut(&listener.0.ip()) {
            *count -= 1;
            if *count == 0 {
                self.by_address.remove(&listener.0.ip());
            }
        }
        true
    }

    pub(crate) fn next_due(&self) -> Option<Duration> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Forgets those that have not renewed.
    pub(crate) fn advance(&mut self, now: Duration) {
        while let Some((_, listener)) = self.due.first().copied().filter(|(at, _)| *at <= now) {
            self.remove(&listener);
        }
    }
}
