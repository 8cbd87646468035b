//! Queries of the values under a key: fields to select, and conditions.

use crate::id::InfoHash;
use crate::limits;
use crate::msgpack::{Malformed, Reader, Writer};
use crate::value::ValueType;

/// A field of a value that a storing node can see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Field {
    /// The value's id.
    Id = 1,
    /// The value's type.
    Kind = 2,
    /// The short id of the signer's key.
    Owner = 3,
    /// The sequence number of a signed value.
    Seq = 4,
    /// The application's own type.
    UserType = 5,
}

const FIELDS: [Field; 5] = [Field::Id, Field::Kind, Field::Owner, Field::Seq, Field::UserType];

/// A condition that a value has to meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// Has this id.
    Id(u64),
    /// Has this type.
    Kind(ValueType),
    /// Is signed by the key with this short id; zero: is unsigned.
    Owner(InfoHash),
    /// Has this sequence number.
    Seq(u16),
    /// Has this user type. The user type of an encrypted value is hidden from storing nodes.
    UserType(String),
}

/// A query. The empty one asks for all values, whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    /// The fields to return; none: whole values.
    pub select: Vec<Field>,
    /// Conditions; all must hold.
    pub filters: Vec<Filter>,
}

/// The fields of a value that a storing node sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary<'a> {
    /// The value's id.
    pub id: u64,
    /// The type.
    pub kind: ValueType,
    /// The short id of the signer's key, or zero.
    pub owner: InfoHash,
    /// The sequence number.
    pub seq: u16,
    /// The user type.
    pub user_type: &'a str,
}

/// The selected fields of one value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row {
    /// The value's id.
    pub id: Option<u64>,
    /// The type.
    pub kind: Option<ValueType>,
    /// The short id of the signer's key, zero when unsigned.
    pub owner: Option<InfoHash>,
    /// The sequence number.
    pub seq: Option<u16>,
    /// The user type.
    pub user_type: Option<String>,
}

impl Query {
    /// Asks for whole values with this id.
    #[must_use]
    pub fn with_id(id: u64) -> Self {
        Self { select: Vec::new(), filters: vec![Filter::Id(id)] }
    }

    /// Asks whether a value is there, and with which sequence number.
    #[must_use]
    pub fn probe() -> Self {
        Self { select: vec![Field::Id, Field::Seq], filters: Vec::new() }
    }

    /// Says whether all conditions hold.
    #[must_use]
    pub fn matches(&self, value: &Summary<'_>) -> bool {
        self.filters.iter().all(|filter| match filter {
            Filter::Id(id) => *id == value.id,
            Filter::Kind(kind) => *kind == value.kind,
            Filter::Owner(owner) => *owner == value.owner,
            Filter::Seq(seq) => *seq == value.seq,
            Filter::UserType(user_type) => user_type == value.user_type,
        })
    }

    /// Says whether it asks for all values, whole.
    #[must_use]
    pub const fn is_plain(&self) -> bool {
        self.select.is_empty() && self.filters.is_empty()
    }

    pub(crate) fn encode(&self, out: &mut Writer) {
        out.map(2).str("s").array(self.select.len() as u32);
        self.select.iter().for_each(|field| {
            out.uint(*field as u8);
        });
        out.str("w").array(self.filters.len() as u32);
        for filter in &self.filters {
            out.map(2).str("f");
            match filter {
                Filter::Id(id) => out.uint(Field::Id as u8).str("v").uint(*id),
                Filter::Kind(kind) => out.uint(Field::Kind as u8).str("v").uint(kind.0),
                Filter::Owner(owner) => out.uint(Field::Owner as u8).str("v").bin(&owner.0),
                Filter::Seq(seq) => out.uint(Field::Seq as u8).str("v").uint(*seq),
                Filter::UserType(text) => out.uint(Field::UserType as u8).str("v").bin(text.as_bytes()),
            };
        }
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let mut query = Self::default();
        for _ in 0..reader.map("query")? {
            match reader.key()? {
                b"s" => query.select = fields(&mut reader)?,
                b"w" => {
                    let len = reader.array("conditions")?;
                    bounded(len)?;
                    query.filters = (0..len).map(|_| filter(&mut reader)).collect::<Result<_, _>>()?;
                }
                _ => reader.object().map(drop)?,
            }
        }
        Ok(query)
    }
}

fn bounded(len: u32) -> Result<(), Malformed> {
    if len as usize > limits::QUERY_TERMS { Err(Malformed("more query terms than the limit")) } else { Ok(()) }
}

fn field(reader: &mut Reader<'_>) -> Result<Field, Malformed> {
    let number = reader.uint::<u8>("field number")?;
    FIELDS.into_iter().find(|field| *field as u8 == number).ok_or(Malformed("unknown field number"))
}

fn fields(reader: &mut Reader<'_>) -> Result<Vec<Field>, Malformed> {
    let len = reader.array("fields")?;
    bounded(len)?;
    (0..len).map(|_| field(reader)).collect()
}

fn filter(reader: &mut Reader<'_>) -> Result<Filter, Malformed> {
    let (mut which, mut value) = (None, None);
    for _ in 0..reader.map("condition")? {
        match reader.key()? {
            b"f" => which = Some(field(reader)?),
            b"v" => value = Some(reader.object()?),
            _ => reader.object().map(drop)?,
        }
    }
    let (Some(which), Some(value)) = (which, value) else { return Err(Malformed("condition without field or value")) };
    let mut value = Reader::new(value);
    Ok(match which {
        Field::Id => Filter::Id(value.uint("id in a condition")?),
        Field::Kind => Filter::Kind(ValueType(value.uint("type in a condition")?)),
        Field::Owner => Filter::Owner(id(&mut value)?),
        Field::Seq => Filter::Seq(value.uint("seq in a condition")?),
        Field::UserType => {
            let text = core::str::from_utf8(value.bin("user type in a condition")?);
            Filter::UserType(text.map_err(|_| Malformed("user type is no UTF-8"))?.to_owned())
        }
    })
}

fn id(reader: &mut Reader<'_>) -> Result<InfoHash, Malformed> {
    InfoHash::from_slice(reader.bin("owner")?).ok_or(Malformed("owner is not 20 bytes"))
}

/// The answer to a query that selects fields: `fileds` on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rows<'a> {
    raw: &'a [u8],
}

impl<'a> Rows<'a> {
    /// Takes the encoded map as it is.
    #[must_use]
    pub(crate) const fn new(raw: &'a [u8]) -> Self {
        Self { raw }
    }

    /// Returns the encoded map.
    #[must_use]
    pub(crate) const fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// Encodes the selected fields of values. Fields are in ascending order, each once.
    #[must_use]
    pub fn encode<'v>(select: &[Field], values: impl ExactSizeIterator<Item = Summary<'v>>) -> Vec<u8> {
        let mut select = select.to_vec();
        select.sort_unstable();
        select.dedup();
        let mut out = Writer::default();
        out.map(2).str("f").array(select.len() as u32);
        select.iter().for_each(|field| {
            out.uint(*field as u8);
        });
        out.str("v").array((values.len() * select.len()) as u32);
        for value in values {
            for field in &select {
                match field {
                    Field::Id => out.uint(value.id),
                    Field::Kind => out.uint(value.kind.0),
                    Field::Owner => out.bin(&value.owner.0),
                    Field::Seq => out.uint(value.seq),
                    Field::UserType => out.str(value.user_type),
                };
            }
        }
        out.into_bytes()
    }

    /// Reads the rows, at most [`limits::VALUES_PER_MESSAGE`].
    ///
    /// # Errors
    /// [`Malformed`] when it is no such map.
    pub fn decode(&self) -> Result<Vec<Row>, Malformed> {
        let mut reader = Reader::new(self.raw);
        let (mut select, mut flat) = (Vec::new(), None);
        for _ in 0..reader.map("selected fields")? {
            match reader.key()? {
                b"f" => select = fields(&mut reader)?,
                b"v" => flat = Some(reader.object()?),
                _ => reader.object().map(drop)?,
            }
        }
        let mut flat = Reader::new(flat.ok_or(Malformed("selected fields without values"))?);
        let len = flat.array("selected values")? as usize;
        if select.is_empty() || !len.is_multiple_of(select.len()) {
            return Err(Malformed("rows of another length than their fields"));
        }
        (0..(len / select.len()).min(limits::VALUES_PER_MESSAGE)).map(|_| row(&select, &mut flat)).collect()
    }
}

fn row(select: &[Field], flat: &mut Reader<'_>) -> Result<Row, Malformed> {
    let mut row = Row::default();
    for field in select {
        match field {
            Field::Id => row.id = Some(flat.uint("selected id")?),
            Field::Kind => row.kind = Some(ValueType(flat.uint("selected type")?)),
            Field::Owner => row.owner = Some(id(flat)?),
            Field::Seq => row.seq = Some(flat.uint("selected seq")?),
            Field::UserType => row.user_type = Some(flat.str("selected user type")?.to_owned()),
        }
    }
    Ok(row)
}
