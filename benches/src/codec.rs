//! Tokens, messages and frames, in memory.

use std::fmt::Write as _;

use handfast::{
    connection::{Connection, Event},
    limits::{ARCHIVE_FRAME, READ_AHEAD},
    message::{Features, ImportResult, Message, Verdict, archive_header, encode},
    mux::{ChannelName, ChannelRequest, Control, FIRST_SERVER_CHANNEL, RequestState, frame_header},
    outcome::Scheme,
    secret::Secret,
    token::Token,
};

/// The channel of a session.
pub const CHANNEL: u16 = FIRST_SERVER_CHANNEL;
/// A token with the long id, which is the longest.
pub const TOKEN: &str = "jami-auth://9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08/123456";

/// Reads a token.
pub fn parse_token() -> Token {
    Token::parse(std::hint::black_box(TOKEN.as_bytes())).expect("it is one")
}

/// Writes a token into a text that has room for it.
pub fn format_token(token: &Token, text: &mut String) {
    text.clear();
    write!(text, "{}", token.text()).expect("a text takes everything");
}

/// The messages of a link with a wrong password, without the archive.
pub fn messages() -> Vec<Message<Secret>> {
    vec![
        Message::Hello(Features::ALL),
        Message::AuthScheme(Scheme::Password, Features::ALL),
        Message::Password(Secret::from("sesame")),
        Message::Verdict(Verdict::Wrong),
        Message::Password(Secret::from("open sesame")),
        Message::ImportResult(ImportResult::Stored),
    ]
}

/// Their bytes on the wire, a frame each.
pub fn encode_messages(messages: &[Message<Secret>], wire: &mut Vec<u8>) {
    wire.clear();
    for message in messages {
        let bytes = encode(message);
        put_frame(wire, bytes.as_bytes());
    }
}

/// Reads them back, and says how many there were.
pub fn decode_messages(wire: &[u8]) -> usize {
    let (mut connection, mut rest, mut count) = (session(0), wire, 0);
    while let Some(event) = connection.receive(&mut rest) {
        count += usize::from(matches!(event, Event::Message(_)));
    }
    count
}

/// The importer's end of a connection in a session, which takes archives of so many bytes.
pub fn session(max_archive: usize) -> Connection {
    let mut connection = Connection::importer(max_archive as u64);
    let name = ChannelName::new(b"auth:123456").expect("a short name");
    let request = ChannelRequest { name, channel: CHANNEL, state: RequestState::Request };
    let event = connection.receive(&mut &Control::Request(request).to_frame()[..]).is_some();
    assert!(event && connection.accept(), "the channel is requested and accepted");
    connection
}

fn put_frame(wire: &mut Vec<u8>, data: &[u8]) {
    wire.extend_from_slice(frame_header(CHANNEL, data.len() as u16).as_bytes());
    wire.extend_from_slice(data);
}

/// An archive that is encoded into memory, decoded from it, and copied.
pub struct Archive {
    text: Vec<u8>,
    wire: Vec<u8>,
    taken: Vec<u8>,
    /// Of a connection on which it comes again and again: what a new one costs is no part of a message.
    connection: Connection,
}

impl Archive {
    /// Of so many bytes, encoded.
    pub fn new(length: usize) -> Self {
        let text = vec![b'x'; length];
        let wire = Vec::with_capacity(length + 64 + 7 * length.div_ceil(ARCHIVE_FRAME));
        let mut archive = Self { taken: vec![0; length], text, wire, connection: session(length) };
        archive.encode();
        archive
    }

    /// Writes message and frames into memory, as the shell does into a connection.
    pub fn encode(&mut self) -> usize {
        self.wire.clear();
        put_frame(&mut self.wire, archive_header(self.text.len() as u32).as_bytes());
        self.text.chunks(ARCHIVE_FRAME).for_each(|piece| put_frame(&mut self.wire, piece));
        self.wire.len()
    }

    /// Reads what was encoded, in pieces as the shell reads them, and puts the archive together again.
    pub fn decode(&mut self) -> usize {
        let mut at = 0;
        for mut piece in self.wire.chunks(READ_AHEAD) {
            while let Some(event) = self.connection.receive(&mut piece) {
                match event {
                    Event::ArchiveSlice(bytes) => {
                        self.taken[at..at + bytes.len()].copy_from_slice(bytes);
                        at += bytes.len();
                    }
                    Event::ArchiveBegan { .. } => _ = self.connection.take_archive(),
                    _ => {}
                }
            }
        }
        at
    }

    /// Reads what was encoded, and looks at the archive where it is.
    pub fn look(&mut self) -> usize {
        let mut length = 0;
        for mut piece in self.wire.chunks(READ_AHEAD) {
            while let Some(event) = self.connection.receive(&mut piece) {
                match event {
                    Event::ArchiveSlice(bytes) => length += std::hint::black_box(bytes).len(),
                    Event::ArchiveBegan { .. } => _ = self.connection.take_archive(),
                    _ => {}
                }
            }
        }
        length
    }

    /// Copies as many bytes, and nothing else.
    pub fn copy(&mut self) -> usize {
        std::hint::black_box(&mut self.taken).copy_from_slice(std::hint::black_box(&self.text));
        self.taken.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded() {
        for length in [1024, 65_536, 200_000] {
            let mut archive = Archive::new(length);
            archive.encode();
            assert_eq!((archive.decode(), archive.decode()), (length, length));
            assert_eq!(archive.look(), length);
            assert_eq!(archive.taken, archive.text);
        }
        let messages = messages();
        let mut wire = Vec::new();
        encode_messages(&messages, &mut wire);
        assert_eq!(decode_messages(&wire), messages.len());
        let (token, mut text) = (parse_token(), String::new());
        format_token(&token, &mut text);
        assert_eq!(text, TOKEN);
    }
}
