//! Datagrams: one msgpack map each. Reading borrows from the datagram; writing appends to a buffer.

mod decode;
mod encode;
mod nodes;
pub(crate) mod parts;

use std::net::IpAddr;

pub use nodes::{Contact, Family, Nodes};
pub use parts::{Part, Parts};

use crate::id::InfoHash;
use crate::limits;
use crate::msgpack::{Malformed, Reader, Token};
use crate::value::{Query, Rows};

/// One datagram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message<'a> {
    /// The number that replies and parts repeat.
    pub transaction: u32,
    /// The network; 0 is the usual one.
    pub network: u32,
    /// The sender routes and stores nothing for others.
    pub client: bool,
    /// The content.
    pub payload: Payload<'a>,
}

/// The kinds of datagrams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload<'a> {
    /// A request.
    Request {
        /// The sender's node id.
        id: InfoHash,
        /// The request.
        request: Request<'a>,
    },
    /// An answer.
    Reply(Reply<'a>),
    /// A refusal.
    Error {
        /// The sender's node id, when it says so.
        id: Option<InfoHash>,
        /// The number.
        code: u16,
        /// The text, for people.
        text: &'a str,
    },
    /// Parts of values that another datagram announced.
    Parts(Parts<'a>),
}

/// The seven requests. A key that is missing is read as zero, which is refused with 203.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request<'a> {
    /// Asks whether a node is there.
    Ping,
    /// Asks for the nodes near an id.
    Find {
        /// The id.
        target: InfoHash,
        /// The families that the answer should have; none: that of the request.
        want: Want,
    },
    /// Asks for the values under a key.
    Get {
        /// The key.
        key: InfoHash,
        /// Fields and conditions.
        query: Query,
        /// As in `Find`.
        want: Want,
    },
    /// Asks to store a value.
    Put {
        /// The key.
        key: InfoHash,
        /// One value, or its length.
        values: Values<'a>,
        /// The token that the asked node gave.
        token: &'a [u8],
        /// Unix seconds when the value was made, when that was before now.
        created: Option<u64>,
    },
    /// Asks to keep a value for another lifetime.
    Refresh {
        /// The key.
        key: InfoHash,
        /// The value's id.
        value: u64,
        /// The token that the asked node gave.
        token: &'a [u8],
    },
    /// Asks for news of a key from now on.
    Listen {
        /// The key.
        key: InfoHash,
        /// The token that the asked node gave.
        token: &'a [u8],
        /// The number of the subscription, chosen by the listener.
        subscription: u32,
        /// Fields and conditions.
        query: Query,
    },
    /// News for a subscription.
    Update(Update<'a>),
}

/// News from a storing node to a listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update<'a> {
    /// The number of the subscription.
    pub subscription: u32,
    /// The key; only together with values.
    pub key: Option<InfoHash>,
    /// A fresh token of the storing node; not always there.
    pub token: Option<&'a [u8]>,
    /// Values that are new.
    pub values: Option<Values<'a>>,
    /// Ids of values that were refreshed.
    pub refreshed: Ids<'a>,
    /// Ids of values that are no longer stored.
    pub expired: Ids<'a>,
}

/// An answer. Its fields depend on the request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reply<'a> {
    /// The sender's node id.
    pub id: InfoHash,
    /// The address of the asking node, as the answering one sees it.
    pub seen: Option<IpAddr>,
    /// The id of the value that was put or refreshed.
    pub value: Option<u64>,
    /// Nodes near the target, IPv4.
    pub nodes4: Nodes<'a>,
    /// Nodes near the target, IPv6.
    pub nodes6: Nodes<'a>,
    /// A token for puts and listens from this address.
    pub token: Option<&'a [u8]>,
    /// Selected fields of the values.
    pub rows: Option<Rows<'a>>,
    /// Whole values.
    pub values: Option<Values<'a>>,
}

/// The address families that a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Want {
    /// IPv4.
    pub v4: bool,
    /// IPv6.
    pub v6: bool,
}

impl Want {
    /// Both families.
    pub const BOTH: Self = Self { v4: true, v6: true };

    /// Says whether the request leaves the choice to the family over which it came.
    #[must_use]
    pub const fn is_open(self) -> bool {
        !self.v4 && !self.v6
    }
}

/// Values, or the lengths of values that follow in parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Values<'a> {
    count: u32,
    items: &'a [u8],
}

/// One element of [`Values`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item<'a> {
    /// The bytes of a value.
    Inline(&'a [u8]),
    /// The length of a value that follows in parts.
    Announced(u32),
}

impl<'a> Values<'a> {
    /// Takes `count` encoded elements.
    #[must_use]
    pub const fn of(count: u32, items: &'a [u8]) -> Self {
        Self { count, items }
    }

    /// Returns how many elements there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count as usize
    }

    /// Says whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    fn decode(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let mut inside = *reader;
        let array = reader.object()?;
        let count = inside.array("values")?;
        if count as usize > limits::VALUES_PER_MESSAGE {
            return Err(Malformed("more values than the limit"));
        }
        let head = array.len() - (inside.rest().len() - reader.rest().len());
        Ok(Self { count, items: &array[head..] })
    }

    /// Goes through the elements; ends at the first that is neither a value nor a length.
    pub fn iter(&self) -> impl Iterator<Item = Item<'a>> + use<'a> {
        let mut reader = Reader::new(self.items);
        (0..self.count).map_while(move |_| {
            let mut head = reader;
            let object = reader.object().ok()?;
            match head.token().ok()? {
                Token::Map(_) => Some(Item::Inline(object)),
                Token::Uint(len) => u32::try_from(len).ok().map(Item::Announced),
                _ => None,
            }
        })
    }
}

/// Ids of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ids<'a> {
    count: u32,
    items: &'a [u8],
}

impl<'a> Ids<'a> {
    /// Takes `count` encoded ids.
    #[must_use]
    pub const fn of(count: u32, items: &'a [u8]) -> Self {
        Self { count, items }
    }

    /// Says whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    fn decode(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let values = Values::decode(reader)?;
        Ok(Self { count: values.count, items: values.items })
    }

    /// Goes through the ids; ends at the first that is not an id.
    pub fn iter(&self) -> impl Iterator<Item = u64> + use<'a> {
        let mut reader = Reader::new(self.items);
        (0..self.count).map_while(move |_| reader.uint("value id").ok())
    }
}
