//! Storing, and reporting to those who listen: other nodes, and operations of this one.

use core::time::Duration;
use std::net::IpAddr;
use std::sync::Arc;

use crate::id::InfoHash;
use crate::limits;
use crate::msgpack::Writer;
use crate::node::Node;
use crate::node::outgoing::{Carried, lots};
use crate::requests::Purpose;
use crate::storage::{ListenerKey, Outcome, Refusal};
use crate::value::Value;
use crate::wire::{Ids, Request, Update};

/// News that are ids only.
#[derive(Clone, Copy)]
enum Change {
    Refreshed,
    Expired,
}

impl Node {
    /// Stores a value, and reports it. Returns why not.
    pub(super) fn store(
        &mut self,
        now: Duration,
        key: &InfoHash,
        value: &Value<'_>,
        created: Duration,
        from: IpAddr,
    ) -> Option<Refusal> {
        let outcome = self.storage.put(now, key, value, created, from);
        match outcome {
            Outcome::New => {
                let summary = value.summary();
                let bytes: Arc<[u8]> = value.encode().into();
                for listener in self.listeners.of(key) {
                    let wants = |listener: &mut crate::storage::Listener| listener.query.matches(&summary);
                    if self.listeners.get_mut(&listener).is_some_and(wants) {
                        self.report_values(now, listener, key, vec![bytes.clone()]);
                    }
                }
                for operation in self.listening_to(key) {
                    self.deliver(operation, None, vec![value.clone().into_owned()]);
                }
                self.drop_over(now);
            }
            Outcome::Refreshed => self.report_refresh(now, key, value.id),
            Outcome::Refused(refusal) => return Some(refusal),
        }
        None
    }

    /// Removes what has expired and what is over the quota, and reports it.
    pub(super) fn drop_over(&mut self, now: Duration) {
        while let Some((key, id)) = self.storage.pop_over(now) {
            self.report_change(now, &key, id, Change::Expired);
            for operation in self.listening_to(&key) {
                self.expired(operation, &super::work::HERE, core::iter::once(id));
            }
        }
    }

    pub(super) fn report_refresh(&mut self, now: Duration, key: &InfoHash, id: u64) {
        self.report_change(now, key, id, Change::Refreshed);
    }

    fn report_change(&mut self, now: Duration, key: &InfoHash, id: u64, change: Change) {
        let mut out = Writer::default();
        out.uint(id);
        let bytes = out.into_bytes();
        let (none, ids) = (Ids::default(), Ids::of(1, &bytes));
        let (refreshed, expired) = match change {
            Change::Refreshed => (ids, none),
            Change::Expired => (none, ids),
        };
        for listener in self.listeners.of(key) {
            let token = self.tokens.of(&listener.0);
            let subscription = listener.1;
            let update = Update { subscription, key: None, token: Some(&token), values: None, refreshed, expired };
            self.report(now, listener, &Request::Update(update), Vec::new());
        }
    }

    /// Sends values to a listener, in as many updates as they need.
    pub(super) fn report_values(
        &mut self,
        now: Duration,
        listener: ListenerKey,
        key: &InfoHash,
        values: Vec<Arc<[u8]>>,
    ) {
        let token = self.tokens.of(&listener.0);
        for lot in lots(values) {
            let carried = Carried::new(lot);
            let update = Update {
                subscription: listener.1,
                key: Some(*key),
                token: Some(&token),
                values: Some(carried.values()),
                refreshed: Ids::default(),
                expired: Ids::default(),
            };
            self.report(now, listener, &Request::Update(update), carried.parts.clone());
        }
    }

    fn report(&mut self, now: Duration, listener: ListenerKey, update: &Request<'_>, parts: Vec<Arc<[u8]>>) {
        let Some(known) = self.listeners.get_mut(&listener) else { return };
        known.unanswered += 1;
        if known.unanswered > limits::UPDATES_PER_LISTENER
            || !self.request(now, listener.0, Purpose::Update(listener.1), update, parts)
        {
            self.forget_listener(&listener);
        }
    }

    /// Forgets a listener that does not answer, with what waits for its answers.
    pub(super) fn forget_listener(&mut self, listener: &ListenerKey) {
        self.listeners.remove(listener);
        let purpose = Purpose::Update(listener.1);
        self.requests.cancel(|request| request.to == listener.0 && request.purpose == purpose);
    }
}
