//! Values as bytes.

use std::borrow::Cow;

use crate::id::InfoHash;
use crate::limits;
use crate::msgpack::{Malformed, Reader, Token, Writer};
use crate::value::{Body, Content, Signed, Value, ValueType};

impl<'a> Value<'a> {
    /// Reads a value; borrows its data.
    ///
    /// # Errors
    /// [`Malformed`] when the bytes are no value, when bytes follow, or when it is larger than [`limits::VALUE`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let (mut id, mut content) = (None, None);
        let (mut priority, mut push) = (0, "");
        for _ in 0..reader.map("value")? {
            match reader.key()? {
                b"id" => id = Some(reader.uint("value id")?),
                b"dat" => content = Some(Content::decode(&mut reader)?),
                b"p" => priority = reader.uint("priority")?,
                b"pt" => push = reader.str("push hint")?,
                _ => reader.object().map(drop)?,
            }
        }
        let (Some(id), Some(content)) = (id, content) else { return Err(Malformed("value without id or data")) };
        let value = Self { id, priority, push: Cow::Borrowed(push), content };
        if !reader.is_empty() {
            return Err(Malformed("bytes after a value"));
        }
        if value.weight() > limits::VALUE {
            return Err(Malformed("value larger than the limit"));
        }
        Ok(value)
    }

    /// Writes the value in the one form that this package stores and sends.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::with_capacity(self.weight() + 64);
        let pairs = 2 + u32::from(self.priority != 0) + u32::from(!self.push.is_empty());
        out.map(pairs).str("id").uint(self.id).str("dat");
        self.content.encode(&mut out);
        if self.priority != 0 {
            out.str("p").uint(self.priority);
        }
        if !self.push.is_empty() {
            out.str("pt").str(&self.push);
        }
        out.into_bytes()
    }

    /// Returns the bytes that a signature covers; none of a value that is not signed.
    #[must_use]
    pub fn signed_bytes(&self) -> Option<Vec<u8>> {
        let Content::Signed(signed) = &self.content else { return None };
        let mut out = Writer::with_capacity(self.weight() + 64);
        signed.encode_body(&mut out);
        Some(out.into_bytes())
    }
}

impl<'a> Content<'a> {
    /// Reads the content of `dat`. Decrypted bytes are a content of their own again.
    pub(crate) fn decode(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let pairs = match reader.token()? {
            Token::Bin(cypher) => return Ok(Self::Encrypted(Cow::Borrowed(cypher))),
            Token::Map(pairs) => pairs,
            _ => return Err(Malformed("value data")),
        };
        let (mut body, mut signature) = (None, None);
        for _ in 0..pairs {
            match reader.key()? {
                b"body" => body = Some(Fields::decode(reader)?),
                b"sig" => signature = Some(reader.bin("signature")?),
                _ => reader.object().map(drop)?,
            }
        }
        let fields = body.ok_or(Malformed("value without body"))?;
        let (Some(kind), Some(data)) = (fields.kind, fields.data) else {
            return Err(Malformed("body without type or data"));
        };
        let user_type = Cow::Borrowed(fields.user_type);
        let body = Body { kind: ValueType(kind), data: Cow::Borrowed(data), user_type };
        let Some(owner) = fields.owner else { return Ok(Self::Plain(body)) };
        let (Some(seq), Some(signature)) = (fields.seq, signature) else {
            return Err(Malformed("owner without seq or signature"));
        };
        let (owner, signature) = (Cow::Borrowed(owner), Cow::Borrowed(signature));
        Ok(Self::Signed(Signed { body, seq, owner, to: fields.to, signature }))
    }

    pub(crate) fn encode(&self, out: &mut Writer) {
        match self {
            Self::Plain(body) => {
                out.map(1).str("body").map(body.pairs());
                body.encode(out);
            }
            Self::Signed(signed) => {
                out.map(2).str("body");
                signed.encode_body(out);
                out.str("sig").bin(&signed.signature);
            }
            Self::Encrypted(cypher) => {
                out.bin(cypher);
            }
        }
    }
}

/// The fields of a body as they arrive, in any order.
#[derive(Default)]
struct Fields<'a> {
    seq: Option<u16>,
    owner: Option<&'a [u8]>,
    to: Option<InfoHash>,
    kind: Option<u16>,
    data: Option<&'a [u8]>,
    user_type: &'a str,
}

impl<'a> Fields<'a> {
    fn decode(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let mut fields = Self::default();
        for _ in 0..reader.map("body")? {
            match reader.key()? {
                b"seq" => fields.seq = Some(reader.uint("seq")?),
                b"owner" => fields.owner = Some(reader.bin("owner")?),
                b"to" => {
                    let to = InfoHash::from_slice(reader.bin("recipient")?);
                    fields.to = Some(to.ok_or(Malformed("recipient is not 20 bytes"))?);
                }
                b"type" => fields.kind = Some(reader.uint("type")?),
                b"data" => fields.data = Some(reader.bin("data")?),
                b"utype" => fields.user_type = reader.str("user type")?,
                _ => reader.object().map(drop)?,
            }
        }
        Ok(fields)
    }
}

impl Body<'_> {
    fn pairs(&self) -> u32 {
        2 + u32::from(!self.user_type.is_empty())
    }

    fn encode(&self, out: &mut Writer) {
        out.str("type").uint(self.kind.0).str("data").bin(&self.data);
        if !self.user_type.is_empty() {
            out.str("utype").str(&self.user_type);
        }
    }
}

impl Signed<'_> {
    /// Writes the map that is signed: this order, shortest numbers.
    fn encode_body(&self, out: &mut Writer) {
        out.map(2 + u32::from(self.to.is_some()) + self.body.pairs());
        out.str("seq").uint(self.seq).str("owner").bin(&self.owner);
        if let Some(to) = &self.to {
            out.str("to").bin(&to.0);
        }
        self.body.encode(out);
    }
}
