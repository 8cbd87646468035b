//! A request to connect, and its answer (R-RDV-5).

use zeroize::Zeroizing;

use crate::{
    limits::MAX_DESCRIPTION,
    msgpack::{Head, HeadReader, Sink, Skip},
    secret::Secret,
};

/// Bytes of a kind of connection, of which a link's is empty.
const MAX_KIND: u32 = 64;
/// Entries of the map.
const MAX_KEYS: u32 = 16;
/// The largest id: what every language's numbers hold exactly.
pub(super) const MAX_ID: u64 = 1 << 53;

/// A request or an answer. Its debug form shows no description, which has a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    /// Its number. An answer has the request's.
    pub(super) id: u64,
    /// The offer or answer of ICE.
    pub(super) description: Secret,
    pub(super) is_answer: bool,
    /// Empty for a link.
    pub(super) kind: String,
}

/// A number of any size, as short as it can be written.
fn number(out: &mut Secret, number: u64) {
    match u32::try_from(number) {
        Ok(number) => out.unsigned(number),
        Err(_) => {
            out.put(&[0xcf]);
            out.put(&number.to_be_bytes());
        }
    }
}

impl Request {
    /// Writes it, in the order of real peers.
    pub(super) fn encode(&self) -> Secret {
        // The text is the most of it; growing would leave copies.
        let mut out = Secret::with_capacity(64 + self.kind.len() + self.description.len());
        out.map(4);
        out.str(b"id");
        number(&mut out, self.id);
        out.str(b"ice_msg");
        out.str(self.description.as_bytes());
        out.str(b"isAnswer");
        out.boolean(self.is_answer);
        out.str(b"connType");
        out.str(self.kind.as_bytes());
        out
    }

    /// Reads one. Unknown keys are ignored, missing ones have their defaults, and a wrong type makes it none.
    pub(super) fn decode(mut bytes: &[u8]) -> Option<Self> {
        let Head::Map(entries @ ..=MAX_KEYS) = head(&mut bytes)? else { return None };
        let mut request = Self { id: 0, description: Secret::default(), is_answer: false, kind: String::new() };
        for _ in 0..entries {
            let key = text(&mut bytes, MAX_KIND)?;
            match &key[..] {
                b"id" => match head(&mut bytes)? {
                    Head::Unsigned(id) => request.id = id,
                    _ => return None,
                },
                b"ice_msg" => request.description = Secret::from(&text(&mut bytes, MAX_DESCRIPTION as u32)?[..]),
                b"isAnswer" => match head(&mut bytes)? {
                    Head::Bool(is_answer) => request.is_answer = is_answer,
                    _ => return None,
                },
                b"connType" => request.kind = String::from_utf8(text(&mut bytes, MAX_KIND)?.to_vec()).ok()?,
                _ => {
                    if !Skip::new().take(&mut bytes, &mut 0).ok()? {
                        return None;
                    }
                }
            }
        }
        Some(request)
    }
}

fn head(bytes: &mut &[u8]) -> Option<Head> {
    HeadReader::new().next(bytes).ok()?
}

fn text(bytes: &mut &[u8], most: u32) -> Option<Zeroizing<Vec<u8>>> {
    let Head::Str(length) = head(bytes)? else { return None };
    if length > most {
        return None;
    }
    let (text, rest) = bytes.split_at_checked(length as usize)?;
    *bytes = rest;
    Some(Zeroizing::new(text.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> Request {
        Request { id: MAX_ID, description: Secret::from("offer\n"), is_answer: true, kind: "sync".into() }
    }

    #[test]
    fn what_is_written_is_read() {
        for id in [1, 0x7f, 0x80, 0xffff, 0x1_0000, u64::from(u32::MAX), u64::from(u32::MAX) + 1, MAX_ID] {
            let request = Request { id, ..request() };
            assert_eq!(Request::decode(request.encode().as_bytes()), Some(request));
        }
        assert!(!format!("{:?}", request()).contains("offer"));
    }

    #[test]
    fn what_is_cut_or_of_another_type_is_none_and_unknown_keys_are_ignored() {
        let bytes = request().encode();
        for end in 0..bytes.len() {
            assert_eq!(Request::decode(&bytes.as_bytes()[..end]), None, "cut at {end}");
        }
        assert_eq!(Request::decode(b"\x81\xa2id\xa11"), None);
        assert_eq!(Request::decode(b"\x81\xa8isAnswer\x01"), None);
        assert_eq!(Request::decode(b"\x91\xc0"), None);
        let unknown = Request::decode(b"\x82\xa3new\x92\xc0\x81\xa1a\x01\xa2id\x07").unwrap();
        assert_eq!((unknown.id, unknown.is_answer, unknown.kind.as_str()), (7, false, ""));
        let many = [&b"\xde\xff\xff"[..], &[0xa0, 0xc0].repeat(1000)].concat();
        assert_eq!(Request::decode(&many), None);
    }
}
