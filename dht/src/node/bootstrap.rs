//! The first contact: addresses that are asked again and again until a node answers.

use core::time::Duration;
use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::limits;
use crate::node::{Node, index};
use crate::operation::{CannotBegin, Event};
use crate::requests::Purpose;
use crate::wire::{Family, Request};

/// The addresses that the caller has given, and whether each has answered.
///
/// One that has not is asked again though others have answered: nodes that join each other before any of them has reached the network
/// would stay an island.
#[derive(Debug, Default)]
pub(super) struct Bootstraps {
    addresses: BTreeMap<SocketAddr, bool>,
    next_at: Option<Duration>,
    pause: Duration,
}

impl Bootstraps {
    pub(super) const fn next_due(&self) -> Option<Duration> {
        self.next_at
    }

    pub(super) fn has(&self, family: Family) -> bool {
        self.addresses.keys().any(|address| Family::of(address) == family)
    }
}

impl Node {
    /// Adds the address of a node that is asked for a way into the network, now and whenever there is no other contact.
    ///
    /// # Errors
    /// [`CannotBegin`] when no node can be there, or there are too many addresses.
    pub fn bootstrap(&mut self, now: Duration, address: SocketAddr) -> Result<(), CannotBegin> {
        if !super::incoming::is_possible(&address) || !self.has_family(Family::of(&address)) {
            return Err(CannotBegin::BadAddress);
        }
        if self.bootstraps.addresses.len() >= limits::BOOTSTRAPS {
            return Err(CannotBegin::TooMany);
        }
        self.bootstraps.addresses.insert(address, false);
        self.bootstraps.pause = limits::BOOTSTRAP_FIRST;
        self.bootstraps.next_at = Some(now + limits::BOOTSTRAP_FIRST);
        self.request(now, address, Purpose::Bootstrap, &Request::Ping, Vec::new());
        Ok(())
    }

    /// Asks the addresses that have not answered, and all of families without contact; after that, pauses twice as long.
    pub(super) fn bootstrap_again(&mut self, now: Duration) {
        if self.bootstraps.next_at.is_none_or(|at| at > now) {
            return;
        }
        let connected = self.connected;
        let wanted = |(address, answered): &(&SocketAddr, &bool)| !connected[index(Family::of(address))] || !**answered;
        let all = self.bootstraps.addresses.iter().filter(wanted);
        let addresses: Vec<SocketAddr> = all.map(|(address, _)| *address).collect();
        self.bootstraps.pause = (self.bootstraps.pause * 2).min(limits::BOOTSTRAP_LAST);
        self.bootstraps.next_at = (!addresses.is_empty()).then(|| now + self.bootstraps.pause);
        for address in addresses {
            self.request(now, address, Purpose::Bootstrap, &Request::Ping, Vec::new());
        }
    }

    /// Notes that a bootstrap node has answered. One that answers late shows a network that was not in reach before.
    pub(super) fn note_bootstrap(&mut self, now: Duration, address: &SocketAddr) {
        let Some(answered) = self.bootstraps.addresses.get_mut(address) else { return };
        let late = !core::mem::replace(answered, true);
        if late && self.connected[index(Family::of(address))] {
            self.join(now, Family::of(address));
        }
    }

    /// Notes that a node has answered; the first of its family connects the node.
    pub(super) fn note_contact(&mut self, now: Duration, family: Family) {
        if self.connected[index(family)] || !self.tables[index(family)].is_connected(now) {
            return;
        }
        self.connected[index(family)] = true;
        self.event(Event::Connected(family));
        self.join(now, family);
        let waiting: Vec<_> = self.operations.keys().copied().collect();
        waiting.into_iter().for_each(|operation| self.step(now, operation));
    }

    /// Notes families that have lost all their good nodes.
    pub(super) fn note_losses(&mut self, now: Duration) {
        for family in Family::ALL {
            let at = index(family);
            if self.connected[at] && !self.tables[at].is_connected(now) {
                self.connected[at] = false;
                self.event(Event::Disconnected(family));
                self.bootstraps.pause = limits::BOOTSTRAP_FIRST;
                self.bootstraps.next_at = Some(now);
            }
        }
    }
}
