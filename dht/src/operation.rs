//! The operations that a caller starts on a node, and their events.

use core::time::Duration;
use std::net::SocketAddr;

use crate::id::InfoHash;
use crate::value::{Row, Value};
use crate::wire::Family;

/// The number of an operation. Never used twice by one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationId(pub(crate) u64);

/// How a value is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PutOptions {
    /// Renew the value before it expires, and put it to nearer nodes that come, until the operation is cancelled.
    pub permanent: bool,
    /// Unix time when the value was made; none: unknown, which counts as now.
    pub created: Option<Duration>,
}

/// An event. Events come in order.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The first node of this family has answered.
    Connected(Family),
    /// No node of this family is good any more; bootstrapping begins anew.
    Disconnected(Family),
    /// Values of a `get` or a `listen`, each reported once.
    Values {
        /// The operation.
        operation: OperationId,
        /// The values.
        values: Vec<Value<'static>>,
    },
    /// Selected fields, from one node.
    Rows {
        /// The operation.
        operation: OperationId,
        /// The node; none: this one.
        from: Option<SocketAddr>,
        /// One row a value.
        rows: Vec<Row>,
    },
    /// Values of a `listen` that no node holds any more.
    Expired {
        /// The operation.
        operation: OperationId,
        /// Their ids.
        ids: Vec<u64>,
    },
    /// A `get` is over.
    Got {
        /// The operation, which has ended.
        operation: OperationId,
        /// How many nodes near the key have answered.
        answered: usize,
    },
    /// A `put` has reached all nodes that it could reach. It has ended, unless it is permanent.
    Put {
        /// The operation.
        operation: OperationId,
        /// How many nodes have acknowledged the value. An acknowledgement is no proof: read back what matters.
        acknowledged: usize,
        /// This node is near enough to the key to hold the value itself.
        here: bool,
    },
    /// The number of nodes that report news to a `listen` has changed.
    Listening {
        /// The operation.
        operation: OperationId,
        /// How many there are now.
        nodes: usize,
    },
    /// A `ping` is over.
    Pinged {
        /// The operation, which has ended.
        operation: OperationId,
        /// The node that answered, and after how long; none: no answer.
        answer: Option<(InfoHash, Duration)>,
    },
    /// The caller took events too slowly: so many are lost.
    Lost(usize),
}

impl Event {
    /// Returns how many bytes of values it holds.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Self::Values { values, .. } => values.iter().map(|value| value.weight() + 256).sum(),
            _ => 0,
        }
    }
}

/// An operation cannot begin. The caller is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CannotBegin {
    /// The key is zero.
    #[error("the key is zero, which names nothing")]
    ZeroKey,
    /// The value's id is zero.
    #[error("the value's id is zero: choose a random one")]
    ZeroId,
    /// The value is larger than [`limits::VALUE`](crate::limits::VALUE).
    #[error("the value is larger than 64 KiB")]
    TooLarge,
    /// There are [`limits::OPERATIONS`](crate::limits::OPERATIONS) already.
    #[error("too many operations at one time: wait for some, or cancel them")]
    TooMany,
    /// No node can have the address, or its family is switched off.
    #[error("no node can be at this address, or its family is switched off")]
    BadAddress,
}
