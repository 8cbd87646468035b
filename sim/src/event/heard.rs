//! What a side receives on a connection.

use handfast::{
    connection::{Connection, Event},
    message::Message,
    mux::ChannelName,
    outcome::Side,
    secret::Secret,
};
use handfast_model::rows::Row;

/// What was received, without the bytes that it was read from.
pub(super) enum Thing {
    Asked(ChannelName),
    Accepted,
    Declined,
    Message(Message<Secret>),
    Began,
    Slice { first: Option<u8>, length: u64 },
    Complete,
    End,
    Malformed,
    Lost,
}

impl From<Event<'_>> for Thing {
    fn from(event: Event<'_>) -> Self {
        match event {
            Event::ChannelRequested(name) => Self::Asked(name),
            Event::ChannelAccepted => Self::Accepted,
            Event::ChannelDeclined => Self::Declined,
            Event::ChannelEnded => Self::End,
            Event::Message(message) => Self::Message(message),
            Event::ArchiveBegan { .. } => Self::Began,
            Event::ArchiveSlice(bytes) => Self::Slice { first: bytes.first().copied(), length: bytes.len() as u64 },
            Event::ArchiveEnded => Self::Complete,
            Event::Malformed => Self::Malformed,
            Event::Lost => Self::Lost,
        }
    }
}

/// Receives the next thing. `rows`: where the rows of the connection's table are noted that this walks.
pub(super) fn receive(
    connection: &mut Connection,
    input: &mut &[u8],
    side: Side,
    rows: Option<&mut Vec<Row>>,
) -> Option<Thing> {
    let event = match rows {
        None => connection.receive(input),
        Some(rows) => connection.receive_noting(input, |place, kind| {
            rows.push(Row { side, place: place.name(), kind: kind.name() });
        }),
    };
    event.map(Thing::from)
}
