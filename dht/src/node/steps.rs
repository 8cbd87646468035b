//! Operations: how they begin, go on with each answer, and end.

use core::time::Duration;
use std::net::{IpAddr, SocketAddr};

use crate::id::InfoHash;
use crate::limits;
use crate::lookup::{Lookup, Work};
use crate::node::work::{Get, HERE, Kind, Listen, Operation, Put, Seen};
use crate::node::{Node, index};
use crate::operation::{CannotBegin, Event, OperationId, PutOptions};
use crate::requests::Purpose;
use crate::value::{Field, Filter, Query, Row, Value};
use crate::wire::{Family, Request, Want};

impl Node {
    /// Looks for the values under a key. Ends with [`Event::Got`].
    ///
    /// A query that selects fields gives [`Event::Rows`], any other [`Event::Values`]. A storing node returns at most
    /// [`limits::VALUE_BYTES_PER_MESSAGE`] of whole values; where there may be more, select the ids first.
    ///
    /// # Errors
    /// [`CannotBegin`] when the key is zero, or there are too many operations.
    pub fn get(&mut self, now: Duration, key: InfoHash, query: Query) -> Result<OperationId, CannotBegin> {
        let operation = self.begin(now, key, Kind::Get(Get { query: query.clone(), seen: Seen::default() }))?;
        if query.select.is_empty() {
            self.deliver_stored(operation, &key, &query);
        } else if self.storage.has_key(&key) {
            let rows = self.storage.rows(&key, &query);
            self.event(Event::Rows { operation, from: None, rows });
        }
        self.step(now, operation);
        Ok(operation)
    }

    /// Stores a value at the nodes nearest to a key, this one included when it is one of them. Reports [`Event::Put`].
    ///
    /// # Errors
    /// [`CannotBegin`] when key or id are zero, the value is too large, or there are too many operations.
    pub fn put(
        &mut self,
        now: Duration,
        key: InfoHash,
        value: Value<'_>,
        options: PutOptions,
    ) -> Result<OperationId, CannotBegin> {
        if value.id == 0 {
            return Err(CannotBegin::ZeroId);
        }
        let bytes = value.encode();
        if value.weight() > limits::VALUE || bytes.len() > limits::ANNOUNCED {
            return Err(CannotBegin::TooLarge);
        }
        let put = Put {
            value: value.into_owned(),
            bytes: bytes.into(),
            options,
            next_round: None,
            renew_at: None,
            renewing: false,
        };
        let operation = self.begin(now, key, Kind::Put(put))?;
        self.step(now, operation);
        Ok(operation)
    }

    /// Reports the values under a key, those of now and those to come, until it is cancelled.
    ///
    /// # Errors
    /// [`CannotBegin`] when the key is zero, or there are too many operations.
    pub fn listen(&mut self, now: Duration, key: InfoHash, query: Query) -> Result<OperationId, CannotBegin> {
        // Fields are not selected here: news are whole values.
        let query = Query { select: Vec::new(), ..query };
        let listen = Listen { query: query.clone(), seen: Seen::default(), nodes: 0, next_round: None };
        let operation = self.begin(now, key, Kind::Listen(listen))?;
        self.deliver_stored(operation, &key, &query);
        self.step(now, operation);
        Ok(operation)
    }

    /// Asks one address whether a node is there. Ends with [`Event::Pinged`].
    ///
    /// # Errors
    /// [`CannotBegin`] when no node can be there, or there are too many operations.
    pub fn ping(&mut self, now: Duration, address: SocketAddr) -> Result<OperationId, CannotBegin> {
        if !super::incoming::is_possible(&address) || !self.has_family(Family::of(&address)) {
            return Err(CannotBegin::BadAddress);
        }
        let operation = self.insert(now, InfoHash::ZERO, Kind::Ping, Vec::new())?;
        if !self.request(now, address, Purpose::Ping(operation), &Request::Ping, Vec::new()) {
            self.operations.remove(&operation);
            return Err(CannotBegin::TooMany);
        }
        Ok(operation)
    }

    /// Ends an operation without further events. Values that were put stay where they are until they expire.
    pub fn cancel(&mut self, operation: OperationId) {
        if let Some(ended) = self.operations.remove(&operation) {
            self.end(operation, &ended);
        }
    }

    /// Looks for the nodes near this one.
    pub(super) fn join(&mut self, now: Duration, family: Family) {
        let lookups = vec![(family, Lookup::new(self.id))];
        if let Ok(operation) = self.insert(now, self.id, Kind::Join, lookups) {
            self.step(now, operation);
        }
    }

    fn begin(&mut self, now: Duration, key: InfoHash, kind: Kind) -> Result<OperationId, CannotBegin> {
        if key.is_zero() {
            return Err(CannotBegin::ZeroKey);
        }
        let families = Family::ALL.into_iter().filter(|family| self.has_family(*family));
        let lookups = families.map(|family| (family, Lookup::new(key))).collect();
        self.insert(now, key, kind, lookups)
    }

    fn insert(
        &mut self,
        now: Duration,
        key: InfoHash,
        kind: Kind,
        lookups: Vec<(Family, Lookup)>,
    ) -> Result<OperationId, CannotBegin> {
        if self.operations.len() >= limits::OPERATIONS {
            return Err(CannotBegin::TooMany);
        }
        let operation = OperationId(self.next_operation);
        self.next_operation += 1;
        self.operations.insert(operation, Operation { key, kind, lookups, began: now, due: None });
        Ok(operation)
    }

    /// Removes all that an operation has left.
    fn end(&mut self, id: OperationId, operation: &Operation) {
        if let Some(due) = operation.due {
            self.operations_due.remove(&(due, id));
        }
        self.subscriptions.retain(|_, of| *of != id);
        let own = [Purpose::Lookup(id), Purpose::Put(id), Purpose::Listen(id), Purpose::Ping(id)];
        self.requests.cancel(|request| own.contains(&request.purpose));
    }

    /// Does what an operation can do now.
    pub(super) fn step(&mut self, now: Duration, id: OperationId) {
        let Some(mut operation) = self.operations.remove(&id) else { return };
        if let Some(due) = operation.due.take() {
            self.operations_due.remove(&(due, id));
        }
        self.begin_round(now, &mut operation);
        for (family, lookup) in &mut operation.lookups {
            if lookup.is_empty() {
                let known = self.tables[index(*family)].nearest_usable(&operation.key, limits::LOOKUP_WIDTH);
                known.into_iter().for_each(|contact| lookup.add(contact));
            }
            while let Some(contact) = lookup.next(now) {
                let request = question(&operation.kind, operation.key);
                if !self.request(now, contact.address, Purpose::Lookup(id), &request, Vec::new()) {
                    lookup.failed(&contact.address);
                }
            }
        }
        let synced = operation.lookups.iter().all(|(family, lookup)| {
            lookup.is_synced(now) && !(lookup.is_empty() && self.may_connect(now, *family, operation.began))
        });
        let over = match &mut operation.kind {
            Kind::Ping => false,
            Kind::Join => synced,
            Kind::Get(_) if synced => {
                let answered = live(&operation.lookups);
                self.event(Event::Got { operation: id, answered });
                true
            }
            Kind::Get(_) => false,
            Kind::Put(put) => self.step_put(now, id, operation.key, put, &mut operation.lookups, synced),
            Kind::Listen(listen) => {
                self.step_listen(now, id, operation.key, listen, &mut operation.lookups, synced);
                false
            }
        };
        if over {
            self.end(id, &operation);
            return;
        }
        let due = self.next_step(now, &operation);
        operation.due = due;
        if let Some(due) = due {
            self.operations_due.insert((due, id));
        }
        self.operations.insert(id, operation);
    }

    /// Says whether an operation should wait for the first contact.
    fn may_connect(&self, now: Duration, family: Family, began: Duration) -> bool {
        !self.connected[index(family)] && self.bootstraps.has(family) && now < began + limits::CONNECT
    }

    /// Begins a lasting operation's lookups anew when their time has come.
    fn begin_round(&mut self, now: Duration, operation: &mut Operation) {
        let next_round = match &mut operation.kind {
            Kind::Put(put) => &mut put.next_round,
            Kind::Listen(listen) => &mut listen.next_round,
            _ => return,
        };
        if next_round.is_none_or(|at| at > now) {
            return;
        }
        *next_round = None;
        operation.began = now;
        if let Kind::Put(put) = &mut operation.kind {
            put.renewing = put.renew_at.is_some_and(|at| at <= now + limits::RENEW_BEFORE);
        }
        for (family, lookup) in &mut operation.lookups {
            lookup.restart();
            let known = self.tables[index(*family)].nearest_usable(&operation.key, limits::LOOKUP_WIDTH);
            known.into_iter().for_each(|contact| lookup.add(contact));
        }
    }

    fn next_step(&self, now: Duration, operation: &Operation) -> Option<Duration> {
        let slow = operation.lookups.iter().filter_map(|(_, lookup)| lookup.next_due(now));
        let waiting = operation
            .lookups
            .iter()
            .any(|(family, lookup)| lookup.is_empty() && self.may_connect(now, *family, operation.began));
        let connect = waiting.then_some(operation.began + limits::CONNECT);
        let (round, renewals) = match &operation.kind {
            Kind::Put(put) => (put.next_round, false),
            Kind::Listen(listen) => (listen.next_round, true),
            _ => (None, false),
        };
        let candidates = operation.lookups.iter().flat_map(|(_, lookup)| lookup.all()).filter(|_| renewals);
        let renew = candidates.filter(|candidate| matches!(candidate.work, Work::Done(_)));
        let renew = renew.filter_map(|candidate| candidate.subscription).map(|(_, at)| at).filter(|at| *at > now);
        slow.chain(renew).chain(connect).chain(round).min()
    }

    /// Puts the value at the nearest nodes. Says whether the operation is over.
    fn step_put(
        &mut self,
        now: Duration,
        id: OperationId,
        key: InfoHash,
        put: &mut Put,
        lookups: &mut [(Family, Lookup)],
        synced: bool,
    ) -> bool {
        if put.next_round.is_some() {
            return false;
        }
        let (mut waiting, mut acknowledged) = (false, 0);
        for (_, lookup) in &mut *lookups {
            if !lookup.is_synced(now) {
                continue;
            }
            for address in lookup.targets(limits::REPLICAS) {
                let Some(candidate) = lookup.at(&address) else { continue };
                match candidate.work {
                    Work::Sent => waiting = true,
                    Work::Done(_) => acknowledged += 1,
                    Work::Failed => {}
                    Work::None if candidate.holds && !put.renewing => {
                        candidate.work = Work::Done(now);
                        acknowledged += 1;
                    }
                    Work::None => {
                        let Some(token) = candidate.token(now).map(<[u8]>::to_vec) else {
                            candidate.work = Work::Failed;
                            continue;
                        };
                        let sent = self.send_value(now, id, key, put, candidate.holds, (address, &token));
                        candidate.work = if sent { Work::Sent } else { Work::Failed };
                        waiting |= sent;
                    }
                }
            }
        }
        if !synced || waiting {
            return false;
        }
        let here = !self.config.client && lookups.iter().any(|(_, lookup)| lookup.includes(&self.id));
        if here {
            self.store_own(now, &key, put);
        }
        self.event(Event::Put { operation: id, acknowledged, here });
        let lifetime = put.value.summary().kind.lifetime();
        if put.renewing || put.renew_at.is_none() {
            put.renew_at = Some(now + lifetime.saturating_sub(limits::RENEW_BEFORE));
        }
        let pause = if acknowledged == 0 { limits::RETRY } else { limits::RESYNC };
        put.next_round = Some(put.renew_at.map_or(now + pause, |at| at.min(now + pause)));
        !put.options.permanent
    }

    /// Sends the value to a node, or renews it where it is held.
    fn send_value(
        &mut self,
        now: Duration,
        id: OperationId,
        key: InfoHash,
        put: &Put,
        holds: bool,
        (to, token): (SocketAddr, &[u8]),
    ) -> bool {
        if holds {
            let request = Request::Refresh { key, value: put.value.id, token };
            return self.request(now, to, Purpose::Put(id), &request, Vec::new());
        }
        let carried = super::outgoing::Carried::new(vec![put.bytes.clone()]);
        // A permanent value is as young as its last renewal.
        let created = put.options.created.filter(|_| !put.options.permanent).map(|unix| unix.as_secs());
        let request = Request::Put { key, values: carried.values(), token, created };
        self.request(now, to, Purpose::Put(id), &request, carried.parts.clone())
    }

    fn store_own(&mut self, now: Duration, key: &InfoHash, put: &Put) {
        let created = put.options.created.filter(|_| !put.options.permanent);
        let created = created.map_or(now, |unix| unix.saturating_sub(self.config.unix_start).min(now));
        self.store(now, key, &put.value, created, IpAddr::V4(std::net::Ipv4Addr::LOCALHOST));
    }

    /// Listens at the nearest nodes, and renews where it listens.
    fn step_listen(
        &mut self,
        now: Duration,
        id: OperationId,
        key: InfoHash,
        listen: &mut Listen,
        lookups: &mut [(Family, Lookup)],
        synced: bool,
    ) {
        let mut waiting = false;
        for (_, lookup) in &mut *lookups {
            if !lookup.is_synced(now) {
                continue;
            }
            for address in lookup.targets(limits::REPLICAS) {
                let Some(candidate) = lookup.at(&address) else { continue };
                waiting |= candidate.work == Work::Sent;
                let wanted = match (candidate.work, candidate.subscription) {
                    (Work::Sent | Work::Failed, _) | (Work::Done(_), None) => false,
                    (Work::None, None) => true,
                    (Work::Done(_) | Work::None, Some((_, renew_at))) => renew_at <= now,
                };
                if !wanted {
                    continue;
                }
                let Some(token) = candidate.token(now).map(<[u8]>::to_vec) else {
                    candidate.ask_again();
                    continue;
                };
                let subscription = candidate.subscription.map_or_else(|| self.random.u32(), |(number, _)| number);
                let request = Request::Listen { key, token: &token, subscription, query: listen.query.clone() };
                if self.request(now, address, Purpose::Listen(id), &request, Vec::new()) {
                    candidate.subscription = Some((subscription, now + limits::LISTEN_RENEW));
                    candidate.work = Work::Sent;
                    self.subscriptions.insert(subscription, id);
                    waiting = true;
                }
            }
        }
        let done = |candidate: &&crate::lookup::Candidate| {
            candidate.is_live() && candidate.subscription.is_some() && matches!(candidate.work, Work::Done(_))
        };
        let nodes = lookups.iter().flat_map(|(_, lookup)| lookup.all()).filter(done).count();
        if synced && !waiting {
            if nodes != listen.nodes {
                listen.nodes = nodes;
                self.event(Event::Listening { operation: id, nodes });
            }
            let pause = if nodes == 0 { limits::RETRY } else { limits::LISTEN_RESYNC };
            listen.next_round.get_or_insert(now + pause);
            // Those of nodes that were given up since the last round.
            let live: Vec<u32> = lookups
                .iter()
                .flat_map(|(_, lookup)| lookup.all())
                .filter_map(|candidate| candidate.subscription.map(|(number, _)| number))
                .collect();
            self.subscriptions.retain(|number, of| *of != id || live.contains(number));
        }
    }

    /// Returns the operation that listens at this address under this number.
    pub(super) fn subscriber(&self, from: &SocketAddr, subscription: u32) -> Option<OperationId> {
        let id = *self.subscriptions.get(&subscription)?;
        let lookups = &self.operations.get(&id)?.lookups;
        let mut candidates = lookups.iter().flat_map(|(_, lookup)| lookup.all());
        let listens = candidates.any(|candidate| {
            candidate.contact.address == *from
                && candidate.subscription.is_some_and(|(number, _)| number == subscription)
        });
        listens.then_some(id)
    }

    /// Returns the operations of this node that listen to a key.
    pub(super) fn listening_to(&self, key: &InfoHash) -> Vec<OperationId> {
        let listens = |operation: &Operation| operation.key == *key && matches!(operation.kind, Kind::Listen(_));
        self.operations.iter().filter(|(_, operation)| listens(operation)).map(|(id, _)| *id).collect()
    }

    /// Takes a fresh token of a node.
    pub(super) fn take_token(&mut self, now: Duration, id: OperationId, from: &SocketAddr, token: &[u8]) {
        let lookups = self.operations.get_mut(&id).map(|operation| &mut operation.lookups);
        for (_, lookup) in lookups.into_iter().flatten() {
            if let Some(candidate) = lookup.at(from) {
                candidate.set_token(now, token);
            }
        }
    }

    fn deliver_stored(&mut self, operation: OperationId, key: &InfoHash, query: &Query) {
        let stored = self.storage.matching(key, query);
        let stored = stored.filter_map(|(_, stored)| Value::decode(&stored.bytes).ok().map(Value::into_owned));
        let values = stored.collect();
        self.deliver(operation, None, values);
    }

    /// Reports values that are new to an operation. The conditions are checked here too: nodes may lie.
    pub(super) fn deliver(&mut self, id: OperationId, from: Option<SocketAddr>, mut values: Vec<Value<'static>>) {
        let Some(operation) = self.operations.get_mut(&id) else { return };
        let (query, seen) = match &mut operation.kind {
            Kind::Get(get) => (&get.query, &mut get.seen),
            Kind::Listen(listen) => (&listen.query, &mut listen.seen),
            _ => return,
        };
        let holder = from.unwrap_or(HERE);
        values.retain(|value| query.matches(&value.summary()) && seen.note(value, holder));
        if !values.is_empty() {
            self.event(Event::Values { operation: id, values });
        }
    }

    /// Reports values that the last of their holders has lost.
    pub(super) fn expired(&mut self, id: OperationId, holder: &SocketAddr, ids: impl Iterator<Item = u64>) {
        let Some(Operation { kind: Kind::Listen(listen), .. }) = self.operations.get_mut(&id) else { return };
        let ids: Vec<u64> = ids.filter(|value| listen.seen.lose(*value, holder)).collect();
        if !ids.is_empty() {
            self.event(Event::Expired { operation: id, ids });
        }
    }

    /// Takes the rows of a node: for a put, whether it holds the value; for a get, they are the answer.
    pub(super) fn take_rows(&mut self, id: OperationId, from: SocketAddr, rows: Vec<Row>) {
        let Some(operation) = self.operations.get_mut(&id) else { return };
        match &operation.kind {
            Kind::Put(put) => {
                let own = put.value.summary();
                let holds = rows.iter().any(|row| row.id == Some(own.id) && row.seq == Some(own.seq));
                for (_, lookup) in &mut operation.lookups {
                    if let Some(candidate) = lookup.at(&from) {
                        candidate.holds = holds;
                    }
                }
            }
            Kind::Get(get) if !get.query.select.is_empty() => {
                self.event(Event::Rows { operation: id, from: Some(from), rows });
            }
            _ => {}
        }
    }
}

fn live(lookups: &[(Family, Lookup)]) -> usize {
    lookups.iter().flat_map(|(_, lookup)| lookup.all()).filter(|candidate| candidate.is_live()).count()
}

/// Returns what a lookup of this kind asks the nodes on its way.
fn question(kind: &Kind, key: InfoHash) -> Request<'static> {
    let want = Want::default();
    match kind {
        Kind::Get(get) => Request::Get { key, query: get.query.clone(), want },
        Kind::Put(put) if put.options.permanent => {
            let query = Query { select: vec![Field::Id, Field::Seq], filters: vec![Filter::Id(put.value.id)] };
            Request::Get { key, query, want }
        }
        Kind::Ping | Kind::Join | Kind::Put(_) | Kind::Listen(_) => Request::Find { target: key, want },
    }
}
