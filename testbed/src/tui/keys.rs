//! The keys of a terminal, from its bytes.
//!
//! A terminal library would do it too, and would keep what it read in buffers that no one wipes: passwords come this way.

use zeroize::Zeroizing;

/// Bytes of the longest key that is known; what goes on beyond is not a key.
const MAX_SEQUENCE: usize = 16;

/// A key. It may be a character of a password: it does not print.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(crate) enum Key {
    Char(char),
    Enter,
    /// The end of a line in what was pasted.
    Break,
    Esc,
    Backspace,
    Delete,
    Left,
    Right,
    Up,
    Down,
    Home,
    End,
    /// Ctrl-U.
    Clear,
    /// Ctrl-C.
    Interrupt,
    /// Any other, which does nothing.
    Other,
}

/// Takes bytes as they come and returns keys. Its content is wiped.
#[derive(Default)]
pub(crate) struct Decoder {
    bytes: Zeroizing<Vec<u8>>,
    pasting: bool,
}

/// The key that the bytes begin.
enum Begins {
    /// A key of so many bytes.
    Key(Key, usize),
    /// Text is pasted from here on, or no more.
    Pasting(bool, usize),
    /// A key that goes on.
    Open,
}

impl Decoder {
    /// Takes what was read at once. A terminal sends a key at once, so that an escape at the end is the key of that name.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        // All the room at once: growing would leave copies.
        let mut together = Zeroizing::new(Vec::with_capacity(self.bytes.len() + bytes.len()));
        together.extend_from_slice(&self.bytes);
        together.extend_from_slice(bytes);
        self.bytes = together;
    }

    /// The next key.
    pub(crate) fn next(&mut self) -> Option<Key> {
        loop {
            if self.bytes.is_empty() {
                return None;
            }
            match begins(&self.bytes) {
                Begins::Key(key, length) => {
                    self.drop_first(length);
                    return Some(match key {
                        // Pasted bytes are text.
                        Key::Enter if self.pasting => Key::Break,
                        Key::Esc | Key::Interrupt | Key::Clear | Key::Backspace if self.pasting => Key::Other,
                        key => key,
                    });
                }
                Begins::Pasting(pasting, length) => {
                    self.drop_first(length);
                    self.pasting = pasting;
                }
                Begins::Open => return None,
            }
        }
    }

    fn drop_first(&mut self, count: usize) {
        self.bytes.drain(..count);
    }
}

fn begins(bytes: &[u8]) -> Begins {
    use Begins::{Key as K, Open, Pasting};
    match bytes {
        [b'\r', b'\n', ..] => K(Key::Enter, 2),
        [b'\r' | b'\n', ..] => K(Key::Enter, 1),
        [0x7f | 0x08, ..] => K(Key::Backspace, 1),
        [0x03, ..] => K(Key::Interrupt, 1),
        [0x15, ..] => K(Key::Clear, 1),
        [0x01, ..] => K(Key::Home, 1),
        [0x05, ..] => K(Key::End, 1),
        [0x1b] => K(Key::Esc, 1),
        // Two keys, pressed faster than they were read.
        [0x1b, 0x00..=0x1f | 0x7f, ..] => K(Key::Esc, 1),
        [0x1b, b'[' | b'O'] => Open,
        [0x1b, b'[', rest @ ..] => match rest.iter().position(|byte| (0x40..=0x7e).contains(byte)) {
            Some(end) => match &rest[..=end] {
                b"200~" => Pasting(true, 6),
                b"201~" => Pasting(false, 6),
                sequence => K(named(sequence), end + 3),
            },
            None if rest.len() < MAX_SEQUENCE => Open,
            None => K(Key::Other, bytes.len()),
        },
        [0x1b, b'O', letter, ..] => K(named(&[*letter]), 3),
        // Alt, and something else.
        [0x1b, _, ..] => K(Key::Other, 2),
        [0x00..=0x1f, ..] => K(Key::Other, 1),
        [first, ..] => {
            let length = match first {
                0xc2..=0xdf => 2,
                0xe0..=0xef => 3,
                0xf0..=0xf4 => 4,
                _ => 1,
            };
            match bytes.get(..length).map(str::from_utf8) {
                // The terminal gets no answer to this.
                Some(Ok(text)) => {
                    let char = text.chars().next().filter(|char| !char.is_control());
                    K(char.map_or(Key::Other, Key::Char), length)
                }
                Some(Err(_)) => K(Key::Other, 1),
                None if str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none()) => Open,
                None => K(Key::Other, 1),
            }
        }
        [] => Open,
    }
}

fn named(sequence: &[u8]) -> Key {
    match sequence {
        b"A" => Key::Up,
        b"B" => Key::Down,
        b"C" => Key::Right,
        b"D" => Key::Left,
        b"H" | b"1~" | b"7~" => Key::Home,
        b"F" | b"4~" | b"8~" => Key::End,
        b"3~" => Key::Delete,
        _ => Key::Other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keys(chunks: &[&[u8]]) -> Vec<Key> {
        let mut decoder = Decoder::default();
        let mut keys = Vec::new();
        for chunk in chunks {
            decoder.feed(chunk);
            keys.extend(std::iter::from_fn(|| decoder.next()));
        }
        keys
    }

    #[test]
    fn keys_are_distinguished() {
        use Key::*;
        assert_eq!(keys(&[b"y\r\x7f\x03\x15\t"]), [Char('y'), Enter, Backspace, Interrupt, Clear, Other]);
        assert_eq!(keys(&[b"\x1b[A\x1bOB\x1b[C\x1b[D\x1b[3~"]), [Up, Down, Right, Left, Delete]);
        assert_eq!(keys(&[b"\x1b[H\x1b[F\x1b[1~\x1b[4~\x01\x05"]), [Home, End, Home, End, Home, End]);
        assert_eq!(keys(&["é日🦀".as_bytes()]), [Char('é'), Char('日'), Char('🦀')]);
        assert_eq!(keys(&["\u{9b}2J".as_bytes()]), [Other, Char('2'), Char('J')]);
        assert_eq!(keys(&[b"\xff\xc3(\x1b[1;5Cx"]), [Other, Other, Char('('), Other, Char('x')]);
    }

    #[test]
    fn an_escape_alone_is_a_key_and_one_that_goes_on_is_none() {
        use Key::*;
        assert_eq!(keys(&[b"\x1b"]), [Esc]);
        assert_eq!(keys(&[b"\x1b\x1b\x03"]), [Esc, Esc, Interrupt]);
        assert_eq!(keys(&[b"\x1b[", b"A"]), [Up]);
        // Alt-y is not the y that agrees.
        assert_eq!(keys(&[b"\x1by"]), [Other]);
    }

    #[test]
    fn what_is_pasted_does_nothing_but_stand_there() {
        use Key::*;
        let pasted = keys(&[b"\x1b[200~a\r\n\x03\x1b\x1b[2", b"01~\r"]);
        assert_eq!(pasted, [Char('a'), Break, Other, Other, Enter]);
    }

    #[test]
    fn a_character_may_come_in_pieces() {
        assert_eq!(keys(&[b"\xe6", b"\x97", b"\xa5"]), [Key::Char('日')]);
    }

    proptest! {
        /// Whatever comes, all of it is taken, and nothing is held for ever.
        #[test]
        fn any_bytes_are_taken(chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..8)) {
            let mut decoder = Decoder::default();
            for chunk in &chunks {
                decoder.feed(chunk);
                while decoder.next().is_some() {}
                prop_assert!(decoder.bytes.len() < 3 + MAX_SEQUENCE);
            }
        }

        /// Text is the same however it is cut.
        #[test]
        fn text_is_the_text_however_it_is_cut(text in "[^\\p{Cc}]{0,20}", cut in 0..60usize) {
            let bytes = text.as_bytes();
            let (one, two) = bytes.split_at(cut.min(bytes.len()));
            prop_assert_eq!(keys(&[one, two]), text.chars().map(Key::Char).collect::<Vec<_>>());
        }
    }
}
