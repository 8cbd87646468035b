//! Reading datagrams: keys in any order, unknown keys ignored at every level.

use std::net::IpAddr;

use crate::id::InfoHash;
use crate::limits;
use crate::msgpack::{Malformed, Reader, Token};
use crate::value::{Query, Rows};
use crate::wire::encode::{AF_INET, AF_INET6};
use crate::wire::{Family, Ids, Message, Nodes, Parts, Payload, Reply, Request, Update, Values, Want};

impl<'a> Message<'a> {
    /// Reads a datagram.
    ///
    /// # Errors
    /// [`Malformed`] when it is not a message; the sender is at fault.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Malformed> {
        if bytes.len() > limits::DATAGRAM {
            return Err(Malformed("datagram larger than the limit"));
        }
        let mut reader = Reader::new(bytes);
        let (mut transaction, mut network, mut client) = (None, 0, false);
        let (mut arguments, mut reply, mut error, mut parts, mut name) = (None, None, None, None, None);
        for _ in 0..reader.map("datagram")? {
            match reader.key()? {
                b"t" => transaction = Some(transaction_id(&mut reader)?),
                b"q" => name = Some(reader.str("name of a question")?),
                b"a" => arguments = Some(reader.object()?),
                b"r" => reply = Some(reader.object()?),
                b"e" => error = Some(reader.object()?),
                b"p" => parts = Some(reader.object()?),
                b"n" => network = reader.uint("network")?,
                b"s" => client = reader.token()? == Token::Bool(true),
                _ => reader.object().map(drop)?,
            }
        }
        let transaction = transaction.ok_or(Malformed("datagram without transaction id"))?;
        // The fields decide in this order which kind a datagram is.
        let payload = if let Some(error) = error {
            refusal(error, reply)?
        } else if let Some(reply) = reply {
            Payload::Reply(Reply::decode(reply)?)
        } else if let Some(parts) = parts {
            Payload::Parts(Parts::new(parts))
        } else {
            let arguments = Arguments::decode(arguments.ok_or(Malformed("question without arguments"))?)?;
            let id = arguments.id.ok_or(Malformed("question without node id"))?;
            Payload::Request { id, request: arguments.request(name.ok_or(Malformed("question without name"))?)? }
        };
        Ok(Self { transaction, network, client, payload })
    }

    /// Returns the sender's node id, when the datagram has one.
    #[must_use]
    pub const fn sender(&self) -> Option<InfoHash> {
        match &self.payload {
            Payload::Request { id, .. } => Some(*id),
            Payload::Reply(reply) => Some(reply.id),
            Payload::Error { id, .. } => *id,
            Payload::Parts(_) => None,
        }
    }
}

/// Reads a number, or four bytes, as a byte string or as an array.
fn transaction_id(reader: &mut Reader<'_>) -> Result<u32, Malformed> {
    const WHAT: Malformed = Malformed("transaction id");
    match reader.token()? {
        Token::Uint(number) => u32::try_from(number).map_err(|_| WHAT),
        Token::Bin(bytes) => bytes.try_into().map(u32::from_be_bytes).map_err(|_| WHAT),
        Token::Array(4) => {
            (0..4).try_fold(0, |number, _| Ok(number << 8 | u32::from(reader.uint::<u8>("transaction id")?)))
        }
        _ => Err(WHAT),
    }
}

fn refusal<'a>(error: &'a [u8], reply: Option<&'a [u8]>) -> Result<Payload<'a>, Malformed> {
    let mut reader = Reader::new(error);
    if reader.array("error")? != 2 {
        return Err(Malformed("error"));
    }
    let (code, text) = (reader.uint("error code")?, reader.str("error text")?);
    let id = reply.map(Reply::decode).transpose()?.map(|reply| reply.id);
    Ok(Payload::Error { id, code, text })
}

fn id(reader: &mut Reader<'_>) -> Result<InfoHash, Malformed> {
    InfoHash::from_slice(reader.bin("id")?).ok_or(Malformed("id is not 20 bytes"))
}

fn token<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], Malformed> {
    let token = reader.bin("token")?;
    if token.len() > limits::TOKEN { Err(Malformed("token longer than the limit")) } else { Ok(token) }
}

impl<'a> Reply<'a> {
    fn decode(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let (mut reply, mut sender) = (Self::default(), None);
        for _ in 0..reader.map("reply")? {
            match reader.key()? {
                b"id" => sender = Some(id(&mut reader)?),
                b"sa" => reply.seen = address(reader.bin("address")?),
                b"vid" => reply.value = Some(reader.uint("value id")?),
                b"n4" => reply.nodes4 = nodes(&mut reader, Family::V4)?,
                b"n6" => reply.nodes6 = nodes(&mut reader, Family::V6)?,
                b"token" => reply.token = Some(token(&mut reader)?),
                b"fileds" => reply.rows = Some(Rows::new(reader.object()?)),
                b"values" => reply.values = Some(Values::decode(&mut reader)?),
                _ => reader.object().map(drop)?,
            }
        }
        reply.id = sender.ok_or(Malformed("reply without node id"))?;
        Ok(reply)
    }
}

fn nodes<'a>(reader: &mut Reader<'a>, family: Family) -> Result<Nodes<'a>, Malformed> {
    Nodes::new(reader.bin("nodes")?, family).ok_or(Malformed("nodes of another length than their records"))
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from),
        16 => <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from),
        _ => None,
    }
}

/// The arguments of a question as they arrive, before its name is known.
#[derive(Default)]
struct Arguments<'a> {
    id: Option<InfoHash>,
    target: Option<InfoHash>,
    key: Option<InfoHash>,
    query: Option<&'a [u8]>,
    want: Want,
    values: Option<Values<'a>>,
    token: Option<&'a [u8]>,
    created: Option<u64>,
    value: Option<u64>,
    subscription: Option<u32>,
    refreshed: Ids<'a>,
    expired: Ids<'a>,
}

impl<'a> Arguments<'a> {
    fn decode(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let mut all = Self::default();
        for _ in 0..reader.map("arguments")? {
            match reader.key()? {
                b"id" => all.id = Some(id(&mut reader)?),
                b"target" => all.target = Some(id(&mut reader)?),
                b"h" => all.key = Some(id(&mut reader)?),
                b"q" => all.query = Some(reader.object()?),
                b"w" => all.want = want(&mut reader)?,
                b"values" => all.values = Some(Values::decode(&mut reader)?),
                b"token" => all.token = Some(token(&mut reader)?),
                b"c" => all.created = Some(reader.uint("creation time")?),
                b"vid" => all.value = Some(reader.uint("value id")?),
                b"sid" => all.subscription = Some(reader.uint("number of a subscription")?),
                b"re" => all.refreshed = Ids::decode(&mut reader)?,
                b"exp" => all.expired = Ids::decode(&mut reader)?,
                _ => reader.object().map(drop)?,
            }
        }
        Ok(all)
    }

    fn request(self, name: &str) -> Result<Request<'a>, Malformed> {
        let key = self.key.unwrap_or(InfoHash::ZERO);
        let token = self.token.unwrap_or(&[]);
        let query = || self.query.map_or(Ok(Query::default()), Query::decode);
        Ok(match name {
            "ping" => Request::Ping,
            "find" => Request::Find { target: self.target.ok_or(Malformed("find without target"))?, want: self.want },
            "get" => Request::Get { key, query: query()?, want: self.want },
            "put" => Request::Put {
                key,
                values: self.values.ok_or(Malformed("put without values"))?,
                token,
                created: self.created,
            },
            "refresh" => {
                Request::Refresh { key, value: self.value.ok_or(Malformed("refresh without value id"))?, token }
            }
            "listen" => Request::Listen {
                key,
                token,
                subscription: self.subscription.ok_or(Malformed("listen without number"))?,
                query: query()?,
            },
            "update" => Request::Update(Update {
                subscription: self.subscription.ok_or(Malformed("update without number"))?,
                key: self.key,
                token: self.token,
                values: self.values,
                refreshed: self.refreshed,
                expired: self.expired,
            }),
            _ => return Err(Malformed("unknown question")),
        })
    }
}

fn want(reader: &mut Reader<'_>) -> Result<Want, Malformed> {
    let mut want = Want::default();
    for _ in 0..reader.array("wanted families")? {
        // The numbers are those of the sender's platform: Linux, Windows, the BSDs, macOS.
        let number: u64 = reader.uint("wanted family")?;
        want.v4 |= number == u64::from(AF_INET);
        want.v6 |= [AF_INET6, 23, 24, 28, 30].map(u64::from).contains(&number);
    }
    Ok(want)
}
