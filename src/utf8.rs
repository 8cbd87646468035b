//! Checks that text which comes in pieces is UTF-8.

use core::{fmt, str::from_utf8};

/// The state between two pieces: the beginning of a character that the last piece cut.
#[derive(Clone, Copy, Default)]
pub(crate) struct Utf8 {
    cut: [u8; 4],
    have: usize,
}

impl Utf8 {
    /// Takes a piece. The error is where the first bytes begin that are not a character, relative to the piece: at most three bytes before it.
    pub(crate) fn take(&mut self, mut piece: &[u8]) -> Result<(), isize> {
        let length = piece.len();
        while self.have > 0 {
            let Some((&byte, rest)) = piece.split_first() else { return Ok(()) };
            self.cut[self.have] = byte;
            match from_utf8(&self.cut[..=self.have]) {
                Ok(_) => self.have = 0,
                Err(error) if error.error_len().is_none() => self.have += 1,
                Err(_) => {
                    let taken = length - piece.len();
                    return Err(taken as isize - self.have as isize);
                }
            }
            piece = rest;
        }
        let Err(error) = from_utf8(piece) else { return Ok(()) };
        let (good, tail) = piece.split_at(error.valid_up_to());
        if error.error_len().is_some() {
            return Err((length - tail.len()) as isize);
        }
        debug_assert_eq!(good.len() + tail.len(), piece.len());
        self.cut[..tail.len()].copy_from_slice(tail);
        self.have = tail.len();
        Ok(())
    }

    /// Ends the text. The error is how many bytes before its end an unfinished character begins.
    pub(crate) const fn end(&self) -> Result<(), usize> {
        if self.have == 0 { Ok(()) } else { Err(self.have) }
    }
}

/// Its content may be a part of a secret.
impl fmt::Debug for Utf8 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Utf8")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{string::String, vec::Vec};
    use proptest::prelude::*;

    /// Where the first bytes begin that are not a character.
    fn in_pieces(bytes: &[u8], size: usize) -> Result<(), usize> {
        let (mut state, mut start) = (Utf8::default(), 0_usize);
        for piece in bytes.chunks(size) {
            state.take(piece).map_err(|offset| start.checked_add_signed(offset).unwrap())?;
            start += piece.len();
        }
        state.end().map_err(|before| start - before)
    }

    fn texts() -> impl Strategy<Value = Vec<u8>> {
        let mutated = (any::<String>(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(text, index, byte)| {
            let mut bytes = text.into_bytes();
            if !bytes.is_empty() {
                let at = index.index(bytes.len());
                bytes[at] = byte;
            }
            bytes
        });
        prop_oneof![any::<String>().prop_map(String::into_bytes), mutated, any::<Vec<u8>>()]
    }

    #[test]
    fn nothing_of_a_text_prints() {
        let mut state = Utf8::default();
        state.take("ä".as_bytes().split_last().unwrap().1).unwrap();
        assert_eq!(alloc::format!("{state:?}"), "Utf8");
    }

    proptest! {
        #[test]
        fn pieces_are_judged_as_the_whole(bytes in texts(), size in 1..9_usize) {
            let whole = from_utf8(&bytes).map(drop).map_err(|error| error.valid_up_to());
            prop_assert_eq!(in_pieces(&bytes, size), whole);
        }
    }
}
