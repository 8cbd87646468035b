//! Operations in progress.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::Arc;

use crate::id::InfoHash;
use crate::limits;
use crate::lookup::Lookup;
use crate::operation::PutOptions;
use crate::value::{Query, Value};
use crate::wire::Family;

/// This node's own storage, as the holder of a value.
pub(super) const HERE: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0));

/// One operation.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) key: InfoHash,
    pub(super) kind: Kind,
    pub(super) lookups: Vec<(Family, Lookup)>,
    pub(super) began: Duration,
    pub(super) due: Option<Duration>,
}

#[derive(Debug)]
pub(super) enum Kind {
    /// Asks one address.
    Ping,
    /// Learns the nodes near this one.
    Join,
    Get(Get),
    Put(Put),
    Listen(Listen),
}

#[derive(Debug)]
pub(super) struct Get {
    pub(super) query: Query,
    pub(super) seen: Seen,
}

#[derive(Debug)]
pub(super) struct Put {
    pub(super) value: Value<'static>,
    pub(super) bytes: Arc<[u8]>,
    pub(super) options: PutOptions,
    /// The round is over, and the next begins at this time.
    pub(super) next_round: Option<Duration>,
    /// Until when the value lives where it is held.
    pub(super) renew_at: Option<Duration>,
    /// This round renews what is held.
    pub(super) renewing: bool,
}

#[derive(Debug)]
pub(super) struct Listen {
    pub(super) query: Query,
    pub(super) seen: Seen,
    /// Nodes that were reported to the caller.
    pub(super) nodes: usize,
    pub(super) next_round: Option<Duration>,
}

/// The values that an operation has reported.
#[derive(Debug, Default)]
pub(super) struct Seen(BTreeMap<u64, (InfoHash, BTreeSet<SocketAddr>)>);

impl Seen {
    /// Notes a value of a holder; says whether it has to be reported. Beyond [`limits::SEEN_VALUES`] all are.
    pub(super) fn note(&mut self, value: &Value<'_>, holder: SocketAddr) -> bool {
        let content = InfoHash::of(&value.encode());
        if !self.0.contains_key(&value.id) && self.0.len() >= limits::SEEN_VALUES {
            return true;
        }
        let (known, holders) = self.0.entry(value.id).or_insert((InfoHash::ZERO, BTreeSet::new()));
        let new = *known != content;
        *known = content;
        if holders.len() < limits::HOLDERS {
            holders.insert(holder);
        }
        new
    }

    /// Notes that a holder has lost a value; says whether it was the last.
    pub(super) fn lose(&mut self, id: u64, holder: &SocketAddr) -> bool {
        let Some((_, holders)) = self.0.get_mut(&id) else { return false };
        let over = holders.remove(holder) && holders.is_empty();
        if over {
            self.0.remove(&id);
        }
        over
    }
}
