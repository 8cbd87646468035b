//! Fields that are typed into: one that shows what is typed, and one that does not.

use handfast::{limits::MAX_VALUE, secret::Secret};
use zeroize::Zeroizing;

use super::keys::Key;

/// Characters of a field that is shown: far more than a token or a path that somebody types.
const MAX_SHOWN: usize = 512;

/// A field that shows what is typed.
#[derive(Clone, Default)]
pub(crate) struct Shown {
    chars: Vec<char>,
    at: usize,
}

impl Shown {
    /// Takes a key. Says whether it was one for a field.
    pub(crate) fn key(&mut self, key: Key) -> bool {
        match key {
            Key::Char(char) => self.insert(char),
            // A space is what the token's parser points at.
            Key::Break => self.insert(' '),
            Key::Backspace if self.at > 0 => {
                self.at -= 1;
                self.chars.remove(self.at);
            }
            Key::Delete if self.at < self.chars.len() => {
                self.chars.remove(self.at);
            }
            Key::Left => self.at = self.at.saturating_sub(1),
            Key::Right => self.at = self.chars.len().min(self.at + 1),
            Key::Home => self.at = 0,
            Key::End => self.at = self.chars.len(),
            Key::Clear => *self = Self::default(),
            Key::Backspace | Key::Delete => {}
            _ => return false,
        }
        true
    }

    fn insert(&mut self, char: char) {
        if self.chars.len() < MAX_SHOWN {
            self.chars.insert(self.at, char);
            self.at += 1;
        }
    }

    /// The typed text.
    pub(crate) fn text(&self) -> String {
        self.chars.iter().collect()
    }

    /// Characters before the cursor.
    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.chars.is_empty()
    }
}

/// A field for a password: it shows how many characters there are.
#[derive(Default)]
pub(crate) struct Masked {
    bytes: Zeroizing<Vec<u8>>,
    count: usize,
}

impl Masked {
    /// Takes a key. Says whether it was one for a field.
    pub(crate) fn key(&mut self, key: Key) -> bool {
        match key {
            Key::Char(char) if self.bytes.len() + char.len_utf8() <= MAX_VALUE => {
                // All the room at once: growing would leave copies.
                if self.bytes.capacity() == 0 {
                    self.bytes.reserve_exact(MAX_VALUE);
                }
                self.bytes.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
                self.count += 1;
            }
            Key::Backspace if self.count > 0 => {
                let is_first = |byte: &u8| byte & 0xc0 != 0x80;
                let start = self.bytes.iter().rposition(is_first).unwrap_or(0);
                self.bytes[start..].fill(0);
                self.bytes.truncate(start);
                self.count -= 1;
            }
            Key::Clear => *self = Self::default(),
            // The end of the line that was pasted is not a part of the password.
            Key::Char(_) | Key::Backspace | Key::Break => {}
            _ => return false,
        }
        true
    }

    /// Characters that were typed.
    pub(crate) const fn count(&self) -> usize {
        self.count
    }

    /// Takes what was typed.
    pub(crate) fn take(&mut self) -> Secret {
        Secret::from(std::mem::take(self).bytes.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_can_be_changed_anywhere() {
        let mut field = Shown::default();
        let mut press = |keys: &[Key]| {
            for key in keys {
                assert!(field.key(*key));
            }
            (field.text(), field.at())
        };
        use Key::*;
        assert_eq!(press(&[Char('a'), Char('c'), Left, Char('b'), End, Char('d')]), ("abcd".into(), 4));
        assert_eq!(press(&[Home, Delete, Right, Backspace, Backspace]), ("cd".into(), 0));
        assert_eq!(press(&[End, Delete, Break]), ("cd ".into(), 3));
        assert_eq!(press(&[Clear, Left, Right, Backspace]), (String::new(), 0));
        assert!(!field.key(Enter) && !field.key(Esc) && field.is_empty());
        for _ in 0..2 * MAX_SHOWN {
            field.key(Char('x'));
        }
        assert_eq!(field.at(), MAX_SHOWN);
    }

    #[test]
    fn a_password_is_what_was_typed_character_by_character() {
        let mut field = Masked::default();
        for key in "päß日".chars().map(Key::Char).chain([Key::Backspace, Key::Break]) {
            assert!(field.key(key));
        }
        assert_eq!((field.count(), field.take()), (3, Secret::from("päß")));
        assert_eq!((field.count(), field.take()), (0, Secret::default()));
        assert!(!field.key(Key::Left));
        field.key(Key::Char('x'));
        field.key(Key::Clear);
        field.key(Key::Backspace);
        assert_eq!(field.count(), 0);
        for _ in 0..MAX_VALUE + 1 {
            field.key(Key::Char('x'));
        }
        assert_eq!(field.count(), MAX_VALUE);
    }
}
