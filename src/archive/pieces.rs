//! A text that one thread reads while another one looks at it: inflating takes about twice as long as what is done with the text.

use std::{
    io::Read,
    panic,
    sync::mpsc,
    thread::{self, Builder},
};

use super::{error::OpenError, inflate::CHUNK};
use crate::buffer::Buffer;

/// Pieces that are on their way from one thread to the other, at most: the one that looks waits for the one that reads anyway.
const AHEAD: usize = 1;

/// Reads a text to its end and shows each piece of it, in order. Gives it back at its end.
///
/// The first error ends it, as if there were one thread: what was read before an error of the text is shown before it.
pub(super) fn each_piece<T: Read + Send, E: Into<OpenError>>(
    mut text: T,
    mut show: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<T, OpenError> {
    // A text of one piece is not worth a thread.
    let mut piece = Buffer::new(CHUNK);
    let mut length = 0;
    while length < CHUNK {
        let count = text.read(&mut piece)?;
        if count == 0 {
            return Ok(text);
        }
        show(&piece[..count]).map_err(Into::into)?;
        length += count;
    }
    // The profile of a process says for whom it reads.
    let name = format!("{} inflate", thread::current().name().unwrap_or_default());
    thread::scope(|scope| {
        let (full, pieces) = mpsc::sync_channel::<(Buffer, usize)>(AHEAD);
        let (used, free) = mpsc::channel();
        let reader = Builder::new().name(name).spawn_scoped(scope, move || -> Result<T, OpenError> {
            loop {
                let mut piece = free.try_recv().unwrap_or_else(|_| Buffer::new(CHUNK));
                let count = text.read(&mut piece)?;
                // No one looks any more: the error is on the other side.
                if count == 0 || full.send((piece, count)).is_err() {
                    return Ok(text);
                }
            }
        })?;
        let shown = pieces.into_iter().try_for_each(|(piece, count)| {
            show(&piece[..count])?;
            // If the reader is done, it is wiped.
            drop(used.send(piece));
            Ok::<(), E>(())
        });
        let text = reader.join().unwrap_or_else(|cause| panic::resume_unwind(cause));
        shown.map_err(Into::into)?;
        text
    })
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::archive::error::{Corrupt, Place};

    /// So many bytes, a few at a time, and then the end or an error.
    struct Counting {
        at: usize,
        length: usize,
        fails: bool,
    }

    impl Read for Counting {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let count = out.len().min(self.length - self.at).min(40_000);
            if count == 0 && self.fails {
                return Err(OpenError::Changed.into());
            }
            out[..count].iter_mut().enumerate().for_each(|(place, byte)| *byte = (self.at + place) as u8);
            self.at += count;
            Ok(count)
        }
    }

    const LENGTHS: [usize; 6] = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 20 * CHUNK + 7];
    const WRONG: Corrupt = Corrupt { place: Place::Text, offset: 7, expected: "something else" };

    #[test]
    fn all_of_a_text_is_shown_in_order_and_what_came_before_an_error_too() {
        for (length, fails) in LENGTHS.into_iter().flat_map(|length| [(length, false), (length, true)]) {
            let mut shown = Vec::new();
            let read = each_piece(Counting { at: 0, length, fails }, |piece| {
                shown.extend_from_slice(piece);
                Ok::<(), Corrupt>(())
            });
            assert_eq!(read.map(|text| text.at).ok(), (!fails).then_some(length));
            assert!(shown.iter().copied().eq((0..length).map(|at| at as u8)), "{length}");
        }
    }

    #[test]
    fn what_is_wrong_with_the_text_is_said_before_what_comes_after_it() {
        for at in LENGTHS {
            let mut shown = 0;
            let read = each_piece(Counting { at: 0, length: 30 * CHUNK, fails: true }, |piece| {
                shown += piece.len();
                if shown > at { Err(WRONG) } else { Ok(()) }
            });
            assert!(matches!(read, Err(OpenError::Corrupt(WRONG))), "{at}");
            assert!(shown <= at + CHUNK, "{at}: nothing is shown after it");
        }
    }

    /// Says which threads read it.
    struct Watched(usize, std::collections::BTreeSet<bool>, thread::ThreadId);

    impl Read for Watched {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            self.1.insert(thread::current().id() == self.2);
            let count = out.len().min(self.0).min(CHUNK / 4);
            self.0 -= count;
            Ok(count)
        }
    }

    /// A short text is read where it is asked for, and the rest of a long one next to it.
    #[test]
    fn only_a_long_text_has_a_thread_of_its_own() {
        for (length, here_and_there) in
            [(0, false), (1000, false), (CHUNK - 1, false), (CHUNK + 1, true), (9 * CHUNK, true)]
        {
            let text = Watched(length, Default::default(), thread::current().id());
            let mut shown = 0;
            let show = |piece: &[u8]| {
                shown += piece.len();
                Ok::<(), OpenError>(())
            };
            let text = each_piece(text, show).unwrap();
            assert_eq!(
                (shown, text.1.contains(&true), text.1.contains(&false)),
                (length, true, here_and_there),
                "{length}"
            );
        }
    }
}
