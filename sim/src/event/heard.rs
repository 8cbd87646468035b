//! What a side hears on a connection.

use handfast::{
    inbox::Heard,
    message::{Event, Message},
    mux::Control,
    secret::Secret,
};

/// What was heard, without what it was read from.
pub(super) enum Thing {
    Control(Control),
    Message(Message<Secret>),
    Began,
    Slice { first: Option<u8>, length: u64 },
    Complete,
    End,
}

impl From<Heard<'_>> for Thing {
    fn from(heard: Heard<'_>) -> Self {
        match heard {
            Heard::Control(control) => Self::Control(control),
            Heard::Message(Event::Message(message)) => Self::Message(message),
            Heard::Message(Event::ArchiveBegan { .. }) => Self::Began,
            Heard::Message(Event::ArchiveSlice(bytes)) => {
                Self::Slice { first: bytes.first().copied(), length: bytes.len() as u64 }
            }
            Heard::Message(Event::ArchiveEnded) => Self::Complete,
            Heard::End => Self::End,
        }
    }
}
