//! The bytes that a side transmits and receives on a connection.

use handfast::{
    connection::{Connection, Event},
    message::Message,
    mux::ChannelName,
    outcome::Side,
    secret::Secret,
};
use handfast_model::rows::Row;

/// An item that was received, without the bytes that it was read from.
pub(crate) enum Received {
    Asked(ChannelName),
    Accepted,
    Declined,
    Message(Message<Secret>),
    Began(u64),
    Slice { first: Option<u8>, length: u64 },
    Complete,
    End,
    Malformed,
    Lost,
}

impl Received {
    /// Whether it is data of the session's channel: what a connection skips after its own end.
    pub(crate) const fn is_data(&self) -> bool {
        matches!(self, Self::Message(_) | Self::Began(_) | Self::Slice { .. } | Self::Complete)
    }
}

impl From<Event<'_>> for Received {
    fn from(event: Event<'_>) -> Self {
        match event {
            Event::ChannelRequested(name) => Self::Asked(name),
            Event::ChannelAccepted => Self::Accepted,
            Event::ChannelDeclined => Self::Declined,
            Event::ChannelEnded => Self::End,
            Event::Message(message) => Self::Message(message),
            Event::ArchiveBegan { length } => Self::Began(length),
            Event::ArchiveSlice(bytes) => Self::Slice { first: bytes.first().copied(), length: bytes.len() as u64 },
            Event::ArchiveEnded => Self::Complete,
            Event::Malformed => Self::Malformed,
            Event::Lost => Self::Lost,
        }
    }
}

/// Receives the next thing. `rows`: where the rows of the connection's table are noted that this walks.
pub(crate) fn receive(
    connection: &mut Connection,
    input: &mut &[u8],
    side: Side,
    rows: Option<&mut Vec<Row>>,
) -> Option<Received> {
    let event = match rows {
        None => connection.receive(input),
        Some(rows) => connection.receive_noting(input, |place, kind| {
            rows.push(Row { side, place: place.name(), kind: kind.name() });
        }),
    };
    event.map(Received::from)
}

/// Takes all that waits on a connection.
pub(crate) fn transmit(connection: &mut Connection) -> Vec<u8> {
    let mut bytes = Vec::new();
    while connection.is_waiting() {
        let (header, data) = connection.transmit();
        bytes.extend_from_slice(header);
        bytes.extend_from_slice(data);
        let count = header.len() + data.len();
        connection.sent(count);
    }
    bytes
}
