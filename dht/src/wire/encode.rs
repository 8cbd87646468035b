//! Writing datagrams, with the keys in the library's order.

use std::net::IpAddr;

use crate::msgpack::Writer;
use crate::wire::{Ids, Message, Payload, Reply, Request, Update, Values, Want};

/// The agent that every datagram but parts names.
const AGENT: &str = "o2";

/// The number of IPv4 on every platform.
pub(super) const AF_INET: u8 = 2;
/// The number of IPv6 on Linux, which is the one that is written.
pub(super) const AF_INET6: u8 = 10;

pub(super) fn extra_pairs(network: u32, client: bool) -> u32 {
    u32::from(network != 0) + u32::from(client)
}

impl Message<'_> {
    /// Appends the datagram to `buffer`.
    pub fn encode(&self, buffer: &mut Vec<u8>) {
        let mut out = Writer::append_to(core::mem::take(buffer));
        self.write(&mut out);
        *buffer = out.into_bytes();
    }

    /// Returns the datagram.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer::with_capacity(256);
        self.write(&mut out);
        out.into_bytes()
    }

    fn write(&self, out: &mut Writer) {
        let extra = extra_pairs(self.network, self.client);
        let kind = match &self.payload {
            Payload::Request { id, request } => {
                out.map(5 + extra).str("a");
                request.write(out, id);
                out.str("q").str(request.name());
                "q"
            }
            Payload::Reply(reply) => {
                out.map(4 + extra).str("r");
                reply.write(out);
                "r"
            }
            Payload::Error { id, code, text } => {
                out.map(4 + extra + u32::from(id.is_some())).str("e").array(2).uint(*code).str(text);
                if let Some(id) = id {
                    out.str("r").map(1).str("id").bin(&id.0);
                }
                "e"
            }
            // Parts have a writer of their own: they are made from a value, not from a message.
            Payload::Parts(parts) => {
                out.map(3 + extra);
                if self.network != 0 {
                    out.str("n").uint(self.network);
                }
                out.str("y").str("p").str("t").uint(self.transaction).str("p").map(parts.iter().count() as u32);
                for part in parts.iter() {
                    out.uint(part.index).map(2).str("o").uint(part.offset).str("d").bin(part.data);
                }
                if self.client {
                    out.str("s").bool(true);
                }
                return;
            }
        };
        out.str("t").uint(self.transaction).str("y").str(kind).str("v").str(AGENT);
        if self.network != 0 {
            out.str("n").uint(self.network);
        }
        if self.client {
            out.str("s").bool(true);
        }
    }
}

impl Request<'_> {
    /// Returns the name on the wire.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::Find { .. } => "find",
            Self::Get { .. } => "get",
            Self::Put { .. } => "put",
            Self::Refresh { .. } => "refresh",
            Self::Listen { .. } => "listen",
            Self::Update(_) => "update",
        }
    }

    fn write(&self, out: &mut Writer, id: &crate::id::InfoHash) {
        let mut begin = |pairs: u32| {
            out.map(1 + pairs).str("id").bin(&id.0);
        };
        match self {
            Self::Ping => begin(0),
            Self::Find { target, want } => {
                begin(1 + want.pairs());
                out.str("target").bin(&target.0);
                want.write(out);
            }
            Self::Get { key, query, want } => {
                begin(1 + u32::from(!query.is_plain()) + want.pairs());
                out.str("h").bin(&key.0);
                if !query.is_plain() {
                    query.encode(out.str("q"));
                }
                want.write(out);
            }
            Self::Put { key, values, token, created } => {
                begin(3 + u32::from(created.is_some()));
                out.str("h").bin(&key.0).str("values");
                values.write(out);
                if let Some(created) = created {
                    out.str("c").uint(*created);
                }
                out.str("token").bin(token);
            }
            Self::Refresh { key, value, token } => {
                begin(3);
                out.str("h").bin(&key.0).str("vid").uint(*value).str("token").bin(token);
            }
            Self::Listen { key, token, subscription, query } => {
                begin(4 + u32::from(!query.is_plain()));
                out.str("ve").uint(1u8).str("h").bin(&key.0).str("token").bin(token).str("sid").uint(*subscription);
                if !query.is_plain() {
                    query.encode(out.str("q"));
                }
            }
            Self::Update(update) => {
                begin(update.pairs());
                update.write(out);
            }
        }
    }
}

impl Update<'_> {
    fn pairs(&self) -> u32 {
        let optional =
            [self.token.is_some(), self.values.is_some(), !self.refreshed.is_empty(), !self.expired.is_empty()];
        let key = if self.key.is_some() { 2 } else { 0 };
        1 + key + optional.into_iter().map(u32::from).sum::<u32>()
    }

    fn write(&self, out: &mut Writer) {
        if let Some(key) = &self.key {
            out.str("ve").uint(1u8).str("h").bin(&key.0);
        }
        out.str("sid").uint(self.subscription);
        if let Some(values) = &self.values {
            values.write(out.str("values"));
        }
        if let Some(token) = self.token {
            out.str("token").bin(token);
        }
        for (name, ids) in [("re", &self.refreshed), ("exp", &self.expired)] {
            if !ids.is_empty() {
                ids.write(out.str(name));
            }
        }
    }
}

impl Reply<'_> {
    fn write(&self, out: &mut Writer) {
        let optional = [
            self.seen.is_some(),
            self.value.is_some(),
            !self.nodes4.is_empty(),
            !self.nodes6.is_empty(),
            self.token.is_some(),
            self.rows.is_some(),
            self.values.is_some(),
        ];
        out.map(1 + optional.into_iter().map(u32::from).sum::<u32>()).str("id").bin(&self.id.0);
        if let Some(value) = self.value {
            out.str("vid").uint(value);
        }
        match self.seen {
            Some(IpAddr::V4(ip)) => drop(out.str("sa").bin(&ip.octets())),
            Some(IpAddr::V6(ip)) => drop(out.str("sa").bin(&ip.octets())),
            None => {}
        }
        for (name, nodes) in [("n4", &self.nodes4), ("n6", &self.nodes6)] {
            if !nodes.is_empty() {
                out.str(name).bin(nodes.0);
            }
        }
        if let Some(token) = self.token {
            out.str("token").bin(token);
        }
        if let Some(rows) = &self.rows {
            out.str("fileds").raw(rows.raw());
        }
        if let Some(values) = &self.values {
            values.write(out.str("values"));
        }
    }
}

impl Want {
    fn pairs(self) -> u32 {
        u32::from(!self.is_open())
    }

    fn write(self, out: &mut Writer) {
        if self.is_open() {
            return;
        }
        out.str("w").array(u32::from(self.v4) + u32::from(self.v6));
        if self.v4 {
            out.uint(AF_INET);
        }
        if self.v6 {
            out.uint(AF_INET6);
        }
    }
}

impl Values<'_> {
    fn write(&self, out: &mut Writer) {
        out.array(self.count).raw(self.items);
    }
}

impl Ids<'_> {
    fn write(&self, out: &mut Writer) {
        out.array(self.count).raw(self.items);
    }
}
