//! Packed lists of nodes: `n4` and `n6`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::id::{ID_BYTES, InfoHash};
use crate::limits;

/// One of the two networks that a node is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// Both.
    pub const ALL: [Self; 2] = [Self::V4, Self::V6];

    /// Returns the family of an address.
    #[must_use]
    pub const fn of(address: &SocketAddr) -> Self {
        match address {
            SocketAddr::V4(_) => Self::V4,
            SocketAddr::V6(_) => Self::V6,
        }
    }

    /// Returns the length of one record: id, address, port.
    #[must_use]
    pub const fn record(self) -> usize {
        ID_BYTES + 2 + self.address()
    }

    const fn address(self) -> usize {
        match self {
            Self::V4 => 4,
            Self::V6 => 16,
        }
    }
}

/// A node: its id and where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Contact {
    /// The node's id. It proves nothing.
    pub id: InfoHash,
    /// Its address.
    pub address: SocketAddr,
}

impl Contact {
    /// Appends the record.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.id.0);
        match self.address.ip() {
            IpAddr::V4(ip) => out.extend_from_slice(&ip.octets()),
            IpAddr::V6(ip) => out.extend_from_slice(&ip.octets()),
        }
        out.extend_from_slice(&self.address.port().to_be_bytes());
    }
}

/// A packed list. Only the first [`limits::NODES_PER_MESSAGE`] count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Nodes<'a>(pub(crate) &'a [u8]);

impl<'a> Nodes<'a> {
    /// Takes a packed list; none when its length is no multiple of the record's.
    #[must_use]
    pub const fn new(bytes: &'a [u8], family: Family) -> Option<Self> {
        if bytes.len().is_multiple_of(family.record()) { Some(Self(bytes)) } else { None }
    }

    /// Says whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Goes through the nodes of the list, which is of this family.
    pub fn iter(&self, family: Family) -> impl Iterator<Item = Contact> + use<'a> {
        self.0.chunks_exact(family.record()).take(limits::NODES_PER_MESSAGE).filter_map(move |record| {
            let (id, rest) = record.split_first_chunk::<ID_BYTES>()?;
            let (ip, port) = rest.split_at_checked(family.address())?;
            let ip = match family {
                Family::V4 => IpAddr::from(Ipv4Addr::from(<[u8; 4]>::try_from(ip).ok()?)),
                Family::V6 => IpAddr::from(Ipv6Addr::from(<[u8; 16]>::try_from(ip).ok()?)),
            };
            let port = u16::from_be_bytes(port.try_into().ok()?);
            Some(Contact { id: InfoHash(*id), address: SocketAddr::new(ip, port) })
        })
    }
}
